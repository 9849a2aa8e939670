#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Drivers leave their devices and come back, while those are at work.

. ./vis_lib.sh
. ./parity_lib.sh
. ./test_module.sh

QUEUE_SEL=0x030
QUEUE_READY=0x044
QUEUE_NOTIFY=0x050
QUEUE_DRIVER_LOW=0x090
QUEUE_DRIVER_HIGH=0x094
DRIVER_OK=0xf
NEEDS_RESET=0x40

START_BYTES=$((1 << 20))
DRIVERS="virtio_blk virtio_net virtio_rng virtio_console"
STOCK=/sys/bus/platform/drivers/virtio-mmio
VIS=/sys/bus/platform/drivers/virtio-mmio-vis

all_have_vectors()
{
	check_vectors virtio_blk config req.0 req.1 req.2 req.3
	check_vectors virtio_net config input.0 output.0
	check_vectors virtio_rng config input
	check_vectors virtio_console config input output
}

# work_on CPU: until the devices are gone
work_on()
{
	while read_disk_on "$1" 2>/dev/null; do
		:
	done
}

# start_work: every queue of the disk, the network and the rng have requests under way
start_work()
{
	local before cpu

	net_up
	before=$(counts "$(virtio_of virtio_blk)" req.0 req.1 req.2 req.3
		counts "$(virtio_of virtio_net)" input.0
		counts "$(virtio_of virtio_rng)" input)
	WORKERS=
	for cpu in $(online_cpus); do
		work_on "$cpu" &
		WORKERS="$WORKERS $!"
	done
	ping -q -A "$HOST_ADDRESS" >/dev/null 2>&1 &
	PINGER=$!
	dd if=/dev/hwrng of=/dev/null bs=64 status=none 2>/dev/null &
	WORKERS="$WORKERS $!"
	all_rose "$before"
}

# end_work: the readers end by themselves, since their devices are gone
end_work()
{
	local worker

	kill "$PINGER"
	for worker in $WORKERS; do
		await 20 gone "$worker" || fail "process $worker waits for a device that is gone"
	done
}

gone()
{
	! kill -0 "$1" 2>/dev/null
}

platforms()
{
	local driver

	for driver in $DRIVERS; do
		platform_of "$(virtio_of "$driver")"
	done
}

# to_each PLATFORMS FILE: writes their names
to_each()
{
	local platform

	for platform in $1; do
		echo "$platform" >"$2" || fail "$platform: cannot write to $2"
	done
}

rebind_unbind()
{
	local devices

	devices=$(platforms)
	start_work
	to_each "$devices" $VIS/unbind
	end_work
	expect "VIS interrupts" 0 "$(grep -c VIS- /proc/interrupts)"
	to_each "$devices" $VIS/bind
	all_have_vectors
	all_devices_work
}

# The virtio drivers leave, the transport stays: each device is reset and set up anew.
rebind_driver()
{
	local devices='' driver

	for driver in $DRIVERS; do
		devices="$devices $driver/$(virtio_of "$driver")"
	done
	start_work
	for device in $devices; do
		echo "${device#*/}" >"/sys/bus/virtio/drivers/${device%/*}/unbind"
	done
	end_work
	expect "VIS interrupts" 0 "$(grep -c VIS- /proc/interrupts)"
	for device in $devices; do
		echo "${device#*/}" >"/sys/bus/virtio/drivers/${device%/*}/bind" ||
			fail "$device is not bound again"
	done
	all_have_vectors
	all_devices_work
}

# break_ring BASE: the available ring of queue 0 is where the kernel's code is
break_ring()
{
	local code

	code=0x$(sed -n 's/^ *\([0-9a-f]*\)-.* : Kernel code$/\1/p' /proc/iomem)
	reg "$1" $QUEUE_SEL 0
	reg "$1" $QUEUE_READY 0
	reg "$1" $QUEUE_DRIVER_LOW $((code))
	reg "$1" $QUEUE_DRIVER_HIGH 0
	reg "$1" $QUEUE_READY 1
	reg "$1" $QUEUE_NOTIFY 0
}

# A device that cannot go on says so by its config vector, and a reset mends it.
rebind_needs_reset()
{
	local base before virtio

	modprobe vis_test
	virtio=$(virtio_of virtio_rng)
	base=$(base_of "$virtio")
	before=$(counts "$virtio" config)
	expect "status" $((DRIVER_OK)) $(($(reg "$base" $STATUS)))
	break_ring "$base"
	all_rose "$before"
	expect "status" $((DRIVER_OK | NEEDS_RESET)) $(($(reg "$base" $STATUS)))
	echo "$virtio" >/sys/bus/virtio/drivers/virtio_rng/unbind
	echo "$virtio" >/sys/bus/virtio/drivers/virtio_rng/bind || fail "$virtio is not bound again"
	expect "status" $((DRIVER_OK)) $(($(reg "$base" $STATUS)))
	rmmod vis_test
	all_have_vectors
	all_devices_work
}

# A device that firmware names as a wake-up source wakes the system by each of its vectors.
rebind_wakeup()
{
	local irq platform

	modprobe vis_test
	platform=$(platform_of "$(virtio_of virtio_rng)")
	for irq in $(irqs_of "$(virtio_of virtio_rng)"); do
		expect "irq $irq" disabled "$(cat "/sys/kernel/irq/$irq/wakeup")"
	done
	to_each "$platform" $VIS/unbind
	echo "$platform" >"$VIS_TEST/wakeup" || fail "$platform is no wake-up source"
	to_each "$platform" $VIS/bind
	check_vectors virtio_rng config input
	for irq in $(irqs_of "$(virtio_of virtio_rng)"); do
		expect "irq $irq" enabled "$(cat "/sys/kernel/irq/$irq/wakeup")"
	done
	rmmod vis_test
	all_devices_work
}

# override PLATFORMS DRIVER: they are to have this driver, whatever matches; or "" for any
override()
{
	local platform

	for platform in $1; do
		echo "$2" >"/sys/bus/platform/devices/$platform/driver_override"
	done
}

rebind_override()
{
	local devices driver

	modprobe virtio_mmio
	devices=$(platforms)
	override "$devices" virtio-mmio
	to_each "$devices" $VIS/unbind
	to_each "$devices" /sys/bus/platform/drivers_probe
	for driver in $DRIVERS; do
		check_line "$driver" virtio-mmio
	done
	all_devices_work
	exec 4>&-
	override "$devices" virtio-mmio-vis
	to_each "$devices" $STOCK/unbind
	to_each "$devices" /sys/bus/platform/drivers_probe
	override "$devices" ""
	rmmod virtio_mmio
	all_have_vectors
	all_devices_work
}

rebind_unload()
{
	start_work
	rmmod virtio_mmio_vis || fail "virtio_mmio_vis stays"
	rmmod irq_virtio_vis || fail "irq_virtio_vis stays"
	end_work
	expect "VIS interrupts" 0 "$(grep -c VIS- /proc/interrupts)"
	modprobe virtio_mmio_vis
	all_have_vectors
	all_devices_work
}

# The start of the disk, since the readers leave little time for more
start_matches_host()
{
	drop_caches
	expect "hash of the start of the disk" "$(host hash disk0 0 $START_BYTES)" \
		"$(head -c $START_BYTES /dev/vda | sha256sum | cut -d ' ' -f 1)"
}

# icmp_count NAME: of the kernel's own statistics
icmp_count()
{
	awk -v name="$1" '
		$1 == "Icmp:" && column { print $column }
		$1 == "Icmp:" { for (i = 2; i <= NF; i++) if ($i == name) column = i }
		' /proc/net/snmp
}

answers_exceed()
{
	[ "$(icmp_count InEchoReps)" -gt "$1" ]
}

# The ping at work sees to it that they come. The socket of a second one is full of them at times,
# and loses its own.
answers_come()
{
	await 5 answers_exceed "$(icmp_count InEchoReps)"
}

unanswered()
{
	echo $(($(icmp_count OutEchos) - $(icmp_count InEchoReps)))
}

# What was sent to a device that left is lost.
all_answered_but()
{
	[ "$(unanswered)" = "$1" ]
}

# Without a CPU its reader runs on another one.
rebind_hotplug()
{
	local cpu lost worker

	lost=$(unanswered)
	start_work
	for cpu in 3 2 1; do
		cpu_online $cpu 0 || fail "CPU $cpu does not go offline"
		answers_come || fail "no answer without CPU $cpu"
		start_matches_host
	done
	for cpu in 1 2 3; do
		cpu_online $cpu 1 || fail "CPU $cpu does not come back"
		answers_come || fail "no answer with CPU $cpu again"
		start_matches_host
	done
	kill "$PINGER" || fail "the ping has ended"
	await 5 all_answered_but "$lost" || fail "pings without answer: $(($(unanswered) - lost))"
	# Some have: there was no such CPU when they wanted it.
	for worker in $WORKERS; do
		kill "$worker" 2>/dev/null
	done
	all_have_vectors
	all_devices_work
}

tests="
parity.rebind.unbind	rebind_unbind
parity.rebind.driver	rebind_driver
parity.rebind.needs_reset	rebind_needs_reset
parity.rebind.wakeup	rebind_wakeup
parity.rebind.driver_override	rebind_override
parity.rebind.unload	rebind_unload
parity.rebind.hotplug	rebind_hotplug
"
vis_run
