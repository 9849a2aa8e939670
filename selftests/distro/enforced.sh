#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The system with the package, where the kernel rejects modules whose key it does not know.

. ./lib.sh

REFUSED="Key was rejected by service"
# The kernel's messages on a module with an unknown signature, and on one without any
UNKNOWN_KEY="Loading of module with unavailable key is rejected"
UNSIGNED="Loading of unsigned module is rejected"
SIGNATURE="~Module signature appended~"

pkg_enforced()
{
	local module

	system_is_up
	expect "our modules" 2 "$(installed_modules | wc -l)"
	for module in $MODULES; do
		[ ! -d "/sys/module/$module" ] || fail "$module is loaded"
	done
	modprobe irq_virtio_vis 2>&1 | grep "could not insert 'irq_virtio_vis': $REFUSED" ||
		fail "modprobe does not print the error that the guide explains"
	dmesg | grep "$UNKNOWN_KEY" || fail "our modules are not signed"
	unsigned_is_refused irq_virtio_vis
	all_on_lines
	devices_work
}

# unsigned_is_refused MODULE: without the mark of a signature, like a module of "make install"
unsigned_is_refused()
{
	xz -dc "$(modinfo -F filename "$1")" >signed.ko
	expect "the end of $1" "$SIGNATURE" "$(tail -c 28 signed.ko)"
	head -c -28 signed.ko >unsigned.ko
	insmod unsigned.ko 2>&1 | grep "$REFUSED" || fail "insmod takes $1 without a signature"
	dmesg | grep "$UNSIGNED" || fail "the kernel does not log the error that the guide explains"
}

# pkg.install shows that a kernel that does not enforce signatures takes the signed modules.
pkg_enrolled()
{
	skip_never "Debian's kernels take DKMS's key from UEFI, which microvm does not have"
}

tests="
pkg.enforced	pkg_enforced host
pkg.enrolled	pkg_enrolled
"
vis_run
