# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# A device whose ring is broken. The test module must be inserted.

MMIO_QUEUE_SEL=0x030
MMIO_QUEUE_READY=0x044
MMIO_QUEUE_NOTIFY=0x050
MMIO_QUEUE_AVAIL_LOW=0x090
MMIO_QUEUE_AVAIL_HIGH=0x094
DRIVER_OK=0xf
NEEDS_RESET=0x40

# break_ring BASE: moves the available ring of queue 0 to the kernel's code
break_ring()
{
	local code

	code=0x$(sed -n 's/^ *\([0-9a-f]*\)-.* : Kernel code$/\1/p' /proc/iomem)
	reg "$1" $MMIO_QUEUE_SEL 0
	reg "$1" $MMIO_QUEUE_READY 0
	reg "$1" $MMIO_QUEUE_AVAIL_LOW $((code))
	reg "$1" $MMIO_QUEUE_AVAIL_HIGH 0
	reg "$1" $MMIO_QUEUE_READY 1
	reg "$1" $MMIO_QUEUE_NOTIFY 0
}

# break_and_repair VIRTIO: a device that cannot continue reports that by its config vector, and a
# reset repairs it
break_and_repair()
{
	local base before

	base=$(base_of "$1")
	before=$(counts "$1" config)
	expect "status" $((DRIVER_OK)) $(($(reg "$base" "$MMIO_STATUS")))
	break_ring "$base"
	all_rose "$before"
	expect "status" $((DRIVER_OK | NEEDS_RESET)) $(($(reg "$base" "$MMIO_STATUS")))
	without_driver "$1" true
	expect "status" $((DRIVER_OK)) $(($(reg "$base" "$MMIO_STATUS")))
}
