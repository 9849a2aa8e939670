/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hostile devices: faults for the conformance run
 *
 * Each breaks one statement of the specification that a guest can observe, or
 * some that no guest can tell apart. The device is honest otherwise, so that
 * the run finds no other statement broken. Its backend is an entropy device.
 */

#include "qemu/osdep.h"
#include "standard-headers/linux/virtio_mmio.h"
#include "exec/memop.h"
#include "hw/core/irq.h"
#include "hw/virtio/virtio-mmio-vis-hostile.h"
#include "qemu/bitops.h"

#define MANY_VECTORS        64
/* A device loses later messages, and another one misses later latches. */
#define GOOD_MESSAGES       8
#define GOOD_COMMITS        10
#define NOTIFY_DELAY_TICKS  5
#define SLOW_ENTRY_US       50
#define SPURIOUS_PERIOD_NS  (5 * TICK_PERIOD_NS)
/* No machine of the tests has memory here. */
#define NO_MEMORY           (1ull << 40)

static VirtIODevice *device(VISHostile *h)
{
    return virtio_bus_get_device(&h->proxy->bus);
}

static void write_register(VISHostile *h, hwaddr reg, uint64_t value)
{
    memory_region_dispatch_write(&h->proxy->iomem, reg, value, MO_32 | MO_LE,
                                 MEMTXATTRS_UNSPECIFIED);
}

static bool is_mapping(hwaddr reg)
{
    return reg == VIRTIO_MMIO_VIS_CONFIG_VECTOR ||
           reg == VIRTIO_MMIO_VIS_QUEUE_VECTOR;
}

static bool is_no_queue(VISHostile *h, hwaddr reg, hwaddr wanted)
{
    return reg == wanted && !virtio_mmio_selects_queue(h->proxy);
}

static bool is_driver_ok(VISHostile *h)
{
    return device(h)->status & VIRTIO_CONFIG_S_DRIVER_OK;
}

/* Returns the bits of word 0 that belong to vectors. */
static uint32_t valid_bits(VISHostile *h)
{
    return MAKE_64BIT_MASK(0, MIN(h->proxy->vis.nr_vectors, 32));
}

static uint16_t config_vector(VISHostile *h)
{
    return vis_event(&h->proxy->vis, VIRTIO_CONFIG_IRQ_IDX)->vector;
}

static uint16_t queue_vector(VISHostile *h)
{
    return vis_event(&h->proxy->vis, 0)->vector;
}

static void set_pending(VISHostile *h, uint32_t bits)
{
    h->proxy->vis.pending[0] = bits;
    vis_show_pending(&h->proxy->vis, 0);
}

static void send_unmasked(VISHostile *h)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;
    uint32_t vector;

    for (vector = 0; vector < vis->nr_vectors; vector++) {
        if (!vis_is_masked(vis, vector)) {
            vis_send_if_valid(h, vis->latch[vector]);
        }
    }
}

static void drop(MSIMessage *msg)
{
    msg->address = 0;
}

/* Discovery and registers */

static void have_one_vector(VISHostile *h)
{
    h->proxy->vis.nr_vectors = 1;
}

static void have_three_vectors(VISHostile *h)
{
    h->proxy->vis.nr_vectors = 3;
}

static void have_many_vectors(VISHostile *h)
{
    h->proxy->vis.nr_vectors = MANY_VECTORS;
}

static void keep_features_ok(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (reg == VIRTIO_MMIO_STATUS) {
        device(h)->status |= value & VIRTIO_CONFIG_S_FEATURES_OK;
    }
}

static uint64_t read_nothing_early(VISHostile *h, hwaddr reg, uint64_t value)
{
    return reg == VIRTIO_MMIO_VIS_CONFIG_VECTOR && !h->proxy->vis.accepted ?
           GARBAGE : value;
}

static void map_early(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (reg == VIRTIO_MMIO_VIS_CONFIG_VECTOR && !h->proxy->vis.accepted &&
        value < h->proxy->vis.nr_vectors) {
        vis_remap(h->proxy, VIRTIO_CONFIG_IRQ_IDX, value);
    }
}

static void enable_if(VISHostile *h, hwaddr reg, uint64_t value, bool when)
{
    if (reg == VIRTIO_MMIO_VIS_CONTROL && when &&
        (value & VIRTIO_VIS_CONTROL_ENABLE)) {
        qatomic_set(&h->proxy->vis.enabled, true);
    }
}

static void enable_early(VISHostile *h, hwaddr reg, uint64_t value)
{
    enable_if(h, reg, value, !h->proxy->vis.accepted);
}

static void enable_late(VISHostile *h, hwaddr reg, uint64_t value)
{
    enable_if(h, reg, value, is_driver_ok(h));
}

static bool enable_by_any_bit(VISHostile *h, hwaddr reg, uint64_t *value)
{
    if (reg == VIRTIO_MMIO_VIS_CONTROL && *value) {
        *value |= VIRTIO_VIS_CONTROL_ENABLE;
    }
    return true;
}

static void disable(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (reg == VIRTIO_MMIO_VIS_CONTROL && !value) {
        qatomic_set(&h->proxy->vis.enabled, false);
    }
}

/* The register VISFault.reg keeps the value written to it until a reset. */
static bool write_held(VISHostile *h, hwaddr reg, uint64_t *value)
{
    if (vis_is_reset(reg, *value)) {
        h->struck = false;
    }
    if (reg != h->fault->reg) {
        return true;
    }
    h->struck = true;
    h->value = *value;
    return false;
}

static uint64_t read_held(VISHostile *h, hwaddr reg, uint64_t value)
{
    return reg == h->fault->reg && h->struck ? h->value : value;
}

/* Vector table */

/* A register is slow if the access to it is traced. */
static hwaddr entry_slow(VISHostile *h, hwaddr offset, bool is_write)
{
    g_usleep(SLOW_ENTRY_US);
    return offset;
}

static hwaddr entry_shared(VISHostile *h, hwaddr offset, bool is_write)
{
    return offset % sizeof(struct virtio_vis_entry);
}

static hwaddr entry_locked(VISHostile *h, hwaddr offset, bool is_write)
{
    return is_write && h->proxy->vis.enabled ? NO_ENTRY : offset;
}

static hwaddr entry_of_32_bits(VISHostile *h, hwaddr offset, bool is_write)
{
    return offset % sizeof(struct virtio_vis_entry) ==
           offsetof(struct virtio_vis_entry, addr_hi) ? NO_ENTRY : offset;
}

static void drop_reserved(VISHostile *h, uint32_t vector, MSIMessage *msg)
{
    if (h->proxy->vis.entries[vector].reserved) {
        drop(msg);
    }
}

static void send_aligned(VISHostile *h, uint32_t vector, MSIMessage *msg)
{
    msg->address &= ~3ull;
}

/* Mask table */

static uint32_t first_word(VISHostile *h, uint32_t word)
{
    return 0;
}

static uint64_t read_mask_flipped(VISHostile *h, uint32_t word, uint64_t value)
{
    return value ^ 1;
}

static uint64_t read_mask_valid(VISHostile *h, uint32_t word, uint64_t value)
{
    return value & valid_bits(h);
}

static uint64_t read_mask_early(VISHostile *h, uint32_t word, uint64_t value)
{
    return h->proxy->vis.enabled ? value : ~valid_bits(h);
}

/* All bits of the word are stored, also those of no vector. */
static void store_mask(VISHostile *h, uint32_t word, uint32_t value)
{
    h->value = value;
    h->struck = true;
}

static uint64_t read_mask_stored(VISHostile *h, uint32_t word, uint64_t value)
{
    return h->struck && h->proxy->vis.enabled ?
           (value & valid_bits(h)) | (h->value & ~valid_bits(h)) : value;
}

static void forget_mask(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (reg == VIRTIO_MMIO_VIS_CONTROL) {
        h->struck = false;
    }
}

static void send_masked(VISHostile *h)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;
    MSIMessage entry;

    if ((vis->pending[0] & 1) && vis_is_masked(vis, 0) &&
        vis_read_entry(vis, 0, &entry)) {
        set_pending(h, 0);
        vis_send_if_valid(h, entry);
    }
}

static void unmask_early(VISHostile *h, uint32_t word, uint32_t value)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;

    if (!vis->enabled && vis->accepted) {
        vis->mask[word] = value | ~valid_bits(h);
    }
}

static bool mask_at_enable(VISHostile *h, hwaddr reg, uint64_t *value)
{
    if (reg == VIRTIO_MMIO_VIS_CONTROL && !h->proxy->vis.enabled) {
        h->proxy->vis.mask[0] = ~0u;
    }
    return true;
}

/* Pending table */

static uint32_t show_shifted(VISHostile *h, uint32_t word)
{
    return h->proxy->vis.pending[word] << 1;
}

static uint32_t show_nothing(VISHostile *h, uint32_t word)
{
    return 0;
}

static uint32_t show_for_ever(VISHostile *h, uint32_t word)
{
    return h->count |= h->proxy->vis.pending[word];
}

static void forget_shown(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (vis_is_reset(reg, value)) {
        h->count = 0;
    }
}

static uint32_t show_void(VISHostile *h, uint32_t word)
{
    return h->proxy->vis.pending[word] | 1u << 31;
}

static void forget_masked(VISHostile *h)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;

    set_pending(h, vis->pending[0] & ~vis->mask[0]);
}

/* Commit. While it takes place, VISHostile.struck is true. */

static void begin_commit(VISHostile *h, uint32_t word, uint32_t *value)
{
    vis_keep_latches(h);
    h->value = h->proxy->vis.mask[word];
    h->struck = true;
}

static void end_commit(VISHostile *h, uint32_t word, uint32_t value)
{
    h->struck = false;
}

static void hold_at_commit(VISHostile *h, uint32_t vector, MSIMessage *msg)
{
    if (h->struck) {
        h->count |= vis_bit(vector);
        drop(msg);
    }
}

static void pend_held(VISHostile *h, uint32_t word, uint32_t value)
{
    h->struck = false;
    set_pending(h, h->proxy->vis.pending[0] | h->count);
    h->count = 0;
}

/* The old message is that of a vector which the commit left unmasked. */
static void send_old_as_well(VISHostile *h, uint32_t vector, MSIMessage *msg)
{
    MSIMessage old = h->stale[vector];

    if (!(h->value & vis_bit(vector)) &&
        (old.address != msg->address || old.data != msg->data)) {
        vis_send_if_valid(h, old);
    }
}

static void send_old_at_commit(VISHostile *h, uint32_t vector, MSIMessage *msg)
{
    if (h->struck && h->stale[vector].address) {
        *msg = h->stale[vector];
    }
}

static void send_entry(VISHostile *h, uint32_t vector, MSIMessage *msg)
{
    vis_read_entry(&h->proxy->vis, vector, msg);
}

/* The latches of vectors that were unmasked before stay as they were. */
static void latch_once(VISHostile *h, uint32_t word, uint32_t value)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;
    uint32_t vector;

    for (vector = 0; vector < MIN(vis->nr_vectors, 32); vector++) {
        if (!((value | h->value) & vis_bit(vector))) {
            vis->latch[vector] = h->stale[vector];
        }
    }
}

static void latch_late(VISHostile *h, uint32_t word, uint32_t value)
{
    if (h->count++ >= GOOD_COMMITS) {
        latch_once(h, word, value);
    }
}

static bool count_anew(VISHostile *h, hwaddr reg, uint64_t *value)
{
    if (vis_is_reset(reg, *value)) {
        h->count = 0;
        h->struck = false;
    }
    return true;
}

static void send_at_commit(VISHostile *h, uint32_t word, uint32_t value)
{
    send_unmasked(h);
}

static void drop_if_all_unmasked(VISHostile *h, uint32_t vector,
                                 MSIMessage *msg)
{
    if (!(h->proxy->vis.mask[0] & valid_bits(h))) {
        drop(msg);
    }
}

/* Mapping */

static void drop_shared(VISHostile *h, uint32_t vector, MSIMessage *msg)
{
    VISEvent *first = QLIST_FIRST(&h->proxy->vis.mapped[vector]);

    if (first && QLIST_NEXT(first, node)) {
        drop(msg);
    }
}

static bool map_past_end(VISHostile *h, hwaddr reg, uint64_t *value)
{
    uint32_t n = h->proxy->vis.nr_vectors;

    if (is_mapping(reg) && *value >= n && *value != VIRTIO_NO_VECTOR) {
        *value = n - 1;
    }
    return true;
}

static bool refuse_last(VISHostile *h, hwaddr reg, uint64_t *value)
{
    if (reg == VIRTIO_MMIO_VIS_CONFIG_VECTOR &&
        *value == h->proxy->vis.nr_vectors - 1) {
        *value = VIRTIO_NO_VECTOR;
    }
    return true;
}

static void map_and_clear(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (reg == VIRTIO_MMIO_VIS_QUEUE_VECTOR) {
        set_pending(h, 0);
    }
}

/* A vector that pends on account of a queue makes the next one pend as well. */
static bool map_in_retrospect(VISHostile *h, hwaddr reg, uint64_t *value)
{
    uint32_t pending = h->proxy->vis.pending[0];

    if (reg == VIRTIO_MMIO_VIS_QUEUE_VECTOR && queue_vector(h) < 32 &&
        (pending & vis_bit(queue_vector(h))) &&
        *value < h->proxy->vis.nr_vectors) {
        set_pending(h, pending | vis_bit(*value));
    }
    return true;
}

static bool map_before_driver_ok(VISHostile *h, hwaddr reg, uint64_t *value)
{
    return !is_mapping(reg) || !is_driver_ok(h);
}

static bool map_first_for_none(VISHostile *h, hwaddr reg, uint64_t *value)
{
    if (is_no_queue(h, reg, VIRTIO_MMIO_VIS_QUEUE_VECTOR)) {
        h->proxy->queue_sel = 0;
    }
    return true;
}

static uint64_t read_first_for_none(VISHostile *h, hwaddr reg, uint64_t value)
{
    return is_no_queue(h, reg, VIRTIO_MMIO_VIS_QUEUE_VECTOR) ? 0 : value;
}

static bool select_by_half(VISHostile *h, hwaddr reg, uint64_t *value)
{
    if (reg == VIRTIO_MMIO_QUEUE_SEL) {
        *value = (uint16_t)*value;
    }
    return true;
}

static void unmap_unready(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (reg == VIRTIO_MMIO_QUEUE_READY && !value) {
        write_register(h, VIRTIO_MMIO_VIS_QUEUE_VECTOR, VIRTIO_NO_VECTOR);
    }
}

/* Events */

static void drop_all(VISHostile *h, uint32_t vector, MSIMessage *msg)
{
    drop(msg);
}

static void drop_later(VISHostile *h, uint32_t vector, MSIMessage *msg)
{
    if (h->count++ >= GOOD_MESSAGES) {
        drop(msg);
    }
}

static void count_from_commit(VISHostile *h, uint32_t word, uint32_t value)
{
    h->count = 0;
}

static void drop_config(VISHostile *h, uint32_t vector, MSIMessage *msg)
{
    if (vector == config_vector(h) && vector != queue_vector(h)) {
        drop(msg);
    }
}

static void send_unmapped(VISHostile *h)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;

    if (vis->enabled && qatomic_xchg(&device(h)->isr, 0) &&
        queue_vector(h) == VIRTIO_NO_VECTOR) {
        vis_send_if_valid(h, vis->latch[0]);
    }
}

/* An interrupt controller merges messages that come at the same time. */
static void note_sent(VISHostile *h, uint32_t vector, MSIMessage *msg)
{
    h->struck = true;
}

static void send_again(VISHostile *h)
{
    if (h->struck) {
        h->struck = false;
        send_unmasked(h);
    }
}

/* The message comes first. The device uses the buffer some ticks later. */
static bool notify_first(VISHostile *h, hwaddr reg, uint64_t *value)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;
    uint16_t vector = queue_vector(h);

    count_anew(h, reg, value);
    if (reg != VIRTIO_MMIO_QUEUE_NOTIFY || !vis->enabled ||
        vector >= vis->nr_vectors || vis_is_masked(vis, vector)) {
        return true;
    }
    vis_send_if_valid(h, vis->latch[vector]);
    h->struck = true;
    h->count = NOTIFY_DELAY_TICKS;
    return false;
}

static void notify_now(VISHostile *h)
{
    if (h->count && !--h->count) {
        write_register(h, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
    }
}

static bool keep_request(VISHostile *h, hwaddr reg, uint64_t *value)
{
    return reg != VIRTIO_MMIO_QUEUE_NOTIFY;
}

static void drop_notified(VISHostile *h, uint32_t vector, MSIMessage *msg)
{
    if (h->struck && vector == queue_vector(h)) {
        h->struck = false;
        drop(msg);
    }
}

/* Reset */

static bool note_enable(VISHostile *h, hwaddr reg, uint64_t *value)
{
    h->struck |= vis_is_reset(reg, *value) && h->proxy->vis.enabled;
    return true;
}

static uint64_t read_enable_noted(VISHostile *h, hwaddr reg, uint64_t value)
{
    return reg == VIRTIO_MMIO_VIS_CONTROL && h->struck &&
           !h->proxy->vis.accepted ? VIRTIO_VIS_CONTROL_ENABLE : value;
}

/* The old latches are sent some reads after the one that ends the reset. */
static bool note_latches(VISHostile *h, hwaddr reg, uint64_t *value)
{
    if (vis_is_reset(reg, *value) && h->proxy->vis.enabled) {
        vis_keep_latches(h);
        h->struck = true;
    }
    return true;
}

static uint64_t send_at_read(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (reg == VIRTIO_MMIO_VIS_CONTROL && h->struck) {
        h->struck = false;
        vis_send_stale(h);
    }
    return value;
}

static bool note_pending(VISHostile *h, hwaddr reg, uint64_t *value)
{
    h->value = h->proxy->vis.pending[0];
    return true;
}

static void restore_pending(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (vis_is_reset(reg, value)) {
        set_pending(h, h->value);
    }
}

static bool note_mapping(VISHostile *h, hwaddr reg, uint64_t *value)
{
    h->value = config_vector(h);
    return true;
}

static void restore_mapping(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (vis_is_reset(reg, value)) {
        vis_remap(h->proxy, VIRTIO_CONFIG_IRQ_IDX, h->value);
    }
}

static bool note_queue(VISHostile *h, hwaddr reg, uint64_t *value)
{
    h->value = queue_vector(h);
    return true;
}

static void restore_queue(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (reg == VIRTIO_MMIO_QUEUE_RESET &&
        virtio_mmio_selects_queue(h->proxy)) {
        write_register(h, VIRTIO_MMIO_VIS_QUEUE_VECTOR, h->value);
    }
}

static void clear_with_queue(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (reg == VIRTIO_MMIO_QUEUE_RESET) {
        set_pending(h, 0);
    }
}

static void mask_with_queue(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (reg == VIRTIO_MMIO_QUEUE_RESET) {
        h->proxy->vis.mask[0] = ~0u;
    }
}

static bool reset_first_for_none(VISHostile *h, hwaddr reg, uint64_t *value)
{
    if (is_no_queue(h, reg, VIRTIO_MMIO_QUEUE_RESET)) {
        h->proxy->queue_sel = 0;
    }
    return true;
}

/* A read of Status resets the device, even if another value follows the 0. */
static bool put_off_reset(VISHostile *h, hwaddr reg, uint64_t *value)
{
    if (vis_is_reset(reg, *value)) {
        h->struck = true;
        return false;
    }
    return true;
}

static uint64_t reset_at_read(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (reg != VIRTIO_MMIO_STATUS || !h->struck) {
        return value;
    }
    h->struck = false;
    write_register(h, VIRTIO_MMIO_STATUS, 0);
    return 0;
}

static uint64_t never_reset(VISHostile *h, hwaddr reg, uint64_t value)
{
    return reg == VIRTIO_MMIO_STATUS && !value && h->count ?
           VIRTIO_CONFIG_S_NEEDS_RESET : value;
}

static void count_driver_ok(VISHostile *h, hwaddr reg, uint64_t value)
{
    h->count += reg == VIRTIO_MMIO_STATUS && is_driver_ok(h);
}

/* Bad accesses and the line */

static void drop_after_narrow(VISHostile *h, uint32_t vector, MSIMessage *msg)
{
    if (h->nr_narrow) {
        drop(msg);
    }
}

static void raise_line(VISHostile *h, uint32_t vector, MSIMessage *msg)
{
    qemu_set_irq(h->proxy->irq, 1);
}

static void lower_line(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (vis_is_reset(reg, value)) {
        qemu_set_irq(h->proxy->irq, 0);
    }
}

static uint64_t read_status(VISHostile *h, hwaddr reg, uint64_t value)
{
    return reg == VIRTIO_MMIO_INTERRUPT_STATUS && h->proxy->vis.enabled ?
           qatomic_read(&device(h)->isr) : value;
}

static void clear_with_ack(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (reg == VIRTIO_MMIO_INTERRUPT_ACK && h->proxy->vis.enabled) {
        set_pending(h, 0);
    }
}

static void drop_after_bad(VISHostile *h, uint32_t vector, MSIMessage *msg)
{
    h->struck |= !vis_is_msi_target(&h->proxy->vis, msg->address);
    if (h->struck) {
        drop(msg);
    }
}

/* Supplied tables */

static void have_supplied(VISHostile *h)
{
    h->proxy->vis.driver_tables = true;
}

static void take_address_if(VISHostile *h, hwaddr reg, uint64_t value,
                            bool when)
{
    uint64_t *table = &h->proxy->vis.in_use[VIS_VECTOR_TABLE];

    if (reg == VIRTIO_MMIO_VIS_TABLE_LOW && when) {
        *table = deposit64(*table, 0, 32, value);
    }
}

static void take_address_early(VISHostile *h, hwaddr reg, uint64_t value)
{
    take_address_if(h, reg, value, !h->proxy->vis.accepted);
}

static void take_address_late(VISHostile *h, hwaddr reg, uint64_t value)
{
    take_address_if(h, reg, value, h->proxy->vis.enabled);
}

static uint64_t read_own_address(VISHostile *h, hwaddr reg, uint64_t value)
{
    const uint64_t *address = h->proxy->vis.address;

    switch (reg) {
    case VIRTIO_MMIO_VIS_TABLE_LOW:
        return (uint32_t)address[VIS_VECTOR_TABLE];
    case VIRTIO_MMIO_VIS_PENDING_LOW:
        return (uint32_t)address[VIS_PENDING_TABLE];
    case VIRTIO_MMIO_VIS_TABLE_HIGH:
        return address[VIS_VECTOR_TABLE] >> 32;
    case VIRTIO_MMIO_VIS_PENDING_HIGH:
        return address[VIS_PENDING_TABLE] >> 32;
    default:
        return value;
    }
}

static bool note_table(VISHostile *h, hwaddr reg, uint64_t *value)
{
    h->value = h->proxy->vis.in_use[VIS_VECTOR_TABLE];
    return true;
}

static void restore_table(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (vis_is_reset(reg, value)) {
        h->proxy->vis.in_use[VIS_VECTOR_TABLE] = h->value;
    }
}

static void begin_own_commit(VISHostile *h, uint32_t word, uint32_t *value)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;

    h->value = vis->in_use[VIS_VECTOR_TABLE];
    vis->in_use[VIS_VECTOR_TABLE] = vis->address[VIS_VECTOR_TABLE];
}

static void end_own_commit(VISHostile *h, uint32_t word, uint32_t value)
{
    h->proxy->vis.in_use[VIS_VECTOR_TABLE] = h->value;
}

static void unmask_unread(VISHostile *h, uint32_t word, uint32_t value)
{
    if (h->proxy->vis.in_use[VIS_VECTOR_TABLE] >= NO_MEMORY) {
        h->proxy->vis.mask[word] = value | ~valid_bits(h);
    }
}

/* The registers return an address at which the device shows nothing. */
static void hide_pending(VISHostile *h, hwaddr reg, uint64_t value)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;

    if (reg == VIRTIO_MMIO_VIS_CONTROL && vis->enabled && !h->value &&
        vis_is_supplied(vis, VIS_PENDING_TABLE)) {
        h->value = vis->in_use[VIS_PENDING_TABLE];
        vis->in_use[VIS_PENDING_TABLE] = 0;
    } else if (vis_is_reset(reg, value)) {
        h->value = 0;
    }
}

static uint64_t read_hidden(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (h->value && reg == VIRTIO_MMIO_VIS_PENDING_LOW) {
        return (uint32_t)h->value;
    }
    return h->value && reg == VIRTIO_MMIO_VIS_PENDING_HIGH ? h->value >> 32 :
                                                              value;
}

static void show_in_own(VISHostile *h)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;

    qatomic_set(&vis->pending_view[0], cpu_to_le32(vis->pending[0]));
}

static void lose_unwritable(VISHostile *h)
{
    if (h->proxy->vis.in_use[VIS_PENDING_TABLE] >= NO_MEMORY) {
        h->proxy->vis.pending[0] = 0;
    }
}

static void write_word(VISHostile *h, hwaddr address, uint32_t word)
{
    uint32_t bits = cpu_to_le32(word);

    address_space_write(device(h)->dma_as, address, MEMTXATTRS_UNSPECIFIED,
                        &bits, sizeof(bits));
}

static void write_past_end(VISHostile *h)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;

    if (vis_is_supplied(vis, VIS_PENDING_TABLE) &&
        vis->in_use[VIS_PENDING_TABLE] &&
        vis->in_use[VIS_PENDING_TABLE] < NO_MEMORY) {
        write_word(h, vis->in_use[VIS_PENDING_TABLE] +
                      vis->nr_words * sizeof(uint32_t), vis->pending[0]);
    }
}

static bool note_supplied(VISHostile *h, hwaddr reg, uint64_t *value)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;
    uint64_t table = vis->in_use[VIS_PENDING_TABLE];

    if (vis_is_reset(reg, *value) && table && table < NO_MEMORY &&
        vis_is_supplied(vis, VIS_PENDING_TABLE)) {
        h->value = table;
    }
    return true;
}

static void show_after_reset(VISHostile *h)
{
    if (h->value && !vis_is_supplied(&h->proxy->vis, VIS_PENDING_TABLE)) {
        write_word(h, h->value, h->proxy->vis.pending[0]);
    }
}

/* All faults */

#define CONTROL         VIRTIO_MMIO_VIS_CONTROL
#define NUM             VIRTIO_MMIO_VIS_NUM_VECTORS

const VISFault vis_broken_faults[] = {
    PLACE("no_mask", VIRTIO_MMIO_VIS_MASK_LOW, FROM_ZERO, 0),
    PLACE("pending_by_mask", VIRTIO_MMIO_VIS_PENDING_LOW,
          VIRTIO_MMIO_VIS_MASK_LOW, 0x100),
    PLACE("pending_by_registers", VIRTIO_MMIO_VIS_PENDING_LOW, FROM_REGISTERS,
          0x8000),
    { .name = "features_ok", .after = keep_features_ok },
    { .name = "one_vector", .prepare = have_one_vector },
    { .name = "many_vectors", .prepare = have_many_vectors },
    { .name = "unreadable", .read = read_nothing_early },
    { .name = "early_mapping", .after = map_early },
    { .name = "early_enable", .after = enable_early },
    LIE("control_bits_read", CONTROL, ~0u, 2),
    { .name = "control_bits", .before = enable_by_any_bit },
    { .name = "num_writable", .reg = NUM, .before = write_held,
      .read = read_held },
    { .name = "reserved_writable", .reg = VIS_REG_RESERVED,
      .before = write_held, .read = read_held },
    LIE("reserved_reads", VIS_REG_RESERVED, ~0u, 1),

    { .name = "slow_table", .entry = entry_slow },
    { .name = "entries_shared", .entry = entry_shared },
    { .name = "entries_locked", .entry = entry_locked },
    { .name = "entries_short", .entry = entry_of_32_bits },
    { .name = "entry_reserved", .send = drop_reserved },
    { .name = "unaligned_sent", .send = send_aligned },

    { .name = "mask_words", .prepare = have_many_vectors,
      .mask_word = first_word },
    { .name = "mask_flips", .mask_read = read_mask_flipped },
    { .name = "mask_void_zero", .mask_read = read_mask_valid },
    { .name = "mask_void_stored", .mask_read = read_mask_stored,
      .after_mask = store_mask, .after = forget_mask },
    { .name = "masked_sent", .tick = send_masked },
    { .name = "mask_reads_early", .mask_read = read_mask_early },
    { .name = "mask_early", .after_mask = unmask_early,
      .before = mask_at_enable },

    { .name = "pending_shifted", .show = show_shifted },
    { .name = "pending_blank", .show = show_nothing },
    { .name = "pending_stays", .show = show_for_ever, .after = forget_shown },
    { .name = "pending_void", .show = show_void },
    { .name = "pending_writable", .writable_pending = true },
    { .name = "masked_forgotten", .tick = forget_masked },

    { .name = "unmask_silent", .before_mask = begin_commit,
      .send = hold_at_commit, .after_mask = pend_held },
    { .name = "old_and_new", .before_mask = begin_commit,
      .send = send_old_as_well },
    { .name = "old_at_commit", .before_mask = begin_commit,
      .send = send_old_at_commit, .after_mask = end_commit },
    { .name = "entry_sent", .send = send_entry },
    { .name = "latch_once", .before_mask = begin_commit,
      .after_mask = latch_once },
    { .name = "latch_late", .before_mask = begin_commit,
      .after_mask = latch_late, .before = count_anew },
    { .name = "commit_sends", .after_mask = send_at_commit },
    { .name = "all_unmasked", .prepare = have_three_vectors,
      .send = drop_if_all_unmasked },

    { .name = "shared_dropped", .send = drop_shared },
    { .name = "vectors_clamped", .before = map_past_end },
    LIE("vector_high", VIRTIO_MMIO_VIS_CONFIG_VECTOR, ~0u, 0x10000),
    { .name = "vector_refused", .before = refuse_last },
    { .name = "map_clears", .after = map_and_clear },
    { .name = "map_moves", .before = map_in_retrospect },
    { .name = "map_locked", .before = map_before_driver_ok },
    { .name = "map_no_queue", .before = map_first_for_none },
    { .name = "read_no_queue", .read = read_first_for_none },
    { .name = "queue_sel_half", .before = select_by_half },
    { .name = "ready_unmaps", .after = unmap_unready },

    { .name = "late_enable", .after = enable_late },
    { .name = "enable_cleared", .after = disable },
    LIE("enable_hidden", CONTROL, ~VIRTIO_VIS_CONTROL_ENABLE, 0),

    { .name = "later_lost", .send = drop_later,
      .after_mask = count_from_commit },
    { .name = "config_silent", .send = drop_config },
    { .name = "silent", .send = drop_all },
    { .name = "unmapped_sent", .tick = send_unmapped },
    { .name = "spurious", .tick = send_unmasked,
      .period_ns = SPURIOUS_PERIOD_NS },
    { .name = "twice", .send = note_sent, .tick = send_again },
    { .name = "early_message", .before = notify_first, .tick = notify_now,
      .send = drop_notified },

    { .name = "enable_kept", .before = note_enable,
      .read = read_enable_noted },
    { .name = "reset_sends", .before = note_latches, .read = send_at_read },
    { .name = "pending_kept", .before = note_pending,
      .after = restore_pending },
    { .name = "mapping_kept", .before = note_mapping,
      .after = restore_mapping },
    { .name = "queue_kept", .before = note_queue, .after = restore_queue },
    { .name = "queue_clears", .after = clear_with_queue },
    { .name = "queue_masks", .after = mask_with_queue },
    { .name = "reset_no_queue", .before = reset_first_for_none },
    { .name = "reset_put_off", .before = put_off_reset,
      .read = reset_at_read },
    { .name = "request_kept", .before = keep_request },
    { .name = "reset_never", .read = never_reset, .after = count_driver_ok },

    { .name = "narrow_registers", .narrow_registers = true },
    { .name = "narrow_mask", .narrow_mask = true },
    { .name = "narrow_kills", .send = drop_after_narrow },
    LIE("status_zero", VIRTIO_MMIO_INTERRUPT_STATUS, 0, 0),
    { .name = "line_raised", .send = raise_line, .after = lower_line },
    { .name = "status_shown", .read = read_status },
    { .name = "ack_clears", .after = clear_with_ack },
    { .name = "bad_entry_kills", .send = drop_after_bad,
      .before = count_anew },

    LIE("tables_claimed", NUM, ~0u, VIRTIO_VIS_NUM_VECTORS_DRIVER_TABLES),
    { .name = "tables_hidden", .prepare = have_supplied, .reg = NUM,
      .keep = ~VIRTIO_VIS_NUM_VECTORS_DRIVER_TABLES },
    { .name = "supplied", .prepare = have_supplied },
    { .name = "supplied_early", .prepare = have_supplied,
      .after = take_address_early },
    { .name = "supplied_late", .prepare = have_supplied,
      .after = take_address_late },
    { .name = "supplied_unread", .prepare = have_supplied,
      .read = read_own_address },
    { .name = "supplied_kept", .prepare = have_supplied,
      .before = note_table, .after = restore_table },
    { .name = "supplied_unused", .prepare = have_supplied,
      .before_mask = begin_own_commit, .after_mask = end_own_commit },
    { .name = "supplied_unmasked", .prepare = have_supplied,
      .after_mask = unmask_unread },
    { .name = "supplied_blank", .prepare = have_supplied,
      .after = hide_pending, .read = read_hidden },
    { .name = "supplied_and_own", .prepare = have_supplied,
      .tick = show_in_own },
    { .name = "supplied_lost", .prepare = have_supplied,
      .tick = lose_unwritable },
    { .name = "supplied_overrun", .prepare = have_supplied,
      .tick = write_past_end },
    { .name = "supplied_after", .prepare = have_supplied,
      .before = note_supplied, .tick = show_after_reset },
    { }
};
