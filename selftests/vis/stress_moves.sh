#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Interrupts move and CPUs come and go while verified data flows on all queues.

. ./vis_lib.sh
. ./stress_lib.sh

COMMITS=$((10000 * STRESS))
HOTPLUGS=$((50 * STRESS))
POLL_S=5

# The queues of a disk are managed, but a commit of its config vector latches theirs anew.
movable_irqs()
{
	local virtio

	irq_of "$(virtio_of virtio_blk)-config"
	for virtio in $(virtio_of virtio_net) $(virtio_of virtio_rng) \
		$(virtio_of virtio_console); do
		irqs_of "$virtio"
	done
}

# mover IRQ: a move after the other, whether or not the last one is complete
mover()
{
	local moves=0

	while [ ! -e $WORK/stop ]; do
		echo $((moves % CPUS)) >"/proc/irq/$1/smp_affinity_list" 2>/dev/null ||
			echo "irq $1 refused CPU $((moves % CPUS))" >>$WORK/errors
		moves=$((moves + 1))
	done
	echo $moves >"$WORK/count.irq$1"
}

affinity_storm()
{
	local commits irq masks

	CPUS=$(online_cpus | wc -l)
	start_work
	host mark
	for irq in $(movable_irqs); do
		mover "$irq" &
	done
	commits=0
	while [ "$commits" -lt $COMMITS ] && time_is_left; do
		sleep $POLL_S
		work_is_fine
		read -r commits masks <<-END
			$(host commits)
		END
	done
	stop_work
	note "$commits commits, of which $masks end the mask of a parked move"
}

hotplug()
{
	local cpu cycle cycles=0

	start_work
	for cycle in $(seq $HOTPLUGS); do
		time_is_left || break
		cpu=$((cycle % 3 + 1))
		echo 0 >"/sys/devices/system/cpu/cpu$cpu/online" || fail "cycle $cycle: offline"
		echo 1 >"/sys/devices/system/cpu/cpu$cpu/online" || fail "cycle $cycle: online"
		work_is_fine
		cycles=$cycle
	done
	stop_work
	note "$cycles times a CPU went offline and came again"
}

tests="
stress.affinity_storm	affinity_storm
stress.hotplug		hotplug
"
vis_run
