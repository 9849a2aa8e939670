#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A network card of the host's kernel, with 4 pairs of queues: KVM sends all of its interrupts,
# wherever they move.

. ./vis_lib.sh

BYTES=1048576
MOVES=40
# A parked move takes two writes at most.
MOVE_WRITES=2

queue_irqs()
{
	awk '$NF ~ /-(in|out)put\.[0-9]+$/ { sub(":", "", $1); print $1 }' /proc/interrupts
}

interrupts()
{
	local irq sum=0

	for irq in $(queue_irqs); do
		sum=$((sum + $(irq_count "$irq")))
	done
	echo $sum
}

irqfd_net()
{
	local before cpu rose

	net_up
	before=$(interrupts)
	host mark
	for cpu in $(online_cpus); do
		taskset -c "$cpu" ping -q -c 20 -A -W $((5 * SLOW)) "$HOST_ADDRESS" |
			grep -q ' 0% packet loss' || fail "packets of CPU $cpu are lost"
	done
	net_exchange $BYTES
	rose=$(($(interrupts) - before))
	note "$rose interrupts"
	[ "$rose" -gt 80 ] || fail "$rose interrupts for 80 packets and more"
	expect "messages that the monitor sent" 0 "$(of_device send virtio_net)"
	[ "$(host messages)" -ge "$rose" ] ||
		fail "KVM has sent $(host messages) messages for $rose interrupts"
}

# Under traffic, each vector ends where it was sent to, and packets come there.
irqfd_moves()
{
	local base cpu irq irqs move=0 ping sent=0 writes

	net_up
	base=$(base_of "$(virtio_of virtio_net)")
	irqs=$(queue_irqs)
	ping -q -A "$HOST_ADDRESS" >/tmp/ping &
	ping=$!
	host mark
	while [ $move -lt $MOVES ]; do
		move=$((move + 1))
		cpu=$((move % 4))
		for irq in $irqs; do
			set_affinity "$irq" $cpu || fail "irq $irq refused CPU $cpu"
			sent=$((sent + 1))
		done
	done
	for irq in $irqs; do
		await 5 effective_is "$irq" $cpu ||
			fail "irq $irq is on CPU $(effective_cpu "$irq"), not $cpu"
	done
	writes=$(host count virtio_mmio_vis_mask_write "mmio $base ")
	note "$sent moves, $writes mask table writes"
	[ "$writes" -le $((MOVE_WRITES * sent)) ] || fail "$writes mask table writes"
	kill -INT $ping
	wait $ping
	grep -q ' 0% packet loss' /tmp/ping || fail "$(cat /tmp/ping)"
	only_pending_sent virtio_net
	net_exchange $BYTES
}

tests="
vis.irqfd.net	irqfd_net	host
vis.irqfd.moves	irqfd_moves	host
"
vis_run
