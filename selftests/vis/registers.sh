#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Devices with MSI registers in place of tables: which accesses set up, mask and unmask a vector,
# and that nothing is lost although the device drops events of masked vectors.

. ./vis_lib.sh
. ./test_module.sh

MMIO_MSI_CSR=0xc0
MMIO_MSI_COMMAND=0xc2
UPDATE=0x1
MASK=0x2
UNMASK=0x3
QUEUES=4

# writes BASE OFFSET [VALUE]: how many there were since the mark; VALUE is a pattern
writes()
{
	host count virtio_mmio_msi_write "mmio $1 offset $2 value ${3-0x}"
}

# commands BASE CODE [VECTOR]
commands()
{
	writes "$1" $MMIO_MSI_COMMAND "$2${3:+$(printf %03x "$3")}"
}

# expect_setup BASE: MSI is enabled once, and each vector has its message once
expect_setup()
{
	expect "writes of MSI_CSR" 1 "$(writes "$1" $MMIO_MSI_CSR)"
	expect "messages" $((QUEUES + 1)) "$(commands "$1" $UPDATE)"
	expect "masks and unmasks" 0 "$(commands "$1" "0x[23]")"
	expect "all writes" $((1 + 4 * (QUEUES + 1))) \
		"$(host count virtio_mmio_msi_write "mmio $1 ")"
}

registers_setup()
{
	local base virtio

	virtio=$(virtio_of virtio_blk)
	base=$(base_of "$virtio")
	count_binding "$(platform_of "$virtio")"
	expect "vectors after binding again" $((QUEUES + 1)) "$(irqs_of "$virtio" | wc -l)"
	expect "reads of MSI_CSR" 1 "$(host count virtio_mmio_msi_read "mmio $base ")"
	expect_setup "$base"
	expect_first "MSI_CSR" "offset $MMIO_MSI_CSR " virtio_mmio_msi_write "mmio $base "
}

# The transport stays bound, so the driver must restore the state that the device lost by the reset.
registers_again()
{
	local base virtio

	virtio=$(virtio_of virtio_blk)
	base=$(base_of "$virtio")
	count_binding "$virtio"
	expect_setup "$base"
	disk_matches_host
}

registers_mask()
{
	local base cpu irq virtio

	virtio=$(virtio_of virtio_console)
	base=$(base_of "$virtio")
	irq=$(irq_of "$virtio-input")
	cpu=$(effective_cpu "$irq")
	host mark
	chip unmask "$irq"
	set_affinity "$irq" "$cpu" || fail "cannot move to CPU $cpu, where it is"
	expect "writes that change nothing" 0 "$(host count virtio_mmio_msi_write "mmio $base ")"
	chip mask "$irq"
	chip mask "$irq"
	expect "masks" 1 "$(commands "$base" $MASK 1)"
	cpu=$(((cpu + 1) % 4))
	move_irq "$irq" $cpu
	expect "writes for a masked vector" 1 "$(host count virtio_mmio_msi_write "mmio $base ")"
	chip unmask "$irq"
	expect "messages of an unmask" 1 "$(commands "$base" $UPDATE 1)"
	expect "unmasks" 1 "$(commands "$base" $UNMASK 1)"
	expect "all writes" 6 "$(host count virtio_mmio_msi_write "mmio $base ")"
}

is_masked()
{
	[ "$(commands "$1" $MASK 0)" != 0 ]
}

has_forgotten()
{
	[ "$(host count virtio_mmio_msi_forget "mmio $1 vector 0\b")" != 0 ]
}

# The core disables lazily: the first interrupt masks the vector, and the core repeats it later. The
# device drops the event of the second change, but the repeated interrupt makes the driver see it.
registers_lost()
{
	local base irq size virtio

	virtio=$(virtio_of virtio_blk)
	base=$(base_of "$virtio")
	irq=$(irq_of "$virtio-config")
	size=$(disk_size)
	host mark
	chip disable "$irq"
	host resize disk0 $((size + GROWTH))
	await 5 is_masked "$base" || fail "the first change does not mask the vector"
	host resize disk0 $((size + 2 * GROWTH))
	await 5 has_forgotten "$base" || fail "the device has not forgotten the second change"
	expect "size while disabled" "$size" "$(disk_size)"
	chip enable "$irq"
	await 5 size_is $((size + 2 * GROWTH)) ||
		fail "the size is $(disk_size)"
}

# While its CPU is offline, the vector of a queue is masked, because the core has shut it down.
# Events leave no trace then, so the interrupt is repeated in any case.
registers_startup()
{
	local base before cpu=3 irq queue virtio

	virtio=$(virtio_of virtio_blk)
	base=$(base_of "$virtio")
	for queue in 0 1 2 3; do
		irq=$(irq_of "$virtio-req.$queue")
		[ "$(cat "/proc/irq/$irq/smp_affinity_list")" != $cpu ] || break
	done
	host mark
	cpu_online $cpu 0 || fail "CPU $cpu does not go offline"
	expect "masks of vector $((queue + 1))" 1 "$(commands "$base" $MASK $((queue + 1)))"
	before=$(irq_count "$irq")
	host mark
	cpu_online $cpu 1 || fail "CPU $cpu does not come back"
	expect "unmasks of vector $((queue + 1))" 1 "$(commands "$base" $UNMASK $((queue + 1)))"
	await 5 irq_rose "$irq" "$before" || fail "the interrupt is not repeated"
}

tests="
vis.registers.setup	registers_setup	host
vis.registers.again	registers_again	host
vis.registers.mask	registers_mask	host
vis.registers.lost	registers_lost	host
vis.registers.startup	registers_startup	host
"
run_with_module
