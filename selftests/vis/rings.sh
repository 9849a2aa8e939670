#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The rings of a network card with 4 pairs of queues are freed and replaced under interrupts.

. ./vis_lib.sh
. ./parity_lib.sh
. ./test_module.sh

ROUNDS=12
SIZES="64 128"

# stray_interrupts IRQS: messages in flight when a queue is reset, or ones that are forbidden
stray_interrupts()
{
	while :; do
		for irq in $1; do
			echo "$irq" >"$VIS_TEST/retrigger"
		done
	done 2>/dev/null
}

# moving_interrupts IRQS
moving_interrupts()
{
	while :; do
		for cpu in $(online_cpus); do
			for irq in $1; do
				set_affinity "$irq" "$cpu"
			done
		done
	done
}

# all_answered: each CPU, which has a pair of its own, sends a packet and gets an answer
all_answered()
{
	local cpu

	for cpu in $(online_cpus); do
		taskset -c "$cpu" ping -q -c 1 -W $((5 * SLOW)) "$HOST_ADDRESS" >/dev/null ||
			fail "no answer to CPU $cpu"
	done
}

rings_strays()
{
	local irq irqs pids='' round size virtio

	virtio=$(virtio_of virtio_net)
	irqs=$(irqs_of "$virtio")
	net_up
	all_answered
	for irq in $irqs; do
		chip retrigger "$irq"
	done
	ping -q -A "$HOST_ADDRESS" >/dev/null &
	pids="$pids $!"
	stray_interrupts "$irqs" &
	pids="$pids $!"
	moving_interrupts "$irqs" &
	pids="$pids $!"
	for round in $(seq $ROUNDS); do
		for size in $SIZES; do
			ethtool -G eth0 rx "$size" tx "$size" ||
				fail "round $round: cannot set the size $size"
		done
	done
	# shellcheck disable=SC2086 # a list
	kill $pids
	all_answered
}

tests="
parity.rings.strays	rings_strays
"
run_with_module
