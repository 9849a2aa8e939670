#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The stock driver takes devices without VIS.

. ./vis_lib.sh

policy_line()
{
	local driver

	for driver in virtio_blk virtio_net virtio_rng virtio_console; do
		check_line $driver virtio-mmio
	done
	all_devices_work
}

tests="
vis.policy.line.visoff	policy_line
"
vis_run
