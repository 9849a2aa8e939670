/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hostile devices: Virtio Interrupt Storage (VIS) that lies, for tests only
 *
 * A hostile device is a variant of the device, x-vis-variant=hostile. It covers
 * the registers and the mask table of an honest device with regions of its own,
 * and changes the accesses that pass through them. Its property "faults" names
 * faults and the transports that have them: "n_zero@3,storm@4". The faults here
 * are those that a driver has to survive.
 */

#include "qemu/osdep.h"
#include "standard-headers/linux/virtio_mmio.h"
#include "system/address-spaces.h"
#include "exec/memop.h"
#include "hw/core/qdev-properties.h"
#include "hw/virtio/virtio-mmio-vis-hostile.h"
#include "qapi/error.h"
#include "qemu/cutils.h"
#include "qemu/host-utils.h"
#include "qemu/units.h"
#include "trace.h"

/* Distance from the vector table of a transport to that of the next */
#define NEXT_VECTOR_TABLE   (1 * MiB)

#define MSI_ADDRESS         0xfee00000
#define VECTOR_OF_NOBODY    0xdd
#define FIRST_QUEUE_VECTOR  1
/*
 * Each tick waits for its turn with the CPUs, so that a storm of one message
 * per tick lasts long on a busy machine. The interrupt controller may merge
 * those of a burst; it merges most of the messages of single ticks as well.
 */
#define STORM_BURST         10
#define STORM_MESSAGES      (100000 * STORM_BURST)
/* No pause, but 0 would select the usual period. */
#define STORM_PERIOD_NS     1
#define TORN_PAUSE_NS       (2 * SCALE_US)
#define TORN_PERIOD_NS      (200 * SCALE_US)
#define SLOW_MASK_US        (100 * 1000)

/* A message of the fault "torn": these bits carry a nonce and its checksum */
#define TORN_ADDRESS_LO     0x00000ff0
#define TORN_DATA           0xffff0000

static void report(VISHostile *h)
{
    trace_virtio_mmio_vis_hostile(h->proxy->vis.mmio, h->fault->name, h->sent,
                                  h->errors);
}

/* Faults of registers */

static uint64_t true_address(VISHostile *h, hwaddr low)
{
    uint64_t lo = 0, hi = 0;

    virtio_mmio_vis_read(h->proxy, low, &lo);
    virtio_mmio_vis_read(h->proxy, low + sizeof(uint32_t), &hi);
    return hi << 32 | lo;
}

static uint64_t false_address(VISHostile *h)
{
    const VISFault *f = h->fault;

    switch (f->from) {
    case FROM_ZERO:
        return f->offset;
    case FROM_REGISTERS:
        return h->proxy->vis.mmio + f->offset;
    default:
        return true_address(h, f->from) + f->offset;
    }
}

static uint64_t read_register(VISHostile *h, hwaddr reg, uint64_t value)
{
    const VISFault *f = h->fault;

    if (f->read) {
        return f->read(h, reg, value);
    }
    if (f->address && reg == f->reg) {
        return (uint32_t)false_address(h);
    }
    if (f->address && reg == f->reg + sizeof(uint32_t)) {
        return false_address(h) >> 32;
    }
    return f->reg && reg == f->reg ? (value & f->keep) | f->set : value;
}

/* The first read returns the true address, later ones an address in RAM. */
static uint64_t read_changing(VISHostile *h, hwaddr reg, uint64_t value)
{
    return reg == VIRTIO_MMIO_VIS_TABLE_LOW && h->nr_reads[reg] ? 0x1000000 :
                                                                  value;
}

static uint64_t read_generation(VISHostile *h, hwaddr reg, uint64_t value)
{
    return reg == VIRTIO_MMIO_CONFIG_GENERATION ? h->nr_reads[reg] : value;
}

static uint64_t read_mask_garbage(VISHostile *h, uint32_t word, uint64_t value)
{
    return value ^ GARBAGE;
}

static bool drop_enable(VISHostile *h, hwaddr reg, uint64_t *value)
{
    return reg != VIRTIO_MMIO_VIS_CONTROL;
}

static bool drop_queue_vector(VISHostile *h, hwaddr reg, uint64_t *value)
{
    return reg != VIRTIO_MMIO_VIS_QUEUE_VECTOR;
}

/* The first reset of a device on VIS goes unnoticed; firmware uses the line */
static bool drop_first_reset(VISHostile *h, hwaddr reg, uint64_t *value)
{
    if (h->struck || !vis_is_reset(reg, *value) || !h->proxy->vis.enabled) {
        return true;
    }
    h->struck = true;
    return false;
}

/* Faults of messages */

/* Sends the contents of the table before the driver has committed them. */
static bool fire_before_enable(VISHostile *h, hwaddr reg, uint64_t *value)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;
    MSIMessage entry;
    uint32_t vector;

    if (reg == VIRTIO_MMIO_VIS_CONTROL) {
        for (vector = 0; vector < vis->nr_vectors; vector++) {
            if (vis_read_entry(vis, vector, &entry)) {
                vis_send_if_valid(h, entry);
            }
        }
    }
    return true;
}

static void take_time(VISHostile *h, uint32_t word, uint32_t *value)
{
    g_usleep(SLOW_MASK_US);
}

static void fire_after_mask(VISHostile *h, uint32_t word, uint32_t value)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;
    uint32_t first = word * VIRTIO_VIS_VECTORS_PER_WORD;
    uint32_t i;

    for (i = 0; i < VIRTIO_VIS_VECTORS_PER_WORD; i++) {
        if (first + i < vis->nr_vectors && (vis->mask[word] & (1u << i))) {
            vis_send_if_valid(h, vis->latch[first + i]);
        }
    }
}

static bool keep_latches(VISHostile *h, hwaddr reg, uint64_t *value)
{
    if (vis_is_reset(reg, *value) && h->proxy->vis.enabled) {
        vis_keep_latches(h);
    }
    return true;
}

static void fire_after_reset(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (vis_is_reset(reg, value)) {
        vis_send_stale(h);
    }
}

static void fire_at_nobody(VISHostile *h, hwaddr reg, uint64_t value)
{
    if (reg == VIRTIO_MMIO_STATUS && (value & VIRTIO_CONFIG_S_DRIVER_OK)) {
        vis_send_if_valid(h, (MSIMessage) { MSI_ADDRESS, VECTOR_OF_NOBODY });
    }
}

static void fire_queues(VISHostile *h)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;
    uint32_t vector;

    for (vector = FIRST_QUEUE_VECTOR; vector < vis->nr_vectors; vector++) {
        vis_send_if_valid(h, vis->latch[vector]);
    }
}

static void storm(VISHostile *h)
{
    unsigned i;

    if (h->sent == STORM_MESSAGES) {
        return;
    }
    for (i = 0; i < STORM_BURST; i++) {
        vis_send_if_valid(h, h->proxy->vis.latch[FIRST_QUEUE_VECTOR]);
    }
    if (h->sent == STORM_MESSAGES) {
        report(h);
    }
}

/* Faults of memory */

static void fill_pending(VISHostile *h)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;

    memset(vis->pending_view, (uint8_t)GARBAGE,
           vis->nr_words * sizeof(*vis->pending_view));
}

static void fill_table(VISHostile *h, uint32_t word, uint32_t value)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;

    memset(vis->entries, (uint8_t)GARBAGE,
           vis->nr_vectors * sizeof(*vis->entries));
}

/* The fault "torn", an honest device that checks the driver */

static uint16_t torn_checksum(uint64_t address, uint32_t data)
{
    uint64_t sum = (address ^ (uint64_t)(uint16_t)data << 48) *
                   0x61c8864680b583eb;

    return sum >> 48;
}

static bool torn_is_mixture(MSIMessage msg)
{
    bool marked = msg.address >> 32 || (msg.address & TORN_ADDRESS_LO) ||
                  (msg.data & TORN_DATA);

    return marked && torn_checksum(msg.address, msg.data) != msg.data >> 16;
}

/* Waits for a commit, or a slow guest would have no time to make any. */
static void torn_notify_queues(VISHostile *h)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;
    int queue;

    if (!h->latched) {
        return;
    }
    h->latched = false;
    for (queue = 0; queue < VIRTIO_QUEUE_MAX; queue++) {
        virtio_mmio_vis_notify(h->proxy,
                               vis_event_name(vis, vis_event(vis, queue)));
    }
}

static void torn_pause(void)
{
    int64_t end = get_clock() + TORN_PAUSE_NS;

    while (get_clock() < end) {
        cpu_relax();
    }
}

/* The driver must have committed the message of a vector that it masks. */
static void torn_check_latches(VISHostile *h, uint32_t word, uint32_t value)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;
    uint32_t first = word * VIRTIO_VIS_VECTORS_PER_WORD;
    uint32_t end = MIN(first + VIRTIO_VIS_VECTORS_PER_WORD, vis->nr_vectors);
    MSIMessage entry;
    uint32_t vector;

    for (vector = first; vector < end; vector++) {
        h->errors += (value & 1u << (vector - first)) &&
                     !vis_is_masked(vis, vector) &&
                     (!vis_read_entry(vis, vector, &entry) ||
                      entry.address != vis->latch[vector].address ||
                      entry.data != vis->latch[vector].data);
    }
}

/* A device may latch a word slowly, field by field, as this one does. */
static void torn_latch_slowly(VISHostile *h, uint32_t word, uint32_t *value)
{
    struct virtio_vis_entry *entry = h->proxy->vis.entries;
    uint32_t first = word * VIRTIO_VIS_VECTORS_PER_WORD;
    uint32_t end = MIN(first + VIRTIO_VIS_VECTORS_PER_WORD,
                       h->proxy->vis.nr_vectors);
    MSIMessage msg[VIRTIO_VIS_VECTORS_PER_WORD];
    uint32_t vector;

    if (!h->proxy->vis.enabled) {
        return;
    }
    torn_check_latches(h, word, *value);
    for (vector = first; vector < end; vector++) {
        msg[vector - first].address =
            le32_to_cpu(qatomic_read(&entry[vector].addr_lo));
    }
    torn_pause();
    for (vector = first; vector < end; vector++) {
        msg[vector - first].address |=
            (uint64_t)le32_to_cpu(qatomic_read(&entry[vector].addr_hi)) << 32;
        msg[vector - first].data =
            le32_to_cpu(qatomic_read(&entry[vector].data));
        h->errors += !(*value & 1u << (vector - first)) &&
                     torn_is_mixture(msg[vector - first]);
    }
    h->latched = true;
}

/* Check a message before it is sent, and clear the bits that the check uses. */
static void torn_send(VISHostile *h, uint32_t vector, MSIMessage *msg)
{
    h->sent++;
    h->errors += torn_is_mixture(*msg);
    msg->address = (uint32_t)msg->address & ~TORN_ADDRESS_LO;
    msg->data &= ~TORN_DATA;
}

/* All faults */

#define NUM             VIRTIO_MMIO_VIS_NUM_VECTORS
#define TABLE           VIRTIO_MMIO_VIS_TABLE_LOW
#define MASK            VIRTIO_MMIO_VIS_MASK_LOW
#define PENDING         VIRTIO_MMIO_VIS_PENDING_LOW

static const VISFault faults[] = {
    { .name = "honest" },
    LIE("n_zero", NUM, ~VIRTIO_VIS_NUM_VECTORS_N, 0),
    LIE("n_max", NUM, ~0u, VIRTIO_VIS_NUM_VECTORS_N),
    LIE("draft_zero", NUM, ~VIRTIO_VIS_NUM_VECTORS_DRAFT, 0),
    LIE("draft_unknown", NUM, ~VIRTIO_VIS_NUM_VECTORS_DRAFT, 0x30000000),
    LIE("flags", NUM, ~0u,
        VIRTIO_VIS_NUM_VECTORS_CAPS & ~VIRTIO_VIS_NUM_VECTORS_DRIVER_TABLES),
    PLACE("table_misaligned", TABLE, TABLE, 8),
    PLACE("mask_misaligned", MASK, MASK, 2),
    PLACE("pending_misaligned", PENDING, PENDING, 1),
    PLACE("table_wraps", TABLE, FROM_ZERO, -16ull),
    PLACE("mask_wraps", MASK, FROM_ZERO, -4ull),
    PLACE("pending_wraps", PENDING, FROM_ZERO, -4ull),
    PLACE("mask_on_table", MASK, TABLE, 0),
    PLACE("pending_on_table", PENDING, TABLE, 0),
    PLACE("mask_shares_block", MASK, TABLE, 0x8000),
    PLACE("table_on_registers", TABLE, FROM_REGISTERS, 0),
    PLACE("mask_on_registers", MASK, FROM_REGISTERS, 0x100),
    PLACE("mask_on_device", MASK, FROM_REGISTERS, -0x200ull),
    PLACE("table_in_ram", TABLE, FROM_ZERO, 0x1000000),
    PLACE("table_in_reserved_ram", TABLE, FROM_ZERO, 0x8000000),
    PLACE("mask_in_ram", MASK, FROM_ZERO, 0x1000000),
    PLACE("pending_in_ram", PENDING, FROM_ZERO, 0x1000000),
    PLACE("table_on_lapic", TABLE, FROM_ZERO, 0xfee00000),
    PLACE("mask_on_ioapic", MASK, FROM_ZERO, 0xfec00000),
    PLACE("table_past_cpu", TABLE, FROM_ZERO, 1ull << 60),
    PLACE("table_of_other", TABLE, TABLE, NEXT_VECTOR_TABLE),
    { .name = "changing", .read = read_changing },
    LIE("no_version_1", VIRTIO_MMIO_DEVICE_FEATURES, ~1u, 0),
    LIE("no_features_ok", VIRTIO_MMIO_STATUS, ~VIRTIO_CONFIG_S_FEATURES_OK, 0),
    LIE("no_reset", VIRTIO_MMIO_STATUS, ~0u, VIRTIO_CONFIG_S_NEEDS_RESET),
    LIE("queue_of_0", VIRTIO_MMIO_QUEUE_NUM_MAX, 0, 0),
    LIE("queue_of_3", VIRTIO_MMIO_QUEUE_NUM_MAX, 0, 3),
    LIE("queue_huge", VIRTIO_MMIO_QUEUE_NUM_MAX, 0, ~0u),
    { .name = "generation", .read = read_generation },
    { .name = "enable_dropped", .before = drop_enable },
    { .name = "queue_vector_dropped", .before = drop_queue_vector },
    { .name = "mask_garbage", .mask_read = read_mask_garbage },
    { .name = "table_garbage", .after_mask = fill_table },
    { .name = "pending_garbage", .tick = fill_pending,
      .period_ns = TICK_PERIOD_NS },
    { .name = "slow_reset", .before = drop_first_reset },
    { .name = "slow_mask", .before_mask = take_time },
    { .name = "before_enable", .before = fire_before_enable },
    { .name = "after_mask", .after_mask = fire_after_mask },
    { .name = "after_reset", .before = keep_latches,
      .after = fire_after_reset },
    { .name = "unasked", .tick = fire_queues, .period_ns = TICK_PERIOD_NS },
    { .name = "no_handler", .after = fire_at_nobody },
    { .name = "storm", .tick = storm, .period_ns = STORM_PERIOD_NS },
    { .name = "torn", .before_mask = torn_latch_slowly, .send = torn_send,
      .tick = torn_notify_queues, .period_ns = TORN_PERIOD_NS },
    { }
};

static const VISFault *find_fault(const VISFault *f, const char *name)
{
    while (f->name && strcmp(f->name, name)) {
        f++;
    }
    return f->name ? f : NULL;
}

/* The layer over the honest device */

static void show_pending(VISHostile *h)
{
    uint32_t word;

    for (word = 0; h->view && word < h->proxy->vis.nr_words; word++) {
        qatomic_set(&h->view[word], cpu_to_le32(h->fault->show(h, word)));
    }
}

static MemTxResult regs_read(void *opaque, hwaddr reg, uint64_t *value,
                             unsigned size, MemTxAttrs attrs)
{
    VISHostile *h = opaque;
    MemTxResult r = memory_region_dispatch_read(&h->proxy->iomem, reg, value,
                                                size_memop(size) | MO_LE,
                                                attrs);

    if (reg < VIRTIO_MMIO_CONFIG && size == sizeof(uint32_t)) {
        *value = (uint32_t)read_register(h, reg, *value);
        h->nr_reads[reg]++;
    }
    return r;
}

static void tick(void *opaque)
{
    VISHostile *h = opaque;

    if (h->fault->tick) {
        h->fault->tick(h);
    }
    show_pending(h);
    timer_mod(h->timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
                        (h->fault->period_ns ?: TICK_PERIOD_NS));
}

static void status_written(VISHostile *h, uint64_t status)
{
    if (!status) {
        report(h);
        h->nr_narrow = 0;
    }
    if (!h->fault->tick && !h->view) {
        return;
    }
    if (!status) {
        timer_del(h->timer);
    } else if (status & VIRTIO_CONFIG_S_DRIVER_OK) {
        tick(h);
    }
}

static MemTxResult regs_write(void *opaque, hwaddr reg, uint64_t value,
                              unsigned size, MemTxAttrs attrs)
{
    VISHostile *h = opaque;
    MemTxResult r;

    if (reg >= VIRTIO_MMIO_VIS_NUM_VECTORS &&
        reg < VIRTIO_MMIO_CONFIG_GENERATION) {
        h->nr_narrow += size != sizeof(uint32_t);
        size = h->fault->narrow_registers ? sizeof(uint32_t) : size;
    }
    if (h->fault->before && !h->fault->before(h, reg, &value)) {
        return MEMTX_OK;
    }
    r = memory_region_dispatch_write(&h->proxy->iomem, reg, value,
                                     size_memop(size) | MO_LE, attrs);
    if (h->fault->after) {
        h->fault->after(h, reg, value);
    }
    if (reg == VIRTIO_MMIO_STATUS) {
        status_written(h, value);
    }
    show_pending(h);
    return r;
}

/* Returns the offset at which the mask table is accessed in place of @offset */
static hwaddr mask_offset(VISHostile *h, hwaddr offset)
{
    uint32_t word = offset / sizeof(uint32_t);

    return h->fault->mask_word ?
           h->fault->mask_word(h, word) * sizeof(uint32_t) +
           offset % sizeof(uint32_t) : offset;
}

static MemTxResult mask_read(void *opaque, hwaddr offset, uint64_t *value,
                             unsigned size, MemTxAttrs attrs)
{
    VISHostile *h = opaque;
    MemTxResult r = memory_region_dispatch_read(&h->proxy->vis.mask_io,
                                                mask_offset(h, offset), value,
                                                size_memop(size) | MO_LE,
                                                attrs);

    if (h->fault->mask_read) {
        *value = h->fault->mask_read(h, offset / sizeof(uint32_t), *value);
    }
    return r;
}

static MemTxResult mask_write(void *opaque, hwaddr offset, uint64_t value,
                              unsigned size, MemTxAttrs attrs)
{
    VISHostile *h = opaque;
    uint32_t word = offset / sizeof(uint32_t), bits = value;
    MemTxResult r;

    h->nr_narrow += size != sizeof(uint32_t);
    if (h->fault->narrow_mask) {
        offset = word * sizeof(uint32_t);
        size = sizeof(uint32_t);
    }
    if (h->fault->before_mask && word < h->proxy->vis.nr_words) {
        h->fault->before_mask(h, word, &bits);
        value = bits;
    }
    r = memory_region_dispatch_write(&h->proxy->vis.mask_io,
                                     mask_offset(h, offset), value,
                                     size_memop(size) | MO_LE, attrs);
    if (h->fault->after_mask && word < h->proxy->vis.nr_words) {
        h->fault->after_mask(h, word, value);
    }
    show_pending(h);
    return r;
}

static uint64_t entry_read(void *opaque, hwaddr offset, unsigned size)
{
    VISHostile *h = opaque;
    hwaddr place = h->fault->entry(h, offset, false);

    return place == NO_ENTRY ? 0 :
           ldl_le_p((uint8_t *)h->proxy->vis.entries + place);
}

static void entry_write(void *opaque, hwaddr offset, uint64_t value,
                        unsigned size)
{
    VISHostile *h = opaque;
    hwaddr place = h->fault->entry(h, offset, true);

    if (place != NO_ENTRY) {
        stl_le_p((uint8_t *)h->proxy->vis.entries + place, value);
    }
}

static uint64_t pending_read(void *opaque, hwaddr offset, unsigned size)
{
    VISHostile *h = opaque;

    return ldl_le_p((uint8_t *)h->proxy->vis.pending_view + offset);
}

static void pending_write(void *opaque, hwaddr offset, uint64_t value,
                          unsigned size)
{
    VISHostile *h = opaque;

    stl_le_p((uint8_t *)h->proxy->vis.pending_view + offset, value);
}

#define ANY_ACCESS { .min_access_size = 1, .max_access_size = 8, \
                     .unaligned = true }
#define ONE_WORD { .min_access_size = 4, .max_access_size = 4 }

static const MemoryRegionOps regs_ops = {
    .read_with_attrs = regs_read,
    .write_with_attrs = regs_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = ANY_ACCESS,
    .impl = ANY_ACCESS,
};

static const MemoryRegionOps mask_ops = {
    .read_with_attrs = mask_read,
    .write_with_attrs = mask_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = ANY_ACCESS,
    .impl = ANY_ACCESS,
};

static const MemoryRegionOps entry_ops = {
    .read = entry_read,
    .write = entry_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = ONE_WORD,
    .impl = ONE_WORD,
};

static const MemoryRegionOps pending_ops = {
    .read = pending_read,
    .write = pending_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = ONE_WORD,
    .impl = ONE_WORD,
};

/* The region has no owner: the honest device has its own reentrancy guard. */
static void cover(VISHostile *h, MemoryRegion *mr, const MemoryRegionOps *ops,
                  hwaddr address, uint64_t size)
{
    memory_region_init_io(mr, NULL, ops, h, TYPE_VIS_HOSTILE, size);
    memory_region_add_subregion_overlap(get_system_memory(), address, mr, 1);
}

static void cover_table(VISHostile *h, const MemoryRegionOps *ops,
                        VISTable table)
{
    MemMapEntry place = virtio_mmio_vis_place(h->proxy->vis.board, table,
                                              h->proxy->vis.slot);

    cover(h, &h->table, ops, place.base, place.size);
}

static void uncover(MemoryRegion *mr)
{
    memory_region_del_subregion(get_system_memory(), mr);
    object_unparent(OBJECT(mr));
}

/* Returns the name of the fault of @slot in @faults, or NULL. */
static char *fault_of(const char *faults, unsigned slot)
{
    g_auto(GStrv) items = g_strsplit(faults ?: "", ",", -1);
    g_autofree char *suffix = g_strdup_printf("@%u", slot);
    unsigned i;

    for (i = 0; items[i]; i++) {
        if (g_str_has_suffix(items[i], suffix)) {
            return g_strndup(items[i], strlen(items[i]) - strlen(suffix));
        }
    }
    return NULL;
}

static void hostile_prepare(VISVariant *v)
{
    VISHostile *h = VIS_HOSTILE(v);
    g_autofree char *name = fault_of(h->faults, v->proxy->vis.slot);

    h->proxy = v->proxy;
    if (name) {
        h->fault = find_fault(faults, name) ?:
                   find_fault(vis_broken_faults, name);
    }
    if (h->fault && h->fault->prepare) {
        h->fault->prepare(h);
    }
}

static void cover_all(VISHostile *h)
{
    VirtIOMMIOProxy *proxy = h->proxy;
    VirtIOMMIOVIS *vis = &proxy->vis;

    cover(h, &h->regs, &regs_ops, vis->mmio,
          memory_region_size(&proxy->iomem));
    cover(h, &h->mask, &mask_ops, vis->address[VIS_MASK_TABLE],
          memory_region_size(&vis->mask_io));
    if (h->fault->entry) {
        cover_table(h, &entry_ops, VIS_VECTOR_TABLE);
    }
    if (h->fault->writable_pending) {
        cover_table(h, &pending_ops, VIS_PENDING_TABLE);
    }
}

static void hostile_realize(DeviceState *dev, Error **errp)
{
    VISHostile *h = VIS_HOSTILE(dev);
    VirtIOMMIOVIS *vis = &h->proxy->vis;
    g_autofree char *name = fault_of(h->faults, vis->slot);

    if (!name) {
        return;
    }
    if (!h->fault) {
        error_setg(errp, TYPE_VIS_HOSTILE ": faults: no fault '%s'", name);
        return;
    }
    h->stale = g_new0(MSIMessage, vis->nr_vectors);
    h->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, tick, h);
    if (h->fault->show) {
        h->view = vis->pending_view;
        vis->pending_view = g_new0(uint32_t, vis->nr_words);
    }
    cover_all(h);
}

static void hostile_unrealize(DeviceState *dev)
{
    VISHostile *h = VIS_HOSTILE(dev);

    if (!h->fault) {
        return;
    }
    uncover(&h->regs);
    uncover(&h->mask);
    if (h->fault->entry || h->fault->writable_pending) {
        uncover(&h->table);
    }
    if (h->view) {
        g_free(h->proxy->vis.pending_view);
    }
    timer_free(h->timer);
    g_free(h->stale);
}

static void hostile_send(VISVariant *v, uint32_t vector, MSIMessage *msg)
{
    VISHostile *h = VIS_HOSTILE(v);

    if (h->fault && h->fault->send) {
        h->fault->send(h, vector, msg);
    }
}

static const Property hostile_properties[] = {
    DEFINE_PROP_STRING("faults", VISHostile, faults),
};

static void hostile_class_init(ObjectClass *class, const void *data)
{
    VISVariantClass *vc = VIS_VARIANT_CLASS(class);
    DeviceClass *dc = DEVICE_CLASS(class);

    device_class_set_props(dc, hostile_properties);
    dc->realize = hostile_realize;
    dc->unrealize = hostile_unrealize;
    dc->user_creatable = false;
    vc->prepare = hostile_prepare;
    vc->send = hostile_send;
}

static const TypeInfo hostile_types[] = {
    {
        .name = TYPE_VIS_HOSTILE,
        .parent = TYPE_VIS_VARIANT,
        .instance_size = sizeof(VISHostile),
        .class_init = hostile_class_init,
    },
};

DEFINE_TYPES(hostile_types)
