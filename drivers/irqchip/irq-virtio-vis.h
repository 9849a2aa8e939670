/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtio Interrupt Storage (VIS): declarations that the files of the irqchip share
 */
#ifndef _DRIVERS_IRQCHIP_IRQ_VIRTIO_VIS_H
#define _DRIVERS_IRQCHIP_IRQ_VIRTIO_VIS_H

#include <linux/math.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/virtio_vis.h>

struct irq_data;
struct vis_msi;
struct vis_supplied;

/**
 * struct vis_word - The driver's view of one word of the mask table
 * @lock:	Protects the word and the vector table entries of its vectors
 * @shadow:	The mask bits; never read back from the device, which is not trusted
 * @enabled:	Changes of @shadow are written to the device
 */
struct vis_word {
	raw_spinlock_t		lock;
	u32			shadow;
	bool			enabled;
};

/**
 * struct virtio_vis - Interrupt storage of one device
 * @dev:	The device
 * @devres:	Group of all managed resources that virtio_vis_create() acquired
 * @table:	Vector table; in the driver's memory if it has supplied one or the device has none
 * @mask:	Mask table
 * @pending:	Pending table, or NULL if there is none
 * @supplied:	The memory of @table and @pending if the driver has supplied it, else NULL
 * @msi:	MSI registers, or NULL if the device has tables
 * @nr_vectors:	Number of vectors that the device has
 * @nvec:	Number of vectors of virtio_vis_alloc_vectors()
 * @virqs:	Their Linux interrupt numbers
 * @affinity:	Their affinity, or NULL if none is managed
 * @words:	Shadow of the mask table
 */
struct virtio_vis {
	struct device			*dev;
	void				*devres;
	struct virtio_vis_entry		*table;
	u32 __iomem			*mask;
	const __le32			*pending;
	struct vis_supplied		*supplied;
	struct vis_msi			*msi;
	unsigned int			nr_vectors;
	unsigned int			nvec;
	unsigned int			*virqs;
	struct irq_affinity_desc	*affinity;
	struct vis_word			words[];
};

static inline unsigned int vis_words_for(unsigned int nr_vectors)
{
	return DIV_ROUND_UP(nr_vectors, VIRTIO_VIS_VECTORS_PER_WORD);
}

int vis_init_tables(struct virtio_vis *vis, const struct virtio_vis_layout *layout);

unsigned int vis_domain_size(const struct virtio_vis *vis, unsigned int nvec);

int vis_msi_init(struct virtio_vis *vis, void __iomem *regs);
void vis_msi_restart(struct virtio_vis *vis, unsigned int w);
void vis_msi_commit(struct virtio_vis *vis, unsigned int w);
void vis_msi_replay(struct virtio_vis *vis, struct irq_data *d);

void vis_free_supplied(struct virtio_vis *vis);

#endif /* _DRIVERS_IRQCHIP_IRQ_VIRTIO_VIS_H */
