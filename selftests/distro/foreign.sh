#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A foreign test suite on VIS.

. ./foreign_lib.sh

check_transport()
{
	on_vectors
	vectors_of "$SCRATCH" config req.0 req.1
	vectors_of "$NET" config input.0 output.0
}

tests="
foreign.stress_ng_cpu_online	stress_ng_cpu_online host
foreign.stress_ng_io_uring	stress_ng_io_uring host
foreign.stress_ng_sock		stress_ng_sock host
foreign.util_linux			util_linux host
"
vis_run
