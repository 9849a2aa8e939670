#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The guest's part of scripts/bench: the kernel parameter bench.run= names the parts to run, and
# bench.count= how often each repeats. The host counts trapped accesses between "trap start" and
# "trap end", and takes the other figures by "figure".

# shellcheck source=selftests/vis/vis_lib.sh
. ./vis_lib.sh

BENCH=/sys/kernel/debug/vis_bench
TRACE=/sys/kernel/tracing
# x86 frees the old place of a vector within a few ticks of an interrupt at the new one.
CLEANUP_US=50000
# Number of packets that the generator sends for each exchange
PACKETS=32
# Number of exchanges in a sample, beside which the socket that they share costs little
BATCH=50
# Longer than the driver takes to complete the move of an idle vector
SETTLE_US=150000

param()
{
	kernel_parameter "bench\.$1" | tr , ' '
}

use_module()
{
	modprobe vis_bench || fail "no module vis_bench"
}

tell()
{
	host "$@" >/dev/null || fail "the host refused: $*"
}

# The devices

queues_of_disk()
{
	entries "/sys/block/$1/mq" | wc -l
}

queues_of_net()
{
	entries "/sys/class/net/$1/queues" tx- | wc -l
}

# interrupts_of VIRTIO: the interrupts of its queues, or its line
interrupts_of()
{
	awk -v name="$1" '
		$NF == name || index($NF, name "-") == 1 && $NF !~ /-config$/ {
			sub(":", "", $1)
			print $1
		}' /proc/interrupts
}

# arrived IRQ...: number of their interrupts
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

# on_cpus QUEUES COMMAND...: runs the command on each of the first CPUs, and waits until all end
on_cpus()
{
	local cpu job jobs="" queues=$1

	shift
	for cpu in $(seq 0 $((queues - 1))); do
		taskset -c "$cpu" "$@" &
		jobs="$jobs $!"
	done
	for job in $jobs; do
		wait "$job" || return 1
	done
}

# read_blocks QUEUES DISK COUNT: reads COUNT blocks on each of as many CPUs
read_blocks()
{
	on_cpus "$1" dd if="/dev/$2" of=/dev/null bs=4k iflag=direct status=none count="$3"
}

# Exits

run_interrupts()
{
	local all before count disk irqs queues

	count=$(param count)
	for disk in $(entries /sys/block vd); do
		queues=$(queues_of_disk "$disk")
		[ "$queues" != 2 ] || continue
		irqs=$(interrupts_of "$(virtio_of_disk "$disk")")
		# The first run of a program touches memory that is in place for later runs.
		read_blocks "$queues" "$disk" 1
		# shellcheck disable=SC2086 # a list
		before=$(arrived $irqs)
		tell trap-start
		all=$(all_arrived)
		read_blocks "$queues" "$disk" $((count / queues))
		all=$(($(all_arrived) - all))
		# shellcheck disable=SC2086 # a list
		tell trap-end interrupts queues="$queues" n=$(($(arrived $irqs) - before)) \
			all=$all reads=$((count / queues * queues))
	done
}

# Uses the entropy device: its interrupts can be moved, and come when the test reads it.
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

# each_move FUNCTION: calls it with the number of each move
each_move()
{
	local number

	for number in $(seq "$(param moves)"); do
		tell trap-start
		"$1" "$number"
	done
}

move_rng()
{
	set_affinity "$RNG_IRQ" "$1" || fail "cannot move to CPU $1"
}

move_quiet()
{
	move_rng $(($1 % 4))
	tell trap-end move mode=quiet n=1
	# The first may still come at the old place, the second ends the move.
	tell trap-start
	rng_interrupt
	rng_interrupt
	tell trap-end moved mode=quiet n=0
}

move_busy()
{
	move_rng $(($1 % 4))
	usleep $CLEANUP_US
	tell trap-end move mode=busy n=1
}

move_parked()
{
	set_affinity "$RNG_IRQ" $(($1 % 2))
	set_affinity "$RNG_IRQ" $((2 + $1 % 2))
	usleep $SETTLE_US
	rng_interrupt
	tell trap-end parked n=1
}

# Makes the move while the handler runs; meanwhile the next interrupt comes at the new place.
move_colliding()
{
	echo "$RNG_IRQ" >$BENCH/linger
	rng_read
	cat $BENCH/linger >/dev/null || fail "no interrupt of the entropy device"
	move_rng $(($1 % 2))
	rng_read
	usleep $CLEANUP_US
	tell trap-end move mode=colliding n=1
}

# Moves of an idle vector whose last move is over
run_live()
{
	find_rng
	rng_interrupt
	set_affinity "$RNG_IRQ" 0
	rng_interrupt
	each_move move_quiet
}

run_moves()
{
	local reader

	run_live
	dd if=/dev/hwrng of=/dev/null bs=64 status=none &
	reader=$!
	each_move move_busy
	kill $reader
	wait $reader || true
	rng_interrupt
	each_move move_parked
	is_vector "$RNG_IRQ" || return 0
	use_module
	run_here 3
	each_move move_colliding
}

run_masks()
{
	use_module
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

# Comes last, because it unbinds and binds the drivers of all devices.
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

# tell_samples METRIC PARAMETER...: sends the samples on stdin, a line each, as COUNTxVALUE
tell_samples()
{
	tell figure samples "$@" values="$(awk 'NF' | sort -n | uniq -c |
		awk '{ printf "%s%sx%s", sep, $1, $2; sep = "," }')"
}

# measure SCOPE METRIC PARAMETER...: makes the module take samples on this CPU
measure()
{
	local scope=$1

	shift
	param count >$BENCH/"$scope" || fail "cannot measure $scope"
	tr ' ' '\n' <$BENCH/samples | tell_samples "$@"
}

# quiet_disk DISK: removes the scheduler between the module and the driver
quiet_disk()
{
	echo none >"/sys/block/$1/queue/scheduler"
}

run_latency()
{
	local queues scope

	queues=$(queues_of_disk vda)
	run_here "$(effective_cpu "$(interrupts_of "$(virtio_of_disk vda)" | head -n 1)")"
	for scope in floor dispatch full; do
		measure $scope insns_per_interrupt scope=$scope queues="$queues"
	done
}

# run_here CPU: from now on, keeps this shell there, which is a child of the shell $$
run_here()
{
	local pid

	read -r pid _ </proc/self/stat
	taskset -p "$(printf %x $((1 << $1)))" "$pid" >/dev/null
}

# from_each_cpu QUEUES SCOPE METRIC PARAMETER...: measures on as many CPUs, one after the other
from_each_cpu()
{
	local cpu metric=$3 queues=$1 scope=$2

	shift 3
	for cpu in $(seq 0 $((queues - 1))); do
		run_here "$cpu"
		measure "$scope" "$metric" queues="$queues" "$@"
	done
}

run_io()
{
	from_each_cpu "$(queues_of_disk vda)" io insns_per_io
}

# neighbour HOST: its address on the network
neighbour()
{
	awk -v host="$1" '$1 == host { print $4 }' /proc/net/arp
}

# keep_neighbour CARD HOST: fixes the neighbour, because a stale one changes the way of packets
keep_neighbour()
{
	arp -i "$1" -s "$2" "$(neighbour "$2")"
}

# exchanges ANSWER DELAY_MS: measures exchanges of two packets for each sample
exchanges()
{
	host echo-port "$2" >$BENCH/port || fail "the host does not answer"
	from_each_cpu "$(queues_of_net eth0)" packets insns_per_packet answer="$1" parts=2
}

# use_net: brings the network up and finds the neighbour
use_net()
{
	net_up
	net_ping || fail "no answer on the network"
	keep_neighbour eth0 "$HOST_ADDRESS"
}

# On a wire the answer comes after the end of sending.
run_packets()
{
	use_net
	exchanges later 1
	exchanges at_once 0
}

run_insns()
{
	use_module
	quiet_disk vda
	run_latency
	run_io
	run_packets
}

# The whole path: guest, KVM and QEMU

run_booted()
{
	tell booted
}

run_path_read()
{
	run_booted
	use_module
	quiet_disk vda
	run_here 0
	measure read path_insns_per_read
}

# Profiles reads, after some that fill the caches
run_path_parts()
{
	local symbols

	use_module
	quiet_disk vda
	run_here 0
	echo 256 >$BENCH/read
	symbols=$(awk '$3 ~ /^(vm_notify|vp_notify|vring_interrupt)$/ { printf "%s=%s ", $3, $1 }' \
		/proc/kallsyms)
	tell profile-start
	echo 16 >$BENCH/read
	# shellcheck disable=SC2086 # a list
	tell profile-end $symbols
}

# durations FRESH: durations from the trace of functions; FRESH is 1 for the first after each mark,
# and 0 for all others
durations()
{
	awk -v wanted="$1" '
		/\/\* move \*\// { fresh = 1 }
		/\(\);/ {
			for (i = 2; i <= NF; i++)
				if ($i == "us" && fresh == wanted)
					printf "%.0f\n", $(i - 1) * 1000
			fresh = 0
		}' $TRACE/trace
}

# move_idle: moves the interrupt to the other of two CPUs. The shell uses the interrupt only on the
# CPU where it is, so that the other CPU is idle while the interrupt moves.
move_idle()
{
	local cpu

	cpu=$(effective_cpu "$RNG_IRQ")
	run_here "$cpu"
	echo move >&5
	move_rng $((1 - cpu))
	rng_interrupt
	run_here $((1 - cpu))
	rng_interrupt
}

# The time in the function that moves the interrupt, less its time without a move
run_path_moves()
{
	local usual

	find_rng
	mount -t tracefs tracefs $TRACE
	param mover >$TRACE/set_ftrace_filter
	echo function_graph >$TRACE/current_tracer
	exec 5>$TRACE/trace_marker
	for _ in $(seq "$(param moves)"); do
		move_idle
	done
	echo 0 >$TRACE/tracing_on
	usual=$(durations 0 | sort -n | awk '
		{ all[NR] = $1 }
		END { print all[int((NR + 1) / 2)] + 0 }')
	durations 1 | awk -v usual="$usual" '{ print $1 - usual }' |
		tell_samples path_insns_per_move
}

# use_marks: the tracer notes the TSC with each mark
use_marks()
{
	mount -t tracefs tracefs $TRACE
	echo x86-tsc >$TRACE/trace_clock
	exec 5>$TRACE/trace_marker
}

# ticks: the ticks of the TSC between two marks, a line each
ticks()
{
	sed -n 's/.* \([0-9]*\): tracing_mark_write: .*/\1/p' $TRACE/trace |
		awk 'NR > 1 { print $1 - start } { start = $1 }'
}

exchange_batch()
{
	echo $BATCH >$BENCH/exchanges || fail "a packet was lost"
}

# The host answers at once, so it does not wait for timers.
run_path_packets()
{
	use_module
	run_here 0
	use_net
	host echo-port 0 >$BENCH/port || fail "the host does not answer"
	exchange_batch
	use_marks
	for _ in $(seq "$(param batches)"); do
		echo batch >&5
		exchange_batch
	done
	echo end >&5
	ticks | tell_samples path_insns_per_packet parts=$((2 * BATCH))
}

# names ADDRESS...: the functions at these addresses, as ADDRESS=NAME
names()
{
	printf '%s ~\n' "$@" >/tmp/addresses
	awk 'NR == FNR { pages[substr($1, 1, 13)] = 1; print; next }
		substr($1, 1, 13) in pages && $2 ~ /[tT]/' /tmp/addresses /proc/kallsyms |
		sort | awk '$2 == "~" { printf "%s=%s ", $1, name } $2 != "~" { name = $3 }'
}

# Profiles one read, after some that fill the caches
run_profile()
{
	local addresses

	use_module
	quiet_disk vda
	echo 16 >$BENCH/io
	tell profile-start
	echo 2 >$BENCH/io
	addresses=$(host profile-end) || fail "no profile"
	# shellcheck disable=SC2046,SC2086 # lists
	tell profile $(names $addresses)
}

# The time until the kernel starts the first program; no module that waits is inserted earlier.
# The clock of the kernel's messages starts later than the TSC. The kernel prints the difference
# when it declares the TSC stable.
boot_time()
{
	dmesg | awk -F '[][]' '
		/sched_clock: Marking stable/ { late = $0; gsub(/.*, -|\)$/, "", late) }
		/ as init process/ { printf "%.0f", $2 * 1000000000 + late }'
}

run_boot()
{
	tell figure insns insns_boot kernel="$(uname -r)" insns="$(boot_time)" n=1
}

# Time

# blk_iops DISK DEPTH: runs a job for each queue
blk_iops()
{
	local iops queues

	queues=$(queues_of_disk "$1")
	iops=$(fio --name=bench --filename="/dev/$1" --rw=randread --bs=4k --direct=1 \
		--ioengine=io_uring --iodepth="$2" --numjobs="$queues" --thread --time_based \
		--runtime="$(param seconds)" --cpus_allowed="0-$((queues - 1))" \
		--cpus_allowed_policy=split --group_reporting --minimal | cut -d ';' -f 8)
	tell figure rate blk_iops queues="$queues" depth="$2" per_second="$iops"
}

# net_rr CARD NETWORK: sends packets that come back, one at a time on each CPU that has a queue
net_rr()
{
	local before count queues

	count=$(param count)
	queues=$(queues_of_net "$1")
	host echo-port 0 >$BENCH/port || fail "the host does not answer"
	printf '0x0a00%02x02' "$2" >$BENCH/peer
	before=$(now_ms)
	on_cpus "$queues" sh -c "echo $count >$BENCH/exchanges" || fail "a packet was lost"
	tell figure rate net_rr queues="$queues" \
		per_second=$((1000 * count * queues / ($(now_ms) - before)))
}

# net_pps CARD NETWORK: makes the kernel's generator send 64-byte packets, a thread for each queue
net_pps()
{
	local card=$1 host=10.0.$2.2 pktgen=/proc/net/pktgen queue queues

	queues=$(queues_of_net "$1")
	for queue in $(seq 0 $((queues - 1))); do
		echo rem_device_all >$pktgen/kpktgend_"$queue"
		echo "add_device $card@$queue" >$pktgen/kpktgend_"$queue"
		for line in "count $((PACKETS * $(param count)))" "pkt_size 60" "dst $host" \
			"dst_mac $(neighbour "$host")" \
			"queue_map_min $queue" "queue_map_max $queue"; do
			echo "$line" >"$pktgen/$card@$queue"
		done
	done
	echo start >$pktgen/pgctrl
	tell figure rate net_pps queues="$queues" per_second="$(sed -n \
		's/^ *\([0-9]*\)pps .*/\1/p' "$pktgen/$card"@* | awk '{ n += $1 } END { print n }')"
	echo reset >$pktgen/pgctrl
}

# measure_net CARD NETWORK
measure_net()
{
	ip link set "$1" up
	ip addr replace "10.0.$2.15/24" dev "$1"
	ping -q -c 1 -W 5 "10.0.$2.2" >/dev/null || fail "no answer to $1"
	net_rr "$1" "$2"
	net_pps "$1" "$2"
}

run_rates()
{
	local depth disk

	for disk in $(entries /sys/block vd); do
		quiet_disk "$disk"
		for depth in 1 32; do
			blk_iops "$disk" $depth
		done
		spread "$disk"
	done
	modprobe pktgen
	use_module
	measure_net eth0 2
	[ ! -e /sys/class/net/eth1 ] || measure_net eth1 3
}

# spread DISK: the busiest CPU's share of its interrupts
spread()
{
	local cpu irq most=0 n sum=0

	for cpu in $(online_cpus); do
		n=0
		for irq in $(interrupts_of "$(virtio_of_disk "$1")"); do
			n=$((n + $(irq_count "$irq" "$cpu")))
		done
		sum=$((sum + n))
		[ $n -le $most ] || most=$n
	done
	tell figure share cpu_spread queues="$(queues_of_disk "$1")" most=$most n=$sum
}

bench()
{
	local part

	for part in $(param run); do
		"run_$part"
	done
}

# shellcheck disable=SC2034 # for vis_run
tests="bench bench"
vis_run
