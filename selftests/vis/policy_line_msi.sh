#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A device whose VendorID offers MSI, which its MSI_CSR denies, runs on its line and says why.

. ./vis_lib.sh

tests="
vis.hostile.csr		policy_line
"
vis_run
