#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The kernel rightly complains about these messages.

. ./vis_lib.sh
. ./hostile_lib.sh

STORM_MESSAGES=1000000

no_handler()
{
	local platform

	platform_with no_handler
	dmesg | grep -q "No irq handler for" || fail "no message went to nobody"
	works_on_vis "$platform"
}

storm_is_over()
{
	[ "$(host count virtio_mmio_vis_hostile "fault storm sent $STORM_MESSAGES")" -gt 0 ]
}

# The core disables an interrupt after 100000 in a row that no handler claims, without a pause of
# 0.1 s between them.
is_not_claimed()
{
	dmesg | grep -q "Disabling IRQ #$1\$" ||
		[ "$(awk '$1 == "unhandled" { print $2 }' "/proc/irq/$1/spurious")" -gt 0 ]
}

# Without its storm, the device works like any other.
storm()
{
	local irq platform

	platform_with storm
	irq=$(irq_of "$(virtio_at "$platform")-req.0")
	await 90 storm_is_over || fail "the storm does not end"
	is_not_claimed "$irq" || fail "the handler claims interrupts that are not its own"
	note "irq $irq: $(irq_count "$irq") of $STORM_MESSAGES messages arrived," \
		"$(dmesg | grep "Disabling IRQ" || echo "still enabled")"
	unbind "$platform" || fail "cannot unbind $platform"
	bind "$platform" || fail "cannot bind $platform"
	works_on_vis "$platform"
	platform_with honest
	works_on_vis "$platform"
}

tests="
hostile.no_handler	no_handler
hostile.storm		storm
"
bind_all honest
vis_run
