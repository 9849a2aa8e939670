#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A network card with 4 pairs of queues: the interrupts are where the driver wants them, as with
# virtio-pci, and the rings can change their size.

. ./vis_lib.sh
. ./parity_lib.sh

# The last one, for the exchange, holds packets of 64 KiB: a smaller ring never can.
RING_SIZES="128 64 32 256"
EXCHANGE_BYTES=$((1 << 20))
MMIO_QUEUE_RESET=0xc0
MMIO_VIS_QUEUE_VECTOR=0xd0

find_devices()
{
	VIS=$(virtios_on platform virtio_net)
	PCI=$(virtios_on pci virtio_net)
	VIS_DEV=$(netdev_of "$VIS")
	PCI_DEV=$(netdev_of "$PCI")
	ip link set lo up
	ip link set "$VIS_DEV" up
	ip link set "$PCI_DEV" up
	ip addr replace "$GUEST_ADDRESS/24" dev "$VIS_DEV"
}

# hints VIRTIO NETDEV: the hint and affinity of each queue, and the CPUs that send on it
hints()
{
	local irq queue

	for queue in 0 1 2 3; do
		for irq in $(irq_of "$1-input.$queue") $(irq_of "$1-output.$queue"); do
			echo "queue $queue: hint $(cat "/proc/irq/$irq/affinity_hint")" \
				"affinity $(cat "/proc/irq/$irq/smp_affinity_list")"
		done
	done
	for queue in "/sys/class/net/$2/queues/tx-"*; do
		echo "${queue##*/}: CPUs $(cat "$queue/xps_cpus")"
	done
}

# If an affinity is a single CPU, the interrupt is there at once.
effective_follows()
{
	local irq queue wanted

	for queue in 0 1 2 3; do
		for irq in $(irq_of "$VIS-input.$queue") $(irq_of "$VIS-output.$queue"); do
			wanted=$(cat "/proc/irq/$irq/smp_affinity_list")
			case $wanted in
			*[,-]*) ;;
			*) await 2 effective_is "$irq" "$wanted" ||
				fail "irq $irq is on CPU $(effective_cpu "$irq"), not $wanted" ;;
			esac
		done
	done
}

# pairs_interrupt COUNT: packets of the CPUs cause interrupts on the pairs in use
pairs_interrupt()
{
	local before cpu

	before=$(for cpu in $(seq 0 $(($1 - 1))); do
		counts "$VIS" "input.$cpu"
	done)
	for cpu in $(online_cpus); do
		taskset -c "$cpu" ping -q -A -c 32 -W 5 "$HOST_ADDRESS" >/dev/null ||
			fail "no answer to CPU $cpu"
	done
	all_rose "$before"
}

same_hints()
{
	same_text "hints $1" "$(hints "$VIS" "$VIS_DEV")" "$(hints "$PCI" "$PCI_DEV")"
	effective_follows
}

set_pairs()
{
	ethtool -L "$VIS_DEV" combined "$1" || fail "VIS: cannot use $1 pairs"
	ethtool -L "$PCI_DEV" combined "$1" || fail "virtio-pci: cannot use $1 pairs"
}

hints_parity()
{
	local pairs

	find_devices
	vectors_of "$VIS" config input.0 output.0 input.1 output.1 input.2 output.2 \
		input.3 output.3
	# The driver starts with as many pairs as there are CPUs.
	for pairs in 4 2 1 3 4; do
		set_pairs $pairs
		same_hints "of $pairs pairs"
		pairs_interrupt $pairs
	done
	hints "$VIS" "$VIS_DEV" | grep -q 'affinity 3$' || fail "no hint was given"
	cpu_online 3 0 || fail "CPU 3 does not go offline"
	same_hints "without CPU 3"
	cpu_online 3 1 || fail "CPU 3 does not come back"
	same_hints "with CPU 3 again"
	pairs_interrupt 4
}

ring_size()
{
	ethtool -g "$VIS_DEV" | awk -v ring="$1:" '$1 == ring { size = $2 } END { print size }'
}

# Each queue is reset and set up anew, while packets flow.
ring_reset()
{
	local pinger size

	find_devices
	ping -q -A "$HOST_ADDRESS" >/dev/null &
	pinger=$!
	for size in $RING_SIZES; do
		host mark
		ethtool -G "$VIS_DEV" rx "$size" tx "$size" || fail "cannot set the size $size"
		expect "RX ring" "$size" "$(ring_size RX)"
		expect "TX ring" "$size" "$(ring_size TX)"
		expect "queue resets" 8 \
			"$(host count virtio_mmio_write_offset "offset $MMIO_QUEUE_RESET\b")"
		expect "queues mapped again" 8 \
			"$(host count virtio_mmio_vis_reg_write "offset $MMIO_VIS_QUEUE_VECTOR\b")"
		pairs_interrupt 4
	done
	kill $pinger
	net_exchange $EXCHANGE_BYTES
}

tests="
parity.hints		hints_parity
parity.ring_reset	ring_reset
"
vis_run
