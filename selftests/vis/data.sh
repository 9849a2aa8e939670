#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Each device transfers data that the host knows, with interrupts of its own.

. ./vis_lib.sh

MEBIBYTE=1048576
NET_BYTES=$((4 * MEBIBYTE))
RNG_RECORDS=16

# The host's file is random; the guest reads all of it, then writes its second half.
data_blk()
{
	local before cpu half size virtio

	virtio=$(virtio_of virtio_blk)
	size=$(disk_size)
	half=$((size / 2 / MEBIBYTE))
	before=$(counts "$virtio" req.0 req.1 req.2 req.3)
	disk_matches_host
	for cpu in $(online_cpus); do
		read_disk_on "$cpu" 16 || fail "cannot read on CPU $cpu"
	done
	all_rose "$before"

	head -c $((half * MEBIBYTE)) /dev/urandom >/tmp/written
	dd if=/tmp/written of=/dev/vda bs=1M seek="$half" conv=fsync status=none ||
		fail "cannot write"
	expect "hash of the data written" "$(hash_of /tmp/written)" \
		"$(host hash disk0 $((half * MEBIBYTE)))"
	rm /tmp/written
}

data_net()
{
	local before virtio

	virtio=$(virtio_of virtio_net)
	net_up
	before=$(counts "$virtio" input.0 output.0)
	net_exchange $NET_BYTES
	all_rose "$before"
}

data_rng()
{
	local before virtio

	virtio=$(virtio_of virtio_rng)
	before=$(counts "$virtio" input)
	rng_matches_host $RNG_RECORDS
	all_rose "$before"
}

# The driver polls while it sends, so the device may see that this needs no interrupt.
data_console()
{
	local before virtio

	virtio=$(virtio_of virtio_console)
	before=$(counts "$virtio" input)
	console_open
	console_exchange console
	all_rose "$before"
}

tests="
vis.data.blk		data_blk	host
vis.data.net		data_net	host
vis.data.rng		data_rng	host
vis.data.console	data_console	host
"
vis_run
