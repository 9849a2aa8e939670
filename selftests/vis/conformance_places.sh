#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The conformance run on devices that break statements on where the tables lie, in chapters 1 and 3
# to 5.

. ./conformance_lib.sh

tests="
conformance.no_mask	breaks no_mask D101
conformance.table_misaligned	breaks table_misaligned D303
conformance.mask_misaligned	breaks mask_misaligned D402
conformance.pending_misaligned	breaks pending_misaligned D502
conformance.table_on_registers	breaks table_on_registers D311
conformance.mask_shares_block	breaks mask_shares_block D311 D403
conformance.pending_on_table	breaks pending_on_table D311 D510
conformance.pending_by_mask	breaks pending_by_mask D403 D510
conformance.pending_by_registers	breaks pending_by_registers D510
"
vis_run
