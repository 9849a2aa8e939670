#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# usage: conform.sh [--break-ring] [DEVICE...]
#        conform.sh --build KERNEL
#
# Checks devices that offer Virtio Interrupt Storage against the statements of virtio-vis.rst that
# a guest can observe, and prints TAP: DEVICE.STATEMENT is ok, not ok, or skipped as not
# observable. DEVICE is a name in /sys/bus/platform/devices. It has no driver during the check, and
# gets it back afterwards. Without DEVICE, this checks the virtio-mmio devices that have no driver.
# It can check disks, from which it reads, and entropy devices.
#
#   --break-ring  break the queue at the end, to see the device ask for a reset: this kills a VMM
#                 that cannot handle it
#   --build       only build the modules, against the headers in the directory KERNEL
#
# Exit status:
#   0  no device breaks a MUST, and each was checked to the end
#   1  a device breaks a MUST
#   2  no device was seen to break a MUST, but the check is incomplete: no device was checked, or a
#      DEVICE was not; or a run ended early, or observed nothing. The last lines of the report say
#      which.
#
# Run it as root, in a guest that has make, a compiler and the headers of its kernel. It needs none
# of them if the module vis_conform is already installed.

PLATFORM=/sys/bus/platform
REPORT=/proc/vis_conform
DIRECTORY=$(cd "$(dirname "$0")" && pwd)
# Exit statuses
BROKEN=1
INCOMPLETE=2

die()
{
	echo "Bail out! $*"
	exit $INCOMPLETE
}

# build KERNEL
build()
{
	[ -d "$1" ] || die "$1: the headers of the kernel are not installed"
	make -s -C "$1" M="$DIRECTORY" modules >&2 ||
		die "the modules cannot be built"
	make -s -C "$1" M="$DIRECTORY/selftests/test_modules" \
		KBUILD_EXTRA_SYMBOLS="$DIRECTORY/Module.symvers" modules >&2 ||
		die "the modules cannot be built"
}

load()
{
	[ ! -e "$REPORT" ] || return
	modprobe -q vis_conform && return
	build "/lib/modules/$(uname -r)/build"
	[ -d /sys/module/irq_virtio_vis ] || insmod "$DIRECTORY/irq-virtio-vis.ko" ||
		die "irq-virtio-vis.ko cannot be inserted"
	insmod "$DIRECTORY/selftests/test_modules/vis_conform.ko" ||
		die "vis_conform.ko cannot be inserted"
}

# free_devices: the virtio-mmio devices without a driver
free_devices()
{
	local device

	for device in "$PLATFORM"/devices/*; do
		[ -e "$device/driver" ] ||
			! grep -qsE 'LNRO0005|virtio,mmio|platform:virtio-mmio' \
				"$device/modalias" ||
			echo "${device##*/}"
	done
}

# run_on DEVICE: leaves its report in /tmp/conform.report, or the reason why there is none
run_on()
{
	local driver=

	# If the link is missing, some readlinks print its path.
	[ ! -e "$PLATFORM/devices/$1/driver" ] ||
		driver=$(readlink -f "$PLATFORM/devices/$1/driver")
	[ -z "$driver" ] || echo "$1" >"$driver/unbind"
	if echo "$1" 2>/tmp/conform.error >"$REPORT"; then
		cat "$REPORT"
	else
		echo "# $1: $(sed 's/.*: //' /tmp/conform.error)"
	fi >/tmp/conform.report
	[ -z "$driver" ] || echo "$1" >"$driver/bind"
}

# what_lacks DEVICE: why the report is incomplete, if it is. A device that the user has not named
# may well have no VIS.
what_lacks()
{
	if ! grep -qE '^(not )?ok ' /tmp/conform.report; then
		[ $named = N ] || echo "# INCOMPLETE: $1 was not checked"
	elif ! grep -E '^(not )?ok ' /tmp/conform.report | grep -qv '# SKIP'; then
		echo "# INCOMPLETE: no statement was observed of $1"
	elif grep -q '^# the run ended early' /tmp/conform.report; then
		echo "# INCOMPLETE: the run on $1 ended early"
	fi
}

# all_reports DEVICE...: the reports as one, with the plan at the end
all_reports()
{
	local device

	echo "TAP version 13"
	[ $# -gt 0 ] ||
		echo "# no virtio-mmio device without a driver: name one of $PLATFORM/devices"
	: >/tmp/conform.lacks
	for device; do
		run_on "$device"
		what_lacks "$device" >>/tmp/conform.lacks
		sed -nE "s/^((not )?ok) [0-9]+ /\1 $device./p;/^#/p" /tmp/conform.report
	done | awk '/^#/ || sub(/ok /, "ok " ++n " ")
		END { print "1.." n + 0 }'
	cat /tmp/conform.lacks
}

# verdict: the exit status
verdict()
{
	! grep '^not ok' /tmp/conform.tap | grep -qv '# TODO' || return $BROKEN
	grep -qE '^(not )?ok ' /tmp/conform.tap || {
		echo "# INCOMPLETE: no device was checked"
		return $INCOMPLETE
	}
	[ ! -s /tmp/conform.lacks ] || return $INCOMPLETE
}

case ${1-} in
-h | --help)
	sed -n '3,/^$/ s/^# \{0,1\}//p' "$0"
	exit
	;;
--build)
	build "$2"
	exit
	;;
esac
break_ring=N
if [ "${1-}" = --break-ring ]; then
	break_ring=Y
	shift
fi
load
echo $break_ring >/sys/module/vis_conform/parameters/break_ring
named=Y
if [ $# = 0 ]; then
	named=N
	# shellcheck disable=SC2046 # names without spaces
	set -- $(free_devices)
fi
all_reports "$@" >/tmp/conform.tap
cat /tmp/conform.tap
verdict
