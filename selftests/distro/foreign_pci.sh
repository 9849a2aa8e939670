#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The same on virtio-pci, to compare.

. ./foreign_lib.sh

check_transport()
{
	local chip device irq

	for device in "$SCRATCH" "$NET" "$(root_virtio)"; do
		for irq in $(irqs_of "$device"); do
			chip=$(cat "/sys/kernel/irq/$irq/chip_name")
			case $chip in
			PCI-MSIX-*) ;;
			*) fail "irq $irq ($(action_of "$irq")) is of $chip" ;;
			esac
		done
	done
}

tests="
foreign.pci.stress_ng_cpu_online	stress_ng_cpu_online host
foreign.pci.stress_ng_io_uring		stress_ng_io_uring host
foreign.pci.stress_ng_sock		stress_ng_sock host
foreign.pci.util_linux			util_linux host
"
vis_run
