/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libqos driver of virtio-mmio with Virtio Interrupt Storage (VIS)
 */

#ifndef LIBQOS_VIRTIO_MMIO_VIS_H
#define LIBQOS_VIRTIO_MMIO_VIS_H

#include "msi.h"
#include "virtio-mmio.h"

typedef struct QVirtioMMIOVisDevice {
    QVirtioMMIODevice mmio;
    QMSIParent *parent;
} QVirtioMMIOVisDevice;

void qvirtio_mmio_vis_init_device(QVirtioMMIOVisDevice *vis, QTestState *qts,
                                  uint64_t addr, uint32_t page_size,
                                  QMSIParent *parent);

#endif
