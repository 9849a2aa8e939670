#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A system without the package, which was made with the targets of the Makefile instead.

. ./lib.sh

SOURCES=/srv/virtio-vis
CONFORMANCE=/srv/virtio-vis-conformance

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

# conform_report FILE: whether it is complete, and has a result for at least one statement
conform_report()
{
	grep -qx "1\.\.$(grep -cE '^(not )?ok' "$1")" "$1" && grep '^ok' "$1" | grep -qv '# SKIP'
}

# The tarball for other VMMs builds its modules here, and gives the device back.
pkg_conformance()
{
	local device platform

	device=$(with_vis virtio_rng)
	platform=$(platform_of "$device")
	tar -C /srv -xzf $CONFORMANCE.tar.gz
	$CONFORMANCE/conform.sh "$platform" >conform.out 2>&1 ||
		fail "conform.sh: $(grep -v '^ok' conform.out | tail -n 20)"
	conform_report conform.out || fail "a report without statements: $(tail -n 20 conform.out)"
	note "$(grep '^ok' conform.out | grep -cv '# SKIP') of $(grep -c '^ok' conform.out)" \
		"statements were observed"
	await 10 [ -e "/sys/bus/platform/devices/$platform/driver" ] ||
		fail "$platform has no driver"
	dd if=/dev/hwrng of=/dev/null bs=64 count=1 status=none || fail "no entropy"
}

tests="
pkg.make_dkms_install	pkg_make_dkms_install
pkg.conformance		pkg_conformance
pkg.make_install	pkg_make_install host
"
vis_run
