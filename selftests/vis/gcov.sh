#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Hands the counters of an instrumented kernel to gcov on the host.

. ./vis_lib.sh

gcov()
{
	local file

	find /sys/kernel/debug/gcov -name '*.gcda' >/tmp/gcda
	[ -s /tmp/gcda ] || fail "no object counts anything"
	while read -r file; do
		host keep "${file##*/}" "$(base64 "$file" | tr -d '\n')" || fail "cannot keep $file"
	done </tmp/gcda
}

tests="
gcov.$(kernel_parameter vis.scenario)	gcov
"
VIS_ONLY=
vis_run
