# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# The conformance run on broken devices. A line of the table of tests is "NAME breaks FAULT
# STATEMENT...": on the device with this fault, the run finds exactly these statements broken,
# including those that say SHOULD.

. ./vis_lib.sh
. ./hostile_lib.sh

# The firmware of this board describes no tables.
ALWAYS_BROKEN=D110

# broken FAULT: the statements that the run finds broken, in order
broken()
{
	local device

	device=$(platform_at "$(slot_of "$1")")
	[ -n "$device" ] || fail "no device with the fault $1"
	sh ./conform.sh --break-ring "$device" >"/tmp/report.$1" || echo $? >"/tmp/status.$1"
	grep -vE '^ok|^TAP|^1\.\.' "/tmp/report.$1" | sed 's/^/# /' >&2
	grep -q "^1\.\.[1-9]" "/tmp/report.$1" || fail "no report on $device"
	sed -nE 's/^not ok .*\.(D[0-9]+).*/\1/p' "/tmp/report.$1" | grep -vx "$ALWAYS_BROKEN" |
		tr '\n' ' '
}

# breaks FAULT STATEMENT...
breaks()
{
	local fault=$1

	shift
	expect "broken statements" "$*" "$(broken "$fault" | sed 's/ $//')"
}

# status_of FAULT: the exit status of the run on this device
status_of()
{
	cat "/tmp/status.$1" 2>/dev/null || echo 0
}

# kept KIND FAULT: the device breaks nothing, and the run observes all that it can of such a device
kept()
{
	breaks "$2"
	expect "exit status" 0 "$(status_of "$2")"
	! grep -E 'the run ended early|no check of this run reached it' "/tmp/report.$2" ||
		fail "the run did not make all of its checks"
	expect "statements that the run observes" \
		"$(awk -v kind="$1" '$1 == kind { print $2 }' conformance_observed)" \
		"$(grep -E '^(not )?ok ' "/tmp/report.$2" | grep -cv '# SKIP')"
}
