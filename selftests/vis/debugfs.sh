#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# debugfs shows the domain, the number and the current message of a vector, and that a device has
# its domain only while it has a driver.

. ./vis_lib.sh

IRQS=/sys/kernel/debug/irq/irqs
DOMAINS=/sys/kernel/debug/irq/domains

# message IRQ: high and low half of the address
message()
{
	sed -n 's/^ *address_\(hi\|lo\): *//p' "$IRQS/$1" | tr '\n' ' '
}

# Uses the console's receive queue, because it is quiet; the kernel reads the rng by itself.
observe_debugfs()
{
	local cpu irq virtio

	virtio=$(virtio_of virtio_console)
	irq=$(irq_of "$virtio-input")
	[ -e "$IRQS/$irq" ] || fail "debugfs has no irq $irq"
	grep -q "^domain: *VIS-$(platform_of "$virtio")" "$IRQS/$irq" ||
		fail "irq $irq is of another domain: $(grep '^domain:' "$IRQS/$irq")"
	grep -q '^ hwirq: *0x1$' "$IRQS/$irq" || fail "irq $irq is not vector 1"
	for cpu in 0 1 2 3; do
		move_irq "$irq" $cpu
		expect "message" "0x00000000 0xfee0${cpu}000 " "$(message "$irq")"
	done
}

expect_no_domain()
{
	expect "domains of $1 without a driver" "" "$(entries $DOMAINS | grep "VIS-$1")"
}

# A device loses its domain with its driver, and gets one again with the next.
observe_debugfs_domain()
{
	local platform virtio

	virtio=$(virtio_of virtio_rng)
	platform=$(platform_of "$virtio")
	expect "domains of $platform" 1 "$(entries $DOMAINS | grep -c "VIS-$platform")"
	without_driver "$virtio" expect_no_domain "$platform"
	check_vectors virtio_rng config input
	expect "domains of $platform after it" 1 "$(entries $DOMAINS | grep -c "VIS-$platform")"
}

tests="
observe.debugfs	observe_debugfs
observe.debugfs.domain	observe_debugfs_domain
"
vis_run
