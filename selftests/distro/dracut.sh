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

# The initramfs that dracut makes for this machine alone has our modules, and the files that order
# them.
pkg_hostonly()
{
	local name

	dracut --quiet --force --hostonly hostonly.img "$(uname -r)" >dracut.out 2>&1 ||
		fail "dracut: $(cat dracut.out)"
	lsinitrd hostonly.img >hostonly.list || fail "lsinitrd cannot read it"
	for name in irq-virtio-vis.ko virtio_mmio_vis.ko modprobe.d/virtio-vis.conf; do
		grep -q "/$name" hostonly.list || fail "it lacks $name"
	done
}

tests="
pkg.rootdisk.dracut	pkg_rootdisk host
pkg.hostonly		pkg_hostonly
"
vis_run
