/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What stock kernels lack, under the kernel's names: force-included into out-of-tree builds
 *
 * Per-device MSI domains are the kernel's since 6.2, and modules cannot create any:
 * msi_create_device_irq_domain() and its kin are not exported, and on x86 the vector domain
 * refuses devices other than PCI's. The functions here do the same with exported symbols only.
 *
 * They build the device's domain directly upon its MSI parent, with descriptors of their own. A
 * domain between the two, which the MSI core would take for the parent, was the other way: it
 * hides the real parent from the parent's own code, has to wrap what that calls, and cannot
 * hand an affinity descriptor to an allocation. What is given up is the directory msi_irqs in
 * sysfs, which only the MSI core can fill.
 */
#ifndef _VIS_COMPAT_H
#define _VIS_COMPAT_H

#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/ioport.h>
#include <linux/msi.h>

#undef devm_request_mem_region
#define devm_request_mem_region		compat_request_mem_region
#define dev_get_msi_domain		compat_get_msi_domain
#define irq_create_affinity_masks	compat_create_affinity_masks
#define msi_create_device_irq_domain	compat_create_device_irq_domain
#define msi_remove_device_irq_domain	compat_remove_device_irq_domain
#define msi_domain_alloc_irq_at		compat_alloc_irq_at
#define msi_domain_free_irqs_all	compat_free_irqs_all

struct resource *devm_request_mem_region(struct device *dev, resource_size_t start,
					 resource_size_t size, const char *name);
struct irq_domain *dev_get_msi_domain(struct device *dev);
struct irq_affinity_desc *irq_create_affinity_masks(unsigned int nvec, struct irq_affinity *affd);
bool msi_create_device_irq_domain(struct device *dev, unsigned int domid,
				  const struct msi_domain_template *template, unsigned int hwsize,
				  void *domain_data, void *chip_data);
void msi_remove_device_irq_domain(struct device *dev, unsigned int domid);
struct msi_map msi_domain_alloc_irq_at(struct device *dev, unsigned int domid, unsigned int index,
				       const struct irq_affinity_desc *affdesc,
				       union msi_instance_cookie *cookie);
void msi_domain_free_irqs_all(struct device *dev, unsigned int domid);

#endif /* _VIS_COMPAT_H */
