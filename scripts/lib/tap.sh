# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The output of a suite: one result per test, and the plan once all have run

TAP_COUNT=0
TAP_FAILED=0

# tap_wanted NAME: VIS_ONLY restricts a suite to one test.
tap_wanted()
{
	[ -z "${VIS_ONLY-}" ] || [ "$VIS_ONLY" = "$1" ]
}

# tap_result ok|"not ok" NAME
tap_result()
{
	TAP_COUNT=$((TAP_COUNT + 1))
	[ "$1" = ok ] || TAP_FAILED=$((TAP_FAILED + 1))
	printf '%s %d %s\n' "$1" "$TAP_COUNT" "$2"
}

# tap_not_ok NAME REASON
tap_not_ok()
{
	tap_result 'not ok' "$1"
	[ -z "${2-}" ] || printf '%s\n' "$2" | sed 's/^/# /'
}

# tap_skip NAME KIND: WHY, where KIND is kvm or never
tap_skip()
{
	tap_result ok "$1 # SKIP $2"
}

# fails COMMAND...: inverts the status; bash would not stop at a command after "!"
fails()
{
	try "$@"
	[ "$STATUS" != 0 ]
}

# tap_run NAME COMMAND...: passes if COMMAND does. The end of its output, with the place of all of
# it, explains a failure.
tap_run()
{
	local log=$BUILD/log/tests/$1

	tap_wanted "$1" || return 0
	mkdir -p "${log%/*}"
	try "${@:2}" >"$log" 2>&1
	if [ "$STATUS" = 0 ]; then
		tap_result ok "$1"
	else
		tap_not_ok "$1" "$(tail -n 39 "$log" && say "error: $1 failed, see $log" 2>&1)"
	fi
}

# tap_program COMMAND...: runs a program that prints TAP itself
tap_program()
{
	"$@" || TAP_FAILED=$((TAP_FAILED + 1))
}

# fill PAGE NAME TABLE: puts the table between the marks that have this name
fill()
{
	[ "$(grep -c "^<!-- $2: \(begin\|end\)" "$1")" = 2 ] ||
		die "${1#"$ROOT"/} has no place for the table"
	sed -i -e "/^<!-- $2: begin/,/^<!-- $2: end/{//!d}" -e "/^<!-- $2: begin/r $3" "$1"
}

tap_end()
{
	echo "1..$TAP_COUNT"
	exit $((TAP_FAILED > 0))
}
