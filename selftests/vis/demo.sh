#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# scripts/demo runs this in the guest. Each step prints how many accesses it trapped.

. ./vis_lib.sh
. ./demo_lib.sh

MEBIBYTE=1048576

# vectors_came COUNT: number of interrupts of all vectors after the first COUNT
vectors_came()
{
	awk -v before="${1:-0}" '
		FNR == 1 { cpus = NF }
		/VIS-/ { for (i = 2; i <= cpus + 1; i++) sum += $i }
		END { print sum - before }' /proc/interrupts
}

# use COMMAND...: runs it, and prints the interrupts and the trapped accesses
use()
{
	local before

	before=$(vectors_came)
	"$@"
	echo "   interrupts: $(vectors_came "$before")"
	trapped
}

show_guest()
{
	step "Linux $(uname -r) on $(online_cpus | wc -l) CPUs"
	show_pci
	echo "   virtio-mmio devices:" \
		"$(entries /sys/bus/platform/devices | grep -cE '^LNRO0005|virtio_mmio$')"
}

insert_modules()
{
	local driver

	if grep -q VIS- /proc/interrupts; then
		step "VIS is built in"
	else
		step "modprobe virtio_mmio_vis (with irq-virtio-vis)"
		modprobe virtio_mmio_vis || fail "cannot insert the modules"
	fi
	for driver in virtio_blk virtio_net virtio_rng virtio_console; do
		[ -n "$(irqs_of "$(virtio_of $driver)")" ] || fail "$driver has no vectors"
	done
	dmesg | grep -i virtio_ | indented grep -v 'ommand line'
	trapped
}

read_disk()
{
	local cpu

	for cpu in $(online_cpus); do
		read_disk_on "$cpu" 64 || fail "cannot read"
	done
	disk_matches_host
	echo "   SHA-256, as on the host: $(host hash disk0)"
}

exchange_packets()
{
	net_up
	net_exchange $((4 * MEBIBYTE))
	echo "   the same SHA-256 on both sides, both ways"
}

read_entropy()
{
	rng_matches_host 16
	echo "   the bytes of the host's file"
}

talk()
{
	console_open
	console_exchange console
	echo "   both arrived"
}

use_devices()
{
	step "the disk, 4 queues: all of it read, $(($(disk_size) / MEBIBYTE)) MiB"
	use read_disk
	step "the network: 4 MiB to the host and 4 MiB back"
	use exchange_packets
	step "entropy: 1 KiB of /dev/hwrng"
	use read_entropy
	step "the console: a nonce each way"
	use talk
}

# move ACTION CPU COMMAND...: moves the vector; COMMAND makes it fire
move()
{
	local before cpu=$2 irq

	show_move "$1" "$cpu"
	irq=$(irq_of "$1")
	shift 2
	before=$(irq_count "$irq" "$cpu")
	comes_on "$irq" "$cpu" "$@"
	echo "   came on CPU $cpu: $(($(irq_count "$irq" "$cpu") - before)), elsewhere: 0"
}

# other_cpu ACTION: a CPU that the vector is not on
other_cpu()
{
	local current

	current=$(effective_cpu "$(irq_of "$1")")
	online_cpus | grep -vx "$current" | head -n 1
}

grow_disk()
{
	host resize disk0 $(($(disk_size) + MEBIBYTE))
}

move_vectors()
{
	local action

	action=$(virtio_of virtio_net)-input.0
	move "$action" "$(other_cpu "$action")" net_ping
	action=$(virtio_of virtio_rng)-input
	move "$action" "$(other_cpu "$action")" rng_read
	action=$(virtio_of virtio_console)-input
	move "$action" "$(other_cpu "$action")" host console-send x
	action=$(virtio_of virtio_blk)-config
	move "$action" "$(other_cpu "$action")" grow_disk
}

show_pinned()
{
	local irq queue

	step "the disk's queues have managed affinity, as with virtio-pci"
	for queue in /sys/block/vda/mq/*; do
		irq=$(irq_of "$(virtio_of virtio_blk)-req.${queue##*/}")
		set_affinity "$irq" 0 && fail "irq $irq took another affinity"
		echo "   queue ${queue##*/}, irq $irq:" \
			"CPU $(cat "/proc/irq/$irq/smp_affinity_list"), not to be changed"
	done
	trapped
}

demo()
{
	show_guest
	insert_modules
	use_devices
	show_interrupts
	move_vectors
	show_pinned
	show_interrupts
	echo
}

tests="
vis.demo	demo
"
vis_run
