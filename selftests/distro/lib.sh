# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# The checks of a whole system that several scenarios share.

# shellcheck source=../vis/vis_lib.sh
. ./vis_lib.sh
# shellcheck source=../vis/parity_lib.sh
. ./parity_lib.sh

MODULES="irq_virtio_vis virtio_mmio_vis"
STOCK_DRIVER="virtio-mmio"

# disk SERIAL: the name of that disk
disk()
{
	basename "$(readlink -f "/dev/disk/by-id/virtio-$1")"
}

root_virtio()
{
	virtio_of_disk "$(basename "$(findmnt --noheadings --output SOURCE /)")"
}

# platform_driver VIRTIO
platform_driver()
{
	basename "$(driver_of "$(platform_of "$1")")"
}

# with_vis DRIVER: the virtio devices of a driver that ours has
with_vis()
{
	local virtio

	for virtio in $(entries "/sys/bus/virtio/drivers/$1" virtio); do
		[ "$(platform_driver "$virtio")" = $STOCK_DRIVER ] || echo "$virtio"
	done
}

system_is_up()
{
	[ "$(cat state)" = running ] || fail "the system is $(cat state):" \
		"$(systemctl --failed --plain --no-legend)"
}

# balloon_works: the guest gives memory to the host, and gets it back
balloon_works()
{
	local memory

	memory=$(host memory)
	host balloon $((memory - 64))
	await 20 balloon_left $((memory - 64)) || fail "the balloon left $(host memory) MiB"
	host balloon "$memory"
	await 20 balloon_left "$memory" || fail "the balloon left $(host memory) of $memory MiB"
}

balloon_left()
{
	[ "$(host memory)" = "$1" ]
}

# devices_work: disk, network, entropy, console, balloon
devices_work()
{
	dd if="/dev/$(disk scratch)" of=/dev/null bs=1M iflag=direct status=none ||
		fail "cannot read the disk"
	ping -q -c 1 -W $((5 * SLOW)) "$HOST_ADDRESS" >/dev/null || fail "no answer on the network"
	dd if=/dev/hwrng of=/dev/null bs=64 count=1 status=none || fail "no entropy"
	console_open
	console_exchange console
	balloon_works
}

# all_on_lines: all devices use their lines, as without VIS or without our driver
all_on_lines()
{
	local driver virtio

	for driver in virtio_blk virtio_net virtio_rng virtio_console virtio_balloon; do
		for virtio in $(entries "/sys/bus/virtio/drivers/$driver" virtio); do
			check_line_of "$virtio" $STOCK_DRIVER
		done
	done
	! grep VIS- /proc/interrupts || fail "there are vectors"
}

# on_vectors: the root disk has been on VIS since the initramfs, and all devices with VIS use it
on_vectors()
{
	local virtio

	expect "driver of the root disk" virtio-mmio-vis "$(platform_driver "$(root_virtio)")"
	vectors_of "$(root_virtio)" config req.0 req.1 req.2 req.3
	for virtio in $(with_vis virtio_rng); do
		vectors_of "$virtio" config input
	done
	vectors_of "$(with_vis virtio_balloon)" config inflate deflate stats
	vectors_of "$(with_vis virtio_console)" config input output
	expect "network cards on VIS" 1 "$(with_vis virtio_net | wc -l)"
}

# others_on_lines: the stock driver has the device without VIS
others_on_lines()
{
	local left

	left=$(entries /sys/bus/platform/drivers/$STOCK_DRIVER LNRO0005)
	expect "devices with the stock driver" 1 "$(echo "$left" | wc -w)"
	check_line_of "$(entries "/sys/bus/platform/devices/$left" virtio)" $STOCK_DRIVER
}

# installed_modules: our modules that modprobe finds
installed_modules()
{
	local module

	for module in $MODULES; do
		modinfo -F filename "$module" 2>/dev/null
	done
}
