#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Commits the fault vis.planted=: the kernel's checkers, or the host that reads its log, see it.

. ./vis_lib.sh

FAULT=$(kernel_parameter vis.planted)

# A race takes a second party.
planted()
{
	modprobe vis_planted
	echo "$FAULT" >/sys/kernel/debug/vis_planted &
	echo "$FAULT" >/sys/kernel/debug/vis_planted
	wait
}

tests="
planted.$FAULT	planted
"
vis_run
