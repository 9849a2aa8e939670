#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The machine is saved and restored while I/O runs: data are intact, and no vector has moved.

. ./vis_lib.sh

NET_CPU=2
RNG_CPU=3
DISK_SECONDS=60

where_vectors_are()
{
	local irq

	for irq in /proc/irq/[0-9]*; do
		! is_vector "${irq##*/}" ||
			echo "${irq##*/} $(cat "$irq/effective_affinity_list")"
	done
}

# Reads all of the disk over and over, and fails on the first wrong byte.
read_and_compare()
{
	local hash=$1

	until [ -e /tmp/stop ]; do
		drop_caches
		[ "$(hash_of /dev/vda)" = "$hash" ] || return 1
		echo >>/tmp/rounds
	done
}

rounds()
{
	wc -l </tmp/rounds
}

rounds_above()
{
	[ "$(rounds)" -gt "$1" ]
}

device_migrate()
{
	local before counts done_before irq reader

	net_up
	set_affinity "$(irq_of "$(virtio_of virtio_net)-input.0")" $NET_CPU
	set_affinity "$(irq_of "$(virtio_of virtio_rng)-input")" $RNG_CPU
	net_ping && rng_read
	before=$(where_vectors_are)
	: >/tmp/rounds
	read_and_compare "$(host hash disk0)" &
	reader=$!
	await $DISK_SECONDS rounds_above 0 || fail "the disk is not read"
	expect "QEMU processes" 2 "$(host migrate)"

	counts=$(counts "$(virtio_of virtio_blk)" req.0 req.1 req.2 req.3)
	done_before=$(rounds)
	await $DISK_SECONDS rounds_above $((done_before + 1)) ||
		fail "the disk is not read any more"
	touch /tmp/stop
	wait "$reader" || fail "the disk's data are wrong"
	for cpu in $(online_cpus); do
		read_disk_on "$cpu" 4
	done
	all_rose "$counts"
	all_devices_work
	expect "places of the vectors" "$before" "$(where_vectors_are)"
	irq=$(irq_of "$(virtio_of virtio_net)-input.0")
	counts=$(irq_count "$irq" $NET_CPU)
	net_ping
	await 5 irq_rose "$irq" "$counts" $NET_CPU || fail "packets do not come on CPU $NET_CPU"
}

tests="
vis.device.migrate	device_migrate
"
vis_run
