// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of compat, on MSI parents that are as strict as the kernel's
 *
 * The tests are a module, so that they can use exported symbols only. Each parent has the pitfalls
 * of the real one: ITS and GICv2m those of the GIC's MSI library, the ITS of GICv5 those of 7.3,
 * IMSIC those of 6.12, and the vector domain those of x86.
 */
#include <kunit/device.h>
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/iopoll.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/module.h>

#include "compat.h"

/* The parent; if it is the vector domain, fake_vector_domain is the same domain */
static struct irq_domain *fake_root;
static struct irq_domain *fake_vector_domain;

#define x86_vector_domain	fake_vector_domain

#include "affinity.c"
#include "msi.c"
#include "x86.c"

#define FAKE_NVEC		3
#define FAKE_PREPARED		0x4953
#define FAKE_FIRST		8192

/* The ITS of GICv5 makes a power of two of FAKE_NVEC */
#define FAKE_NR_EVENTS		4

/**
 * struct fake_gicv5_dev - Per-device data of the GICv5 ITS, which it keeps until teardown
 * @events:	The events in use
 */
struct fake_gicv5_dev {
	DECLARE_BITMAP(events, FAKE_NR_EVENTS);
};

/**
 * struct fake_state - Record of the calls to the parents and the device
 * @dev:		The device
 * @nr_prepared:	Calls of msi_prepare
 * @nr_torn_down:	Calls of msi_teardown
 * @nr_written:		Messages written
 * @nr_acked:		Interrupts acknowledged
 * @nr_ended:		Ends of interrupts
 * @nr_handled:		Interrupts handled
 * @nr_unmasked:	Times that the parent was asked to enable an interrupt
 * @nr_masked:		Times that the parent was asked to disable an interrupt
 * @nr_replays:		Times that the parent was asked to repeat an interrupt
 * @acked_on:		CPU that acknowledged last
 * @is_masked:		The device has masked the interrupt that was masked or unmasked last
 * @moving:		The vector domain waits for an interrupt at the new place
 * @refuses:		The parent refuses the device, or its allocations
 * @settling:		The completion of moves was still due when the domain was removed
 * @msg:		The last message
 * @gicv5_dev:		The device as the ITS of GICv5 knows it
 * @imsic_vector:	Stands for the vector to which an interrupt of the IMSIC has moved
 */
struct fake_state {
	struct device		*dev;
	unsigned int		nr_prepared;
	unsigned int		nr_torn_down;
	unsigned int		nr_written;
	unsigned int		nr_acked;
	unsigned int		nr_ended;
	unsigned int		nr_handled;
	unsigned int		nr_unmasked;
	unsigned int		nr_masked;
	unsigned int		nr_replays;
	unsigned int		acked_on;
	bool			is_masked;
	bool			moving;
	bool			refuses;
	bool			settling;
	struct msi_msg		msg;
	struct fake_gicv5_dev	gicv5_dev;
	int			imsic_vector;
};

static struct fake_state *fake;

/* The chip of the device */

static void fake_mask(struct irq_data *d)
{
	fake->is_masked = true;
}

static void fake_unmask(struct irq_data *d)
{
	fake->is_masked = false;
}

/* Like the driver's: some parents keep an interrupt disabled until startup */
static unsigned int fake_startup(struct irq_data *d)
{
	if (d->parent_data->chip->irq_unmask)
		irq_chip_unmask_parent(d);
	return 0;
}

static void fake_shutdown(struct irq_data *d)
{
	if (d->parent_data->chip->irq_mask)
		irq_chip_mask_parent(d);
}

static void fake_write_msg(struct irq_data *d, struct msi_msg *msg)
{
	fake->msg = *msg;
	fake->nr_written++;
}

static void fake_set_desc(msi_alloc_info_t *arg, struct msi_desc *desc)
{
	arg->desc = desc;
	arg->hwirq = desc->msi_index;
}

static const struct msi_domain_template fake_template = {
	.chip = {
		.name			= "VIS",
		.irq_startup		= fake_startup,
		.irq_shutdown		= fake_shutdown,
		.irq_mask		= fake_mask,
		.irq_unmask		= fake_unmask,
		.irq_write_msi_msg	= fake_write_msg,
	},
	.ops = {
		.set_desc		= fake_set_desc,
	},
	.info = {
		.bus_token		= DOMAIN_BUS_DEVICE_MSI,
	},
};

/* The chips of the parents */

static void fake_compose(struct irq_data *d, struct msi_msg *msg)
{
	msg->address_lo = cpumask_first(irq_data_get_effective_affinity_mask(d));
	msg->data = d->hwirq + 1;
	/* iommu_dma_compose_msi_msg() uses the descriptor, too */
	msg->address_hi = irq_data_get_msi_desc(d)->dev == fake->dev;
}

static void fake_parent_mask(struct irq_data *d)
{
	fake->nr_masked++;
}

static void fake_parent_unmask(struct irq_data *d)
{
	fake->nr_unmasked++;
}

static int fake_retrigger(struct irq_data *d)
{
	fake->nr_replays++;
	return 1;
}

/* 6.12's IMSIC has sent the interrupt, but says that the core must send it */
static int fake_imsic_retrigger(struct irq_data *d)
{
	fake->nr_replays++;
	return 0;
}

static void fake_ack(struct irq_data *d)
{
	fake->nr_acked++;
	fake->acked_on = smp_processor_id();
	fake->moving = false;
}

static void fake_eoi(struct irq_data *d)
{
	fake->nr_ended++;
}

static int fake_move(struct irq_data *d, const struct cpumask *mask, bool force)
{
	irq_data_update_effective_affinity(d, cpumask_of(cpumask_first(mask)));
	return IRQ_SET_MASK_OK;
}

/* The message does not depend on the CPU, so a move does not write it again */
static int fake_gic_move(struct irq_data *d, const struct cpumask *mask, bool force)
{
	fake_move(d, mask, force);
	return IRQ_SET_MASK_OK_DONE;
}

/* Writes the message through the outermost chip, and replaces the chip_data of its own level */
static int fake_imsic_move(struct irq_data *d, const struct cpumask *mask, bool force)
{
	struct irq_data *top = irq_get_irq_data(d->irq);
	struct msi_msg msg = { };

	fake_move(d, mask, force);
	fake_compose(d, &msg);
	top->chip->irq_write_msi_msg(top, &msg);
	d->chip_data = &fake->imsic_vector;
	return IRQ_SET_MASK_OK_DONE;
}

static int fake_vector_move(struct irq_data *d, const struct cpumask *mask, bool force)
{
	if (fake->moving)
		return -EBUSY;

	fake->moving = true;
	return fake_move(d, mask, force);
}

static struct irq_chip fake_gic_chip = {
	.name			= "gic",
	.irq_mask		= fake_parent_mask,
	.irq_unmask		= fake_parent_unmask,
	.irq_eoi		= fake_eoi,
	.irq_set_affinity	= fake_gic_move,
	.irq_retrigger		= fake_retrigger,
	.irq_compose_msi_msg	= fake_compose,
};

static struct irq_chip fake_imsic_chip = {
	.name			= "imsic",
	.irq_mask		= fake_parent_mask,
	.irq_unmask		= fake_parent_unmask,
	.irq_set_affinity	= fake_imsic_move,
	.irq_retrigger		= fake_imsic_retrigger,
	.irq_compose_msi_msg	= fake_compose,
};

static struct irq_chip fake_vector_chip = {
	.name			= "vector",
	.irq_ack		= fake_ack,
	.irq_set_affinity	= fake_vector_move,
	.irq_retrigger		= fake_retrigger,
	.irq_compose_msi_msg	= fake_compose,
};

/* The domains of the parents */

static int fake_set_hwirq(struct irq_domain *domain, unsigned int virq, struct irq_chip *chip,
			  irq_flow_handler_t handler, void *arg)
{
	const msi_alloc_info_t *info = arg;

	if (fake->refuses || !info->desc || info->desc->dev != fake->dev)
		return -EINVAL;

	irq_domain_set_hwirq_and_chip(domain, virq, FAKE_FIRST + info->hwirq, chip, NULL);
	if (handler)
		__irq_set_handler(virq, handler, 0, NULL);
	return 0;
}

static int fake_gic_alloc(struct irq_domain *domain, unsigned int virq, unsigned int nr_irqs,
			  void *arg)
{
	return fake_set_hwirq(domain, virq, &fake_gic_chip, handle_fasteoi_irq, arg);
}

static int fake_its_alloc(struct irq_domain *domain, unsigned int virq, unsigned int nr_irqs,
			  void *arg)
{
	const msi_alloc_info_t *info = arg;

	return info->devid == FAKE_PREPARED ? fake_gic_alloc(domain, virq, nr_irqs, arg) : -ENODEV;
}

/* Takes a free event of the device, whose record is also the chip_data, because freeing needs it */
static int fake_gicv5_alloc(struct irq_domain *domain, unsigned int virq, unsigned int nr_irqs,
			    void *arg)
{
	struct fake_gicv5_dev *dev = ((msi_alloc_info_t *)arg)->data;
	struct irq_data *d = irq_domain_get_irq_data(domain, virq);
	int event, ret;

	if (dev != &fake->gicv5_dev)
		return -ENODEV;

	event = bitmap_find_free_region(dev->events, FAKE_NR_EVENTS, 0);
	if (event < 0)
		return event;

	ret = fake_its_alloc(domain, virq, nr_irqs, arg);
	if (ret) {
		bitmap_release_region(dev->events, event, 0);
		return ret;
	}
	d->hwirq = event;
	d->chip_data = dev;
	return 0;
}

static void fake_gicv5_free(struct irq_domain *domain, unsigned int virq, unsigned int nr_irqs)
{
	struct irq_data *d = irq_domain_get_irq_data(domain, virq);
	struct fake_gicv5_dev *dev = irq_data_get_irq_chip_data(d);

	bitmap_release_region(dev->events, d->hwirq, 0);
	irq_domain_free_irqs_common(domain, virq, nr_irqs);
}

static int fake_imsic_alloc(struct irq_domain *domain, unsigned int virq, unsigned int nr_irqs,
			    void *arg)
{
	return fake_set_hwirq(domain, virq, &fake_imsic_chip, handle_simple_irq, arg);
}

static int fake_vector_alloc(struct irq_domain *domain, unsigned int virq, unsigned int nr_irqs,
			     void *arg)
{
	return fake_set_hwirq(domain, virq, &fake_vector_chip, NULL, arg);
}

static int fake_activate(struct irq_domain *domain, struct irq_data *d, bool reserve)
{
	fake_move(d, cpu_online_mask, false);
	return 0;
}

/* Like the ITS, needs the device's domain directly below, with the number of its interrupts */
static int fake_its_prepare(struct irq_domain *domain, struct device *dev, int nvec,
			    msi_alloc_info_t *arg)
{
	struct msi_domain_info *info = domain->host_data;

	if (domain->parent != fake_root || info->hwsize != FAKE_NVEC || fake->nr_prepared++)
		return -EINVAL;

	arg->devid = FAKE_PREPARED;
	return 0;
}

static void fake_its_teardown(struct irq_domain *domain, msi_alloc_info_t *arg)
{
	fake->nr_torn_down += arg->devid == FAKE_PREPARED;
}

/*
 * The ITS of GICv5 keeps an address and its record of the device in scratchpad[]. On x86 there is
 * none, so devid and data stand for it.
 */
static int fake_gicv5_prepare(struct irq_domain *domain, struct device *dev, int nvec,
			      msi_alloc_info_t *arg)
{
	arg->data = &fake->gicv5_dev;
	return fake_its_prepare(domain, dev, nvec, arg);
}

/* Leaks the record if an event is still in use */
static void fake_gicv5_teardown(struct irq_domain *domain, msi_alloc_info_t *arg)
{
	struct fake_gicv5_dev *dev = arg->data;

	if (dev == &fake->gicv5_dev && bitmap_empty(dev->events, FAKE_NR_EVENTS))
		fake_its_teardown(domain, arg);
}

/* Like the GIC's MSI library */
static bool fake_gic_init(struct device *dev, struct irq_domain *domain,
			  struct irq_domain *real_parent, struct msi_domain_info *info)
{
	if (domain != fake_root || domain != real_parent || info->flags ||
	    info->bus_token != DOMAIN_BUS_DEVICE_MSI || !info->chip->irq_write_msi_msg)
		return false;

	info->chip->irq_eoi = irq_chip_eoi_parent;
	return !fake->refuses;
}

static bool fake_its_init(struct device *dev, struct irq_domain *domain,
			  struct irq_domain *real_parent, struct msi_domain_info *info)
{
	info->ops->msi_prepare = fake_its_prepare;
	info->ops->msi_teardown = fake_its_teardown;
	return fake_gic_init(dev, domain, real_parent, info);
}

static bool fake_gicv5_init(struct device *dev, struct irq_domain *domain,
			    struct irq_domain *real_parent, struct msi_domain_info *info)
{
	info->ops->msi_prepare = fake_gicv5_prepare;
	info->ops->msi_teardown = fake_gicv5_teardown;
	return fake_gic_init(dev, domain, real_parent, info);
}

static bool fake_imsic_init(struct device *dev, struct irq_domain *domain,
			    struct irq_domain *real_parent, struct msi_domain_info *info)
{
	if (domain != fake_root || domain != real_parent || info->flags)
		return false;

	info->chip->irq_set_affinity = irq_chip_set_affinity_parent;
	return !fake->refuses;
}

/* The number of the I/O APIC that a remapping unit claims */
static int fake_remaps;

static int fake_select(struct irq_domain *d, struct irq_fwspec *fwspec,
		       enum irq_domain_bus_token bus_token)
{
	char name[16];

	snprintf(name, sizeof(name), "IO-APIC-%d", fake_remaps);
	return fwspec->param_count == 1 && fwspec->param[0] == fake_remaps &&
	       is_fwnode_irqchip(fwspec->fwnode) &&
	       !strcmp(fwnode_get_name(fwspec->fwnode), name);
}

static int fake_vector_select(struct irq_domain *d, struct irq_fwspec *fwspec,
			      enum irq_domain_bus_token bus_token)
{
	return fwspec->param_count == 1;
}

#define FAKE_OPS(kind)							\
	{								\
		.alloc		= fake_##kind##_alloc,			\
		.free		= irq_domain_free_irqs_common,		\
		.activate	= fake_activate,			\
	}

static const struct irq_domain_ops fake_its_ops = FAKE_OPS(its);
static const struct irq_domain_ops fake_gic_ops = FAKE_OPS(gic);
static const struct irq_domain_ops fake_imsic_ops = FAKE_OPS(imsic);
static const struct irq_domain_ops fake_gicv5_ops = {
	.alloc		= fake_gicv5_alloc,
	.free		= fake_gicv5_free,
	.activate	= fake_activate,
};

static const struct irq_domain_ops fake_remap_ops = { .select = fake_select };
static const struct irq_domain_ops fake_vector_ops = {
	.alloc		= fake_vector_alloc,
	.free		= irq_domain_free_irqs_common,
	.activate	= fake_activate,
	.select		= fake_vector_select,
};

static const struct msi_parent_ops fake_its_parent = {
	.prefix			= "ITS-",
	.init_dev_msi_info	= fake_its_init,
};

static const struct msi_parent_ops fake_gicv5_parent = {
	.prefix			= "ITS-v5-",
	.init_dev_msi_info	= fake_gicv5_init,
};

static const struct msi_parent_ops fake_gic_parent = { .init_dev_msi_info = fake_gic_init };
static const struct msi_parent_ops fake_imsic_parent = { .init_dev_msi_info = fake_imsic_init };

/**
 * struct fake_kind - One kind of parent
 * @name:	Its name
 * @ops:	Operations of its domain
 * @parent:	Its operations as an MSI parent, or NULL for the vector domain
 * @handler:	The flow handler that it sets
 * @nr_writes:	Number of messages written for a move
 * @nr_prepared: Number of calls of msi_prepare, and of msi_teardown, for a device
 * @nr_resent:	Number of interrupts that the core sends again because the parent asks for it
 */
struct fake_kind {
	const char			*name;
	const struct irq_domain_ops	*ops;
	const struct msi_parent_ops	*parent;
	irq_flow_handler_t		handler;
	unsigned int			nr_writes;
	unsigned int			nr_prepared;
	unsigned int			nr_resent;
};

static const struct fake_kind fake_kinds[] = {
	{ "its", &fake_its_ops, &fake_its_parent, handle_fasteoi_irq, 0, 1 },
	{ "v2m", &fake_gic_ops, &fake_gic_parent, handle_fasteoi_irq, 0 },
	{ "imsic", &fake_imsic_ops, &fake_imsic_parent, handle_simple_irq, 1, .nr_resent = 1 },
	{ "vector", &fake_vector_ops, NULL, handle_edge_irq, 1 },
	{ "gicv5", &fake_gicv5_ops, &fake_gicv5_parent, handle_fasteoi_irq, 0, 1 },
};

static void fake_kind_desc(const struct fake_kind *kind, char *desc)
{
	strscpy(desc, kind->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(fake_kind, fake_kinds, fake_kind_desc);

static const struct fake_kind *const fake_vector = &fake_kinds[3];

/* Common parts of the cases */

static void fake_remove_domain(void *data)
{
	compat_remove_domain(data);
}

static struct irq_domain *fake_add_domain(struct kunit *test, const char *name,
					  const struct irq_domain_ops *ops)
{
	struct fwnode_handle *fwnode = irq_domain_alloc_named_fwnode(name);
	struct irq_domain *domain;

	KUNIT_ASSERT_NOT_NULL(test, fwnode);
	domain = irq_domain_create_hierarchy(NULL, 0, 0, fwnode, ops, NULL);
	KUNIT_ASSERT_NOT_NULL(test, domain);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, fake_remove_domain, domain), 0);
	return domain;
}

static int compat_test_init(struct kunit *test)
{
	fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->dev = kunit_device_register(test, "compat-test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->dev);
	fake_remaps = -1;
	return 0;
}

static void fake_add_parent(struct kunit *test, const struct fake_kind *kind)
{
	fake_root = fake_add_domain(test, kind->name, kind->ops);
	fake_vector_domain = kind->parent ? NULL : fake_root;
	if (!kind->parent)
		return;
	fake_root->flags |= IRQ_DOMAIN_FLAG_MSI_PARENT;
	fake_root->msi_parent_ops = kind->parent;
	dev_set_msi_domain(fake->dev, fake_root);
}

static bool compat_test_create(void)
{
	return msi_create_device_irq_domain(fake->dev, MSI_DEFAULT_DOMAIN, &fake_template,
					    FAKE_NVEC, NULL, fake);
}

static void compat_test_end(void *data)
{
	msi_domain_free_irqs_all(fake->dev, MSI_DEFAULT_DOMAIN);
	msi_remove_device_irq_domain(fake->dev, MSI_DEFAULT_DOMAIN);
}

/* The work runs only when a test calls it, so the speed of the machine does not matter */
static void compat_test_start(struct kunit *test, const struct fake_kind *kind)
{
	fake_add_parent(test, kind);
	KUNIT_ASSERT_TRUE(test, compat_test_create());
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, compat_test_end, NULL), 0);
	if (!kind->parent)
		disable_delayed_work_sync(&compat_msi_find(fake->dev)->settle);
}

static struct compat_irq *compat_test_irq(unsigned int index)
{
	return xa_load(&compat_msi_find(fake->dev)->irqs, index);
}

static struct msi_map compat_test_try(unsigned int index)
{
	return msi_domain_alloc_irq_at(fake->dev, MSI_DEFAULT_DOMAIN, index, NULL, NULL);
}

static unsigned int compat_test_alloc(struct kunit *test, unsigned int index)
{
	struct msi_map map = compat_test_try(index);

	KUNIT_ASSERT_EQ(test, map.index, index);
	KUNIT_ASSERT_GT(test, map.virq, 0);
	return map.virq;
}

static irqreturn_t compat_test_handler(int irq, void *data)
{
	fake->nr_handled++;
	return IRQ_HANDLED;
}

static void compat_test_free_irq(void *data)
{
	if (irq_has_action((uintptr_t)data))
		free_irq((uintptr_t)data, fake);
}

static unsigned int compat_test_request(struct kunit *test, unsigned int index)
{
	unsigned int virq = compat_test_alloc(test, index);

	KUNIT_ASSERT_EQ(test, request_irq(virq, compat_test_handler, 0, "compat-test", fake), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, compat_test_free_irq,
							(void *)(uintptr_t)virq), 0);
	return virq;
}

/* Returns a CPU other than that of @virq */
static unsigned int compat_test_other_cpu(struct kunit *test, unsigned int virq)
{
	const struct cpumask *here = irq_get_effective_affinity_mask(virq);
	unsigned int cpu = cpumask_any_but(cpu_online_mask, cpumask_first(here));

	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "needs two CPUs");
	return cpu;
}

/* Any parent */

static void compat_life_test(struct kunit *test)
{
	const struct fake_kind *kind = test->param_value;
	unsigned int i;

	compat_test_start(test, kind);
	for (i = 0; i < FAKE_NVEC; i++) {
		struct irq_data *d = irq_get_irq_data(compat_test_alloc(test, i));

		KUNIT_EXPECT_EQ(test, d->hwirq, i);
		KUNIT_EXPECT_PTR_EQ(test, irq_data_get_irq_chip_data(d), fake);
		KUNIT_EXPECT_TRUE(test, irq_data_to_desc(d)->handle_irq ==
					(kind->handler == handle_simple_irq ? handle_edge_irq :
					 kind->handler));
		KUNIT_EXPECT_PTR_EQ(test, d->parent_data->domain, fake_root);
	}
	KUNIT_EXPECT_EQ(test, fake->nr_prepared, kind->nr_prepared);
	KUNIT_EXPECT_FALSE(test, fake->nr_written);
}

static void compat_name_test(struct kunit *test)
{
	const char *name;

	compat_test_start(test, &fake_kinds[0]);
	name = irq_get_irq_data(compat_test_alloc(test, 0))->chip->name;
	KUNIT_EXPECT_EQ(test, strncmp(name, "ITS-VIS-", 8), 0);
	KUNIT_EXPECT_STREQ(test, name + 8, dev_name(fake->dev));
}

/* The parent tears down the data that it has prepared, once no interrupt is left */
static void compat_teardown_test(struct kunit *test)
{
	const struct fake_kind *kind = test->param_value;

	compat_test_start(test, kind);
	compat_test_alloc(test, 0);
	compat_test_alloc(test, 2);
	KUNIT_EXPECT_EQ(test, fake->nr_torn_down, 0);
	kunit_release_action(test, compat_test_end, NULL);
	KUNIT_EXPECT_EQ(test, fake->nr_torn_down, kind->nr_prepared);
	KUNIT_EXPECT_NULL(test, compat_msi_find(fake->dev));
}

static void compat_use_test(struct kunit *test)
{
	const struct fake_kind *kind = test->param_value;
	unsigned int virq;

	compat_test_start(test, kind);
	virq = compat_test_request(test, 1);
	KUNIT_EXPECT_EQ(test, fake->msg.address_hi, 1);
	KUNIT_EXPECT_NE(test, fake->msg.data, 0);
	KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(virq), 0);
	KUNIT_EXPECT_EQ(test, fake->nr_handled, 1);
	KUNIT_EXPECT_EQ(test, fake->nr_ended, kind->handler == handle_fasteoi_irq);
	KUNIT_EXPECT_EQ(test, fake->nr_acked, kind->handler == handle_edge_irq);
	free_irq(virq, fake);
	KUNIT_EXPECT_EQ(test, fake->msg.data, 0);
}

/* The parent, if it can, enables from startup to shutdown; between them the device masks */
static void compat_startup_test(struct kunit *test)
{
	const struct fake_kind *kind = test->param_value;
	unsigned int nr = kind->parent ? 1 : 0;
	unsigned int virq;

	compat_test_start(test, kind);
	virq = compat_test_request(test, 1);
	KUNIT_EXPECT_EQ(test, fake->nr_unmasked, nr);
	disable_irq(virq);
	KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(virq), 0);
	enable_irq(virq);
	KUNIT_EXPECT_EQ(test, fake->nr_unmasked, nr);
	KUNIT_EXPECT_EQ(test, fake->nr_masked, 0);
	free_irq(virq, fake);
	KUNIT_EXPECT_EQ(test, fake->nr_masked, nr);
}

/* An interrupt that arrives while it is disabled is masked, and sent again when it is enabled */
static void compat_retrigger_test(struct kunit *test)
{
	const struct fake_kind *kind = test->param_value;
	unsigned int nr_handled, virq;

	compat_test_start(test, kind);
	virq = compat_test_request(test, 1);
	disable_irq(virq);
	KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(virq), 0);
	KUNIT_EXPECT_TRUE(test, fake->is_masked);
	KUNIT_EXPECT_EQ(test, fake->nr_replays, 0);
	enable_irq(virq);
	KUNIT_EXPECT_FALSE(test, fake->is_masked);
	KUNIT_EXPECT_EQ(test, fake->nr_replays, 1);
	/* The core sends it from a softirq, if the parent asks for that */
	KUNIT_EXPECT_EQ(test, read_poll_timeout(READ_ONCE, nr_handled, nr_handled == kind->nr_resent,
						USEC_PER_MSEC, USEC_PER_SEC, false,
						fake->nr_handled), 0);
	synchronize_irq(virq);
	KUNIT_EXPECT_EQ(test, irq_chip_retrigger_hierarchy(irq_get_irq_data(virq)),
			!kind->nr_resent);
	KUNIT_EXPECT_EQ(test, fake->nr_replays, 2);
}

static void compat_move_test(struct kunit *test)
{
	const struct fake_kind *kind = test->param_value;
	unsigned int cpu, virq, nr_written;
	struct irq_data *d;

	compat_test_start(test, kind);
	virq = compat_test_request(test, 1);
	d = irq_get_irq_data(virq);
	fake->moving = false;
	cpu = compat_test_other_cpu(test, virq);
	nr_written = fake->nr_written;
	KUNIT_EXPECT_EQ(test, irq_set_affinity(virq, cpumask_of(cpu)), 0);
	KUNIT_EXPECT_EQ(test, fake->nr_written, nr_written + kind->nr_writes);
	if (kind->nr_writes)
		KUNIT_EXPECT_EQ(test, fake->msg.address_lo, cpu);
	KUNIT_EXPECT_FALSE(test, irqd_is_setaffinity_pending(d));
	KUNIT_EXPECT_PTR_EQ(test, irq_data_get_irq_chip_data(d), fake);
	if (kind->ops == &fake_imsic_ops)
		KUNIT_EXPECT_PTR_EQ(test, irq_data_get_irq_chip_data(d->parent_data),
				    &fake->imsic_vector);
}

static void compat_managed_test(struct kunit *test)
{
	struct irq_affinity_desc affinity = { .is_managed = 1 };
	struct msi_map map;

	compat_test_start(test, test->param_value);
	cpumask_copy(&affinity.mask, cpumask_of(nr_cpu_ids - 1));
	map = msi_domain_alloc_irq_at(fake->dev, MSI_DEFAULT_DOMAIN, 0, &affinity, NULL);
	KUNIT_ASSERT_EQ(test, map.index, 0);
	KUNIT_EXPECT_TRUE(test, irqd_affinity_is_managed(irq_get_irq_data(map.virq)));
	KUNIT_EXPECT_TRUE(test, cpumask_equal(irq_get_affinity_mask(map.virq), &affinity.mask));
}

static void compat_refused_test(struct kunit *test)
{
	const struct fake_kind *kind = test->param_value;
	struct msi_map map;

	fake->refuses = true;
	fake_add_parent(test, kind);
	KUNIT_EXPECT_EQ(test, compat_test_create(), !kind->parent);
	fake->refuses = false;
	if (kind->parent)
		KUNIT_ASSERT_EQ(test, compat_test_create(), true);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, compat_test_end, NULL), 0);

	fake->refuses = true;
	map = compat_test_try(0);
	KUNIT_EXPECT_EQ(test, map.index, -ENOSPC);
	fake->refuses = false;
	compat_test_alloc(test, 0);
}

static void compat_no_parent_test(struct kunit *test)
{
	fake_add_parent(test, &fake_kinds[1]);
	fake_root->flags &= ~IRQ_DOMAIN_FLAG_MSI_PARENT;
	KUNIT_EXPECT_FALSE(test, compat_test_create());
}

/* The ITS cannot determine the identity of the device */
static void compat_unprepared_test(struct kunit *test)
{
	fake_add_parent(test, &fake_kinds[0]);
	fake->nr_prepared = 1;
	KUNIT_EXPECT_FALSE(test, compat_test_create());
	KUNIT_EXPECT_NULL(test, compat_msi_find(fake->dev));
}

/* Each index is allocated once, by default the lowest free one, and none past the domain */
static void compat_index_test(struct kunit *test)
{
	compat_test_start(test, test->param_value);
	compat_test_alloc(test, 1);
	KUNIT_EXPECT_EQ(test, compat_test_try(1).index, -EBUSY);
	KUNIT_EXPECT_EQ(test, compat_test_try(FAKE_NVEC).index, -ERANGE);
	KUNIT_EXPECT_EQ(test, compat_test_try(MSI_ANY_INDEX).index, 0);
	KUNIT_EXPECT_EQ(test, compat_test_try(MSI_ANY_INDEX).index, 2);
	KUNIT_EXPECT_EQ(test, compat_test_try(MSI_ANY_INDEX).index, -EBUSY);
}

/* One interrupt is freed while the others are in use, and can be allocated again */
static void compat_free_range_test(struct kunit *test)
{
	unsigned int first, last, virq;

	compat_test_start(test, test->param_value);
	first = compat_test_request(test, 0);
	virq = compat_test_alloc(test, 1);
	last = compat_test_request(test, 2);
	fake->nr_written = 0;

	msi_domain_free_irqs_range(fake->dev, MSI_DEFAULT_DOMAIN, 1, 1);
	KUNIT_EXPECT_NULL(test, irq_get_irq_data(virq));
	KUNIT_EXPECT_NULL(test, compat_test_irq(1));
	KUNIT_EXPECT_EQ(test, fake->nr_written, 0);
	KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(first), 0);
	KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(last), 0);
	KUNIT_EXPECT_EQ(test, fake->nr_handled, 2);
	compat_test_alloc(test, 1);
}

static void compat_free_nothing_test(struct kunit *test)
{
	unsigned int virq;

	compat_test_start(test, test->param_value);
	virq = compat_test_alloc(test, 2);
	msi_domain_free_irqs_range(fake->dev, MSI_DEFAULT_DOMAIN, 0, 1);
	KUNIT_EXPECT_NOT_NULL(test, irq_get_irq_data(virq));
	msi_domain_free_irqs_all(fake->dev, MSI_DEFAULT_DOMAIN);
	KUNIT_EXPECT_NULL(test, irq_get_irq_data(virq));
}

static struct kunit_case compat_parent_cases[] = {
	KUNIT_CASE_PARAM(compat_life_test, fake_kind_gen_params),
	KUNIT_CASE_PARAM(compat_use_test, fake_kind_gen_params),
	KUNIT_CASE_PARAM(compat_startup_test, fake_kind_gen_params),
	KUNIT_CASE_PARAM(compat_retrigger_test, fake_kind_gen_params),
	KUNIT_CASE_PARAM(compat_move_test, fake_kind_gen_params),
	KUNIT_CASE_PARAM(compat_managed_test, fake_kind_gen_params),
	KUNIT_CASE_PARAM(compat_teardown_test, fake_kind_gen_params),
	KUNIT_CASE_PARAM(compat_refused_test, fake_kind_gen_params),
	KUNIT_CASE_PARAM(compat_index_test, fake_kind_gen_params),
	KUNIT_CASE_PARAM(compat_free_range_test, fake_kind_gen_params),
	KUNIT_CASE_PARAM(compat_free_nothing_test, fake_kind_gen_params),
	KUNIT_CASE(compat_name_test),
	KUNIT_CASE(compat_no_parent_test),
	KUNIT_CASE(compat_unprepared_test),
	{ }
};

static struct kunit_suite compat_parent_suite = {
	.name		= "virtio_vis_compat_parent",
	.init		= compat_test_init,
	.test_cases	= compat_parent_cases,
};

/* Moves on x86 */

static unsigned int compat_test_start_moves(struct kunit *test)
{
	unsigned int virq;

	compat_test_start(test, fake_vector);
	virq = compat_test_request(test, 1);
	compat_test_irq(1)->state = 0;
	fake->moving = false;
	fake->nr_acked = 0;
	return virq;
}

/* Returns whether the work has to run again */
static bool compat_test_settle(void)
{
	struct compat_msi *msi = compat_msi_find(fake->dev);

	compat_settle_work(&msi->settle.work);
	return compat_test_irq(1) && test_bit(COMPAT_IRQ_MOVED, &compat_test_irq(1)->state);
}

/* The new CPU acknowledges; no handler runs, and no interrupt is counted */
static void compat_settle_test(struct kunit *test)
{
	unsigned int virq = compat_test_start_moves(test);
	unsigned int cpu = compat_test_other_cpu(test, virq);

	irq_set_affinity(virq, cpumask_of(cpu));
	KUNIT_EXPECT_EQ(test, fake->nr_acked, 0);
	KUNIT_EXPECT_FALSE(test, compat_test_settle());
	KUNIT_EXPECT_EQ(test, fake->nr_acked, 1);
	KUNIT_EXPECT_EQ(test, fake->acked_on, cpu);
	KUNIT_EXPECT_EQ(test, fake->nr_handled, 0);
	KUNIT_EXPECT_EQ(test, irq_desc_kstat_cpu(irq_data_to_desc(irq_get_irq_data(virq)), cpu), 0);
	KUNIT_EXPECT_FALSE(test, compat_test_settle());
	KUNIT_EXPECT_EQ(test, fake->nr_acked, 1);
}

/* Each run of the work advances a parked move, until it is carried out */
static void compat_parked_test(struct kunit *test)
{
	unsigned int virq = compat_test_start_moves(test);
	unsigned int cpu = compat_test_other_cpu(test, virq);

	fake->moving = true;
	KUNIT_EXPECT_EQ(test, irq_set_affinity(virq, cpumask_of(cpu)), 0);
	KUNIT_EXPECT_TRUE(test, irqd_is_setaffinity_pending(irq_get_irq_data(virq)));
	KUNIT_EXPECT_TRUE(test, compat_test_settle());
	KUNIT_EXPECT_EQ(test, fake->nr_acked, 1);
	KUNIT_EXPECT_TRUE(test, compat_test_settle());
	KUNIT_EXPECT_EQ(test, fake->nr_acked, 2);
}

/* The parked move of a disabled vector waits: no CPU acknowledges, and the work runs again */
static void compat_parked_disabled_test(struct kunit *test)
{
	unsigned int virq = compat_test_start_moves(test);
	unsigned int cpu = compat_test_other_cpu(test, virq);

	disable_irq(virq);
	fake->moving = true;
	irq_set_affinity(virq, cpumask_of(cpu));
	KUNIT_EXPECT_FALSE(test, compat_test_settle());
	KUNIT_EXPECT_FALSE(test, compat_test_settle());
	KUNIT_EXPECT_EQ(test, fake->nr_acked, 0);
	enable_irq(virq);
	KUNIT_EXPECT_TRUE(test, compat_test_settle());
	KUNIT_EXPECT_EQ(test, fake->nr_acked, 1);
}

/* The vector domain has no state of a freed vector that could settle */
static void compat_settle_freed_test(struct kunit *test)
{
	unsigned int virq = compat_test_start_moves(test);

	irq_set_affinity(virq, cpumask_of(compat_test_other_cpu(test, virq)));
	irq_set_affinity(virq, cpumask_of(compat_test_other_cpu(test, virq)));
	free_irq(virq, fake);
	KUNIT_EXPECT_FALSE(test, compat_test_settle());
	KUNIT_EXPECT_EQ(test, fake->nr_acked, 0);
}

/* The new CPU is offline: the move away from it schedules the work again */
static void compat_settle_offline_test(struct kunit *test)
{
	unsigned int virq = compat_test_start_moves(test);
	struct irq_data *d = irq_get_irq_data(virq);

	irq_set_affinity(virq, cpumask_of(compat_test_other_cpu(test, virq)));
	irq_data_update_effective_affinity(d, cpu_none_mask);
	KUNIT_EXPECT_FALSE(test, compat_test_settle());
	KUNIT_EXPECT_EQ(test, fake->nr_acked, 0);
}

/* A move is completed although another interrupt is freed meanwhile */
static void compat_settle_other_freed_test(struct kunit *test)
{
	unsigned int virq = compat_test_start_moves(test);
	struct compat_msi *msi = compat_msi_find(fake->dev);

	compat_test_alloc(test, 2);
	enable_delayed_work(&msi->settle);
	irq_set_affinity(virq, cpumask_of(compat_test_other_cpu(test, virq)));
	msi_domain_free_irqs_range(fake->dev, MSI_DEFAULT_DOMAIN, 2, 2);
	flush_delayed_work(&msi->settle);
	KUNIT_EXPECT_EQ(test, fake->nr_acked, 1);
}

/* The work finds no freed interrupt, and does not run when the domain is gone */
static void compat_free_cancels_test(struct kunit *test)
{
	unsigned int virq = compat_test_start_moves(test);
	struct compat_msi *msi = compat_msi_find(fake->dev);

	enable_delayed_work(&msi->settle);
	irq_set_affinity(virq, cpumask_of(compat_test_other_cpu(test, virq)));
	free_irq(virq, fake);
	msi_domain_free_irqs_all(fake->dev, MSI_DEFAULT_DOMAIN);
	KUNIT_EXPECT_FALSE(test, compat_test_settle());
	KUNIT_EXPECT_EQ(test, fake->nr_acked, 0);
	compat_x86_stop(msi);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&msi->settle));
	compat_test_alloc(test, 1);
	KUNIT_EXPECT_EQ(test, compat_test_irq(1)->state, 0);
}

/* The domain is still whole when this runs */
static void fake_exit(struct irq_domain *domain)
{
	fake->settling = cancel_delayed_work(&compat_msi_of(domain)->settle);
}

/* Removal cancels the work, which would otherwise run on freed memory */
static void compat_remove_cancels_test(struct kunit *test)
{
	struct compat_msi *msi;

	fake_add_parent(test, fake_vector);
	KUNIT_ASSERT_TRUE(test, compat_test_create());
	msi = compat_msi_find(fake->dev);
	msi->domain->exit = fake_exit;
	fake->settling = true;
	schedule_delayed_work(&msi->settle, MAX_JIFFY_OFFSET);
	msi_remove_device_irq_domain(fake->dev, MSI_DEFAULT_DOMAIN);
	KUNIT_EXPECT_FALSE(test, fake->settling);
}

static void compat_remapped_test(struct kunit *test)
{
	fake_add_parent(test, fake_vector);
	fake_add_domain(test, "compat-test-remap", &fake_remap_ops);
	KUNIT_EXPECT_PTR_EQ(test, dev_get_msi_domain(fake->dev), fake_root);
	fake_remaps = COMPAT_MAX_IOAPIC;
	KUNIT_EXPECT_NULL(test, dev_get_msi_domain(fake->dev));
	KUNIT_EXPECT_FALSE(test, compat_test_create());
	fake_remaps = 0;
	KUNIT_EXPECT_NULL(test, dev_get_msi_domain(fake->dev));
}

static void compat_apic_test(struct kunit *test)
{
	resource_size_t ioapic = IO_APIC_DEFAULT_PHYS_BASE;

	KUNIT_EXPECT_TRUE(test, compat_x86_is_apic(ioapic, 4));
	KUNIT_EXPECT_TRUE(test, compat_x86_is_apic(ioapic - 4, 8));
	KUNIT_EXPECT_TRUE(test, compat_x86_is_apic(APIC_DEFAULT_PHYS_BASE, 16));
	KUNIT_EXPECT_FALSE(test, compat_x86_is_apic(ioapic - 4, 4));
	KUNIT_EXPECT_FALSE(test, compat_x86_is_apic(ioapic + SZ_4M, 4));
	KUNIT_EXPECT_NULL(test, devm_request_mem_region(fake->dev, ioapic, 4, "compat-test"));
}

static struct kunit_case compat_x86_cases[] = {
	KUNIT_CASE(compat_settle_test),
	KUNIT_CASE(compat_parked_test),
	KUNIT_CASE(compat_parked_disabled_test),
	KUNIT_CASE(compat_settle_freed_test),
	KUNIT_CASE(compat_settle_offline_test),
	KUNIT_CASE(compat_settle_other_freed_test),
	KUNIT_CASE(compat_free_cancels_test),
	KUNIT_CASE(compat_remove_cancels_test),
	KUNIT_CASE(compat_remapped_test),
	KUNIT_CASE(compat_apic_test),
	{ }
};

static struct kunit_suite compat_x86_suite = {
	.name		= "virtio_vis_compat_x86",
	.init		= compat_test_init,
	.test_cases	= compat_x86_cases,
};

/* Spread of managed affinity */

static struct irq_affinity_desc *fake_spread;

static void compat_spread_start(struct kunit *test, unsigned int nvec, struct irq_affinity *affd)
{
	fake_spread = irq_create_affinity_masks(nvec, affd);
	KUNIT_ASSERT_NOT_NULL(test, fake_spread);
}

static void compat_spread_end(void)
{
	kfree(fake_spread);
}

static void compat_spread_expect_fixed(struct kunit *test, unsigned int first, unsigned int nr)
{
	unsigned int i;

	for (i = first; i < first + nr; i++)
		KUNIT_EXPECT_FALSE(test, fake_spread[i].is_managed);
}

/* The set covers every CPU, by one vector only if there are no more vectors than CPUs */
static void compat_spread_expect_set(struct kunit *test, unsigned int first, unsigned int nr)
{
	unsigned int i, cpu, served;

	for_each_possible_cpu(cpu) {
		for (i = 0, served = 0; i < nr; i++)
			served += cpumask_test_cpu(cpu, &fake_spread[first + i].mask);
		KUNIT_EXPECT_GE(test, served, 1);
		if (nr <= num_possible_cpus())
			KUNIT_EXPECT_EQ(test, served, 1);
	}

	for (i = first; i < first + nr; i++) {
		KUNIT_EXPECT_TRUE(test, fake_spread[i].is_managed);
		KUNIT_EXPECT_FALSE(test, cpumask_empty(&fake_spread[i].mask));
	}
}

static void compat_spread_nothing_test(struct kunit *test)
{
	struct irq_affinity affd = { .pre_vectors = 2, .post_vectors = 1 };

	KUNIT_EXPECT_NULL(test, irq_create_affinity_masks(3, &affd));
	KUNIT_EXPECT_NULL(test, irq_create_affinity_masks(2, &affd));
	KUNIT_EXPECT_EQ(test, affd.set_size[0], 0);
}

static void compat_spread_fixed_test(struct kunit *test)
{
	struct irq_affinity affd = { .pre_vectors = 2, .post_vectors = 3 };

	compat_spread_start(test, 6, &affd);
	compat_spread_expect_fixed(test, 0, 2);
	compat_spread_expect_set(test, 2, 1);
	compat_spread_expect_fixed(test, 3, 3);
	compat_spread_end();
}

static void compat_spread_many_test(struct kunit *test)
{
	struct irq_affinity affd = { };
	unsigned int nr = num_possible_cpus() + 3;

	compat_spread_start(test, nr, &affd);
	compat_spread_expect_set(test, 0, nr);
	KUNIT_EXPECT_EQ(test, affd.nr_sets, 1);
	KUNIT_EXPECT_EQ(test, affd.set_size[0], nr);
	compat_spread_end();
}

/* A driver's callback that miscounts loses vectors, but does not corrupt memory */
static void fake_greedy_sets(struct irq_affinity *affd, unsigned int nvec)
{
	affd->nr_sets = 3;
	affd->set_size[0] = nvec - 1;
	affd->set_size[1] = nvec;
	affd->set_size[2] = nvec;
}

static void compat_spread_greedy_test(struct kunit *test)
{
	struct irq_affinity affd = { .post_vectors = 1, .calc_sets = fake_greedy_sets };

	compat_spread_start(test, 4, &affd);
	compat_spread_expect_set(test, 0, 2);
	compat_spread_expect_set(test, 2, 1);
	compat_spread_expect_fixed(test, 3, 1);
	compat_spread_end();
}

static void fake_frugal_sets(struct irq_affinity *affd, unsigned int nvec)
{
	affd->nr_sets = 1;
	affd->set_size[0] = 1;
}

static void compat_spread_frugal_test(struct kunit *test)
{
	struct irq_affinity affd = { .calc_sets = fake_frugal_sets };

	compat_spread_start(test, 3, &affd);
	compat_spread_expect_set(test, 0, 1);
	compat_spread_expect_fixed(test, 1, 2);
	compat_spread_end();
}

static struct kunit_case compat_spread_cases[] = {
	KUNIT_CASE(compat_spread_nothing_test),
	KUNIT_CASE(compat_spread_fixed_test),
	KUNIT_CASE(compat_spread_many_test),
	KUNIT_CASE(compat_spread_greedy_test),
	KUNIT_CASE(compat_spread_frugal_test),
	{ }
};

static struct kunit_suite compat_spread_suite = {
	.name		= "virtio_vis_compat_spread",
	.test_cases	= compat_spread_cases,
};

kunit_test_suites(&compat_parent_suite, &compat_x86_suite, &compat_spread_suite);

MODULE_DESCRIPTION("KUnit tests of the functions that stock kernels lack for VIS");
MODULE_LICENSE("GPL");
