#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Interrupts move and CPUs come and go while verified data flows on all queues.

. ./vis_lib.sh
. ./stress_lib.sh

COMMITS=$((10000 * STRESS))
HOTPLUGS=$((50 * STRESS))
DRIP_BYTES=1000

# The queues of a disk are managed, but a commit of its config vector latches their vectors, too.
movable_irqs()
{
	local virtio

	irq_of "$(virtio_of virtio_blk)-config"
	for virtio in $(virtio_of virtio_net) $(virtio_of virtio_rng) \
		$(virtio_of virtio_console); do
		irqs_of "$virtio"
	done
}

affinity_storm()
{
	local commits masks

	start_work verify_queues
	host mark
	# shellcheck disable=SC2046 # one word each
	mover $(movable_irqs) &
	await_commits $COMMITS
	stop_work
	note "$commits commits, and $masks more that end the mask of a parked move"
}

receive_drip()
{
	local port

	port=$(host net-port) &&
		[ "$(echo "DRIP $DRIP_BYTES" | timeout $((20 * SLOW)) nc "$HOST_ADDRESS" "$port" |
			wc -c)" = $DRIP_BYTES ]
}

# The host sends packets while a CPU goes offline, so an interrupt may be waiting there. It must not
# be lost, because the device sends no other before the driver has handled it.
hotplug()
{
	local cpu cycle cycles=0 irq

	start_work verify_disk
	until_stop drip receive_drip &
	irq=$(irq_of "$(virtio_of virtio_net)-input.0")
	for cycle in $(seq $HOTPLUGS); do
		time_is_left || break
		cpu=$((cycle % 3 + 1))
		set_affinity "$irq" $cpu || fail "cannot move irq $irq to CPU $cpu"
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
