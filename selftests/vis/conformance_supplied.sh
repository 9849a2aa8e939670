#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The conformance run on devices that break statements on supplied tables, chapter 19.

. ./conformance_lib.sh

tests="
conformance.tables_claimed	breaks tables_claimed D111 D1901
conformance.tables_hidden	breaks tables_hidden D111 D205
conformance.supplied	kept supplied supplied
conformance.supplied_early	breaks supplied_early D205
conformance.supplied_late	breaks supplied_late D205
conformance.supplied_unread	breaks supplied_unread D1902
conformance.supplied_kept	breaks supplied_kept D1903
conformance.supplied_unused	breaks supplied_unused D1904
conformance.supplied_unmasked	breaks supplied_unmasked D1905
conformance.supplied_blank	breaks supplied_blank D1906
conformance.supplied_and_own	breaks supplied_and_own D1907
conformance.supplied_lost	breaks supplied_lost D1908
conformance.supplied_overrun	breaks supplied_overrun D1910
conformance.supplied_after	breaks supplied_after D1911
"
vis_run
