#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A system with the package and cloud-init, and the disk from which that configures the system.

. ./lib.sh

pkg_cloudinit()
{
	local seed

	cloud-init status --wait >cloud.out 2>&1
	expect "status of cloud-init" "status: done" "$(grep '^status:' cloud.out)"
	expect "its data source" nocloud "$(cloud-id)"
	expect "hostname" vis-cloud "$(hostname)"
	expect "the file that it wrote, copied" "from the seed disk" "$(cat /run/vis-seed)"
	seed=$(virtio_of_disk "$(disk seed)")
	expect "disk with the data" "/dev/$(disk seed)" "$(blkid --label cidata)"
	vectors_of "$seed" config req.0
	[ "$(irq_count "$(irq_of "$seed-req.0")")" -gt 0 ] || fail "nothing has read the seed disk"
	system_is_up
	on_vectors
	others_on_lines
	devices_work
}

tests="
pkg.cloudinit	pkg_cloudinit host
"
vis_run
