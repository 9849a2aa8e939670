/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The MSI domain of a device, and the functions that an architecture adds to it
 */
#ifndef _VIS_COMPAT_MSI_H
#define _VIS_COMPAT_MSI_H

#include <linux/irqdomain.h>
#include <linux/msi.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

/**
 * struct compat_irq - An interrupt of a device's domain
 * @desc:	Its descriptor, which parents and the chip use as they use the MSI core's
 * @state:	COMPAT_IRQ_MOVED: its last move may not be complete
 */
struct compat_irq {
	struct msi_desc		desc;
	unsigned long		state;
};

/* Bit of struct compat_irq::state */
#define COMPAT_IRQ_MOVED	0

/**
 * struct compat_msi - The MSI domain of a device
 * @dev:	The device
 * @domain:	Its domain, whose host_data is @template.info, as parents expect
 * @template:	Chip and operations, as the driver and the parent want them
 * @alloc_info:	Data that the parent has prepared for allocations
 * @lock:	Serialises allocations, freeing and @settle
 * @irqs:	The allocated interrupts by their index, each a struct compat_irq. This is no array,
 *		because a domain can have thousands of indices of which few are allocated.
 * @settle:	Completes moves of interrupts that do not occur; x86 only
 */
struct compat_msi {
	struct device			*dev;
	struct irq_domain		*domain;
	struct msi_domain_template	template;
	msi_alloc_info_t		alloc_info;
	struct mutex			lock;
	struct xarray			irqs;
	struct delayed_work		settle;
};

static inline struct compat_msi *compat_msi_of(struct irq_domain *domain)
{
	return container_of(domain->host_data, struct compat_msi, template.info);
}

static inline struct compat_irq *compat_irq_of(struct irq_data *d)
{
	return container_of(irq_data_get_msi_desc(d), struct compat_irq, desc);
}

int compat_set_affinity(struct irq_data *d, const struct cpumask *mask, bool force);

#ifdef CONFIG_X86_LOCAL_APIC
struct irq_domain *compat_x86_parent(void);
bool compat_x86_is_parent(const struct irq_domain *parent);
void compat_x86_init(struct compat_msi *msi);
void compat_x86_take_ack(struct compat_msi *msi, struct irq_data *d);
void compat_x86_stop(struct compat_msi *msi);
bool compat_x86_is_apic(resource_size_t start, resource_size_t size);
#else
static inline struct irq_domain *compat_x86_parent(void)
{
	return NULL;
}

static inline bool compat_x86_is_parent(const struct irq_domain *parent)
{
	return false;
}

static inline void compat_x86_init(struct compat_msi *msi)
{
}

static inline void compat_x86_take_ack(struct compat_msi *msi, struct irq_data *d)
{
}

static inline void compat_x86_stop(struct compat_msi *msi)
{
}

static inline bool compat_x86_is_apic(resource_size_t start, resource_size_t size)
{
	return false;
}
#endif

#endif /* _VIS_COMPAT_MSI_H */
