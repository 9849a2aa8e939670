/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio Interrupt Storage (VIS) of a virtio-mmio transport: KVM irqfds
 *
 * While the vector of a queue is unmasked and has a route, KVM sends its
 * message as soon as the notifier is signalled. Otherwise the notifier wakes
 * the main loop, which calls virtio_mmio_vis_notify().
 */

#include "qemu/osdep.h"
#include "hw/virtio/virtio-mmio-vis-internal.h"
#include "system/accel-irq.h"
#include "system/kvm.h"

static void vis_bind(VirtIOMMIOProxy *proxy, VISEvent *event, int route)
{
    VirtIODevice *vdev = virtio_bus_get_device(&proxy->bus);
    int index = vis_event_index(&proxy->vis, event);
    EventNotifier *n = vis_event_notifier(vdev, index);

    /* virtio_notify_config() has to see a change of the configuration. */
    if (index == VIRTIO_CONFIG_IRQ_IDX || event->irqfd == route ||
        !vis_has_notifier(&proxy->vis, event)) {
        return;
    }
    if (event->irqfd >= 0) {
        kvm_irqchip_remove_irqfd_notifier_gsi(kvm_state, n, event->irqfd);
        event->irqfd = -1;
    }
    if (route >= 0 &&
        kvm_irqchip_add_irqfd_notifier_gsi(kvm_state, n, NULL, route) == 0) {
        event->irqfd = route;
        /* KVM has acted upon an earlier signal, but has not cleared it. */
        event_notifier_test_and_clear(n);
    }
    virtio_queue_set_guest_notifier_handler(virtio_get_queue(vdev, index),
                                            event->irqfd >= 0);
}

static void vis_bind_vector(VirtIOMMIOProxy *proxy, uint32_t vector, int route)
{
    VISEvent *event;

    QLIST_FOREACH(event, &proxy->vis.mapped[vector], node) {
        vis_bind(proxy, event, route);
    }
}

/* Whether a queue other than that of @leaving has the vector */
static bool vis_has_queue(VirtIOMMIOVIS *vis, uint32_t vector,
                          const VISEvent *leaving)
{
    VISEvent *event;

    QLIST_FOREACH(event, &vis->mapped[vector], node) {
        if (event != leaving &&
            vis_event_index(vis, event) != VIRTIO_CONFIG_IRQ_IDX) {
            return true;
        }
    }
    return false;
}

static bool vis_wants_route(VirtIOMMIOVIS *vis, uint32_t vector)
{
    return vis->enabled && vis_has_queue(vis, vector, NULL) &&
           !vis_is_masked(vis, vector) &&
           vis_is_msi_target(vis, vis->latch[vector].address);
}

static void vis_drop_route(VirtIOMMIOVIS *vis, uint32_t vector)
{
    if (vis->route[vector] >= 0) {
        kvm_irqchip_release_virq(kvm_state, vis->route[vector]);
        vis->route[vector] = -1;
    }
}

/*
 * Give the vector a route with its latched message; the caller commits it. On
 * failure the vector has no route, and no notifier sends the old message.
 */
static void vis_set_route(VirtIOMMIOProxy *proxy, uint32_t vector, bool moved,
                          AccelRouteChange *change)
{
    VirtIOMMIOVIS *vis = &proxy->vis;
    int *route = &vis->route[vector];

    if (*route < 0) {
        *route = kvm_irqchip_add_msi_route(change, 0, NULL);
    } else if (moved) {
        change->changes++;
    } else {
        return;
    }
    if (*route >= 0 &&
        kvm_irqchip_update_msi_route(kvm_state, *route, vis->latch[vector],
                                     NULL) < 0) {
        vis_bind_vector(proxy, vector, -1);
        vis_drop_route(vis, vector);
    }
}

/* Prepare the routes of the vectors that need one, and unbind the others. */
static void vis_route_word(VirtIOMMIOProxy *proxy, uint32_t word, uint32_t bits,
                           uint32_t moved, AccelRouteChange *change)
{
    uint32_t vector;

    for (; bits; bits &= bits - 1) {
        vector = word * VIRTIO_VIS_VECTORS_PER_WORD + ctz32(bits);
        if (vis_wants_route(&proxy->vis, vector)) {
            vis_set_route(proxy, vector, moved & vis_bit(vector), change);
        } else if (vis_is_mapped(&proxy->vis, vector)) {
            vis_bind_vector(proxy, vector, -1);
        }
    }
}

/* Bind the notifiers to their routes, which KVM knows by now. */
static void vis_bind_word(VirtIOMMIOProxy *proxy, uint32_t word, uint32_t bits)
{
    uint32_t vector;

    for (; bits; bits &= bits - 1) {
        vector = word * VIRTIO_VIS_VECTORS_PER_WORD + ctz32(bits);
        if (vis_wants_route(&proxy->vis, vector)) {
            vis_bind_vector(proxy, vector, proxy->vis.route[vector]);
        }
    }
}

void vis_irqfds_update(VirtIOMMIOProxy *proxy, uint32_t word, uint32_t toggled,
                       uint32_t moved)
{
    AccelRouteChange change;

    if (!proxy->vis.route) {
        return;
    }
    change = accel_irqchip_begin_route_changes();
    vis_route_word(proxy, word, toggled | moved, moved, &change);
    accel_irqchip_commit_route_changes(&change);
    vis_bind_word(proxy, word, toggled | moved);
}

void vis_irqfds_leave(VirtIOMMIOProxy *proxy, VISEvent *event)
{
    VirtIOMMIOVIS *vis = &proxy->vis;

    if (!vis->route) {
        return;
    }
    vis_bind(proxy, event, -1);
    /* Without a queue, no commit would update the route. */
    if (!vis_has_queue(vis, event->vector, event)) {
        vis_drop_route(vis, event->vector);
    }
}

void vis_irqfds_join(VirtIOMMIOProxy *proxy, VISEvent *event)
{
    VirtIOMMIOVIS *vis = &proxy->vis;

    if (!vis->route) {
        return;
    }
    if (vis->route[event->vector] < 0) {
        vis_irqfds_update(proxy, vis_word(event->vector),
                          vis_bit(event->vector), 0);
    } else if (vis_wants_route(vis, event->vector)) {
        vis_bind(proxy, event, vis->route[event->vector]);
    }
}

void vis_irqfds_start(VirtIOMMIOProxy *proxy)
{
    VirtIOMMIOVIS *vis = &proxy->vis;
    AccelRouteChange change;
    uint32_t word;

    /*
     * There are no irqfds if KVM has to know the PCI device that sends the
     * message, or if each GSI stands for one message, as with a GICv2m.
     */
    if (!kvm_msi_via_irqfd_enabled() || kvm_msi_devid_required() ||
        kvm_gsi_direct_mapping()) {
        return;
    }
    vis->route = g_new(int, vis->nr_vectors);
    memset(vis->route, -1, vis->nr_vectors * sizeof(*vis->route));
    change = accel_irqchip_begin_route_changes();
    for (word = 0; word < vis->nr_words; word++) {
        vis_route_word(proxy, word, ~vis->mask[word], 0, &change);
    }
    accel_irqchip_commit_route_changes(&change);
    for (word = 0; word < vis->nr_words; word++) {
        vis_bind_word(proxy, word, ~vis->mask[word]);
    }
}

void vis_irqfds_stop(VirtIOMMIOProxy *proxy)
{
    VirtIOMMIOVIS *vis = &proxy->vis;
    uint32_t vector;

    if (!vis->route) {
        return;
    }
    for (vector = 0; vector < vis->nr_vectors; vector++) {
        vis_bind_vector(proxy, vector, -1);
        vis_drop_route(vis, vector);
    }
    g_clear_pointer(&vis->route, g_free);
}
