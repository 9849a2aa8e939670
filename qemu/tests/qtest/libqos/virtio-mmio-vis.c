/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libqos driver of virtio-mmio with Virtio Interrupt Storage (VIS)
 *
 * Configuration changes have vector 0, and each queue has a vector of its own.
 */

#include "qemu/osdep.h"
#include "../libqtest.h"
#include "qemu/bitops.h"
#include "qemu/module.h"
#include "qgraph.h"
#include "virtio-mmio-vis.h"
#include "standard-headers/linux/virtio_config.h"
#include "standard-headers/linux/virtio_vis.h"

#define CONFIG_VECTOR       0
#define QUEUE_VECTOR(index) ((index) + 1)

static QVirtioBus qvirtio_mmio_vis;

static QVirtioMMIOVisDevice *to_vis(QVirtioDevice *d)
{
    return container_of(d, QVirtioMMIOVisDevice, mmio.vdev);
}

static uint32_t vis_read(QVirtioMMIOVisDevice *vis, uint64_t offset)
{
    return qtest_readl(vis->mmio.qts, vis->mmio.addr + offset);
}

static void vis_write(QVirtioMMIOVisDevice *vis, uint64_t offset,
                      uint32_t value)
{
    qtest_writel(vis->mmio.qts, vis->mmio.addr + offset, value);
}

static uint64_t vis_read_address(QVirtioMMIOVisDevice *vis, uint64_t low)
{
    return deposit64(vis_read(vis, low), 32, 32, vis_read(vis, low + 4));
}

static uint32_t vis_nr_vectors(QVirtioMMIOVisDevice *vis)
{
    return vis_read(vis, VIRTIO_MMIO_VIS_NUM_VECTORS) &
           VIRTIO_VIS_NUM_VECTORS_N;
}

/* Vectors share interrupts if the parent has too few. */
static uint32_t vis_message_data(QVirtioMMIOVisDevice *vis, uint32_t vector)
{
    return vis->parent->first_data + vector % vis->parent->nr_irqs;
}

static void vis_write_entries(QVirtioMMIOVisDevice *vis)
{
    uint64_t entry = vis_read_address(vis, VIRTIO_MMIO_VIS_TABLE_LOW);
    uint64_t address = vis->parent->address;
    uint32_t nr_vectors = vis_nr_vectors(vis);
    uint32_t vector;

    for (vector = 0; vector < nr_vectors; vector++) {
        qtest_writel(vis->mmio.qts, entry, address);
        qtest_writel(vis->mmio.qts, entry + 4, address >> 32);
        qtest_writel(vis->mmio.qts, entry + 8, vis_message_data(vis, vector));
        entry += sizeof(struct virtio_vis_entry);
    }
}

static void vis_unmask_all(QVirtioMMIOVisDevice *vis)
{
    uint64_t word = vis_read_address(vis, VIRTIO_MMIO_VIS_MASK_LOW);
    uint32_t nr_vectors = vis_nr_vectors(vis);
    uint32_t vector;

    for (vector = 0; vector < nr_vectors;
         vector += VIRTIO_VIS_VECTORS_PER_WORD) {
        qtest_writel(vis->mmio.qts, word, 0);
        word += sizeof(uint32_t);
    }
}

/* VIS can be enabled only before DRIVER_OK, and enabling masks all vectors. */
static void qvirtio_mmio_vis_set_status(QVirtioDevice *d, uint8_t status)
{
    QVirtioMMIOVisDevice *vis = to_vis(d);

    if (status & VIRTIO_CONFIG_S_DRIVER_OK) {
        vis_write(vis, VIRTIO_MMIO_VIS_CONFIG_VECTOR, CONFIG_VECTOR);
        vis_write(vis, VIRTIO_MMIO_VIS_CONTROL, VIRTIO_VIS_CONTROL_ENABLE);
        g_assert_cmphex(vis_read(vis, VIRTIO_MMIO_VIS_CONTROL), ==,
                        VIRTIO_VIS_CONTROL_ENABLE);
        vis_write_entries(vis);
        vis_unmask_all(vis);
    }
    qvirtio_mmio.set_status(d, status);
}

static QVirtQueue *qvirtio_mmio_vis_virtqueue_setup(QVirtioDevice *d,
                                                    QGuestAllocator *alloc,
                                                    uint16_t index)
{
    QVirtioMMIOVisDevice *vis = to_vis(d);
    QVirtQueue *vq = qvirtio_mmio.virtqueue_setup(d, alloc, index);

    g_assert_cmpuint(QUEUE_VECTOR(index), <, vis_nr_vectors(vis));
    vis_write(vis, VIRTIO_MMIO_VIS_QUEUE_VECTOR, QUEUE_VECTOR(index));
    return vq;
}

static bool vis_take(QVirtioMMIOVisDevice *vis, uint32_t vector)
{
    return vis->parent->take(vis->parent, vis_message_data(vis, vector));
}

static bool qvirtio_mmio_vis_get_queue_isr_status(QVirtioDevice *d,
                                                  QVirtQueue *vq)
{
    return vis_take(to_vis(d), QUEUE_VECTOR(vq->index));
}

static void qvirtio_mmio_vis_wait_config_isr_status(QVirtioDevice *d,
                                                    gint64 timeout_us)
{
    QVirtioMMIOVisDevice *vis = to_vis(d);
    gint64 start_time = g_get_monotonic_time();

    do {
        g_assert(g_get_monotonic_time() - start_time <= timeout_us);
        qtest_clock_step(vis->mmio.qts, 100);
    } while (!vis_take(vis, CONFIG_VECTOR));
}

void qvirtio_mmio_vis_init_device(QVirtioMMIOVisDevice *vis, QTestState *qts,
                                  uint64_t addr, uint32_t page_size,
                                  QMSIParent *parent)
{
    qvirtio_mmio_init_device(&vis->mmio, qts, addr, page_size);
    vis->mmio.vdev.bus = &qvirtio_mmio_vis;
    vis->parent = parent;
}

static void virtio_mmio_vis_register_nodes(void)
{
    qvirtio_mmio_vis = qvirtio_mmio;
    qvirtio_mmio_vis.set_status = qvirtio_mmio_vis_set_status;
    qvirtio_mmio_vis.virtqueue_setup = qvirtio_mmio_vis_virtqueue_setup;
    qvirtio_mmio_vis.get_queue_isr_status =
        qvirtio_mmio_vis_get_queue_isr_status;
    qvirtio_mmio_vis.wait_config_isr_status =
        qvirtio_mmio_vis_wait_config_isr_status;

    qos_node_create_driver_named("virtio-mmio-vis", "virtio-mmio", NULL);
    qos_node_produces("virtio-mmio-vis", "virtio-bus");
}

libqos_init(virtio_mmio_vis_register_nodes);
