/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio Interrupt Storage (VIS): tables that the driver has supplied
 *
 * They are in memory of the guest, which the device reaches as it reaches the
 * queues. If anything but memory is at their addresses, the device does not
 * access it.
 */

#include "qemu/osdep.h"
#include "standard-headers/linux/virtio_mmio.h"
#include "hw/virtio/virtio-mmio-vis-internal.h"
#include "qemu/bitops.h"
#include "system/runstate.h"

/* A read or write of the registers of a device could come back to this one. */
static const MemTxAttrs memory_only = { .memory = 1 };

static AddressSpace *vis_memory(VirtIOMMIOVIS *vis)
{
    VirtIOMMIOProxy *proxy = container_of(vis, VirtIOMMIOProxy, vis);

    return virtio_bus_get_device(&proxy->bus)->dma_as;
}

uint32_t vis_supply_flag(VirtIOMMIOVIS *vis)
{
    return vis->driver_tables ? VIRTIO_VIS_NUM_VECTORS_DRIVER_TABLES : 0;
}

/* The address registers come in the order of VISTable, the low half first. */
static VISTable vis_table_of(hwaddr reg)
{
    return (reg - VIRTIO_MMIO_VIS_TABLE_LOW) / sizeof(uint64_t);
}

static int vis_shift_of(hwaddr reg)
{
    return (reg - VIRTIO_MMIO_VIS_TABLE_LOW) % sizeof(uint64_t) * BITS_PER_BYTE;
}

uint32_t vis_read_address(VirtIOMMIOVIS *vis, hwaddr reg)
{
    return vis->in_use[vis_table_of(reg)] >> vis_shift_of(reg);
}

bool vis_write_address(VirtIOMMIOVIS *vis, hwaddr reg, uint32_t value)
{
    VISTable table = vis_table_of(reg);

    if (!vis->driver_tables || vis->enabled || table == VIS_MASK_TABLE) {
        return false;
    }
    vis->in_use[table] = deposit64(vis->in_use[table], vis_shift_of(reg), 32,
                                   value);
    return true;
}

void vis_take_back_tables(VirtIOMMIOVIS *vis)
{
    memcpy(vis->in_use, vis->address, sizeof(vis->in_use));
}

bool vis_is_supplied(const VirtIOMMIOVIS *vis, VISTable table)
{
    return vis->in_use[table] != vis->address[table];
}

bool vis_read_supplied(VirtIOMMIOVIS *vis, uint32_t vector,
                       struct virtio_vis_entry *entry)
{
    hwaddr address = vis->in_use[VIS_VECTOR_TABLE] + vector * sizeof(*entry);

    return address_space_read(vis_memory(vis), address, memory_only, entry,
                              sizeof(*entry)) == MEMTX_OK;
}

/*
 * While the machine is stopped, its memory may have been saved already, so the
 * device shows all words when the machine resumes.
 */
void vis_show_supplied(VirtIOMMIOVIS *vis, uint32_t word)
{
    uint32_t bits = cpu_to_le32(vis->pending[word]);
    hwaddr table = vis->in_use[VIS_PENDING_TABLE];

    if (table && vis->enabled && runstate_is_running()) {
        address_space_write(vis_memory(vis), table + word * sizeof(bits),
                            memory_only, &bits, sizeof(bits));
    }
}

/* Migration */

static bool vis_supplied_needed(void *opaque)
{
    VirtIOMMIOProxy *proxy = opaque;

    return proxy->vis.driver_tables;
}

static int vis_supplied_pre_load(void *opaque)
{
    VirtIOMMIOProxy *proxy = opaque;

    proxy->vis.saved_driver_tables = true;
    return 0;
}

const VMStateDescription vmstate_vis_supplied = {
    .name = "virtio_mmio/vis/supplied",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = vis_supplied_needed,
    .pre_load = vis_supplied_pre_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(vis.in_use[VIS_VECTOR_TABLE], VirtIOMMIOProxy),
        VMSTATE_UINT64(vis.in_use[VIS_PENDING_TABLE], VirtIOMMIOProxy),
        VMSTATE_END_OF_LIST()
    }
};
