#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The machine reboots while the devices are busy, and then they work again.

. ./vis_lib.sh
. ./parity_lib.sh

# The first time, reboot does not return.
reboot_at_work()
{
	check_vectors virtio_blk config req.0 req.1 req.2 req.3
	if [ "$(host boots)" = 1 ]; then
		work_to_the_end
		reboot -f
		fail "the machine did not start again"
	fi
	check_second_boot
}

tests="
parity.reboot	reboot_at_work
"
vis_run
