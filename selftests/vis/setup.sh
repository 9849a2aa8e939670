#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Counts the trapped accesses that setting up the vectors of a device costs.

. ./vis_lib.sh

MMIO_VIS_NUM_VECTORS=0xc4
MMIO_VIS_TABLE_LOW=0xd8
MMIO_VIS_TABLE_HIGH=0xdc
MMIO_VIS_PENDING_LOW=0xe8
MMIO_VIS_PENDING_HIGH=0xec

ADDRESSES="($MMIO_VIS_TABLE_LOW|$MMIO_VIS_TABLE_HIGH|$MMIO_VIS_PENDING_LOW|$MMIO_VIS_PENDING_HIGH)"

# A pattern for the value of VISNumVectors in the trace
DRIVER_TABLES='0x...1....$'

# at_most WHAT LIMIT COUNT
at_most()
{
	note "$1: $3 of at most $2"
	[ "$3" -le "$2" ] || fail "$1: $3, more than $2"
}

# Writes of VISTable and VISPending, with which the driver supplies tables
address_writes()
{
	host count virtio_mmio_vis_reg_write "offset $ADDRESSES\b"
}

# Each event costs a write, and so does ENABLE; 32 vectors share a mask word.
vectors_cost()
{
	local events=$1 supplied

	supplied=$(address_writes)
	at_most "address writes" 4 "$supplied"
	at_most "event and ENABLE writes" $((events + 1)) \
		$(($(host count virtio_mmio_vis_reg_write) - supplied))
	at_most "mask table writes" $(((events + 31) / 32)) \
		"$(host count virtio_mmio_vis_mask_write)"
	expect "mask table reads" 0 "$(host count virtio_mmio_vis_mask_read)"
}

setup_exits()
{
	local events virtio

	virtio=$(virtio_of virtio_blk)
	events=$(irqs_of "$virtio" | wc -l)
	count_binding "$(platform_of "$virtio")"
	expect "vectors after binding again" "$events" "$(irqs_of "$virtio" | wc -l)"
	at_most "discovery reads" 7 "$(host count virtio_mmio_vis_reg_read)"
	expect "address writes" $((4 * $(host count virtio_mmio_vis_reg_read \
		"offset $MMIO_VIS_NUM_VECTORS value $DRIVER_TABLES"))) "$(address_writes)"
	vectors_cost "$events"
}

# The transport stays bound, so the irqchip has to handle the reset and the new start.
setup_again()
{
	local events virtio

	virtio=$(virtio_of virtio_blk)
	events=$(irqs_of "$virtio" | wc -l)
	count_binding "$virtio"
	expect "vectors after binding again" "$events" "$(irqs_of "$virtio" | wc -l)"
	expect "discovery reads" 0 "$(host count virtio_mmio_vis_reg_read)"
	vectors_cost "$events"
}

# ENABLE finds every vector masked: none is latched while the core may be writing its entry.
setup_order()
{
	local base virtio

	virtio=$(virtio_of virtio_blk)
	base=$(base_of "$virtio")
	count_binding "$(platform_of "$virtio")"
	expect_first "ENABLE" vis_enable "virtio_mmio_vis_(enable|mask_write)" "mmio $base\b"
}

tests="
vis.setup.exits		setup_exits	host
vis.setup.exits.again	setup_again	host
vis.setup.order		setup_order	host
"
vis_run
