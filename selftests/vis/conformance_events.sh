#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The conformance run on devices that break statements on ENABLE and events, in chapters 8, 9 and
# 13 to 15.

. ./conformance_lib.sh

tests="
conformance.late_enable	breaks late_enable D801
conformance.enable_cleared	breaks enable_cleared D802
conformance.enable_hidden	breaks enable_hidden D803
conformance.later_lost	breaks later_lost D901
conformance.config_silent	breaks config_silent D902 D909
conformance.silent	breaks silent D903
conformance.unmapped_sent	breaks unmapped_sent D904
conformance.spurious	breaks spurious D905
conformance.twice	breaks twice D910
conformance.early_message	breaks early_message D1201
conformance.narrow_registers	breaks narrow_registers D1301
conformance.narrow_mask	breaks narrow_mask D1302
conformance.narrow_kills	breaks narrow_kills D1305
conformance.status_zero	breaks status_zero D1401
conformance.line_raised	breaks line_raised D1402
conformance.status_shown	breaks status_shown D1403
conformance.ack_clears	breaks ack_clears D1404
conformance.bad_entry_kills	breaks bad_entry_kills D1503
"
vis_run
