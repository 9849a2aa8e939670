#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# With ACCESS_PLATFORM, the addresses of queues and of supplied tables come from the DMA API.

. ./vis_lib.sh

# The place of its bit in /sys/bus/virtio/devices/*/features, which begins with bit 0
ACCESS_PLATFORM=34

negotiated()
{
	local virtio

	for virtio in $(virtio_of virtio_blk) $(virtio_of virtio_net) $(virtio_of virtio_rng) \
		$(virtio_of virtio_console); do
		expect "ACCESS_PLATFORM of $virtio" 1 \
			"$(cut -c $ACCESS_PLATFORM "/sys/bus/virtio/devices/$virtio/features")"
	done
}

tests="
vis.platform.negotiated	negotiated
"
vis_run
