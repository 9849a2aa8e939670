# SPDX-License-Identifier: GPL-2.0-or-later
# All of QEMU, and the variants of VIS, which are for tests

include default.mak
CONFIG_VIRTIO_MMIO_VIS_VARIANTS=y
