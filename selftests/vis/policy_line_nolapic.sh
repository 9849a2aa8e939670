#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Without a local APIC there are no messages: each device says so once and runs on its line.

. ./vis_lib.sh

tests="
vis.policy.line.nolapic	policy_line
"
vis_run
