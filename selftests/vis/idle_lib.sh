# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# An idle vector: that of a disk's configuration. It must cost no more than its moves, and the
# driver must not raise an artificial interrupt for it.
#
# A move waits if it comes before x86 has completed the previous one. Our modules carry it out as
# soon as x86 is ready. The kernel with the patch series leaves it, and all that follow, to the next
# interrupt.

# After a move, x86 must be ready for the next one within this time
SETTLE_US=300000

# watch: from now on, no interrupt may come to the disk
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

# each_irq COMMAND: its output for each interrupt of the disk, in one line
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

# none_wasted: each write has changed a mask bit or a message in force
none_wasted()
{
	expect "mask table writes without effect" 0 "$(host wasted "$BASE")"
}

# nothing_came: there was no interrupt, so the driver did not access the device
nothing_came()
{
	expect "interrupts of the disk" "$COUNTS" "$(each_irq irq_count)"
	expect "spurious ones" "$SPURIOUS" "$(each_irq spurious)"
	expect "messages of the disk" "$MESSAGES" "$(messages)"
	expect "messages sent" 0 "$(host count virtio_mmio_vis_send "mmio $BASE ")"
	expect "registers read" 0 \
		"$(host count 'virtio_mmio_(read|vis_reg_read|vis_mask_read)')"
	none_wasted
}

# move CPU
move()
{
	set_affinity "$IRQ" "$1" || fail "irq $IRQ refused CPU $1"
}

moves_wait()
{
	[ "$(uname -m)" = x86_64 ] && [ "$(vis_driver)" = virtio-mmio ]
}

# interrupt: one comes, and the driver has read the size that it announces
interrupt()
{
	local before size

	before=$(irq_count "$IRQ")
	size=$(($(disk_size) + 512))
	host resize disk0 $size >/dev/null
	await 5 irq_rose "$IRQ" "$before" || fail "irq $IRQ is lost"
	await 5 size_is $size || fail "the disk has $(disk_size) bytes, not $size"
}

# rest_on CPU: starts a test with the vector on that CPU and x86 ready for the next move
rest_on()
{
	watch
	move "$1"
	! moves_wait || interrupt
	move_irq "$IRQ" "$1"
	usleep $SETTLE_US
	watch
}

# ends_on CPU: the vector ends up there, for the kernel and for the device
ends_on()
{
	local latch

	await 2 effective_is "$IRQ" "$1" ||
		fail "irq $IRQ is on CPU $(effective_cpu "$IRQ"), not $1"
	moves_message || return 0
	latch=$(host last virtio_mmio_vis_latch "mmio $BASE vector 0\b")
	echo "$latch" | grep -q " address $(message_address "$1")" ||
		fail "the device sends elsewhere than to CPU $1: $latch"
}

# settles_on CPU: after moves without a pause, the vector ends up there; not before the interrupt
# that a move waits for
settles_on()
{
	local before

	if moves_wait; then
		usleep $SETTLE_US
		nothing_came
		before=$(mask_writes)
		interrupt
		ends_on "$1"
		note "$(($(mask_writes) - before)) mask table writes at the interrupt"
		none_wasted
		watch
	else
		ends_on "$1"
	fi
}

# arrives_on CPU: one change of the size sends one message, and one interrupt arrives there
arrives_on()
{
	local before

	before=$(irq_count "$IRQ" "$1")
	host mark
	comes_on "$IRQ" "$1" host resize disk0 $(($(disk_size) + 512))
	expect "interrupts on CPU $1" $((before + 1)) "$(irq_count "$IRQ" "$1")"
	expect "messages sent" 1 "$(host count virtio_mmio_vis_send "mmio $BASE ")"
}
