#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Drivers are unbound and bound while their devices are busy.

. ./vis_lib.sh
. ./parity_lib.sh
. ./test_module.sh
. ./needs_reset_lib.sh

START_BYTES=$((1 << 20))
DRIVERS="virtio_blk virtio_net virtio_rng virtio_console"
STOCK=/sys/bus/platform/drivers/virtio-mmio
VIS=/sys/bus/platform/drivers/virtio-mmio-vis

# work_on CPU: keeps the devices busy until they are gone
work_on()
{
	while read_disk_on "$1" 2>/dev/null; do
		:
	done
}

# start_work: keeps every queue of the disk, the network and the rng busy
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

# end_work: the readers end by themselves, because their devices are gone
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

# to_each PLATFORMS FILE: writes the name of each to FILE
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

# Only the virtio drivers are unbound: each device is reset and set up anew.
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

rebind_needs_reset()
{
	modprobe vis_test
	break_and_repair "$(virtio_of virtio_rng)"
	rmmod vis_test
	all_have_vectors
	all_devices_work
}

# If firmware marks a device as a wake-up source, each of its vectors wakes the system.
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

# override PLATFORMS DRIVER: makes only this driver match them, or any driver if it is ""
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

# Only the start of the disk, because the readers leave little time for more
start_matches_host()
{
	drop_caches
	expect "hash of the start of the disk" "$(host hash disk0 0 $START_BYTES)" \
		"$(head -c $START_BYTES /dev/vda | sha256sum | cut -d ' ' -f 1)"
}

# icmp_count NAME: a value of the kernel's own statistics
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

# The running ping makes answers come. The socket of a second ping would at times be full of them
# and lose its own.
answers_come()
{
	await 5 answers_exceed "$(icmp_count InEchoReps)"
}

unanswered()
{
	echo $(($(icmp_count OutEchos) - $(icmp_count InEchoReps)))
}

# Packets that were sent to a device before it was unbound are lost.
all_answered_but()
{
	[ "$(unanswered)" = "$1" ]
}

# If a CPU is offline, its reader runs on another one.
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
	# Some have failed, because their CPU was offline.
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
