#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The rings of two network cards, on VIS and on virtio-pci, change their size in turn, while packets
# flow, interrupts move and CPUs go offline and online. In virtio_net of Linux 6.12 that can leave a
# queue dead: without NAPI, an interrupt that comes while a transmit queue is paused for its reset
# starts the queue again. NAPI stays off once a resize ends while a CPU goes offline. The test
# switches it off, so that it need not wait for that.
#
# Without NAPI, that driver also frees the remaining packets of a transmit queue by a wrong address.
# The kernel reports the reference count once, and the queue continues.

. ./vis_lib.sh
. ./parity_lib.sh
. ./stress_lib.sh

CYCLES=$(kernel_parameter vis.cycles)
CYCLES=${CYCLES:-$((20 * STRESS))}
# More than 18, the fragments of a packet and its header
RING_SIZES="64 256 32 128"
SPACING_S=0.01
# Deaths on VIS may exceed those on virtio-pci by this number, because they are few and random.
MARGIN=2
DEATH="is not a head|out of range"

# use_card TRANSPORT: selects the card for the functions below
use_card()
{
	case $1 in
	vis) BUS=platform HOST_SIDE=10.0.2.2 GUEST_SIDE=10.0.2.15 ;;
	pci) BUS=pci HOST_SIDE=10.0.3.2 GUEST_SIDE=10.0.3.15 ;;
	esac
	CARD=$(virtios_on "$BUS" virtio_net)
	DEV=$(netdev_of "$CARD")
}

set_up()
{
	ethtool -C "$DEV" tx-frames 0 || fail "$DEV: cannot switch off the transmit NAPI"
	ip link set "$DEV" up
	ip addr replace "$GUEST_SIDE/24" dev "$DEV"
	await 5 answers 0 || fail "no answer on $DEV"
}

# answers CPU: there is an answer to a packet on that CPU's queue
answers()
{
	taskset -c "$1" ping -q -c 1 -W $((2 * SLOW)) "$HOST_SIDE" >/dev/null
}

# A dead queue stays dead until it is set up anew.
revive()
{
	echo "$CARD" >/sys/bus/virtio/drivers/virtio_net/unbind
	echo "$CARD" >/sys/bus/virtio/drivers/virtio_net/bind || fail "$CARD is not bound again"
	DEV=$(netdev_of "$CARD")
	set_up
}

move_all()
{
	local irq irqs moves=0

	irqs=$(irqs_of "$CARD")
	while [ ! -e $WORK/stop ]; do
		for irq in $irqs; do
			set_affinity "$irq" $((moves % 4))
		done
		moves=$((moves + 1))
		# shellcheck disable=SC3045,SC2034 # busybox has it, and starts no process
		read -r -t $SPACING_S never <$WORK/never
	done
}

plug_cpu()
{
	cpu_online "$1" 0
	cpu_online "$1" 1
}

# A new ring interrupts for the first packet that it has sent, and then for none. So the test sends
# that packet while it sets the next size.
resize_rings()
{
	local cpu pings size

	for size in $RING_SIZES; do
		pings=
		for cpu in 0 1 2 3; do
			taskset -c $cpu ping -q -c 2 -A -W 1 "$HOST_SIDE" >/dev/null 2>&1 &
			pings="$pings $!"
		done
		ethtool -G "$DEV" rx "$size" tx "$size" || note "$DEV: cannot set the size $size"
		# shellcheck disable=SC2086 # one word each
		wait $pings
	done
}

# cycle NUMBER: everything that happens at the same time
cycle()
{
	local jobs

	rm -f $WORK/stop
	move_all &
	jobs=$!
	plug_cpu $(($1 % 3 + 1)) &
	jobs="$jobs $!"
	resize_rings
	touch $WORK/stop
	# shellcheck disable=SC2086 # one word each
	wait $jobs
}

reports()
{
	dmesg | grep -c -E "$DEATH"
}

# is_dead BEFORE: the kernel has reported it since, or a CPU's queue sends nothing
is_dead()
{
	local cpu

	[ "$(reports)" = "$1" ] || return 0
	for cpu in 0 1 2 3; do
		await 5 answers $cpu || return 0
	done
	return 1
}

net_cycles()
{
	local before card cycle pci=0 vis=0

	rm -rf $WORK
	mkdir $WORK
	mkfifo $WORK/never
	exec 5<>$WORK/never
	for card in vis pci; do
		use_card $card
		set_up
	done
	STARTED=$(now_ms)
	for cycle in $(seq "$CYCLES"); do
		time_is_left || break
		for card in vis pci; do
			use_card $card
			before=$(reports)
			cycle "$cycle"
			is_dead "$before" || continue
			note "cycle $cycle: a queue of $card is dead:" \
				"$(dmesg | grep -E "$DEATH" | tail -n 1)"
			eval "$card=\$(($card + 1))"
			revive
		done
		[ $((cycle % 10)) != 0 ] ||
			note "$cycle cycles each: $vis deaths on VIS, $pci on virtio-pci," \
				"$(($(now_ms) - STARTED)) ms"
	done
	note "$cycle cycles each: $vis deaths on VIS, $pci on virtio-pci"
	[ $vis -le $((pci + MARGIN)) ] || fail "VIS does worse than virtio-pci"
}

tests="
stress.net_cycles	net_cycles
"
vis_run
