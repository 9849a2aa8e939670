#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Consoles of 64 queues, on VIS and on virtio-pci, and CPUs that do not have a vector for each
# queue: every device works, and CPU hotplug does the same on both.

. ./vis_lib.sh
. ./parity_lib.sh

DRIVER=/sys/bus/virtio/drivers/virtio_console
# Numbers of consoles whose queues fit on one CPU, with a vector each, and whose queues do not
FITTING=2
EXCEEDING=4
# On one CPU, they have about twice as many queues as it has vectors.
CROWD=3

# The scenario has as many on both buses.
VIS=$(virtios_on platform virtio_console)
PCI=$(virtios_on pci virtio_console)

unbind_all()
{
	local virtio

	for virtio in $(entries $DRIVER virtio); do
		echo "$virtio" >$DRIVER/unbind
	done
}

# bind_all VIRTIO...
bind_all()
{
	local virtio

	for virtio; do
		echo "$virtio" >$DRIVER/bind || fail "$virtio does not get its interrupts"
	done
}

first()
{
	echo "$2" | head -n "$1"
}

port_of()
{
	entries "/sys/bus/virtio/devices/$1/virtio-ports"
}

has_port()
{
	[ -c "/dev/$(port_of "$1")" ]
}

# interrupts VIRTIO: how many have come, on vectors or on the line
interrupts()
{
	awk -v name="$1" '
		$NF == name || index($NF, name "-") == 1 {
			for (i = 2; $i ~ /^[0-9]+$/; i++)
				n += $i
		}
		END { print n + 0 }' /proc/interrupts
}

interrupts_rose()
{
	[ "$(interrupts "$1")" -gt "$2" ]
}

# all_work VIRTIO...: the device's messages have made a port, and data through it interrupts
all_work()
{
	local before virtio

	for virtio; do
		await 5 has_port "$virtio" || fail "$virtio has no port"
		before=$(interrupts "$virtio")
		echo data >"/dev/$(port_of "$virtio")"
		await 5 interrupts_rose "$virtio" "$before" || fail "$virtio does not interrupt"
	done
}

# all_interrupt VIRTIO...: data that others write to the ports interrupt
all_interrupt()
{
	local virtio

	for virtio; do
		await 5 interrupts_rose "$virtio" "$(interrupts "$virtio")" ||
			fail "$virtio does not interrupt"
	done
}

# The devices are bound one of each kind at a time.
exhaust_crowd()
{
	local number pci virtio vis

	unbind_all
	cpu_online 1 0 || fail "CPU 1 does not go offline"
	for number in $(seq $CROWD); do
		vis=$(echo "$VIS" | sed -n "${number}p")
		pci=$(echo "$PCI" | sed -n "${number}p")
		bind_all "$vis" "$pci"
		note "pair $number: $(irqs_of "$vis" | wc -l) vectors on VIS," \
			"$(irqs_of "$pci" | wc -l) on virtio-pci"
	done
	for virtio in $(first $CROWD "$VIS") $(first $CROWD "$PCI"); do
		all_work "$virtio"
	done
	unbind_all
	cpu_online 1 1 || fail "CPU 1 does not come back"
}

# hotplug VIRTIO...: whether CPU 1 can go while their ports are written to, and comes back
hotplug()
{
	local virtio writers=

	unbind_all
	bind_all "$@"
	all_work "$@"
	for virtio; do
		while echo data; do :; done >"/dev/$(port_of "$virtio")" &
		writers="$writers $!"
	done
	echo "$# devices: $(for virtio; do
		irqs_of "$virtio"
	done | wc -l) vectors"
	if cpu_online 1 0 2>/dev/null; then
		echo "CPU 1 goes offline"
		all_interrupt "$@"
		cpu_online 1 1 || fail "CPU 1 does not come back"
	else
		echo "CPU 1 stays online"
	fi
	all_interrupt "$@"
	# shellcheck disable=SC2086 # numbers
	kill $writers
}

hotplug_each()
{
	# shellcheck disable=SC2046 # names
	hotplug $(first $FITTING "$1") && hotplug $(first $EXCEEDING "$1")
}

exhaust_hotplug()
{
	local pci vis

	vis=$(hotplug_each "$VIS") || fail "with VIS: $vis"
	pci=$(hotplug_each "$PCI") || fail "with virtio-pci: $pci"
	echo "$vis" | sed 's/^/# /'
	same_text "CPU hotplug" "$vis" "$pci"
	expect "CPUs that go" 1 "$(echo "$vis" | grep -c offline)"
	expect "CPUs that stay" 1 "$(echo "$vis" | grep -c stays)"
}

tests="
scale.exhaust.crowd	exhaust_crowd
scale.exhaust.hotplug	exhaust_hotplug
"
vis_run
