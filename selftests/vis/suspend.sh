#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The system sleeps and wakes: the vectors have not moved, and the devices work.

. ./vis_lib.sh

# The interrupts are allocated anew, so the moves of the user are lost, as with virtio-pci.
vectors()
{
	local irq

	awk '/ VIS-/ { sub(":", "", $1); print $1, $NF }' /proc/interrupts |
	while read -r irq name; do
		case $name in
		*-req.*) echo "$name CPUs $(cat "/proc/irq/$irq/smp_affinity_list")" ;;
		*) echo "$name" ;;
		esac
	done | sort
}

# sleeps TIMES COMMAND...: sleeps while readers, which the kernel freezes, are busy. Each device is
# reset and enabled TIMES times.
sleeps()
{
	local before counts cpu devices reader readers='' times=$1

	shift
	net_up
	net_ping || fail "no answer before"
	before=$(vectors)
	devices=$(grep -c ' VIS-.*-config$' /proc/interrupts)
	for cpu in $(online_cpus); do
		read_disk_on "$cpu" 4000 &
		readers="$readers $!"
	done
	host mark
	"$@" || fail "did not sleep"
	expect "devices enabled" $((times * devices)) "$(host count virtio_mmio_vis_enable)"
	for reader in $readers; do
		wait "$reader" || fail "a reader failed"
	done
	expect "vectors" "$before" "$(vectors)"
	counts=$(counts "$(virtio_of virtio_blk)" req.0 req.1 req.2 req.3
		counts "$(virtio_of virtio_net)" input.0
		counts "$(virtio_of virtio_rng)" input)
	all_devices_work
	all_rose "$counts"
}

pm_test_devices()
{
	local status=0

	echo devices >/sys/power/pm_test
	echo freeze >/sys/power/state || status=1
	echo none >/sys/power/pm_test
	return $status
}

s2idle()
{
	local answer status=0

	echo 1 >/sys/power/pm_debug_messages
	echo enabled >"/sys/class/tty/${VIS_HOST##*/}/power/wakeup"
	echo "@host wake" >&3
	echo freeze >/sys/power/state || status=1
	read -r answer <&3
	[ "$status $answer" = "0 @ok" ]
}

# The kernel takes the image, resumes the devices to write it to the swap disk, and reads it back.
hibernate_and_resume()
{
	mkswap /dev/vdb >/dev/null
	swapon /dev/vdb || fail "no swap"
	cat /sys/block/vdb/dev >/sys/power/resume
	echo 0 >/sys/power/image_size
	echo test_resume >/sys/power/disk
	echo disk >/sys/power/state
}

suspend_devices()
{
	sleeps 1 pm_test_devices
}

suspend_s2idle()
{
	sleeps 1 s2idle
}

suspend_hibernate()
{
	sleeps 2 hibernate_and_resume
}

tests="
parity.suspend.pm_test_devices	suspend_devices
parity.suspend.s2idle	suspend_s2idle
parity.suspend.hibernation	suspend_hibernate
"
vis_run
