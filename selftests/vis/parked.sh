#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A move waits if it comes before x86 has completed the previous one, and is not forgotten.

. ./vis_lib.sh
. ./idle_lib.sh
. ./test_module.sh

ROUNDS=2
REBINDS=20

# twice CPU CPU: makes the second move before the first is complete
twice()
{
	move "$1"
	move "$2"
}

parked_enabled()
{
	rest_on 0
	twice 1 2
	settles_on 2
	nothing_came
	arrives_on 2
}

# The kernel does not move a disabled interrupt; it makes the move once the interrupt is enabled.
parked_disabled()
{
	rest_on 0
	chip disable "$IRQ"
	twice 1 2
	usleep $SETTLE_US
	chip enable "$IRQ"
	settles_on 2
	nothing_came
	arrives_on 2
}

# An interrupt that comes while it is disabled is masked, and the kernel resends it once enabled.
parked_masked()
{
	local before

	rest_on 0
	before=$(irq_count "$IRQ")
	chip disable "$IRQ"
	host resize disk0 $(($(disk_size) + 512)) >/dev/null
	await 5 masked || fail "irq $IRQ was not masked"
	twice 1 2
	usleep $SETTLE_US
	expect "interrupts while disabled" "$before" "$(irq_count "$IRQ")"
	chip enable "$IRQ"
	await 5 irq_rose "$IRQ" "$before" || fail "irq $IRQ is lost"
	ends_on 2
	expect "interrupts" $((before + 1)) "$(irq_count "$IRQ")"
	expect "messages sent" 1 "$(host count virtio_mmio_vis_send "mmio $BASE ")"
	none_wasted
	arrives_on 2
}

masked()
{
	[ "$(mask_writes)" -ge 1 ]
}

# The old or the new CPU goes offline before the move is complete.
parked_offline()
{
	local gone round

	for round in $(seq $ROUNDS); do
		for gone in 1 2; do
			rest_on 1
			twice 2 3
			cpu_online $gone 0 || fail "round $round: CPU $gone does not go offline"
			settles_on 3
			cpu_online $gone 1 || fail "round $round: CPU $gone does not come back"
			nothing_came
			arrives_on 3
		done
	done
}

# While the disk has no driver, it has no vector to move.
mover()
{
	local moves=0

	while [ ! -e /tmp/stop ]; do
		set_affinity "$IRQ" $((moves % 4)) 2>/dev/null
		moves=$((moves + 1))
	done
	note "$moves moves"
}

# Each unbinding resets the device.
parked_reset()
{
	local cycle mover

	watch
	rm -f /tmp/stop
	mover &
	mover=$!
	for cycle in $(seq $REBINDS); do
		echo "$DISK" >/sys/bus/virtio/drivers/virtio_blk/unbind
		echo "$DISK" >/sys/bus/virtio/drivers/virtio_blk/bind ||
			fail "$DISK is not bound again, cycle $cycle"
	done
	touch /tmp/stop
	wait $mover
	expect "number of the interrupt" "$IRQ" "$(irq_of "$DISK-config")"
	expect "messages sent for vector 0" 0 \
		"$(host count virtio_mmio_vis_send "mmio $BASE vector 0 ")"
	expect "interrupts of vector 0" 0 "$(irq_count "$IRQ")"
	none_wasted
	rest_on 0
	twice 1 2
	settles_on 2
	nothing_came
	arrives_on 2
}

tests="
vis.parked.enabled	parked_enabled	host
vis.parked.disabled	parked_disabled	host
vis.parked.masked	parked_masked	host
vis.parked.offline	parked_offline	host
vis.parked.reset	parked_reset	host
"
run_with_module
