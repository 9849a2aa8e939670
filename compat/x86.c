// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI domains on the x86 vector domain, which offers operations for PCI devices only
 *
 * After a move, the vector domain keeps the old place of the interrupt (its old CPU and vector
 * there) until an interrupt arrives at the new place. Until then it refuses another move, and the
 * core parks that move until the next interrupt. If the interrupt never occurs, it holds two places
 * for ever, and a parked move never happens. The device sends nothing to the old place after the
 * commit, but vector_schedule_cleanup(), with which IOMMU drivers say so, is not exported. So
 * at most COMPAT_SETTLE_JIFFIES after the move, the CPU of the new place acknowledges an interrupt
 * that has not occurred:
 *
 * 1) The vector domain regards this as the first arrival, and frees the old place.
 * 2) The core carries out a parked move. If the old place is not free yet, the core parks the move
 *    again, and this repeats.
 * 3) The end of interrupt (EOI) does nothing, because no interrupt is in service. The function
 *    call from another CPU has had its EOI before the function runs, and a call on the same CPU
 *    merely disables interrupts. A hypervisor offers its paravirtual EOI only while an interrupt
 *    is in service.
 *
 * No handler runs and no interrupt is counted. The lock of the interrupt is held throughout, so a
 * move that is refused at the same time either is parked already or has not begun. If the CPU goes
 * offline first, the vector domain frees the old place by itself, and the move to another CPU comes
 * back here. The irqchip masks every vector before the device is reset, so the device sends nothing
 * to the old place during a reset either.
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

/* The old CPU frees the old place within one more jiffy */
#define COMPAT_SETTLE_JIFFIES	2

#define COMPAT_APIC_END		(IO_APIC_DEFAULT_PHYS_BASE + SZ_4M)

/* The number of an I/O APIC has 8 bits */
#define COMPAT_MAX_IOAPIC	U8_MAX

/* Runs on the CPU of the new place, with interrupts disabled */
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

/* The core enables this interrupt, and its parked move can go on */
static void compat_x86_enable(struct irq_data *d)
{
	d->chip->irq_unmask(d);
	if (irqd_is_setaffinity_pending(d))
		compat_settle_later(compat_msi_of(d->domain), compat_irq_of(d));
}

/* A parked move of a disabled interrupt has to wait for compat_x86_enable() */
static void compat_settle_irq(struct compat_msi *msi, struct compat_irq *irq)
{
	struct irq_data *d = irq_get_irq_data(irq->desc.irq);
	unsigned int cpu = cpumask_first(irq_data_get_effective_affinity_mask(d));

	if (irqd_is_setaffinity_pending(d) && irqd_irq_disabled(d))
		return;

	smp_call_function_single(cpu, compat_complete_move, d, true);
	if (irqd_is_setaffinity_pending(d) && irqd_is_activated(d))
		compat_settle_later(msi, irq);
}

static void compat_settle_work(struct work_struct *work)
{
	struct compat_msi *msi = container_of(to_delayed_work(work), struct compat_msi, settle);
	struct compat_irq *irq;
	unsigned long index;

	guard(mutex)(&msi->lock);
	xa_for_each(&msi->irqs, index, irq) {
		if (test_and_clear_bit(COMPAT_IRQ_MOVED, &irq->state))
			compat_settle_irq(msi, irq);
	}
}

static int compat_x86_set_affinity(struct irq_data *d, const struct cpumask *mask, bool force)
{
	struct compat_msi *msi = compat_msi_of(d->domain);
	int ret = compat_set_affinity(d, mask, force);

	if (ret >= 0 || ret == -EBUSY)
		compat_settle_later(msi, compat_irq_of(d));
	return ret;
}

/*
 * A remapping unit between the device and the CPUs refuses the plain messages that the vector
 * domain composes. Its domain claims the I/O APICs, which shows that there is one. Without a
 * remapping unit, the kernel brings up no CPU that a plain message cannot address.
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

/* The vector domain's irq_ack takes irq_data of any level, so no interrupt pays for a wrapper */
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
	msi->template.chip.irq_enable = compat_x86_enable;
}

/* The interrupts are freed, so no user can write an affinity and start a move any more */
void compat_x86_stop(struct compat_msi *msi)
{
	if (compat_x86_is_parent(msi->domain->parent))
		cancel_delayed_work_sync(&msi->settle);
}

/* The memory map may not list the APICs, so this covers all the addresses they can have */
bool compat_x86_is_apic(resource_size_t start, resource_size_t size)
{
	return start < COMPAT_APIC_END && start + size > IO_APIC_DEFAULT_PHYS_BASE;
}
