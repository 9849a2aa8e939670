#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The conformance run on devices that break statements on latches and mappings, chapters 6 and 7.

. ./conformance_lib.sh

tests="
conformance.unmask_silent	breaks unmask_silent D606
conformance.old_and_new	breaks old_and_new D601 D609
conformance.old_at_commit	breaks old_at_commit D605
conformance.entry_sent	breaks entry_sent D604
conformance.latch_once	breaks latch_once D602
conformance.latch_late	breaks latch_late D1203
conformance.commit_sends	breaks commit_sends D611
conformance.all_unmasked	breaks all_unmasked D106 D612
conformance.after_mask	breaks after_mask D610
conformance.shared_dropped	breaks shared_dropped D702
conformance.vectors_clamped	breaks vectors_clamped D703
conformance.vector_high	breaks vector_high D704
conformance.vector_refused	breaks vector_refused D705
conformance.map_clears	breaks map_clears D707
conformance.map_moves	breaks map_moves D708
conformance.map_locked	breaks map_locked D709
conformance.map_no_queue	breaks map_no_queue D710
conformance.read_no_queue	breaks read_no_queue D711
conformance.queue_sel_half	breaks queue_sel_half D712
conformance.ready_unmaps	breaks ready_unmaps D713
conformance.queue_vector_dropped	breaks queue_vector_dropped D701
"
vis_run
