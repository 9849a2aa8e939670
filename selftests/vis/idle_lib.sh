# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# A vector to which nothing comes: that of a disk's configuration. It must not cost more than its
# moves do, and no interrupt may be made up for it.

# From the end of a move on, x86 has at most this long to be ready for the next
SETTLE_US=300000

# watch: from here on, nothing may come to the disk
watch()
{
	DISK=$(virtio_of virtio_blk)
	BASE=$(base_of "$DISK")
	IRQ=$(irq_of "$DISK-config")
	COUNTS=$(each_irq irq_count)
	SPURIOUS=$(each_irq spurious)
	MESSAGES=$(messages)
	host mark
}

# each_irq COMMAND: what it prints of each interrupt of the disk, in one line
each_irq()
{
	local irq

	for irq in $(irqs_of "$DISK"); do
		echo "$irq: $("$1" "$irq")"
	done | tr '\n' ' '
}

spurious()
{
	tr '\n' ' ' <"/proc/irq/$1/spurious"
}

messages()
{
	dmesg | grep -c -E "$DISK|vda"
}

mask_writes()
{
	host count virtio_mmio_vis_mask_write "mmio $BASE "
}

# nothing_came: no interrupt, hence no look at the device
nothing_came()
{
	expect "interrupts of the disk" "$COUNTS" "$(each_irq irq_count)"
	expect "spurious ones" "$SPURIOUS" "$(each_irq spurious)"
	expect "messages of the disk" "$MESSAGES" "$(messages)"
	expect "messages sent" 0 "$(host count virtio_mmio_vis_send "mmio $BASE ")"
	expect "registers read" 0 \
		"$(host count 'virtio_mmio_(read|vis_reg_read|vis_mask_read)')"
}

# move CPU
move()
{
	set_affinity "$IRQ" "$1" || fail "irq $IRQ refused CPU $1"
}

# rest_on CPU: the start of a test: there, and x86 is done with it
rest_on()
{
	watch
	move "$1"
	await 2 effective_is "$IRQ" "$1" || fail "irq $IRQ is on CPU $(effective_cpu "$IRQ"), not $1"
	usleep $SETTLE_US
	watch
}

# ends_on CPU: the vector is there at last, for the kernel and for the device
ends_on()
{
	local latch

	await 2 effective_is "$IRQ" "$1" || fail "irq $IRQ is on CPU $(effective_cpu "$IRQ"), not $1"
	latch=$(host last virtio_mmio_vis_latch "mmio $BASE vector 0\b")
	echo "$latch" | grep -q " address $(message_address "$1")" ||
		fail "the device sends elsewhere than to CPU $1: $latch"
}

# arrives_on CPU: a change of the size comes there, once, for one message
arrives_on()
{
	local before elsewhere

	before=$(irq_count "$IRQ" "$1")
	elsewhere=$(irq_elsewhere "$IRQ" "$1")
	host mark
	host resize disk0 $(($(blockdev --getsize64 /dev/vda) + 512)) >/dev/null
	await 5 irq_rose "$IRQ" "$before" "$1" || fail "irq $IRQ does not come on CPU $1"
	expect "interrupts on CPU $1" $((before + 1)) "$(irq_count "$IRQ" "$1")"
	expect "interrupts elsewhere" "$elsewhere" "$(irq_elsewhere "$IRQ" "$1")"
	expect "messages sent" 1 "$(host count virtio_mmio_vis_send "mmio $BASE ")"
}
