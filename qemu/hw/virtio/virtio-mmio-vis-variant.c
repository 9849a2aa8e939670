/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Variants of Virtio Interrupt Storage (VIS), for tests only
 *
 * They obey the whole specification, and differ from the plain device wherever
 * the specification leaves a choice. A driver or a test that relies on the
 * plain device instead of the specification fails on them.
 *
 * "small" is the smallest device: accesses to the vector table trap, and there
 * is no pending table. It shares no memory with the driver.
 *
 * "supplied" is the same, but works with tables that the driver supplies.
 *
 * "odd" is late and untidy: it observes events, sends messages, shows pending
 * bits and completes a reset with delay, and sends some messages twice. Its
 * number of vectors is odd. Its tables adjoin those of other odd devices.
 * Values that have no meaning are not 0.
 */

#include "qemu/osdep.h"
#include "standard-headers/linux/virtio_mmio.h"
#include "hw/virtio/virtio-mmio-vis-internal.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "trace.h"

#define GARBAGE             0xdeadbeef

/* small */

#define TYPE_VIS_SMALL      VIS_VARIANT_PREFIX "small"
OBJECT_DECLARE_SIMPLE_TYPE(VISSmall, VIS_SMALL)

/**
 * VISSmall: the smallest device
 * @table: traps accesses to @entries
 * @entries: the vector table, as the driver sees it
 * @size: size of @entries in bytes
 */
struct VISSmall {
    VISVariant parent_obj;

    MemoryRegion table;
    uint8_t *entries;
    uint32_t size;
};

static bool small_accepts(void *opaque, hwaddr offset, unsigned size,
                          bool is_write, MemTxAttrs attrs)
{
    return size == sizeof(uint32_t) && QEMU_IS_ALIGNED(offset, size);
}

static uint64_t small_read(void *opaque, hwaddr offset, unsigned size)
{
    VISSmall *s = opaque;

    return ldl_le_p(s->entries + offset);
}

static void small_write(void *opaque, hwaddr offset, uint64_t value,
                        unsigned size)
{
    VISSmall *s = opaque;

    stl_le_p(s->entries + offset, value);
}

static const MemoryRegionOps small_ops = {
    .read = small_read,
    .write = small_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {
        .min_access_size = 1,
        .max_access_size = 8,
        .unaligned = true,
        .accepts = small_accepts,
    },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

static void small_prepare(VISVariant *v)
{
    v->proxy->vis.pending_on = false;
}

static void small_map_entries(VISVariant *v)
{
    VirtIOMMIOVIS *vis = &v->proxy->vis;
    VISSmall *s = VIS_SMALL(v);

    s->size = vis->nr_vectors * sizeof(struct virtio_vis_entry);
    s->entries = g_malloc0(s->size);
    memory_region_init_io(&s->table, OBJECT(s), &small_ops, s,
                          "virtio-mmio-vis-small-vectors", s->size);
    vis_map(vis, VIS_VECTOR_TABLE, &s->table);
    vis->entries = (struct virtio_vis_entry *)s->entries;
}

static void small_finalize(Object *obj)
{
    VISSmall *s = VIS_SMALL(obj);

    g_free(s->entries);
}

static void small_unrealize(DeviceState *dev)
{
    VirtIOMMIOVIS *vis = &VIS_VARIANT(dev)->proxy->vis;

    vis_unmap(vis, VIS_VECTOR_TABLE, &VIS_SMALL(dev)->table);
}

static const VMStateDescription vmstate_small = {
    .name = TYPE_VIS_SMALL,
    .version_id = 2,
    .minimum_version_id = 2,
    .fields = (const VMStateField[]) {
        VMSTATE_VBUFFER_UINT32(entries, VISSmall, 2, NULL, size),
        VMSTATE_END_OF_LIST()
    }
};

static void small_class_init(ObjectClass *class, const void *data)
{
    VISVariantClass *vc = VIS_VARIANT_CLASS(class);
    DeviceClass *dc = DEVICE_CLASS(class);

    dc->vmsd = &vmstate_small;
    dc->unrealize = small_unrealize;
    dc->user_creatable = false;
    vc->prepare = small_prepare;
    vc->map_entries = small_map_entries;
}

/* supplied */

#define TYPE_VIS_SUPPLIED   VIS_VARIANT_PREFIX "supplied"

static void supplied_prepare(VISVariant *v)
{
    small_prepare(v);
    v->proxy->vis.driver_tables = true;
}

static void supplied_class_init(ObjectClass *class, const void *data)
{
    VIS_VARIANT_CLASS(class)->prepare = supplied_prepare;
}

/* odd */

/* A signal takes two ticks until its message is sent, far below 100 ms. */
#define ODD_TICK_NS         (200 * SCALE_US)
/* D505 allows 100 ms. */
#define ODD_SHOW_NS         (70 * SCALE_MS)
#define ODD_RESET_READS     5
#define ODD_MORE_VECTORS    32
/* One message of this many is sent a second time. */
#define ODD_TWICE           3

#define TYPE_VIS_ODD        VIS_VARIANT_PREFIX "odd"
OBJECT_DECLARE_SIMPLE_TYPE(VISOdd, VIS_ODD)

/**
 * VISOdd: a device that is late and disorderly
 * @tick: sends, then observes
 * @show: shows pending bits
 * @nr_sent: number of messages
 * @again: vector to send a second time, or VIRTIO_NO_VECTOR
 * @last: vector that was sent last, or VIRTIO_NO_VECTOR
 * @in_reset: the reset is by the driver
 * @reset_reads: reads of Status until the reset is complete
 * @status: value that these reads return
 * @late: message that is sent meanwhile, unless its address is 0
 */
struct VISOdd {
    VISVariant parent_obj;

    QEMUTimer *tick;
    QEMUTimer *show;
    uint32_t nr_sent;
    uint16_t again;
    uint16_t last;
    bool in_reset;
    uint32_t reset_reads;
    uint32_t status;
    MSIMessage late;
};

static void odd_start(QEMUTimer *timer, int64_t delay)
{
    if (!timer_pending(timer)) {
        timer_mod(timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + delay);
    }
}

static void odd_later(VISVariant *v)
{
    VISOdd *odd = VIS_ODD(v);

    odd_start(odd->tick, ODD_TICK_NS);
    odd_start(odd->show, ODD_SHOW_NS);
}

static void odd_prepare(VISVariant *v)
{
    VirtIOMMIOVIS *vis = &v->proxy->vis;

    if (!vis->vectors) {
        vis->nr_vectors = (vis->nr_vectors + ODD_MORE_VECTORS) | 1;
    }
}

/*
 * Place the table behind the last one of its kind, with the least alignment.
 * The hole in between belongs to no table.
 */
static bool odd_place(VISVariant *v, VISTable table, uint64_t size,
                      Error **errp)
{
    static const uint64_t align[VIS_NR_TABLES] = {
        [VIS_VECTOR_TABLE] = sizeof(struct virtio_vis_entry),
        [VIS_MASK_TABLE] = sizeof(uint32_t),
        [VIS_PENDING_TABLE] = sizeof(uint32_t),
    };
    static uint64_t used[VIS_NR_TABLES];
    VirtIOMMIOVIS *vis = &v->proxy->vis;
    const MemMapEntry *area = &vis->board->area[table];
    unsigned holes = vis->move == VIS_SLOT_OWN ? 1 : 1 + vis->move;
    uint64_t start = used[table] + holes * align[table];

    if (start + size + align[table] > area->size) {
        error_setg(errp, "virtio-mmio: the machine has no room for the "
                   "tables of vectors=%u", vis->nr_vectors);
        return false;
    }
    vis->address[table] = area->base + start;
    used[table] = start + size;
    return true;
}

static void odd_set_handlers(VISOdd *odd, IOHandler *handler)
{
    VirtIOMMIOProxy *proxy = VIS_VARIANT(odd)->proxy;
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    EventNotifier *n;
    int index;

    for (index = VIRTIO_CONFIG_IRQ_IDX; index < proxy->vis.nr_notifiers;
         index++) {
        n = vis_event_notifier(vdev, index);
        qemu_set_fd_handler(event_notifier_get_fd(n), handler, NULL, odd);
    }
}

/* The notifiers stay as they are until the next tick. */
static void odd_notified(void *opaque)
{
    VISOdd *odd = opaque;

    odd_set_handlers(odd, NULL);
    odd_later(VIS_VARIANT(odd));
}

/* While ENABLE is 0, virtio itself drives the line. */
static void odd_assigned(VISVariant *v)
{
    VirtIOMMIOVIS *vis = &v->proxy->vis;

    if (vis->enabled && !vis->route) {
        odd_set_handlers(VIS_ODD(v), odd_notified);
    }
}

/* Returns the message of a vector, with address 0 if it must not be sent. */
static MSIMessage odd_message(VISOdd *odd, uint16_t vector)
{
    VirtIOMMIOVIS *vis = &VIS_VARIANT(odd)->proxy->vis;

    if (vector == VIRTIO_NO_VECTOR || vis_is_masked(vis, vector) ||
        !vis_is_msi_target(vis, vis->latch[vector].address)) {
        return (MSIMessage) { };
    }
    return vis->latch[vector];
}

static void odd_send_extra(VISOdd *odd, MSIMessage msg)
{
    VirtIOMMIOVIS *vis = &VIS_VARIANT(odd)->proxy->vis;

    if (msg.address) {
        trace_virtio_mmio_vis_send_extra(vis->mmio, msg.address, msg.data);
        vis_send_message(vis, msg);
    }
}

static void odd_tick(void *opaque)
{
    VISOdd *odd = opaque;
    VirtIOMMIOProxy *proxy = VIS_VARIANT(odd)->proxy;
    VirtIOMMIOVIS *vis = &proxy->vis;
    uint32_t word;

    odd_send_extra(odd, odd_message(odd, odd->again));
    odd->again = VIRTIO_NO_VECTOR;
    for (word = 0; word < vis->nr_words; word++) {
        vis_send_pending(vis, word);
    }
    vis_observe_all(proxy);
    odd_assigned(VIS_VARIANT(odd));
}

static void odd_show(void *opaque)
{
    VirtIOMMIOVIS *vis = &VIS_VARIANT(opaque)->proxy->vis;
    uint32_t word;

    for (word = 0; word < vis->nr_words; word++) {
        vis_show_pending(vis, word);
    }
}

/* No event causes the second message, and R902 makes drivers tolerate it. */
static void odd_send(VISVariant *v, uint32_t vector, MSIMessage *msg)
{
    VISOdd *odd = VIS_ODD(v);

    odd->last = vector;
    if (odd->nr_sent++ % ODD_TWICE == 0) {
        odd->again = vector;
        odd_later(v);
    }
}

/* A reset overwrites everything that the driver has written to the table. */
static void odd_reset(VISVariant *v)
{
    VirtIOMMIOVIS *vis = &v->proxy->vis;
    const MemMapEntry *area = &vis->board->area[VIS_VECTOR_TABLE];
    size_t size = vis->nr_vectors * sizeof(*vis->entries);
    VISOdd *odd = VIS_ODD(v);

    odd->again = odd->last = VIRTIO_NO_VECTOR;
    if (!odd->in_reset) {
        odd->reset_reads = 0;
    }
    odd->in_reset = false;
    memset(vis->entries, (uint8_t)GARBAGE, size);
    memory_region_set_dirty(vis->board->ram[VIS_VECTOR_TABLE],
                            vis->address[VIS_VECTOR_TABLE] - area->base, size);
}

/*
 * Until its reset is complete, a device may send messages, and the state that
 * it returns has no meaning. The discovery registers stay constant (D109).
 */
static bool odd_read(VISVariant *v, hwaddr offset, uint64_t *value)
{
    VISOdd *odd = VIS_ODD(v);

    if (!odd->reset_reads) {
        return false;
    }
    switch (offset) {
    case VIRTIO_MMIO_STATUS:
        if (odd->reset_reads-- == ODD_RESET_READS) {
            odd_send_extra(odd, odd->late);
        }
        *value = odd->status;
        break;
    case VIRTIO_MMIO_VIS_CONTROL:
        *value = VIRTIO_VIS_CONTROL_ENABLE;
        break;
    case VIRTIO_MMIO_VIS_CONFIG_VECTOR:
    case VIRTIO_MMIO_VIS_QUEUE_VECTOR:
        *value = 0;
        break;
    default:
        return false;
    }
    return true;
}

static void odd_write(VISVariant *v, hwaddr offset, uint64_t value)
{
    VirtIODevice *vdev = virtio_bus_get_device(&v->proxy->bus);
    VISOdd *odd = VIS_ODD(v);

    if (offset != VIRTIO_MMIO_STATUS) {
        return;
    }
    if (value) {
        odd->reset_reads = 0;
    } else if (vdev->status) {
        odd->in_reset = true;
        odd->reset_reads = ODD_RESET_READS;
        odd->status = vdev->status;
        odd->late = odd_message(odd, odd->last);
    }
}

static void odd_init(Object *obj)
{
    VISOdd *odd = VIS_ODD(obj);

    odd->tick = timer_new_ns(QEMU_CLOCK_VIRTUAL, odd_tick, odd);
    odd->show = timer_new_ns(QEMU_CLOCK_VIRTUAL, odd_show, odd);
    odd->again = odd->last = VIRTIO_NO_VECTOR;
}

static void odd_finalize(Object *obj)
{
    VISOdd *odd = VIS_ODD(obj);

    timer_free(odd->tick);
    timer_free(odd->show);
}

static int odd_post_load(void *opaque, int version_id)
{
    odd_later(opaque);
    return 0;
}

static const VMStateDescription vmstate_odd = {
    .name = TYPE_VIS_ODD,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = odd_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(nr_sent, VISOdd),
        VMSTATE_UINT32(reset_reads, VISOdd),
        VMSTATE_UINT32(status, VISOdd),
        VMSTATE_UINT64(late.address, VISOdd),
        VMSTATE_UINT32(late.data, VISOdd),
        VMSTATE_END_OF_LIST()
    }
};

static void odd_class_init(ObjectClass *class, const void *data)
{
    VISVariantClass *vc = VIS_VARIANT_CLASS(class);
    DeviceClass *dc = DEVICE_CLASS(class);

    dc->vmsd = &vmstate_odd;
    dc->user_creatable = false;
    vc->prepare = odd_prepare;
    vc->place = odd_place;
    vc->reset = odd_reset;
    vc->read = odd_read;
    vc->write = odd_write;
    vc->send = odd_send;
    vc->later = odd_later;
    vc->assigned = odd_assigned;
    vc->void_value = GARBAGE;
}

static const TypeInfo variant_types[] = {
    {
        .name = TYPE_VIS_SMALL,
        .parent = TYPE_VIS_VARIANT,
        .instance_size = sizeof(VISSmall),
        .instance_finalize = small_finalize,
        .class_init = small_class_init,
    },
    {
        .name = TYPE_VIS_SUPPLIED,
        .parent = TYPE_VIS_SMALL,
        .class_init = supplied_class_init,
    },
    {
        .name = TYPE_VIS_ODD,
        .parent = TYPE_VIS_VARIANT,
        .instance_size = sizeof(VISOdd),
        .instance_init = odd_init,
        .instance_finalize = odd_finalize,
        .class_init = odd_class_init,
    },
};

DEFINE_TYPES(variant_types)
