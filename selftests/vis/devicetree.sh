#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The device tree of a board describes the registers and the tables of each device.

. ./vis_lib.sh
. ./test_module.sh

REGISTERS_SIZE=0x100
ENTRY_SIZE=16
WORD_SIZE=4

# described PLATFORM: "ADDRESS SIZE" of each range in "reg" of its node, numbers of 64 bits each
described()
{
	xxd -p "/sys/bus/platform/devices/$1/of_node/reg" | tr -d '\n' |
		sed -E 's/(.{16})(.{16})/0x\1 0x\2\n/g' | grep .
}

# reported BASE: "ADDRESS SIZE" of the registers at BASE and, as these have them, of the vector
# table, the mask table and the pending table
reported()
{
	local nr words

	nr=$(($(reg "$1" $MMIO_VIS_NUM_VECTORS) & 0xffff))
	words=$(((nr + 31) / 32))
	echo "$1 $REGISTERS_SIZE"
	echo "$(table_of "$1" $MMIO_VIS_TABLE_LOW) $((nr * ENTRY_SIZE))"
	echo "$(table_of "$1" $MMIO_VIS_MASK_LOW) $((words * WORD_SIZE))"
	echo "$(table_of "$1" $MMIO_VIS_PENDING_LOW) $((words * WORD_SIZE))"
}

# matches PLATFORM BASE: the ranges of its node begin where the registers say, and are large enough
matches()
{
	local address number=0 place size where

	described "$1" >/tmp/described
	reported "$2" >/tmp/reported
	expect "ranges of $1" "$(wc -l </tmp/reported)" "$(wc -l </tmp/described)"
	while read -r address size; do
		number=$((number + 1))
		read -r where place <<-END
			$(sed -n ${number}p /tmp/described)
		END
		expect "address of range $number of $1" "$address" "$(printf '0x%x' "$where")"
		[ $((place)) -ge $((size)) ] || fail "range $number of $1 has $place bytes"
	done </tmp/reported
}

devicetree_tables()
{
	local driver virtio

	for driver in virtio_blk virtio_net virtio_rng virtio_console; do
		virtio=$(virtio_of $driver)
		matches "$(platform_of "$virtio")" "$(base_of "$virtio")"
	done
}

tests="
vis.devicetree.tables	devicetree_tables
"
run_with_module
