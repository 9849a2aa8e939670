#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The memory map may, and should, have the tables of all devices in a reserved range.

. ./vis_lib.sh

reserved_tables()
{
	check_vectors virtio_blk config req.0 req.1 req.2 req.3
	check_vectors virtio_net config input.0 output.0
	check_vectors virtio_rng config input
	check_vectors virtio_console config input output
	expect "messages on VIS" 0 "$(dmesg | grep -c ': VIS')"
	grep -q '^f0000000-f7ffffff : Reserved' /proc/iomem || fail "nothing is reserved"
	all_devices_work
}

tests="
vis.firmware.reserved	reserved_tables
"
vis_run
