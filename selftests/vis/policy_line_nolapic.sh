#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Without a local APIC nothing receives messages: each device logs that once and uses its line.

. ./vis_lib.sh

tests="
vis.policy.line.nolapic	policy_line
"
vis_run
