#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# An interrupt controller runs out of vectors: each device gets the best policy that is left.

. ./vis_lib.sh

# A GICv2m frame has 64 vectors, of which 12 disks take 5 each. Then 2 disks have to share, which
# takes 2 each, and the last one gets only its line.
EACH=12
SHARED=2
LINE=1

# disks_with INTERRUPTS: number of disks with this many vectors
disks_with()
{
	local count=0 virtio

	for virtio in $(entries /sys/bus/virtio/drivers/virtio_blk virtio); do
		[ "$(irqs_of "$virtio" | wc -l)" != "$1" ] || count=$((count + 1))
	done
	echo $count
}

policy_rungs()
{
	local disk hash

	expect "disks with a vector for each queue" $EACH "$(disks_with 5)"
	expect "disks whose queues share a vector" $SHARED "$(disks_with 2)"
	expect "disks on their line" $LINE "$(disks_with 0)"
	expect "devices that log why" $LINE "$(dmesg | grep -c "VIS.*: trying the interrupt line")"
	drop_caches
	hash=$(host hash disk0)
	for disk in /dev/vd?; do
		expect "hash of $disk" "$hash" "$(hash_of "$disk")"
	done
}

tests="
vis.policy.rungs	policy_rungs	host
"
vis_run
