/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio Interrupt Storage (VIS) of a virtio-mmio transport
 *
 * The interface is specified in Documentation/virtio-vis.rst of virtio-vis.
 */

#ifndef HW_VIRTIO_MMIO_VIS_H
#define HW_VIRTIO_MMIO_VIS_H

#include "exec/memory.h"
#include "hw/pci/msi.h"
#include "hw/virtio/virtio.h"
#include "migration/vmstate.h"

typedef struct VirtIOMMIOProxy VirtIOMMIOProxy;
typedef struct VISHostile VISHostile;

/**
 * VirtIOMMIOVIS: interrupt storage of one transport
 * @on: property "vis"
 * @vectors: property "vectors", 0 for one per queue and one for configuration
 * @window: property "vis-base", where the transports' tables start
 * @skip: property "x-vis-skip", slots without VIS although it is on, for tests
 * @faults: property "x-vis-fault", what hostile devices do wrong, for tests
 * @mmio: address of the register block, which names the device in the trace
 * @base: address of the tables
 * @nr_vectors: number of vectors, 0 while no device is plugged
 * @nr_words: number of words of the mask and the pending table
 * @table: vector table, RAM
 * @mask_io: mask table, traps
 * @pending_ram: the driver's view of @pending
 * @accepted: the features of the last FEATURES_OK include VIRTIO_F_VIS
 * @enabled: VISControl.ENABLE
 * @queue_sel: QueueSel as written, virtio drops values past VIRTIO_QUEUE_MAX
 * @mask: mask bits, bits past @nr_vectors are 1
 * @pending: pending bits
 * @latch: messages as last committed, the only ones sent
 * @config_vector: VirtIODevice.config_vector, for migration
 * @queue_vector: vectors of the queues, for migration
 * @route: KVM route of each vector, or -1
 * @nvqs: number of queues that have a guest notifier
 * @irqfd: KVM route that the notifier of each event is bound to, or -1;
 *         configuration comes first
 * @hostile: what changes the device into a hostile one, or NULL
 */
typedef struct VirtIOMMIOVIS {
    bool on;
    uint32_t vectors;
    uint64_t window;
    uint64_t skip;
    char *faults;

    hwaddr mmio;
    hwaddr base;
    uint32_t nr_vectors;
    uint32_t nr_words;
    MemoryRegion table;
    MemoryRegion mask_io;
    MemoryRegion pending_ram;

    bool accepted;
    bool enabled;
    uint32_t queue_sel;
    uint32_t *mask;
    uint32_t *pending;
    MSIMessage *latch;
    uint16_t config_vector;
    uint16_t queue_vector[VIRTIO_QUEUE_MAX];

    int *route;
    int nvqs;
    int *irqfd;

    VISHostile *hostile;
} VirtIOMMIOVIS;

#define DEFINE_VIRTIO_MMIO_VIS_PROPERTIES(_state, _field)               \
    DEFINE_PROP_BOOL("vis", _state, _field.on, false),                  \
    DEFINE_PROP_UINT32("vectors", _state, _field.vectors, 0),           \
    DEFINE_PROP_UINT64("vis-base", _state, _field.window, 0xf0000000),  \
    DEFINE_PROP_UINT64("x-vis-skip", _state, _field.skip, 0),           \
    DEFINE_PROP_STRING("x-vis-fault", _state, _field.faults)

extern const VMStateDescription vmstate_virtio_mmio_vis;

/* The feature bits that are the transport's and not the device's */
uint64_t virtio_mmio_vis_features(VirtIOMMIOProxy *proxy);

/* Reject the accesses to VIS's registers that are not 32 bits wide. */
bool virtio_mmio_vis_accepts(void *opaque, hwaddr offset, unsigned size,
                             bool is_write, MemTxAttrs attrs);

/* Returns false if virtio-mmio is to handle the access; @value may change. */
bool virtio_mmio_vis_read(VirtIOMMIOProxy *proxy, hwaddr offset,
                          uint64_t *value);
bool virtio_mmio_vis_write(VirtIOMMIOProxy *proxy, hwaddr offset,
                           uint64_t *value);

/* Signal @vector. Returns false if the interrupt line is in use instead. */
bool virtio_mmio_vis_notify(VirtIOMMIOProxy *proxy, uint16_t vector);

/* Configuration and the first @nvqs queues have guest notifiers. */
void virtio_mmio_vis_assign_notifiers(VirtIOMMIOProxy *proxy, int nvqs);

/* To be called while the guest notifiers still exist. */
void virtio_mmio_vis_release_notifiers(VirtIOMMIOProxy *proxy);

/* To be called after virtio's own reset of the queue or the device. */
void virtio_mmio_vis_queue_reset(VirtIOMMIOProxy *proxy);
void virtio_mmio_vis_reset(VirtIOMMIOProxy *proxy);

/*
 * Irqfds leave bits in VirtIODevice.isr, which would raise the line as it is
 * loaded. To be called before it is saved.
 */
void virtio_mmio_vis_save_config(VirtIOMMIOProxy *proxy);

void virtio_mmio_vis_plugged(DeviceState *d, Error **errp);
void virtio_mmio_vis_unplugged(DeviceState *d);

/* Tests only: make a device lie, if x-vis-fault says so for @slot. */
void virtio_mmio_vis_hostile_plugged(VirtIOMMIOProxy *proxy, unsigned slot,
                                     Error **errp);
void virtio_mmio_vis_hostile_unplugged(VirtIOMMIOVIS *vis);

/* Check a message that is about to be sent, and clear what the check needs. */
void virtio_mmio_vis_hostile_send(VISHostile *h, MSIMessage *msg);

#endif
