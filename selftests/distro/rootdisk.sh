#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A system with the package, and an initramfs of initramfs-tools.

. ./lib.sh

PACKAGE="virtio-vis-dkms"

# modinfo_is MODULE FIELD VALUE
modinfo_is()
{
	expect "$2 of $1" "$3" "$(modinfo -F "$2" "$1")"
}

pkg_install()
{
	local module version

	expect "status of the package" installed \
		"$(dpkg-query -W -f '${db:Status-Status}' $PACKAGE)"
	version=$(dpkg-query -W -f '${Version}' $PACKAGE)
	dkms status "virtio-vis/$version" -k "$(uname -r)" | grep -q ': installed$' ||
		fail "DKMS says: $(dkms status)"
	for module in $MODULES; do
		modinfo_is "$module" version "$version"
		modinfo_is "$module" license GPL
		[ -n "$(modinfo -F description "$module")" ] || fail "$module has no description"
		[ -n "$(modinfo -F author "$module")" ] || fail "$module has no author"
		[ -n "$(modinfo -F signer "$module")" ] || fail "$module is not signed"
		expect "version of $module in the kernel" "$version" \
			"$(cat "/sys/module/$module/version")"
	done
	# The image is made without documentation.
	! dpkg --verify $PACKAGE | grep -v ' /usr/share/doc/' ||
		fail "files of the package are not as it has them"
}

pkg_rootdisk()
{
	system_is_up
	on_vectors
	others_on_lines
	devices_work
}

tests="
pkg.install			pkg_install
pkg.rootdisk.initramfs_tools	pkg_rootdisk host
"
vis_run
