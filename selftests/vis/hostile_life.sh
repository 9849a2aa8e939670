#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Devices whose tables are valid, but which lie, or send messages when they must not.

. ./vis_lib.sh
. ./hostile_lib.sh
. ./test_module.sh

MMIO_QUEUE_DESC_LOW=0x80

# messages_sent FAULT: number of messages that the fault itself had sent by the last reset
messages_sent()
{
	host last virtio_mmio_vis_hostile "fault $1 sent" | sed 's/.*sent \([0-9]*\).*/\1/'
}

# has_fired FAULT
has_fired()
{
	[ "$(messages_sent "$1")" -gt 0 ] || fail "the fault $1 sent no message"
}

# messages_for CPU VIRTIO: number of messages for that CPU that the config vector has had
messages_for()
{
	host count "$MESSAGE_TAKEN" "$(latched_pattern "$2" 0 "$1")"
}

# survives_move PLATFORM: the one vector whose affinity is not managed goes to each CPU, and so does
# its message
survives_move()
{
	local before cpu irq virtio

	virtio=$(virtio_at "$1")
	irq=$(irq_of "$virtio-config")
	for cpu in $(online_cpus); do
		before=$(messages_for "$cpu" "$virtio")
		if ! effective_is "$irq" "$cpu"; then
			move_irq "$irq" "$cpu"
			! moves_message || [ "$(messages_for "$cpu" "$virtio")" -gt "$before" ] ||
				fail "the device took no message for CPU $cpu"
		fi
		works_on_vis "$1"
	done
}

rebind()
{
	timeout 30 sh -c "echo $1 >/sys/bus/platform/drivers/$(vis_driver)/unbind" ||
		fail "cannot unbind $1"
	rm -f "/tmp/rebound.$1"
	{ bind "$1" && : >"/tmp/rebound.$1"; } &
	await 20 [ -e "/tmp/rebound.$1" ] || fail "cannot bind $1"
}

# survives FAULT: no message appears, and the disk works, moves, and can be bound again
survives()
{
	local platform

	platform_with "$1"
	expect "messages on VIS of $platform" 0 "$(messages "$platform" VIS)"
	works_on_vis "$platform"
	survives_move "$platform"
	rebind "$platform"
	works_on_vis "$platform"
}

# probe_fails FAULT MESSAGE [TIMES]: no message about VIS, which is not the cause, and no driver
probe_fails()
{
	local platform virtio

	platform_with "$1"
	virtio=$(virtio_at "$platform")
	expect "'$2' of $platform, $virtio" "${3:-1}" "$(messages "$platform" "$2")"
	expect "messages on VIS of $platform" 0 "$(messages "$platform" VIS)"
	[ ! -e "/sys/bus/virtio/devices/$virtio/driver" ] || fail "$virtio has a driver"
	expect "interrupts of $virtio" "" "$(irq_of "$virtio")$(irqs_of "$virtio")"
	unbind "$platform" || fail "cannot unbind $platform"
	expect "device after unbinding" "" "$(virtio_at "$platform")"
}

# stalls FAULT: no interrupt can come, and the device can still be unbound
stalls()
{
	local platform

	platform_with "$1"
	timeout 30 sh -c "echo $platform >/sys/bus/platform/drivers/$(vis_driver)/unbind" ||
		fail "cannot unbind $platform"
	expect "device after unbinding" "" "$(virtio_at "$platform")"
}

flags()
{
	survives flags
}

n_zero()
{
	refused n_zero "VISNumVectors is 0x20000000: no vectors"
}

n_max()
{
	survives n_max
}

changing()
{
	local platform

	platform_with changing
	works_on_vis "$platform"
	rebind "$platform"
	check_message "$platform" "vector table at 0x1000000 .* is not free in the memory map"
	works_on_line "$platform"
}

no_version_1()
{
	probe_fails no_version_1 "VIRTIO_F_VERSION_1 is not offered"
}

no_features_ok()
{
	probe_fails no_features_ok "device refuses features"
}

no_reset()
{
	probe_fails no_reset "reset not complete after 10 s, device left alone"
}

# page_flags PAGE: its flags, after the CPUs have returned their free pages to the kernel
page_flags()
{
	echo 1 >/proc/sys/vm/compact_memory
	dd if=/proc/kpageflags bs=8 skip="$1" count=1 status=none | xxd -p
}

# The device still works on its queue after the driver has given up, so its ring is not freed. It
# was bound first, so it has the first address of a ring. A second reset succeeds.
slow_reset()
{
	local flags page platform

	platform_with slow_reset
	works_on_vis "$platform"
	page=$(($(host first virtio_mmio_write_offset "offset $MMIO_QUEUE_DESC_LOW\\b" |
		sed 's/.*value //') / 4096))
	flags=$(page_flags $page)
	timeout 30 sh -c "echo $platform >/sys/bus/platform/drivers/$(vis_driver)/unbind" ||
		fail "cannot unbind $platform"
	expect "resets that are given up" 1 \
		"$(messages "$platform" "Status 0xf: reset not complete after 10 s")"
	expect "rings that are kept" 1 "$(messages "$platform" "queue 0: ring not freed")"
	expect "flags of page $page" "$flags" "$(page_flags $page)"
	bind "$platform" || fail "cannot bind $platform"
	works_on_vis "$platform"
	rebind "$platform"
	works_on_vis "$platform"
}

queue_of_0()
{
	probe_fails queue_of_0 "failed with error -2"
}

queue_of_3()
{
	probe_fails queue_of_3 "failed with error -12"
}

# Once with vectors, once on the line
queue_huge()
{
	probe_fails queue_huge "QueueNumMax 0xffffffff is too large" 2
}

generation()
{
	local platform

	platform_with generation
	expect "messages of $platform" 1 \
		"$(messages "$platform" "ConfigGeneration .* never stable")"
	works_on_vis "$platform"
}

enable_dropped()
{
	stalls enable_dropped
}

queue_vector_dropped()
{
	stalls queue_vector_dropped
}

# A driver that trusts the mask table masks the queue along with the configuration.
mask_garbage()
{
	local irq platform

	survives mask_garbage
	platform_with mask_garbage
	irq=$(irq_of "$(virtio_at "$platform")-config")
	chip mask "$irq"
	works_on_vis "$platform"
	chip unmask "$irq"
	works_on_vis "$platform"
}

# A move commits the garbage in the entries of the other vectors: this device loses its interrupts.
table_garbage()
{
	local platform

	platform_with table_garbage
	works_on_vis "$platform"
	rebind "$platform"
	works_on_vis "$platform"
}

pending_garbage()
{
	survives pending_garbage
}

before_enable()
{
	survives before_enable
	has_fired before_enable
}

after_mask()
{
	local irq platform

	survives after_mask
	platform_with after_mask
	irq=$(irq_of "$(virtio_at "$platform")-req.0")
	chip mask "$irq"
	chip mask "$irq"
	chip unmask "$irq"
	works_on_vis "$platform"
	rebind "$platform"
	has_fired after_mask
}

after_reset()
{
	survives after_reset
	has_fired after_reset
}

unasked()
{
	survives unasked
	has_fired unasked
}

tests="
hostile.flags			flags
hostile.n_zero			n_zero
hostile.n_max			n_max
hostile.changing		changing
hostile.no_version_1		no_version_1
hostile.no_features_ok		no_features_ok
hostile.no_reset		no_reset
hostile.slow_reset		slow_reset
hostile.queue_of_0		queue_of_0
hostile.queue_of_3		queue_of_3
hostile.queue_huge		queue_huge
hostile.generation		generation
hostile.enable_dropped		enable_dropped
hostile.queue_vector_dropped	queue_vector_dropped
hostile.mask_garbage		mask_garbage
hostile.table_garbage		table_garbage
hostile.pending_garbage		pending_garbage
hostile.before_enable		before_enable
hostile.after_mask		after_mask
hostile.after_reset		after_reset
hostile.unasked			unasked
"
bind_all slow_reset honest
run_with_module
