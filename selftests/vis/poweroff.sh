#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The machine goes off while processes read the disk, which see no error; then it starts again.

. ./vis_lib.sh
. ./parity_lib.sh

MMIO_STATUS=0x70

# The machine's reset comes before any of the driver's.
none_reset_at_work()
{
	local first

	first=$(host first "virtio_mmio_(vis_reset|write_offset)" \
		"(mmio |offset $MMIO_STATUS value 0x0\b)")
	[ "${first#*virtio_mmio_vis_reset}" != "$first" ] ||
		fail "the driver reset a device before the machine was off: $first"
}

# The first time, poweroff does not return.
poweroff_at_work()
{
	if [ "$(host boots)" = 1 ]; then
		work_to_the_end
		host mark
		host revive
		poweroff -f
		fail "the machine is not off"
	fi
	none_reset_at_work
	check_second_boot
}

tests="
parity.poweroff	poweroff_at_work
"
vis_run
