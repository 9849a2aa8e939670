#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Devices with 2 vectors use one for the configuration and one for all queues.

. ./vis_lib.sh

policy_shared()
{
	local before

	check_vectors virtio_blk config virtqueues
	check_vectors virtio_net config virtqueues
	check_vectors virtio_rng config input
	check_vectors virtio_console config virtqueues
	before=$(counts "$(virtio_of virtio_blk)" virtqueues
		counts "$(virtio_of virtio_net)" virtqueues
		counts "$(virtio_of virtio_rng)" input
		counts "$(virtio_of virtio_console)" virtqueues)
	all_devices_work
	all_rose "$before"
}

tests="
vis.policy.shared	policy_shared
"
vis_run
