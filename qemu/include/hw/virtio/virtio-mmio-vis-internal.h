/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio Interrupt Storage (VIS) of a virtio-mmio transport: declarations for
 * its own files, and the functions that a variant of the device can replace
 */

#ifndef HW_VIRTIO_MMIO_VIS_INTERNAL_H
#define HW_VIRTIO_MMIO_VIS_INTERNAL_H

#include "hw/virtio/virtio-mmio.h"
#include "qemu/host-utils.h"
#include "standard-headers/linux/virtio_vis.h"

/* The reserved register between those of VIS */
#define VIS_REG_RESERVED    0x0d4

static inline uint32_t vis_word(uint32_t vector)
{
    return vector / VIRTIO_VIS_VECTORS_PER_WORD;
}

static inline uint32_t vis_bit(uint32_t vector)
{
    return 1u << (vector % VIRTIO_VIS_VECTORS_PER_WORD);
}

static inline bool vis_is_masked(VirtIOMMIOVIS *vis, uint32_t vector)
{
    return vis->mask[vis_word(vector)] & vis_bit(vector);
}

static inline bool vis_is_mapped(VirtIOMMIOVIS *vis, uint32_t vector)
{
    return vector < vis->nr_vectors && !QLIST_EMPTY(&vis->mapped[vector]);
}

/* Returns VIRTIO_CONFIG_IRQ_IDX, or the number of the queue of the event. */
static inline int vis_event_index(VirtIOMMIOVIS *vis, VISEvent *event)
{
    return event - vis->events + VIRTIO_CONFIG_IRQ_IDX;
}

static inline VISEvent *vis_event(VirtIOMMIOVIS *vis, int index)
{
    return &vis->events[index - VIRTIO_CONFIG_IRQ_IDX];
}

/* Returns the name of the event, which virtio has in place of its vector. */
static inline uint16_t vis_event_name(VirtIOMMIOVIS *vis, VISEvent *event)
{
    return event - vis->events;
}

static inline bool vis_has_notifier(VirtIOMMIOVIS *vis, VISEvent *event)
{
    return vis_event_index(vis, event) < vis->nr_notifiers;
}

uint32_t vis_count_queues(VirtIODevice *vdev);
/* Make a region of a table visible at the address of the table, or hide it. */
void vis_map(VirtIOMMIOVIS *vis, VISTable table, MemoryRegion *mr);
void vis_unmap(VirtIOMMIOVIS *vis, VISTable table, MemoryRegion *mr);

/* Map an event to a vector or to VIRTIO_NO_VECTOR, without observing it. */
void vis_remap(VirtIOMMIOProxy *proxy, int index, uint16_t vector);
EventNotifier *vis_event_notifier(VirtIODevice *vdev, int index);
bool vis_is_msi_target(VirtIOMMIOVIS *vis, uint64_t address);
/* Returns false if a supplied entry is not in memory. */
bool vis_read_entry(VirtIOMMIOVIS *vis, uint32_t vector, MSIMessage *msg);

/* A variant with VISVariantClass.later calls these within bounded time. */
void vis_observe_all(VirtIOMMIOProxy *proxy);
void vis_send_pending(VirtIOMMIOVIS *vis, uint32_t word);
void vis_show_pending(VirtIOMMIOVIS *vis, uint32_t word);

/* Send a message that belongs to no event, and do not trace it. */
void vis_send_message(VirtIOMMIOVIS *vis, MSIMessage msg);

/*
 * Tables that the driver has supplied, in virtio-mmio-vis-supplied.c. The
 * driver can write an address register between FEATURES_OK and ENABLE.
 */

uint32_t vis_supply_flag(VirtIOMMIOVIS *vis);
uint32_t vis_read_address(VirtIOMMIOVIS *vis, hwaddr reg);
/* Returns false if the register is read-only. */
bool vis_write_address(VirtIOMMIOVIS *vis, hwaddr reg, uint32_t value);
/* Use the tables of the device again. */
void vis_take_back_tables(VirtIOMMIOVIS *vis);
bool vis_is_supplied(const VirtIOMMIOVIS *vis, VISTable table);
/* Returns false if there is no memory at the address of the entry. */
bool vis_read_supplied(VirtIOMMIOVIS *vis, uint32_t vector,
                       struct virtio_vis_entry *entry);
void vis_show_supplied(VirtIOMMIOVIS *vis, uint32_t word);

extern const VMStateDescription vmstate_vis_supplied;
extern const VMStateDescription vmstate_vis_message;

/*
 * Compares a property with that of a saved state, and reports which of the two
 * has it if they differ.
 */
bool vis_is_as_saved(const char *property, bool set, bool saved);

/* Deassert the line, which loading raises for events that had messages. */
void vis_clear_line(VirtIOMMIOProxy *proxy);

#define TYPE_VIS_VARIANT        "virtio-mmio-vis-variant"
#define VIS_VARIANT_PREFIX      "virtio-mmio-vis-"
OBJECT_DECLARE_TYPE(VISVariant, VISVariantClass, VIS_VARIANT)

/**
 * VISVariant: the part of a device that differs from the plain one
 * @proxy: its transport
 *
 * A type that is named VIS_VARIANT_PREFIX "x" is chosen by the transport's
 * property x-vis-variant=x. The variant is created before the device has any
 * tables and realized once all else is ready.
 */
struct VISVariant {
    DeviceState parent_obj;

    VirtIOMMIOProxy *proxy;
};

/**
 * VISVariantClass: functions in which a device differs from the plain one
 * @prepare: may change the properties and the number of vectors
 * @place: choose an address for a table of @size bytes; false on an error
 * @map_entries: provide the vector table, which is memory otherwise
 * @reset: called after a reset, also before the variant is realized
 * @read: answer the read of a register; false leaves it to the transport
 * @write: called before a register is written
 * @send: called before a message is sent, which it may change
 * @later: events have been signalled, or pending bits changed: the variant
 *         observes, sends and shows them within bounded time
 * @assigned: events have guest notifiers
 * @void_value: of a read that is a bad access
 *
 * Each function may be NULL; all are called with the BQL held.
 */
struct VISVariantClass {
    DeviceClass parent_class;

    void (*prepare)(VISVariant *v);
    bool (*place)(VISVariant *v, VISTable table, uint64_t size, Error **errp);
    void (*map_entries)(VISVariant *v);
    void (*reset)(VISVariant *v);
    bool (*read)(VISVariant *v, hwaddr offset, uint64_t *value);
    void (*write)(VISVariant *v, hwaddr offset, uint64_t value);
    void (*send)(VISVariant *v, uint32_t vector, MSIMessage *msg);
    void (*later)(VISVariant *v);
    void (*assigned)(VISVariant *v);
    uint32_t void_value;
};

/*
 * KVM irqfds, in virtio-mmio-vis-kvm.c. A vector to which events are mapped
 * gets a route when it is unmasked for the first time, and gives it back when
 * the last event leaves it. The main loop sends for vectors without a route.
 */

void vis_irqfds_start(VirtIOMMIOProxy *proxy);
void vis_irqfds_stop(VirtIOMMIOProxy *proxy);

/*
 * A write has changed the mask bits @toggled and the latches @moved of vectors
 * of one word. Only the latter change routes, all of them by one commit.
 */
void vis_irqfds_update(VirtIOMMIOProxy *proxy, uint32_t word, uint32_t toggled,
                       uint32_t moved);

/* An event is about to leave its vector, or has come to it. */
void vis_irqfds_leave(VirtIOMMIOProxy *proxy, VISEvent *event);
void vis_irqfds_join(VirtIOMMIOProxy *proxy, VISEvent *event);

#endif
