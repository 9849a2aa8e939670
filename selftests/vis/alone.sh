#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The selftests as a kernel's tree runs them: without a host that answers.

. ./vis_lib.sh

# What needs the host is skipped, everything else runs and passes.
alone()
{
	local scripts script wanted

	scripts=$(sed -n 's/^TEST_PROGS := //p' Makefile)
	for script in $scripts; do
		VIS_HOST='' VIS_ONLY='' sh "./$script" >/tmp/alone 3>&-
		sed "s/^/# $script: /" /tmp/alone
		grep -vE '# SKIP VIS_HOST names no ' /tmp/alone >>/tmp/results
	done
	grep -q '^not ok' /tmp/results && fail "a test that needs no host has failed"
	# shellcheck disable=SC2086 # names of files
	wanted=$(cat $scripts | awk '/^tests="/, /^"/ { n += NF == 2 } END { print n }')
	expect "tests that need no host and passed" "$wanted" \
		"$(grep '^ok' /tmp/results | grep -vc '# SKIP')"
}

tests="
vis.alone	alone
"
vis_run
