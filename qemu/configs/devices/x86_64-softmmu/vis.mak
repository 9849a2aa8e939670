# SPDX-License-Identifier: GPL-2.0-or-later
# The board with VIS, and the devices that the qtests use

CONFIG_MICROVM=y
CONFIG_VIRTIO_BALLOON=y
CONFIG_VIRTIO_BLK=y
CONFIG_VIRTIO_RNG=y
