#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The conformance run on devices that break statements on resets, chapter 10.

. ./conformance_lib.sh

# leaves_memory FAULT: the device keeps the memory that it was given, so the run does not free it
leaves_memory()
{
	breaks "$1"
	grep -q "^# .*: the device may go on using memory" "/tmp/report.$1" ||
		fail "the report says nothing of the memory"
	expect "exit status" 2 "$(status_of "$1")"
	grep -q "^# INCOMPLETE: " "/tmp/report.$1" ||
		fail "the report does not say that it is incomplete"
}

# unobserved FAULT: not even the first reset is complete
unobserved()
{
	leaves_memory "$1"
	grep -q "^# INCOMPLETE: no statement was observed" "/tmp/report.$1" ||
		fail "the report does not say that nothing was observed"
}

tests="
conformance.enable_kept	breaks enable_kept D1001
conformance.pending_kept	breaks pending_kept D1003
conformance.mapping_kept	breaks mapping_kept D1004
conformance.before_enable	breaks before_enable D1006
conformance.reset_sends	breaks reset_sends D1006
conformance.queue_kept	breaks queue_kept D1007
conformance.queue_clears	breaks queue_clears D1008
conformance.queue_masks	breaks queue_masks D1008
conformance.reset_no_queue	breaks reset_no_queue D1011
conformance.reset_put_off	breaks reset_put_off D1012
conformance.reset_never	leaves_memory reset_never
conformance.no_reset		unobserved no_reset
conformance.request_kept	leaves_memory request_kept
"
vis_run
