#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The memory map may, and should, have the tables of all devices in a reserved range.

. ./vis_lib.sh

reserved_tables()
{
	all_have_vectors
	expect "messages on VIS" 0 "$(dmesg | grep -c ': VIS')"
	grep -q '^f0000000-f7ffffff : Reserved' /proc/iomem || fail "nothing is reserved"
	all_devices_work
}

tests="
vis.firmware.reserved	reserved_tables
"
vis_run
