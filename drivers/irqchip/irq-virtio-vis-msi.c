// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtio Interrupt Storage (VIS): the storage of a device that has MSI registers and no tables
 *
 * The irqchip keeps its tables in memory of the driver. The commit of a word sends the commands of
 * virtio-mmio-msi.rst that bring the device in line with the tables.
 */
#include <linux/bitops.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/io.h>
#include <linux/irq.h>
#include <linux/lockdep.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/virtio_vis.h>
#include <uapi/linux/virtio_mmio_msi.h>

#include "irq-virtio-vis.h"

/**
 * struct vis_msi - The messages and masks that one device has been given
 * @regs:	Register block of the device
 * @lock:	Protects the message registers, which all vectors share, until UPDATE has read them
 * @known:	The message that the device has for each vector
 * @masks:	The mask bits that the device has
 */
struct vis_msi {
	void __iomem		*regs;
	raw_spinlock_t		lock;
	struct virtio_vis_entry	known[VIRTIO_MMIO_MSI_MAX_VECTORS];
	u32			masks[VIRTIO_MMIO_MSI_MAX_VECTORS / VIRTIO_VIS_VECTORS_PER_WORD];
};

static void vis_msi_command(struct vis_msi *msi, u16 code, unsigned int vector)
{
	writew(code | vector, msi->regs + VIRTIO_MMIO_MSI_COMMAND);
}

/* The device takes over the three registers at once, so no interrupt has half a message */
static void vis_msi_update(struct vis_msi *msi, unsigned int vector,
			   const struct virtio_vis_entry *entry)
{
	if (!memcmp(&msi->known[vector], entry, sizeof(*entry)))
		return;

	guard(raw_spinlock_irqsave)(&msi->lock);
	writel(le32_to_cpu(entry->addr_lo), msi->regs + VIRTIO_MMIO_MSI_ADDRESS_LOW);
	writel(le32_to_cpu(entry->addr_hi), msi->regs + VIRTIO_MMIO_MSI_ADDRESS_HIGH);
	writel(le32_to_cpu(entry->data), msi->regs + VIRTIO_MMIO_MSI_DATA);
	vis_msi_command(msi, VIRTIO_MMIO_MSI_UPDATE, vector);
	msi->known[vector] = *entry;
}

/**
 * vis_msi_commit - Bring the device in line with one word of the mask table and its entries
 * @vis:	The interrupt storage
 * @w:		The word
 *
 * Like a commit of VIS, this takes over the messages of unmasked vectors only. A vector gets its
 * message before it is unmasked. The function sends nothing that the device already has.
 *
 * Context:	Any, with the lock of the word held.
 */
void vis_msi_commit(struct virtio_vis *vis, unsigned int w)
{
	unsigned int bit, first = w * VIRTIO_VIS_VECTORS_PER_WORD;
	unsigned long shadow = vis->words[w].shadow;
	unsigned long changed = shadow ^ vis->msi->masks[w];
	unsigned long unmasked = (u32)~shadow;

	lockdep_assert_held(&vis->words[w].lock);

	for_each_set_bit(bit, &unmasked, VIRTIO_VIS_VECTORS_PER_WORD)
		vis_msi_update(vis->msi, first + bit, &vis->table[first + bit]);
	for_each_set_bit(bit, &changed, VIRTIO_VIS_VECTORS_PER_WORD)
		vis_msi_command(vis->msi, shadow & BIT(bit) ? VIRTIO_MMIO_MSI_MASK :
				VIRTIO_MMIO_MSI_UNMASK, first + bit);
	vis->msi->masks[w] = shadow;
}

/**
 * vis_msi_replay - Raise an interrupt of a device that may have dropped it
 * @vis:	The interrupt storage
 * @d:		The interrupt, at startup
 *
 * A device with MSI registers may drop an event that occurs while its vector is masked. The core
 * masks an interrupt in use only after it has arrived, and runs the handler after it has unmasked
 * it, so nothing is lost. A parked move is the exception: the core may mask an interrupt that has
 * not arrived, so vis_irq_mask() does not mask then. Whether an event occurred between shutdown and
 * startup is unknown, so startup assumes that one did.
 *
 * Context:	With the lock of the interrupt's descriptor held.
 */
void vis_msi_replay(struct virtio_vis *vis, struct irq_data *d)
{
	if (READ_ONCE(vis->words[d->hwirq / VIRTIO_VIS_VECTORS_PER_WORD].enabled))
		irq_chip_retrigger_hierarchy(d);
}

/**
 * vis_msi_restart - Forget the messages and masks that the device had before its reset
 * @vis:	The interrupt storage
 * @w:		Word of the vectors
 *
 * At DRIVER_OK the device unmasks all vectors, even those that were masked before. It ignores MASK
 * and UNMASK until then, so the driver does not send them.
 *
 * Context:	Any, with the lock of the word held.
 */
void vis_msi_restart(struct virtio_vis *vis, unsigned int w)
{
	lockdep_assert_held(&vis->words[w].lock);

	memset(&vis->msi->known[w * VIRTIO_VIS_VECTORS_PER_WORD], 0,
	       VIRTIO_VIS_VECTORS_PER_WORD * sizeof(*vis->msi->known));
	vis->msi->masks[w] = vis->words[w].shadow;
}

/**
 * vis_msi_init - Set up the storage of a device that has MSI registers
 * @vis:	The interrupt storage, with VIRTIO_MMIO_MSI_MAX_VECTORS vectors
 * @regs:	Register block of the device
 *
 * Does not access the device.
 *
 * Context:	May sleep.
 * Return:	0 or -ENOMEM.
 */
int vis_msi_init(struct virtio_vis *vis, void __iomem *regs)
{
	vis->table = devm_kcalloc(vis->dev, vis->nr_vectors, sizeof(*vis->table), GFP_KERNEL);
	vis->msi = devm_kzalloc(vis->dev, sizeof(*vis->msi), GFP_KERNEL);
	if (!vis->table || !vis->msi)
		return -ENOMEM;

	vis->msi->regs = regs;
	raw_spin_lock_init(&vis->msi->lock);
	return 0;
}
