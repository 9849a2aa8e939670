#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Messages of one mask word are rewritten on all CPUs while the device checks what it latches.

. ./vis_lib.sh
. ./stress_lib.sh
. ./test_module.sh

REWRITES=$((500000 * STRESS))

torn()
{
	local cpu irq irqs platform report virtio

	virtio=$(virtio_of virtio_blk)
	platform=$(platform_of "$virtio")
	irqs=$(irqs_of "$virtio")
	rm -rf $WORK
	mkdir $WORK
	time_requests
	for cpu in $(online_cpus); do
		until_stop verify_disk "$cpu" &
	done
	echo $((REWRITES / $(echo "$irqs" | wc -l))) >"$VIS_TEST/count"
	writers=
	cpu=0
	for irq in $irqs; do
		taskset -c $cpu sh -c "echo $irq >$VIS_TEST/torn" &
		writers="$writers $!"
		cpu=$(((cpu + 1) % $(online_cpus | wc -l)))
	done
	# shellcheck disable=SC2086 # one word each
	wait $writers
	stop_work
	echo "$platform" >"$(driver_of "$platform")/unbind"
	report=$(host last virtio_mmio_vis_hostile "fault torn sent [1-9]") ||
		fail "the device sent nothing"
	note "$REWRITES messages committed; the device: ${report#*fault }"
	expect "errors" 0 "${report##* }"
}

tests="
stress.torn	torn
"
run_with_module
