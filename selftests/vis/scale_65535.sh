#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A disk with 65,535 vectors, the most that the interface has. The driver uses the first ones; the
# test uses others behind its back, from the second mask word to the last vector of the last word.

. ./vis_lib.sh
. ./test_module.sh

VECTORS=65535
ENTRY_BYTES=16
# A bit for each vector, in words of 32 bits
MASK_BYTES=8192
SAMPLE="32 4095 32768 65534"

# claimed ADDRESS BYTES: the driver has claimed so many bytes there
claimed()
{
	local end

	end=$(awk -v start="${1#0x}" -v name="$PLATFORM" '
		$NF == name && sub("^0*" start "-", "", $1) { print $1 }' /proc/iomem)
	[ -n "$end" ] || fail "$1 is not claimed"
	expect "bytes claimed at $1" "$2" $((0x$end - $1 + 1))
}

# copy_entry VECTOR: gives it the message of the configuration's vector
copy_entry()
{
	local offset value

	for offset in 0 4 8; do
		printf '0x%x\n' $((TABLE + offset)) >"$VIS_TEST/address"
		value=$(cat "$VIS_TEST/mem")
		printf '0x%x\n' $((TABLE + $1 * ENTRY_BYTES + offset)) >"$VIS_TEST/address"
		echo "$value" >"$VIS_TEST/mem"
	done
}

# set_masks WORD VALUE
set_masks()
{
	reg "$MASK" $(($1 * 4)) "$2"
}

# grow_disk: makes a configuration change
grow_disk()
{
	host resize disk0 $(($(blockdev --getsize64 /dev/vda) + 512))
}

# sends VECTOR: it interrupts with its message while it is unmasked, and pends while it is masked
sends()
{
	local before word=$(($1 / 32))

	expect "mask word $word" 0xffffffff "$(reg "$MASK" $((word * 4)))"
	copy_entry "$1"
	reg "$BASE" $MMIO_VIS_CONFIG_VECTOR "$1"
	host mark
	before=$(irq_count "$CONFIG")
	grow_disk
	expect "messages of the masked vector $1" 0 "$(host count virtio_mmio_vis_send)"
	set_masks $word $((0xffffffff & ~(1 << $1 % 32)))
	await 5 irq_rose "$CONFIG" "$before" || fail "vector $1 does not interrupt"
	expect "messages of vector $1" 1 "$(host count virtio_mmio_vis_send "vector $1 ")"
	set_masks $word 0xffffffff
}

scale_65535()
{
	local blk vector

	blk=$(virtio_of virtio_blk)
	check_vectors virtio_blk config req.0 req.1 req.2 req.3
	PLATFORM=$(platform_of "$blk")
	BASE=$(base_of "$blk")
	CONFIG=$(irq_of "$blk-config")
	TABLE=$(table_of "$BASE" $MMIO_VIS_TABLE_LOW)
	MASK=$(table_of "$BASE" $MMIO_VIS_MASK_LOW)
	expect "number of vectors" $VECTORS $(($(reg "$BASE" $MMIO_VIS_NUM_VECTORS) & 0xffff))
	claimed "$TABLE" $((VECTORS * ENTRY_BYTES))
	claimed "$MASK" $MASK_BYTES
	for vector in $SAMPLE; do
		sends "$vector"
	done
	disk_matches_host
}

tests="
scale.65535	scale_65535	host
"
run_with_module
