// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI domains of devices on the x86 vector domain, which has no operations for any but PCI's
 *
 * The vector domain keeps the old place of a moved interrupt until one has arrived at the new
 * place, and refuses a further move meanwhile: the core then parks that move until the next
 * interrupt. An interrupt that does not occur would hold two places, and a parked move would
 * wait, for ever. The device has sent nothing to the old place since the commit, but the function
 * with which IOMMU drivers say so, vector_schedule_cleanup(), is not exported. So after
 * COMPAT_SETTLE_JIFFIES the CPU of the new place acknowledges an interrupt that has not occurred:
 *
 * 1) The vector domain takes it for the first arrival, and frees the old place.
 * 2) The core carries out a parked move.
 * 3) The end of interrupt finds none in service. That of the function call has been signalled
 *    before the function runs, and no other is in service where interrupts are off by hand.
 *    A paravirtual end of interrupt is the hypervisor's offer for one in service: there is none.
 *
 * No handler runs and nothing is counted. All of it is under the lock of the interrupt, so that a
 * move which is being refused has been parked, or not begun. Should the CPU go offline first, the
 * vector domain frees the old place by itself, and a move to another CPU comes back here. Before a
 * reset of the device the irqchip masks every vector, so that nothing is sent then either.
 */
#include <linux/cleanup.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/sizes.h>
#include <linux/smp.h>

#include <asm/apicdef.h>
#include <asm/irqdomain.h>

#include "msi.h"

/* In a jiffy after that, the old CPU frees the old place */
#define COMPAT_SETTLE_JIFFIES	2

#define COMPAT_APIC_END		(IO_APIC_DEFAULT_PHYS_BASE + SZ_4M)

/* An I/O APIC has 8 bits for its number */
#define COMPAT_MAX_IOAPIC	U8_MAX

/* On the CPU of the new place, with interrupts off */
static void compat_complete_move(void *data)
{
	struct irq_data *d = data;

	guard(raw_spinlock)(&irq_data_to_desc(d)->lock);
	if (irqd_is_activated(d))
		d->parent_data->chip->irq_ack(d->parent_data);
}

static void compat_settle_later(struct compat_msi *msi, struct compat_irq *irq)
{
	set_bit(COMPAT_IRQ_MOVED, &irq->state);
	schedule_delayed_work(&msi->settle, COMPAT_SETTLE_JIFFIES);
}

/* A parked move of a disabled interrupt has to wait until that is enabled */
static void compat_settle_irq(struct compat_msi *msi, struct compat_irq *irq)
{
	struct irq_data *d = irq_get_irq_data(irq->desc.irq);
	unsigned int cpu = cpumask_first(irq_data_get_effective_affinity_mask(d));

	if (!irqd_is_setaffinity_pending(d) || !irqd_irq_disabled(d))
		smp_call_function_single(cpu, compat_complete_move, d, true);
	if (irqd_is_setaffinity_pending(d) && irqd_is_activated(d))
		compat_settle_later(msi, irq);
}

static void compat_settle_work(struct work_struct *work)
{
	struct compat_msi *msi = container_of(to_delayed_work(work), struct compat_msi, settle);
	unsigned int i;

	for (i = 0; i < msi->template.info.hwsize; i++) {
		if (test_and_clear_bit(COMPAT_IRQ_MOVED, &msi->irqs[i].state))
			compat_settle_irq(msi, &msi->irqs[i]);
	}
}

static int compat_x86_set_affinity(struct irq_data *d, const struct cpumask *mask, bool force)
{
	struct compat_msi *msi = compat_msi_of(d->domain);
	int ret = compat_set_affinity(d, mask, force);

	if (ret >= 0 || ret == -EBUSY)
		compat_settle_later(msi, &msi->irqs[d->hwirq]);
	return ret;
}

/*
 * A remapping unit between the device and the CPUs refuses the vector domain's plain messages.
 * It claims the I/O APICs. Without one, the kernel brings up no CPU that such a message cannot
 * name.
 */
static bool compat_x86_is_remapped(void)
{
	struct irq_fwspec fwspec = { .param_count = 1 };
	struct irq_domain *domain;

	for (fwspec.param[0] = 0; fwspec.param[0] <= COMPAT_MAX_IOAPIC; fwspec.param[0]++) {
		fwspec.fwnode = irq_domain_alloc_named_id_fwnode("IO-APIC", fwspec.param[0]);
		if (!fwspec.fwnode)
			return true;
		domain = irq_find_matching_fwspec(&fwspec, DOMAIN_BUS_GENERIC_MSI);
		irq_domain_free_fwnode(fwspec.fwnode);
		if (domain && domain != x86_vector_domain)
			return true;
	}
	return false;
}

struct irq_domain *compat_x86_parent(void)
{
	return compat_x86_is_remapped() ? NULL : x86_vector_domain;
}

bool compat_x86_is_parent(const struct irq_domain *parent)
{
	return parent == x86_vector_domain;
}

/* The vector domain's chip finds its data from any level: no way down for each interrupt */
void compat_x86_take_ack(struct compat_msi *msi, struct irq_data *d)
{
	if (compat_x86_is_parent(msi->domain->parent))
		msi->template.chip.irq_ack = d->parent_data->chip->irq_ack;
}

void compat_x86_init(struct compat_msi *msi)
{
	INIT_DELAYED_WORK(&msi->settle, compat_settle_work);
	msi->template.info.handler = handle_edge_irq;
	msi->template.info.handler_name = "edge";
	msi->template.chip.irq_retrigger = irq_chip_retrigger_hierarchy;
	msi->template.chip.irq_set_affinity = compat_x86_set_affinity;
}

/* An affinity may be written, and its move begin, until the interrupts are gone */
void compat_x86_stop(struct compat_msi *msi)
{
	if (compat_x86_is_parent(msi->domain->parent))
		disable_delayed_work_sync(&msi->settle);
}

void compat_x86_continue(struct compat_msi *msi)
{
	if (compat_x86_is_parent(msi->domain->parent))
		enable_delayed_work(&msi->settle);
}

/* Where they are when the memory map does not say; the room of all that there may be */
bool compat_x86_is_apic(resource_size_t start, resource_size_t size)
{
	return start < COMPAT_APIC_END && start + size > IO_APIC_DEFAULT_PHYS_BASE;
}
