#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Vectors move between CPUs at once. A move costs one write, or none where the message stays the
# same. The vectors of a disk are managed.

. ./vis_lib.sh
. ./test_module.sh

# x86 frees the old place of a vector at most a few ticks after an interrupt came at the new one,
# and parks another move until then. Nothing in the guest shows when the old place is free.
CLEANUP_US=50000
IDLE_MOVES=10
IDLE_SPACING_US=100000
REACH_LIMIT_US=50000
# A single packet may be complete before its interrupt is requested, but not all of these are.
EXCHANGE_BYTES=262144

# fire ACTION: makes the device send that interrupt, if the guest can cause it
fire()
{
	local size

	case $1 in
	"$BLK"-config)
		size=$(($(disk_size) + 512))
		host resize disk0 $size
		;;
	"$NET"-config) host link net0 "$((FIRED % 2))" ;;
	"$NET"-input.0) net_ping ;;
	"$NET"-output.0) net_exchange $EXCHANGE_BYTES ;;
	"$RNG"-input) rng_read ;;
	"$CONSOLE"-input) host console-send x ;;
	"$CONSOLE"-output) echo >&4 ;;
	*) chip retrigger "$(irq_of "$1")" ;;
	esac
	FIRED=$((FIRED + 1))
}

find_devices()
{
	BLK=$(virtio_of virtio_blk)
	NET=$(virtio_of virtio_net)
	RNG=$(virtio_of virtio_rng)
	CONSOLE=$(virtio_of virtio_console)
	FIRED=0
	net_up
	console_open
}

# move_to ACTION CPU: the vector moves, and its next interrupt comes on that CPU only. An interrupt
# from before the move may be pending on the old CPU, which has taken it once a task has run there.
move_to()
{
	local action=$1 cpu=$2 irq old

	irq=$(irq_of "$action")
	old=$(effective_cpu "$irq")
	move_irq "$irq" "$cpu"
	taskset -c "$old" true
	comes_on "$irq" "$cpu" fire "$action"
	usleep $CLEANUP_US
}

movable()
{
	echo "$BLK-config"
	for virtio in $NET $RNG $CONSOLE; do
		awk -v name="$virtio-" 'index($NF, name) == 1 { print $NF }' /proc/interrupts
	done
}

# Only for the rng, whose interrupts the guest can cause by itself
affinity_follow()
{
	local cpu

	find_devices
	for cpu in $(online_cpus); do
		move_to "$RNG-input" "$cpu"
	done
}

affinity_move()
{
	local action cpu moved=0

	find_devices
	for action in $(movable); do
		for cpu in $(online_cpus); do
			move_to "$action" "$cpu"
			moved=$((moved + 1))
		done
	done
	host link net0 1
	note "$moved moves of $(movable | wc -l) vectors"
}

trapped()
{
	local event sum=0

	for event in "(vis_reg|vis_mask|msi)_(read|write)" read write_offset; do
		sum=$((sum + $(host count "virtio_mmio_$event")))
	done
	echo $sum
}

# parent_accesses: the accesses to the GIC since the mark; offset 0xf00 of a GICv2 sends IPIs
parent_accesses()
{
	echo $(($(host count "gicv3_(dist|redist|its)_(read|write)") +
		$(host count "gic_dist_(read|write)" "at 0x(?!00000f00)")))
}

affinity_one_exit()
{
	local accesses cpu irq

	find_devices
	irq=$(irq_of "$NET-input.0")
	move_to "$NET-input.0" 0
	for cpu in 1 2 3 0; do
		host mark
		set_affinity "$irq" "$cpu" || fail "cannot move to CPU $cpu"
		! moves_message || expect "messages for CPU $cpu" 1 \
			"$(host count "$MESSAGE_TAKEN" "$(latched_pattern "$NET" 1 "$cpu")")"
		expect "trapped accesses" "$(move_cost)" "$(trapped)"
		accesses=$(parent_accesses)
		note "move to CPU $cpu: $(move_cost) accesses to the device, $accesses to the GIC"
		moves_message || [ "$accesses" -ge 1 ] || fail "the GIC has not moved the interrupt"
		expect "effective CPU" "$cpu" "$(effective_cpu "$irq")"
		move_to "$NET-input.0" "$cpu"
	done
}

# reached CPU: a move there that changes the message has reached the device
reached()
{
	! moves_message ||
		[ "$(host count "$MESSAGE_TAKEN" "$(latched_pattern "$RNG" 0 "$1")")" -ge 1 ]
}

# The rng never changes its configuration, so vector 0 never fires by itself.
affinity_idle()
{
	local before commits cpu irq move

	find_devices
	irq=$(irq_of "$RNG-config")
	move_to "$RNG-config" 0
	before=$(irq_count "$irq")
	for move in $(seq $IDLE_MOVES); do
		cpu=$((move % 4))
		host mark
		set_affinity "$irq" "$cpu" || fail "cannot move to CPU $cpu"
		usleep $((REACH_LIMIT_US * SLOW))
		reached "$cpu" || fail "move $move has not reached the device in time"
		usleep $(((IDLE_SPACING_US - REACH_LIMIT_US) * SLOW))
		commits=$(host count "$VECTOR_WRITE" "mmio $(base_of "$RNG") ")
		expect "trapped writes of move $move" "$(move_cost)" "$commits"
		expect "effective CPU" "$cpu" "$(effective_cpu "$irq")"
	done
	expect "interrupts of the idle vector" "$before" "$(irq_count "$irq")"
}

# spread: each queue has the CPUs that blk-mq has for it, and no CPU belongs to two queues
managed_spread()
{
	local cpus irq queue

	find_devices
	cpus=
	for queue in 0 1 2 3; do
		irq=$(irq_of "$BLK-req.$queue")
		expect "CPUs of queue $queue" "$(cat /sys/block/vda/mq/$queue/cpu_list)" \
			"$(cat "/proc/irq/$irq/smp_affinity_list")"
		cpus="$cpus $(cat "/proc/irq/$irq/smp_affinity_list")"
		set_affinity "$irq" 0 && fail "irq $irq of queue $queue took a new affinity"
	done
	expect "CPUs of all queues" "$(online_cpus | tr '\n' ' ')" \
		"$(echo "$cpus" | tr ' ' '\n' | grep . | sort -n | tr '\n' ' ')"
}

queue_irq_of_cpu()
{
	local irq queue

	for queue in 0 1 2 3; do
		irq=$(irq_of "$BLK-req.$queue")
		[ "$(cat "/proc/irq/$irq/smp_affinity_list")" != "$1" ] || echo "$irq"
	done
}

# When a CPU goes offline, its queue's vector is masked and other vectors move away. When the CPU
# comes back, so does the vector.
managed_hotplug()
{
	local before cpu=3 irq net

	net=$(irq_of "$NET-input.0")
	move_to "$NET-input.0" $cpu
	irq=$(queue_irq_of_cpu $cpu)
	host mark
	cpu_online $cpu 0 || fail "CPU $cpu does not go offline"
	[ "$(host count "$VECTOR_WRITE" "mmio $(base_of "$BLK") ")" -ge 1 ] ||
		fail "the vector of CPU $cpu was not masked"
	[ "$(effective_cpu "$net")" != $cpu ] || fail "$NET-input.0 stayed on CPU $cpu"
	before=$(irq_count "$net")
	net_ping || fail "no answer while CPU $cpu is offline"
	await 5 irq_rose "$net" "$before" || fail "$NET-input.0 does not come"
	disk_matches_host
	cpu_online $cpu 1 || fail "CPU $cpu does not come back"
	before=$(irq_count "$irq" $cpu)
	read_disk_on $cpu 16 || fail "cannot read on CPU $cpu"
	await 5 irq_rose "$irq" "$before" $cpu || fail "irq $irq does not come on CPU $cpu"
}

affinity_managed()
{
	find_devices
	managed_spread
	managed_hotplug
	managed_spread
}

tests="
vis.affinity.follow	affinity_follow
vis.affinity.spread	managed_spread
vis.affinity.move	affinity_move	host
vis.affinity.one_exit	affinity_one_exit	host
vis.affinity.idle	affinity_idle	host
vis.affinity.managed	affinity_managed	host
"
run_with_module
