/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtio Interrupt Storage (VIS): the functions that the irqchip offers to a virtio transport
 */
#ifndef _LINUX_VIRTIO_VIS_H
#define _LINUX_VIRTIO_VIS_H

#include <linux/compiler_types.h>
#include <linux/cpumask_types.h>
#include <linux/msi_api.h>
#include <linux/types.h>
#include <uapi/linux/virtio_vis.h>

struct device;
struct irq_affinity;
struct irq_affinity_desc;
struct virtio_vis;

/**
 * struct virtio_vis_layout - Where a device keeps its interrupt storage
 * @nr_vectors:	Number of vectors in the tables, at least 1
 * @table:	Guest-physical address of the vector table
 * @mask:	Guest-physical address of the mask table
 * @pending:	Guest-physical address of the pending table, 0 if there is none
 * @regs:	Guest-physical address of the register block, which the tables must not overlap
 * @regs_size:	Size of the register block in bytes
 * @msi:	Mapped register block of a device that has MSI registers in place of the tables
 *		(virtio_mmio_msi.h), else NULL
 *
 * The driver does not trust these values of the device: virtio_vis_create() checks the addresses.
 */
struct virtio_vis_layout {
	unsigned int	nr_vectors;
	u64		table;
	u64		mask;
	u64		pending;
	u64		regs;
	u64		regs_size;
	void __iomem	*msi;
};

/**
 * struct virtio_vis_tables - Tables that the driver supplies
 * @table:	Address of the vector table for the device
 * @pending:	Address of the pending table for the device
 */
struct virtio_vis_tables {
	u64	table;
	u64	pending;
};

struct virtio_vis *virtio_vis_create(struct device *dev, const struct virtio_vis_layout *layout);
void virtio_vis_destroy(struct virtio_vis *vis);

int virtio_vis_supply(struct virtio_vis *vis, bool translated, struct virtio_vis_tables *tables);
void virtio_vis_leak_supplied(struct virtio_vis *vis);

int virtio_vis_alloc_vectors(struct virtio_vis *vis, unsigned int nvec, struct irq_affinity *affd);
void virtio_vis_free_vectors(struct virtio_vis *vis);
unsigned int virtio_vis_irq(const struct virtio_vis *vis, unsigned int vector);
const struct cpumask *virtio_vis_affinity(const struct virtio_vis *vis, unsigned int vector);

struct msi_map virtio_vis_alloc_vector_at(struct virtio_vis *vis, unsigned int vector,
					  const struct irq_affinity_desc *affdesc);
void virtio_vis_free_vector(struct virtio_vis *vis, struct msi_map map);

void virtio_vis_enable(struct virtio_vis *vis);
void virtio_vis_disable(struct virtio_vis *vis);

#endif /* _LINUX_VIRTIO_VIS_H */
