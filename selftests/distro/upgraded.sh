#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A system with the package, on the newest of the kernels that were installed after it.

. ./lib.sh

pkg_kernel_upgrade()
{
	local kernels

	kernels=$(entries /lib/modules | wc -l)
	[ "$kernels" -gt 1 ] || fail "there is one kernel only"
	expect "the kernel that runs" "$(entries /lib/modules | sort -V | tail -n 1)" "$(uname -r)"
	expect "kernels that DKMS has built for" "$kernels" "$(dkms status | grep -c ': installed')"
	system_is_up
	on_vectors
	others_on_lines
	devices_work
}

tests="
pkg.kernel_upgrade	pkg_kernel_upgrade host
"
vis_run
