#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The modules are removed and inserted again, and leave nothing behind.

. ./vis_lib.sh

CYCLES=20
TRACE=/sys/kernel/tracing

# Stacks of processes come and go by themselves, and freed ones are purged late.
vmalloc_users()
{
	awk '/stack|kernel_clone|unpurged/ { next } { print $2, $3 }' /proc/vmallocinfo | sort
}

# Where CPUs have vectors, each event of their allocator tells how many are left.
free_cpu_vectors()
{
	sed -n 's/.*global_avl=\([0-9]*\).*/\1/p' "$TRACE/trace" | tail -n 1
}

snapshot()
{
	echo "interrupts: $(entries /sys/kernel/irq | tr '\n' ' ')"
	echo "free CPU vectors: $(free_cpu_vectors)"
	vmalloc_users
}

same_snapshot()
{
	snapshot >"/tmp/last"
	cmp -s /tmp/first /tmp/last
}

# If the kernel has VIS built in, the test unbinds and binds devices instead of the modules.
driver_is_a_module()
{
	[ -e /lib/modules/virtio_mmio_vis.ko ]
}

insert()
{
	local platform

	if driver_is_a_module; then
		modprobe virtio_mmio_vis
		return
	fi
	for platform in $platforms; do
		echo "$platform" >/sys/bus/platform/drivers/virtio-mmio/bind || return 1
	done
}

remove()
{
	local platform

	if driver_is_a_module; then
		rmmod virtio_mmio_vis && rmmod irq_virtio_vis
		return
	fi
	for platform in $platforms; do
		echo "$platform" >/sys/bus/platform/drivers/virtio-mmio/unbind || return 1
	done
}

cycle()
{
	insert || fail "cycle $1: cannot insert"
	check_vectors virtio_blk config req.0 req.1 req.2 req.3
	read_disk_on $(($1 % 4)) 64 || fail "cycle $1: cannot read"
	rng_read || fail "cycle $1: no entropy"
	net_up
	net_ping || fail "cycle $1: no answer on the network"
	remove || fail "cycle $1: cannot remove"
}

module_reload()
{
	local number platforms

	if ! driver_is_a_module; then
		platforms=$(cd /sys/bus/platform/drivers/virtio-mmio && echo virtio-mmio.*)
		remove || fail "cannot unbind"
	fi
	mount -t tracefs tracefs $TRACE
	[ ! -d $TRACE/events/irq_matrix ] || echo 1 >$TRACE/events/irq_matrix/enable
	cycle 1
	snapshot >/tmp/first
	[ ! -d $TRACE/events/irq_matrix ] || [ -n "$(free_cpu_vectors)" ] ||
		fail "the vector allocator tells nothing"
	for number in $(seq 2 $CYCLES); do
		cycle "$number"
	done
	await 5 same_snapshot || fail "not as after the first cycle: $(diff /tmp/first /tmp/last)"
}

tests="
vis.module.reload	module_reload
"
vis_run
