/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions that stock kernels lack, under the kernel's names; out-of-tree builds force-include
 * this file
 *
 * Since 6.2 the kernel has per-device MSI domains, but modules cannot create them:
 * msi_create_device_irq_domain() and its kin are not exported, and the vector domain of x86
 * refuses all devices but PCI's. The functions here do the same with exported symbols only.
 *
 * They build the device's domain directly upon its MSI parent, with descriptors of their own. The
 * alternative was a domain between the two, which the MSI core would regard as the parent. Such a
 * domain hides the real parent from the parent's own code, has to wrap the functions that this
 * code calls, and cannot hand an affinity descriptor to an allocation. The price is the directory
 * msi_irqs in sysfs, which only the MSI core can fill.
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
#define msi_domain_free_irqs_range	compat_free_irqs_range

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
void msi_domain_free_irqs_range(struct device *dev, unsigned int domid, unsigned int first,
				unsigned int last);
void msi_domain_free_irqs_all(struct device *dev, unsigned int domid);

#endif /* _VIS_COMPAT_H */
