#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The conformance run on devices that break a statement each, and on one that breaks none.

. ./vis_lib.sh
. ./hostile_lib.sh

# broken FAULT: what the run finds broken in the device with this fault, SHOULD or not
broken()
{
	local device

	device=$(platform_at "$(slot_of "$1")")
	[ -n "$device" ] || fail "no device with the fault $1"
	sh ./conform.sh --break-ring "$device" >"/tmp/report.$1"
	grep -vE '^ok|^TAP|^1\.\.' "/tmp/report.$1" | sed 's/^/# /' >&2
	grep -q "^1\.\.[1-9]" "/tmp/report.$1" || fail "no report on $device"
	sed -nE '/# TODO/!s/^not ok .*\.(D[0-9]+).*/\1/p' "/tmp/report.$1" | tr '\n' ' '
}

# breaks FAULT STATEMENT...
breaks()
{
	local fault=$1

	shift
	expect "statements that are broken" "$*" "$(broken "$fault" | sed 's/ $//')"
}

honest() { breaks honest; }
flags() { breaks flags D108; }
draft_unknown() { breaks draft_unknown D107; }
n_zero() { breaks n_zero D104; }
table_misaligned() { breaks table_misaligned D303; }
mask_misaligned() { breaks mask_misaligned D402; }
pending_misaligned() { breaks pending_misaligned D502; }
changing() { breaks changing D109; }
no_version_1() { breaks no_version_1 D102; }
enable_dropped() { breaks enable_dropped D809; }
queue_vector_dropped() { breaks queue_vector_dropped D701; }
mask_garbage() { breaks mask_garbage D404 D405 D406; }
table_garbage() { breaks table_garbage D305; }
pending_garbage() { breaks pending_garbage D505 D506; }
before_enable() { breaks before_enable D1006; }
after_mask() { breaks after_mask D610; }

tests="
conformance.honest	honest
conformance.flags	flags
conformance.draft_unknown	draft_unknown
conformance.n_zero	n_zero
conformance.table_misaligned	table_misaligned
conformance.mask_misaligned	mask_misaligned
conformance.pending_misaligned	pending_misaligned
conformance.changing	changing
conformance.no_version_1	no_version_1
conformance.enable_dropped	enable_dropped
conformance.queue_vector_dropped	queue_vector_dropped
conformance.mask_garbage	mask_garbage
conformance.table_garbage	table_garbage
conformance.pending_garbage	pending_garbage
conformance.before_enable	before_enable
conformance.after_mask	after_mask
"
vis_run
