#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Devices with 1 vector, too few for any policy: each logs that once and uses its line.

. ./vis_lib.sh

tests="
vis.policy.line.vectors1	policy_line
"
vis_run
