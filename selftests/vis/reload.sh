#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The modules go and come again, and leave nothing behind.

. ./vis_lib.sh

CYCLES=20
TRACE=/sys/kernel/tracing

# Stacks of processes come and go by themselves, and what is freed is purged late.
vmalloc_users()
{
	awk '/stack|kernel_clone|unpurged/ { next } { print $2, $3 }' /proc/vmallocinfo | sort
}

# The x86 vector allocator tells, at each event, how many vectors are left.
free_cpu_vectors()
{
	sed -n 's/.*global_avl=\([0-9]*\).*/\1/p' "$TRACE/trace" | tail -n 1
}

snapshot()
{
	echo "interrupts: $(ls /sys/kernel/irq | tr '\n' ' ')"
	echo "free CPU vectors: $(free_cpu_vectors)"
	vmalloc_users
}

same_snapshot()
{
	snapshot >"/tmp/last"
	cmp -s /tmp/first /tmp/last
}

cycle()
{
	modprobe virtio_mmio_vis || fail "cycle $1: cannot insert"
	check_vectors virtio_blk config req.0 req.1 req.2 req.3
	read_disk_on $(($1 % 4)) 64 || fail "cycle $1: cannot read"
	rng_read || fail "cycle $1: no entropy"
	net_up
	net_ping || fail "cycle $1: no answer on the network"
	rmmod virtio_mmio_vis || fail "cycle $1: virtio_mmio_vis stays"
	rmmod irq_virtio_vis || fail "cycle $1: irq_virtio_vis stays"
}

module_reload()
{
	local number

	mount -t tracefs tracefs $TRACE
	echo 1 >$TRACE/events/irq_matrix/enable || fail "no irq_matrix events"
	cycle 1
	snapshot >/tmp/first
	[ -n "$(free_cpu_vectors)" ] || fail "the vector allocator tells nothing"
	for number in $(seq 2 $CYCLES); do
		cycle "$number"
	done
	await 5 same_snapshot || fail "not as after the first cycle: $(diff /tmp/first /tmp/last)"
}

tests="
vis.module.reload	module_reload
"
vis_run
