#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What scripts/demo --distro shows in the system.

. ./lib.sh

step()
{
	echo
	echo "== $*"
	host mark >/dev/null
}

trapped()
{
	echo "   trapped: $(host trapped)"
}

indented()
{
	"$@" | sed 's/^/   /'
}

show_system()
{
	step "$(. /etc/os-release && echo "$PRETTY_NAME"), Linux $(uname -r), systemd: $(cat state)"
	indented dpkg-query -W virtio-vis-dkms
	indented dkms status
	[ -e /sys/bus/pci/devices ] && echo "   PCI devices: $(entries /sys/bus/pci/devices | wc -l)"
}

show_root()
{
	local virtio

	virtio=$(root_virtio)
	step "the root disk, with its driver from the initramfs"
	indented findmnt --noheadings --output TARGET,SOURCE,FSTYPE,SIZE /
	echo "   $virtio is $(platform_of "$virtio") of $(platform_driver "$virtio")"
}

show_interrupts()
{
	step "/proc/interrupts"
	echo "   $(sed -n '1s/^   //p' /proc/interrupts)"
	indented grep VIS- /proc/interrupts
}

use_devices()
{
	step "disk, network, entropy, console and balloon at work"
	devices_work
	trapped
}

# move ACTION CPU COMMAND...
move()
{
	local action=$1 cpu=$2 irq

	irq=$(irq_of "$action")
	shift 2
	step "$action (irq $irq) from CPU $(effective_cpu "$irq") to CPU $cpu"
	set_affinity "$irq" "$cpu" || fail "$action refused CPU $cpu"
	trapped
	await 5 effective_is "$irq" "$cpu" || fail "$action is on CPU $(effective_cpu "$irq")"
	"$@" >/dev/null
}

demo()
{
	system_is_up
	on_vectors
	show_system
	show_root
	use_devices
	show_interrupts
	move "$(with_vis virtio_net)-input.0" 3 ping -q -c 1 "$HOST_ADDRESS"
	move "$(with_vis virtio_rng)-input" 2 dd if=/dev/hwrng of=/dev/null bs=64 count=1 status=none
	show_interrupts
	echo
}

tests="
pkg.demo	demo host
"
vis_run
