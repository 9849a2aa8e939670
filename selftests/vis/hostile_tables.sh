#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A driver must not touch these tables: it logs one message each, and the disk works on its line.

. ./vis_lib.sh
. ./hostile_lib.sh

draft_zero()
{
	refused draft_zero "draft 0 of the interface is not supported, only 2"
}

draft_unknown()
{
	refused draft_unknown "draft 3 of the interface is not supported, only 2"
}

table_misaligned()
{
	refused table_misaligned "vector table at 0xf.*8 is not aligned to 16 bytes"
}

mask_misaligned()
{
	refused mask_misaligned "mask table at 0xf.*2 is not aligned to 4 bytes"
}

pending_misaligned()
{
	refused pending_misaligned "pending table at 0xf.*1 is not aligned to 4 bytes"
}

table_wraps()
{
	refused table_wraps "vector table at 0xf{15}0 .* ends past the address space"
}

mask_wraps()
{
	refused mask_wraps "mask table at 0xf{15}c .* ends past the address space"
}

pending_wraps()
{
	refused pending_wraps "pending table at 0xf{15}c .* ends past the address space"
}

mask_on_table()
{
	refused mask_on_table "mask table at (0x[0-9a-f]+) overlaps .*the vector table at \1"
}

pending_on_table()
{
	refused pending_on_table "pending table at (0x[0-9a-f]+) overlaps .*the vector table at \1"
}

mask_shares_block()
{
	refused mask_shares_block "mask table at 0xf.*8000 overlaps .*the vector table at 0xf.*0000"
}

table_on_registers()
{
	refused table_on_registers "vector table at (0xfeb.*) overlaps .*the register block at \1"
}

mask_on_registers()
{
	refused mask_on_registers "mask table at 0xfeb.* overlaps .*the register block at 0xfeb"
}

# The table lies on the registers of the device before it, which has no driver yet.
mask_on_device()
{
	refused mask_on_device "mask table at 0xfeb.* is not free in the memory map"
}

table_in_ram()
{
	refused table_in_ram "vector table at 0x1000000 .* is not free in the memory map"
}

table_in_reserved_ram()
{
	grep -q '^08000000-080fffff : Reserved' /proc/iomem || fail "nothing is reserved"
	refused table_in_reserved_ram "vector table at 0x8000000 .* is not free in the memory map"
}

mask_in_ram()
{
	refused mask_in_ram "mask table at 0x1000000 .* is not free in the memory map"
}

pending_in_ram()
{
	refused pending_in_ram "pending table at 0x1000000 .* is not free in the memory map"
}

table_on_lapic()
{
	refused table_on_lapic "vector table at 0xfee00000 .*(overlaps|is not free)"
}

mask_on_ioapic()
{
	refused mask_on_ioapic "mask table at 0xfec00000 .*(overlaps|is not free)"
}

table_past_cpu()
{
	refused table_past_cpu "vector table at 0x10{15} .* is not free in the memory map"
}

table_of_other()
{
	local platform

	refused table_of_other "vector table at 0xf.*00000 .* is not free in the memory map"
	platform_with honest
	works_on_vis "$platform"
}

tests="
hostile.draft_zero		draft_zero
hostile.draft_unknown		draft_unknown
hostile.table_misaligned	table_misaligned
hostile.mask_misaligned		mask_misaligned
hostile.pending_misaligned	pending_misaligned
hostile.table_wraps		table_wraps
hostile.mask_wraps		mask_wraps
hostile.pending_wraps		pending_wraps
hostile.mask_on_table		mask_on_table
hostile.pending_on_table	pending_on_table
hostile.mask_shares_block	mask_shares_block
hostile.table_on_registers	table_on_registers
hostile.mask_on_registers	mask_on_registers
hostile.mask_on_device		mask_on_device
hostile.table_in_ram		table_in_ram
hostile.table_in_reserved_ram	table_in_reserved_ram
hostile.mask_in_ram		mask_in_ram
hostile.pending_in_ram		pending_in_ram
hostile.table_on_lapic		table_on_lapic
hostile.mask_on_ioapic		mask_on_ioapic
hostile.table_past_cpu		table_past_cpu
hostile.table_of_other		table_of_other
"
bind_all honest mask_on_device
vis_run
