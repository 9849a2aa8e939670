#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The conformance run on devices that break statements on discovery and registers, in chapters 1, 2
# and 8.

. ./conformance_lib.sh

tests="
conformance.honest	kept own honest
conformance.flags	breaks flags D108
conformance.draft_unknown	breaks draft_unknown D107
conformance.n_zero	breaks n_zero D104
conformance.changing	breaks changing D109
conformance.no_version_1	breaks no_version_1 D102
conformance.features_ok	breaks features_ok D103
conformance.one_vector	breaks one_vector D105
conformance.many_vectors	breaks many_vectors D106
conformance.unreadable	breaks unreadable D201
conformance.early_mapping	breaks early_mapping D202
conformance.early_enable	breaks early_enable D202 D801
conformance.control_bits_read	breaks control_bits_read D203
conformance.control_bits	breaks control_bits D204
conformance.num_writable	breaks num_writable D205
conformance.reserved_writable	breaks reserved_writable D205
conformance.reserved_reads	breaks reserved_reads D206
conformance.enable_dropped	breaks enable_dropped D809
"
vis_run
