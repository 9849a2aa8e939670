#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The steps that scripts/demo --distro shows in the system.

. ./lib.sh
# shellcheck source=../vis/demo_lib.sh
. ./demo_lib.sh

show_system()
{
	step "$(. /etc/os-release && echo "$PRETTY_NAME"), Linux $(uname -r), systemd: $(cat state)"
	indented dpkg-query -W virtio-vis-dkms
	indented dkms status
	show_pci
}

show_root()
{
	local virtio

	virtio=$(root_virtio)
	step "the root disk, with its driver from the initramfs"
	indented findmnt --noheadings --output TARGET,SOURCE,FSTYPE,SIZE /
	echo "   $virtio is $(platform_of "$virtio") of $(platform_driver "$virtio")"
}

use_devices()
{
	step "disk, network, entropy, console and balloon at work"
	devices_work
	trapped
}

demo()
{
	system_is_up
	on_vectors
	show_system
	show_root
	use_devices
	show_interrupts
	show_move "$(with_vis virtio_net)-input.0" 3
	net_ping
	show_move "$(with_vis virtio_rng)-input" 2
	rng_read
	show_interrupts
	echo
}

tests="
pkg.demo	demo host
"
vis_run
