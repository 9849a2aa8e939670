// SPDX-License-Identifier: GPL-2.0-only
/*
 * Per-device MSI domains for modules; compat.h explains why and how
 *
 * As in the MSI core, interrupts of one device may be allocated and freed concurrently, but its
 * domain may not be created or removed meanwhile.
 */
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "msi.h"

/* Operations of the device's domain, which do the same as the MSI core's */

static void compat_write_msg(struct irq_data *d)
{
	struct irq_data *parent = d->parent_data;
	struct msi_msg msg = { };

	while (!parent->chip->irq_compose_msi_msg)
		parent = parent->parent_data;
	parent->chip->irq_compose_msi_msg(parent, &msg);
	d->chip->irq_write_msi_msg(d, &msg);
}

/* Does the same as msi_domain_set_affinity(), which parents set as irq_set_affinity */
int compat_set_affinity(struct irq_data *d, const struct cpumask *mask, bool force)
{
	struct irq_data *parent = d->parent_data;
	int ret = parent->chip->irq_set_affinity(parent, mask, force);

	if (ret >= 0 && ret != IRQ_SET_MASK_OK_DONE)
		compat_write_msg(d);
	return ret;
}

static int compat_activate(struct irq_domain *domain, struct irq_data *d, bool reserve)
{
	compat_write_msg(d);
	return 0;
}

static void compat_deactivate(struct irq_domain *domain, struct irq_data *d)
{
	struct msi_msg msg = { };

	d->chip->irq_write_msi_msg(d, &msg);
}

static void compat_ack_nothing(struct irq_data *d)
{
}

/*
 * The IMSIC of Linux 6.12 has handle_simple_irq(), which drops a moved interrupt that arrives at
 * its new CPU while its handler still runs on the old one.
 */
static void compat_set_handler(unsigned int virq, struct msi_domain_info *info)
{
	if (info->handler) {
		__irq_set_handler(virq, info->handler, 0, info->handler_name);
	} else if (irq_data_to_desc(irq_get_irq_data(virq))->handle_irq == handle_simple_irq) {
		info->chip->irq_ack = compat_ack_nothing;
		__irq_set_handler(virq, handle_edge_irq, 0, NULL);
	}
}

static int compat_alloc(struct irq_domain *domain, unsigned int virq, unsigned int nr_irqs,
			void *arg)
{
	struct msi_domain_info *info = domain->host_data;
	irq_hw_number_t hwirq = ((msi_alloc_info_t *)arg)->hwirq;
	int ret;

	ret = irq_domain_alloc_irqs_parent(domain, virq, nr_irqs, arg);
	if (ret < 0)
		return ret;

	irq_domain_set_hwirq_and_chip(domain, virq, hwirq, info->chip, info->chip_data);
	compat_set_handler(virq, info);
	return 0;
}

static const struct irq_domain_ops compat_domain_ops = {
	.alloc		= compat_alloc,
	.free		= irq_domain_free_irqs_common,
	.activate	= compat_activate,
	.deactivate	= compat_deactivate,
};

/* Creation and removal of a domain */

static int compat_prepare(struct irq_domain *domain, struct device *dev, int nvec,
			  msi_alloc_info_t *arg)
{
	memset(arg, 0, sizeof(*arg));
	return 0;
}

static void compat_teardown(struct compat_msi *msi)
{
#ifndef COMPAT_NO_TEARDOWN
	if (msi->template.ops.msi_teardown)
		msi->template.ops.msi_teardown(msi->domain, &msi->alloc_info);
#endif
}

/* Parents warn unless both domains are the parent itself and @info has no flags */
static bool compat_init_info(struct compat_msi *msi, struct irq_domain *parent)
{
	struct msi_domain_info *info = &msi->template.info;
	const char *prefix = "";

	if (compat_x86_is_parent(parent)) {
		compat_x86_init(msi);
	} else {
		if (!irq_domain_is_msi_parent(parent) ||
		    !parent->msi_parent_ops->init_dev_msi_info(msi->dev, parent, parent, info))
			return false;
		prefix = parent->msi_parent_ops->prefix ?: "";
	}

	snprintf(msi->template.name, sizeof(msi->template.name), "%s%s-%s", prefix,
		 info->chip->name, dev_name(msi->dev));
	info->chip->name = msi->template.name;
	if (!info->chip->irq_set_affinity)
		info->chip->irq_set_affinity = compat_set_affinity;
	if (!info->ops->msi_prepare)
		info->ops->msi_prepare = compat_prepare;
	return true;
}

static void compat_remove_domain(struct irq_domain *domain)
{
	struct fwnode_handle *fwnode = domain->fwnode;

	irq_domain_remove(domain);
	irq_domain_free_fwnode(fwnode);
}

/*
 * Prepares once for all interrupts: the ITS driver of 6.12 would take a second call to mean that
 * another device shares the identity of the first, and would never free its data.
 */
static bool compat_add_domain(struct compat_msi *msi, struct irq_domain *parent)
{
	struct msi_domain_info *info = &msi->template.info;
	struct fwnode_handle *fwnode;

	fwnode = irq_domain_alloc_named_fwnode(msi->template.name);
	if (!fwnode)
		return false;

	msi->domain = irq_domain_create_hierarchy(parent, IRQ_DOMAIN_FLAG_MSI, 0, fwnode,
						  &compat_domain_ops, info);
	if (!msi->domain) {
		irq_domain_free_fwnode(fwnode);
		return false;
	}

	if (!info->ops->msi_prepare(msi->domain, msi->dev, info->hwsize, &msi->alloc_info))
		return true;

	compat_remove_domain(msi->domain);
	return false;
}

static struct compat_msi *compat_msi_new(struct device *dev,
					 const struct msi_domain_template *template,
					 unsigned int hwsize, void *domain_data, void *chip_data)
{
	struct compat_msi *msi;

	msi = kzalloc(sizeof(*msi), GFP_KERNEL);
	if (!msi)
		return NULL;

	mutex_init(&msi->lock);
	xa_init_flags(&msi->irqs, XA_FLAGS_ALLOC);
	msi->dev = dev;
	msi->template = *template;
	msi->template.info.hwsize = hwsize;
	msi->template.info.chip = &msi->template.chip;
	msi->template.info.ops = &msi->template.ops;
	msi->template.info.data = domain_data;
	msi->template.info.chip_data = chip_data;
	return msi;
}

static void compat_msi_release(struct device *dev, void *res)
{
	struct compat_msi *msi = *(struct compat_msi **)res;

	compat_x86_stop(msi);
	compat_teardown(msi);
	compat_remove_domain(msi->domain);
	kfree(msi);
}

static struct compat_msi *compat_msi_find(struct device *dev)
{
	struct compat_msi **res = devres_find(dev, compat_msi_release, NULL, NULL);

	return res ? *res : NULL;
}

/**
 * dev_get_msi_domain - Like the kernel's, but on x86 the vector domain serves any device
 * @dev:	The device
 *
 * Context:	May sleep.
 * Return:	The MSI parent of @dev, or NULL if it has none or its interrupts are remapped.
 */
struct irq_domain *dev_get_msi_domain(struct device *dev)
{
	return dev->msi.domain ?: compat_x86_parent();
}
EXPORT_SYMBOL_GPL(dev_get_msi_domain);

/**
 * msi_create_device_irq_domain - Like the kernel's, but its size is fixed
 * @dev:	The device, without such a domain
 * @domid:	MSI_DEFAULT_DOMAIN
 * @template:	Chip and operations
 * @hwsize:	Number of interrupts in the domain, at least 1
 * @domain_data: For msi_domain_info::data
 * @chip_data:	For msi_domain_info::chip_data
 *
 * The domain is removed with the driver of @dev at the latest.
 *
 * Context:	May sleep.
 * Return:	True if the domain has been created.
 */
bool msi_create_device_irq_domain(struct device *dev, unsigned int domid,
				  const struct msi_domain_template *template, unsigned int hwsize,
				  void *domain_data, void *chip_data)
{
	struct irq_domain *parent = dev_get_msi_domain(dev);
	struct compat_msi *msi, **res;

	if (!parent || WARN_ON_ONCE(compat_msi_find(dev)))
		return false;

	res = devres_alloc(compat_msi_release, sizeof(*res), GFP_KERNEL);
	if (!res)
		return false;

	msi = compat_msi_new(dev, template, hwsize, domain_data, chip_data);
	if (!msi || !compat_init_info(msi, parent) || !compat_add_domain(msi, parent)) {
		kfree(msi);
		devres_free(res);
		return false;
	}

	*res = msi;
	devres_add(dev, res);
	return true;
}

/**
 * msi_remove_device_irq_domain - Like the kernel's
 * @dev:	The device
 * @domid:	MSI_DEFAULT_DOMAIN
 *
 * Context:	May sleep. After msi_domain_free_irqs_all().
 */
void msi_remove_device_irq_domain(struct device *dev, unsigned int domid)
{
	devres_release(dev, compat_msi_release, NULL, NULL);
}

static struct compat_irq *compat_irq_new(struct compat_msi *msi, unsigned int index)
{
	const struct xa_limit below_size = XA_LIMIT(0, msi->template.info.hwsize - 1);
	struct compat_irq *irq;
	int ret;

	if (index != MSI_ANY_INDEX && index > below_size.max)
		return ERR_PTR(-ERANGE);

	irq = kzalloc(sizeof(*irq), GFP_KERNEL);
	if (!irq)
		return ERR_PTR(-ENOMEM);

	ret = index == MSI_ANY_INDEX ?
	      xa_alloc(&msi->irqs, &index, irq, below_size, GFP_KERNEL) :
	      xa_insert(&msi->irqs, index, irq, GFP_KERNEL);
	if (ret) {
		kfree(irq);
		return ERR_PTR(ret);
	}
	irq->desc = (struct msi_desc) { .dev = msi->dev, .nvec_used = 1, .msi_index = index };
	return irq;
}

static void compat_irq_free(struct compat_msi *msi, struct compat_irq *irq)
{
	if (irq->desc.irq)
		irq_dispose_mapping(irq->desc.irq);
	xa_erase(&msi->irqs, irq->desc.msi_index);
	kfree(irq);
}

static int compat_irq_map(struct compat_msi *msi, struct compat_irq *irq,
			  const struct irq_affinity_desc *affdesc)
{
	msi_alloc_info_t arg = msi->alloc_info;
	struct irq_data *d;
	int virq;

	msi->template.ops.set_desc(&arg, &irq->desc);
	virq = __irq_domain_alloc_irqs(msi->domain, -1, 1, dev_to_node(msi->dev), &arg, false,
				       affdesc);
	if (virq < 0)
		return -ENOSPC;

	d = irq_domain_get_irq_data(msi->domain, virq);
	d->common->msi_desc = &irq->desc;
	irqd_clr_can_reserve(d);
	compat_x86_take_ack(msi, d);
#ifdef COMPAT_NO_MOVE_DEFERRED
	/* The device updates a message atomically, so no move has to wait for an interrupt */
	irq_set_status_flags(virq, IRQ_MOVE_PCNTXT);
#endif
	irq->desc.irq = virq;
	return 0;
}

/**
 * msi_domain_alloc_irq_at - Like the kernel's
 * @dev:	The device, with a domain
 * @domid:	MSI_DEFAULT_DOMAIN
 * @index:	Index in the domain, below its size, or MSI_ANY_INDEX for the lowest free one
 * @affdesc:	Affinity descriptor, or NULL
 * @cookie:	NULL
 *
 * Context:	May sleep. Other interrupts may be allocated and freed concurrently.
 * Return:	Index and Linux number of the interrupt, or an error as a negative index: -ERANGE if
 *		@index is past the domain, -EBUSY if it is not free or none is, -ENOSPC if the
 *		parent has no interrupt left, or -ENOMEM.
 */
struct msi_map msi_domain_alloc_irq_at(struct device *dev, unsigned int domid, unsigned int index,
				       const struct irq_affinity_desc *affdesc,
				       union msi_instance_cookie *cookie)
{
	struct compat_msi *msi = compat_msi_find(dev);
	struct compat_irq *irq;
	int ret;

	guard(mutex)(&msi->lock);
	irq = compat_irq_new(msi, index);
	if (IS_ERR(irq))
		return (struct msi_map) { .index = PTR_ERR(irq) };

	ret = compat_irq_map(msi, irq, affdesc);
	if (ret) {
		compat_irq_free(msi, irq);
		return (struct msi_map) { .index = ret };
	}
	return (struct msi_map) { .index = irq->desc.msi_index, .virq = irq->desc.irq };
}

/**
 * msi_domain_free_irqs_range - Like the kernel's
 * @dev:	The device, with a domain
 * @domid:	MSI_DEFAULT_DOMAIN
 * @first:	First index
 * @last:	Last index, which is part of the range
 *
 * Frees those of the range that are allocated, and leaves the others alone.
 *
 * Context:	May sleep. After free_irq() for every interrupt of the range.
 */
void msi_domain_free_irqs_range(struct device *dev, unsigned int domid, unsigned int first,
				unsigned int last)
{
	struct compat_msi *msi = compat_msi_find(dev);
	struct compat_irq *irq;
	unsigned long index;

	guard(mutex)(&msi->lock);
	xa_for_each_range(&msi->irqs, index, irq, first, last)
		compat_irq_free(msi, irq);
}

/**
 * msi_domain_free_irqs_all - Like the kernel's
 * @dev:	The device, with a domain
 * @domid:	MSI_DEFAULT_DOMAIN
 *
 * Context:	May sleep. After free_irq() for every interrupt of the domain.
 */
void msi_domain_free_irqs_all(struct device *dev, unsigned int domid)
{
	struct compat_msi *msi = compat_msi_find(dev);

	msi_domain_free_irqs_range(dev, domid, 0, msi->template.info.hwsize - 1);
}

/**
 * devm_request_mem_region - Like the kernel's, but never grants the APICs
 * @dev:	The device
 * @start:	First address
 * @size:	Number of bytes
 * @name:	For /proc/iomem
 *
 * Stock x86 kernels without PCI do not list the APICs in the memory map.
 *
 * Context:	May sleep.
 * Return:	The region, or NULL if it is not free.
 */
struct resource *devm_request_mem_region(struct device *dev, resource_size_t start,
					 resource_size_t size, const char *name)
{
	if (compat_x86_is_apic(start, size))
		return NULL;
	return __devm_request_region(dev, &iomem_resource, start, size, name);
}
