#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A disk in a thread of its own signals its interrupts to KVM, which sends them. The virtual
# machine monitor sends no message of its queues, except that of a vector that was pending when its
# mask was cleared.

. ./vis_lib.sh
. ./test_module.sh

READS=256

# sent_by_vmm BASE [VECTOR]
sent_by_vmm()
{
	host count virtio_mmio_vis_send "mmio $1 ${2:+vector $2\b}"
}

irqfd_disk()
{
	local base before cpu irq queue

	base=$(base_of "$(virtio_of virtio_blk)")
	host mark
	for queue in 0 1 2 3; do
		cpu=$(cat "/sys/block/vda/mq/$queue/cpu_list")
		irq=$(irq_of "$(virtio_of virtio_blk)-req.$queue")
		before=$(irq_count "$irq")
		read_disk_on "$cpu" $READS || fail "cannot read on CPU $cpu"
		expect "interrupts of queue $queue" $READS $(($(irq_count "$irq") - before))
	done
	expect "messages that the monitor sent" 0 "$(sent_by_vmm "$base")"
	[ "$(host messages)" -ge $((4 * READS)) ] || fail "KVM has sent $(host messages) messages"
}

# Queue 0 has vector 1.
irqfd_masked()
{
	local base before cpu irq reader

	base=$(base_of "$(virtio_of virtio_blk)")
	irq=$(irq_of "$(virtio_of virtio_blk)-req.0")
	cpu=$(cat /sys/block/vda/mq/0/cpu_list)
	chip mask "$irq"
	before=$(irq_count "$irq")
	host mark
	read_disk_on "$cpu" 1 &
	reader=$!
	expect_pending "while masked" "$base" 2
	expect "interrupts while masked" "$before" "$(irq_count "$irq")"
	expect "messages while masked" 0 "$(sent_by_vmm "$base")"
	chip unmask "$irq"
	wait "$reader" || fail "the read failed"
	expect "interrupts at unmask" $((before + 1)) "$(irq_count "$irq")"
	expect "messages at unmask" 1 "$(sent_by_vmm "$base" 1)"
	expect_pending "after" "$base" 0

	host mark
	read_disk_on "$cpu" $READS || fail "cannot read on CPU $cpu"
	expect "messages that the monitor sent afterwards" 0 "$(sent_by_vmm "$base")"
}

tests="
vis.irqfd.disk		irqfd_disk	host
vis.irqfd.masked	irqfd_masked	host
"
run_with_module
