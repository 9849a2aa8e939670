// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the VIS irqchip, on a device in memory that records every access
 *
 * The irqchip is compiled into the test, and macros record its accesses, so it needs no hooks. Its
 * parent is a domain of the test, which answers as each case demands. Regions, MSI domains and
 * interrupts are the kernel's own.
 */
/* The irqchip defines the trace points itself */
#define NOTRACE

#include <kunit/device.h>
#include <kunit/platform_device.h>
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/bitops.h>
#include <linux/cleanup.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/irqdomain.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/msi.h>
#include <linux/pfn.h>
#include <linux/platform_device.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/workqueue.h>

/* The same kernel may contain the irqchip, so its functions have other names here */
#define virtio_vis_create		vis_test_create
#define virtio_vis_destroy		vis_test_destroy
#define virtio_vis_alloc_vectors	vis_test_alloc_vectors
#define virtio_vis_free_vectors		vis_test_free_vectors
#define virtio_vis_irq			vis_test_irq
#define virtio_vis_alloc_vector_at	vis_test_alloc_vector_at
#define virtio_vis_free_vector		vis_test_free_vector
#define virtio_vis_affinity		vis_test_affinity
#define virtio_vis_enable		vis_test_enable
#define virtio_vis_disable		vis_test_disable
#define vis_init_tables			vis_test_init_tables
#define vis_domain_size			vis_test_domain_size
#define vis_msi_init			vis_test_msi_init
#define vis_msi_restart			vis_test_msi_restart
#define vis_msi_commit			vis_test_msi_commit
#define vis_msi_replay			vis_test_msi_replay
#define virtio_vis_supply		vis_test_supply
#define virtio_vis_leak_supplied	vis_test_leak_supplied
#define vis_free_supplied		vis_test_free_supplied
#undef EXPORT_SYMBOL_GPL
#define EXPORT_SYMBOL_GPL(symbol)

#include <linux/virtio_vis.h>
#include <uapi/linux/virtio_mmio_msi.h>

#include "irq-virtio-vis.h"

/* Between any two tables there are whole blocks without a table, and so whole pages of any size */
#define FAKE_DISTANCE		(2 * VIRTIO_VIS_BLOCK_SIZE)

/* Beyond the memory and the devices of any machine that runs tests */
#define FAKE_REGS		0x3f00000000ULL
#define FAKE_REGS_SIZE		0x200
#define FAKE_MASK		(FAKE_REGS + FAKE_DISTANCE)
#define FAKE_TABLE		(FAKE_MASK + FAKE_DISTANCE)
#define FAKE_PENDING		(FAKE_TABLE + FAKE_DISTANCE)
#define FAKE_PAST_CPU		BIT_ULL(60)

/* These need three words, and the last one is not full */
#define FAKE_VECTORS		70
#define FAKE_WORDS		3
#define FAKE_TABLE_SIZE		(FAKE_VECTORS * sizeof(struct virtio_vis_entry))
#define FAKE_MASK_SIZE		(FAKE_WORDS * sizeof(u32))

#define FAKE_MSG_BASE		0xfee00000
#define FAKE_MSG_CPU_SHIFT	12
#define FAKE_MSG_HIGH		0x11

/* Distance from an address of the CPU to that of the device in the fake DMA API */
#define FAKE_DMA_OFFSET		0x70000000

#define FAKE_LOG_SIZE		256

enum fake_kind {
	FAKE_ENTRY,
	FAKE_MASK_WORD,
	FAKE_MSI,
};

/**
 * struct fake_access - A store to the device
 * @kind:	Which table, or MSI registers
 * @index:	The vector, the word of the mask table, or the offset of the register
 * @value:	Offset in the entry, or the new value of the word or register
 */
struct fake_access {
	enum fake_kind	kind;
	unsigned int	index;
	u32		value;
};

/**
 * struct fake_device - A device, the parent domain above it, and the accesses and calls to them
 * @table:		Vector table, and an entry past its end
 * @latched:		Messages that the device would send
 * @mask:		Mask table
 * @pending:		Pending table
 * @msi:		MSI registers
 * @nr_torn:		Number of messages that differed from the entry of their vector
 * @nr_replays:		Number of times that the parent was asked to repeat an interrupt
 * @log:		The stores in their order
 * @nr_log:		Number of stores
 * @nr_masks:		Number of stores to the mask table
 * @nr_outside:		Number of stores past its end
 * @move_result:	The parent's answer to a move
 * @nr_states:		Number of times that the parent was asked to get or set a state
 * @enabled:		The parent has enabled the interrupt that was started last
 * @nr_parent:		Number of interrupts that the parent can still allocate
 * @memory:		Address of a page of memory, or 0
 * @no_memory:		There is no memory for tables that the driver supplies
 * @nr_supplied:	Number of allocations of such memory that were not freed
 * @supplied_size:	Size of the last one in bytes
 * @dev:		The device
 * @vis:		Its interrupt storage
 */
struct fake_device {
	struct virtio_vis_entry	table[FAKE_VECTORS + 1];
	struct virtio_vis_entry	latched[FAKE_VECTORS];
	u32			mask[FAKE_WORDS];
	__le32			pending[FAKE_WORDS];
	u32			msi[VIRTIO_MMIO_MSI_DATA / sizeof(u32) + 1];
	unsigned int		nr_torn;
	unsigned int		nr_replays;
	struct fake_access	log[FAKE_LOG_SIZE];
	unsigned int		nr_log;
	unsigned int		nr_masks;
	unsigned int		nr_outside;
	int			move_result;
	unsigned int		nr_states;
	bool			enabled;
	unsigned int		nr_parent;
	u64			memory;
	bool			no_memory;
	unsigned int		nr_supplied;
	size_t			supplied_size;
	struct device		*dev;
	struct virtio_vis	*vis;
};

static struct fake_device *fake;
static struct irq_domain *fake_parent;

static void fake_note(enum fake_kind kind, unsigned int index, u32 value)
{
	if (fake->nr_log < FAKE_LOG_SIZE)
		fake->log[fake->nr_log++] = (struct fake_access) { kind, index, value };
}

static void fake_stored(const void *addr)
{
	size_t offset = (uintptr_t)addr - (uintptr_t)fake->table;

	if (offset < sizeof(fake->table))
		fake_note(FAKE_ENTRY, offset / sizeof(*fake->table), offset % sizeof(*fake->table));
}

static bool fake_is_msi(const void __iomem *addr, unsigned int *reg)
{
	*reg = (uintptr_t)addr - (uintptr_t)fake->msi;
	return *reg < sizeof(fake->msi);
}

static void fake_update(unsigned int vector)
{
	fake->latched[vector] = (struct virtio_vis_entry) {
		.addr_lo	= cpu_to_le32(fake->msi[VIRTIO_MMIO_MSI_ADDRESS_LOW / 4]),
		.addr_hi	= cpu_to_le32(fake->msi[VIRTIO_MMIO_MSI_ADDRESS_HIGH / 4]),
		.data		= cpu_to_le32(fake->msi[VIRTIO_MMIO_MSI_DATA / 4]),
	};
	fake->nr_torn += !!memcmp(&fake->latched[vector], &fake->vis->table[vector],
				  sizeof(*fake->latched));
}

static void fake_writew(u16 value, void __iomem *addr)
{
	unsigned int reg;

	if (!fake_is_msi(addr, &reg) || reg != VIRTIO_MMIO_MSI_COMMAND)
		fake->nr_outside++;
	else
		fake_note(FAKE_MSI, reg, value);
	if ((value & VIRTIO_MMIO_MSI_COMMAND_CODE) == VIRTIO_MMIO_MSI_UPDATE)
		fake_update(value & VIRTIO_MMIO_MSI_COMMAND_VECTOR);
}

/* As specified, a write latches the entry of each vector whose bit is 0; nothing else latches */
static void fake_writel(u32 value, void __iomem *addr)
{
	unsigned int w = ((uintptr_t)addr - (uintptr_t)fake->mask) / sizeof(u32);
	unsigned int reg, vector, first = w * VIRTIO_VIS_VECTORS_PER_WORD;

	if (fake_is_msi(addr, &reg)) {
		fake_note(FAKE_MSI, reg, value);
		fake->msi[reg / sizeof(u32)] = value;
		return;
	}
	if (w >= FAKE_WORDS) {
		fake->nr_outside++;
		return;
	}

	fake->nr_masks++;
	fake->mask[w] = value;
	fake_note(FAKE_MASK_WORD, w, value);
	for (vector = first; vector < min(first + 32, FAKE_VECTORS); vector++) {
		if (!(value & BIT(vector - first)))
			fake->latched[vector] = fake->vis->table[vector];
	}
}

/* Both allocate, like the functions they replace, so that a sweep over allocations covers them */
static void *fake_memremap(struct device *dev, resource_size_t start, size_t size,
			   unsigned long flags)
{
	if (!devm_kmalloc(dev, sizeof(u32), GFP_KERNEL))
		return ERR_PTR(-ENOMEM);
	return start == FAKE_TABLE ? (void *)fake->table : (void *)fake->pending;
}

static void __iomem *fake_ioremap(struct device *dev, resource_size_t start,
				  resource_size_t size)
{
	void *mem = devm_kmalloc(dev, sizeof(u32), GFP_KERNEL);

	return mem ? (__force void __iomem *)fake->mask : NULL;
}

static void *fake_alloc_pages(size_t size, gfp_t gfp)
{
	void *memory = fake->no_memory ? NULL : alloc_pages_exact(size, gfp);

	fake->nr_supplied += !!memory;
	fake->supplied_size = size;
	return memory;
}

static void fake_free_pages(void *memory, size_t size)
{
	fake->nr_supplied--;
	free_pages_exact(memory, size);
}

static dma_addr_t fake_dma_addr(void *memory)
{
	return virt_to_phys(memory) + FAKE_DMA_OFFSET;
}

static void *fake_dma_alloc(struct device *dev, size_t size, dma_addr_t *addr, gfp_t gfp)
{
	void *memory = fake_alloc_pages(size, gfp);

	if (memory)
		*addr = fake_dma_addr(memory);
	return memory;
}

static void fake_dma_free(struct device *dev, size_t size, void *memory, dma_addr_t addr)
{
	if (addr == fake_dma_addr(memory))
		fake_free_pages(memory, size);
}

static bool fake_pfn_valid(unsigned long pfn)
{
	return fake->memory && pfn == PHYS_PFN(fake->memory);
}

/* Only the irqchip may use these macros, so all of its headers are included above */
#undef WRITE_ONCE
#define WRITE_ONCE(x, value)			\
	do {					\
		__auto_type __addr = &(x);	\
						\
		*__addr = (value);		\
		fake_stored(__addr);		\
	} while (0)
#undef writel
#define writel			fake_writel
#undef writew
#define writew			fake_writew
#undef alloc_pages_exact
#define alloc_pages_exact	fake_alloc_pages
#define free_pages_exact	fake_free_pages
#define dma_alloc_coherent	fake_dma_alloc
#define dma_free_coherent	fake_dma_free
#define devm_memremap		fake_memremap
#define devm_ioremap		fake_ioremap
#undef pfn_valid
#define pfn_valid		fake_pfn_valid

#include "irq-virtio-vis-dynamic.c"
#include "irq-virtio-vis-layout.c"
#include "irq-virtio-vis-msi.c"
#include "irq-virtio-vis-supplied.c"
#include "irq-virtio-vis.c"

/* The parent domain */

/* The CPU is in the chip data because not every architecture has effective affinity masks. */
static int fake_set_affinity(struct irq_data *d, const struct cpumask *dest, bool force)
{
	unsigned long cpu = cpumask_first(dest);

	if (fake->move_result >= 0) {
		d->chip_data = (void *)cpu;
		irq_data_update_effective_affinity(d, cpumask_of(cpu));
	}
	return fake->move_result;
}

static void fake_compose(struct irq_data *d, struct msi_msg *msg)
{
	unsigned long cpu = (unsigned long)d->chip_data;

	msg->address_lo = FAKE_MSG_BASE | cpu << FAKE_MSG_CPU_SHIFT;
	msg->address_hi = FAKE_MSG_HIGH;
	msg->data = d->irq;
}

static void fake_ack(struct irq_data *d)
{
}

static int fake_retrigger(struct irq_data *d)
{
	fake->nr_replays++;
	return 1;
}

static void fake_parent_mask(struct irq_data *d)
{
	fake->enabled = false;
}

/* Records whether the vector was still masked when its parent was enabled */
static void fake_parent_unmask(struct irq_data *d)
{
	fake->enabled = fake->mask[0] & BIT(0);
}

static int fake_get_state(struct irq_data *d, enum irqchip_irq_state which, bool *state)
{
	fake->nr_states++;
	*state = fake->nr_states == 1;
	return which == IRQCHIP_STATE_ACTIVE ? 0 : -EINVAL;
}

static int fake_set_state(struct irq_data *d, enum irqchip_irq_state which, bool state)
{
	fake->nr_states++;
	return 0;
}

static struct irq_chip fake_chip = {
	.name			= "fake",
	.irq_ack		= fake_ack,
	.irq_set_affinity	= fake_set_affinity,
	.irq_compose_msi_msg	= fake_compose,
	.irq_retrigger		= fake_retrigger,
	.irq_get_irqchip_state	= fake_get_state,
	.irq_set_irqchip_state	= fake_set_state,
};

static int fake_alloc(struct irq_domain *domain, unsigned int virq, unsigned int nr_irqs,
		      void *arg)
{
	unsigned int i;
	int ret = 0;

	if (nr_irqs > fake->nr_parent)
		return -ENOSPC;

	fake->nr_parent -= nr_irqs;
	for (i = 0; !ret && i < nr_irqs; i++)
		ret = irq_domain_set_hwirq_and_chip(domain, virq + i, virq + i, &fake_chip, NULL);
	return ret;
}

static int fake_activate(struct irq_domain *domain, struct irq_data *d, bool reserve)
{
	irq_data_update_effective_affinity(d, cpumask_of(cpumask_first(cpu_online_mask)));
	return 0;
}

/* Like other parents, refuses flags of the device, and sets the flow handler */
static bool fake_init_info(struct device *dev, struct irq_domain *domain,
			   struct irq_domain *real_parent, struct msi_domain_info *info)
{
	if (info->flags || info->bus_token != DOMAIN_BUS_DEVICE_MSI)
		return false;

	info->flags = MSI_FLAG_USE_DEF_DOM_OPS | MSI_FLAG_USE_DEF_CHIP_OPS |
		      MSI_FLAG_ALLOC_SIMPLE_MSI_DESCS | MSI_FLAG_FREE_MSI_DESCS;
	info->handler = handle_edge_irq;
	info->handler_name = "edge";
	info->chip->irq_ack = irq_chip_ack_parent;
	return true;
}

static const struct msi_parent_ops fake_parent_ops = {
	.init_dev_msi_info	= fake_init_info,
};

static const struct irq_domain_ops fake_domain_ops = {
	.alloc		= fake_alloc,
	.free		= irq_domain_free_irqs_common,
	.activate	= fake_activate,
};

static void fake_remove_domain(void *data)
{
	struct irq_domain *domain = data;
	struct fwnode_handle *fwnode = domain->fwnode;

	irq_domain_remove(domain);
	irq_domain_free_fwnode(fwnode);
}

static void fake_add_parent(struct kunit *test)
{
	struct fwnode_handle *fwnode = irq_domain_alloc_named_fwnode("vis-test");

	KUNIT_ASSERT_NOT_NULL(test, fwnode);
	fake_parent = irq_domain_create_hierarchy(NULL, IRQ_DOMAIN_FLAG_MSI_PARENT, 0, fwnode,
						  &fake_domain_ops, NULL);
	KUNIT_ASSERT_NOT_NULL(test, fake_parent);
	fake_parent->msi_parent_ops = &fake_parent_ops;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, fake_remove_domain, fake_parent), 0);
}

/* Common parts of the cases */

static const struct virtio_vis_layout fake_layout = {
	.nr_vectors	= FAKE_VECTORS,
	.table		= FAKE_TABLE,
	.mask		= FAKE_MASK,
	.pending	= FAKE_PENDING,
	.regs		= FAKE_REGS,
	.regs_size	= FAKE_REGS_SIZE,
};

static int vis_test_init(struct kunit *test)
{
	fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake);
	memset(fake->mask, 0xff, sizeof(fake->mask));
	fake->nr_parent = UINT_MAX;
	fake_chip.irq_mask = NULL;
	fake_chip.irq_unmask = NULL;
	fake_add_parent(test);
	fake->dev = kunit_device_register(test, "vis-test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->dev);
	dev_set_msi_domain(fake->dev, fake_parent);
	return 0;
}

static irqreturn_t vis_test_handler(int irq, void *data)
{
	return IRQ_HANDLED;
}

static void vis_test_free_irq(void *data)
{
	unsigned int virq = (uintptr_t)data;

	if (irq_has_action(virq))
		free_irq(virq, fake);
}

static void vis_test_teardown(void *data)
{
	virtio_vis_free_vectors(fake->vis);
	virtio_vis_destroy(fake->vis);
}

static void vis_test_start_layout(struct kunit *test, const struct virtio_vis_layout *layout,
				  unsigned int nvec)
{
	fake->vis = virtio_vis_create(fake->dev, layout);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->vis);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, vis_test_teardown, NULL), 0);
	KUNIT_ASSERT_EQ(test, virtio_vis_alloc_vectors(fake->vis, nvec, NULL), 0);
}

static void vis_test_start(struct kunit *test, unsigned int nvec)
{
	vis_test_start_layout(test, &fake_layout, nvec);
}

static unsigned int vis_test_request(struct kunit *test, unsigned int vector)
{
	unsigned int virq = virtio_vis_irq(fake->vis, vector);

	KUNIT_ASSERT_EQ(test, request_irq(virq, vis_test_handler, 0, "vis-test", fake), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, vis_test_free_irq,
							(void *)(uintptr_t)virq), 0);
	return virq;
}

static struct irq_data *vis_test_irq_data(unsigned int vector)
{
	return irq_get_irq_data(virtio_vis_irq(fake->vis, vector));
}

static void vis_test_forget(void)
{
	fake->nr_log = 0;
	fake->nr_masks = 0;
}

/* Allocates all vectors, requests and enables @vector, and then clears the record */
static unsigned int vis_test_start_enabled(struct kunit *test, unsigned int vector)
{
	unsigned int virq;

	vis_test_start(test, FAKE_VECTORS);
	virq = vis_test_request(test, vector);
	virtio_vis_enable(fake->vis);
	vis_test_forget();
	return virq;
}

/* Returns a CPU other than that of @virq */
static unsigned int vis_test_other_cpu(struct kunit *test, unsigned int virq)
{
	struct irq_data *d = irq_get_irq_data(virq);
	unsigned int cpu;

	cpu = cpumask_any_but(cpu_online_mask,
			      cpumask_first(irq_data_get_effective_affinity_mask(d)));
	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "needs two CPUs");
	return cpu;
}

static void vis_test_need_cpus(struct kunit *test)
{
	if (num_possible_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
}

static void vis_test_expect_access(struct kunit *test, unsigned int i, enum fake_kind kind,
				   unsigned int index, u32 value)
{
	KUNIT_ASSERT_LT(test, i, fake->nr_log);
	KUNIT_EXPECT_EQ(test, fake->log[i].kind, kind);
	KUNIT_EXPECT_EQ(test, fake->log[i].index, index);
	KUNIT_EXPECT_EQ(test, fake->log[i].value, value);
}

static void vis_test_expect_message(struct kunit *test, const struct virtio_vis_entry *entry,
				    unsigned int virq, unsigned int cpu)
{
	KUNIT_EXPECT_EQ(test, le32_to_cpu(entry->addr_lo),
			FAKE_MSG_BASE | cpu << FAKE_MSG_CPU_SHIFT);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(entry->addr_hi), FAKE_MSG_HIGH);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(entry->data), virq);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(entry->reserved), 0);
}

static void vis_test_expect_free(struct kunit *test, u64 start, u64 size)
{
	bool is_free = request_mem_region(start, size, "vis-test");

	KUNIT_EXPECT_TRUE_MSG(test, is_free, "%#llx is still claimed", start);
	if (is_free)
		release_mem_region(start, size);
}

/* virtio_vis_create() has left nothing behind */
static void vis_test_expect_nothing(struct kunit *test)
{
	vis_test_expect_free(test, FAKE_TABLE, FAKE_TABLE_SIZE);
	vis_test_expect_free(test, FAKE_MASK, FAKE_MASK_SIZE);
	vis_test_expect_free(test, FAKE_PENDING, FAKE_MASK_SIZE);
	KUNIT_EXPECT_PTR_EQ(test, dev_get_msi_domain(fake->dev), fake_parent);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);
}

/* Arithmetic of the tables */

static void vis_words_test(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, vis_words_for(1), 1);
	KUNIT_EXPECT_EQ(test, vis_words_for(32), 1);
	KUNIT_EXPECT_EQ(test, vis_words_for(33), 2);
	KUNIT_EXPECT_EQ(test, vis_words_for(VIRTIO_VIS_NUM_VECTORS_N), 2048);
}

static void vis_bits_test(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, vis_word_of(0), 0);
	KUNIT_EXPECT_EQ(test, vis_bit_of(0), 0x1);
	KUNIT_EXPECT_EQ(test, vis_word_of(31), 0);
	KUNIT_EXPECT_EQ(test, vis_bit_of(31), 0x80000000);
	KUNIT_EXPECT_EQ(test, vis_word_of(32), 1);
	KUNIT_EXPECT_EQ(test, vis_bit_of(32), 0x1);
	KUNIT_EXPECT_EQ(test, vis_word_of(65534), 2047);
	KUNIT_EXPECT_EQ(test, vis_bit_of(65534), 0x40000000);
}

static void vis_entry_test(struct kunit *test)
{
	static const u8 bytes[sizeof(struct virtio_vis_entry)] = {
		0x78, 0x56, 0x34, 0x12, 0xef, 0xcd, 0xab, 0x90, 0x44, 0x33, 0x22, 0x11,
	};
	const struct msi_msg msg = {
		.address_lo	= 0x12345678,
		.address_hi	= 0x90abcdef,
		.data		= 0x11223344,
	};

	vis_store_entry(&fake->table[1], &msg);
	KUNIT_EXPECT_MEMEQ(test, &fake->table[1], bytes, sizeof(bytes));
	KUNIT_EXPECT_EQ(test, fake->nr_log, 3);
}

/* Trapping and other ranges must not share a block; ranges of one kind must only not overlap */
static void vis_overlap_test(struct kunit *test)
{
	const struct vis_range regs = { .start = 0x10000, .size = 0x200, .traps = true };
	const struct vis_range pending = { .start = 0x20000, .size = 4 };
	struct vis_range range = { .size = 0x20, .traps = true };

	range.start = 0x101ff;
	KUNIT_EXPECT_TRUE(test, vis_overlap(&regs, &range));
	KUNIT_EXPECT_TRUE(test, vis_overlap(&range, &regs));
	range.start = 0x10200;
	KUNIT_EXPECT_FALSE(test, vis_overlap(&regs, &range));
	range.start = 0x2fff0;
	KUNIT_EXPECT_TRUE(test, vis_overlap(&pending, &range));
	KUNIT_EXPECT_TRUE(test, vis_overlap(&range, &pending));
	range.start = 0x30000;
	KUNIT_EXPECT_FALSE(test, vis_overlap(&range, &pending));
	range.start = 0x20000 - range.size;
	KUNIT_EXPECT_FALSE(test, vis_overlap(&range, &pending));
	range.start++;
	KUNIT_EXPECT_TRUE(test, vis_overlap(&range, &pending));

	range.traps = false;
	range.start = 0x20004;
	KUNIT_EXPECT_FALSE(test, vis_overlap(&range, &pending));
	range.start = 0x20003;
	KUNIT_EXPECT_TRUE(test, vis_overlap(&range, &pending));
}

static struct kunit_case vis_tables_cases[] = {
	KUNIT_CASE(vis_words_test),
	KUNIT_CASE(vis_bits_test),
	KUNIT_CASE(vis_entry_test),
	KUNIT_CASE(vis_overlap_test),
	{ }
};

static struct kunit_suite vis_tables_suite = {
	.name		= "virtio_vis_tables",
	.init		= vis_test_init,
	.test_cases	= vis_tables_cases,
};

/* Layouts that a device may report */

struct vis_layout_case {
	const char	*name;
	int		error;
	unsigned int	nr_vectors;
	u64		table;
	u64		mask;
	u64		pending;
};

static const struct vis_layout_case vis_refused[] = {
	{ "table_misaligned", -EINVAL, .table = FAKE_TABLE + 8 },
	{ "mask_misaligned", -EINVAL, .mask = FAKE_MASK + 2 },
	{ "pending_misaligned", -EINVAL, .pending = FAKE_PENDING + 1 },
	{ "table_wraps", -EINVAL, .table = -(u64)sizeof(struct virtio_vis_entry) },
	{ "mask_wraps", -EINVAL, .mask = -(u64)sizeof(u32) },
	{ "mask_granule_wraps", -EINVAL, .mask = -(u64)VIRTIO_VIS_BLOCK_SIZE },
	{ "pending_wraps", -EINVAL, .pending = -(u64)sizeof(u32) },
	{ "table_past_cpu", -EBUSY, .table = FAKE_PAST_CPU },
	{ "mask_past_cpu", -EBUSY, .mask = FAKE_PAST_CPU },
	{ "pending_past_cpu", -EBUSY, .pending = FAKE_PAST_CPU },
	{ "table_on_registers", -EINVAL, .table = FAKE_REGS + FAKE_REGS_SIZE - 16 },
	{ "table_near_registers", -EINVAL, .table = FAKE_REGS + FAKE_REGS_SIZE },
	{ "pending_near_registers", -EINVAL, .pending = FAKE_REGS + FAKE_REGS_SIZE },
	{ "table_around_registers", -EINVAL, .nr_vectors = 65535, .table = FAKE_REGS - 0x1000 },
	{ "mask_on_registers", -EINVAL, .mask = FAKE_REGS },
	{ "pending_on_registers", -EINVAL, .pending = FAKE_REGS + FAKE_REGS_SIZE - 4 },
	{ "mask_on_table", -EINVAL, .mask = FAKE_TABLE },
	{ "pending_on_table", -EINVAL, .pending = FAKE_TABLE + FAKE_TABLE_SIZE - 4 },
	{ "pending_on_mask", -EINVAL, .pending = FAKE_MASK },
	{ "table_in_mask_granule", -EINVAL, .table = FAKE_MASK + 0x8000 },
	{ "table_reaches_mask_granule", -EINVAL, .table = FAKE_MASK - 16 },
	{ "pending_in_mask_granule", -EINVAL, .pending = FAKE_MASK + 0x8000 },
};

static struct virtio_vis_layout vis_layout_of(const struct vis_layout_case *c)
{
	struct virtio_vis_layout layout = fake_layout;

	layout.nr_vectors = c->nr_vectors ?: FAKE_VECTORS;
	layout.table = c->table ?: FAKE_TABLE;
	layout.mask = c->mask ?: FAKE_MASK;
	layout.pending = c->pending ?: FAKE_PENDING;
	return layout;
}

static void vis_layout_expect_refused(struct kunit *test, const struct virtio_vis_layout *layout,
				      int error)
{
	fake->vis = virtio_vis_create(fake->dev, layout);
	KUNIT_EXPECT_PTR_EQ(test, fake->vis, ERR_PTR(error));
	if (!IS_ERR(fake->vis))
		virtio_vis_destroy(fake->vis);
}

static void vis_refused_test(struct kunit *test)
{
	const struct vis_layout_case *c = test->param_value;
	struct virtio_vis_layout layout = vis_layout_of(c);

	if (c->error == -EBUSY && iomem_resource.end > FAKE_PAST_CPU)
		kunit_skip(test, "this architecture does not limit physical addresses");
	vis_layout_expect_refused(test, &layout, c->error);
	vis_test_expect_nothing(test);
}

static void vis_refused_desc(const struct vis_layout_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(vis_refused, vis_refused, vis_refused_desc);

static void vis_ram_test(struct kunit *test)
{
	struct virtio_vis_layout layout = fake_layout;
	void *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	layout.table = virt_to_phys(page);
	vis_layout_expect_refused(test, &layout, -EBUSY);
	layout.table = FAKE_TABLE;
	layout.mask = virt_to_phys(page);
	vis_layout_expect_refused(test, &layout, -EBUSY);
	layout.mask = FAKE_MASK;
	layout.pending = virt_to_phys(page);
	vis_layout_expect_refused(test, &layout, -EBUSY);
	vis_test_expect_nothing(test);
}

static void vis_claimed_test(struct kunit *test)
{
	KUNIT_ASSERT_NOT_NULL(test, request_mem_region(FAKE_PENDING, 1, "vis-test"));
	vis_layout_expect_refused(test, &fake_layout, -EBUSY);
	release_mem_region(FAKE_PENDING, 1);
	vis_test_expect_nothing(test);
}

/* The mask table may be next to another range that traps */
static void vis_mask_near_registers_test(struct kunit *test)
{
	struct virtio_vis_layout layout = fake_layout;

	layout.mask = FAKE_REGS + FAKE_REGS_SIZE;
	fake->vis = virtio_vis_create(fake->dev, &layout);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->vis);
	virtio_vis_destroy(fake->vis);
}

static void vis_largest_test(struct kunit *test)
{
	struct virtio_vis_layout layout = fake_layout;

	layout.nr_vectors = VIRTIO_VIS_NUM_VECTORS_N;
	layout.pending = FAKE_TABLE + SZ_1M;
	fake->vis = virtio_vis_create(fake->dev, &layout);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->vis);
	virtio_vis_destroy(fake->vis);
	vis_test_expect_free(test, FAKE_TABLE, SZ_1M);
}

static void vis_no_controller_test(struct kunit *test)
{
	dev_set_msi_domain(fake->dev, NULL);
	vis_layout_expect_refused(test, &fake_layout, -EOPNOTSUPP);
	dev_set_msi_domain(fake->dev, fake_parent);
	vis_test_expect_nothing(test);
}

static void vis_no_pending_test(struct kunit *test)
{
	struct virtio_vis_layout layout = fake_layout;

	layout.pending = 0;
	fake->vis = virtio_vis_create(fake->dev, &layout);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->vis);
	vis_test_expect_free(test, FAKE_PENDING, FAKE_MASK_SIZE);
	virtio_vis_destroy(fake->vis);
	vis_test_expect_nothing(test);
}

static void vis_test_count_release(void *nr_releases)
{
	(*(unsigned int *)nr_releases)++;
}

static void vis_destroy_own_test(struct kunit *test)
{
	unsigned int nr_releases = 0;

	fake->vis = virtio_vis_create(fake->dev, &fake_layout);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->vis);
	KUNIT_ASSERT_EQ(test, devm_add_action(fake->dev, vis_test_count_release, &nr_releases), 0);
	virtio_vis_destroy(fake->vis);
	KUNIT_EXPECT_EQ(test, nr_releases, 0);
	if (!nr_releases)
		devm_remove_action(fake->dev, vis_test_count_release, &nr_releases);
}

/* Other entries of the memory map */

struct vis_map_case {
	const char	*name;
	const char	*resource;
	unsigned long	desc;
	unsigned long	flags;
	int		error;
};

static const struct vis_map_case vis_maps[] = {
	{ "reserved", "Reserved", IORES_DESC_RESERVED, IORESOURCE_MEM, 0 },
	{ "driver_of_reserved", "other", IORES_DESC_RESERVED, IORESOURCE_MEM | IORESOURCE_BUSY,
	  -EBUSY },
	{ "acpi_tables", "ACPI Tables", IORES_DESC_ACPI_TABLES, IORESOURCE_MEM, -EBUSY },
	{ "persistent", "Persistent Memory", IORES_DESC_PERSISTENT_MEMORY, IORESOURCE_MEM, -EBUSY },
	{ "soft_reserved", "Soft Reserved", IORES_DESC_SOFT_RESERVED, IORESOURCE_MEM, -EBUSY },
	{ "no_name", NULL, IORES_DESC_NONE, IORESOURCE_MEM, -EBUSY },
	{ "motherboard", "pnp 00:07", IORES_DESC_NONE, IORESOURCE_MEM, 0 },
	{ "driver_of_pnp", "pnp 00:07", IORES_DESC_NONE, IORESOURCE_MEM | IORESOURCE_BUSY, -EBUSY },
	{ "other_device", "other", IORES_DESC_NONE, IORESOURCE_MEM, -EBUSY },
	{ "other_driver", "other", IORES_DESC_NONE, IORESOURCE_MEM | IORESOURCE_BUSY, -EBUSY },
};

/* Each case covers the vector table only; the other tables are free */
static void vis_map_test(struct kunit *test)
{
	const struct vis_map_case *c = test->param_value;
	struct resource res = {
		.start	= FAKE_TABLE,
		.end	= FAKE_TABLE + VIRTIO_VIS_BLOCK_SIZE - 1,
		.name	= c->resource,
		.desc	= c->desc,
		.flags	= c->flags,
	};

	KUNIT_ASSERT_EQ(test, insert_resource(&iomem_resource, &res), 0);
	fake->vis = virtio_vis_create(fake->dev, &fake_layout);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(fake->vis), c->error);
	if (!IS_ERR(fake->vis))
		virtio_vis_destroy(fake->vis);
	remove_resource(&res);
	vis_test_expect_nothing(test);
}

/* The region of a driver inherits the descriptor of the reserved range that it is in */
static void vis_claimed_in_reserved_test(struct kunit *test)
{
	struct resource res = {
		.start	= FAKE_REGS,
		.end	= FAKE_PENDING + VIRTIO_VIS_BLOCK_SIZE - 1,
		.name	= "Reserved",
		.desc	= IORES_DESC_RESERVED,
		.flags	= IORESOURCE_MEM,
	};

	KUNIT_ASSERT_EQ(test, insert_resource(&iomem_resource, &res), 0);
	KUNIT_EXPECT_NOT_NULL(test, request_mem_region(FAKE_TABLE, VIRTIO_VIS_BLOCK_SIZE, "test"));
	vis_layout_expect_refused(test, &fake_layout, -EBUSY);
	release_mem_region(FAKE_TABLE, VIRTIO_VIS_BLOCK_SIZE);
	remove_resource(&res);
}

static void vis_map_desc(const struct vis_map_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(vis_map, vis_maps, vis_map_desc);

struct vis_memory_case {
	const char	*name;
	u64		address;
	int		error;
};

static const struct vis_memory_case vis_memory[] = {
	{ "vector_table", FAKE_TABLE, -EBUSY },
	{ "mask_table", FAKE_MASK, -EBUSY },
	{ "pending_table", FAKE_PENDING, -EBUSY },
	{ "before", FAKE_TABLE - PAGE_SIZE, 0 },
	{ "behind", FAKE_TABLE + PAGE_ALIGN(FAKE_TABLE_SIZE), 0 },
};

/* The kernel has a page for memory there */
static void vis_memory_test(struct kunit *test)
{
	const struct vis_memory_case *c = test->param_value;

	fake->memory = c->address;
	fake->vis = virtio_vis_create(fake->dev, &fake_layout);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(fake->vis), c->error);
	if (!IS_ERR(fake->vis))
		virtio_vis_destroy(fake->vis);
	vis_test_expect_nothing(test);
}

/* A table may have its last entry in memory */
static void vis_memory_end_test(struct kunit *test)
{
	struct virtio_vis_layout layout = fake_layout;

	layout.nr_vectors = PAGE_SIZE / sizeof(struct virtio_vis_entry) + 1;
	fake->memory = FAKE_TABLE + PAGE_SIZE;
	vis_layout_expect_refused(test, &layout, -EBUSY);
}

static void vis_memory_desc(const struct vis_memory_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(vis_memory, vis_memory, vis_memory_desc);

/* A second resource that firmware gives to a device is for the tables of that device only */
static int vis_create_of(struct kunit *test, struct platform_device *pdev)
{
	dev_set_msi_domain(&pdev->dev, fake_parent);
	fake->vis = virtio_vis_create(&pdev->dev, &fake_layout);
	if (IS_ERR(fake->vis))
		return PTR_ERR(fake->vis);
	virtio_vis_destroy(fake->vis);
	return 0;
}

static void vis_own_resource_test(struct kunit *test)
{
	const struct resource resources[] = {
		DEFINE_RES_MEM(FAKE_REGS, FAKE_REGS_SIZE),
		DEFINE_RES_MEM(FAKE_MASK, FAKE_PENDING + VIRTIO_VIS_BLOCK_SIZE - FAKE_MASK),
	};
	struct platform_device *own, *other;

	own = kunit_platform_device_alloc(test, "vis-test-own", PLATFORM_DEVID_NONE);
	KUNIT_ASSERT_NOT_NULL(test, own);
	KUNIT_ASSERT_EQ(test, platform_device_add_resources(own, resources, 2), 0);
	KUNIT_ASSERT_EQ(test, kunit_platform_device_add(test, own), 0);
	other = kunit_platform_device_alloc(test, "vis-test-other", PLATFORM_DEVID_NONE);
	KUNIT_ASSERT_NOT_NULL(test, other);
	KUNIT_ASSERT_EQ(test, kunit_platform_device_add(test, other), 0);

	KUNIT_EXPECT_EQ(test, vis_create_of(test, own), 0);
	KUNIT_EXPECT_EQ(test, vis_create_of(test, other), -EBUSY);
}

static struct kunit_case vis_layout_cases[] = {
	KUNIT_CASE_PARAM(vis_refused_test, vis_refused_gen_params),
	KUNIT_CASE(vis_ram_test),
	KUNIT_CASE(vis_claimed_test),
	KUNIT_CASE(vis_mask_near_registers_test),
	KUNIT_CASE(vis_largest_test),
	KUNIT_CASE(vis_no_controller_test),
	KUNIT_CASE(vis_no_pending_test),
	KUNIT_CASE(vis_destroy_own_test),
	KUNIT_CASE_PARAM(vis_map_test, vis_map_gen_params),
	KUNIT_CASE(vis_claimed_in_reserved_test),
	KUNIT_CASE_PARAM(vis_memory_test, vis_memory_gen_params),
	KUNIT_CASE(vis_memory_end_test),
	KUNIT_CASE(vis_own_resource_test),
	{ }
};

static struct kunit_suite vis_layout_suite = {
	.name		= "virtio_vis_layout",
	.init		= vis_test_init,
	.test_cases	= vis_layout_cases,
};

/* The latch: the writes to the device, and their order */

static void vis_nothing_while_not_live_test(struct kunit *test)
{
	unsigned int virq;

	vis_test_start(test, FAKE_VECTORS);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);
	virq = vis_test_request(test, 0);
	KUNIT_EXPECT_EQ(test, irq_set_affinity(virq, cpumask_of(vis_test_other_cpu(test, virq))),
			0);
	disable_irq(virq);
	enable_irq(virq);
	KUNIT_EXPECT_EQ(test, fake->nr_masks, 0);
	free_irq(virq, fake);
	KUNIT_EXPECT_EQ(test, fake->nr_masks, 0);
}

static void vis_enable_test(struct kunit *test)
{
	vis_test_start(test, FAKE_VECTORS);
	vis_test_request(test, 0);
	vis_test_request(test, 31);
	vis_test_request(test, 64);
	vis_test_forget();

	virtio_vis_enable(fake->vis);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 2);
	vis_test_expect_access(test, 0, FAKE_MASK_WORD, 0, 0x7ffffffe);
	vis_test_expect_access(test, 1, FAKE_MASK_WORD, 2, 0xfffffffe);
}

static void vis_enable_latches_test(struct kunit *test)
{
	unsigned int virq = vis_test_start_enabled(test, 33);

	vis_test_expect_message(test, &fake->latched[33], virq, cpumask_first(cpu_online_mask));
	KUNIT_EXPECT_EQ(test, fake->mask[1], 0xfffffffd);
}

/* The last vector ends both the vector table and its word */
static void vis_bounds_test(struct kunit *test)
{
	static const struct virtio_vis_entry untouched;
	unsigned int virq = vis_test_start_enabled(test, FAKE_VECTORS - 1);

	KUNIT_EXPECT_EQ(test, irq_set_affinity(virq, cpumask_of(vis_test_other_cpu(test, virq))),
			0);
	virtio_vis_disable(fake->vis);
	virtio_vis_enable(fake->vis);
	free_irq(virq, fake);
	KUNIT_EXPECT_GT(test, fake->nr_masks, 0);
	KUNIT_EXPECT_EQ(test, fake->nr_outside, 0);
	KUNIT_EXPECT_MEMEQ(test, &fake->table[FAKE_VECTORS], &untouched, sizeof(untouched));
}

static void vis_mask_unmask_test(struct kunit *test)
{
	unsigned int virq = vis_test_start_enabled(test, 40);

	vis_test_request(test, 63);
	vis_test_forget();
	vis_irq_mask(irq_get_irq_data(virq));
	vis_irq_unmask(irq_get_irq_data(virq));
	KUNIT_EXPECT_EQ(test, fake->nr_log, 2);
	vis_test_expect_access(test, 0, FAKE_MASK_WORD, 1, 0x7fffffff);
	vis_test_expect_access(test, 1, FAKE_MASK_WORD, 1, 0x7ffffeff);
}

static void vis_mask_twice_test(struct kunit *test)
{
	unsigned int virq = vis_test_start_enabled(test, 40);
	struct irq_data *d = irq_get_irq_data(virq);

	vis_irq_unmask(d);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);
	vis_irq_mask(d);
	vis_irq_mask(d);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 1);
}

/* The core does not mask around a move, so the log has the whole move */
static void vis_move_test(struct kunit *test)
{
	unsigned int virq = vis_test_start_enabled(test, 33);
	unsigned int cpu = vis_test_other_cpu(test, virq);

	KUNIT_ASSERT_EQ(test, irq_set_affinity(virq, cpumask_of(cpu)), 0);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 4);
	KUNIT_EXPECT_EQ(test, fake->nr_masks, 1);
	vis_test_expect_access(test, 0, FAKE_ENTRY, 33, offsetof(struct virtio_vis_entry, addr_lo));
	vis_test_expect_access(test, 1, FAKE_ENTRY, 33, offsetof(struct virtio_vis_entry, addr_hi));
	vis_test_expect_access(test, 2, FAKE_ENTRY, 33, offsetof(struct virtio_vis_entry, data));
	vis_test_expect_access(test, 3, FAKE_MASK_WORD, 1, 0xfffffffd);
	vis_test_expect_message(test, &fake->latched[33], virq, cpu);
}

static void vis_unchanged_message_test(struct kunit *test)
{
	unsigned int virq = vis_test_start_enabled(test, 33);
	struct irq_data *d = irq_get_irq_data(virq);
	const struct cpumask *here = irq_data_get_effective_affinity_mask(d);

	KUNIT_EXPECT_EQ(test, irq_set_affinity(virq, cpumask_of(cpumask_first(here))), 0);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);
}

static void vis_masked_move_test(struct kunit *test)
{
	unsigned int virq = vis_test_start_enabled(test, 33);
	unsigned int cpu = vis_test_other_cpu(test, virq);
	struct irq_data *d = irq_get_irq_data(virq);

	vis_irq_mask(d);
	vis_test_forget();
	KUNIT_ASSERT_EQ(test, irq_set_affinity(virq, cpumask_of(cpu)), 0);
	KUNIT_EXPECT_EQ(test, fake->nr_masks, 0);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 3);
	vis_irq_unmask(d);
	KUNIT_EXPECT_EQ(test, fake->nr_masks, 1);
	vis_test_expect_message(test, &fake->latched[33], virq, cpu);
}

/* A parent that returns this has written the message itself */
static void vis_move_done_test(struct kunit *test)
{
	unsigned int virq = vis_test_start_enabled(test, 33);

	fake->move_result = IRQ_SET_MASK_OK_DONE;
	KUNIT_EXPECT_EQ(test, irq_set_affinity(virq, cpumask_of(vis_test_other_cpu(test, virq))),
			0);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);
}

static void vis_move_fails_test(struct kunit *test)
{
	unsigned int virq = vis_test_start_enabled(test, 33);
	unsigned int cpu = vis_test_other_cpu(test, virq);

	fake->move_result = -ENOSPC;
	KUNIT_EXPECT_EQ(test, irq_set_affinity(virq, cpumask_of(cpu)), -ENOSPC);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);
}

/* The core masks, then deactivates: the device must never latch the message of all zeroes */
static void vis_free_irq_test(struct kunit *test)
{
	unsigned int virq = vis_test_start_enabled(test, 33);

	free_irq(virq, fake);
	KUNIT_EXPECT_EQ(test, fake->nr_masks, 1);
	vis_test_expect_access(test, 0, FAKE_MASK_WORD, 1, U32_MAX);
	KUNIT_EXPECT_NE(test, le32_to_cpu(fake->latched[33].addr_lo), 0);
}

/* The parent is enabled before the vector is unmasked, and disabled after it is masked */
static void vis_enable_at_parent_test(struct kunit *test)
{
	unsigned int virq;

	fake_chip.irq_mask = fake_parent_mask;
	fake_chip.irq_unmask = fake_parent_unmask;
	vis_test_start(test, FAKE_VECTORS);
	virtio_vis_enable(fake->vis);
	virq = vis_test_request(test, 0);
	KUNIT_EXPECT_TRUE(test, fake->enabled);
	KUNIT_EXPECT_EQ(test, fake->mask[0], 0xfffffffe);

	vis_irq_mask(irq_get_irq_data(virq));
	KUNIT_EXPECT_TRUE(test, fake->enabled);
	vis_irq_unmask(irq_get_irq_data(virq));
	free_irq(virq, fake);
	KUNIT_EXPECT_FALSE(test, fake->enabled);
	KUNIT_EXPECT_EQ(test, fake->mask[0], U32_MAX);
}

static void vis_disable_test(struct kunit *test)
{
	unsigned int virq = vis_test_start_enabled(test, 33);
	unsigned int cpu = vis_test_other_cpu(test, virq);
	struct irq_data *d = irq_get_irq_data(virq);

	virtio_vis_disable(fake->vis);
	KUNIT_ASSERT_EQ(test, fake->nr_masks, 1);
	vis_test_expect_access(test, 0, FAKE_MASK_WORD, 1, U32_MAX);

	vis_test_forget();
	KUNIT_ASSERT_EQ(test, irq_set_affinity(virq, cpumask_of(cpu)), 0);
	vis_irq_mask(d);
	vis_irq_unmask(d);
	KUNIT_EXPECT_EQ(test, fake->nr_masks, 0);

	vis_irq_mask(d);
	virtio_vis_enable(fake->vis);
	KUNIT_EXPECT_EQ(test, fake->nr_masks, 0);
	vis_irq_unmask(d);
	KUNIT_EXPECT_EQ(test, fake->nr_masks, 1);
	vis_test_expect_message(test, &fake->latched[33], virq, cpu);
}

/* A reset masks the vectors in the device, but does not tell the core */
static void vis_disable_masks_test(struct kunit *test)
{
	unsigned int virq = vis_test_start_enabled(test, 33);
	bool masked = false;

	virtio_vis_disable(fake->vis);
	KUNIT_EXPECT_EQ(test, irq_get_irqchip_state(virq, IRQCHIP_STATE_MASKED, &masked), 0);
	KUNIT_EXPECT_TRUE(test, masked);
	virtio_vis_enable(fake->vis);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 1);
}

static struct kunit_case vis_latch_cases[] = {
	KUNIT_CASE(vis_nothing_while_not_live_test),
	KUNIT_CASE(vis_enable_test),
	KUNIT_CASE(vis_enable_latches_test),
	KUNIT_CASE(vis_bounds_test),
	KUNIT_CASE(vis_mask_unmask_test),
	KUNIT_CASE(vis_mask_twice_test),
	KUNIT_CASE(vis_move_test),
	KUNIT_CASE(vis_unchanged_message_test),
	KUNIT_CASE(vis_masked_move_test),
	KUNIT_CASE(vis_move_done_test),
	KUNIT_CASE(vis_move_fails_test),
	KUNIT_CASE(vis_free_irq_test),
	KUNIT_CASE(vis_enable_at_parent_test),
	KUNIT_CASE(vis_disable_test),
	KUNIT_CASE(vis_disable_masks_test),
	{ }
};

static struct kunit_suite vis_latch_suite = {
	.name		= "virtio_vis_latch",
	.init		= vis_test_init,
	.test_cases	= vis_latch_cases,
};

/* States */

static void vis_pending_state_test(struct kunit *test)
{
	unsigned int virq = vis_test_start_enabled(test, 33);
	bool state = true;

	fake->pending[1] = cpu_to_le32(~BIT(1));
	KUNIT_EXPECT_EQ(test, irq_get_irqchip_state(virq, IRQCHIP_STATE_PENDING, &state), 0);
	KUNIT_EXPECT_FALSE(test, state);
	fake->pending[1] = cpu_to_le32(BIT(1));
	KUNIT_EXPECT_EQ(test, irq_get_irqchip_state(virq, IRQCHIP_STATE_PENDING, &state), 0);
	KUNIT_EXPECT_TRUE(test, state);
}

static void vis_masked_state_test(struct kunit *test)
{
	unsigned int virq = vis_test_start_enabled(test, 33);
	bool state = true;

	KUNIT_EXPECT_EQ(test, irq_get_irqchip_state(virq, IRQCHIP_STATE_MASKED, &state), 0);
	KUNIT_EXPECT_FALSE(test, state);
	vis_irq_mask(irq_get_irq_data(virq));
	KUNIT_EXPECT_EQ(test, irq_get_irqchip_state(virq, IRQCHIP_STATE_MASKED, &state), 0);
	KUNIT_EXPECT_TRUE(test, state);
}

/* The parent does not answer for the device */
static void vis_other_states_test(struct kunit *test)
{
	unsigned int virq = vis_test_start_enabled(test, 33);
	enum irqchip_irq_state which;
	bool state;

	KUNIT_EXPECT_EQ(test, irq_get_irqchip_state(virq, IRQCHIP_STATE_LINE_LEVEL, &state),
			-EINVAL);
	for (which = IRQCHIP_STATE_PENDING; which <= IRQCHIP_STATE_LINE_LEVEL; which++) {
		KUNIT_EXPECT_EQ(test, irq_set_irqchip_state(virq, which, false), -EINVAL);
		KUNIT_EXPECT_EQ(test, irq_set_irqchip_state(virq, which, true), -EINVAL);
	}
	KUNIT_EXPECT_EQ(test, fake->nr_states, 0);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);
}

/* The controller has given the interrupt to a CPU whose handler has not begun */
static void vis_active_state_test(struct kunit *test)
{
	unsigned int virq = vis_test_start_enabled(test, 33);

	synchronize_irq(virq);
	KUNIT_EXPECT_EQ(test, fake->nr_states, 2);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);
}

static void vis_no_pending_state_test(struct kunit *test)
{
	unsigned int virq = vis_test_start_enabled(test, 33);
	bool state;

	fake->vis->pending = NULL;
	KUNIT_EXPECT_EQ(test, irq_get_irqchip_state(virq, IRQCHIP_STATE_PENDING, &state), -EINVAL);
}

/* Does everything that the irqchip does with a vector while the device is in use */
static void vis_test_use(struct kunit *test, unsigned int virq)
{
	struct irq_data *d = irq_get_irq_data(virq);

	vis_irq_mask(d);
	vis_irq_unmask(d);
	irq_set_affinity(virq, cpumask_of(vis_test_other_cpu(test, virq)));
	virtio_vis_disable(fake->vis);
	virtio_vis_enable(fake->vis);
	vis_irq_unmask(d);
}

/* The pending table is only for people to look at: it may lag behind, or lie */
static void vis_pending_ignored_test(struct kunit *test)
{
	unsigned int nr_log, virq = vis_test_start_enabled(test, 33);

	vis_test_use(test, virq);
	nr_log = fake->nr_log;
	memset(fake->pending, 0xff, sizeof(fake->pending));
	vis_test_use(test, virq);
	KUNIT_ASSERT_EQ(test, fake->nr_log, 2 * nr_log);
	KUNIT_EXPECT_MEMEQ(test, &fake->log[nr_log], fake->log, nr_log * sizeof(*fake->log));
}

static struct kunit_case vis_states_cases[] = {
	KUNIT_CASE(vis_pending_state_test),
	KUNIT_CASE(vis_masked_state_test),
	KUNIT_CASE(vis_other_states_test),
	KUNIT_CASE(vis_active_state_test),
	KUNIT_CASE(vis_no_pending_state_test),
	KUNIT_CASE(vis_pending_ignored_test),
	{ }
};

static struct kunit_suite vis_states_suite = {
	.name		= "virtio_vis_states",
	.init		= vis_test_init,
	.test_cases	= vis_states_cases,
};

/* MSI registers in place of the tables */

static void vis_msi_start(struct kunit *test, unsigned int nvec)
{
	const struct virtio_vis_layout layout = {
		.nr_vectors	= VIRTIO_MMIO_MSI_MAX_VECTORS,
		.msi		= (__force void __iomem *)fake->msi,
	};

	vis_test_start_layout(test, &layout, nvec);
}

static unsigned int vis_msi_start_enabled(struct kunit *test, unsigned int vector)
{
	unsigned int virq;

	vis_msi_start(test, FAKE_VECTORS);
	virq = vis_test_request(test, vector);
	virtio_vis_enable(fake->vis);
	vis_test_forget();
	return virq;
}

static void vis_msi_expect_command(struct kunit *test, unsigned int i, u16 code,
				   unsigned int vector)
{
	vis_test_expect_access(test, i, FAKE_MSI, VIRTIO_MMIO_MSI_COMMAND, code | vector);
}

/* The four accesses that give @vector its message, from @i on */
static void vis_msi_expect_update(struct kunit *test, unsigned int i, unsigned int vector,
				  unsigned int virq, unsigned int cpu)
{
	vis_test_expect_access(test, i, FAKE_MSI, VIRTIO_MMIO_MSI_ADDRESS_LOW,
			       FAKE_MSG_BASE | cpu << FAKE_MSG_CPU_SHIFT);
	vis_test_expect_access(test, i + 1, FAKE_MSI, VIRTIO_MMIO_MSI_ADDRESS_HIGH, FAKE_MSG_HIGH);
	vis_test_expect_access(test, i + 2, FAKE_MSI, VIRTIO_MMIO_MSI_DATA, virq);
	vis_msi_expect_command(test, i + 3, VIRTIO_MMIO_MSI_UPDATE, vector);
	vis_test_expect_message(test, &fake->latched[vector], virq, cpu);
}

/* Counts the accesses to the device, but not those to the tables, which are the driver's memory */
static unsigned int vis_msi_count(void)
{
	unsigned int i, count = 0;

	for (i = 0; i < fake->nr_log; i++)
		count += fake->log[i].kind == FAKE_MSI;
	return count;
}

/* Before DRIVER_OK the device ignores masks, and MSI is not enabled while vectors are allocated */
static void vis_msi_enable_test(struct kunit *test)
{
	unsigned int cpu = cpumask_first(cpu_online_mask), virq0, virq33;

	vis_msi_start(test, FAKE_VECTORS);
	virq0 = vis_test_request(test, 0);
	virq33 = vis_test_request(test, 33);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);

	virtio_vis_enable(fake->vis);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 8);
	vis_msi_expect_update(test, 0, 0, virq0, cpu);
	vis_msi_expect_update(test, 4, 33, virq33, cpu);
	KUNIT_EXPECT_EQ(test, fake->nr_outside, 0);
}

static void vis_msi_move_test(struct kunit *test)
{
	unsigned int virq = vis_msi_start_enabled(test, 33);
	unsigned int cpu = vis_test_other_cpu(test, virq);

	vis_test_request(test, 34);
	vis_test_forget();
	KUNIT_ASSERT_EQ(test, irq_set_affinity(virq, cpumask_of(cpu)), 0);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 4);
	vis_msi_expect_update(test, 0, 33, virq, cpu);
}

static void vis_msi_mask_test(struct kunit *test)
{
	struct irq_data *d = irq_get_irq_data(vis_msi_start_enabled(test, 40));

	vis_irq_unmask(d);
	vis_irq_mask(d);
	vis_irq_mask(d);
	vis_irq_unmask(d);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 2);
	vis_msi_expect_command(test, 0, VIRTIO_MMIO_MSI_MASK, 40);
	vis_msi_expect_command(test, 1, VIRTIO_MMIO_MSI_UNMASK, 40);
}

static void vis_msi_masked_move_test(struct kunit *test)
{
	unsigned int virq = vis_msi_start_enabled(test, 33);
	unsigned int cpu = vis_test_other_cpu(test, virq);
	struct irq_data *d = irq_get_irq_data(virq);

	vis_irq_mask(d);
	vis_test_forget();
	KUNIT_ASSERT_EQ(test, irq_set_affinity(virq, cpumask_of(cpu)), 0);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);
	vis_irq_unmask(d);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 5);
	vis_msi_expect_update(test, 0, 33, virq, cpu);
	vis_msi_expect_command(test, 4, VIRTIO_MMIO_MSI_UNMASK, 33);
}

#ifdef CONFIG_GENERIC_PENDING_IRQ
/* The core masks a vector for a parked move, but the device is not told, or it might drop events */
static void vis_msi_parked_test(struct kunit *test)
{
	unsigned int virq = vis_msi_start_enabled(test, 33);
	unsigned int cpu = vis_test_other_cpu(test, virq);
	struct irq_data *d = irq_get_irq_data(virq);

	fake->move_result = -EBUSY;
	KUNIT_ASSERT_EQ(test, irq_set_affinity(virq, cpumask_of(cpu)), 0);
	KUNIT_ASSERT_TRUE(test, irqd_is_setaffinity_pending(d));
	vis_irq_mask(d);
	vis_irq_unmask(d);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);
}
#endif

/* A reset takes all messages from the device, so the same ones are written again */
static void vis_msi_reset_test(struct kunit *test)
{
	unsigned int virq = vis_msi_start_enabled(test, 33);
	unsigned int cpu = vis_test_other_cpu(test, virq);

	virtio_vis_disable(fake->vis);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 1);
	vis_msi_expect_command(test, 0, VIRTIO_MMIO_MSI_MASK, 33);

	vis_test_forget();
	KUNIT_ASSERT_EQ(test, irq_set_affinity(virq, cpumask_of(cpu)), 0);
	vis_irq_unmask(irq_get_irq_data(virq));
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);
	virtio_vis_enable(fake->vis);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 4);
	vis_msi_expect_update(test, 0, 33, virq, cpu);

	virtio_vis_disable(fake->vis);
	vis_irq_unmask(irq_get_irq_data(virq));
	vis_test_forget();
	virtio_vis_enable(fake->vis);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 4);
}

/* A device has one more vector than queues, and refuses others */
static void vis_msi_bounds_test(struct kunit *test)
{
	unsigned int virq, i;

	vis_msi_start(test, FAKE_VECTORS);
	virtio_vis_enable(fake->vis);
	virq = vis_test_request(test, FAKE_VECTORS - 1);
	virtio_vis_disable(fake->vis);
	virtio_vis_enable(fake->vis);
	free_irq(virq, fake);
	KUNIT_EXPECT_GT(test, vis_msi_count(), 0);
	for (i = 0; i < fake->nr_log; i++) {
		if (fake->log[i].index == VIRTIO_MMIO_MSI_COMMAND)
			KUNIT_EXPECT_EQ(test, fake->log[i].value & VIRTIO_MMIO_MSI_COMMAND_VECTOR,
					FAKE_VECTORS - 1);
	}

	virtio_vis_free_vectors(fake->vis);
	KUNIT_EXPECT_EQ(test, virtio_vis_alloc_vectors(fake->vis, VIRTIO_MMIO_MSI_MAX_VECTORS + 1,
						       NULL), -ENOSPC);
}

/* Startup repeats an interrupt once DRIVER_OK may have been set; with tables it stays pending */
static void vis_msi_replay_test(struct kunit *test)
{
	unsigned int virq = vis_msi_start_enabled(test, 33);

	KUNIT_EXPECT_EQ(test, fake->nr_replays, 0);
	vis_irq_mask(irq_get_irq_data(virq));
	vis_irq_unmask(irq_get_irq_data(virq));
	KUNIT_EXPECT_EQ(test, fake->nr_replays, 0);
	free_irq(virq, fake);
	vis_test_request(test, 33);
	KUNIT_EXPECT_EQ(test, fake->nr_replays, 1);
}

static void vis_msi_no_replay_test(struct kunit *test)
{
	vis_test_start_enabled(test, 33);
	vis_test_request(test, 34);
	KUNIT_EXPECT_EQ(test, fake->nr_replays, 0);
}

struct vis_msi_writer {
	struct work_struct	work;
	unsigned int		vector;
};

static void vis_msi_write_messages(struct work_struct *work)
{
	unsigned int i, vector = container_of(work, struct vis_msi_writer, work)->vector;
	struct irq_data *d = vis_test_irq_data(vector);
	struct msi_msg msg = { };

	for (i = 1; i <= 10000; i++) {
		msg.address_lo = i;
		msg.address_hi = i;
		msg.data = vector;
		vis_irq_write_msi_msg(d, &msg);
	}
}

/* Two vectors of different words share the message registers, but no other lock */
static void vis_msi_concurrent_test(struct kunit *test)
{
	struct vis_msi_writer writers[] = { { .vector = 1 }, { .vector = 33 } };
	unsigned int i, cpu = cpumask_first(cpu_online_mask);

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
	vis_msi_start(test, FAKE_VECTORS);
	vis_test_request(test, 1);
	vis_test_request(test, 33);
	virtio_vis_enable(fake->vis);
	/* The log is full from here on, because two CPUs must not write to it at once */
	fake->nr_log = FAKE_LOG_SIZE;

	for (i = 0; i < ARRAY_SIZE(writers); i++) {
		INIT_WORK_ONSTACK(&writers[i].work, vis_msi_write_messages);
		queue_work_on(cpu, system_highpri_wq, &writers[i].work);
		cpu = cpumask_next(cpu, cpu_online_mask);
	}
	for (i = 0; i < ARRAY_SIZE(writers); i++) {
		flush_work(&writers[i].work);
		destroy_work_on_stack(&writers[i].work);
	}
	KUNIT_EXPECT_EQ(test, fake->nr_torn, 0);
}

static struct kunit_case vis_msi_cases[] = {
	KUNIT_CASE(vis_msi_enable_test),
	KUNIT_CASE(vis_msi_move_test),
	KUNIT_CASE(vis_msi_mask_test),
	KUNIT_CASE(vis_msi_masked_move_test),
#ifdef CONFIG_GENERIC_PENDING_IRQ
	KUNIT_CASE(vis_msi_parked_test),
#endif
	KUNIT_CASE(vis_msi_reset_test),
	KUNIT_CASE(vis_msi_bounds_test),
	KUNIT_CASE(vis_msi_replay_test),
	KUNIT_CASE(vis_msi_no_replay_test),
	KUNIT_CASE(vis_msi_concurrent_test),
	{ }
};

static struct kunit_suite vis_msi_suite = {
	.name		= "virtio_vis_msi",
	.init		= vis_test_init,
	.test_cases	= vis_msi_cases,
};

/* Allocation and freeing of vectors */

/* A vector without a CPU is useless: the transport shares one instead */
static void vis_more_than_cpus_test(struct kunit *test)
{
	unsigned int nr = num_possible_cpus();
	struct irq_affinity affd = { .pre_vectors = 1 };

	if (nr + 2 > FAKE_VECTORS)
		kunit_skip(test, "needs fewer CPUs");
	vis_test_start(test, 1);
	virtio_vis_free_vectors(fake->vis);
	KUNIT_EXPECT_EQ(test, virtio_vis_alloc_vectors(fake->vis, nr + 2, &affd), -ENOSPC);
	KUNIT_EXPECT_EQ(test, virtio_vis_alloc_vectors(fake->vis, nr + 1, &affd), 0);
}

static void vis_too_few_test(struct kunit *test)
{
	struct irq_affinity affd = { .pre_vectors = 2, .post_vectors = 1 };

	vis_test_start(test, 1);
	virtio_vis_free_vectors(fake->vis);
	KUNIT_EXPECT_EQ(test, virtio_vis_alloc_vectors(fake->vis, 2, &affd), -ENOSPC);
	KUNIT_EXPECT_EQ(test, virtio_vis_alloc_vectors(fake->vis, 3, &affd), 0);
	KUNIT_EXPECT_NULL(test, virtio_vis_affinity(fake->vis, 0));
}

static void vis_one_set(struct irq_affinity *affd, unsigned int nvecs)
{
	affd->nr_sets = 1;
	affd->set_size[0] = nvecs;
}

/* The number of CPUs does not bound a driver that calculates its own sets */
static void vis_set_exceeds_cpus_test(struct kunit *test)
{
	struct irq_affinity affd = { .calc_sets = vis_one_set };

	if (num_possible_cpus() + 3 > FAKE_VECTORS)
		kunit_skip(test, "needs fewer CPUs");
	vis_test_start(test, 1);
	virtio_vis_free_vectors(fake->vis);
	KUNIT_EXPECT_EQ(test, virtio_vis_alloc_vectors(fake->vis, num_possible_cpus() + 3, &affd),
			0);
}

static void vis_create_destroy_test(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		fake->vis = virtio_vis_create(fake->dev, &fake_layout);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->vis);
		virtio_vis_destroy(fake->vis);
		vis_test_expect_nothing(test);
	}
}

static void vis_too_many_test(struct kunit *test)
{
	vis_test_start(test, 1);
	virtio_vis_free_vectors(fake->vis);
	KUNIT_EXPECT_EQ(test, virtio_vis_alloc_vectors(fake->vis, FAKE_VECTORS + 1, NULL), -ENOSPC);
	KUNIT_EXPECT_EQ(test, virtio_vis_alloc_vectors(fake->vis, FAKE_VECTORS, NULL), 0);
}

/* The parent runs out of vectors: the driver says how many there are, and keeps none of them */
static void vis_run_out_test(struct kunit *test)
{
	unsigned int nr;

	vis_test_start(test, 1);
	virtio_vis_free_vectors(fake->vis);
	for (nr = 0; nr < 3; nr++) {
		fake->nr_parent = nr;
		KUNIT_EXPECT_EQ(test, virtio_vis_alloc_vectors(fake->vis, 3, NULL), nr ?: -ENOSPC);
		KUNIT_EXPECT_EQ(test, fake->vis->nvec, 0);
		KUNIT_EXPECT_NULL(test, fake->vis->virqs);
	}
	fake->nr_parent = 3;
	KUNIT_EXPECT_EQ(test, virtio_vis_alloc_vectors(fake->vis, 3, NULL), 0);
}

static void vis_alloc_free_test(struct kunit *test)
{
	unsigned int i;

	vis_test_start(test, 2);
	KUNIT_EXPECT_NE(test, virtio_vis_irq(fake->vis, 0), virtio_vis_irq(fake->vis, 1));
	for (i = 1; i <= FAKE_VECTORS; i += 23) {
		virtio_vis_free_vectors(fake->vis);
		KUNIT_ASSERT_EQ(test, virtio_vis_alloc_vectors(fake->vis, i, NULL), 0);
		KUNIT_EXPECT_EQ(test, vis_test_irq_data(i - 1)->hwirq, i - 1);
	}
}

static void vis_chip_test(struct kunit *test)
{
	struct irq_data *d;

	vis_test_start(test, 1);
	d = vis_test_irq_data(0);
	KUNIT_EXPECT_EQ(test, strncmp(d->chip->name, "VIS-", 4), 0);
	KUNIT_EXPECT_STREQ(test, d->chip->name + 4, dev_name(fake->dev));
	KUNIT_EXPECT_TRUE(test, irq_data_to_desc(d)->handle_irq == handle_edge_irq);
}

static void vis_unmanaged_test(struct kunit *test)
{
	vis_test_start(test, 1);
	KUNIT_EXPECT_NULL(test, virtio_vis_affinity(fake->vis, 0));
	KUNIT_EXPECT_FALSE(test, irqd_affinity_is_managed(vis_test_irq_data(0)));
}

static void vis_managed_test(struct kunit *test)
{
	struct irq_affinity affd = { .pre_vectors = 1 };
	struct irq_data *d;

	vis_test_need_cpus(test);
	vis_test_start(test, 1);
	virtio_vis_free_vectors(fake->vis);
	KUNIT_ASSERT_EQ(test, virtio_vis_alloc_vectors(fake->vis, 3, &affd), 0);

	d = vis_test_irq_data(0);
	KUNIT_EXPECT_FALSE(test, irqd_affinity_is_managed(d));
	KUNIT_EXPECT_PTR_EQ(test, virtio_vis_affinity(fake->vis, 0),
			    irq_data_get_affinity_mask(d));
	d = vis_test_irq_data(2);
	KUNIT_EXPECT_TRUE(test, irqd_affinity_is_managed(d));
	KUNIT_EXPECT_TRUE(test, cpumask_equal(virtio_vis_affinity(fake->vis, 2),
					      irq_data_get_affinity_mask(d)));
}

static struct kunit_case vis_vectors_cases[] = {
	KUNIT_CASE(vis_create_destroy_test),
	KUNIT_CASE(vis_too_many_test),
	KUNIT_CASE(vis_run_out_test),
	KUNIT_CASE(vis_alloc_free_test),
	KUNIT_CASE(vis_chip_test),
	KUNIT_CASE(vis_unmanaged_test),
	KUNIT_CASE(vis_managed_test),
	KUNIT_CASE(vis_more_than_cpus_test),
	KUNIT_CASE(vis_too_few_test),
	KUNIT_CASE(vis_set_exceeds_cpus_test),
	{ }
};

static struct kunit_suite vis_vectors_suite = {
	.name		= "virtio_vis_vectors",
	.init		= vis_test_init,
	.test_cases	= vis_vectors_cases,
};

/* Vectors that come and go while the device is in use */

static const struct msi_map fake_no_map = { .index = -ENOENT };

/* Starts a device with vectors 0 and 33 requested, and with room in the domain for all others */
static void vis_dynamic_start(struct kunit *test)
{
	vis_test_start(test, 34);
	vis_test_request(test, 0);
	vis_test_request(test, 33);
	virtio_vis_enable(fake->vis);
	vis_test_forget();
}

static struct msi_map vis_dynamic_add(struct kunit *test, unsigned int vector)
{
	struct msi_map map = virtio_vis_alloc_vector_at(fake->vis, vector, NULL);

	KUNIT_ASSERT_GE(test, map.index, 0);
	KUNIT_ASSERT_GT(test, map.virq, 0);
	return map;
}

static void vis_dynamic_request(struct kunit *test, struct msi_map map)
{
	KUNIT_ASSERT_EQ(test, request_irq(map.virq, vis_test_handler, 0, "vis-test", fake), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, vis_test_free_irq,
							(void *)(uintptr_t)map.virq), 0);
}

/* All stores go to the entry of the vector, or to its word with this value */
static void vis_dynamic_expect_only(struct kunit *test, unsigned int vector, u32 word)
{
	unsigned int i;

	for (i = 0; i < fake->nr_log; i++) {
		const struct fake_access *access = &fake->log[i];
		bool is_mask = access->kind == FAKE_MASK_WORD;

		KUNIT_EXPECT_EQ(test, access->index, is_mask ? vis_word_of(vector) : vector);
		if (is_mask)
			KUNIT_EXPECT_EQ(test, access->value, word);
	}
}

/* The entry is complete before the one write of the word, which changes one bit */
static void vis_dynamic_add_test(struct kunit *test)
{
	struct msi_map map;

	vis_dynamic_start(test);
	map = vis_dynamic_add(test, 35);
	KUNIT_EXPECT_EQ(test, map.index, 35);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);

	vis_dynamic_request(test, map);
	vis_dynamic_expect_only(test, 35, 0xfffffff5);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 4);
	KUNIT_EXPECT_EQ(test, fake->nr_masks, 1);
	vis_test_expect_access(test, 3, FAKE_MASK_WORD, 1, 0xfffffff5);
	vis_test_expect_message(test, &fake->latched[35], map.virq,
				cpumask_first(cpu_online_mask));
}

/* The word is masked before the entry is emptied, so the device never latches an empty one */
static void vis_dynamic_free_test(struct kunit *test)
{
	static const struct virtio_vis_entry empty;
	struct msi_map map;

	vis_dynamic_start(test);
	map = vis_dynamic_add(test, 35);
	vis_dynamic_request(test, map);
	vis_test_forget();

	free_irq(map.virq, fake);
	virtio_vis_free_vector(fake->vis, map);
	vis_dynamic_expect_only(test, 35, 0xfffffffd);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 4);
	vis_test_expect_access(test, 0, FAKE_MASK_WORD, 1, 0xfffffffd);
	KUNIT_EXPECT_MEMEQ(test, &fake->table[35], &empty, sizeof(empty));
	KUNIT_EXPECT_NE(test, le32_to_cpu(fake->latched[35].addr_lo), 0);
	KUNIT_EXPECT_NULL(test, irq_get_irq_data(map.virq));
}

/* A word in which no vector was unmasked before is written like any other */
static void vis_dynamic_new_word_test(struct kunit *test)
{
	struct msi_map map;

	vis_dynamic_start(test);
	map = vis_dynamic_add(test, FAKE_VECTORS - 1);
	vis_dynamic_request(test, map);
	KUNIT_EXPECT_EQ(test, fake->nr_masks, 1);
	KUNIT_EXPECT_EQ(test, fake->mask[2], 0xffffffdf);
	KUNIT_EXPECT_EQ(test, fake->nr_outside, 0);
}

static void vis_dynamic_move_test(struct kunit *test)
{
	struct msi_map map;
	unsigned int cpu;

	vis_dynamic_start(test);
	map = vis_dynamic_add(test, 35);
	vis_dynamic_request(test, map);
	cpu = vis_test_other_cpu(test, map.virq);
	vis_test_forget();
	KUNIT_ASSERT_EQ(test, irq_set_affinity(map.virq, cpumask_of(cpu)), 0);
	KUNIT_EXPECT_EQ(test, fake->nr_masks, 1);
	vis_dynamic_expect_only(test, 35, 0xfffffff5);
	vis_test_expect_message(test, &fake->latched[35], map.virq, cpu);
}

/* A vector that is added before the device is in use is committed with the first ones */
static void vis_dynamic_early_test(struct kunit *test)
{
	struct msi_map map;

	vis_test_start(test, 2);
	map = vis_dynamic_add(test, MSI_ANY_INDEX);
	vis_dynamic_request(test, map);
	KUNIT_EXPECT_EQ(test, map.index, 2);
	KUNIT_EXPECT_EQ(test, fake->nr_masks, 0);
	virtio_vis_enable(fake->vis);
	KUNIT_EXPECT_EQ(test, fake->nr_masks, 1);
	vis_test_expect_message(test, &fake->latched[2], map.virq, cpumask_first(cpu_online_mask));
}

/* Each call allocates the lowest free vector, until there is none */
static void vis_dynamic_any_test(struct kunit *test)
{
	struct msi_map map, first = fake_no_map;
	unsigned int i;

	vis_dynamic_start(test);
	for (i = 34; i < FAKE_VECTORS; i++) {
		map = vis_dynamic_add(test, MSI_ANY_INDEX);
		KUNIT_EXPECT_EQ(test, map.index, i);
		first = i == 34 ? map : first;
	}
	KUNIT_EXPECT_EQ(test, virtio_vis_alloc_vector_at(fake->vis, MSI_ANY_INDEX, NULL).index,
			-EBUSY);
	virtio_vis_free_vector(fake->vis, first);
	KUNIT_EXPECT_EQ(test, vis_dynamic_add(test, MSI_ANY_INDEX).index, first.index);
}

static void vis_dynamic_refused_test(struct kunit *test)
{
	vis_dynamic_start(test);
	KUNIT_EXPECT_EQ(test, virtio_vis_alloc_vector_at(fake->vis, 33, NULL).index, -EBUSY);
	KUNIT_EXPECT_EQ(test, virtio_vis_alloc_vector_at(fake->vis, FAKE_VECTORS, NULL).index,
			-ERANGE);
	fake->nr_parent = 0;
	KUNIT_EXPECT_EQ(test, virtio_vis_alloc_vector_at(fake->vis, 34, NULL).index, -ENOSPC);
	fake->nr_parent = 1;
	KUNIT_EXPECT_EQ(test, vis_dynamic_add(test, 34).index, 34);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);
}

/* There is no domain before the first vectors are allocated, or after they are freed */
static void vis_dynamic_no_domain_test(struct kunit *test)
{
	vis_dynamic_start(test);
	vis_dynamic_add(test, 40);
	vis_test_free_irq((void *)(uintptr_t)virtio_vis_irq(fake->vis, 0));
	vis_test_free_irq((void *)(uintptr_t)virtio_vis_irq(fake->vis, 33));
	virtio_vis_free_vectors(fake->vis);
	KUNIT_EXPECT_EQ(test, virtio_vis_alloc_vector_at(fake->vis, 40, NULL).index, -ENODEV);
	KUNIT_EXPECT_EQ(test, virtio_vis_alloc_vectors(fake->vis, 34, NULL), 0);
	KUNIT_EXPECT_EQ(test, vis_dynamic_add(test, 40).index, 40);
}

static void vis_dynamic_managed_test(struct kunit *test)
{
	struct irq_affinity_desc affinity = { .is_managed = 1 };
	struct msi_map map;

	vis_dynamic_start(test);
	cpumask_copy(&affinity.mask, cpumask_of(cpumask_last(cpu_online_mask)));
	map = virtio_vis_alloc_vector_at(fake->vis, 34, &affinity);
	KUNIT_ASSERT_EQ(test, map.index, 34);
	KUNIT_EXPECT_TRUE(test, irqd_affinity_is_managed(irq_get_irq_data(map.virq)));
}

/* A device with MSI registers refuses messages for vectors past those of its queues */
static void vis_dynamic_msi_test(struct kunit *test)
{
	vis_msi_start_enabled(test, 33);
	KUNIT_EXPECT_EQ(test, virtio_vis_alloc_vector_at(fake->vis, MSI_ANY_INDEX, NULL).index,
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, vis_domain_size(fake->vis, 5), 5);
}

/* An ITS must not reserve as many LPIs as an untrusted device says that it has vectors */
static void vis_dynamic_size_test(struct kunit *test)
{
	struct virtio_vis vis = { .nr_vectors = VIRTIO_VIS_NUM_VECTORS_N };

	KUNIT_EXPECT_EQ(test, vis_domain_size(&vis, 5), VIS_MIN_DOMAIN);
	KUNIT_EXPECT_EQ(test, vis_domain_size(&vis, 1500), 1500);
	KUNIT_EXPECT_EQ(test, vis_domain_size(&vis, VIRTIO_VIS_NUM_VECTORS_N),
			VIRTIO_VIS_NUM_VECTORS_N);
	vis.nr_vectors = 32;
	KUNIT_EXPECT_EQ(test, vis_domain_size(&vis, 5), 32);
}

static struct kunit_case vis_dynamic_cases[] = {
	KUNIT_CASE(vis_dynamic_add_test),
	KUNIT_CASE(vis_dynamic_free_test),
	KUNIT_CASE(vis_dynamic_new_word_test),
	KUNIT_CASE(vis_dynamic_move_test),
	KUNIT_CASE(vis_dynamic_early_test),
	KUNIT_CASE(vis_dynamic_any_test),
	KUNIT_CASE(vis_dynamic_refused_test),
	KUNIT_CASE(vis_dynamic_no_domain_test),
	KUNIT_CASE(vis_dynamic_managed_test),
	KUNIT_CASE(vis_dynamic_msi_test),
	KUNIT_CASE(vis_dynamic_size_test),
	{ }
};

static struct kunit_suite vis_dynamic_suite = {
	.name		= "virtio_vis_dynamic",
	.init		= vis_test_init,
	.test_cases	= vis_dynamic_cases,
};

/* Tables that the driver supplies */

static void vis_test_supply_device(struct kunit *test, bool translated,
				   struct virtio_vis_tables *tables)
{
	fake->vis = virtio_vis_create(fake->dev, &fake_layout);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->vis);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, vis_test_teardown, NULL), 0);
	KUNIT_ASSERT_EQ(test, virtio_vis_supply(fake->vis, translated, tables), 0);
}

static unsigned int vis_test_start_supplied(struct kunit *test, unsigned int vector)
{
	struct virtio_vis_tables tables;
	unsigned int virq;

	vis_test_supply_device(test, false, &tables);
	KUNIT_ASSERT_EQ(test, virtio_vis_alloc_vectors(fake->vis, FAKE_VECTORS, NULL), 0);
	virq = vis_test_request(test, vector);
	virtio_vis_enable(fake->vis);
	vis_test_forget();
	return virq;
}

static void vis_test_expect_own(struct kunit *test)
{
	KUNIT_EXPECT_PTR_EQ(test, fake->vis->table, &fake->table[0]);
	KUNIT_EXPECT_PTR_EQ(test, fake->vis->pending, &fake->pending[0]);
	KUNIT_EXPECT_EQ(test, fake->nr_supplied, 0);
}

static void vis_test_expect_supplied(struct kunit *test, const struct virtio_vis_tables *tables,
				     u64 addr)
{
	KUNIT_EXPECT_EQ(test, tables->table, addr);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(tables->table, sizeof(struct virtio_vis_entry)));
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(tables->pending, sizeof(u32)));
	KUNIT_EXPECT_EQ(test, tables->pending - tables->table,
			(void *)fake->vis->pending - (void *)fake->vis->table);
	KUNIT_EXPECT_GE(test, tables->pending, tables->table + FAKE_VECTORS * 16);
	KUNIT_EXPECT_LE(test, tables->pending + FAKE_MASK_SIZE, addr + fake->supplied_size);
}

/* The device has whole pages to itself, and they are clear */
static void vis_supplied_test(struct kunit *test)
{
	struct virtio_vis_tables tables;

	vis_test_supply_device(test, false, &tables);
	vis_test_expect_supplied(test, &tables, virt_to_phys(fake->vis->table));
	KUNIT_EXPECT_TRUE(test, PAGE_ALIGNED(fake->supplied_size));
	KUNIT_EXPECT_NULL(test, memchr_inv(fake->vis->table, 0, fake->supplied_size));

	KUNIT_ASSERT_EQ(test, virtio_vis_supply(fake->vis, true, &tables), 0);
	vis_test_expect_supplied(test, &tables, fake_dma_addr(fake->vis->table));
	KUNIT_EXPECT_EQ(test, fake->nr_supplied, 1);
	vis_free_supplied(fake->vis);
	vis_test_expect_own(test);
}

static void vis_supplied_again_test(struct kunit *test)
{
	struct virtio_vis_tables tables;

	vis_test_supply_device(test, false, &tables);
	memset(fake->vis->table, 0xff, fake->supplied_size);
	KUNIT_ASSERT_EQ(test, virtio_vis_supply(fake->vis, false, &tables), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(fake->vis->table, 0, fake->supplied_size));
	KUNIT_EXPECT_EQ(test, fake->nr_supplied, 1);
}

static void vis_supplied_fails_test(struct kunit *test)
{
	struct virtio_vis_tables tables;

	vis_test_supply_device(test, false, &tables);
	fake->no_memory = true;
	KUNIT_EXPECT_EQ(test, virtio_vis_supply(fake->vis, false, &tables), -ENOMEM);
	vis_test_expect_own(test);
	KUNIT_EXPECT_EQ(test, virtio_vis_supply(fake->vis, true, &tables), -ENOMEM);
	vis_test_expect_own(test);
}

/* A move costs one write, and none of it goes to the device's own table */
static void vis_supplied_move_test(struct kunit *test)
{
	unsigned int virq = vis_test_start_supplied(test, 33);
	unsigned int cpu = vis_test_other_cpu(test, virq);

	KUNIT_ASSERT_EQ(test, irq_set_affinity(virq, cpumask_of(cpu)), 0);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 1);
	KUNIT_EXPECT_EQ(test, fake->nr_masks, 1);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(fake->latched[33].addr_lo),
			FAKE_MSG_BASE | cpu << FAKE_MSG_CPU_SHIFT);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(fake->latched[33].data), virq);
}

static void vis_supplied_pending_test(struct kunit *test)
{
	unsigned int virq = vis_test_start_supplied(test, 33);
	bool state;

	KUNIT_EXPECT_EQ(test, irq_get_irqchip_state(virq, IRQCHIP_STATE_PENDING, &state), 0);
	KUNIT_EXPECT_FALSE(test, state);
	((__le32 *)fake->vis->pending)[1] = cpu_to_le32(BIT(1));
	KUNIT_EXPECT_EQ(test, irq_get_irqchip_state(virq, IRQCHIP_STATE_PENDING, &state), 0);
	KUNIT_EXPECT_TRUE(test, state);
}

static void vis_supplied_destroy_test(struct kunit *test)
{
	struct virtio_vis_tables tables;
	void *memory;

	fake->vis = virtio_vis_create(fake->dev, &fake_layout);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->vis);
	KUNIT_ASSERT_EQ(test, virtio_vis_supply(fake->vis, true, &tables), 0);
	virtio_vis_destroy(fake->vis);
	KUNIT_EXPECT_EQ(test, fake->nr_supplied, 0);

	fake->vis = virtio_vis_create(fake->dev, &fake_layout);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->vis);
	KUNIT_ASSERT_EQ(test, virtio_vis_supply(fake->vis, false, &tables), 0);
	memory = fake->vis->table;
	virtio_vis_leak_supplied(fake->vis);
	virtio_vis_destroy(fake->vis);
	KUNIT_EXPECT_EQ(test, fake->nr_supplied, 1);
	free_pages_exact(memory, fake->supplied_size);
}

static struct kunit_case vis_supplied_cases[] = {
	KUNIT_CASE(vis_supplied_test),
	KUNIT_CASE(vis_supplied_again_test),
	KUNIT_CASE(vis_supplied_fails_test),
	KUNIT_CASE(vis_supplied_move_test),
	KUNIT_CASE(vis_supplied_pending_test),
	KUNIT_CASE(vis_supplied_destroy_test),
	{ }
};

static struct kunit_suite vis_supplied_suite = {
	.name		= "virtio_vis_supplied",
	.init		= vis_test_init,
	.test_cases	= vis_supplied_cases,
};

/* A failure at every allocation */

#if IS_ENABLED(CONFIG_FAULT_INJECTION_DEBUG_FS)
static void vis_fail_nth(unsigned int nth)
{
	current->fail_nth = nth;
}

/* Ends vis_fail_nth(), and returns whether the allocation has failed */
static bool vis_has_failed(void)
{
	bool has_failed = !current->fail_nth;

	current->fail_nth = 0;
	return has_failed;
}
#else
static void vis_fail_nth(unsigned int nth)
{
}

static bool vis_has_failed(void)
{
	return false;
}
#endif

/* By default failslab spares allocations that may sleep: its debugfs files change that */
static void *vis_failslab(const char *name)
{
	struct dentry *file, *dir = debugfs_lookup("failslab", NULL);
	void *value = NULL;

	file = debugfs_lookup(name, dir);
	if (file)
		value = d_inode(file)->i_private;
	dput(file);
	dput(dir);
	return value;
}

static bool vis_failslab_ignores;
static unsigned long vis_failslab_verbose;

static int vis_fail_init(struct kunit *test)
{
	unsigned long *verbose = vis_failslab("verbose");
	bool *ignores = vis_failslab("ignore-gfp-wait");

	if (!ignores || !verbose)
		kunit_skip(test, "needs CONFIG_FAILSLAB and CONFIG_FAULT_INJECTION_DEBUG_FS");
	vis_failslab_ignores = *ignores;
	vis_failslab_verbose = *verbose;
	*ignores = false;
	*verbose = 0;
	return vis_test_init(test);
}

static void vis_fail_exit(struct kunit *test)
{
	unsigned long *verbose = vis_failslab("verbose");
	bool *ignores = vis_failslab("ignore-gfp-wait");

	if (!ignores || !verbose)
		return;
	*ignores = vis_failslab_ignores;
	*verbose = vis_failslab_verbose;
}

/* Memory debuggers tolerate failures of their own, so most failures are errors, but not all */
static void vis_fail_create_test(struct kunit *test)
{
	unsigned int errors = 0, nth = 0;
	bool has_failed;

	do {
		vis_fail_nth(++nth);
		fake->vis = virtio_vis_create(fake->dev, &fake_layout);
		has_failed = vis_has_failed();
		if (IS_ERR(fake->vis))
			errors++;
		else
			virtio_vis_destroy(fake->vis);
		vis_test_expect_nothing(test);
	} while (has_failed);

	KUNIT_EXPECT_FALSE(test, IS_ERR(fake->vis));
	kunit_info(test, "%u errors from %u failures\n", errors, nth - 1);
	KUNIT_EXPECT_GT(test, errors, 8);
}

static int vis_fail_alloc(struct kunit *test, unsigned int nth)
{
	struct irq_affinity affd = { .pre_vectors = 1 };
	int ret;

	virtio_vis_free_vectors(fake->vis);
	vis_fail_nth(nth);
	ret = virtio_vis_alloc_vectors(fake->vis, 3, &affd);
	KUNIT_EXPECT_EQ_MSG(test, fake->vis->nvec, ret ? 0 : 3, "allocation %u", nth);
	KUNIT_EXPECT_EQ_MSG(test, !fake->vis->virqs, !!ret, "allocation %u", nth);
	KUNIT_EXPECT_EQ_MSG(test, !fake->vis->affinity, !!ret, "allocation %u", nth);
	return ret;
}

/* If the managed affinity of an interrupt cannot be stored, that is an error, too */
static void vis_fail_alloc_test(struct kunit *test)
{
	unsigned int i, errors = 0, nth = 0;
	bool has_failed;
	int ret;

	vis_test_need_cpus(test);
	vis_test_start(test, 1);
	do {
		ret = vis_fail_alloc(test, ++nth);
		has_failed = vis_has_failed();
		errors += !!ret;
		for (i = 1; !ret && i < 3; i++)
			KUNIT_EXPECT_TRUE(test, irqd_affinity_is_managed(vis_test_irq_data(i)));
	} while (has_failed);

	KUNIT_EXPECT_EQ(test, ret, 0);
	kunit_info(test, "%u errors from %u failures\n", errors, nth - 1);
	KUNIT_EXPECT_GT(test, errors, 15);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);
}

static struct kunit_case vis_fail_cases[] = {
	KUNIT_CASE(vis_fail_create_test),
	KUNIT_CASE(vis_fail_alloc_test),
	{ }
};

static struct kunit_suite vis_fail_suite = {
	.name		= "virtio_vis_fail",
	.init		= vis_fail_init,
	.exit		= vis_fail_exit,
	.test_cases	= vis_fail_cases,
};

kunit_test_suites(&vis_tables_suite, &vis_layout_suite, &vis_latch_suite, &vis_states_suite,
		  &vis_msi_suite, &vis_vectors_suite, &vis_dynamic_suite, &vis_supplied_suite,
		  &vis_fail_suite);

MODULE_DESCRIPTION("KUnit tests of the VIS irqchip");
