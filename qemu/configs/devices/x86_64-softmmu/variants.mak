# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests and the bench use, with the variants of VIS, which are for tests. All of QEMU's
# devices would make a build from nothing a fifth longer.

include vis.mak
CONFIG_Q35=y
CONFIG_SERIAL_PCI=y
CONFIG_VHOST_USER_BLK=y
CONFIG_VHOST_USER_FS=y
CONFIG_VHOST_VDPA_DEV=y
CONFIG_VIRTIO_9P=y
CONFIG_VIRTIO_CRYPTO=y
CONFIG_VIRTIO_GPU=y
CONFIG_VIRTIO_INPUT=y
CONFIG_VIRTIO_MMIO_VIS_VARIANTS=y
CONFIG_VIRTIO_NET=y
CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_SCSI=y
CONFIG_VIRTIO_SERIAL=y
CONFIG_VIRTIO_SND=y
