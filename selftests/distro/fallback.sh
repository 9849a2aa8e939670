#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The system with the package, in a virtual machine monitor without VIS.

. ./lib.sh

pkg_fallback()
{
	system_is_up
	expect "our modules" 2 "$(installed_modules | wc -l)"
	[ -d /sys/module/virtio_mmio_vis ] || fail "our driver was not asked"
	all_on_lines
	devices_work
	! dmesg | grep ': VIS' || fail "our driver has something to say"
}

tests="
pkg.fallback	pkg_fallback host
"
vis_run
