#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What the guest does for scripts/bench: the kernel parameter bench.run= names the parts, and
# bench.count= says how often each is done. The host counts what traps between "trap start" and
# "trap end", and takes the other figures by "figure".

# shellcheck source=selftests/vis/vis_lib.sh
. ./vis_lib.sh

BENCH=/sys/kernel/debug/vis_bench
# x86 frees the old place of a vector within a few ticks of an interrupt at the new one.
CLEANUP_US=50000
# More than what a vector that does not fire waits for the driver to complete its move
SETTLE_US=150000
IDLE_US=100000
WORK_ROUNDS=3

param()
{
	sed -n "s/.*\bbench\.$1=\([^ ]*\).*/\1/p" /proc/cmdline | tr , ' '
}

tell()
{
	host "$@" >/dev/null || fail "the host refused: $*"
}

# The devices

virtio_of_disk()
{
	basename "$(readlink -f "/sys/block/$1/device")"
}

queues_of_disk()
{
	set -- "/sys/block/$1/mq/"*
	echo $#
}

queues_of_net()
{
	set -- /sys/class/net/eth0/queues/tx-*
	echo $#
}

# interrupts_of VIRTIO: of its queues, or of its line
interrupts_of()
{
	awk -v name="$1" '
		$NF == name || index($NF, name "-") == 1 && $NF !~ /-config$/ {
			sub(":", "", $1)
			print $1
		}' /proc/interrupts
}

# arrived IRQ...: how often they came
arrived()
{
	local irq sum=0

	for irq; do
		sum=$((sum + $(irq_count "$irq")))
	done
	echo $sum
}

all_arrived()
{
	awk '$1 == "intr" { print $2 }' /proc/stat
}

# on_cpus QUEUES COMMAND...: one on each of the first CPUs, until all end
on_cpus()
{
	local cpu jobs="" queues=$1

	shift
	for cpu in $(seq 0 $((queues - 1))); do
		taskset -c "$cpu" "$@" &
		jobs="$jobs $!"
	done
	# shellcheck disable=SC2086 # a list
	wait $jobs
}

# read_blocks QUEUES DISK COUNT: from as many CPUs, COUNT each
read_blocks()
{
	on_cpus "$1" dd if="/dev/$2" of=/dev/null bs=4k iflag=direct status=none count="$3"
}

# Exits

run_interrupts()
{
	local all before count disk irqs queues

	count=$(param count)
	for disk in vda vdb vdc; do
		queues=$(queues_of_disk $disk)
		[ "$queues" != 2 ] || continue
		irqs=$(interrupts_of "$(virtio_of_disk $disk)")
		# shellcheck disable=SC2086 # a list
		before=$(arrived $irqs)
		tell trap-start
		all=$(all_arrived)
		read_blocks "$queues" $disk $((count / queues))
		all=$(($(all_arrived) - all))
		# shellcheck disable=SC2086 # a list
		tell trap-end interrupts queues="$queues" n=$(($(arrived $irqs) - before)) all=$all
	done
}

# The entropy device: its interrupts can be moved, and come when it is read.
find_rng()
{
	RNG_IRQ=$(interrupts_of "$(virtio_of virtio_rng)" | head -n 1)
	[ -n "$RNG_IRQ" ] || fail "the entropy device has no interrupt"
}

rng_interrupt()
{
	local before

	before=$(irq_count "$RNG_IRQ")
	rng_read
	await 5 irq_rose "$RNG_IRQ" "$before" || fail "no interrupt of the entropy device"
	usleep $CLEANUP_US
}

run_moves_quiet()
{
	local cpu number

	for number in $(seq "$(param moves)"); do
		cpu=$((number % 4))
		tell trap-start
		set_affinity "$RNG_IRQ" $cpu || fail "cannot move to CPU $cpu"
		tell trap-end move mode=quiet n=1
		# The first may still come at the old place, the second ends the move.
		tell trap-start
		rng_interrupt
		rng_interrupt
		tell trap-end moved mode=quiet n=0
	done
}

run_moves_busy()
{
	local cpu number reader

	dd if=/dev/hwrng of=/dev/null bs=64 status=none &
	reader=$!
	for number in $(seq "$(param moves)"); do
		cpu=$((number % 4))
		tell trap-start
		set_affinity "$RNG_IRQ" $cpu || fail "cannot move to CPU $cpu"
		usleep $CLEANUP_US
		tell trap-end move mode=busy n=1
	done
	kill $reader
	wait $reader || true
}

run_moves_parked()
{
	local number

	for number in $(seq "$(param moves)"); do
		tell trap-start
		set_affinity "$RNG_IRQ" $((number % 2))
		set_affinity "$RNG_IRQ" $((2 + number % 2))
		usleep $SETTLE_US
		rng_interrupt
		tell trap-end parked n=1
	done
}

run_moves()
{
	find_rng
	rng_interrupt
	set_affinity "$RNG_IRQ" 0
	rng_interrupt
	run_moves_quiet
	run_moves_busy
	rng_interrupt
	run_moves_parked
}

run_masks()
{
	find_rng
	for _ in $(seq 8); do
		tell trap-start
		echo "$RNG_IRQ" >$BENCH/mask
		tell trap-end mask n=1
		tell trap-start
		echo "$RNG_IRQ" >$BENCH/unmask
		tell trap-end unmask n=1
	done
}

# Last of all: the drivers of all devices are taken away and put back.
run_setup()
{
	local device driver virtio

	for virtio in /sys/bus/virtio/devices/*; do
		device=$(readlink -f "$virtio/..")
		driver=$(readlink -f "$device/driver")
		basename "$device" >"$driver/unbind"
		tell trap-start
		basename "$device" >"$driver/bind"
		tell trap-end setup n=1
	done
}

# Instructions

# samples NAME PARAMETER...: what the module measured, as COUNTxVALUE
samples()
{
	local values

	values=$(tr ' ' '\n' <$BENCH/samples | awk 'NF' | sort -n | uniq -c |
		awk '{ printf "%s%sx%s", sep, $1, $2; sep = "," }')
	tell samples "$@" values="$values"
}

# quiet_disk DISK: no scheduler between the module and the driver
quiet_disk()
{
	echo none >"/sys/block/$1/queue/scheduler"
}

run_latency()
{
	local cpu irq queues scope

	queues=$(queues_of_disk vda)
	irq=$(interrupts_of "$(virtio_of_disk vda)" | head -n 1)
	cpu=$(effective_cpu "$irq")
	for scope in floor dispatch full; do
		taskset -c "$cpu" sh -c "echo $(param count) >$BENCH/$scope" || fail "$scope"
		samples insns_per_interrupt scope=$scope queues="$queues"
	done
}

# work COMMAND...: the instructions that the command takes, and those of the soaker meanwhile
work()
{
	local soaked work

	work=$(cat $BENCH/work)
	soaked=$(cat $BENCH/soaked)
	"$@" || fail "$* failed"
	echo $(($(cat $BENCH/work) - work)) $(($(cat $BENCH/soaked) - soaked))
}

# work_of METRIC QUEUES COUNT COMMAND...: what COUNT more of it take, so that its start does not
# count. The host takes off what an idle guest does in as much time, found in the same way.
work_of()
{
	local count=$3 idle metric=$1 queues=$2

	shift 3
	idle="$(work usleep $IDLE_US) $(work usleep $((8 * IDLE_US)))"
	for _ in $(seq $WORK_ROUNDS); do
		# shellcheck disable=SC2046,SC2086 # eight numbers
		tell work "$metric" "$queues" $((count * queues)) $idle $(work "$@" "$count") \
			$(work "$@" $((2 * count)))
	done
}

start_soaking()
{
	local last

	last=$(online_cpus | tail -n 1)
	echo "$last" >$BENCH/soak
	usleep $CLEANUP_US
}

run_io()
{
	local count queues

	count=$(param count)
	queues=$(queues_of_disk vda)
	read_blocks "$queues" vda 64
	work_of insns_per_io "$queues" "$count" read_blocks "$queues" vda
}

# exchange_packets QUEUES COUNT: from as many CPUs, COUNT each way
exchange_packets()
{
	on_cpus "$1" ping -q -A -c "$2" -W 5 "$HOST_ADDRESS" >/dev/null
}

run_packets()
{
	local count queues

	count=$(param count)
	queues=$(queues_of_net)
	net_up
	exchange_packets "$queues" 8
	work_of insns_per_packet "$queues" "$count" exchange_packets "$queues"
}

run_insns()
{
	quiet_disk vda
	run_latency
	start_soaking
	run_io
	run_packets
}

# Until the first program was started. Here the clock counts idle time too: no soaker runs yet.
run_boot()
{
	local insns

	insns=$(dmesg | awk -F '[][]' '/ as init process/ { printf "%.0f", $2 * 1000000000 }')
	tell figure insns_boot idle=included insns="$insns" n=1
}

# Time

# rate METRIC QUEUES NUMBER COMMAND...: how many of NUMBER are done in a second
rate()
{
	local before metric=$1 number=$3 queues=$2

	shift 3
	before=$(now_ms)
	"$@"
	tell rate "$metric" queues="$queues" n="$number" ms=$(($(now_ms) - before))
}

run_rates()
{
	local count disk queues

	count=$(param count)
	for disk in vda vdb; do
		queues=$(queues_of_disk $disk)
		quiet_disk $disk
		read_blocks "$queues" $disk 64
		rate blk_iops "$queues" "$count" read_blocks "$queues" $disk $((count / queues))
	done
	net_up
	exchange_packets 1 8
	rate net_rr 1 $((count / 8)) exchange_packets 1 $((count / 8))
}

# run_spread: the share of the disk's interrupts that the busiest CPU takes
run_spread()
{
	local cpu most=0 n sum=0

	for cpu in $(online_cpus); do
		n=0
		for irq in $(interrupts_of "$(virtio_of_disk vdb)"); do
			n=$((n + $(irq_count "$irq" "$cpu")))
		done
		sum=$((sum + n))
		[ $n -le $most ] || most=$n
	done
	tell spread most=$most n=$sum
}

bench()
{
	local part

	modprobe vis_bench || fail "no module vis_bench"
	for part in $(param run); do
		"run_$part"
	done
}

# shellcheck disable=SC2034 # for vis_run
tests="bench bench"
vis_run
