# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2034 # for the scripts that source this file
# The C files of the drivers that KUnit tests, and the tests, which include them: those that a
# kernel with the series contains, and those that are modules there

IN_KERNEL=(drivers/irqchip/irq-virtio-vis{,-layout,-msi,-dynamic,-supplied}.c
	drivers/virtio/virtio_mmio_vis.c)
IN_MODULES=(compat/{affinity,msi,x86}.c drivers/virtio/virtio_mmio_transport.c)
TESTS_IN_KERNEL=(drivers/irqchip/irq-virtio-vis-test.c drivers/virtio/virtio_mmio_vis-test.c)
TESTS_IN_MODULES=(compat/compat-test.c drivers/virtio/virtio_mmio_transport-test.c)

# tests_of FILE: the file of tests that includes it
tests_of()
{
	case $1 in
	compat/*) echo compat/compat-test.c ;;
	*/irq-virtio-vis*) echo drivers/irqchip/irq-virtio-vis-test.c ;;
	*) echo "${1%.c}-test.c" ;;
	esac
}
