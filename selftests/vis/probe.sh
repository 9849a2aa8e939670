#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Every device has as many interrupts as with virtio-pci, with the same names.

. ./vis_lib.sh

tests="
vis.probe.vectors	all_have_vectors
"
vis_run
