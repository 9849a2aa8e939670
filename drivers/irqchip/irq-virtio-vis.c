// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtio Interrupt Storage (VIS): interrupts whose messages lie in memory of a virtio device
 *
 * The interface is specified in Documentation/virtio-vis.rst.
 */
#include <linux/bitops.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/group_cpus.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/irqdomain.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/msi.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/virtio_vis.h>
#include <linux/workqueue.h>

#include <asm/apicdef.h>

#define CREATE_TRACE_POINTS
#include <trace/events/virtio_vis.h>

#define VIS_MSI_FLAGS		(MSI_FLAG_USE_DEF_DOM_OPS	| \
				 MSI_FLAG_USE_DEF_CHIP_OPS	| \
				 MSI_FLAG_DEV_SYSFS		| \
				 MSI_FLAG_ALLOC_SIMPLE_MSI_DESCS | \
				 MSI_FLAG_FREE_MSI_DESCS)

#define VIS_CHIP_FLAGS		(IRQCHIP_AFFINITY_PRE_STARTUP	| \
				 IRQCHIP_SKIP_SET_WAKE		| \
				 IRQCHIP_ONESHOT_SAFE)

/* A moved interrupt that has not arrived by then is sent once by the driver, see vis_settle() */
#define VIS_SETTLE_JIFFIES	2

#define VIS_ALL_MASKED		U32_MAX

/* Bit of struct vis_vector::state */
#define VIS_SETTLING		0

/**
 * struct vis_word - The driver's view of one word of the mask table
 * @lock:	Serialises the word and the entries of its vectors
 * @shadow:	The mask bits; never read back from the device, which is not trusted
 * @live:	The device follows @shadow
 */
struct vis_word {
	raw_spinlock_t		lock;
	u32			shadow;
	bool			live;
};

/**
 * struct vis_vector - An allocated vector
 * @virq:	Its Linux interrupt number
 * @cpu:	CPU to which it moved last
 * @count:	Interrupts of @virq on @cpu before that move
 * @state:	VIS_SETTLING: its last move is not known to be complete
 * @retriggered: The driver has sent @virq, since the last look at it
 */
struct vis_vector {
	unsigned int		virq;
	unsigned int		cpu;
	unsigned int		count;
	unsigned long		state;
	bool			retriggered;
};

/**
 * struct virtio_vis - Interrupt storage of one device
 * @dev:	The device
 * @devres:	Group of the managed resources, all that virtio_vis_create() took
 * @parent:	MSI domain that @dev had before
 * @domain:	MSI parent domain of @dev
 * @name:	Name of @chip
 * @chip:	The irqchip, while vectors are allocated
 * @table:	Vector table
 * @mask:	Mask table
 * @pending:	Pending table
 * @words:	Shadow of the mask table
 * @nr_vectors:	Number of vectors that the device has
 * @nvec:	Number of vectors allocated
 * @vectors:	The allocated vectors
 * @affinity:	Managed affinity of the allocated vectors, or NULL
 * @desc_err:	Error met while the core set up the descriptors
 * @settle:	Completes moves of vectors that do not fire
 */
struct virtio_vis {
	struct device			*dev;
	void				*devres;
	struct irq_domain		*parent;
	struct irq_domain		*domain;
	const char			*name;
	struct irq_chip			*chip;
	struct virtio_vis_entry		*table;
	u32 __iomem			*mask;
	const __le32			*pending;
	struct vis_word			*words;
	unsigned int			nr_vectors;
	unsigned int			nvec;
	struct vis_vector		*vectors;
	struct irq_affinity_desc	*affinity;
	int				desc_err;
	struct delayed_work		settle;
};

static unsigned int vis_word_of(unsigned int vector)
{
	return vector / VIRTIO_VIS_VECTORS_PER_WORD;
}

static u32 vis_bit_of(unsigned int vector)
{
	return BIT(vector % VIRTIO_VIS_VECTORS_PER_WORD);
}

static unsigned int vis_words_for(unsigned int nr_vectors)
{
	return DIV_ROUND_UP(nr_vectors, VIRTIO_VIS_VECTORS_PER_WORD);
}

/* The tables */

static void vis_store_entry(struct virtio_vis_entry *entry, const struct msi_msg *msg)
{
	WRITE_ONCE(entry->addr_lo, cpu_to_le32(msg->address_lo));
	WRITE_ONCE(entry->addr_hi, cpu_to_le32(msg->address_hi));
	WRITE_ONCE(entry->data, cpu_to_le32(msg->data));
}

/* writel() orders the entries before the word: the device latches them when it sees the word */
static void vis_commit(struct virtio_vis *vis, unsigned int w)
{
	lockdep_assert_held(&vis->words[w].lock);

	trace_virtio_vis_commit(vis->dev, w, vis->words[w].shadow);
	writel(vis->words[w].shadow, &vis->mask[w]);
}

static void vis_set_mask(struct irq_data *d, bool masked)
{
	struct virtio_vis *vis = irq_data_get_irq_chip_data(d);
	unsigned int w = vis_word_of(d->hwirq);
	struct vis_word *word = &vis->words[w];

	trace_virtio_vis_mask(vis->dev, d->hwirq, masked);
	guard(raw_spinlock_irqsave)(&word->lock);
	if (masked)
		word->shadow |= vis_bit_of(d->hwirq);
	else
		word->shadow &= ~vis_bit_of(d->hwirq);
	if (word->live)
		vis_commit(vis, w);
}

/* The irqchip of a vector */

static void vis_irq_mask(struct irq_data *d)
{
	vis_set_mask(d, true);
}

static void vis_irq_unmask(struct irq_data *d)
{
	vis_set_mask(d, false);
}

/*
 * A masked vector is committed by its unmask, and one of a device that is not live by
 * virtio_vis_go_live(). Whether it is masked is for the shadow to say: irq_data lags behind it
 * after a reset, and the table belongs to the device.
 */
static void vis_irq_write_msi_msg(struct irq_data *d, struct msi_msg *msg)
{
	struct virtio_vis *vis = irq_data_get_irq_chip_data(d);
	struct msi_desc *desc = irq_data_get_msi_desc(d);
	unsigned int w = vis_word_of(d->hwirq);
	struct vis_word *word = &vis->words[w];

	guard(raw_spinlock_irqsave)(&word->lock);
	if (!memcmp(&desc->msg, msg, sizeof(*msg)))
		return;

	trace_virtio_vis_write_msg(vis->dev, d->hwirq, msg);
	desc->msg = *msg;
	vis_store_entry(&vis->table[d->hwirq], msg);
	if (word->live && !(word->shadow & vis_bit_of(d->hwirq)))
		vis_commit(vis, w);
}

static int vis_irq_get_irqchip_state(struct irq_data *d, enum irqchip_irq_state which, bool *state)
{
	struct virtio_vis *vis = irq_data_get_irq_chip_data(d);
	unsigned int w = vis_word_of(d->hwirq);

	switch (which) {
	case IRQCHIP_STATE_PENDING:
		*state = le32_to_cpu(READ_ONCE(vis->pending[w])) & vis_bit_of(d->hwirq);
		return 0;
	case IRQCHIP_STATE_MASKED:
		*state = READ_ONCE(vis->words[w].shadow) & vis_bit_of(d->hwirq);
		return 0;
	default:
		return irq_chip_get_parent_state(d, which, state);
	}
}

/*
 * The pending table is read-only: an interrupt is made pending by sending it from here. The
 * parent has a target for it only while it is started.
 */
static int vis_irq_set_irqchip_state(struct irq_data *d, enum irqchip_irq_state which, bool state)
{
	if (which != IRQCHIP_STATE_PENDING || !state)
		return irq_chip_set_parent_state(d, which, state);
	if (!irqd_is_started(d) || irqd_irq_disabled(d) || irqd_irq_masked(d))
		return -EAGAIN;

	return irq_chip_retrigger_hierarchy(d) ? 0 : -ENODEV;
}

/*
 * Moves on x86
 *
 * The vector domain keeps the old place of a moved interrupt until one has arrived at the new
 * place, and refuses a further move meanwhile: the core then parks that move until the next
 * interrupt. A vector that does not fire would hold two places, and a parked move would wait,
 * for ever. So after VIS_SETTLE_JIFFIES an interrupt is sent to where nothing has arrived.
 */

static void vis_settle_later(struct virtio_vis *vis, struct vis_vector *vector)
{
	set_bit(VIS_SETTLING, &vector->state);
	schedule_delayed_work(&vis->settle, VIS_SETTLE_JIFFIES);
}

static void vis_note_move(struct irq_data *d, unsigned int cpu)
{
	struct virtio_vis *vis = irq_data_get_irq_chip_data(d);
	struct vis_vector *vector = &vis->vectors[d->hwirq];

	WRITE_ONCE(vector->count, irq_desc_kstat_cpu(irq_data_to_desc(d), cpu));
	WRITE_ONCE(vector->cpu, cpu);
	vis_settle_later(vis, vector);
}

static int vis_irq_set_affinity(struct irq_data *d, const struct cpumask *dest, bool force)
{
	unsigned int old_cpu = cpumask_first(irq_data_get_effective_affinity_mask(d));
	struct virtio_vis *vis = irq_data_get_irq_chip_data(d);
	struct irq_data *parent = d->parent_data;
	struct msi_msg msg = { };
	unsigned int cpu;
	int ret;

	ret = parent->chip->irq_set_affinity(parent, dest, force);
	if (ret == -EBUSY)
		vis_settle_later(vis, &vis->vectors[d->hwirq]);
	if (ret < 0 || ret == IRQ_SET_MASK_OK_DONE)
		return ret;

	parent->chip->irq_compose_msi_msg(parent, &msg);
	vis_irq_write_msi_msg(d, &msg);

	cpu = cpumask_first(irq_data_get_effective_affinity_mask(d));
	if (cpu != old_cpu)
		vis_note_move(d, cpu);
	return ret;
}

/* An interrupt that the device did not send is no one's: it is not to count as spurious */
static bool vis_retrigger(struct vis_vector *vector)
{
	irq_set_status_flags(vector->virq, IRQ_IS_POLLED);
	vector->retriggered = true;
	return !irq_set_irqchip_state(vector->virq, IRQCHIP_STATE_PENDING, true);
}

static void vis_end_retrigger(struct vis_vector *vector)
{
	if (vector->retriggered)
		irq_clear_status_flags(vector->virq, IRQ_IS_POLLED);
	vector->retriggered = false;
}

/* Returns whether to look again, because an interrupt is on its way */
static bool vis_settle(struct vis_vector *vector)
{
	struct irq_data *d = irq_get_irq_data(vector->virq);
	unsigned int cpu = READ_ONCE(vector->cpu);

	vis_end_retrigger(vector);
	if (!irqd_is_setaffinity_pending(d) &&
	    irq_desc_kstat_cpu(irq_data_to_desc(d), cpu) != READ_ONCE(vector->count))
		return false;
	if (vis_retrigger(vector))
		return true;

	vis_end_retrigger(vector);
	return false;
}

static void vis_settle_work(struct work_struct *work)
{
	struct virtio_vis *vis = container_of(to_delayed_work(work), struct virtio_vis, settle);
	unsigned int i;

	for (i = 0; i < vis->nvec; i++) {
		struct vis_vector *vector = &vis->vectors[i];

		if (test_and_clear_bit(VIS_SETTLING, &vector->state) && vis_settle(vector))
			vis_settle_later(vis, vector);
	}
}

/* The domains: device MSI domain -> @vis->domain, an MSI parent -> x86 vector domain */

static void vis_set_desc(msi_alloc_info_t *arg, struct msi_desc *desc)
{
	struct irq_domain *domain = dev_get_msi_domain(desc->dev);
	struct virtio_vis *vis = domain->host_data;

	arg->desc = desc;
	arg->hwirq = desc->msi_index;
	if (!vis->affinity || !vis->affinity[desc->msi_index].is_managed)
		return;

	desc->affinity = kmemdup(&vis->affinity[desc->msi_index], sizeof(*desc->affinity),
				 GFP_KERNEL);
	if (!desc->affinity)
		vis->desc_err = -ENOMEM;
}

static bool vis_init_dev_msi_info(struct device *dev, struct irq_domain *domain,
				  struct irq_domain *real_parent, struct msi_domain_info *info)
{
	struct virtio_vis *vis = domain->host_data;
	struct irq_chip *chip = info->chip;

	if (WARN_ON_ONCE(info->bus_token != DOMAIN_BUS_DEVICE_MSI))
		return false;

	info->flags			|= VIS_MSI_FLAGS;
	info->chip_data			= vis;
	info->handler			= handle_edge_irq;
	info->handler_name		= "edge";
	info->ops->set_desc		= vis_set_desc;

	vis->chip			= chip;
	chip->name			= vis->name;
	chip->flags			|= VIS_CHIP_FLAGS;
	chip->irq_mask			= vis_irq_mask;
	chip->irq_unmask		= vis_irq_unmask;
	chip->irq_retrigger		= irq_chip_retrigger_hierarchy;
	chip->irq_set_affinity		= vis_irq_set_affinity;
	chip->irq_write_msi_msg		= vis_irq_write_msi_msg;
	chip->irq_get_irqchip_state	= vis_irq_get_irqchip_state;
	chip->irq_set_irqchip_state	= vis_irq_set_irqchip_state;
	return true;
}

static const struct msi_parent_ops vis_msi_parent_ops = {
	.init_dev_msi_info	= vis_init_dev_msi_info,
};

/*
 * The parent's chip finds its data from any level: the middle level needs no chip of its own, and
 * the top level acknowledges by the parent's function, without the way down to it.
 */
static int vis_domain_alloc(struct irq_domain *domain, unsigned int virq, unsigned int nr_irqs,
			    void *arg)
{
	struct virtio_vis *vis = domain->host_data;
	struct irq_data *parent;
	unsigned int i;
	int ret;

	ret = irq_domain_alloc_irqs_parent(domain, virq, nr_irqs, arg);
	for (i = 0; !ret && i < nr_irqs; i++) {
		parent = irq_domain_get_irq_data(domain->parent, virq + i);
		irq_domain_set_hwirq_and_chip(domain, virq + i, parent->hwirq, parent->chip,
					      parent->chip_data);
		vis->chip->irq_ack = parent->chip->irq_ack;
	}
	return ret;
}

#ifdef CONFIG_GENERIC_IRQ_DEBUGFS
/* The entry is what the table holds; the message, what the driver wrote there */
static void vis_show_vector(struct seq_file *m, struct irq_data *d, int ind)
{
	const struct virtio_vis *vis = irq_data_get_irq_chip_data(d);
	const struct msi_msg *msg = &irq_data_get_msi_desc(d)->msg;
	const struct virtio_vis_entry *entry = &vis->table[d->hwirq];
	const struct vis_word *word = &vis->words[vis_word_of(d->hwirq)];
	bool masked = READ_ONCE(word->shadow) & vis_bit_of(d->hwirq);
	bool pending = false;

	vis_irq_get_irqchip_state(d, IRQCHIP_STATE_PENDING, &pending);

	seq_printf(m, "%*svector:  %lu\n", ind, "", d->hwirq);
	seq_printf(m, "%*sentry:   %08x %08x %08x\n", ind, "",
		   le32_to_cpu(READ_ONCE(entry->addr_hi)),
		   le32_to_cpu(READ_ONCE(entry->addr_lo)), le32_to_cpu(READ_ONCE(entry->data)));
	seq_printf(m, "%*smessage: %08x %08x %08x\n", ind, "", msg->address_hi, msg->address_lo,
		   msg->data);
	seq_printf(m, "%*smasked:  %d\n", ind, "", masked);
	seq_printf(m, "%*spending: %d\n", ind, "", pending);
	seq_printf(m, "%*slatched: %d\n", ind, "", READ_ONCE(word->live) && !masked);
}

/* Of an interrupt, the core names no domain */
static void vis_debug_show(struct seq_file *m, struct irq_domain *domain, struct irq_data *irqd,
			   int ind)
{
	const struct virtio_vis *vis;

	if (irqd) {
		vis_show_vector(m, irq_get_irq_data(irqd->irq), ind);
		return;
	}

	vis = domain->host_data;
	seq_printf(m, "%*svectors: %u of %u\n", ind, "", vis->nvec, vis->nr_vectors);
}
#endif

static const struct irq_domain_ops vis_domain_ops = {
	.alloc		= vis_domain_alloc,
	.free		= irq_domain_free_irqs_common,
#ifdef CONFIG_GENERIC_IRQ_DEBUGFS
	.debug_show	= vis_debug_show,
#endif
};

/*
 * A remapping unit between the device and the CPUs refuses the vector domain's plain messages.
 * It shows as a domain between the vector domain and the controller of @line. Without one, the
 * kernel brings up no CPU that such a message cannot name.
 */
static bool vis_is_remapped(unsigned int line)
{
	struct irq_data *d = line ? irq_get_irq_data(line) : NULL;

	return d && d->parent_data && d->parent_data->domain != x86_vector_domain;
}

static void vis_remove_domain(void *data)
{
	struct virtio_vis *vis = data;
	struct fwnode_handle *fwnode = vis->domain->fwnode;

	dev_set_msi_domain(vis->dev, vis->parent);
	irq_domain_remove(vis->domain);
	irq_domain_free_fwnode(fwnode);
}

static int vis_create_domain(struct virtio_vis *vis, unsigned int line)
{
	struct fwnode_handle *fwnode;

	if (vis_is_remapped(line)) {
		dev_err(vis->dev, "VIS: interrupts are remapped, which VIS does not support\n");
		return -EOPNOTSUPP;
	}

	fwnode = irq_domain_alloc_named_fwnode(vis->name);
	if (!fwnode)
		return -ENOMEM;

	vis->domain = irq_domain_create_hierarchy(x86_vector_domain, IRQ_DOMAIN_FLAG_MSI_PARENT, 0,
						  fwnode, &vis_domain_ops, vis);
	if (!vis->domain) {
		irq_domain_free_fwnode(fwnode);
		return -ENOMEM;
	}

	vis->domain->msi_parent_ops = &vis_msi_parent_ops;
	vis->parent = dev_get_msi_domain(vis->dev);
	dev_set_msi_domain(vis->dev, vis->domain);
	return devm_add_action_or_reset(vis->dev, vis_remove_domain, vis);
}

/* Discovery: nothing that the device says is used before it is checked */

/**
 * struct vis_range - A table as the device places it
 * @name:	The field of the layout
 * @start:	Guest-physical address
 * @size:	Size in bytes
 * @align:	Alignment that @start must have
 * @granule:	No other table is to share an aligned block of this size; 0: all may, it traps
 */
struct vis_range {
	const char	*name;
	u64		start;
	u64		size;
	u32		align;
	u32		granule;
};

static int vis_check_range(struct device *dev, const struct vis_range *r)
{
	if (!IS_ALIGNED(r->start, r->align)) {
		dev_err(dev, "VIS: %s at %#llx is not aligned to %u bytes\n", r->name, r->start,
			r->align);
		return -EINVAL;
	}

	if (r->start > RESOURCE_SIZE_MAX - r->size - r->granule) {
		dev_err(dev, "VIS: %s at %#llx (%#llx bytes) ends past the address space\n",
			r->name, r->start, r->size);
		return -EINVAL;
	}
	return 0;
}

static bool vis_overlap(const struct vis_range *a, const struct vis_range *b)
{
	u64 granule = a->granule && b->granule ? max(a->granule, b->granule) : 1;

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
			dev_err(dev, "VIS: %s at %#llx overlaps the %s at %#llx\n", ranges[i].name,
				ranges[i].start, ranges[j].name, ranges[j].start);
			return -EINVAL;
		}
	}
	return 0;
}

/*
 * Refuses RAM, other devices, and what lies past the addresses of the CPU. A device without a
 * driver lets others claim parts of its resource: they show by their parent.
 */
static int vis_claim_range(struct device *dev, const struct vis_range *r)
{
	struct resource *res = devm_request_mem_region(dev, r->start, r->size, dev_name(dev));

	if (res && res->parent == &iomem_resource)
		return 0;

	dev_err(dev, "VIS: %s at %#llx (%#llx bytes) is not free in the memory map\n", r->name,
		r->start, r->size);
	return -EBUSY;
}

/* MEMREMAP_DEC: the tables are the device's, in a confidential guest too */
static void *vis_map_memory(struct device *dev, const struct vis_range *r)
{
	return devm_memremap(dev, r->start, r->size, MEMREMAP_WB | MEMREMAP_DEC);
}

static int vis_map_tables(struct virtio_vis *vis, const struct vis_range *table,
			  const struct vis_range *mask, const struct vis_range *pending)
{
	int ret;

	ret = vis_claim_range(vis->dev, table) ?: vis_claim_range(vis->dev, mask) ?:
	      vis_claim_range(vis->dev, pending);
	if (ret)
		return ret;

	vis->table = vis_map_memory(vis->dev, table);
	if (IS_ERR(vis->table))
		return PTR_ERR(vis->table);

	vis->pending = vis_map_memory(vis->dev, pending);
	if (IS_ERR(vis->pending))
		return PTR_ERR(vis->pending);

	vis->mask = devm_ioremap(vis->dev, mask->start, mask->size);
	return vis->mask ? 0 : -ENOMEM;
}

static int vis_init_tables(struct virtio_vis *vis, const struct virtio_vis_layout *layout)
{
	unsigned int size = vis_words_for(layout->nr_vectors) * sizeof(u32);
	const struct vis_range table = {
		"vector table", layout->table, (u64)layout->nr_vectors * sizeof(*vis->table),
		sizeof(*vis->table), 1
	};
	const struct vis_range mask = {
		"mask table", layout->mask, size, sizeof(u32), VIRTIO_VIS_BLOCK_SIZE
	};
	const struct vis_range pending = {
		"pending table", layout->pending, size, sizeof(u32), 1
	};
	const struct vis_range ranges[] = {
		{ "register block", layout->regs, layout->regs_size, sizeof(u32), 0 },
		/* Which are in the memory map only where there is PCI */
		{ "interrupt controllers", IO_APIC_DEFAULT_PHYS_BASE, SZ_4M, sizeof(u32), 0 },
		table, mask, pending,
	};
	int ret;

	ret = vis_check_ranges(vis->dev, ranges, ARRAY_SIZE(ranges));
	if (ret)
		return ret;
	return vis_map_tables(vis, &table, &mask, &pending);
}

static int vis_init_words(struct virtio_vis *vis)
{
	unsigned int w, nr_words = vis_words_for(vis->nr_vectors);

	vis->words = devm_kcalloc(vis->dev, nr_words, sizeof(*vis->words), GFP_KERNEL);
	if (!vis->words)
		return -ENOMEM;

	for (w = 0; w < nr_words; w++) {
		raw_spin_lock_init(&vis->words[w].lock);
		vis->words[w].shadow = VIS_ALL_MASKED;
	}
	return 0;
}

static struct virtio_vis *vis_create(struct device *dev, const struct virtio_vis_layout *layout,
				     unsigned int line)
{
	struct virtio_vis *vis;
	int ret;

	vis = devm_kzalloc(dev, sizeof(*vis), GFP_KERNEL);
	if (!vis)
		return ERR_PTR(-ENOMEM);

	vis->dev = dev;
	vis->nr_vectors = layout->nr_vectors;
	INIT_DELAYED_WORK(&vis->settle, vis_settle_work);
	vis->name = devm_kasprintf(dev, GFP_KERNEL, "VIS-%s", dev_name(dev));
	if (!vis->name)
		return ERR_PTR(-ENOMEM);

	ret = vis_init_tables(vis, layout) ?: vis_init_words(vis) ?: vis_create_domain(vis, line);
	return ret ? ERR_PTR(ret) : vis;
}

/**
 * virtio_vis_create - Take over the interrupt storage of a device
 * @dev:	The device; its MSI domain is replaced until virtio_vis_destroy()
 * @layout:	What the device says of its tables, at least one vector
 * @line:	Linux number of the classic interrupt of @dev, 0 if it has none
 *
 * Checks and claims the tables ("Discovery" and "Security considerations" in
 * Documentation/virtio-vis.rst). No vector is allocated and nothing is written to the device,
 * which must be reset or about to be: every vector is taken to be masked.
 *
 * Context:	May sleep. Not concurrent with any other call for @dev.
 * Return:	The interrupt storage, or an ERR_PTR() after one message that says what is wrong.
 */
struct virtio_vis *virtio_vis_create(struct device *dev, const struct virtio_vis_layout *layout,
				     unsigned int line)
{
	void *devres = devres_open_group(dev, NULL, GFP_KERNEL);
	struct virtio_vis *vis;

	if (!devres)
		return ERR_PTR(-ENOMEM);

	vis = vis_create(dev, layout, line);
	if (IS_ERR(vis)) {
		devres_release_group(dev, devres);
		return vis;
	}

	vis->devres = devres;
	devres_close_group(dev, devres);
	return vis;
}
EXPORT_SYMBOL_GPL(virtio_vis_create);

/**
 * virtio_vis_destroy - Undo virtio_vis_create()
 * @vis:	The interrupt storage, without allocated vectors
 *
 * Context:	May sleep. Not concurrent with any other call for @vis.
 */
void virtio_vis_destroy(struct virtio_vis *vis)
{
	devres_release_group(vis->dev, vis->devres);
}
EXPORT_SYMBOL_GPL(virtio_vis_destroy);

/* Vectors */

/* Fills in the masks of one set, from @first; as irq_create_affinity_masks() does */
static int vis_spread_set(struct irq_affinity_desc *affinity, unsigned int first, unsigned int nr)
{
	unsigned int i, nr_masks;

	struct cpumask *masks __free(kfree) = group_cpus_evenly(nr, &nr_masks);

	if (!masks)
		return -ENOMEM;

	for (i = 0; i < nr; i++) {
		cpumask_copy(&affinity[first + i].mask,
			     i < nr_masks ? &masks[i] : cpu_possible_mask);
		affinity[first + i].is_managed = 1;
	}
	return 0;
}

/*
 * The same bounds as of pci_alloc_irq_vectors_affinity(). Vectors outside @affd's sets stay
 * unmanaged: pre_vectors, post_vectors, and what no set takes.
 */
static int vis_spread(struct virtio_vis *vis, unsigned int nvec, struct irq_affinity *affd)
{
	unsigned int fixed = affd->pre_vectors + affd->post_vectors;
	unsigned int i, nr, left, first = affd->pre_vectors;
	int ret;

	if (nvec <= fixed)
		return nvec < fixed ? -ENOSPC : 0;

	left = nvec - fixed;
	if (!affd->calc_sets && left > num_possible_cpus())
		return -ENOSPC;

	affd->nr_sets = 1;
	affd->set_size[0] = left;
	if (affd->calc_sets)
		affd->calc_sets(affd, left);
	if (WARN_ON_ONCE(affd->nr_sets > IRQ_AFFINITY_MAX_SETS))
		return -EINVAL;

	vis->affinity = kvcalloc(nvec, sizeof(*vis->affinity), GFP_KERNEL);
	if (!vis->affinity)
		return -ENOMEM;

	for (i = 0; i < affd->nr_sets; i++, first += nr, left -= nr) {
		nr = min(affd->set_size[i], left);
		ret = nr ? vis_spread_set(vis->affinity, first, nr) : 0;
		if (ret)
			return ret;
	}
	return 0;
}

/* Replaced by vis_irq_write_msi_msg(), but the core insists on one */
static void vis_no_write_msg(struct msi_desc *desc, struct msi_msg *msg)
{
}

static int vis_alloc_irqs(struct virtio_vis *vis, unsigned int nvec)
{
	unsigned int i;
	int ret;

	vis->desc_err = 0;
	ret = platform_device_msi_init_and_alloc_irqs(vis->dev, nvec, vis_no_write_msg);
	/* No domain was created: there is none to free */
	if (ret == -ENODEV)
		return ret;

	ret = ret ?: vis->desc_err;
	if (ret) {
		platform_device_msi_free_irqs_all(vis->dev);
		return ret;
	}

	for (i = 0; i < nvec; i++)
		vis->vectors[i].virq = msi_get_virq(vis->dev, i);
	vis->nvec = nvec;
	return 0;
}

/**
 * virtio_vis_alloc_vectors - Allocate vectors 0 to @nvec - 1
 * @vis:	The interrupt storage, without allocated vectors
 * @nvec:	Number of vectors, all or none of which are allocated
 * @affd:	Which of them have managed affinity, or NULL for none; the counts of its sets are
 *		filled in, so that each attempt wants a copy of its own
 *
 * Context:	May sleep. Not concurrent with any other call for @vis.
 * Return:	0, -ENOSPC if the device or the CPUs have fewer vectors, or another error.
 */
int virtio_vis_alloc_vectors(struct virtio_vis *vis, unsigned int nvec, struct irq_affinity *affd)
{
	int ret;

	if (nvec > vis->nr_vectors)
		return -ENOSPC;

	vis->vectors = kvcalloc(nvec, sizeof(*vis->vectors), GFP_KERNEL);
	if (!vis->vectors)
		return -ENOMEM;

	ret = affd ? vis_spread(vis, nvec, affd) : 0;
	if (!ret)
		ret = vis_alloc_irqs(vis, nvec);
	if (ret)
		virtio_vis_free_vectors(vis);
	return ret;
}
EXPORT_SYMBOL_GPL(virtio_vis_alloc_vectors);

/**
 * virtio_vis_free_vectors - Free all vectors
 * @vis:	The interrupt storage; its interrupts must have been freed, with their hints
 *
 * Context:	May sleep. Not concurrent with any other call for @vis.
 */
void virtio_vis_free_vectors(struct virtio_vis *vis)
{
	/* An affinity may still be written until the interrupts are gone */
	disable_delayed_work_sync(&vis->settle);
	if (vis->nvec)
		platform_device_msi_free_irqs_all(vis->dev);
	enable_delayed_work(&vis->settle);

	kvfree(vis->affinity);
	kvfree(vis->vectors);
	vis->affinity = NULL;
	vis->vectors = NULL;
	vis->nvec = 0;
}
EXPORT_SYMBOL_GPL(virtio_vis_free_vectors);

/**
 * virtio_vis_irq - Linux interrupt number of a vector
 * @vis:	The interrupt storage
 * @vector:	An allocated vector
 *
 * Context:	Any.
 * Return:	The interrupt number.
 */
unsigned int virtio_vis_irq(const struct virtio_vis *vis, unsigned int vector)
{
	return vis->vectors[vector].virq;
}
EXPORT_SYMBOL_GPL(virtio_vis_irq);

/**
 * virtio_vis_affinity - CPUs that a vector is meant for
 * @vis:	The interrupt storage
 * @vector:	An allocated vector
 *
 * Context:	Any.
 * Return:	The mask of managed affinity, or NULL if no vector has any.
 */
const struct cpumask *virtio_vis_affinity(const struct virtio_vis *vis, unsigned int vector)
{
	if (!vis->affinity)
		return NULL;
	if (vis->affinity[vector].is_managed)
		return &vis->affinity[vector].mask;
	return irq_get_affinity_mask(vis->vectors[vector].virq);
}
EXPORT_SYMBOL_GPL(virtio_vis_affinity);

/**
 * virtio_vis_go_live - Let the device follow the mask bits
 * @vis:	The interrupt storage
 *
 * Writes each word of the mask table that has an unmasked vector, once. To be called after
 * ENABLE is set: then each write is a commit, under the lock of its word. Were ENABLE to latch
 * the entries, it could latch one that a concurrent move has written by half.
 *
 * Context:	Any. Takes the lock of each word.
 */
void virtio_vis_go_live(struct virtio_vis *vis)
{
	unsigned int w;

	for (w = 0; w < vis_words_for(vis->nr_vectors); w++) {
		struct vis_word *word = &vis->words[w];

		guard(raw_spinlock_irqsave)(&word->lock);
		word->live = true;
		if (word->shadow != VIS_ALL_MASKED)
			vis_commit(vis, w);
	}
}
EXPORT_SYMBOL_GPL(virtio_vis_go_live);

/**
 * virtio_vis_quiesce - Follow a device into reset
 * @vis:	The interrupt storage
 *
 * A reset masks every vector in the device, while its interrupts may stay requested. From here
 * to virtio_vis_go_live() the irqchip touches its shadow only. To be called before the reset.
 *
 * Context:	Any. Takes the lock of each word.
 */
void virtio_vis_quiesce(struct virtio_vis *vis)
{
	unsigned int w;

	for (w = 0; w < vis_words_for(vis->nr_vectors); w++) {
		struct vis_word *word = &vis->words[w];

		guard(raw_spinlock_irqsave)(&word->lock);
		word->live = false;
		word->shadow = VIS_ALL_MASKED;
	}
}
EXPORT_SYMBOL_GPL(virtio_vis_quiesce);

MODULE_DESCRIPTION("Virtio Interrupt Storage irqchip");
MODULE_LICENSE("GPL");
