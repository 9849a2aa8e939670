/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio Interrupt Storage (VIS) in the device tree
 */

#ifndef HW_VIRTIO_MMIO_VIS_FDT_H
#define HW_VIRTIO_MMIO_VIS_FDT_H

/**
 * virtio_mmio_vis_describe: Complete a transport's node of the device tree
 * @transport: a virtio-mmio device
 * @fdt: the device tree
 * @node: path of the node, which has the registers in "reg"; addresses and
 *        sizes have two cells
 * @parent: phandle of the interrupt controller that takes messages
 * @has_id: that controller needs a DeviceID
 *
 * The areas that belong to the transport follow its registers in the order of
 * VISTable. Without VIS the node stays as it is.
 */
void virtio_mmio_vis_describe(DeviceState *transport, void *fdt,
                              const char *node, uint32_t parent, bool has_id);

#endif
