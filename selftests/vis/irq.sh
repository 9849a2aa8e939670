#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# An interrupt costs no access to InterruptStatus or InterruptACK.

. ./vis_lib.sh

INTERRUPTS=10000
# Reads on each of the 4 CPUs, in rounds for which the disk is large enough. Two reads that complete
# at once may share one interrupt.
READS=1500
ROUNDS=2
MMIO_INTERRUPT_STATUS=0x60
MMIO_INTERRUPT_ACK=0x64

disk_interrupts()
{
	local irq sum=0

	for irq in $(irqs_of "$1"); do
		sum=$((sum + $(irq_count "$irq")))
	done
	echo "$sum"
}

# The CPU that reads gets the interrupt, because each queue belongs to one CPU.
irq_each_queue()
{
	local before cpu

	before=$(counts "$(virtio_of virtio_blk)" req.0 req.1 req.2 req.3)
	for cpu in $(online_cpus); do
		read_disk_on "$cpu" 4 || fail "cannot read on CPU $cpu"
	done
	all_rose "$before"
}

read_on_all()
{
	local cpu pid pids=

	for cpu in $(online_cpus); do
		read_disk_on "$cpu" $READS &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid" || return 1
	done
}

irq_no_status_access()
{
	local before rose round virtio

	virtio=$(virtio_of virtio_blk)
	before=$(disk_interrupts "$virtio")
	host mark
	for round in $(seq $ROUNDS); do
		read_on_all || fail "round $round: cannot read"
	done
	rose=$(($(disk_interrupts "$virtio") - before))
	note "$rose interrupts"
	[ "$rose" -ge "$INTERRUPTS" ] || fail "$rose interrupts, fewer than $INTERRUPTS"
	expect "reads of InterruptStatus" 0 \
		"$(host count virtio_mmio_read "offset $MMIO_INTERRUPT_STATUS\b")"
	expect "writes of InterruptACK" 0 \
		"$(host count virtio_mmio_write_offset "offset $MMIO_INTERRUPT_ACK\b")"
	expect "VIS registers read" 0 "$(host count virtio_mmio_vis_reg_read)"
	expect "VIS registers written" 0 "$(host count virtio_mmio_vis_reg_write)"
	[ "$(host messages)" -ge "$rose" ] ||
		fail "the device sent fewer messages than there were interrupts"
}

tests="
vis.irq.each_queue		irq_each_queue
vis.irq.no_status_access	irq_no_status_access	host
"
vis_run
