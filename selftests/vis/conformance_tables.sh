#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The conformance run on devices that break statements on the three tables, chapters 3 to 5.

. ./conformance_lib.sh

tests="
conformance.slow_table	breaks slow_table D307
conformance.entries_shared	breaks entries_shared D301
conformance.entries_locked	breaks entries_locked D309
conformance.entries_short	breaks entries_short D310
conformance.entry_reserved	breaks entry_reserved D304
conformance.unaligned_sent	breaks unaligned_sent D314
conformance.table_garbage	breaks table_garbage D305
conformance.mask_words	breaks mask_words D106 D401
conformance.mask_flips	breaks mask_flips D404
conformance.mask_void_zero	breaks mask_void_zero D405
conformance.mask_void_stored	breaks mask_void_stored D405 D406
conformance.mask_garbage	breaks mask_garbage D404 D405
conformance.masked_sent	breaks masked_sent D407
conformance.mask_reads_early	breaks mask_reads_early D409
conformance.mask_early	breaks mask_early D410
conformance.pending_shifted	breaks pending_shifted D501
conformance.pending_blank	breaks pending_blank D505 D509
conformance.pending_stays	breaks pending_stays D505
conformance.pending_void	breaks pending_void D506
conformance.pending_writable	breaks pending_writable D1304
conformance.pending_garbage	breaks pending_garbage D505 D506
conformance.masked_forgotten	breaks masked_forgotten D503
"
vis_run
