#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A device that takes long for each write to the mask table keeps a CPU from its interrupts: for the
# time of one write, and of another one for each other CPU that moves a vector of the same word. The
# kernel's timerlat tracer measures how late its timer's interrupts are. QEMU delays the timers of
# all CPUs meanwhile, so the test cannot show that other CPUs are spared.

. ./vis_lib.sh

TRACE=/sys/kernel/tracing
# Time of a write with the fault slow_mask, far longer than an emulator itself delays interrupts
WRITE_US=100000
# QEMU's lock is not fair, and CPUs take it to write and to be interrupted. So a mover pauses for
# longer than the two writes that it may delay: it does not write again before they are complete.
PAUSE_US=400000
WINDOW_SECONDS=12

# keep_moving CPU IRQ: that CPU moves the vector back and forth until /tmp/stop.
keep_moving()
{
	local cpu=$1 irq=$2

	taskset -cp "$cpu" "$(sh -c 'echo $PPID')" >/dev/null
	while [ ! -e /tmp/stop ]; do
		set_affinity "$irq" 0
		usleep $PAUSE_US
		set_affinity "$irq" 3
		usleep $PAUSE_US
	done
}

# latest CPU: us by which an interrupt of that CPU's timer was late, at worst
latest()
{
	awk '/ irq timer_latency/ {
		for (i = 1; i < NF; i++)
			if ($i == "timer_latency" && $(i + 1) > max)
				max = $(i + 1)
	}
	END { print int(max / 1000) }' "$TRACE/per_cpu/cpu$1/trace"
}

# measure IRQ...: the first is moved by CPU 1, the next one by CPU 2; sets LATEST for CPU 1
measure()
{
	local cpu=1 irq

	rm -f /tmp/stop
	host mark
	for irq; do
		keep_moving $cpu "$irq" &
		cpu=$((cpu + 1))
	done
	echo timerlat >$TRACE/current_tracer
	sleep $WINDOW_SECONDS
	echo 0 >$TRACE/tracing_on
	touch /tmp/stop
	wait
	LATEST=$(latest 1)
	note "$# CPUs, $(host count virtio_mmio_vis_mask_write) writes: a timer is $LATEST us late"
	echo nop >$TRACE/current_tracer
	echo 1 >$TRACE/tracing_on
}

latency_slow_mask()
{
	local idle input one output

	mount -t tracefs tracefs $TRACE
	grep -qw timerlat $TRACE/available_tracers || fail "this kernel has no timerlat"
	input=$(irq_of "$(virtio_of virtio_net)-input.0")
	output=$(irq_of "$(virtio_of virtio_net)-output.0")
	measure
	idle=$LATEST
	measure "$input"
	one=$LATEST
	measure "$input" "$output"
	[ "$one" -ge $WRITE_US ] || fail "the device was not slow"
	[ "$LATEST" -ge $WRITE_US ] || fail "the device was not slow for two CPUs"
	[ $((one - idle)) -lt $((2 * WRITE_US * SLOW)) ] || fail "a move took two writes"
	[ $((LATEST - idle)) -lt $((3 * WRITE_US * SLOW)) ] || fail "two CPUs took three writes"
}

tests="
vis.latency.slow_mask	latency_slow_mask	host
"
vis_run
