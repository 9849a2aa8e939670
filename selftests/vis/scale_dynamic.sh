#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A kernel module adds vectors to a disk that is being read on all CPUs, and frees them again. The
# disk does not notice. To use a vector that no driver knows, the test maps the configuration to it.

. ./vis_lib.sh
. ./test_module.sh

DYNAMIC=/sys/kernel/debug/vis_dynamic
# One in the mask word of the disk's own vectors, the first five, and one in a word of its own
ADDED="5 40"
NEIGHBOUR=6
OWN="0 1 2 3 4"
ENTRY_BYTES=16
PAGES=512
REPEATS=200
BURSTS=10
# x86 frees the old place of a vector at most a few ticks after an interrupt came at the new one
CLEANUP_US=50000

find_disk()
{
	DISK=$(virtio_of virtio_blk)
	BASE=$(base_of "$DISK")
	CONFIG=$(irq_of "$DISK-config")
	TABLE=$(table_of "$BASE" $MMIO_VIS_TABLE_LOW)
	SIZE=$(disk_size)
	echo "$CONFIG" >$DYNAMIC/device
	OTHERS=$(others)
}

# entry VECTOR: its address and data in the table
entry()
{
	local offset

	for offset in 0 4 8; do
		printf '0x%x\n' $((TABLE + $1 * ENTRY_BYTES + offset)) >"$VIS_TEST/address"
		cat "$VIS_TEST/mem"
	done | xargs
}

# others: the properties of the disk's own vectors that must not change; only the first vector is
# not managed
others()
{
	local irq vector

	for irq in $(irqs_of "$DISK"); do
		echo "$irq $(effective_cpu "$irq")" \
			"$(sed -n 's/unhandled //p' "/proc/irq/$irq/spurious")"
	done
	for vector in $OWN; do
		entry "$vector"
	done
}

reader()
{
	until [ -e /tmp/stop ]; do
		[ "$(taskset -c "$1" dd if=/dev/vda bs="$PAGE" count=$PAGES \
			iflag=direct status=none | sha256sum | cut -d ' ' -f 1)" = "$2" ] ||
			return 1
		echo >>"/tmp/rounds.$1"
	done
}

rounds()
{
	wc -l <"/tmp/rounds.$1"
}

rounds_above()
{
	[ "$(rounds "$1")" -gt "$2" ]
}

# start_reads: from now on each CPU, and so each queue, reads data that are compared with the host's
start_reads()
{
	local cpu hash

	hash=$(host hash disk0 0 $((${PAGE%k} * 1024 * PAGES)))
	rm -f /tmp/stop
	READERS=
	for cpu in $(online_cpus); do
		: >"/tmp/rounds.$cpu"
		reader "$cpu" "$hash" &
		READERS="$READERS $!"
	done
}

# stop_reads: each CPU has continued to read, and all of them have read the right data
stop_reads()
{
	local cpu reader

	for cpu in $(online_cpus); do
		await 30 rounds_above "$cpu" $(($(rounds "$cpu") + 1)) ||
			fail "CPU $cpu reads no more"
	done
	touch /tmp/stop
	for reader in $READERS; do
		wait "$reader" || fail "the data read are wrong"
	done
}

mask_writes()
{
	host count virtio_mmio_vis_mask_write "mmio $BASE "
}

# expect_accesses WHAT N: since the mark, the driver has written N mask words and read nothing
expect_accesses()
{
	expect "mask writes of $1" "$2" "$(mask_writes)"
	expect "reads of $1" 0 "$(host count 'virtio_mmio_(read|vis_reg_read|vis_mask_read)')"
}

add()
{
	echo "$1" >$DYNAMIC/add || fail "cannot add vector $1"
}

free()
{
	echo "$1" >$DYNAMIC/free || fail "cannot free vector $1"
}

grow()
{
	SIZE=$((SIZE + 512))
	host resize disk0 $SIZE
}

map_config()
{
	reg "$BASE" $MMIO_VIS_CONFIG_VECTOR "$1"
}

# own_are_latched: each of the disk's own vectors still has the message that is in its entry
own_are_latched()
{
	local data high low vector

	for vector in $OWN; do
		read -r low high data <<-END
			$(entry "$vector")
		END
		expect "other messages of vector $vector" \
			"$(host count virtio_mmio_vis_latch "mmio $BASE vector $vector\b")" \
			"$(host count virtio_mmio_vis_latch "mmio $BASE vector $vector" \
				"address $(printf '0x%x' $((high << 32 | low)))" \
				"data $(printf '0x%x' $((data)))\$")"
	done
}

# moves IRQ VECTOR: moves it to each CPU, with as many accesses as any vector needs
moves()
{
	local cpu first

	first=$(effective_cpu "$1")
	for cpu in $(online_cpus) "$first"; do
		[ "$cpu" != "$(effective_cpu "$1")" ] || continue
		host mark
		move_irq "$1" "$cpu"
		expect_accesses "a move" "$(move_cost)"
		comes_on "$1" "$cpu" grow
		expect "messages of vector $2" 1 \
			"$(host count virtio_mmio_vis_send "mmio $BASE vector $2\b")"
		usleep $CLEANUP_US
	done
}

# use VECTOR: it is added, interrupts, moves, and is freed
use()
{
	local irq

	host mark
	add "$1"
	irq=$(irq_of "vis-dynamic.$1")
	expect_accesses "a vector that is added" 1
	own_are_latched
	map_config "$1"
	moves "$irq" "$1"
	map_config 0
	host mark
	free "$1"
	expect_accesses "a vector that is freed" 1
	expect "entry of vector $1" "0x0 0x0 0x0" "$(entry "$1")"
	[ -z "$(irq_of "vis-dynamic.$1")" ] || fail "irq $irq is still there"
}

dynamic_use()
{
	local vector

	find_disk
	start_reads
	for vector in $ADDED; do
		use "$vector"
	done
	host mark
	stop_reads
	expect_accesses "reads of the disk" 0
	expect "vectors of the disk" "$OTHERS" "$(others)"
	grow
	await 5 size_is $SIZE || fail "the driver sees no change of the size any more"
}

# repeat_all: adds and frees several vectors at the same time
repeat_all()
{
	local job jobs='' vector

	echo $REPEATS >$DYNAMIC/count
	for vector in $ADDED $NEIGHBOUR; do
		echo "$vector" >$DYNAMIC/repeat &
		jobs="$jobs $!"
	done
	for job in $jobs; do
		wait "$job" || fail "a vector cannot be added and freed $REPEATS times"
	done
}

# left_over: CPU vectors that could still be given out, and interrupts that are not
left_over()
{
	echo "$(cat $DYNAMIC/capacity) $(entries /sys/kernel/irq | wc -l)"
}

dynamic_repeat()
{
	local before vector

	find_disk
	before=$(left_over)
	note "CPU vectors left, and interrupts: $before"
	start_reads
	host mark
	repeat_all
	# shellcheck disable=SC2086 # numbers
	set -- $ADDED $NEIGHBOUR
	expect_accesses "$# vectors" $(($# * REPEATS * 2))
	expect "messages of other vectors than the queues'" 0 \
		"$(host count virtio_mmio_vis_send "mmio $BASE vector (0|[5-9]|[1-9][0-9]+)\b")"
	own_are_latched
	stop_reads
	for vector; do
		expect "entry of vector $vector" "0x0 0x0 0x0" "$(entry "$vector")"
	done
	expect "vectors of the disk" "$OTHERS" "$(others)"
	expect "CPU vectors left, and interrupts" "$before" "$(left_over)"
}

# burst CPU CPU: two moves at once; x86 parks the second one, and the modules complete it without an
# interrupt. The kernel's own driver waits for one.
burst()
{
	{ set_affinity "$CONFIG" "$1" && set_affinity "$CONFIG" "$2"; } ||
		fail "irq $CONFIG does not move"
	[ "$(vis_driver)" = virtio-mmio-vis ] || grow
	await 2 effective_is "$CONFIG" "$2" ||
		fail "irq $CONFIG is on CPU $(effective_cpu "$CONFIG"), not $2"
}

# The moves of other vectors go on while vectors are added and freed.
dynamic_moves()
{
	local job number

	find_disk
	rm -f /tmp/stop /tmp/repeated
	until [ -e /tmp/stop ]; do
		repeat_all
		echo >>/tmp/repeated
	done &
	job=$!
	for number in $(seq $BURSTS); do
		burst $((number % 4)) $(((number + 1) % 4))
	done
	touch /tmp/stop
	wait $job || fail "a vector cannot be added"
	[ -s /tmp/repeated ] || fail "no vector was added"
	disk_matches_host
}

tests="
scale.dynamic.use	dynamic_use	host
scale.dynamic.repeat	dynamic_repeat	host
scale.dynamic.moves	dynamic_moves	host
"
TEST_MODULES="$TEST_MODULES vis_dynamic"
run_with_module
