#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The test module masks from inside the kernel, because disable_irq() is lazy.

. ./vis_lib.sh
. ./test_module.sh

has_pended()
{
	[ "$(host count virtio_mmio_vis_pend "mmio $1 vector 1\b")" != 0 ]
}

# The console's receive queue is vector 1. One character comes while it is masked. After that the
# console stays quiet, unlike the rng, which the kernel reads by itself.
mask_pending()
{
	local base before irq virtio

	virtio=$(virtio_of virtio_console)
	console_open
	base=$(base_of "$virtio")
	irq=$(irq_of "$virtio-input")
	expect_pending "at rest" "$base" 0
	host mark
	chip mask "$irq"
	expect "mask table writes of a mask" 1 "$(host count virtio_mmio_vis_mask_write)"
	before=$(irq_count "$irq")
	host console-send x >/dev/null
	await 5 has_pended "$base" || fail "the event is not pending"
	expect_pending "while masked" "$base" 2
	expect "messages sent while masked" 0 "$(device_sent "$base")"
	expect "interrupts while masked" "$before" "$(irq_count "$irq")"

	host mark
	chip unmask "$irq"
	expect "mask table writes of an unmask" 1 "$(host count virtio_mmio_vis_mask_write)"
	await 5 irq_rose "$irq" "$before" || fail "no interrupt at unmask"
	expect "messages sent for the event" 1 \
		"$(host count virtio_mmio_vis_send "mmio $base vector 1\b")"
	expect_pending "after" "$base" 0
	# A device may send a message twice.
	[ $(($(irq_count "$irq") - before)) -le "$(device_sent "$base")" ] ||
		fail "more interrupts than messages: $(device_sent "$base")"
}

# mask_writes BASE: number of writes to the mask table of one device since the mark
mask_writes()
{
	host count virtio_mmio_vis_mask_write "mmio $1 "
}

# A word that would change neither a mask bit nor a message in force is not written.
mask_nothing()
{
	local base cpu irq virtio

	virtio=$(virtio_of virtio_console)
	base=$(base_of "$virtio")
	irq=$(irq_of "$virtio-input")
	cpu=$(effective_cpu "$irq")
	host mark
	chip unmask "$irq"
	set_affinity "$irq" "$cpu" || fail "cannot move to CPU $cpu, where it is"
	expect "writes for an unmasked vector that stays as it is" 0 "$(mask_writes "$base")"
	chip mask "$irq"
	expect "writes of a mask" 1 "$(mask_writes "$base")"
	chip mask "$irq"
	cpu=$(((cpu + 1) % 4))
	move_irq "$irq" $cpu
	expect "writes for a masked vector that moves" 1 "$(mask_writes "$base")"
	chip unmask "$irq"
	expect "writes of an unmask" 2 "$(mask_writes "$base")"
}

tests="
vis.mask.pending	mask_pending	host
vis.mask.nothing	mask_nothing	host
"
run_with_module
