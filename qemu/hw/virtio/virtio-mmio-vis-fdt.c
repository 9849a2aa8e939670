/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio Interrupt Storage (VIS) in the device tree
 */

#include "qemu/osdep.h"
#include "hw/virtio/virtio-mmio.h"
#include "hw/virtio/virtio-mmio-vis-fdt.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "system/device_tree.h"

/* An address and a size, of two cells each */
typedef struct VISReg {
    uint64_t base;
    uint64_t size;
} VISReg;

static void vis_describe_tables(const VirtIOMMIOVIS *vis, void *fdt,
                                const char *node)
{
    VISReg reg[1 + VIS_NR_TABLES];
    MemMapEntry place;
    VISTable table;

    memcpy(&reg[0], qemu_fdt_getprop(fdt, node, "reg", NULL, &error_abort),
           sizeof(reg[0]));
    for (table = 0; table < VIS_NR_TABLES; table++) {
        place = virtio_mmio_vis_place(vis->board, table, vis->slot);
        reg[1 + table] = (VISReg) {
            .base = cpu_to_be64(place.base),
            .size = cpu_to_be64(place.size),
        };
    }
    qemu_fdt_setprop(fdt, node, "reg", reg, sizeof(reg));
}

void virtio_mmio_vis_describe(DeviceState *transport, void *fdt,
                              const char *node, uint32_t parent, bool has_id)
{
    const VirtIOMMIOVIS *vis = &VIRTIO_MMIO(transport)->vis;

    if (!vis->on || !vis->board) {
        return;
    }
    if (has_id) {
        qemu_fdt_setprop_cells(fdt, node, "msi-parent", parent,
                               vis->board->requester_id + vis->slot);
    } else {
        qemu_fdt_setprop_cell(fdt, node, "msi-parent", parent);
    }
    vis_describe_tables(vis, fdt, node);
}
