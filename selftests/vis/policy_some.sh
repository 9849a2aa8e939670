#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Devices with 4 vectors, some of which have more queues than that: the first queues have a vector
# each, and the others share one.

. ./vis_lib.sh

MMIO_VIS_QUEUE_VECTOR=0xd0

port_open()
{
	exec 4<>"/dev/$(basename "/sys/bus/virtio/devices/$1/virtio-ports/"*p1)"
}

# The console is port 0, and has the first queues. Port 1 has some of those that share.
some_interrupt()
{
	local alone before console

	console=$(virtio_of virtio_console)
	check_vectors virtio_blk config req.0 req.1 virtqueues
	check_vectors virtio_net config input.0 output.0
	check_vectors virtio_rng config input
	check_vectors virtio_console config input output virtqueues
	before=$(counts "$(virtio_of virtio_blk)" req.0 req.1
		counts "$(virtio_of virtio_net)" input.0
		counts "$(virtio_of virtio_rng)" input
		counts "$console" input output)
	all_devices_work
	all_rose "$before"

	before=$(counts "$console" virtqueues)
	alone=$(counts "$console" input output)
	port_open "$console"
	console_exchange port
	all_rose "$before"
	expect "interrupts of the queues of port 0" "$alone" "$(counts "$console" input output)"
}

# mapped_to VECTOR COUNT: number of queues that have been mapped to it since the mark
mapped_to()
{
	expect "queues mapped to vector $1" "$2" \
		"$(host count virtio_mmio_vis_reg_write "offset $MMIO_VIS_QUEUE_VECTOR value $1\$")"
}

some_mapped()
{
	local driver=/sys/bus/virtio/drivers/virtio_blk virtio

	virtio=$(virtio_of virtio_blk)
	echo "$virtio" >$driver/unbind
	host mark
	echo "$virtio" >$driver/bind
	mapped_to 0x1 1
	mapped_to 0x2 1
	mapped_to 0x3 2
	disk_matches_host
}

# cpus_in FILE: the CPUs of a list like "0, 2-3", a line each
cpus_in()
{
	tr -d ' ' <"$1" | tr , '\n' |
		awk -F - '{ for (cpu = $1; cpu <= $NF; cpu++) print cpu }'
}

# only_managed_queues: the disk uses each queue of a managed vector for that vector's CPUs
only_managed_queues()
{
	local blk cpus="" irq queue

	blk=$(virtio_of virtio_blk)
	expect "queues in use" "0 1" "$(entries /sys/block/vda/mq | xargs)"
	for queue in 0 1; do
		irq=$(irq_of "$blk-req.$queue")
		expect "CPUs of queue $queue" "$(cpus_in /sys/block/vda/mq/$queue/cpu_list)" \
			"$(cpus_in "/proc/irq/$irq/smp_affinity_list")"
		set_affinity "$irq" 0 && fail "irq $irq of queue $queue took a new affinity"
		cpus="$cpus $(cpus_in "/proc/irq/$irq/smp_affinity_list")"
	done
	expect "CPUs of both queues" "$(online_cpus)" "$(echo "$cpus" | xargs -n 1 | sort -n)"
	set_affinity "$(irq_of "$blk-virtqueues")" 0 || fail "the shared vector is managed"
}

# A managed vector is shut down while all its CPUs are offline. The other CPUs must not wait for it.
some_hotplug()
{
	local cpu gone

	gone=$(cpus_in /sys/block/vda/mq/1/cpu_list)
	for cpu in $gone; do
		cpu_online "$cpu" 0 || fail "CPU $cpu does not go offline"
	done
	for cpu in $(online_cpus); do
		timeout $((10 * SLOW)) taskset -c "$cpu" dd if=/dev/vda of=/dev/null bs="$PAGE" \
			count=4 iflag=direct status=none || fail "cannot read on CPU $cpu"
	done
	for cpu in $gone; do
		cpu_online "$cpu" 1 || fail "CPU $cpu does not come back"
	done
	disk_matches_host
}

some_managed()
{
	only_managed_queues
	some_hotplug
	only_managed_queues
}

tests="
vis.policy.some		some_interrupt	host
vis.policy.some.mapped	some_mapped	host
vis.policy.some.managed	some_managed	host
"
vis_run
