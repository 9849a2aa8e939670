#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Firmware can describe the tables of a device as resources. Here the test module does that.

. ./vis_lib.sh
. ./test_module.sh

TABLES="MMIO_VIS_TABLE_LOW MMIO_VIS_MASK_LOW MMIO_VIS_PENDING_LOW"
ENTRY_SIZE=16
WORD_SIZE=4

# describe_tables BASE PLATFORM: adds the tables of the device at BASE as resources of PLATFORM
describe_tables()
{
	local nr size table words

	nr=$(($(reg "$1" $MMIO_VIS_NUM_VECTORS) & 0xffff))
	words=$(((nr + 31) / 32))
	for table in $TABLES; do
		size=$((words * WORD_SIZE))
		[ "$table" != MMIO_VIS_TABLE_LOW ] || size=$((nr * ENTRY_SIZE))
		eval "table=\$$table"
		table_of "$1" "$table" >/tmp/table
		echo $size >"$VIS_TEST/count"
		cat /tmp/table >"$VIS_TEST/address"
		echo "$2" >"$VIS_TEST/resource" || fail "$2 takes no resource"
	done
}

# messages PLATFORM
messages()
{
	dmesg | grep -c " $1: VIS"
}

firmware_resource()
{
	local before platform virtio

	virtio=$(virtio_of virtio_rng)
	platform=$(platform_of "$virtio")
	before=$(messages "$platform")
	without_driver "$platform" describe_tables "$(base_of "$virtio")" "$platform"
	check_vectors virtio_rng config input
	expect "messages on VIS" "$before" "$(messages "$platform")"
	expect "ranges that the driver claims" 3 \
		"$(grep -c "^  [0-9a-f-]* : $platform\$" /proc/iomem)"
	rng_matches_host 16
}

# The tables of the network card are described as resources of the console.
firmware_resource_of_other()
{
	local before console net

	net=$(platform_of "$(virtio_of virtio_net)")
	console=$(platform_of "$(virtio_of virtio_console)")
	before=$(messages "$net")
	without_driver "$console" without_driver "$net" \
		describe_tables "$(base_of "$(virtio_of virtio_net)")" "$console"
	check_line virtio_net "$(vis_driver)"
	expect "messages on VIS" $((before + 1)) "$(messages "$net")"
	dmesg | grep -q " $net: VIS: vector table at .* is not free in the memory map" ||
		fail "the message is: $(dmesg | grep " $net: VIS")"
	net_up
	net_ping || fail "no answer on the network"
}

tests="
vis.firmware.resource	firmware_resource	host
vis.firmware.resource_of_other	firmware_resource_of_other
"
run_with_module
