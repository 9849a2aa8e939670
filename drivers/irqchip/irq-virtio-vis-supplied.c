// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtio Interrupt Storage (VIS): tables that the driver supplies from its own memory
 *
 * The vector table and the pending table are in one piece of memory, in whole pages that hold
 * nothing else: the device writes there, and a confidential guest shares these pages with it.
 */
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kmemleak.h>
#include <linux/math.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/virtio_vis.h>

#include "irq-virtio-vis.h"

/* The device's own tables will do, so a failed allocation is no reason to warn */
#define VIS_SUPPLIED_GFP	(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN)

/**
 * struct vis_supplied - Memory of the driver that holds the tables of a device
 * @dev:	The device
 * @memory:	The vector table, and the pending table behind it
 * @size:	Size of both in bytes
 * @addr:	Address of @memory for the device
 * @translated:	@addr comes from the DMA API, otherwise it is guest-physical
 * @own_table:	Vector table of the device
 * @own_pending: Pending table of the device, or NULL if it has none
 */
struct vis_supplied {
	struct device		*dev;
	void			*memory;
	size_t			size;
	dma_addr_t		addr;
	bool			translated;
	struct virtio_vis_entry	*own_table;
	const __le32		*own_pending;
};

static struct vis_supplied *vis_supplied_alloc(struct device *dev, size_t size, bool translated)
{
	struct vis_supplied *supplied __free(kfree) = kzalloc(sizeof(*supplied), GFP_KERNEL);

	if (!supplied)
		return NULL;

	supplied->dev = dev;
	supplied->size = size;
	supplied->translated = translated;
	if (translated)
		supplied->memory = dma_alloc_coherent(dev, size, &supplied->addr, VIS_SUPPLIED_GFP);
	else
		supplied->memory = alloc_pages_exact(size, VIS_SUPPLIED_GFP);
	if (!supplied->memory)
		return NULL;

	if (!translated)
		supplied->addr = virt_to_phys(supplied->memory);
	return_ptr(supplied);
}

/**
 * virtio_vis_supply - Put the vector table and the pending table into memory of the driver
 * @vis:	The interrupt storage of a device with tables, without allocated vectors
 * @translated:	The device reaches this memory by addresses of the DMA API, as it reaches its
 *		queues; otherwise by guest-physical addresses
 * @tables:	Returns the addresses that the device must be told before it is enabled
 *
 * Both tables are clear. The function frees the memory of its last call, so the device must have
 * been reset since. ("Supplied tables" in Documentation/virtio-vis.rst)
 *
 * Context:	May sleep. Not concurrent with any other call for @vis.
 * Return:	0; or -ENOMEM, without a message, and the driver then uses the device's own tables.
 */
int virtio_vis_supply(struct virtio_vis *vis, bool translated, struct virtio_vis_tables *tables)
{
	size_t pending = vis->nr_vectors * sizeof(*vis->table);
	size_t nr_words = DIV_ROUND_UP(vis->nr_vectors, VIRTIO_VIS_VECTORS_PER_WORD);
	size_t size = PAGE_ALIGN(pending + nr_words * sizeof(*vis->pending));
	struct vis_supplied *supplied;

	vis_free_supplied(vis);
	supplied = vis_supplied_alloc(vis->dev, size, translated);
	if (!supplied)
		return -ENOMEM;

	supplied->own_table = vis->table;
	supplied->own_pending = vis->pending;
	vis->supplied = supplied;
	vis->table = supplied->memory;
	vis->pending = supplied->memory + pending;
	tables->table = supplied->addr;
	tables->pending = supplied->addr + pending;
	return 0;
}
EXPORT_SYMBOL_GPL(virtio_vis_supply);

/**
 * virtio_vis_leak_supplied - Never free the memory of virtio_vis_supply()
 * @vis:	The interrupt storage, with this memory
 *
 * For a device that may still use the memory, because its reset did not complete.
 *
 * Context:	May sleep. Only virtio_vis_destroy() may follow.
 */
void virtio_vis_leak_supplied(struct virtio_vis *vis)
{
	kmemleak_not_leak(vis->supplied);
	vis->supplied = NULL;
}
EXPORT_SYMBOL_GPL(virtio_vis_leak_supplied);

/**
 * vis_free_supplied - Free the memory of virtio_vis_supply(), if there is any
 * @vis:	The interrupt storage, which uses the device's own tables when this returns
 *
 * Context:	May sleep.
 */
void vis_free_supplied(struct virtio_vis *vis)
{
	struct vis_supplied *supplied = vis->supplied;

	if (!supplied)
		return;

	vis->table = supplied->own_table;
	vis->pending = supplied->own_pending;
	vis->supplied = NULL;
	if (supplied->translated)
		dma_free_coherent(supplied->dev, supplied->size, supplied->memory, supplied->addr);
	else
		free_pages_exact(supplied->memory, supplied->size);
	kfree(supplied);
}
