#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Devices with 4,096 vectors: consoles of 64 to 1,024 queues. As long as the CPUs have vectors,
# each queue gets one of its own. The cost of a vector does not depend on the number of vectors.

. ./vis_lib.sh

QUEUES="64 256 512 1024"
TABLE_BYTES=$((4096 * 16))
DISCOVERY_READS=7
VECTORS_PER_WORD=32
# The most that a device leaves to others if the CPUs have too few vectors
VM_VIS_NR_LEFT=16
MMIO_QUEUE_SEL=0x30
DRIVER=/sys/bus/platform/drivers/$(vis_driver)
PLATFORMS=$(for virtio in $(entries /sys/bus/virtio/drivers/virtio_console virtio); do
	platform_of "$virtio"
done)

virtio_on()
{
	entries "/sys/bus/platform/devices/$1" virtio
}

unbind_all()
{
	local platform

	for platform in $(entries "$DRIVER"); do
		[ ! -L "$DRIVER/$platform/driver" ] || echo "$platform" >"$DRIVER/unbind"
	done
}

free_kib()
{
	awk '$1 == "MemFree:" { print $2 }' /proc/meminfo
}

# The driver has set them up in order.
queues_set_up()
{
	local last

	last=$(host last virtio_mmio_write_offset "offset $MMIO_QUEUE_SEL ")
	echo $((${last##* } + 1))
}

# probe PLATFORM: "QUEUES PLATFORM VECTORS REGISTERS MASKS KIB MS": its queues, the vectors it got,
# and the costs: accesses to registers and to the mask table, memory, time
probe()
{
	local kib ms

	host mark
	kib=$(free_kib)
	ms=$(now_ms)
	echo "$1" >"$DRIVER/bind"
	echo "$(queues_set_up) $1" \
		"$(irqs_of "$(virtio_on "$1")" | wc -l)" \
		"$(host count "virtio_mmio_(read|write_offset)")" \
		"$(host count "virtio_mmio_vis_mask_(read|write)")" \
		"$((kib - $(free_kib))) $(($(now_ms) - ms))"
	expect "discovery reads of $1" $DISCOVERY_READS "$(host count virtio_mmio_vis_reg_read)"
}

# Each device alone, so that it finds all the vectors of the CPUs
probe_each()
{
	local platform

	for platform in $PLATFORMS; do
		unbind_all
		probe "$platform"
	done >/tmp/probes
	unbind_all
	sort -n /tmp/probes >/tmp/sorted
	expect "queues" "$QUEUES" "$(cut -d ' ' -f 1 /tmp/sorted | xargs)"
}

# Each further queue costs the same, and a mask word is written once. A device that finds too few
# vectors sets up its queues twice.
check_costs()
{
	awk -v per_word=$VECTORS_PER_WORD '
		{
			print "# " $1 " queues: " $3 " vectors, " $4 " accesses to registers, " $5 \
				" to the mask table; a vector and its queue take " $6 / $3 \
				" KiB and " $7 / $3 " ms"
			if ($5 > int(($3 + per_word - 1) / per_word))
				bad = "a mask word was written twice"
		}
		$3 == $1 {
			if (n++) {
				each = ($4 - registers) / ($1 - queues)
				if (n > 2 && each != before)
					bad = "a queue costs " each " accesses, not " before
				before = each
			}
			queues = $1
			registers = $4
		}
		END {
			print "# each queue more costs " each " accesses to registers"
			if (bad)
				print "# " bad
			exit n < 3 || bad != ""
		}' /tmp/sorted || fail "the costs are not linear"
}

# vectors_all_used VIRTIO VECTORS: each queue has one, or the others share because the CPUs have no
# more
vectors_all_used()
{
	local other used=$2

	if [ "$used" = 1024 ]; then
		expect "shared vectors" "" "$(irq_of "$1-virtqueues")"
		return
	fi
	[ -n "$(irq_of "$1-virtqueues")" ] || fail "of $used vectors, none is shared"
	other=$(awk '$1 == 64 { print $2 }' /tmp/sorted)
	echo "$other" >"$DRIVER/bind"
	note "the device that comes after it has $(irqs_of "$(virtio_on "$other")" | wc -l) vectors"
	[ "$(irqs_of "$(virtio_on "$other")" | wc -l)" -le $VM_VIS_NR_LEFT ] ||
		fail "the first device left more than $VM_VIS_NR_LEFT vectors"
}

# irq_of_vector VIRTIO VECTOR
irq_of_vector()
{
	awk -v name="$1-" -v vector="$2-edge" '
		index($NF, name) == 1 && $(NF - 1) == vector { sub(":", "", $1); print $1 }
		' /proc/interrupts
}

# port_interrupts VIRTIO PORT LINE: data both ways, and the interrupt of the input queue
port_interrupts()
{
	local before irq

	# Queue 3 has no callback, so from there on a queue has the vector of its number.
	irq=$(irq_of_vector "$1" $((2 * $2 + 2)))
	irq=${irq:-$(irq_of "$1-virtqueues")}
	before="$irq $(irq_count "$irq")"
	exec 4<>"/dev/$(basename "/sys/bus/virtio/devices/$1/virtio-ports/"*"p$2")"
	console_exchange "$3"
	all_rose "$before"
}

mapped_once()
{
	local table

	table=$(awk -v name="$1" '$NF == name { print $1 }' /proc/iomem |
		while IFS=- read -r start end; do
			[ $((0x$end - 0x$start + 1)) != $TABLE_BYTES ] || echo "$start"
		done)
	[ -n "$table" ] || fail "$1 has no table of $TABLE_BYTES bytes"
	expect "mappings of the table at 0x$table" 1 \
		"$(grep -c "phys=0x0*$table\b" /proc/vmallocinfo)"
}

scale_4096()
{
	local largest used virtio

	probe_each
	check_costs
	largest=$(awk '$1 == 1024 { print $2 }' /tmp/sorted)
	used=$(probe "$largest" | cut -d ' ' -f 3)
	virtio=$(virtio_on "$largest")
	vectors_all_used "$virtio" "$used"
	mapped_once "$largest"
	port_interrupts "$virtio" 1 console
	port_interrupts "$virtio" 510 port
}

tests="
scale.4096.cpus$(nproc)	scale_4096	host
"
vis_run
