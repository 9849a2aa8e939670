#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Every device has as many interrupts as with virtio-pci, with the same names.

. ./vis_lib.sh

probe_vectors()
{
	check_vectors virtio_blk config req.0 req.1 req.2 req.3
	check_vectors virtio_net config input.0 output.0
	check_vectors virtio_rng config input
	check_vectors virtio_console config input output
}

tests="
vis.probe.vectors	probe_vectors
"
vis_run
