#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The machine goes off while processes read the disk, which see no error; then it starts again.

. ./vis_lib.sh
. ./parity_lib.sh

# The first time, poweroff does not return.
poweroff_at_work()
{
	if [ "$(host boots)" = 1 ]; then
		work_to_the_end
		host revive
		poweroff -f
		fail "the machine is not off"
	fi
	check_second_boot
}

tests="
parity.poweroff	poweroff_at_work
"
vis_run
