#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Without a local APIC there are no messages: each device says so once and runs on its line.

. ./vis_lib.sh

policy_line()
{
	local driver

	for driver in virtio_blk virtio_net virtio_rng virtio_console; do
		check_line $driver "$(vis_driver)"
	done
	all_devices_work
	expect "devices that say why" 4 "$(dmesg | grep -c "VIS .*: using the interrupt line")"
}

tests="
vis.policy.line.nolapic	policy_line
"
vis_run
