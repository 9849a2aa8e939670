# SPDX-License-Identifier: GPL-2.0-or-later
# The board with VIS, and the device that the qtests use

CONFIG_MICROVM=y
CONFIG_VIRTIO_BLK=y
