#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A system from which the package was removed, in a virtual machine monitor with VIS.

. ./lib.sh

pkg_remove()
{
	system_is_up
	expect "our modules" "" "$(installed_modules)"
	expect "modules of DKMS" "" "$(dkms status)"
	[ ! -d /sys/module/virtio_mmio_vis ] || fail "our driver is loaded"
	! grep -r virtio_mmio_vis /usr/lib/modprobe.d /etc/modprobe.d || fail "modprobe knows it"
	[ -z "$(entries /usr/src virtio-vis)" ] || fail "sources are left"
	all_on_lines
	devices_work
}

tests="
pkg.remove	pkg_remove host
"
vis_run
