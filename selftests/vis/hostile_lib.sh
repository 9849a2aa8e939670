# SPDX-License-Identifier: GPL-2.0-only
# Devices with one fault each, as vis.faults= on the command line assigns them.

FIRST_REGISTERS=0xfeb00000
SLOT_SIZE=512
READ_BLOCKS=64

slot_of()
{
	sed -n "s/.*[=,]$1@\([0-9]*\).*/\1/p" /proc/cmdline
}

# platform_at SLOT
platform_at()
{
	local address

	address=$(printf %08x $((FIRST_REGISTERS + $1 * SLOT_SIZE)))
	awk -v start="$address-" 'index($1, start) == 1 { print $3; exit }' /proc/iomem
}

# virtio_at PLATFORM: its virtio device, or nothing if it has no driver
virtio_at()
{
	local path

	for path in "/sys/bus/platform/devices/$1"/virtio*; do
		[ ! -d "$path" ] || basename "$path"
	done
}

# bind_in_background FAULT: a probe that hangs must fail only the test of its own fault
bind_in_background()
{
	{
		bind "$(platform_at "$(slot_of "$1")")" 2>/dev/null
		: >"/tmp/bound.$1"
	} &
}

probed()
{
	await 20 [ -e "/tmp/bound.$1" ]
}

# bind_all FAULT...: the devices with these faults one by one, then all others at once
bind_all()
{
	local fault

	echo 0 >/sys/bus/platform/drivers_autoprobe
	# A driver that is built in has probed them all as the kernel booted.
	[ -d /sys/bus/platform/drivers/virtio-mmio ] || modprobe virtio_mmio_vis
	for fault; do
		bind_in_background "$fault"
		probed "$fault"
	done
	for fault in $(sed -n 's/.* vis.faults=\([^ ]*\).*/\1/p' /proc/cmdline |
		tr , '\n' | sed 's/@.*//'); do
		[ -e "/tmp/bound.$fault" ] || bind_in_background "$fault"
	done
}

# platform_with FAULT: sets platform, once the device has been probed
platform_with()
{
	probed "$1" || fail "the probe does not end"
	platform=$(platform_at "$(slot_of "$1")")
	[ -n "$platform" ] || fail "no device with the fault $1"
}

# disk_at PLATFORM
disk_at()
{
	ls "/sys/bus/virtio/devices/$(virtio_at "$1")/block"
}

# messages PLATFORM REGEX: number of such messages of the drivers about that device
messages()
{
	dmesg | grep -c -E "^[^:]*($1|$(virtio_at "$1")): .*$2"
}

# check_message PLATFORM REGEX: there is one message about VIS, and it is this one
check_message()
{
	expect "messages on VIS of $1" 1 "$(dmesg | grep -c " $1: VIS")"
	dmesg | grep " $1: VIS" | grep -qE "$2" ||
		fail "not '$2': $(dmesg | grep " $1: VIS")"
}

# read_blocks DISK: to a file that appears at the end
read_blocks()
{
	dd if="/dev/$1" of="/tmp/blocks.new.$1" iflag=direct bs=4k count=$READ_BLOCKS status=none
	mv "/tmp/blocks.new.$1" "/tmp/blocks.$1"
}

# check_reads PLATFORM: the disk's first blocks are those of the host's file. If a read waits for an
# interrupt, nothing can end it, and it is left behind.
check_reads()
{
	local disk

	disk=$(disk_at "$1")
	rm -f "/tmp/blocks.$disk"
	read_blocks "$disk" &
	await 20 [ -e "/tmp/blocks.$disk" ] || fail "a read of $disk of $1 does not end"
	expect "hash of $disk of $1" "$(host hash disk0 0 $((READ_BLOCKS * 4096)))" \
		"$(hash_of "/tmp/blocks.$disk")"
}

# on_vis PLATFORM: the disk has its two vectors
on_vis()
{
	local suffix virtio

	virtio=$(virtio_at "$1")
	for suffix in config req.0; do
		[ -n "$(irq_of "$virtio-$suffix")" ] || fail "$1 has no interrupt $virtio-$suffix"
	done
	expect "line of $virtio" "" "$(irq_of "$virtio")"
}

# works_on_vis PLATFORM
works_on_vis()
{
	local before irq

	on_vis "$1"
	irq=$(irq_of "$(virtio_at "$1")-req.0")
	before=$(irq_count "$irq")
	check_reads "$1"
	irq_rose "$irq" "$before" || fail "irq $irq did not rise above $before"
}

# works_on_line PLATFORM
works_on_line()
{
	local before irq

	check_line_of "$(virtio_at "$1")" "$(vis_driver)"
	irq=$(irq_of "$(virtio_at "$1")")
	before=$(irq_count "$irq")
	check_reads "$1"
	irq_rose "$irq" "$before" || fail "irq $irq did not rise above $before"
}

# refused FAULT MESSAGE
refused()
{
	local platform

	platform_with "$1"
	check_message "$platform" "$2"
	works_on_line "$platform"
}

# bind PLATFORM, unbind PLATFORM: from and to the transport's driver
bind()
{
	echo "$1" >"/sys/bus/platform/drivers/$(vis_driver)/bind"
}

unbind()
{
	echo "$1" >"/sys/bus/platform/drivers/$(vis_driver)/unbind"
}
