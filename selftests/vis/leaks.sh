#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# No memory of the drivers is left once every device is gone.

. ./vis_lib.sh

KMEMLEAK=/sys/kernel/debug/kmemleak
# kmemleak ignores younger objects.
MIN_AGE_S=5

unbind_all()
{
	local driver platform

	for driver in virtio-mmio virtio-mmio-vis; do
		for platform in $(entries /sys/bus/platform/drivers/$driver); do
			[ ! -e "/sys/bus/platform/devices/$platform" ] ||
				echo "$platform" >/sys/bus/platform/drivers/$driver/unbind
		done
	done
}

# The second scan finds objects whose address was still on a stack during the first.
leaks()
{
	[ -e $KMEMLEAK ] || fail "no kmemleak"
	unbind_all
	sleep $((MIN_AGE_S + 1))
	echo scan >$KMEMLEAK || fail "cannot scan"
	echo scan >$KMEMLEAK || fail "cannot scan again"
	cat $KMEMLEAK >/tmp/leaks || fail "kmemleak tells nothing"
	[ ! -s /tmp/leaks ] || fail "$(cat /tmp/leaks)"
}

tests="
debug.leaks.$(kernel_parameter vis.scenario)	leaks
"
VIS_ONLY=
vis_run
