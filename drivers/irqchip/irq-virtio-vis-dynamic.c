// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtio Interrupt Storage (VIS): vectors that come and go while the device is in use
 *
 * A new vector needs no steps of its own, because its bit in the shadow is 1: it has been so from
 * the beginning, or since the last interrupt of the vector was freed.
 *
 * 1) request_irq() stores the message. The vector is masked, so nothing is committed.
 * 2) Then it unmasks the vector. That is the commit, at which the device latches the message. It
 *    latches the other unmasked vectors of the word again, with the messages that they have.
 * 3) free_irq() masks the vector, and then empties its entry, which the device does not latch.
 */
#include <linux/bug.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/msi.h>
#include <linux/virtio_vis.h>

#include "irq-virtio-vis.h"

/*
 * An ITS reserves an LPI for each index and rounds up to a power of two, so an untrusted device
 * must not set the domain's size.
 */
#define VIS_MIN_DOMAIN		1024U

/**
 * vis_domain_size - How many indices the MSI domain of a device needs
 * @vis:	The interrupt storage
 * @nvec:	Number of vectors that virtio_vis_alloc_vectors() allocates
 *
 * Return:	@nvec, or more if the device has vectors that can be allocated later.
 */
unsigned int vis_domain_size(const struct virtio_vis *vis, unsigned int nvec)
{
	return vis->msi ? nvec : min(vis->nr_vectors, max(nvec, VIS_MIN_DOMAIN));
}

/**
 * virtio_vis_alloc_vector_at - Allocate one more vector, also while the device is in use
 * @vis:	The interrupt storage, after virtio_vis_alloc_vectors()
 * @vector:	The vector, or MSI_ANY_INDEX for the lowest one that is free
 * @affdesc:	Managed affinity, or NULL for none
 *
 * The vector is masked until its interrupt is requested. Neither this function nor request_irq()
 * touches the entry, the mask bit or the interrupt of another vector.
 *
 * Does not touch the device. The caller maps an event to the vector after request_irq() (R606) and
 * maps it elsewhere before free_irq(). A reset clears the entry (R1002), so the caller frees the
 * vector before one.
 *
 * Context:	May sleep. Other vectors may be allocated and freed concurrently, but not by
 *		virtio_vis_free_vectors().
 * Return:	Vector and Linux number of the interrupt, or an error as a negative index: -ERANGE
 *		if the device has no such vector or it is past the 1,024 that there is room for,
 *		-EBUSY if the vector is not free or none is, -EOPNOTSUPP if the device has MSI
 *		registers, where each vector has its queue, -ENODEV before
 *		virtio_vis_alloc_vectors(), or another error of msi_domain_alloc_irq_at().
 */
struct msi_map virtio_vis_alloc_vector_at(struct virtio_vis *vis, unsigned int vector,
					  const struct irq_affinity_desc *affdesc)
{
	if (!vis->nvec)
		return (struct msi_map) { .index = -ENODEV };
	if (vis->msi)
		return (struct msi_map) { .index = -EOPNOTSUPP };

	return msi_domain_alloc_irq_at(vis->dev, MSI_DEFAULT_DOMAIN, vector, affdesc, NULL);
}
EXPORT_SYMBOL_GPL(virtio_vis_alloc_vector_at);

/**
 * virtio_vis_free_vector - Undo virtio_vis_alloc_vector_at()
 * @vis:	The interrupt storage
 * @map:	Result of virtio_vis_alloc_vector_at(), after free_irq() and the removal of an
 *		affinity hint
 *
 * virtio_vis_free_vectors() frees the vectors for which nobody has called this function.
 *
 * Context:	May sleep. Other vectors may be allocated and freed concurrently, but not by
 *		virtio_vis_free_vectors().
 */
void virtio_vis_free_vector(struct virtio_vis *vis, struct msi_map map)
{
	if (WARN_ON_ONCE(map.index < 0 || map.index < vis->nvec))
		return;

	msi_domain_free_irqs_range(vis->dev, MSI_DEFAULT_DOMAIN, map.index, map.index);
}
EXPORT_SYMBOL_GPL(virtio_vis_free_vector);
