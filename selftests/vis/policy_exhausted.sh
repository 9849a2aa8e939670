#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# There are more queues than vectors on one CPU: the messages about the interrupts are true.

. ./vis_lib.sh

# tell PLATFORM REGEX: number of such messages about that device
tell()
{
	dmesg | grep -cE " $1: $2"
}

# A line needs a vector of the CPU, too.
policy_exhausted()
{
	local driver lost=0 on_line platform shared=0 virtio

	for virtio in $(entries /sys/bus/virtio/devices virtio); do
		platform=$(platform_of "$virtio")
		driver=$(readlink "/sys/bus/virtio/devices/$virtio/driver")
		if [ -z "$driver" ]; then
			lost=$((lost + 1))
			expect "$platform on VIS" 1 \
				"$(tell "$platform" "VIS has no vectors .*ENOSPC")"
			expect "$platform on its line" 1 \
				"$(tell "$platform" "interrupt line [0-9]+: -ENOSPC")"
		else
			on_line=0
			[ -n "$(irqs_of "$virtio")" ] || on_line=1
			expect "$platform on its line" $on_line \
				"$(tell "$platform" "VIS has no vectors .*ENOSPC")"
			expect "$platform without its line" 0 "$(tell "$platform" "interrupt line")"
			[ "$(irqs_of "$virtio" | wc -l)" != 2 ] || shared=$((shared + 1))
		fi
	done
	[ "$shared" -gt 0 ] || fail "no device shares a vector"
	[ "$lost" -gt 0 ] || fail "no device is without a vector"
}

tests="
vis.policy.exhausted	policy_exhausted
"
vis_run
