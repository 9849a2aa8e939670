#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Vectors that KVM sends move, and are masked, while verified data flows on all queues: those of a
# disk in a thread of its own, and of a network card of the host's kernel.

. ./vis_lib.sh
. ./stress_lib.sh
. ./test_module.sh

MOVES=20000
MASK_POLLS=$((12 * STRESS))

has_pended()
{
	[ "$(of_device pend "$1")" -gt 0 ]
}

queue_irqs()
{
	awk -v name="$(virtio_of "$1")-" 'index($NF, name) == 1 && $NF !~ /-config$/ {
		sub(":", "", $1)
		print $1
	}' /proc/interrupts
}

# rewriter IRQ...: the queues of a disk are managed, but their messages can change in a bit that the
# CPUs ignore, and back.
rewriter()
{
	local irq rounds=0

	while [ ! -e $WORK/stop ]; do
		for irq; do
			echo "$irq" >$VIS_TEST/rewrite ||
				echo "irq $irq was not rewritten" >>$WORK/errors
		done
		rounds=$((rounds + 1))
	done
	echo $rounds >$WORK/count.rewrites
}

move_storm()
{
	local commits masks

	start_work verify_queues
	host mark
	# shellcheck disable=SC2046 # one word each
	mover $(queue_irqs virtio_net) &
	# shellcheck disable=SC2046 # one word each
	rewriter $(queue_irqs virtio_blk) &
	await_commits $MOVES "mmio $(base_of "$(virtio_of virtio_net)")"
	stop_work
	note "$commits moves of $MOVES, and $masks masks of parked ones"
	only_pending_sent virtio_net
	expect "messages that the monitor sent for the disk" 0 "$(of_device send virtio_blk)"
}

# masker IRQ: runs on the interrupt's CPU. There, all messages sent before a mask have arrived once
# the mask is in force.
masker()
{
	local after before counts=/sys/kernel/irq/$1/per_cpu_count masks=0 pid rest

	# shellcheck disable=SC2034 # the rest of the line
	read -r pid rest </proc/self/stat
	taskset -pc "$(effective_cpu "$1")" "$pid" >/dev/null || echo "no CPU" >>$WORK/errors
	while [ ! -e $WORK/stop ]; do
		echo "$1" >$VIS_TEST/mask || echo "irq $1 was not masked" >>$WORK/errors
		read -r before <"$counts"
		pause
		read -r after <"$counts"
		echo "$1" >$VIS_TEST/unmask || echo "irq $1 was not unmasked" >>$WORK/errors
		[ "$before" = "$after" ] ||
			echo "irq $1 came while masked: $before, then $after" >>$WORK/errors
		masks=$((masks + 1))
		pause
	done
	echo $masks >"$WORK/count.masks_$1"
}

# First, each CPU runs once more, so that it has taken the interrupts from before a move.
mask_storm()
{
	local cpu driver irq number=0

	net_up
	for irq in $(queue_irqs virtio_net); do
		move_irq "$irq" $((number % 4))
		number=$((number + 1))
	done
	for cpu in $(online_cpus); do
		taskset -c "$cpu" true
	done
	start_work verify_queues
	host mark
	for driver in virtio_blk virtio_net; do
		for irq in $(queue_irqs $driver); do
			masker "$irq" &
		done
	done
	for number in $(seq $MASK_POLLS); do
		time_is_left || break
		sleep $POLL_S
		work_is_fine
	done
	await 20 has_pended virtio_blk || fail "nothing came while it was masked"
	stop_work
	only_pending_sent virtio_blk virtio_net
}

tests="
vis.irqfd.move_storm	move_storm	host
vis.irqfd.mask_storm	mask_storm	host
"
run_with_module
