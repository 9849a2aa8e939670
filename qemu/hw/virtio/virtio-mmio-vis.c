/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio Interrupt Storage (VIS) of a virtio-mmio transport
 *
 * The interface is specified in Documentation/virtio-vis.rst of virtio-vis.
 *
 * The BQL protects all state, and so makes a commit atomic. Parts of a device
 * that run without it only signal an event, by a guest notifier or through
 * virtio_mmio_vis_notify(). The event occurs when the holder of the BQL
 * observes the signal: the main loop does, and so does a write of the driver
 * before it changes the effect of the event.
 */

#include "qemu/osdep.h"
#include "standard-headers/linux/virtio_mmio.h"
#include "hw/core/irq.h"
#include "hw/core/qdev-properties.h"
#include "hw/virtio/virtio-mmio-vis-internal.h"
#include "qapi/error.h"
#include "qemu/bitmap.h"
#include "qemu/error-report.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "system/runstate.h"
#include "trace.h"

#define VIS_MAX_VECTORS     VIRTIO_VIS_NUM_VECTORS_N
#define VIS_GRANULE         VIRTIO_VIS_BLOCK_SIZE

/* The log records a limited number of bad accesses in each period. */
#define VIS_LOG_PERIOD_NS   NANOSECONDS_PER_SECOND
#define VIS_LOG_BURST       16

/* Returns the bits of @word that belong to no vector. */
static uint32_t vis_void_bits(VirtIOMMIOVIS *vis, uint32_t word)
{
    uint32_t first = word * VIRTIO_VIS_VECTORS_PER_WORD;
    uint32_t nr = vis->nr_vectors - first;

    return nr < VIRTIO_VIS_VECTORS_PER_WORD ? ~0u << nr : 0;
}

static bool vis_negotiated(VirtIOMMIOProxy *proxy)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);

    return proxy->vis.accepted && (vdev->status & VIRTIO_CONFIG_S_FEATURES_OK);
}

static bool vis_may_log(VirtIOMMIOVIS *vis)
{
    int64_t now = get_clock();

    if (now - vis->log_since >= VIS_LOG_PERIOD_NS) {
        vis->log_since = now;
        vis->nr_logged = 0;
    }
    return vis->nr_logged++ < VIS_LOG_BURST;
}

#define vis_guest_error(_vis, _format, ...)                                 \
    do {                                                                    \
        if (vis_may_log(_vis)) {                                            \
            qemu_log_mask(LOG_GUEST_ERROR, "virtio-mmio-vis@%" HWADDR_PRIx  \
                          ": " _format "\n", (_vis)->mmio, ##__VA_ARGS__);  \
        }                                                                   \
    } while (0)

/* Sending */

bool vis_is_msi_target(VirtIOMMIOVIS *vis, uint64_t address)
{
    const MemMapEntry *msi = &vis->board->msi;

    return address >= msi->base && address - msi->base < msi->size &&
           QEMU_IS_ALIGNED(address, sizeof(uint32_t));
}

void vis_send_message(VirtIOMMIOVIS *vis, MSIMessage msg)
{
    MemTxAttrs attrs = {
        .requester_id = vis->board->requester_id + vis->slot,
    };

    address_space_stl_le(vis->board->messages, msg.address, msg.data, attrs,
                         NULL);
}

static void vis_send(VirtIOMMIOVIS *vis, uint32_t vector)
{
    MSIMessage msg = vis->latch[vector];

    if (vis->hooks->send) {
        vis->hooks->send(vis->variant, vector, &msg);
    }
    if (!vis_is_msi_target(vis, msg.address)) {
        vis_guest_error(vis, "vector %u: message to 0x%" PRIx64 " dropped",
                        vector, msg.address);
        return;
    }
    trace_virtio_mmio_vis_send(vis->mmio, vector, msg.address, msg.data);
    vis_send_message(vis, msg);
}

void vis_show_pending(VirtIOMMIOVIS *vis, uint32_t word)
{
    const MemMapEntry *area = &vis->board->area[VIS_PENDING_TABLE];

    if (vis_is_supplied(vis, VIS_PENDING_TABLE)) {
        vis_show_supplied(vis, word);
        return;
    }
    if (!vis->pending_view) {
        return;
    }
    qatomic_set(&vis->pending_view[word], cpu_to_le32(vis->pending[word]));
    memory_region_set_dirty(vis->board->ram[VIS_PENDING_TABLE],
                            vis->address[VIS_PENDING_TABLE] - area->base +
                            word * sizeof(uint32_t), sizeof(uint32_t));
}

static void vis_show_all(VirtIOMMIOVIS *vis)
{
    uint32_t word;

    for (word = 0; word < vis->nr_words; word++) {
        vis_show_pending(vis, word);
    }
}

static void vis_set_pending(VirtIOMMIOVIS *vis, uint32_t word, uint32_t bits)
{
    vis->pending[word] = bits;
    if (vis->hooks->later) {
        vis->hooks->later(vis->variant);
    } else {
        vis_show_pending(vis, word);
    }
}

static void vis_pend(VirtIOMMIOVIS *vis, uint32_t vector)
{
    uint32_t word = vis_word(vector);

    trace_virtio_mmio_vis_pend(vis->mmio, vector);
    vis_set_pending(vis, word, vis->pending[word] | vis_bit(vector));
}

void vis_send_pending(VirtIOMMIOVIS *vis, uint32_t word)
{
    uint32_t bits = vis->pending[word] & ~vis->mask[word];

    if (!bits) {
        return;
    }
    vis_set_pending(vis, word, vis->pending[word] & ~bits);
    for (; bits; bits &= bits - 1) {
        vis_send(vis, word * VIRTIO_VIS_VECTORS_PER_WORD + ctz32(bits));
    }
}

/* Events */

/*
 * While the machine is stopped, the interrupt controller may have been saved
 * already, or may not have been restored yet. A vector whose event occurs then
 * pends until the machine resumes.
 */
static void vis_occurs(VirtIOMMIOVIS *vis, uint32_t vector)
{
    if (vis_is_masked(vis, vector) || vis->hooks->later ||
        !runstate_is_running()) {
        vis_pend(vis, vector);
    } else {
        vis_send(vis, vector);
    }
}

static void vis_vm_change(void *opaque, bool running, RunState state)
{
    VirtIOMMIOProxy *proxy = opaque;
    uint32_t word;

    if (running) {
        vis_show_all(&proxy->vis);
    }
    for (word = 0; running && word < proxy->vis.nr_words; word++) {
        vis_send_pending(&proxy->vis, word);
    }
}

static void vis_event_occurs(VirtIOMMIOVIS *vis, VISEvent *event)
{
    if (event->vector != VIRTIO_NO_VECTOR) {
        vis_occurs(vis, event->vector);
    }
}

bool virtio_mmio_vis_notify(VirtIOMMIOProxy *proxy, uint16_t name)
{
    VirtIOMMIOVIS *vis = &proxy->vis;

    if (!qatomic_read(&vis->enabled)) {
        return false;
    }
    if (name >= ARRAY_SIZE(vis->events)) {
        return true;
    }
    if (bql_locked() && !vis->hooks->later) {
        vis_event_occurs(vis, &vis->events[name]);
        return true;
    }
    set_bit_atomic(name, vis->signalled);
    if (bql_locked()) {
        vis->hooks->later(vis->variant);
    } else {
        /* The holder of the BQL may be waiting for this thread. */
        qemu_bh_schedule(vis->observe);
    }
    return true;
}

static void vis_observe_signals(VirtIOMMIOProxy *proxy)
{
    const unsigned long nr = ARRAY_SIZE(proxy->vis.events);
    VirtIOMMIOVIS *vis = &proxy->vis;
    unsigned long name;

    /* One pass, because an event may be signalled as fast as it is observed. */
    for (name = find_first_bit(vis->signalled, nr); name < nr;
         name = find_next_bit(vis->signalled, nr, name + 1)) {
        if (bitmap_test_and_clear_atomic(vis->signalled, name, 1) &&
            vis->enabled) {
            vis_event_occurs(vis, &vis->events[name]);
        }
    }
}

static void vis_observe_bh(void *opaque)
{
    vis_observe_signals(opaque);
}

EventNotifier *vis_event_notifier(VirtIODevice *vdev, int index)
{
    return index == VIRTIO_CONFIG_IRQ_IDX ?
           virtio_config_get_guest_notifier(vdev) :
           virtio_queue_get_guest_notifier(virtio_get_queue(vdev, index));
}

/* While ENABLE is 0, the main loop observes all events, and raises the line. */
static void vis_observe_event(VirtIOMMIOProxy *proxy, VISEvent *event)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    int index = vis_event_index(&proxy->vis, event);

    if (!proxy->vis.enabled || !vis_has_notifier(&proxy->vis, event) ||
        !event_notifier_test_and_clear(vis_event_notifier(vdev, index))) {
        return;
    }
    if (index == VIRTIO_CONFIG_IRQ_IDX) {
        virtio_notify_config(vdev);
    } else {
        virtio_mmio_vis_notify(proxy, vis_event_name(&proxy->vis, event));
    }
}

/* A write to a mask word does not change the effect of other words' events. */
static void vis_observe_word(VirtIOMMIOProxy *proxy, uint32_t word)
{
    VirtIOMMIOVIS *vis = &proxy->vis;
    uint32_t first = word * VIRTIO_VIS_VECTORS_PER_WORD;
    uint32_t end = MIN(first + VIRTIO_VIS_VECTORS_PER_WORD, vis->nr_vectors);
    VISEvent *event;
    uint32_t vector;

    for (vector = first; vector < end; vector++) {
        QLIST_FOREACH(event, &vis->mapped[vector], node) {
            vis_observe_event(proxy, event);
        }
    }
    vis_observe_signals(proxy);
}

void vis_observe_all(VirtIOMMIOProxy *proxy)
{
    VirtIOMMIOVIS *vis = &proxy->vis;
    int index;

    for (index = VIRTIO_CONFIG_IRQ_IDX; index < vis->nr_notifiers; index++) {
        vis_observe_event(proxy, vis_event(vis, index));
    }
    vis_observe_signals(proxy);
}

void virtio_mmio_vis_assign_notifiers(VirtIOMMIOProxy *proxy, int nvqs)
{
    VirtIOMMIOVIS *vis = &proxy->vis;

    if (!vis->nr_vectors) {
        return;
    }
    vis->nr_notifiers = nvqs;
    vis_irqfds_start(proxy);
    if (vis->hooks->assigned) {
        vis->hooks->assigned(vis->variant);
    }
}

void virtio_mmio_vis_release_notifiers(VirtIOMMIOProxy *proxy)
{
    if (proxy->vis.nr_vectors) {
        vis_irqfds_stop(proxy);
        proxy->vis.nr_notifiers = VIRTIO_CONFIG_IRQ_IDX;
    }
}

/* Latch and commit */

bool vis_read_entry(VirtIOMMIOVIS *vis, uint32_t vector, MSIMessage *msg)
{
    struct virtio_vis_entry *entry = &vis->entries[vector];
    struct virtio_vis_entry supplied;

    if (vis_is_supplied(vis, VIS_VECTOR_TABLE)) {
        if (!vis_read_supplied(vis, vector, &supplied)) {
            return false;
        }
        entry = &supplied;
    }
    msg->address = le32_to_cpu(qatomic_read(&entry->addr_lo)) |
                   (uint64_t)le32_to_cpu(qatomic_read(&entry->addr_hi)) << 32;
    msg->data = le32_to_cpu(qatomic_read(&entry->data));
    return true;
}

/* Returns true if the message has changed. */
static bool vis_latch(VirtIOMMIOVIS *vis, uint32_t vector, MSIMessage msg)
{
    MSIMessage *latch = &vis->latch[vector];

    trace_virtio_mmio_vis_latch(vis->mmio, vector, msg.address, msg.data);
    if (msg.address == latch->address && msg.data == latch->data) {
        return false;
    }
    *latch = msg;
    return true;
}

/*
 * Returns the bits of the vectors whose message has changed. A vector whose
 * entry cannot be read becomes masked.
 */
static uint32_t vis_latch_word(VirtIOMMIOVIS *vis, uint32_t word,
                               uint32_t *mask)
{
    uint32_t bits, vector, changed = 0;
    MSIMessage msg;

    for (bits = ~*mask; bits; bits &= bits - 1) {
        vector = word * VIRTIO_VIS_VECTORS_PER_WORD + ctz32(bits);
        if (!vis_read_entry(vis, vector, &msg)) {
            vis_guest_error(vis, "entry %u cannot be read", vector);
            *mask |= vis_bit(vector);
        } else if (vis_latch(vis, vector, msg)) {
            changed |= vis_bit(vector);
        }
    }
    return changed;
}

static void vis_commit(VirtIOMMIOProxy *proxy, uint32_t word, uint32_t mask)
{
    VirtIOMMIOVIS *vis = &proxy->vis;
    uint32_t toggled, moved;

    vis_observe_word(proxy, word);
    moved = vis_latch_word(vis, word, &mask);
    toggled = vis->mask[word] ^ mask;
    vis->mask[word] = mask;
    vis_irqfds_update(proxy, word, toggled, moved);
    if (vis->hooks->later) {
        vis->hooks->later(vis->variant);
    } else {
        vis_send_pending(vis, word);
    }
}

static bool vis_mask_access_ok(VirtIOMMIOVIS *vis, hwaddr offset, unsigned size)
{
    if (size == sizeof(uint32_t) && QEMU_IS_ALIGNED(offset, size) &&
        offset / size < vis->nr_words) {
        return true;
    }
    vis_guest_error(vis, "bad access to the mask table: offset 0x%" HWADDR_PRIx
                    " size %u", offset, size);
    return false;
}

static uint64_t vis_mask_read(void *opaque, hwaddr offset, unsigned size)
{
    VirtIOMMIOProxy *proxy = opaque;
    VirtIOMMIOVIS *vis = &proxy->vis;
    uint32_t word = offset / sizeof(uint32_t);

    if (!vis_mask_access_ok(vis, offset, size)) {
        return vis->hooks->void_value;
    }
    trace_virtio_mmio_vis_mask_read(vis->mmio, word, vis->mask[word]);
    return vis->mask[word];
}

static void vis_mask_write(void *opaque, hwaddr offset, uint64_t value,
                           unsigned size)
{
    VirtIOMMIOProxy *proxy = opaque;
    VirtIOMMIOVIS *vis = &proxy->vis;
    uint32_t word = offset / sizeof(uint32_t);

    if (!vis_mask_access_ok(vis, offset, size)) {
        return;
    }
    trace_virtio_mmio_vis_mask_write(vis->mmio, word, value);
    if (!vis->enabled || !vis_negotiated(proxy)) {
        vis_guest_error(vis, "write to the mask table without ENABLE or "
                        "FEATURES_OK");
        return;
    }
    vis_commit(proxy, word, value | vis_void_bits(vis, word));
}

static const MemoryRegionOps vis_mask_ops = {
    .read = vis_mask_read,
    .write = vis_mask_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    /* The device must reject accesses of a wrong size instead of splitting. */
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

/* Mapping */

/*
 * An iothread may read virtio's record of a vector just before a write to the
 * mapping, and notify just after. So virtio does not get the vector there, but
 * a name of the event that never changes; only a reset takes it away.
 */
static void vis_name_event(VirtIOMMIOProxy *proxy, int index)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    VirtIOMMIOVIS *vis = &proxy->vis;
    uint16_t name = vis_event_name(vis, vis_event(vis, index));

    if (index == VIRTIO_CONFIG_IRQ_IDX) {
        vdev->config_vector = name;
    } else {
        virtio_queue_set_vector(vdev, index, name);
    }
}

void vis_remap(VirtIOMMIOProxy *proxy, int index, uint16_t vector)
{
    VirtIOMMIOVIS *vis = &proxy->vis;
    VISEvent *event = vis_event(vis, index);

    if (event->vector == vector) {
        return;
    }
    if (event->vector != VIRTIO_NO_VECTOR) {
        vis_irqfds_leave(proxy, event);
        QLIST_REMOVE(event, node);
    }
    event->vector = vector;
    if (vector != VIRTIO_NO_VECTOR) {
        QLIST_INSERT_HEAD(&vis->mapped[vector], event, node);
        vis_irqfds_join(proxy, event);
    }
}

static void vis_map_event(VirtIOMMIOProxy *proxy, int index, uint16_t vector)
{
    vis_observe_event(proxy, vis_event(&proxy->vis, index));
    vis_observe_signals(proxy);
    vis_remap(proxy, index, vector);
}

static void vis_map_queue(VirtIOMMIOProxy *proxy, uint16_t vector)
{
    if (virtio_mmio_selects_queue(proxy)) {
        vis_map_event(proxy, proxy->queue_sel, vector);
    } else {
        vis_guest_error(&proxy->vis, "no queue %u", proxy->queue_sel);
    }
}

/* Registers */

uint64_t virtio_mmio_vis_features(VirtIOMMIOProxy *proxy)
{
    return proxy->vis.on ? BIT_ULL(VIRTIO_F_VIS) : 0;
}

bool virtio_mmio_vis_accepts(VirtIOMMIOProxy *proxy, hwaddr offset,
                             unsigned size)
{
    if (!proxy->vis.on || size == sizeof(uint32_t) ||
        offset + size <= VIRTIO_MMIO_VIS_NUM_VECTORS ||
        offset >= VIRTIO_MMIO_VIS_PENDING_HIGH + sizeof(uint32_t)) {
        return true;
    }
    vis_guest_error(&proxy->vis, "bad access: offset 0x%" HWADDR_PRIx
                    " size %u", offset, size);
    return false;
}

static uint16_t vis_queue_vector(VirtIOMMIOProxy *proxy)
{
    return virtio_mmio_selects_queue(proxy) ?
           vis_event(&proxy->vis, proxy->queue_sel)->vector : VIRTIO_NO_VECTOR;
}

bool virtio_mmio_vis_read(VirtIOMMIOProxy *proxy, hwaddr offset,
                          uint64_t *value)
{
    VirtIOMMIOVIS *vis = &proxy->vis;

    if (!vis->on) {
        return false;
    }
    if (vis->hooks->read && vis->hooks->read(vis->variant, offset, value)) {
        return true;
    }
    switch (offset) {
    case VIRTIO_MMIO_INTERRUPT_STATUS:
        *value = 0;
        return vis->enabled;
    case VIRTIO_MMIO_VIS_NUM_VECTORS:
        *value = vis->nr_vectors | vis_supply_flag(vis) |
                 VIRTIO_VIS_DRAFT << ctz32(VIRTIO_VIS_NUM_VECTORS_DRAFT);
        break;
    case VIRTIO_MMIO_VIS_CONTROL:
        *value = vis->enabled ? VIRTIO_VIS_CONTROL_ENABLE : 0;
        break;
    case VIRTIO_MMIO_VIS_CONFIG_VECTOR:
        *value = vis_event(vis, VIRTIO_CONFIG_IRQ_IDX)->vector;
        break;
    case VIRTIO_MMIO_VIS_QUEUE_VECTOR:
        *value = vis_queue_vector(proxy);
        break;
    case VIS_REG_RESERVED:
        *value = 0;
        break;
    case VIRTIO_MMIO_VIS_TABLE_LOW ... VIRTIO_MMIO_VIS_PENDING_HIGH:
        *value = vis_read_address(vis, offset);
        break;
    default:
        return false;
    }
    trace_virtio_mmio_vis_reg_read(vis->mmio, offset, *value);
    return true;
}

/*
 * If a configuration change has raised the line, its vector becomes pending.
 * There are no used buffer notifications before DRIVER_OK.
 */
static void vis_take_over_line(VirtIOMMIOProxy *proxy)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    VirtIOMMIOVIS *vis = &proxy->vis;
    uint16_t vector = vis_event(vis, VIRTIO_CONFIG_IRQ_IDX)->vector;
    uint8_t isr = qatomic_xchg(&vdev->isr, 0);
    int index;

    trace_virtio_mmio_setting_irq(0);
    qemu_set_irq(proxy->irq, 0);
    for (index = 0; index < vis->nr_notifiers; index++) {
        event_notifier_test_and_clear(vis_event_notifier(vdev, index));
    }
    if ((isr & VIRTIO_MMIO_INT_CONFIG) && vector != VIRTIO_NO_VECTOR) {
        vis_pend(vis, vector);
    }
}

/* The device may refuse a write to Status, so look at the resulting value. */
static void vis_note_driver_ok(VirtIOMMIOProxy *proxy)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);

    proxy->vis.driver_ok |= !!(vdev->status & VIRTIO_CONFIG_S_DRIVER_OK);
}

static void vis_write_control(VirtIOMMIOProxy *proxy, uint32_t value)
{
    VirtIOMMIOVIS *vis = &proxy->vis;
    bool enable = value & VIRTIO_VIS_CONTROL_ENABLE;

    vis_observe_all(proxy);
    if (enable == vis->enabled) {
        return;
    }
    vis_note_driver_ok(proxy);
    if (!enable || vis->driver_ok) {
        vis_guest_error(vis, "ENABLE changed to %d %s", enable,
                        enable ? "after DRIVER_OK" : "without a reset");
        return;
    }
    trace_virtio_mmio_vis_enable(vis->mmio);
    bitmap_zero(vis->signalled, ARRAY_SIZE(vis->events));
    vis_take_over_line(proxy);
    qatomic_set(&vis->enabled, true);
    vis_show_all(vis);
}

static void vis_write_reg(VirtIOMMIOProxy *proxy, hwaddr offset, uint32_t value)
{
    VirtIOMMIOVIS *vis = &proxy->vis;
    uint16_t vector = value < vis->nr_vectors ? value : VIRTIO_NO_VECTOR;

    trace_virtio_mmio_vis_reg_write(vis->mmio, offset, value);
    if (!vis_negotiated(proxy)) {
        vis_guest_error(vis, "write to register 0x%" HWADDR_PRIx
                        " without the feature", offset);
        return;
    }
    switch (offset) {
    case VIRTIO_MMIO_VIS_CONTROL:
        vis_write_control(proxy, value);
        break;
    case VIRTIO_MMIO_VIS_CONFIG_VECTOR:
        vis_map_event(proxy, VIRTIO_CONFIG_IRQ_IDX, vector);
        break;
    case VIRTIO_MMIO_VIS_QUEUE_VECTOR:
        vis_map_queue(proxy, vector);
        break;
    default:
        if (!vis_write_address(vis, offset, value)) {
            vis_guest_error(vis, "write to read-only register 0x%" HWADDR_PRIx,
                            offset);
        }
        break;
    }
}

/* FEATURES_OK stays clear if VIS is accepted without VERSION_1. */
static void vis_write_status(VirtIOMMIOProxy *proxy, uint64_t *status)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    uint64_t features = (uint64_t)proxy->guest_features[1] << 32 |
                        proxy->guest_features[0];

    vis_observe_all(proxy);
    vis_note_driver_ok(proxy);
    if (!(*status & ~vdev->status & VIRTIO_CONFIG_S_FEATURES_OK)) {
        return;
    }
    proxy->vis.accepted = features & BIT_ULL(VIRTIO_F_VIS);
    if (proxy->vis.accepted && !(features & BIT_ULL(VIRTIO_F_VERSION_1))) {
        vis_guest_error(&proxy->vis, "VIS without VERSION_1");
        *status &= ~(uint64_t)VIRTIO_CONFIG_S_FEATURES_OK;
    }
}

bool virtio_mmio_vis_write(VirtIOMMIOProxy *proxy, hwaddr offset,
                           uint64_t *value)
{
    VirtIOMMIOVIS *vis = &proxy->vis;

    if (!vis->on) {
        return false;
    }
    if (vis->hooks->write) {
        vis->hooks->write(vis->variant, offset, *value);
    }
    switch (offset) {
    case VIRTIO_MMIO_STATUS:
        vis_write_status(proxy, value);
        return false;
    case VIRTIO_MMIO_QUEUE_RESET:
        vis_observe_all(proxy);
        return false;
    case VIRTIO_MMIO_INTERRUPT_ACK:
        return vis->enabled;
    case VIRTIO_MMIO_VIS_CONTROL:
    case VIRTIO_MMIO_VIS_CONFIG_VECTOR:
    case VIRTIO_MMIO_VIS_QUEUE_VECTOR:
    case VIRTIO_MMIO_VIS_TABLE_LOW ... VIRTIO_MMIO_VIS_PENDING_HIGH:
        vis_write_reg(proxy, offset, *value);
        return true;
    case VIRTIO_MMIO_VIS_NUM_VECTORS:
    case VIS_REG_RESERVED:
        vis_guest_error(vis, "write to read-only register 0x%" HWADDR_PRIx,
                        offset);
        return true;
    default:
        return false;
    }
}

/* Reset */

void virtio_mmio_vis_queue_reset(VirtIOMMIOProxy *proxy, int queue)
{
    if (proxy->vis.nr_vectors) {
        vis_remap(proxy, queue, VIRTIO_NO_VECTOR);
        vis_name_event(proxy, queue);
    }
}

void virtio_mmio_vis_reset(VirtIOMMIOProxy *proxy)
{
    VirtIOMMIOVIS *vis = &proxy->vis;
    uint32_t word;
    int index;

    if (!vis->nr_vectors) {
        return;
    }
    trace_virtio_mmio_vis_reset(vis->mmio);
    vis->accepted = false;
    vis->driver_ok = false;
    qatomic_set(&vis->enabled, false);
    vis_take_back_tables(vis);
    bitmap_zero(vis->signalled, ARRAY_SIZE(vis->events));
    for (word = 0; word < vis->nr_words; word++) {
        vis->mask[word] = ~0u;
        vis_set_pending(vis, word, 0);
    }
    memset(vis->latch, 0, vis->nr_vectors * sizeof(*vis->latch));
    for (index = VIRTIO_CONFIG_IRQ_IDX; index < VIRTIO_QUEUE_MAX; index++) {
        vis_remap(proxy, index, VIRTIO_NO_VECTOR);
        vis_name_event(proxy, index);
    }
    if (vis->hooks->reset) {
        vis->hooks->reset(vis->variant);
    }
}

/* Migration */

void virtio_mmio_vis_save_config(VirtIOMMIOProxy *proxy)
{
    if (proxy->vis.enabled) {
        qatomic_set(&virtio_bus_get_device(&proxy->bus)->isr, 0);
    }
}

/*
 * A driver has read VISNumVectors, which depends on these properties. The state
 * has a subsection for each of them, and nothing else would notice that one is
 * missing.
 */
int virtio_mmio_vis_pre_load(void *opaque)
{
    VirtIOMMIOVIS *vis = &VIRTIO_MMIO(opaque)->vis;

    vis->saved_on = false;
    vis->saved_driver_tables = false;
    return 0;
}

bool vis_is_as_saved(const char *property, bool set, bool saved)
{
    const char *out = saved ? "" : "out";

    if (set == saved) {
        return true;
    }
    error_report("virtio-mmio: the state was saved with%s %s, start QEMU "
                 "with%s it", out, property, out);
    return false;
}

int virtio_mmio_vis_post_load(void *opaque, int version_id)
{
    VirtIOMMIOVIS *vis = &VIRTIO_MMIO(opaque)->vis;

    return vis_is_as_saved("vis=on", vis->on, vis->saved_on) &&
           vis_is_as_saved("vis-driver-tables=on",
                           vis->on && vis->driver_tables,
                           vis->saved_driver_tables) ? 0 : -EINVAL;
}

static int vis_pre_load(void *opaque)
{
    VirtIOMMIOVIS *vis = &VIRTIO_MMIO(opaque)->vis;

    vis->saved_on = true;
    return vis_is_as_saved("vis=on", vis->on, true) ? 0 : -EINVAL;
}

static int vis_pre_save(void *opaque)
{
    VirtIOMMIOProxy *proxy = opaque;
    VirtIOMMIOVIS *vis = &proxy->vis;
    int queue;

    vis_observe_all(proxy);
    vis_note_driver_ok(proxy);
    vis->config_vector = vis_event(vis, VIRTIO_CONFIG_IRQ_IDX)->vector;
    for (queue = 0; queue < VIRTIO_QUEUE_MAX; queue++) {
        vis->queue_vector[queue] = vis_event(vis, queue)->vector;
    }
    return 0;
}

static bool vis_is_mapping(VirtIOMMIOVIS *vis, uint16_t vector)
{
    if (vector < vis->nr_vectors || vector == VIRTIO_NO_VECTOR) {
        return true;
    }
    error_report("virtio-mmio: vis: the saved state maps to vector %u of %u",
                 vector, vis->nr_vectors);
    return false;
}

static bool vis_load_mappings(VirtIOMMIOProxy *proxy)
{
    VirtIOMMIOVIS *vis = &proxy->vis;
    bool valid = vis_is_mapping(vis, vis->config_vector);
    int queue;

    for (queue = 0; queue < VIRTIO_QUEUE_MAX; queue++) {
        valid = valid && vis_is_mapping(vis, vis->queue_vector[queue]);
    }
    if (!valid) {
        return false;
    }
    vis_remap(proxy, VIRTIO_CONFIG_IRQ_IDX, vis->config_vector);
    for (queue = 0; queue < VIRTIO_QUEUE_MAX; queue++) {
        vis_remap(proxy, queue, vis->queue_vector[queue]);
    }
    return true;
}

void vis_clear_line(VirtIOMMIOProxy *proxy)
{
    qatomic_set(&virtio_bus_get_device(&proxy->bus)->isr, 0);
    qemu_set_irq(proxy->irq, 0);
}

static int vis_post_load(void *opaque, int version_id)
{
    VirtIOMMIOProxy *proxy = opaque;
    VirtIOMMIOVIS *vis = &proxy->vis;
    uint32_t word, unused;

    if (!vis_load_mappings(proxy)) {
        return -EINVAL;
    }
    for (word = 0; word < vis->nr_words; word++) {
        unused = vis->enabled ? vis_void_bits(vis, word) : ~0u;
        vis->mask[word] |= unused;
        vis_set_pending(vis, word, vis->pending[word] & ~unused);
    }
    if (vis->enabled) {
        vis_clear_line(proxy);
    }
    return 0;
}

static bool vis_needed(void *opaque)
{
    VirtIOMMIOProxy *proxy = opaque;

    return proxy->vis.on;
}

const VMStateDescription vmstate_vis_message = {
    .name = "virtio_mmio/vis/message",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(address, MSIMessage),
        VMSTATE_UINT32(data, MSIMessage),
        VMSTATE_END_OF_LIST()
    }
};

const VMStateDescription vmstate_virtio_mmio_vis = {
    .name = "virtio_mmio/vis",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = vis_needed,
    .pre_load = vis_pre_load,
    .pre_save = vis_pre_save,
    .post_load = vis_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32_EQUAL(vis.nr_vectors, VirtIOMMIOProxy),
        VMSTATE_UINT64_EQUAL(vis.address[VIS_VECTOR_TABLE], VirtIOMMIOProxy),
        VMSTATE_UINT64_EQUAL(vis.address[VIS_MASK_TABLE], VirtIOMMIOProxy),
        VMSTATE_UINT64_EQUAL(vis.address[VIS_PENDING_TABLE], VirtIOMMIOProxy),
        VMSTATE_BOOL(vis.accepted, VirtIOMMIOProxy),
        VMSTATE_BOOL(vis.driver_ok, VirtIOMMIOProxy),
        VMSTATE_BOOL(vis.enabled, VirtIOMMIOProxy),
        VMSTATE_UINT16(vis.config_vector, VirtIOMMIOProxy),
        VMSTATE_UINT16_ARRAY(vis.queue_vector, VirtIOMMIOProxy,
                             VIRTIO_QUEUE_MAX),
        VMSTATE_VARRAY_UINT32(vis.mask, VirtIOMMIOProxy, vis.nr_words, 1,
                              vmstate_info_uint32, uint32_t),
        VMSTATE_VARRAY_UINT32(vis.pending, VirtIOMMIOProxy, vis.nr_words, 1,
                              vmstate_info_uint32, uint32_t),
        VMSTATE_STRUCT_VARRAY_POINTER_UINT32(vis.latch, VirtIOMMIOProxy,
                                             vis.nr_vectors,
                                             vmstate_vis_message, MSIMessage),
        VMSTATE_END_OF_LIST()
    },
    .subsections = (const VMStateDescription * const []) {
        &vmstate_vis_supplied,
        NULL
    }
};

/* The board's windows */

static const char *const vis_window_names[VIS_NR_TABLES] = {
    [VIS_VECTOR_TABLE] = "vectors",
    [VIS_MASK_TABLE] = "mask",
    [VIS_PENDING_TABLE] = "pending",
};

static const Property vis_tables_properties[] = {
    DEFINE_PROP_UINT64("vectors", VISTables, size[VIS_VECTOR_TABLE], 0),
    DEFINE_PROP_UINT64("mask", VISTables, size[VIS_MASK_TABLE], 0),
    DEFINE_PROP_UINT64("pending", VISTables, size[VIS_PENDING_TABLE], 0),
};

static void vis_tables_realize(DeviceState *dev, Error **errp)
{
    VISTables *tables = VIS_TABLES(dev);
    VISTable table;

    for (table = 0; table < VIS_NR_TABLES; table++) {
        if (!tables->size[table] ||
            !QEMU_IS_ALIGNED(tables->size[table], VIS_GRANULE)) {
            error_setg(errp, "%s: %s=0x%" PRIx64 " is no multiple of 64 KiB",
                       TYPE_VIS_TABLES, vis_window_names[table],
                       tables->size[table]);
            return;
        }
        memory_region_init(&tables->window[table], OBJECT(dev),
                           vis_window_names[table], tables->size[table]);
        sysbus_init_mmio(SYS_BUS_DEVICE(dev), &tables->window[table]);
    }
}

static void vis_tables_class_init(ObjectClass *class, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(class);

    dc->desc = "Tables of Virtio Interrupt Storage";
    dc->realize = vis_tables_realize;
    /* Only a board knows their addresses. */
    dc->user_creatable = false;
    device_class_set_props(dc, vis_tables_properties);
}

static const TypeInfo vis_tables_info = {
    .name = TYPE_VIS_TABLES,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(VISTables),
    .class_init = vis_tables_class_init,
};

void virtio_mmio_vis_create_tables(VirtIOMMIOVISBoard *board)
{
    DeviceState *dev = qdev_new(TYPE_VIS_TABLES);
    VISTable table;

    for (table = 0; table < VIS_NR_TABLES; table++) {
        qdev_prop_set_uint64(dev, vis_window_names[table],
                             board->area[table].size);
    }
    sysbus_realize_and_unref(SYS_BUS_DEVICE(dev), &error_fatal);
    for (table = 0; table < VIS_NR_TABLES; table++) {
        assert(QEMU_IS_ALIGNED(board->area[table].base, VIS_GRANULE));
        sysbus_mmio_map(SYS_BUS_DEVICE(dev), table, board->area[table].base);
    }
    board->tables = VIS_TABLES(dev);
}

void vis_map(VirtIOMMIOVIS *vis, VISTable table, MemoryRegion *mr)
{
    memory_region_add_subregion(&vis->board->tables->window[table],
                                vis->address[table] -
                                vis->board->area[table].base, mr);
}

void vis_unmap(VirtIOMMIOVIS *vis, VISTable table, MemoryRegion *mr)
{
    memory_region_del_subregion(&vis->board->tables->window[table], mr);
}

/* Variants */

static const VISVariantClass vis_plain;

static const TypeInfo vis_variant_info = {
    .name = TYPE_VIS_VARIANT,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(VISVariant),
    .class_size = sizeof(VISVariantClass),
    .abstract = true,
};

static void vis_register_types(void)
{
    type_register_static(&vis_tables_info);
    type_register_static(&vis_variant_info);
}

type_init(vis_register_types)

static bool vis_add_variant(VirtIOMMIOProxy *proxy, Error **errp)
{
    VirtIOMMIOVIS *vis = &proxy->vis;
    g_autofree char *type = NULL;
    ObjectClass *class;

    vis->hooks = &vis_plain;
    if (!vis->variant_name) {
        return true;
    }
    type = g_strconcat(VIS_VARIANT_PREFIX, vis->variant_name, NULL);
    class = module_object_class_by_name(type);
    if (!object_class_dynamic_cast(class, TYPE_VIS_VARIANT) ||
        object_class_is_abstract(class)) {
        error_setg(errp, "virtio-mmio: x-vis-variant=%s: this QEMU has no such "
                   "variant of VIS", vis->variant_name);
        return false;
    }
    vis->variant = VIS_VARIANT(object_new(type));
    vis->variant->proxy = proxy;
    object_property_add_child(OBJECT(proxy), "variant",
                              OBJECT(vis->variant));
    object_unref(OBJECT(vis->variant));
    vis->hooks = VIS_VARIANT_GET_CLASS(vis->variant);
    return true;
}

static void vis_remove_variant(VirtIOMMIOVIS *vis)
{
    if (vis->variant) {
        object_unparent(OBJECT(vis->variant));
        vis->variant = NULL;
    }
    vis->hooks = &vis_plain;
}

/* Plugging */

uint32_t vis_count_queues(VirtIODevice *vdev)
{
    uint32_t nr = 0;

    while (nr < VIRTIO_QUEUE_MAX && virtio_queue_get_num(vdev, nr)) {
        nr++;
    }
    return nr;
}

static bool vis_check_properties(VirtIOMMIOProxy *proxy, Error **errp)
{
    VirtIOMMIOVIS *vis = &proxy->vis;

    if (!vis->board) {
        error_setg(errp, "virtio-mmio: vis=on: this machine has no place for "
                   "the tables of VIS, leave it off");
    } else if (proxy->legacy) {
        error_setg(errp, "virtio-mmio: vis=on needs force-legacy=false");
    } else if (vis->vectors > VIS_MAX_VECTORS) {
        error_setg(errp, "virtio-mmio: vectors=%u is more than %u",
                   vis->vectors, VIS_MAX_VECTORS);
    } else if (vis->move != VIS_SLOT_OWN && vis->move >= vis->board->nr_slots) {
        error_setg(errp, "virtio-mmio: x-vis-slot=%u: the machine has %u",
                   vis->move, vis->board->nr_slots);
    } else {
        return true;
    }
    return false;
}

static uint64_t vis_table_size(VirtIOMMIOVIS *vis, VISTable table)
{
    return table == VIS_VECTOR_TABLE ?
           vis->nr_vectors * sizeof(struct virtio_vis_entry) :
           vis->nr_words * sizeof(uint32_t);
}

MemMapEntry virtio_mmio_vis_place(const VirtIOMMIOVISBoard *board,
                                  VISTable table, unsigned slot)
{
    uint64_t size = board->area[table].size / board->nr_slots;

    return (MemMapEntry) { board->area[table].base + slot * size, size };
}

static bool vis_find_place(VirtIOMMIOVIS *vis, Error **errp)
{
    unsigned slot = vis->move == VIS_SLOT_OWN ? vis->slot : vis->move;
    MemMapEntry place;
    VISTable table;

    for (table = 0; table < VIS_NR_TABLES; table++) {
        if (table == VIS_PENDING_TABLE && !vis->pending_on) {
            continue;
        }
        if (vis->hooks->place) {
            if (!vis->hooks->place(vis->variant, table,
                                   vis_table_size(vis, table), errp)) {
                return false;
            }
            continue;
        }
        place = virtio_mmio_vis_place(vis->board, table, slot);
        if (vis_table_size(vis, table) > place.size) {
            error_setg(errp, "virtio-mmio: the machine has no room for the "
                       "tables of vectors=%u", vis->nr_vectors);
            return false;
        }
        vis->address[table] = place.base;
    }
    return true;
}

/*
 * All tables of a kind share one block of memory, which takes one memory slot
 * of a hypervisor. Both ends of a migration know the block by its name.
 */
static void *vis_map_ram(VirtIOMMIOVIS *vis, VISTable table, const char *name,
                         Error **errp)
{
    VirtIOMMIOVISBoard *board = vis->board;
    const MemMapEntry *area = &board->area[table];
    g_autofree MemoryRegion *mr = NULL;

    if (!board->ram[table]) {
        mr = g_new0(MemoryRegion, 1);
        if (!memory_region_init_ram(mr, NULL, name, area->size, errp)) {
            return NULL;
        }
        memory_region_set_readonly(mr, table == VIS_PENDING_TABLE);
        memory_region_add_subregion(&board->tables->window[table], 0, mr);
        board->ram[table] = g_steal_pointer(&mr);
    }
    return (uint8_t *)memory_region_get_ram_ptr(board->ram[table]) +
           (vis->address[table] - area->base);
}

/* The region catches accesses past the end, up to the next table. */
static uint64_t vis_mask_window(VirtIOMMIOVIS *vis)
{
    return vis->hooks->place ?
           vis_table_size(vis, VIS_MASK_TABLE) + sizeof(uint32_t) :
           virtio_mmio_vis_place(vis->board, VIS_MASK_TABLE, vis->slot).size;
}

static bool vis_map_tables(VirtIOMMIOProxy *proxy, Error **errp)
{
    VirtIOMMIOVIS *vis = &proxy->vis;

    if (vis->hooks->map_entries) {
        vis->hooks->map_entries(vis->variant);
    } else {
        vis->entries = vis_map_ram(vis, VIS_VECTOR_TABLE,
                                   "virtio-mmio-vis-vectors", errp);
    }
    if (!vis->entries) {
        return false;
    }
    if (vis->pending_on) {
        vis->pending_view = vis_map_ram(vis, VIS_PENDING_TABLE,
                                        "virtio-mmio-vis-pending", errp);
        if (!vis->pending_view) {
            return false;
        }
    }
    memory_region_init_io(&vis->mask_io, OBJECT(proxy), &vis_mask_ops, proxy,
                          "virtio-mmio-vis-mask",
                          vis_mask_window(vis));
    vis_map(vis, VIS_MASK_TABLE, &vis->mask_io);
    return true;
}

void virtio_mmio_vis_attach(DeviceState *transport, VirtIOMMIOVISBoard *board,
                            unsigned slot)
{
    VirtIOMMIOVIS *vis = &VIRTIO_MMIO(transport)->vis;

    assert(slot < board->nr_slots);
    vis->board = board;
    vis->slot = slot;
}

static void vis_init_state(VirtIOMMIOProxy *proxy)
{
    VirtIOMMIOVIS *vis = &proxy->vis;
    unsigned i;

    vis->mask = g_new(uint32_t, vis->nr_words);
    vis->pending = g_new(uint32_t, vis->nr_words);
    vis->latch = g_new(MSIMessage, vis->nr_vectors);
    vis->mapped = g_new0(VISEventList, vis->nr_vectors);
    vis->observe = qemu_bh_new_guarded(vis_observe_bh, proxy,
                                       &DEVICE(proxy)->mem_reentrancy_guard);
    vis->vm_change = qdev_add_vm_change_state_handler(DEVICE(proxy),
                                                      vis_vm_change, NULL,
                                                      proxy);
    vis->nr_notifiers = VIRTIO_CONFIG_IRQ_IDX;
    for (i = 0; i < ARRAY_SIZE(vis->events); i++) {
        vis->events[i].vector = VIRTIO_NO_VECTOR;
        vis->events[i].irqfd = -1;
    }
    virtio_mmio_vis_reset(proxy);
}

static void vis_free_state(VirtIOMMIOVIS *vis)
{
    qemu_del_vm_change_state_handler(vis->vm_change);
    qemu_bh_delete(vis->observe);
    g_clear_pointer(&vis->mapped, g_free);
    g_clear_pointer(&vis->latch, g_free);
    g_clear_pointer(&vis->pending, g_free);
    g_clear_pointer(&vis->mask, g_free);
    vis->enabled = false;
    vis->nr_vectors = 0;
}

/* Create the tables, and prepare the variant before it is realized. */
static bool vis_make(VirtIOMMIOProxy *proxy, Error **errp)
{
    VirtIOMMIOVIS *vis = &proxy->vis;

    vis->mmio = SYS_BUS_DEVICE(proxy)->mmio[0].addr;
    vis->nr_vectors = vis->vectors ?:
        vis_count_queues(virtio_bus_get_device(&proxy->bus)) + 1;
    if (!vis_add_variant(proxy, errp)) {
        return false;
    }
    if (vis->hooks->prepare) {
        vis->hooks->prepare(vis->variant);
    }
    vis->nr_words = DIV_ROUND_UP(vis->nr_vectors, VIRTIO_VIS_VECTORS_PER_WORD);
    return vis_find_place(vis, errp) && vis_map_tables(proxy, errp);
}

void virtio_mmio_vis_plugged(DeviceState *d, Error **errp)
{
    VirtIOMMIOProxy *proxy = VIRTIO_MMIO(d);
    VirtIOMMIOVIS *vis = &proxy->vis;

    vis->on = vis->on && !(vis->skip & BIT_ULL(vis->slot));
    if (!vis->on || !vis_check_properties(proxy, errp)) {
        return;
    }
    if (!vis_make(proxy, errp)) {
        vis_remove_variant(vis);
        vis->nr_vectors = 0;
        return;
    }
    vis_init_state(proxy);
    if (vis->variant) {
        qdev_realize(DEVICE(vis->variant), NULL, errp);
    }
}

void virtio_mmio_vis_unplugged(DeviceState *d)
{
    VirtIOMMIOVIS *vis = &VIRTIO_MMIO(d)->vis;

    if (!vis->nr_vectors) {
        return;
    }
    vis_remove_variant(vis);
    vis_unmap(vis, VIS_MASK_TABLE, &vis->mask_io);
    object_unparent(OBJECT(&vis->mask_io));
    vis_free_state(vis);
}
