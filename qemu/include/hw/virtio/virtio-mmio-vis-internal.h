/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio Interrupt Storage (VIS) of a virtio-mmio transport: what its files
 * share
 */

#ifndef HW_VIRTIO_MMIO_VIS_INTERNAL_H
#define HW_VIRTIO_MMIO_VIS_INTERNAL_H

#include "hw/virtio/virtio-mmio.h"
#include "qemu/host-utils.h"
#include "standard-headers/linux/virtio_vis.h"

/* The one register between those of VIS that has no meaning */
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

/* The number of an event: VIRTIO_CONFIG_IRQ_IDX, or that of its queue */
static inline int vis_event_index(VirtIOMMIOVIS *vis, VISEvent *event)
{
    return event - vis->events + VIRTIO_CONFIG_IRQ_IDX;
}

static inline VISEvent *vis_event(VirtIOMMIOVIS *vis, int index)
{
    return &vis->events[index - VIRTIO_CONFIG_IRQ_IDX];
}

static inline bool vis_has_notifier(VirtIOMMIOVIS *vis, VISEvent *event)
{
    return vis_event_index(vis, event) < vis->nr_notifiers;
}

EventNotifier *vis_event_notifier(VirtIODevice *vdev, int index);
bool vis_is_msi_target(VirtIOMMIOVIS *vis, uint64_t address);

/*
 * KVM irqfds, in virtio-mmio-vis-kvm.c. A vector to which events are mapped
 * gets a route when it is unmasked for the first time, and gives it back with
 * the last event. Vectors that get none go through the main loop.
 */

void vis_irqfds_start(VirtIOMMIOProxy *proxy);
void vis_irqfds_stop(VirtIOMMIOProxy *proxy);

/* Mask bits or latches of those vectors of a word have changed. */
void vis_irqfds_update(VirtIOMMIOProxy *proxy, uint32_t word, uint32_t bits);

/* An event is about to leave its vector, or has come to it. */
void vis_irqfds_leave(VirtIOMMIOProxy *proxy, VISEvent *event);
void vis_irqfds_join(VirtIOMMIOProxy *proxy, VISEvent *event);

#endif
