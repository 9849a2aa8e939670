#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A system with the package, and an initramfs of dracut.

. ./lib.sh

pkg_rootdisk()
{
	dmesg | grep -q "Starting dracut-" || fail "the initramfs is not dracut's"
	system_is_up
	on_vectors
	others_on_lines
	devices_work
}

tests="
pkg.rootdisk.dracut	pkg_rootdisk host
"
vis_run
