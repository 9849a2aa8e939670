#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the second kernel: the first has left the devices quiet, and the driver finds them usable.

. ./vis_lib.sh

kexec_second()
{
	local before devices

	devices=$(grep -c LNRO0005 /proc/iomem)
	expect "devices that the first kernel has reset" "$devices" \
		"$(host count virtio_mmio_vis_reset)"
	expect "I/O errors of the first kernel" 0 "$(host logged "I/O error")"
	modprobe virtio_mmio_vis
	check_vectors virtio_blk config req.0 req.1 req.2 req.3
	before=$(counts "$(virtio_of virtio_blk)" req.0 req.1 req.2 req.3
		counts "$(virtio_of virtio_rng)" input)
	all_devices_work
	all_rose "$before"
}

tests="
parity.kexec	kexec_second
"
vis_run
