#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A thread of the virtual machine monitor finds a ring broken: that does not hang the monitor.

. ./vis_lib.sh
. ./test_module.sh
. ./needs_reset_lib.sh

# The disk alone is used, because other tests leave characters in the console.
needs_reset_disk()
{
	local cpu

	break_and_repair "$(virtio_of virtio_blk)"
	check_vectors virtio_blk config req.0 req.1 req.2 req.3
	disk_matches_host
	for cpu in $(online_cpus); do
		read_disk_on "$cpu" 4 || fail "cannot read on CPU $cpu"
	done
}

tests="
vis.needs_reset.disk	needs_reset_disk	host
"
run_with_module
