#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# All CPUs rewrite messages of one mask word, while the device checks each message that it latches.

. ./vis_lib.sh
. ./stress_lib.sh
. ./test_module.sh

REWRITES=$((500000 * STRESS))
# Number of rewrites between two looks at the clock
ROUND=1000

# writer CPU IRQ ROUNDS
writer()
{
	local rounds=0

	while [ $rounds -lt "$3" ] && time_is_left; do
		taskset -c "$1" sh -c "echo $2 >$VIS_TEST/torn"
		rounds=$((rounds + 1))
	done
	echo $rounds >"$WORK/count.irq$2"
}

torn()
{
	local cpu irq irqs platform report virtio

	virtio=$(virtio_of virtio_blk)
	platform=$(platform_of "$virtio")
	irqs=$(irqs_of "$virtio")
	disk_work verify_queues
	echo $ROUND >"$VIS_TEST/count"
	writers=
	cpu=0
	for irq in $irqs; do
		writer $cpu "$irq" $((REWRITES / ROUND / $(echo "$irqs" | wc -l))) &
		writers="$writers $!"
		cpu=$(((cpu + 1) % $(online_cpus | wc -l)))
	done
	# shellcheck disable=SC2086 # one word each
	wait $writers
	stop_work
	echo "$platform" >"$(driver_of "$platform")/unbind"
	report=$(host last virtio_mmio_vis_hostile "fault torn sent [1-9]") ||
		fail "the device sent nothing"
	note "a round of an irq is $ROUND messages; the device: ${report#*fault }"
	expect "errors" 0 "${report##* }"
}

tests="
stress.torn	torn
"
run_with_module
