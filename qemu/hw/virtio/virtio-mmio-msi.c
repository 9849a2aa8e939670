/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI through registers of a virtio-mmio transport, as Dragonball has it
 *
 * Documentation/virtio-mmio-msi.rst of virtio-vis describes the interface.
 * Messages take the same path as those of VIS.
 *
 * The BQL protects all state. Code that runs without it only signals an event,
 * which occurs when the main loop observes the signal.
 */

#include "qemu/osdep.h"
#include "standard-headers/linux/virtio_mmio.h"
#include "standard-headers/linux/virtio_mmio_msi.h"
#include "hw/virtio/virtio-mmio-vis-internal.h"
#include "qapi/error.h"
#include "qemu/bitmap.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "system/runstate.h"
#include "trace.h"

#define MSI_REGS_SIZE   (VIRTIO_MMIO_MSI_DATA + 4 - VIRTIO_MMIO_MSI_CSR)

static hwaddr msi_mmio(VirtIOMMIOProxy *proxy)
{
    return SYS_BUS_DEVICE(proxy)->mmio[0].addr;
}

#define msi_guest_error(_proxy, _format, ...)                               \
    qemu_log_mask(LOG_GUEST_ERROR, "virtio-mmio-msi@%" HWADDR_PRIx          \
                  ": " _format "\n", msi_mmio(_proxy), ##__VA_ARGS__)

/* The device does not work any more until the driver resets it. */
static void msi_fail(VirtIOMMIOProxy *proxy)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);

    virtio_set_status(vdev, vdev->status | VIRTIO_CONFIG_S_FAILED);
}

/* Events */

static void msi_send(VirtIOMMIOProxy *proxy, uint32_t vector)
{
    MSIMessage msg = proxy->msi.message[vector];

    if (!vis_is_msi_target(&proxy->vis, msg.address)) {
        msi_guest_error(proxy, "vector %u: message to 0x%" PRIx64 " dropped",
                        vector, msg.address);
        return;
    }
    trace_virtio_mmio_msi_send(msi_mmio(proxy), vector, msg.address, msg.data);
    vis_send_message(&proxy->vis, msg);
}

static void msi_occurs(VirtIOMMIOProxy *proxy, uint32_t vector)
{
    VirtIOMMIOMSI *msi = &proxy->msi;
    bool masked = test_bit(vector, msi->masked);

    if (masked && msi->forgets) {
        trace_virtio_mmio_msi_forget(msi_mmio(proxy), vector);
    } else if (masked || !runstate_is_running()) {
        set_bit(vector, msi->pending);
    } else {
        msi_send(proxy, vector);
    }
}

static void msi_send_pending(VirtIOMMIOProxy *proxy, uint32_t vector)
{
    VirtIOMMIOMSI *msi = &proxy->msi;

    if (!test_bit(vector, msi->masked) &&
        test_and_clear_bit(vector, msi->pending)) {
        msi_send(proxy, vector);
    }
}

static void msi_vm_change(void *opaque, bool running, RunState state)
{
    VirtIOMMIOProxy *proxy = opaque;
    uint32_t vector;

    for (vector = 0; running && vector < proxy->msi.nr_vectors; vector++) {
        msi_send_pending(proxy, vector);
    }
}

static void msi_observe(void *opaque)
{
    VirtIOMMIOProxy *proxy = opaque;
    VirtIOMMIOMSI *msi = &proxy->msi;
    uint32_t vector;

    for (vector = 0; vector < msi->nr_vectors; vector++) {
        if (bitmap_test_and_clear_atomic(msi->signalled, vector, 1) &&
            msi->enabled) {
            msi_occurs(proxy, vector);
        }
    }
}

bool virtio_mmio_msi_notify(VirtIOMMIOProxy *proxy, uint16_t vector)
{
    VirtIOMMIOMSI *msi = &proxy->msi;

    if (!qatomic_read(&msi->enabled)) {
        return false;
    }
    if (vector >= msi->nr_vectors) {
        return true;
    }
    if (bql_locked()) {
        msi_occurs(proxy, vector);
    } else {
        set_bit_atomic(vector, msi->signalled);
        qemu_bh_schedule(msi->observe);
    }
    return true;
}

/* Registers */

/* With MSI, each event has its own vector; without it, all use the line. */
static void msi_enable(VirtIOMMIOProxy *proxy, bool enable)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    VirtIOMMIOMSI *msi = &proxy->msi;
    uint32_t vector;

    if (msi->driver_ok) {
        msi_guest_error(proxy, "MSI_CSR written after DRIVER_OK");
        msi_fail(proxy);
        return;
    }
    vdev->config_vector = enable ? 0 : VIRTIO_NO_VECTOR;
    for (vector = VIRTIO_MMIO_MSI_QUEUE_VECTOR; vector < msi->nr_vectors;
         vector++) {
        virtio_queue_set_vector(vdev, vector - VIRTIO_MMIO_MSI_QUEUE_VECTOR,
                                enable ? vector : VIRTIO_NO_VECTOR);
    }
    qatomic_set(&msi->enabled, enable);
}

static void msi_update(VirtIOMMIOProxy *proxy, uint32_t vector)
{
    VirtIOMMIOMSI *msi = &proxy->msi;
    MSIMessage msg = {
        .address = (uint64_t)msi->staged[1] << 32 | msi->staged[0],
        .data = msi->staged[2],
    };

    trace_virtio_mmio_msi_update(msi_mmio(proxy), vector, msg.address,
                                 msg.data);
    msi->message[vector] = msg;
}

/* A mask has no effect before DRIVER_OK. */
static void msi_mask(VirtIOMMIOProxy *proxy, uint32_t vector, bool masked)
{
    VirtIOMMIOMSI *msi = &proxy->msi;

    if (!msi->driver_ok) {
        return;
    }
    if (masked) {
        set_bit(vector, msi->masked);
    } else {
        clear_bit(vector, msi->masked);
        msi_send_pending(proxy, vector);
    }
}

static void msi_command(VirtIOMMIOProxy *proxy, uint16_t command)
{
    uint32_t vector = command & VIRTIO_MMIO_MSI_COMMAND_VECTOR;
    uint16_t code = command & VIRTIO_MMIO_MSI_COMMAND_CODE;

    if (code < VIRTIO_MMIO_MSI_UPDATE || code > VIRTIO_MMIO_MSI_UNMASK) {
        msi_guest_error(proxy, "unknown command 0x%x", command);
        msi_fail(proxy);
    } else if (!proxy->msi.enabled) {
        msi_guest_error(proxy, "command 0x%x while MSI is off", command);
    } else if (vector >= proxy->msi.nr_vectors) {
        msi_guest_error(proxy, "command 0x%x: no such vector", command);
    } else if (code == VIRTIO_MMIO_MSI_UPDATE) {
        msi_update(proxy, vector);
    } else {
        msi_mask(proxy, vector, code == VIRTIO_MMIO_MSI_MASK);
    }
}

static uint64_t msi_io_read(void *opaque, hwaddr offset, unsigned size)
{
    VirtIOMMIOProxy *proxy = opaque;
    hwaddr reg = VIRTIO_MMIO_MSI_CSR + offset;
    uint16_t value = proxy->msi.lies ? 0 : VIRTIO_MMIO_MSI_CSR_SUPPORTED;

    if (reg != VIRTIO_MMIO_MSI_CSR || size != sizeof(uint16_t)) {
        msi_guest_error(proxy, "bad read: offset 0x%" HWADDR_PRIx " size %u",
                        reg, size);
        return 0;
    }
    trace_virtio_mmio_msi_read(msi_mmio(proxy), reg, value);
    return value;
}

static void msi_io_write(void *opaque, hwaddr offset, uint64_t value,
                         unsigned size)
{
    VirtIOMMIOProxy *proxy = opaque;
    VirtIOMMIOMSI *msi = &proxy->msi;
    hwaddr reg = VIRTIO_MMIO_MSI_CSR + offset;

    trace_virtio_mmio_msi_write(msi_mmio(proxy), reg, value);
    if (reg == VIRTIO_MMIO_MSI_CSR && size == sizeof(uint16_t)) {
        msi_enable(proxy, value & VIRTIO_MMIO_MSI_CSR_ENABLE);
    } else if (reg == VIRTIO_MMIO_MSI_COMMAND && size == sizeof(uint16_t)) {
        msi_command(proxy, value);
    } else if (reg >= VIRTIO_MMIO_MSI_ADDRESS_LOW &&
               size == sizeof(uint32_t) && QEMU_IS_ALIGNED(reg, size)) {
        if (msi->enabled) {
            msi->staged[(reg - VIRTIO_MMIO_MSI_ADDRESS_LOW) / size] = value;
        }
    } else {
        msi_guest_error(proxy, "bad write: offset 0x%" HWADDR_PRIx " size %u",
                        reg, size);
    }
}

static const MemoryRegionOps msi_io_ops = {
    .read = msi_io_read,
    .write = msi_io_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    /* The device must reject accesses of a wrong size instead of splitting. */
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

bool virtio_mmio_msi_read(VirtIOMMIOProxy *proxy, hwaddr offset,
                          uint64_t *value)
{
    if (!proxy->msi.nr_vectors || offset != VIRTIO_MMIO_VENDOR_ID) {
        return false;
    }
    *value = VIRTIO_MMIO_MSI_VENDOR | VIRTIO_MMIO_MSI_VENDOR_MSI;
    return true;
}

void virtio_mmio_msi_write(VirtIOMMIOProxy *proxy, hwaddr offset,
                           uint64_t value)
{
    if (offset == VIRTIO_MMIO_STATUS && (value & VIRTIO_CONFIG_S_DRIVER_OK)) {
        proxy->msi.driver_ok = true;
    }
}

/* Reset */

void virtio_mmio_msi_reset(VirtIOMMIOProxy *proxy)
{
    VirtIOMMIOMSI *msi = &proxy->msi;

    if (!msi->nr_vectors) {
        return;
    }
    msi->driver_ok = false;
    qatomic_set(&msi->enabled, false);
    memset(msi->staged, 0, sizeof(msi->staged));
    memset(msi->message, 0, msi->nr_vectors * sizeof(*msi->message));
    bitmap_zero(msi->masked, msi->nr_vectors);
    bitmap_zero(msi->pending, msi->nr_vectors);
    bitmap_zero(msi->signalled, msi->nr_vectors);
}

/* Migration */

void virtio_mmio_msi_save_config(VirtIOMMIOProxy *proxy)
{
    if (proxy->msi.enabled) {
        qatomic_set(&virtio_bus_get_device(&proxy->bus)->isr, 0);
    }
}

static bool msi_needed(void *opaque)
{
    VirtIOMMIOProxy *proxy = opaque;

    return proxy->msi.nr_vectors;
}

int virtio_mmio_msi_pre_load(void *opaque)
{
    VIRTIO_MMIO(opaque)->msi.saved = false;
    return virtio_mmio_vis_pre_load(opaque);
}

static int msi_check_saved(VirtIOMMIOMSI *msi)
{
    return vis_is_as_saved("msi=dragonball", msi->kind, msi->saved) ?
           0 : -EINVAL;
}

int virtio_mmio_msi_post_load(void *opaque, int version_id)
{
    return msi_check_saved(&VIRTIO_MMIO(opaque)->msi) ?:
           virtio_mmio_vis_post_load(opaque, version_id);
}

static int msi_pre_load(void *opaque)
{
    VirtIOMMIOMSI *msi = &VIRTIO_MMIO(opaque)->msi;

    msi->saved = true;
    return msi_check_saved(msi);
}

static int msi_pre_save(void *opaque)
{
    msi_observe(opaque);
    return 0;
}

/* Virtio itself does not save the vectors of virtio-mmio. */
static int msi_post_load(void *opaque, int version_id)
{
    VirtIOMMIOProxy *proxy = opaque;
    VirtIOMMIOMSI *msi = &proxy->msi;
    bool driver_ok = msi->driver_ok;

    if (!msi->enabled) {
        return 0;
    }
    msi->driver_ok = false;
    msi_enable(proxy, true);
    msi->driver_ok = driver_ok;
    vis_clear_line(proxy);
    return 0;
}

const VMStateDescription vmstate_virtio_mmio_msi = {
    .name = "virtio_mmio/msi",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = msi_needed,
    .pre_load = msi_pre_load,
    .pre_save = msi_pre_save,
    .post_load = msi_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_INT32_EQUAL(msi.nr_vectors, VirtIOMMIOProxy),
        VMSTATE_BOOL(msi.enabled, VirtIOMMIOProxy),
        VMSTATE_BOOL(msi.driver_ok, VirtIOMMIOProxy),
        VMSTATE_UINT32_ARRAY(msi.staged, VirtIOMMIOProxy, 3),
        VMSTATE_STRUCT_VARRAY_POINTER_INT32(msi.message, VirtIOMMIOProxy,
                                            msi.nr_vectors,
                                            vmstate_vis_message, MSIMessage),
        VMSTATE_BITMAP(msi.masked, VirtIOMMIOProxy, 1,
                       msi.nr_vectors),
        VMSTATE_BITMAP(msi.pending, VirtIOMMIOProxy, 1,
                       msi.nr_vectors),
        VMSTATE_END_OF_LIST()
    }
};

/* Plugging */

static bool msi_check_properties(VirtIOMMIOProxy *proxy, uint32_t nr_vectors,
                                 Error **errp)
{
    VirtIOMMIOMSI *msi = &proxy->msi;

    if (strcmp(msi->kind, "dragonball")) {
        error_setg(errp, "virtio-mmio: msi=%s: only dragonball is known",
                   msi->kind);
    } else if (proxy->vis.on) {
        error_setg(errp, "virtio-mmio: msi=%s and vis=on exclude each other",
                   msi->kind);
    } else if (proxy->legacy) {
        error_setg(errp, "virtio-mmio: msi=%s needs force-legacy=false",
                   msi->kind);
    } else if (!proxy->vis.board) {
        error_setg(errp, "virtio-mmio: msi=%s: this machine has nothing that "
                   "takes the messages", msi->kind);
    } else if (nr_vectors > VIRTIO_MMIO_MSI_MAX_VECTORS) {
        error_setg(errp, "virtio-mmio: msi=%s: a device has %u queues at most",
                   msi->kind, VIRTIO_MMIO_MSI_MAX_VECTORS - 1);
    } else {
        return true;
    }
    return false;
}

/* QueueReset is where MSI_CSR is. */
static void msi_plugged(VirtIOMMIOProxy *proxy, Error **errp)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    VirtIOMMIOMSI *msi = &proxy->msi;
    uint32_t nr_vectors = vis_count_queues(vdev) + VIRTIO_MMIO_MSI_QUEUE_VECTOR;

    if (!msi_check_properties(proxy, nr_vectors, errp)) {
        return;
    }
    virtio_clear_feature(&vdev->host_features, VIRTIO_F_RING_RESET);
    msi->nr_vectors = nr_vectors;
    msi->message = g_new0(MSIMessage, nr_vectors);
    msi->masked = bitmap_new(nr_vectors);
    msi->pending = bitmap_new(nr_vectors);
    msi->signalled = bitmap_new(nr_vectors);
    msi->observe = qemu_bh_new_guarded(msi_observe, proxy,
                                       &DEVICE(proxy)->mem_reentrancy_guard);
    msi->vm_change = qdev_add_vm_change_state_handler(DEVICE(proxy),
                                                      msi_vm_change, NULL,
                                                      proxy);
    memory_region_init_io(&msi->io, OBJECT(proxy), &msi_io_ops, proxy,
                          "virtio-mmio-msi", MSI_REGS_SIZE);
    memory_region_add_subregion_overlap(&proxy->iomem, VIRTIO_MMIO_MSI_CSR,
                                        &msi->io, 1);
}

void virtio_mmio_msi_plugged(DeviceState *d, Error **errp)
{
    VirtIOMMIOProxy *proxy = VIRTIO_MMIO(d);

    if (proxy->msi.kind) {
        msi_plugged(proxy, errp);
    } else {
        virtio_mmio_vis_plugged(d, errp);
    }
}

void virtio_mmio_msi_unplugged(DeviceState *d)
{
    VirtIOMMIOProxy *proxy = VIRTIO_MMIO(d);
    VirtIOMMIOMSI *msi = &proxy->msi;

    virtio_mmio_vis_unplugged(d);
    if (!msi->nr_vectors) {
        return;
    }
    memory_region_del_subregion(&proxy->iomem, &msi->io);
    object_unparent(OBJECT(&msi->io));
    qemu_del_vm_change_state_handler(msi->vm_change);
    qemu_bh_delete(msi->observe);
    g_clear_pointer(&msi->signalled, g_free);
    g_clear_pointer(&msi->pending, g_free);
    g_clear_pointer(&msi->masked, g_free);
    g_clear_pointer(&msi->message, g_free);
    msi->enabled = false;
    msi->nr_vectors = 0;
}
