// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtio Interrupt Storage (VIS): the tables, at the addresses that the device gives
 *
 * The driver checks every value from the device before use, and claims every table that it maps.
 */
#include <linux/align.h>
#include <linux/array_size.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/math.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/pfn.h>
#include <linux/platform_device.h>
#include <linux/string.h>
#include <linux/virtio_vis.h>

#include "irq-virtio-vis.h"

/**
 * struct vis_range - A table or the register block, where the device places it
 * @name:	Name for messages
 * @start:	Guest-physical address
 * @size:	Size in bytes
 * @align:	Alignment that @start must have, in bytes
 * @traps:	Accesses trap, so a range whose accesses do not must be in other blocks
 */
struct vis_range {
	const char	*name;
	u64		start;
	u64		size;
	u32		align;
	bool		traps;
};

static int vis_check_range(struct device *dev, const struct vis_range *r)
{
	if (!IS_ALIGNED(r->start, r->align)) {
		dev_err(dev, "VIS: %s at %#llx is not aligned to %u bytes\n", r->name, r->start,
			r->align);
		return -EINVAL;
	}

	if (r->start > RESOURCE_SIZE_MAX - r->size - VIRTIO_VIS_BLOCK_SIZE) {
		dev_err(dev, "VIS: %s at %#llx (%#llx bytes) ends past the address space\n",
			r->name, r->start, r->size);
		return -EINVAL;
	}
	return 0;
}

static bool vis_overlap(const struct vis_range *a, const struct vis_range *b)
{
	u64 granule = a->traps != b->traps ? VIRTIO_VIS_BLOCK_SIZE : 1;

	return round_down(a->start, granule) < round_up(b->start + b->size, granule) &&
	       round_down(b->start, granule) < round_up(a->start + a->size, granule);
}

static int vis_check_ranges(struct device *dev, const struct vis_range *ranges, unsigned int nr)
{
	unsigned int i, j;
	int ret;

	for (i = 0; i < nr; i++) {
		ret = vis_check_range(dev, &ranges[i]);
		if (ret)
			return ret;

		for (j = 0; j < i; j++) {
			if (!vis_overlap(&ranges[i], &ranges[j]))
				continue;
			dev_err(dev, "VIS: %s at %#llx overlaps or shares a block with the %s at %#llx\n",
				ranges[i].name, ranges[i].start, ranges[j].name, ranges[j].start);
			return -EINVAL;
		}
	}
	return 0;
}

static bool vis_is_own(struct device *dev, const struct resource *res)
{
	struct platform_device *pdev = to_platform_device(dev);

	return dev_is_platform(dev) && res >= pdev->resource &&
	       res < pdev->resource + pdev->num_resources;
}

/* Firmware may also reserve a device's range in the memory map or for a motherboard device */
static bool vis_is_reserved(const struct resource *res)
{
	return res->desc == IORES_DESC_RESERVED ||
	       (!(res->flags & IORESOURCE_BUSY) && res->name && strstarts(res->name, "pnp "));
}

static bool vis_is_free(struct device *dev, const struct resource *res)
{
	const struct resource *parent;

	for (parent = res->parent; parent != &iomem_resource; parent = parent->parent) {
		if (!vis_is_own(dev, parent) && !vis_is_reserved(parent))
			return false;
	}
	return true;
}

/*
 * Memory that firmware keeps for itself, such as that of EFI's runtime services, is reserved in the
 * memory map, as a table may be, or is missing from it. Only the pages tell the two apart: the
 * kernel has them for all of RAM, and for no table.
 */
static bool vis_is_memory(const struct vis_range *r)
{
	unsigned long pfn;

	for (pfn = PHYS_PFN(r->start); pfn <= PHYS_PFN(r->start + r->size - 1); pfn++) {
		if (pfn_valid(pfn))
			return true;
	}
	return false;
}

/*
 * Refuses memory, the resources of other devices, and addresses beyond the memory map. A request
 * inside the resource of a device without a driver succeeds, so the parents of the new region are
 * checked as well.
 */
static int vis_claim_range(struct device *dev, const struct vis_range *r)
{
	struct resource *res = devm_request_mem_region(dev, r->start, r->size, dev_name(dev));

	if (res && vis_is_free(dev, res) && !vis_is_memory(r))
		return 0;

	dev_err(dev, "VIS: %s at %#llx (%#llx bytes) is not free in the memory map\n", r->name,
		r->start, r->size);
	return -EBUSY;
}

/* MEMREMAP_DEC: the device reads and writes the tables, in a confidential guest too */
static void *vis_map_memory(struct device *dev, const struct vis_range *r)
{
	return devm_memremap(dev, r->start, r->size, MEMREMAP_WB | MEMREMAP_DEC);
}

static int vis_map_tables(struct virtio_vis *vis, const struct vis_range *table,
			  const struct vis_range *mask, const struct vis_range *pending)
{
	vis->table = vis_map_memory(vis->dev, table);
	if (IS_ERR(vis->table))
		return PTR_ERR(vis->table);

	vis->mask = devm_ioremap(vis->dev, mask->start, mask->size);
	if (!vis->mask)
		return -ENOMEM;

	vis->pending = pending->start ? vis_map_memory(vis->dev, pending) : NULL;
	return PTR_ERR_OR_ZERO(vis->pending);
}

/**
 * vis_init_tables - Check, claim and map the tables of a device
 * @vis:	The interrupt storage
 * @layout:	Where the device says that its tables are
 *
 * Context:	May sleep. All resources that it acquires are device-managed.
 * Return:	0, or an error of virtio_vis_create().
 */
int vis_init_tables(struct virtio_vis *vis, const struct virtio_vis_layout *layout)
{
	unsigned int size = vis_words_for(layout->nr_vectors) * sizeof(u32);
	const struct vis_range ranges[] = {
		{ "register block", layout->regs, layout->regs_size, sizeof(u32), true },
		{ "vector table", layout->table, (u64)layout->nr_vectors * sizeof(*vis->table),
		  sizeof(*vis->table), false },
		{ "mask table", layout->mask, size, sizeof(u32), true },
		{ "pending table", layout->pending, size, sizeof(u32), false },
	};
	unsigned int i, nr = layout->pending ? ARRAY_SIZE(ranges) : ARRAY_SIZE(ranges) - 1;
	int ret = vis_check_ranges(vis->dev, ranges, nr);

	for (i = 1; !ret && i < nr; i++)
		ret = vis_claim_range(vis->dev, &ranges[i]);
	return ret ?: vis_map_tables(vis, &ranges[1], &ranges[2], &ranges[3]);
}
