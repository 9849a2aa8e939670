#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A system without the package, which was made with the targets of the Makefile instead.

. ./lib.sh

SOURCES=/srv/virtio-vis

# same_files BEFORE AFTER: nothing was left behind, and nothing taken
same_files()
{
	diff "$1" "$2" >diff.out || fail "files that are not as before: $(cat diff.out)"
}

# The image was made by it, after "make uninstall".
pkg_make_dkms_install()
{
	grep -q "^virtio-vis/.*, $(uname -r), .*: installed" /srv/dkms.status ||
		fail "DKMS said: $(cat /srv/dkms.status)"
	same_files /srv/before /srv/after
}

pkg_make_install()
{
	expect "modules of DKMS" "" "$(dkms status)"
	expect "our modules" 2 "$(installed_modules | wc -l)"
	system_is_up
	on_vectors
	others_on_lines
	devices_work
	make -C $SOURCES uninstall >make.out 2>&1 || fail "make uninstall: $(cat make.out)"
	find /usr ! -type d -printf '%p %s\n' | LC_ALL=C sort >now
	same_files /srv/before now
}

tests="
pkg.make_dkms_install	pkg_make_dkms_install
pkg.make_install	pkg_make_install host
"
vis_run
