/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio Interrupt Storage (VIS) of a virtio-mmio transport
 *
 * The interface is specified in Documentation/virtio-vis.rst of virtio-vis.
 * Everything here runs under the BQL, which is what makes a commit atomic:
 * iothreads reach us through guest notifiers only.
 */

#include "qemu/osdep.h"
#include "standard-headers/linux/virtio_mmio.h"
#include "standard-headers/linux/virtio_vis.h"
#include "exec/address-spaces.h"
#include "hw/irq.h"
#include "hw/virtio/virtio-mmio.h"
#include "qapi/error.h"
#include "qemu/host-utils.h"
#include "qemu/log.h"
#include "qemu/units.h"
#include "system/kvm.h"
#include "trace.h"

/*
 * Each transport has a slot of the window. The tables have their largest size
 * in it, and a granule apart, so that any guest page size can map them.
 */
#define VIS_MAX_VECTORS     VIRTIO_VIS_NUM_VECTORS_N
#define VIS_GRANULE         VIRTIO_VIS_BLOCK_SIZE
#define VIS_PENDING_OFFSET  (1 * MiB)
#define VIS_MASK_OFFSET     (VIS_PENDING_OFFSET + VIS_GRANULE)
#define VIS_SLOT_SIZE       (2 * MiB)
#define VIS_NR_SLOTS        64

/* What the interrupt controller decodes, the only place a message may go */
#define VIS_MSI_BASE        0xfee00000
#define VIS_MSI_SIZE        (1 * MiB)

static uint32_t vis_word(uint32_t vector)
{
    return vector / VIRTIO_VIS_VECTORS_PER_WORD;
}

static uint32_t vis_bit(uint32_t vector)
{
    return 1u << (vector % VIRTIO_VIS_VECTORS_PER_WORD);
}

/* The bits of @word that belong to no vector */
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

/* Sending */

static bool vis_is_msi_target(uint64_t address)
{
    return address >= VIS_MSI_BASE && address < VIS_MSI_BASE + VIS_MSI_SIZE &&
           QEMU_IS_ALIGNED(address, sizeof(uint32_t));
}

static void vis_send(VirtIOMMIOVIS *vis, uint32_t vector)
{
    MSIMessage msg = vis->latch[vector];

    if (vis->hostile) {
        virtio_mmio_vis_hostile_send(vis->hostile, &msg);
    }
    if (!vis_is_msi_target(msg.address)) {
        qemu_log_mask(LOG_GUEST_ERROR,
                      "%s: vector %u: message to 0x%" PRIx64 " dropped\n",
                      __func__, vector, msg.address);
        return;
    }
    trace_virtio_mmio_vis_send(vis->mmio, vector, msg.address, msg.data);
    address_space_stl_le(&address_space_memory, msg.address, msg.data,
                         MEMTXATTRS_UNSPECIFIED, NULL);
}

static void vis_set_pending(VirtIOMMIOVIS *vis, uint32_t word, uint32_t bits)
{
    uint32_t *view = memory_region_get_ram_ptr(&vis->pending_ram);

    vis->pending[word] = bits;
    qatomic_set(&view[word], cpu_to_le32(bits));
    memory_region_set_dirty(&vis->pending_ram, word * sizeof(*view),
                            sizeof(*view));
}

static void vis_pend(VirtIOMMIOVIS *vis, uint32_t vector)
{
    uint32_t word = vis_word(vector);

    trace_virtio_mmio_vis_pend(vis->mmio, vector);
    vis_set_pending(vis, word, vis->pending[word] | vis_bit(vector));
}

static bool vis_is_masked(VirtIOMMIOVIS *vis, uint32_t vector)
{
    return vis->mask[vis_word(vector)] & vis_bit(vector);
}

bool virtio_mmio_vis_notify(VirtIOMMIOProxy *proxy, uint16_t vector)
{
    VirtIOMMIOVIS *vis = &proxy->vis;

    if (!vis->enabled) {
        return false;
    }
    if (vector >= vis->nr_vectors) {
        return true;
    }
    if (vis_is_masked(vis, vector)) {
        vis_pend(vis, vector);
    } else {
        vis_send(vis, vector);
    }
    return true;
}

/*
 * KVM irqfds: the notifier of an event injects the message itself while the
 * vector is unmasked and has a route. Otherwise it wakes the main loop, which
 * ends in virtio_mmio_vis_notify().
 */

static uint16_t vis_event_vector(VirtIODevice *vdev, int event)
{
    return event == VIRTIO_CONFIG_IRQ_IDX ? vdev->config_vector :
                                            virtio_queue_vector(vdev, event);
}

static EventNotifier *vis_event_notifier(VirtIODevice *vdev, int event)
{
    return event == VIRTIO_CONFIG_IRQ_IDX ?
           virtio_config_get_guest_notifier(vdev) :
           virtio_queue_get_guest_notifier(virtio_get_queue(vdev, event));
}

static void vis_event_set_handler(VirtIODevice *vdev, int event,
                                  bool with_irqfd)
{
    if (event == VIRTIO_CONFIG_IRQ_IDX) {
        virtio_config_set_guest_notifier_fd_handler(vdev, true, with_irqfd);
    } else {
        virtio_queue_set_guest_notifier_fd_handler(
            virtio_get_queue(vdev, event), true, with_irqfd);
    }
}

static int vis_add_route(MSIMessage msg)
{
    KVMRouteChange c = kvm_irqchip_begin_route_changes(kvm_state);
    int route = kvm_irqchip_add_msi_route(&c, 0, NULL);

    if (route < 0) {
        return -1;
    }
    if (kvm_irqchip_update_msi_route(kvm_state, route, msg, NULL) < 0) {
        kvm_irqchip_release_virq(kvm_state, route);
        return -1;
    }
    kvm_irqchip_commit_route_changes(&c);
    return route;
}

/* The route that the event's notifier is to be bound to, or -1 for none */
static int vis_event_route(VirtIOMMIOVIS *vis, uint16_t vector)
{
    if (!vis->enabled || vector >= vis->nr_vectors ||
        vis_is_masked(vis, vector) ||
        !vis_is_msi_target(vis->latch[vector].address)) {
        return -1;
    }
    if (vis->route[vector] < 0) {
        vis->route[vector] = vis_add_route(vis->latch[vector]);
    }
    return vis->route[vector];
}

static void vis_bind_event(VirtIODevice *vdev, int event, int *irqfd, int route)
{
    EventNotifier *n = vis_event_notifier(vdev, event);

    if (*irqfd == route) {
        return;
    }
    if (*irqfd >= 0) {
        kvm_irqchip_remove_irqfd_notifier_gsi(kvm_state, n, *irqfd);
        *irqfd = -1;
    }
    if (route >= 0 &&
        kvm_irqchip_add_irqfd_notifier_gsi(kvm_state, n, NULL, route) == 0) {
        *irqfd = route;
    }
    vis_event_set_handler(vdev, event, *irqfd >= 0);
}

/* To be called whenever a mask bit, a message or a mapping may have changed. */
static void vis_bind_events(VirtIOMMIOProxy *proxy)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    VirtIOMMIOVIS *vis = &proxy->vis;
    int event;

    if (!vis->irqfd) {
        return;
    }
    for (event = VIRTIO_CONFIG_IRQ_IDX; event < vis->nvqs; event++) {
        vis_bind_event(vdev, event, &vis->irqfd[event + 1],
                       vis_event_route(vis, vis_event_vector(vdev, event)));
    }
}

void virtio_mmio_vis_assign_notifiers(VirtIOMMIOProxy *proxy, int nvqs)
{
    VirtIOMMIOVIS *vis = &proxy->vis;

    if (!vis->on || !kvm_msi_via_irqfd_enabled()) {
        return;
    }
    vis->nvqs = nvqs;
    vis->route = g_new(int, vis->nr_vectors);
    memset(vis->route, -1, vis->nr_vectors * sizeof(*vis->route));
    vis->irqfd = g_new(int, nvqs + 1);
    memset(vis->irqfd, -1, (nvqs + 1) * sizeof(*vis->irqfd));
    vis_bind_events(proxy);
}

void virtio_mmio_vis_release_notifiers(VirtIOMMIOProxy *proxy)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    VirtIOMMIOVIS *vis = &proxy->vis;
    uint32_t vector;
    int event;

    if (!vis->irqfd) {
        return;
    }
    for (event = VIRTIO_CONFIG_IRQ_IDX; event < vis->nvqs; event++) {
        vis_bind_event(vdev, event, &vis->irqfd[event + 1], -1);
    }
    for (vector = 0; vector < vis->nr_vectors; vector++) {
        if (vis->route[vector] >= 0) {
            kvm_irqchip_release_virq(kvm_state, vis->route[vector]);
        }
    }
    g_clear_pointer(&vis->irqfd, g_free);
    g_clear_pointer(&vis->route, g_free);
}

/* Latch and commit */

static MSIMessage vis_read_entry(VirtIOMMIOVIS *vis, uint32_t vector)
{
    struct virtio_vis_entry *entry = memory_region_get_ram_ptr(&vis->table);
    uint32_t lo = le32_to_cpu(qatomic_read(&entry[vector].addr_lo));
    uint32_t hi = le32_to_cpu(qatomic_read(&entry[vector].addr_hi));

    return (MSIMessage) {
        .address = (uint64_t)hi << 32 | lo,
        .data = le32_to_cpu(qatomic_read(&entry[vector].data)),
    };
}

/* Returns true if that changed a KVM route, which is then to be committed. */
static bool vis_latch(VirtIOMMIOVIS *vis, uint32_t vector)
{
    MSIMessage msg = vis_read_entry(vis, vector);
    MSIMessage *latch = &vis->latch[vector];

    trace_virtio_mmio_vis_latch(vis->mmio, vector, msg.address, msg.data);
    if (msg.address == latch->address && msg.data == latch->data) {
        return false;
    }
    *latch = msg;
    return vis->route && vis->route[vector] >= 0 &&
           vis_is_msi_target(msg.address) &&
           kvm_irqchip_update_msi_route(kvm_state, vis->route[vector], msg,
                                        NULL) == 0;
}

static void vis_latch_word(VirtIOMMIOVIS *vis, uint32_t word, uint32_t bits)
{
    bool changed = false;

    for (; bits; bits &= bits - 1) {
        changed |= vis_latch(vis, word * VIRTIO_VIS_VECTORS_PER_WORD +
                                  ctz32(bits));
    }
    if (changed) {
        kvm_irqchip_commit_routes(kvm_state);
    }
}

static void vis_send_pending(VirtIOMMIOVIS *vis, uint32_t word)
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

static void vis_commit(VirtIOMMIOProxy *proxy, uint32_t word, uint32_t mask)
{
    VirtIOMMIOVIS *vis = &proxy->vis;

    vis_latch_word(vis, word, ~mask);
    vis->mask[word] = mask;
    vis_bind_events(proxy);
    vis_send_pending(vis, word);
}

static bool vis_mask_access_ok(VirtIOMMIOVIS *vis, hwaddr offset, unsigned size)
{
    if (size == sizeof(uint32_t) && QEMU_IS_ALIGNED(offset, size) &&
        offset / size < vis->nr_words) {
        return true;
    }
    qemu_log_mask(LOG_GUEST_ERROR,
                  "%s: bad access to the mask table: offset 0x%" HWADDR_PRIx
                  " size %u\n", __func__, offset, size);
    return false;
}

static uint64_t vis_mask_read(void *opaque, hwaddr offset, unsigned size)
{
    VirtIOMMIOProxy *proxy = opaque;
    VirtIOMMIOVIS *vis = &proxy->vis;
    uint32_t word = offset / sizeof(uint32_t);

    if (!vis_mask_access_ok(vis, offset, size)) {
        return 0;
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
    uint32_t mask;

    if (!vis_mask_access_ok(vis, offset, size)) {
        return;
    }
    trace_virtio_mmio_vis_mask_write(vis->mmio, word, value);
    mask = value | vis_void_bits(vis, word);
    if (vis->enabled) {
        vis_commit(proxy, word, mask);
    } else {
        vis->mask[word] = mask;
    }
}

static const MemoryRegionOps vis_mask_ops = {
    .read = vis_mask_read,
    .write = vis_mask_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    /* Accesses of a wrong size are not to be split, but to be rejected. */
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

/* Registers */

uint64_t virtio_mmio_vis_features(VirtIOMMIOProxy *proxy)
{
    return proxy->vis.on ? BIT_ULL(VIRTIO_F_VIS) : 0;
}

bool virtio_mmio_vis_accepts(void *opaque, hwaddr offset, unsigned size,
                             bool is_write, MemTxAttrs attrs)
{
    VirtIOMMIOProxy *proxy = opaque;

    if (!proxy->vis.on || size <= sizeof(uint32_t) ||
        offset >= VIRTIO_MMIO_CONFIG) {
        return true;
    }
    qemu_log_mask(LOG_GUEST_ERROR, "%s: bad access: offset 0x%" HWADDR_PRIx
                  " size %u\n", __func__, offset, size);
    return false;
}

static uint16_t vis_queue_vector(VirtIOMMIOProxy *proxy)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    uint32_t queue = proxy->vis.queue_sel;

    return queue < VIRTIO_QUEUE_MAX ? virtio_queue_vector(vdev, queue) :
                                      VIRTIO_NO_VECTOR;
}

bool virtio_mmio_vis_read(VirtIOMMIOProxy *proxy, hwaddr offset,
                          uint64_t *value)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    VirtIOMMIOVIS *vis = &proxy->vis;

    if (!vis->on) {
        return false;
    }
    switch (offset) {
    case VIRTIO_MMIO_INTERRUPT_STATUS:
        *value = 0;
        return vis->enabled;
    case VIRTIO_MMIO_VIS_NUM_VECTORS:
        *value = vis->nr_vectors |
                 VIRTIO_VIS_DRAFT << ctz32(VIRTIO_VIS_NUM_VECTORS_DRAFT);
        break;
    case VIRTIO_MMIO_VIS_CONTROL:
        *value = vis->enabled ? VIRTIO_VIS_CONTROL_ENABLE : 0;
        break;
    case VIRTIO_MMIO_VIS_CONFIG_VECTOR:
        *value = vdev->config_vector;
        break;
    case VIRTIO_MMIO_VIS_QUEUE_VECTOR:
        *value = vis_queue_vector(proxy);
        break;
    case VIRTIO_MMIO_VIS_TABLE_LOW:
        *value = (uint32_t)vis->base;
        break;
    case VIRTIO_MMIO_VIS_TABLE_HIGH:
        *value = vis->base >> 32;
        break;
    case VIRTIO_MMIO_VIS_MASK_LOW:
        *value = (uint32_t)(vis->base + VIS_MASK_OFFSET);
        break;
    case VIRTIO_MMIO_VIS_MASK_HIGH:
        *value = (vis->base + VIS_MASK_OFFSET) >> 32;
        break;
    case VIRTIO_MMIO_VIS_PENDING_LOW:
        *value = (uint32_t)(vis->base + VIS_PENDING_OFFSET);
        break;
    case VIRTIO_MMIO_VIS_PENDING_HIGH:
        *value = (vis->base + VIS_PENDING_OFFSET) >> 32;
        break;
    default:
        return false;
    }
    trace_virtio_mmio_vis_reg_read(vis->mmio, offset, *value);
    return true;
}

static void vis_pend_mapped(VirtIOMMIOVIS *vis, uint16_t vector)
{
    if (vector < vis->nr_vectors) {
        vis_pend(vis, vector);
    }
}

/* What the line was raised for goes on as pending vectors. */
static void vis_take_over_line(VirtIOMMIOProxy *proxy)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    uint8_t isr = qatomic_xchg(&vdev->isr, 0);
    int queue;

    trace_virtio_mmio_setting_irq(0);
    qemu_set_irq(proxy->irq, 0);
    if (isr & VIRTIO_MMIO_INT_CONFIG) {
        vis_pend_mapped(&proxy->vis, vdev->config_vector);
    }
    if (isr & VIRTIO_MMIO_INT_VRING) {
        for (queue = 0; queue < VIRTIO_QUEUE_MAX; queue++) {
            vis_pend_mapped(&proxy->vis, virtio_queue_vector(vdev, queue));
        }
    }
}

static void vis_write_control(VirtIOMMIOProxy *proxy, uint32_t value)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    VirtIOMMIOVIS *vis = &proxy->vis;
    bool enable = value & VIRTIO_VIS_CONTROL_ENABLE;
    uint32_t word;

    if (enable == vis->enabled) {
        return;
    }
    if (!enable || (vdev->status & VIRTIO_CONFIG_S_DRIVER_OK)) {
        qemu_log_mask(LOG_GUEST_ERROR, "%s: ENABLE changed to %d %s\n",
                      __func__, enable,
                      enable ? "after DRIVER_OK" : "without a reset");
        return;
    }
    trace_virtio_mmio_vis_enable(vis->mmio);
    vis_take_over_line(proxy);
    vis->enabled = true;
    for (word = 0; word < vis->nr_words; word++) {
        vis_commit(proxy, word, vis->mask[word]);
    }
}

static void vis_write_queue_vector(VirtIOMMIOProxy *proxy, uint16_t vector)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    uint32_t queue = proxy->vis.queue_sel;

    if (queue >= VIRTIO_QUEUE_MAX || !virtio_queue_get_num(vdev, queue)) {
        qemu_log_mask(LOG_GUEST_ERROR, "%s: no queue %u\n", __func__, queue);
        return;
    }
    virtio_queue_set_vector(vdev, queue, vector);
}

static void vis_write_reg(VirtIOMMIOProxy *proxy, hwaddr offset, uint32_t value)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    VirtIOMMIOVIS *vis = &proxy->vis;
    uint16_t vector = value < vis->nr_vectors ? value : VIRTIO_NO_VECTOR;

    trace_virtio_mmio_vis_reg_write(vis->mmio, offset, value);
    if (!vis_negotiated(proxy)) {
        qemu_log_mask(LOG_GUEST_ERROR, "%s: write to register 0x%" HWADDR_PRIx
                      " without the feature\n", __func__, offset);
        return;
    }
    switch (offset) {
    case VIRTIO_MMIO_VIS_CONTROL:
        vis_write_control(proxy, value);
        break;
    case VIRTIO_MMIO_VIS_CONFIG_VECTOR:
        vdev->config_vector = vector;
        break;
    case VIRTIO_MMIO_VIS_QUEUE_VECTOR:
        vis_write_queue_vector(proxy, vector);
        break;
    }
    vis_bind_events(proxy);
}

/* FEATURES_OK stays clear if VIS is accepted without VERSION_1. */
static void vis_write_status(VirtIOMMIOProxy *proxy, uint64_t *status)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    uint64_t features = (uint64_t)proxy->guest_features[1] << 32 |
                        proxy->guest_features[0];

    if (!(*status & ~vdev->status & VIRTIO_CONFIG_S_FEATURES_OK)) {
        return;
    }
    proxy->vis.accepted = features & BIT_ULL(VIRTIO_F_VIS);
    if (proxy->vis.accepted && !(features & BIT_ULL(VIRTIO_F_VERSION_1))) {
        qemu_log_mask(LOG_GUEST_ERROR, "%s: VIS without VERSION_1\n", __func__);
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
    switch (offset) {
    case VIRTIO_MMIO_STATUS:
        vis_write_status(proxy, value);
        return false;
    case VIRTIO_MMIO_QUEUE_SEL:
        vis->queue_sel = *value;
        return false;
    case VIRTIO_MMIO_INTERRUPT_ACK:
        return vis->enabled;
    case VIRTIO_MMIO_VIS_CONTROL:
    case VIRTIO_MMIO_VIS_CONFIG_VECTOR:
    case VIRTIO_MMIO_VIS_QUEUE_VECTOR:
        vis_write_reg(proxy, offset, *value);
        return true;
    case VIRTIO_MMIO_VIS_NUM_VECTORS:
    case VIRTIO_MMIO_VIS_TABLE_LOW ... VIRTIO_MMIO_VIS_PENDING_HIGH:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: write to read-only register (0x%"
                      HWADDR_PRIx ")\n", __func__, offset);
        return true;
    default:
        return false;
    }
}

/* Reset */

void virtio_mmio_vis_queue_reset(VirtIOMMIOProxy *proxy)
{
    vis_bind_events(proxy);
}

void virtio_mmio_vis_reset(VirtIOMMIOProxy *proxy)
{
    VirtIOMMIOVIS *vis = &proxy->vis;
    uint32_t word;

    if (!vis->nr_vectors) {
        return;
    }
    trace_virtio_mmio_vis_reset(vis->mmio);
    vis->accepted = false;
    vis->enabled = false;
    vis->queue_sel = 0;
    for (word = 0; word < vis->nr_words; word++) {
        vis->mask[word] = ~0u;
        vis_set_pending(vis, word, 0);
    }
    memset(vis->latch, 0, vis->nr_vectors * sizeof(*vis->latch));
    vis_bind_events(proxy);
}

/* Migration */

void virtio_mmio_vis_save_config(VirtIOMMIOProxy *proxy)
{
    if (proxy->vis.enabled) {
        qatomic_set(&virtio_bus_get_device(&proxy->bus)->isr, 0);
    }
}

static int vis_pre_save(void *opaque)
{
    VirtIOMMIOProxy *proxy = opaque;
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    VirtIOMMIOVIS *vis = &proxy->vis;
    int queue;

    vis->config_vector = vdev->config_vector;
    for (queue = 0; queue < VIRTIO_QUEUE_MAX; queue++) {
        vis->queue_vector[queue] = virtio_queue_vector(vdev, queue);
    }
    return 0;
}

static int vis_post_load(void *opaque, int version_id)
{
    VirtIOMMIOProxy *proxy = opaque;
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    VirtIOMMIOVIS *vis = &proxy->vis;
    uint32_t word, unused;
    int queue;

    vdev->config_vector = vis->config_vector;
    for (queue = 0; queue < VIRTIO_QUEUE_MAX; queue++) {
        virtio_queue_set_vector(vdev, queue, vis->queue_vector[queue]);
    }
    for (word = 0; word < vis->nr_words; word++) {
        unused = vis_void_bits(vis, word);
        vis->mask[word] |= unused;
        vis_set_pending(vis, word, vis->pending[word] & ~unused);
    }
    if (vis->enabled) {
        qatomic_set(&vdev->isr, 0);
        qemu_set_irq(proxy->irq, 0);
    }
    return 0;
}

static bool vis_needed(void *opaque)
{
    VirtIOMMIOProxy *proxy = opaque;

    return proxy->vis.on;
}

static const VMStateDescription vmstate_vis_latch = {
    .name = "virtio_mmio/vis/latch",
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
    .pre_save = vis_pre_save,
    .post_load = vis_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32_EQUAL(vis.nr_vectors, VirtIOMMIOProxy,
                             "The property vectors differs"),
        VMSTATE_BOOL(vis.accepted, VirtIOMMIOProxy),
        VMSTATE_BOOL(vis.enabled, VirtIOMMIOProxy),
        VMSTATE_UINT32(vis.queue_sel, VirtIOMMIOProxy),
        VMSTATE_UINT16(vis.config_vector, VirtIOMMIOProxy),
        VMSTATE_UINT16_ARRAY(vis.queue_vector, VirtIOMMIOProxy,
                             VIRTIO_QUEUE_MAX),
        VMSTATE_VARRAY_UINT32(vis.mask, VirtIOMMIOProxy, vis.nr_words, 1,
                              vmstate_info_uint32, uint32_t),
        VMSTATE_VARRAY_UINT32(vis.pending, VirtIOMMIOProxy, vis.nr_words, 1,
                              vmstate_info_uint32, uint32_t),
        VMSTATE_STRUCT_VARRAY_POINTER_UINT32(vis.latch, VirtIOMMIOProxy,
                                             vis.nr_vectors, vmstate_vis_latch,
                                             MSIMessage),
        VMSTATE_END_OF_LIST()
    }
};

/* Plugging */

static uint32_t vis_count_queues(VirtIODevice *vdev)
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

    if (proxy->legacy) {
        error_setg(errp, "virtio-mmio: vis=on needs force-legacy=false");
    } else if (vis->vectors > VIS_MAX_VECTORS) {
        error_setg(errp, "virtio-mmio: vectors=%u is more than %u",
                   vis->vectors, VIS_MAX_VECTORS);
    } else if (!QEMU_IS_ALIGNED(vis->window, VIS_GRANULE)) {
        error_setg(errp, "virtio-mmio: vis-base=0x%" PRIx64
                   " is not a multiple of 0x%x", vis->window, VIS_GRANULE);
    } else {
        return true;
    }
    return false;
}

static unsigned vis_slot(VirtIOMMIOProxy *proxy)
{
    hwaddr mmio = SYS_BUS_DEVICE(proxy)->mmio[0].addr;

    return mmio / memory_region_size(&proxy->iomem) % VIS_NR_SLOTS;
}

static bool vis_find_slot(VirtIOMMIOProxy *proxy, Error **errp)
{
    VirtIOMMIOVIS *vis = &proxy->vis;
    MemoryRegionSection section;

    vis->mmio = SYS_BUS_DEVICE(proxy)->mmio[0].addr;
    vis->base = vis->window + vis_slot(proxy) * VIS_SLOT_SIZE;
    section = memory_region_find(get_system_memory(), vis->base, VIS_SLOT_SIZE);
    if (section.mr) {
        error_setg(errp, "virtio-mmio: VIS tables at 0x%" HWADDR_PRIx
                   " overlap %s, see property vis-base", vis->base,
                   memory_region_name(section.mr));
        memory_region_unref(section.mr);
        return false;
    }
    return true;
}

/* RAM blocks need names that are unique and the same on both migration ends. */
static bool vis_init_ram(VirtIOMMIOProxy *proxy, MemoryRegion *mr,
                         const char *table, uint64_t size, Error **errp)
{
    g_autofree char *name = g_strdup_printf("virtio-mmio-vis-%s@%" HWADDR_PRIx,
                                            table, proxy->vis.mmio);

    return memory_region_init_ram(mr, OBJECT(proxy), name,
                                  ROUND_UP(size, VIS_GRANULE), errp);
}

static bool vis_init_tables(VirtIOMMIOProxy *proxy, Error **errp)
{
    VirtIOMMIOVIS *vis = &proxy->vis;

    if (!vis_init_ram(proxy, &vis->table, "table",
                      vis->nr_vectors * sizeof(struct virtio_vis_entry),
                      errp)) {
        return false;
    }
    if (!vis_init_ram(proxy, &vis->pending_ram, "pending",
                      vis->nr_words * sizeof(uint32_t), errp)) {
        object_unparent(OBJECT(&vis->table));
        return false;
    }
    memory_region_set_readonly(&vis->pending_ram, true);
    memory_region_init_io(&vis->mask_io, OBJECT(proxy), &vis_mask_ops, proxy,
                          "virtio-mmio-vis-mask", VIS_GRANULE);
    memory_region_add_subregion(get_system_memory(), vis->base, &vis->table);
    memory_region_add_subregion(get_system_memory(),
                                vis->base + VIS_PENDING_OFFSET,
                                &vis->pending_ram);
    memory_region_add_subregion(get_system_memory(),
                                vis->base + VIS_MASK_OFFSET, &vis->mask_io);
    return true;
}

void virtio_mmio_vis_plugged(DeviceState *d, Error **errp)
{
    VirtIOMMIOProxy *proxy = VIRTIO_MMIO(d);
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    VirtIOMMIOVIS *vis = &proxy->vis;

    vis->on = vis->on && !(vis->skip & BIT_ULL(vis_slot(proxy)));
    if (!vis->on) {
        return;
    }
    if (!vis_check_properties(proxy, errp) || !vis_find_slot(proxy, errp)) {
        return;
    }
    vis->nr_vectors = vis->vectors ?: vis_count_queues(vdev) + 1;
    vis->nr_words = DIV_ROUND_UP(vis->nr_vectors, VIRTIO_VIS_VECTORS_PER_WORD);
    if (!vis_init_tables(proxy, errp)) {
        vis->nr_vectors = 0;
        return;
    }
    vis->mask = g_new(uint32_t, vis->nr_words);
    vis->pending = g_new(uint32_t, vis->nr_words);
    vis->latch = g_new(MSIMessage, vis->nr_vectors);
    virtio_mmio_vis_reset(proxy);
    virtio_mmio_vis_hostile_plugged(proxy, vis_slot(proxy), errp);
}

static void vis_remove_table(MemoryRegion *mr)
{
    memory_region_del_subregion(get_system_memory(), mr);
    object_unparent(OBJECT(mr));
}

void virtio_mmio_vis_unplugged(DeviceState *d)
{
    VirtIOMMIOVIS *vis = &VIRTIO_MMIO(d)->vis;

    if (!vis->nr_vectors) {
        return;
    }
    virtio_mmio_vis_hostile_unplugged(vis);
    vis_remove_table(&vis->table);
    vis_remove_table(&vis->pending_ram);
    vis_remove_table(&vis->mask_io);
    g_clear_pointer(&vis->mask, g_free);
    g_clear_pointer(&vis->pending, g_free);
    g_clear_pointer(&vis->latch, g_free);
    vis->enabled = false;
    vis->nr_vectors = 0;
}
