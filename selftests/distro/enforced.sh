#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The system with the package, where the kernel takes no module whose key it does not know.

. ./lib.sh

REFUSED="Key was rejected by service"
# The kernel says so of a module that is signed, and of no other.
UNKNOWN_KEY="Loading of module with unavailable key is rejected"

pkg_enforced()
{
	local module

	system_is_up
	expect "our modules" 2 "$(installed_modules | wc -l)"
	for module in $MODULES; do
		[ ! -d "/sys/module/$module" ] || fail "$module is loaded"
	done
	modprobe irq_virtio_vis 2>&1 | grep "could not insert 'irq_virtio_vis': $REFUSED" ||
		fail "modprobe does not say what the guide explains"
	dmesg | grep "$UNKNOWN_KEY" || fail "our modules are not signed"
	all_on_lines
	devices_work
}

tests="
pkg.enforced	pkg_enforced host
"
vis_run
