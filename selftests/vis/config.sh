#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A configuration change raises the interrupt of the configuration vector.

. ./vis_lib.sh

config_vector()
{
	local before config size virtio

	virtio=$(virtio_of virtio_blk)
	config=$(irq_of "$virtio-config")
	before=$(irq_count "$config")
	size=$(($(disk_size) + GROWTH))
	host mark
	host resize disk0 "$size"
	await 5 size_is "$size" || fail "the capacity is still $(disk_size)"
	[ "$(irq_count "$config")" -gt "$before" ] || fail "no interrupt of the configuration"
	expect "messages sent for vector 0" 1 "$(host count "$MESSAGE_SENT" "vector 0\b")"
}

tests="
vis.config.vector	config_vector	host
"
vis_run
