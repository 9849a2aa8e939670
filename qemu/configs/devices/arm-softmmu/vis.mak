# SPDX-License-Identifier: GPL-2.0-or-later
# The board with VIS, and the devices that the guest tests use

CONFIG_ARM_VIRT=y
CONFIG_SERIAL_PCI=y
CONFIG_VIRTIO_BLK=y
CONFIG_VIRTIO_NET=y
CONFIG_VIRTIO_RNG=y
CONFIG_VIRTIO_SERIAL=y
