// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtio Interrupt Storage (VIS): irqchip of a virtio device that stores messages in memory
 *
 * The interface is specified in Documentation/virtio-vis.rst.
 */
#include <linux/bitops.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/msi.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/virtio_vis.h>

#define CREATE_TRACE_POINTS
#include <trace/events/virtio_vis.h>

#include "irq-virtio-vis.h"

#define VIS_ALL_MASKED		U32_MAX

static unsigned int vis_word_of(unsigned int vector)
{
	return vector / VIRTIO_VIS_VECTORS_PER_WORD;
}

static u32 vis_bit_of(unsigned int vector)
{
	return BIT(vector % VIRTIO_VIS_VECTORS_PER_WORD);
}

static bool vis_is_masked(const struct virtio_vis *vis, unsigned int vector)
{
	return READ_ONCE(vis->words[vis_word_of(vector)].shadow) & vis_bit_of(vector);
}

/* The tables */

static void vis_store_entry(struct virtio_vis_entry *entry, const struct msi_msg *msg)
{
	WRITE_ONCE(entry->addr_lo, cpu_to_le32(msg->address_lo));
	WRITE_ONCE(entry->addr_hi, cpu_to_le32(msg->address_hi));
	WRITE_ONCE(entry->data, cpu_to_le32(msg->data));
}

/* The device latches the entries when it sees the word: writel() orders the entries before it */
static void vis_commit(struct virtio_vis *vis, unsigned int w)
{
	lockdep_assert_held(&vis->words[w].lock);

	trace_virtio_vis_commit(vis->dev, w, vis->words[w].shadow);
	if (vis->msi)
		vis_msi_commit(vis, w);
	else
		writel(vis->words[w].shadow, &vis->mask[w]);
}

static void vis_set_mask(struct irq_data *d, bool masked)
{
	struct virtio_vis *vis = irq_data_get_irq_chip_data(d);
	unsigned int w = vis_word_of(d->hwirq);
	struct vis_word *word = &vis->words[w];

	guard(raw_spinlock_irqsave)(&word->lock);
	if (masked == vis_is_masked(vis, d->hwirq))
		return;

	trace_virtio_vis_mask(vis->dev, d->hwirq, masked);
	WRITE_ONCE(word->shadow, word->shadow ^ vis_bit_of(d->hwirq));
	if (word->enabled)
		vis_commit(vis, w);
}

/* The irqchip of a vector */

/* The core masks a vector for a parked move, which a device with MSI registers does not need */
static void vis_irq_mask(struct irq_data *d)
{
	struct virtio_vis *vis = irq_data_get_irq_chip_data(d);

	if (!vis->msi || !irqd_is_setaffinity_pending(d))
		vis_set_mask(d, true);
}

static void vis_irq_unmask(struct irq_data *d)
{
	vis_set_mask(d, false);
}

/* Some parents keep an interrupt disabled until startup; after that, the mask bit is enough */
static unsigned int vis_irq_startup(struct irq_data *d)
{
	struct virtio_vis *vis = irq_data_get_irq_chip_data(d);

	if (d->parent_data->chip->irq_unmask)
		irq_chip_unmask_parent(d);
	vis_set_mask(d, false);
	if (vis->msi)
		vis_msi_replay(vis, d);
	return 0;
}

static void vis_irq_shutdown(struct irq_data *d)
{
	vis_set_mask(d, true);
	if (d->parent_data->chip->irq_mask)
		irq_chip_mask_parent(d);
}

/*
 * Unmasking commits a masked vector, and virtio_vis_enable() commits those of a word that is not
 * enabled. Only the shadow tells whether a vector is masked: irq_data is stale after a reset, and
 * the mask table belongs to the device, which is not trusted.
 */
static void vis_irq_write_msi_msg(struct irq_data *d, struct msi_msg *msg)
{
	struct virtio_vis *vis = irq_data_get_irq_chip_data(d);
	struct msi_desc *desc = irq_data_get_msi_desc(d);
	unsigned int w = vis_word_of(d->hwirq);
	struct vis_word *word = &vis->words[w];

	guard(raw_spinlock_irqsave)(&word->lock);
	if (!memcmp(&desc->msg, msg, sizeof(*msg)))
		return;

	trace_virtio_vis_write_msg(vis->dev, d->hwirq, msg);
	desc->msg = *msg;
	vis_store_entry(&vis->table[d->hwirq], msg);
	if (word->enabled && !vis_is_masked(vis, d->hwirq))
		vis_commit(vis, w);
}

static int vis_irq_get_irqchip_state(struct irq_data *d, enum irqchip_irq_state which, bool *state)
{
	struct virtio_vis *vis = irq_data_get_irq_chip_data(d);

	switch (which) {
	case IRQCHIP_STATE_PENDING:
		if (!vis->pending)
			return -EINVAL;
		*state = le32_to_cpu(READ_ONCE(vis->pending[vis_word_of(d->hwirq)])) &
			 vis_bit_of(d->hwirq);
		return 0;
	case IRQCHIP_STATE_MASKED:
		*state = vis_is_masked(vis, d->hwirq);
		return 0;
	case IRQCHIP_STATE_ACTIVE:
		/* synchronize_irq() asks, and only the interrupt controller knows */
		while ((d = d->parent_data))
			if (d->chip->irq_get_irqchip_state)
				return d->chip->irq_get_irqchip_state(d, which, state);
		return -EINVAL;
	default:
		return -EINVAL;
	}
}

/* No state can be set. Without this function the core would set the state of the parent */
static int vis_irq_set_irqchip_state(struct irq_data *d, enum irqchip_irq_state which, bool state)
{
	return -EINVAL;
}

static void vis_set_desc(msi_alloc_info_t *arg, struct msi_desc *desc)
{
	arg->desc = desc;
	arg->hwirq = desc->msi_index;
}

/* The parent provides the rest: flow handler, end of interrupt, affinity, retrigger */
static const struct msi_domain_template vis_msi_template = {
	.chip = {
		.name			= "VIS",
		.irq_startup		= vis_irq_startup,
		.irq_shutdown		= vis_irq_shutdown,
		.irq_mask		= vis_irq_mask,
		.irq_unmask		= vis_irq_unmask,
		.irq_write_msi_msg	= vis_irq_write_msi_msg,
		.irq_get_irqchip_state	= vis_irq_get_irqchip_state,
		.irq_set_irqchip_state	= vis_irq_set_irqchip_state,
		.flags			= IRQCHIP_AFFINITY_PRE_STARTUP |
					  IRQCHIP_SKIP_SET_WAKE |
					  IRQCHIP_ONESHOT_SAFE,
	},
	.ops = {
		.set_desc		= vis_set_desc,
	},
	.info = {
		.bus_token		= DOMAIN_BUS_DEVICE_MSI,
	},
};

/* The interrupt storage of a device */

static struct virtio_vis *vis_create(struct device *dev, const struct virtio_vis_layout *layout)
{
	unsigned int w, nr_words = vis_words_for(layout->nr_vectors);
	struct virtio_vis *vis;
	int ret;

	if (!dev_get_msi_domain(dev)) {
		dev_err(dev, "VIS: no MSI controller takes its messages: there is none, or interrupts are remapped\n");
		return ERR_PTR(-EOPNOTSUPP);
	}

	vis = devm_kzalloc(dev, struct_size(vis, words, nr_words), GFP_KERNEL);
	if (!vis)
		return ERR_PTR(-ENOMEM);

	vis->dev = dev;
	vis->nr_vectors = layout->nr_vectors;
	for (w = 0; w < nr_words; w++) {
		raw_spin_lock_init(&vis->words[w].lock);
		vis->words[w].shadow = VIS_ALL_MASKED;
	}
	ret = layout->msi ? vis_msi_init(vis, layout->msi) : vis_init_tables(vis, layout);
	return ERR_PTR(ret) ?: vis;
}

/**
 * virtio_vis_create - Take over the interrupt storage of a device
 * @dev:	The device, whose MSI domain is that of the controller that receives its messages
 * @layout:	Where the device says that its tables are, with at least one vector
 *
 * Checks, claims and maps the tables ("Discovery" and "Security considerations" in
 * Documentation/virtio-vis.rst). Allocates no vector and writes nothing to the device, which the
 * caller resets before it allocates vectors.
 *
 * Context:	May sleep. Not concurrent with any other call for @dev.
 * Return:	The interrupt storage, or an ERR_PTR(). After a message that names the value:
 *		-EOPNOTSUPP if no MSI controller receives the messages, -EINVAL if the layout is
 *		invalid, or -EBUSY if the address range of a table is not free. Without a message:
 *		-ENOMEM or the error of devm_memremap().
 */
struct virtio_vis *virtio_vis_create(struct device *dev, const struct virtio_vis_layout *layout)
{
	void *devres = devres_open_group(dev, NULL, GFP_KERNEL);
	struct virtio_vis *vis;

	if (!devres)
		return ERR_PTR(-ENOMEM);

	vis = vis_create(dev, layout);
	if (IS_ERR(vis)) {
		devres_release_group(dev, devres);
		return vis;
	}

	vis->devres = devres;
	devres_close_group(dev, devres);
	return vis;
}
EXPORT_SYMBOL_GPL(virtio_vis_create);

/**
 * virtio_vis_destroy - Undo virtio_vis_create()
 * @vis:	The interrupt storage, without allocated vectors
 *
 * Unmaps and releases or frees the tables, and frees @vis. Does not access the device.
 *
 * Context:	May sleep. Not concurrent with any other call for @vis.
 */
void virtio_vis_destroy(struct virtio_vis *vis)
{
	vis_free_supplied(vis);
	devres_release_group(vis->dev, vis->devres);
}
EXPORT_SYMBOL_GPL(virtio_vis_destroy);

/* Vectors */

/* These are the bounds of pci_alloc_irq_vectors_affinity(): a vector beyond them has no CPU */
static int vis_spread(struct virtio_vis *vis, unsigned int nvec, struct irq_affinity *affd)
{
	unsigned int fixed = affd->pre_vectors + affd->post_vectors;

	if (nvec < fixed || (!affd->calc_sets && nvec - fixed > num_possible_cpus()))
		return -ENOSPC;
	/* Without SMP, irq_create_affinity_masks() returns NULL: nothing is managed, as with PCI */
	if (nvec == fixed || !IS_ENABLED(CONFIG_SMP))
		return 0;

	vis->affinity = irq_create_affinity_masks(nvec, affd);
	return vis->affinity ? 0 : -ENOMEM;
}

static void vis_free_irqs(struct virtio_vis *vis)
{
	msi_domain_free_irqs_all(vis->dev, MSI_DEFAULT_DOMAIN);
	msi_remove_device_irq_domain(vis->dev, MSI_DEFAULT_DOMAIN);
}

static int vis_alloc_irqs(struct virtio_vis *vis, unsigned int nvec)
{
	const struct irq_affinity_desc *managed;
	struct msi_map map;
	unsigned int i;

	if (!msi_create_device_irq_domain(vis->dev, MSI_DEFAULT_DOMAIN, &vis_msi_template,
					  vis_domain_size(vis, nvec), NULL, vis))
		return -ENODEV;

	for (i = 0; i < nvec; i++) {
		managed = vis->affinity && vis->affinity[i].is_managed ? &vis->affinity[i] : NULL;
		map = msi_domain_alloc_irq_at(vis->dev, MSI_DEFAULT_DOMAIN, i, managed, NULL);
		if (map.index < 0) {
			vis_free_irqs(vis);
			return i ?: map.index;
		}
		vis->virqs[i] = map.virq;
	}
	vis->nvec = nvec;
	return 0;
}

/**
 * virtio_vis_alloc_vectors - Allocate vectors 0 to @nvec - 1
 * @vis:	The interrupt storage, without allocated vectors
 * @nvec:	Number of vectors, at least 1
 * @affd:	Describes which vectors have managed affinity, or NULL for none; the function fills
 *		in the sizes of its sets, so each attempt needs a fresh copy
 *
 * Allocates all vectors or none. They are masked until their interrupts are requested.
 *
 * Context:	May sleep. Not concurrent with any other call for @vis.
 * Return:	0; if only the first vectors could be allocated, their number; -ENOSPC if none
 *		could, or if the device has fewer than @nvec; -ENOMEM; -ENODEV if the MSI domain
 *		cannot be created; or the error of msi_domain_alloc_irq_at() for the first vector.
 */
int virtio_vis_alloc_vectors(struct virtio_vis *vis, unsigned int nvec, struct irq_affinity *affd)
{
	int ret;

	if (nvec > vis->nr_vectors)
		return -ENOSPC;

	vis->virqs = kvcalloc(nvec, sizeof(*vis->virqs), GFP_KERNEL);
	if (!vis->virqs)
		return -ENOMEM;

	ret = affd ? vis_spread(vis, nvec, affd) : 0;
	if (!ret)
		ret = vis_alloc_irqs(vis, nvec);
	if (ret)
		virtio_vis_free_vectors(vis);
	return ret;
}
EXPORT_SYMBOL_GPL(virtio_vis_alloc_vectors);

/**
 * virtio_vis_free_vectors - Free all vectors, including those of virtio_vis_alloc_vector_at()
 * @vis:	The interrupt storage, after free_irq() and the removal of every affinity hint
 *
 * Does nothing if no vector is allocated.
 *
 * Context:	May sleep. Not concurrent with any other call for @vis.
 */
void virtio_vis_free_vectors(struct virtio_vis *vis)
{
	if (vis->nvec)
		vis_free_irqs(vis);
	kfree(vis->affinity);
	kvfree(vis->virqs);
	vis->affinity = NULL;
	vis->virqs = NULL;
	vis->nvec = 0;
}
EXPORT_SYMBOL_GPL(virtio_vis_free_vectors);

/**
 * virtio_vis_irq - Get the Linux interrupt number of a vector
 * @vis:	The interrupt storage
 * @vector:	A vector of virtio_vis_alloc_vectors()
 *
 * Context:	Any.
 * Return:	The interrupt number.
 */
unsigned int virtio_vis_irq(const struct virtio_vis *vis, unsigned int vector)
{
	return vis->virqs[vector];
}
EXPORT_SYMBOL_GPL(virtio_vis_irq);

/**
 * virtio_vis_affinity - Get the CPUs that a vector is meant for
 * @vis:	The interrupt storage
 * @vector:	A vector of virtio_vis_alloc_vectors()
 *
 * Context:	Any.
 * Return:	NULL if no vector of @vis has managed affinity; else the managed affinity of
 *		@vector, or its current affinity if it has none.
 */
const struct cpumask *virtio_vis_affinity(const struct virtio_vis *vis, unsigned int vector)
{
	if (!vis->affinity)
		return NULL;
	if (vis->affinity[vector].is_managed)
		return &vis->affinity[vector].mask;
	return irq_get_affinity_mask(vis->virqs[vector]);
}
EXPORT_SYMBOL_GPL(virtio_vis_affinity);

/**
 * virtio_vis_enable - Start to write the mask bits to the device
 * @vis:	The interrupt storage
 *
 * Writes each word of the mask table that has an unmasked vector, once. Call it after setting
 * ENABLE, because the device ignores the mask table until then. A reset may have cleared the
 * entries, and this function does not write them again: allocate the vectors after the reset.
 *
 * Context:	Any. Takes the lock of each word.
 */
void virtio_vis_enable(struct virtio_vis *vis)
{
	unsigned int w;

	for (w = 0; w < vis_words_for(vis->nr_vectors); w++) {
		struct vis_word *word = &vis->words[w];

		guard(raw_spinlock_irqsave)(&word->lock);
		WRITE_ONCE(word->enabled, true);
		if (vis->msi)
			vis_msi_restart(vis, w);
		if (word->shadow != VIS_ALL_MASKED)
			vis_commit(vis, w);
	}
}
EXPORT_SYMBOL_GPL(virtio_vis_enable);

/**
 * virtio_vis_disable - Mask every vector before the device is reset
 * @vis:	The interrupt storage
 *
 * Call it before the reset. If the device were not masked, it could still send messages to the old
 * CPU of a vector that moves before the reset is complete. From now until virtio_vis_enable() the
 * driver does not touch the mask table: an affinity change only stores an entry.
 *
 * Context:	Any. Takes the lock of each word.
 */
void virtio_vis_disable(struct virtio_vis *vis)
{
	unsigned int w;
	bool unmasked;

	for (w = 0; w < vis_words_for(vis->nr_vectors); w++) {
		struct vis_word *word = &vis->words[w];

		guard(raw_spinlock_irqsave)(&word->lock);
		unmasked = word->shadow != VIS_ALL_MASKED;
		WRITE_ONCE(word->shadow, VIS_ALL_MASKED);
		if (word->enabled && unmasked)
			vis_commit(vis, w);
		WRITE_ONCE(word->enabled, false);
	}
}
EXPORT_SYMBOL_GPL(virtio_vis_disable);

MODULE_DESCRIPTION("Virtio Interrupt Storage irqchip");
MODULE_LICENSE("GPL");
