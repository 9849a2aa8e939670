# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Devices on both transports in one guest, for the tests that compare VIS with virtio-pci.

# virtios_on BUS DRIVER: the driver's virtio devices, BUS is platform or pci
virtios_on()
{
	local device

	for device in "/sys/bus/virtio/drivers/$2"/virtio*; do
		case $(readlink -f "$device") in
		/sys/devices/"$1"*) basename "$device" ;;
		esac
	done
}

# netdev_of VIRTIO
netdev_of()
{
	ls "/sys/bus/virtio/devices/$1/net"
}

# vectors_of VIRTIO SUFFIX...: it has exactly these interrupts, on its own chip
vectors_of()
{
	local irq virtio=$1

	shift
	expect "interrupts of $virtio" "$*" "$(awk -v name="$virtio-" '
		index($NF, name) == 1 {
			printf "%s%s", sep, substr($NF, length(name) + 1)
			sep = " "
		}
		' /proc/interrupts)"
	for irq in $(irqs_of "$virtio"); do
		expect "chip of irq $irq" "VIS-$(platform_of "$virtio")" \
			"$(cat "/sys/kernel/irq/$irq/chip_name")"
	done
}

# same_text WHAT TEXT TEXT: the texts of VIS and of virtio-pci are the same
same_text()
{
	[ "$2" = "$3" ] && return
	note "$1, with VIS:"
	echo "$2"
	note "$1, with virtio-pci:"
	echo "$3"
	fail "$1: not the same"
}

# Most readers of a CPU are between two requests. Such a reader sees the effect of a shutdown on the
# device, whereas a reader whose request is under way waits for ever.
READERS=8

# work_to_the_end: keeps all queues of the disk and the network busy until the kernel ends
work_to_the_end()
{
	local before cpu

	net_up
	before=$(counts "$(virtio_of virtio_blk)" req.0 req.1 req.2 req.3
		counts "$(virtio_of virtio_net)" input.0)
	for cpu in $(online_cpus); do
		for _ in $(seq $READERS); do
			while read_disk_on "$cpu"; do :; done &
		done
	done
	ping -q -A "$HOST_ADDRESS" >/dev/null &
	all_rose "$before"
}

# check_second_boot: the first one ended without an I/O error, and the devices work again
check_second_boot()
{
	expect "boots" 2 "$(host boots)"
	expect "I/O errors" 0 "$(host logged "I/O error")"
	all_devices_work
}
