#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The step from the line to the vectors. The device has no driver; the test writes its registers.

. ./vis_lib.sh
. ./test_module.sh

ACKNOWLEDGE_DRIVER=3
FEATURES_OK=11
DRIVER_OK=15
VERSION_1_AND_VIS=0x20001
INT_CONFIG=2

negotiate_by_hand()
{
	local base=$1

	reg "$base" $MMIO_STATUS 0
	reg "$base" $MMIO_STATUS $ACKNOWLEDGE_DRIVER
	reg "$base" $MMIO_DRIVER_FEATURES_SEL 0
	reg "$base" $MMIO_DRIVER_FEATURES 0
	reg "$base" $MMIO_DRIVER_FEATURES_SEL 1
	reg "$base" $MMIO_DRIVER_FEATURES $VERSION_1_AND_VIS
	reg "$base" $MMIO_STATUS $FEATURES_OK
	expect "status" $FEATURES_OK $(($(reg "$base" $MMIO_STATUS)))
	reg "$base" $MMIO_VIS_CONFIG_VECTOR 0
}

# Once the driver has set DRIVER_OK, the device keeps using the line.
enable_too_late()
{
	local base=$1

	negotiate_by_hand "$base"
	reg "$base" $MMIO_STATUS $DRIVER_OK
	host resize disk0 "$2"
	expect "configuration bit of InterruptStatus on the line" $INT_CONFIG \
		$(($(reg "$base" $MMIO_INTERRUPT_STATUS) & INT_CONFIG))
	expect "level of the line" 1 "$(host line)"
	expect_pending "on the line" "$base" 0
	reg "$base" $MMIO_STATUS $FEATURES_OK
	reg "$base" $MMIO_VIS_CONTROL 1
	expect "VISControl after DRIVER_OK" 0 $(($(reg "$base" $MMIO_VIS_CONTROL)))
	expect "level of the line after DRIVER_OK" 1 "$(host line)"
}

enable_by_hand()
{
	local base=$1

	negotiate_by_hand "$base"
	host mark
	reg "$base" $MMIO_VIS_CONTROL 1
	expect "VISControl" 1 $(($(reg "$base" $MMIO_VIS_CONTROL)))
	expect "level of the line after ENABLE" 0 "$(host line)"
	reg "$base" $MMIO_STATUS $DRIVER_OK
	host resize disk0 "$2"
	expect "InterruptStatus after ENABLE" 0 $(($(reg "$base" $MMIO_INTERRUPT_STATUS)))
	expect_pending "after ENABLE" "$base" 1
	expect "level of the line after the change" 0 "$(host line)"
	expect "messages sent for a masked vector" 0 "$(device_sent "$base")"
}

enable_and_reset()
{
	local status

	(enable_too_late "$1" $(($2 - GROWTH / 2)) && enable_by_hand "$1" "$2")
	status=$?
	reg "$1" $MMIO_STATUS 0
	return $status
}

enable_transition()
{
	local base size virtio

	virtio=$(virtio_of virtio_blk)
	base=$(base_of "$virtio")
	size=$(($(disk_size) + GROWTH))
	without_driver "$(platform_of "$virtio")" enable_and_reset "$base" "$size" || exit 1
	disk_matches_host
	expect "size of the disk" "$size" "$(disk_size)"
}

tests="
vis.enable.transition	enable_transition	host
"
run_with_module
