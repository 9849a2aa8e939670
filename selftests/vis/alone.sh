#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs the selftests as a kernel tree does: without a host that answers.

. ./vis_lib.sh

# Tests that need the host are skipped, and all others run and pass.
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
