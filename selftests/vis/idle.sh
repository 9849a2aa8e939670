#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# An idle vector moves by one write, and no artificial interrupt completes the move.

. ./vis_lib.sh
. ./idle_lib.sh

MOVES=20
# A CPU that goes offline and comes back: a move to it, one away from it, and one back. The vector
# of its queue is masked meanwhile.
OFFLINE_MOVES=3
OFFLINE_MASKS=2
# A parked move may cost two more writes.
BURST_WRITES=30

# cpu_of MOVE: differs from the CPU of the previous move; that of the last one is not the first CPU
cpu_of()
{
	echo $(($1 % 3 + 1))
}

idle_spaced()
{
	local move

	rest_on 0
	for move in $(seq $MOVES); do
		move "$(cpu_of "$move")"
		expect "effective CPU" "$(cpu_of "$move")" "$(effective_cpu "$IRQ")"
		usleep $SETTLE_US
	done
	expect "mask table writes" $((MOVES * $(move_cost))) "$(mask_writes)"
	nothing_came
	ends_on "$(cpu_of $MOVES)"
	arrives_on "$(cpu_of $MOVES)"
}

# some_wait: at least one of the moves has taken effect, and those that wait have cost nothing
some_wait()
{
	local latched

	latched=$(host count virtio_mmio_vis_latch "mmio $BASE vector 0\b")
	note "$latched of $MOVES moves took effect at once, $(mask_writes) mask table writes"
	[ "$latched" -ge 1 ] || fail "no move took effect"
	expect "mask table writes" $((latched * $(move_cost))) "$(mask_writes)"
}

# few_writes CPU: the vector ends up there, without many more writes than moves
few_writes()
{
	local writes

	ends_on "$1"
	usleep $SETTLE_US
	writes=$(mask_writes)
	note "$writes mask table writes"
	[ "$writes" -le $BURST_WRITES ] || fail "$writes mask table writes, more than $BURST_WRITES"
}

# Starts no process in between, because that would take longer than the moves.
idle_burst()
{
	local cpu cpus start

	cpus=$(for move in $(seq $MOVES); do cpu_of "$move"; done)
	rest_on 0
	start=$(now_ms)
	for cpu in $cpus; do
		set_affinity "$IRQ" "$cpu"
	done
	note "$MOVES moves in $(($(now_ms) - start)) ms"
	if moves_wait; then
		some_wait
	else
		few_writes "$cpu"
	fi
	settles_on "$cpu"
	nothing_came
	arrives_on "$cpu"
}

# The disk's queue has a managed vector on the CPU that goes offline; it is masked meanwhile.
idle_offline()
{
	local cpu

	rest_on 0
	for cpu in 1 2 3; do
		move "$cpu"
		usleep $SETTLE_US
		cpu_online "$cpu" 0 || fail "CPU $cpu does not go offline"
		[ "$(effective_cpu "$IRQ")" != "$cpu" ] || fail "irq $IRQ stayed on CPU $cpu"
		usleep $SETTLE_US
		cpu_online "$cpu" 1 || fail "CPU $cpu does not come back"
		move "$cpu"
		ends_on "$cpu"
		usleep $SETTLE_US
	done
	# Where moves wait, a CPU that goes offline may complete one or cancel it.
	moves_wait || expect "mask table writes" \
		$((3 * (OFFLINE_MOVES * $(move_cost) + OFFLINE_MASKS))) "$(mask_writes)"
	nothing_came
	arrives_on 3
}

tests="
vis.idle.spaced		idle_spaced	host
vis.idle.burst		idle_burst	host
vis.idle.offline	idle_offline	host
"
vis_run
