#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Devices that the parameter adds and the stock driver does not match: each works or logs a reason.

. ./vis_lib.sh

# The scenario takes VIS from the network and the rng.
policy_param()
{
	check_vectors virtio_blk config req.0
	check_vectors virtio_console config input output
	check_line virtio_net virtio-mmio-vis
	check_line virtio_rng virtio-mmio-vis
	all_devices_work
	expect "devices that say that they have no VIS" 2 \
		"$(dmesg | grep ' virtio-mmio-vis\.' |
			grep -c ': VIS is not offered: using the interrupt line')"
	expect "transports without a device" 1 \
		"$(dmesg | grep -c ' virtio-mmio-vis\..*: DeviceID 0x0 at \[mem 0xfeb00000-')"
	expect "addresses without a transport" 1 \
		"$(dmesg | grep -c ' virtio-mmio-vis\..*: MagicValue 0x.* at \[mem 0xfea00000-')"
}

tests="
vis.policy.param	policy_param
"
vis_run
