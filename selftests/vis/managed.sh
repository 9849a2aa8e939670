#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Managed affinity of the same disks and file systems on VIS and on virtio-pci. Their drivers ask
# both transports for the same.

. ./vis_lib.sh
. ./parity_lib.sh

# Queues of each pair of disks and of each pair of SCSI controllers, in the scenario's order
DISK_QUEUES="1 2 3 5 8 16"
SCSI_QUEUES="1 4 16"

# spread VIRTIO: the name and CPUs of each vector, and whether the user may change them
spread()
{
	local cpus irq

	for irq in $(irqs_of "$1"); do
		cpus=$(cat "/proc/irq/$irq/smp_affinity_list")
		echo "$(awk -v irq="$irq:" '$1 == irq { print $NF }' /proc/interrupts |
			sed 's/.*-//')" \
			"CPUs $cpus $(set_affinity "$irq" "$cpus" && echo free || echo managed)"
	done
}

# map DISK: the CPUs of each hardware queue
map()
{
	local queue

	for queue in "/sys/block/$1/mq/"*; do
		echo "hardware queue ${queue##*/}: CPUs $(cat "$queue/cpu_list")"
	done
}

disk_of()
{
	find "/sys/bus/virtio/devices/$1/" -name block -exec ls {} +
}

nth()
{
	echo "$1" | sed -n "${2}p"
}

# same_spread DRIVER QUEUES: a pair of devices for each number of queues
same_spread()
{
	local driver=$1 number=0 pci queues vis vis_managed

	for queues in $2; do
		number=$((number + 1))
		vis=$(nth "$(virtios_on platform "$driver")" $number)
		pci=$(nth "$(virtios_on pci "$driver")" $number)
		same_text "$driver with $queues queues" "$(spread "$vis")" "$(spread "$pci")"
		vis_managed=$(spread "$vis" | grep -c managed)
		[ "$vis_managed" -ge 1 ] || fail "$driver with $queues queues: nothing is managed"
		note "$driver with $queues queues: $vis_managed managed vectors"
	done
}

same_maps()
{
	local number pci vis

	for number in $(seq "$(echo "$DISK_QUEUES" | wc -w)"); do
		vis=$(disk_of "$(nth "$(virtios_on platform virtio_blk)" "$number")")
		pci=$(disk_of "$(nth "$(virtios_on pci virtio_blk)" "$number")")
		same_text "hardware queues of disks $number" "$(map "$vis")" "$(map "$pci")"
		for cpu in $(online_cpus); do
			taskset -c "$cpu" dd if="/dev/$vis" of=/dev/null bs=4k count=4 \
				iflag=direct status=none || fail "cannot read $vis on CPU $cpu"
		done
	done
}

managed()
{
	modprobe virtio_scsi
	same_spread virtio_blk "$DISK_QUEUES"
	same_spread virtio_scsi "$SCSI_QUEUES"
	same_spread virtiofs 1
	same_maps
}

tests="
parity.managed.cpus$(nproc)	managed
"
vis_run
