#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Devices with and without VIS in one guest: the stock driver works beside ours.

. ./vis_lib.sh

# The scenario takes VIS from the network and the rng.
coexist_stock()
{
	local before

	check_vectors virtio_blk config req.0 req.1 req.2 req.3
	check_vectors virtio_console config input output
	check_line virtio_net virtio-mmio
	check_line virtio_rng virtio-mmio
	before=$(counts "$(virtio_of virtio_blk)" req.0 req.1 req.2 req.3
		counts "$(virtio_of virtio_console)" input output
		awk -v net="$(virtio_of virtio_net)" -v rng="$(virtio_of virtio_rng)" \
			'$NF == net || $NF == rng { sub(":", "", $1); print $1 }' /proc/interrupts |
			while read -r irq; do
				echo "$irq $(irq_count "$irq")"
			done)
	all_devices_work
	all_rose "$before"
}

tests="
vis.coexist.stock	coexist_stock
"
vis_run
