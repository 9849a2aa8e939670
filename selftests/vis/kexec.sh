#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Starts a second kernel while the devices are busy; kexec_second.sh judges the result.

. ./vis_lib.sh
. ./parity_lib.sh

# disk_with SERIAL
disk_with()
{
	local disk

	for disk in /sys/block/vd*; do
		[ "$(cat "$disk/serial")" != "$1" ] || echo "/dev/${disk##*/}"
	done
}

# The second kernel starts without a driver for the devices.
load_kernel()
{
	cat "$(disk_with kernel)" >/tmp/kernel
	cat "$(disk_with initrd)" >/tmp/initrd
	kexec --kexec-file-syscall --load /tmp/kernel --initrd=/tmp/initrd --command-line="$(sed \
		's/vis\.scripts=[^ ]*/vis.scripts=kexec_second.sh/; s/,virtio_mmio_vis//' \
		/proc/cmdline)" || fail "the second kernel cannot be loaded"
}

# kexec -e does not return.
kexec_first()
{
	load_kernel
	work_to_the_end
	host mark
	kexec -e
	fail "the second kernel was not started"
}

tests="
parity.kexec	kexec_first
"
vis_run
