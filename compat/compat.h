/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What older kernels lack, force-included into out-of-tree builds
 */
#ifndef _VIS_COMPAT_H
#define _VIS_COMPAT_H

#include <linux/group_cpus.h>
#include <linux/irq.h>
#include <linux/msi.h>

#ifdef COMPAT_NO_NUMMASKS
/* Fills as many masks as are asked for */
static inline struct cpumask *compat_group_cpus_evenly(unsigned int numgrps, unsigned int *nummasks)
{
	*nummasks = numgrps;
	return group_cpus_evenly(numgrps);
}

#define group_cpus_evenly	compat_group_cpus_evenly
#endif

#ifdef COMPAT_NO_MOVE_DEFERRED
/* An interrupt moves in interrupt context but for a flag, which platform MSI does not set */
static inline int compat_msi_init_and_alloc_irqs(struct device *dev, unsigned int nvec,
						 irq_write_msi_msg_t write_msi_msg)
{
	int ret = platform_device_msi_init_and_alloc_irqs(dev, nvec, write_msi_msg);
	unsigned int i;

	for (i = 0; !ret && i < nvec; i++)
		irq_set_status_flags(msi_get_virq(dev, i), IRQ_MOVE_PCNTXT);
	return ret;
}

#define platform_device_msi_init_and_alloc_irqs	compat_msi_init_and_alloc_irqs
#endif

#endif /* _VIS_COMPAT_H */
