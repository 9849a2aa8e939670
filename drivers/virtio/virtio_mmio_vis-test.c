// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the VIS half of virtio-mmio, on registers and an irqchip of the test
 *
 * The VIS half is compiled into the test, and macros record its accesses, so it needs no hooks. It
 * requests interrupts from the kernel.
 */
#include <kunit/platform_device.h>
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/ioport.h>
#include <linux/irq.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <uapi/linux/virtio_mmio.h>
#include <uapi/linux/virtio_mmio_msi.h>

/* The same kernel may contain the VIS half and the irqchip, so both have other names here */
#define virtio_mmio_vis_probe			vm_vis_test_probe
#define virtio_mmio_vis_remove			vm_vis_test_remove
#define virtio_mmio_vis_finalize_features	vm_vis_test_finalize_features
#define virtio_mmio_vis_find_vqs			vm_vis_test_find_vqs
#define virtio_mmio_vis_in_use			vm_vis_test_in_use
#define virtio_mmio_vis_free_irqs		vm_vis_test_free_irqs
#define virtio_mmio_vis_reset_begin		vm_vis_test_reset_begin
#define virtio_mmio_vis_synchronize_cbs		vm_vis_test_synchronize_cbs
#define virtio_mmio_vis_set_vq_affinity		vm_vis_test_set_vq_affinity
#define virtio_mmio_vis_get_vq_affinity		vm_vis_test_get_vq_affinity
#define virtio_mmio_vis_disable_vq		vm_vis_test_disable_vq
#define virtio_mmio_vis_enable_vq		vm_vis_test_enable_vq
#define virtio_vis_create		fake_irqchip_create
#define virtio_vis_destroy		fake_irqchip_destroy
#define virtio_vis_supply		fake_irqchip_supply
#define virtio_vis_leak_supplied	fake_irqchip_leak_supplied
#define virtio_vis_alloc_vectors	fake_irqchip_alloc_vectors
#define virtio_vis_free_vectors		fake_irqchip_free_vectors
#define virtio_vis_irq			fake_irqchip_irq
#define virtio_vis_affinity		fake_irqchip_affinity
#define virtio_vis_enable		fake_irqchip_enable
#define virtio_vis_disable		fake_irqchip_disable

#include <linux/virtio_vis.h>

#include "virtio_mmio_vis.h"
#include "virtio_mmio_vis-test.h"

/* Beyond the memory and the devices of any machine that runs tests */
#define FAKE_REGS		0x3f10000000ULL
#define FAKE_REGS_SIZE		0x200
#define FAKE_LINE		42

/* The tables that the driver supplies */
#define FAKE_SUPPLIED_TABLE	0x123456780ULL
#define FAKE_SUPPLIED_PENDING	0x9abcdef04ULL

#define FAKE_VECTORS		16
#define FAKE_QUEUES		8
#define FAKE_LOG_SIZE		128
#define FAKE_NEVER		U32_MAX

enum fake_kind {
	FAKE_READ,
	FAKE_WRITE,
	FAKE_ALLOC,
	FAKE_FREE,
	FAKE_IRQCHIP_ENABLE,
	FAKE_IRQCHIP_DISABLE,
	FAKE_SUPPLY,
	FAKE_DESTROY,
};

/**
 * struct fake_event - An action of the VIS half
 * @kind:	An access to a register, or a call of the irqchip
 * @reg:	Offset of the register
 * @value:	The value read or written, the number of vectors, or 1 if addresses are translated
 */
struct fake_event {
	enum fake_kind	kind;
	unsigned int	reg;
	u32		value;
};

/**
 * struct virtio_vis - The irqchip
 * @layout:		The layout that it was created with
 * @exists:		It has been created, and not destroyed
 * @base:		Linux number of the first interrupt
 * @nvec:		Number of allocated vectors
 * @affd:		The requested spread
 * @managed:		A spread was requested
 * @affinity:		The CPUs that it reports for each vector
 */
struct virtio_vis {
	struct virtio_vis_layout	layout;
	bool				exists;
	int				base;
	unsigned int			nvec;
	struct irq_affinity		affd;
	bool				managed;
	struct cpumask			affinity;
};

/**
 * struct fake_device - A device, its irqchip, and the accesses and calls to them
 * @regs:		The registers
 * @queue_vectors:	VISQueueVector of each queue
 * @offered:		The device offers VIS
 * @log:		Events in their order
 * @nr_log:		Number of events
 * @irqchip:		The irqchip
 * @create_error:	Error of virtio_vis_create(), or 0
 * @max_vectors:	Number of vectors that the CPUs have
 * @bad_vector:		Vector whose interrupt cannot be requested
 * @bad_queue:		Queue that cannot be set up
 * @bad_supply:		No tables can be supplied
 * @stuck:		No reset completes
 * @leaked:		The supplied tables will not be freed
 * @bad_allocs:		Bit n: allocation n fails
 * @nr_allocs:		Number of allocations
 * @nr_freed:		Number of interrupt storages freed
 * @nr_moves:		Number of moves
 * @deleted_in_use:	A queue was deleted while interrupts could use it
 * @nr_armed:		Number of interrupts that were freed while they could wake the system
 * @pdev:		The platform device
 * @vdev:		The virtio device
 * @queues:		Its queues
 * @vqs:		The virtqueues that virtio_mmio_vis_find_vqs() returned
 * @vm_vis:		VIS of the device
 */
struct fake_device {
	u32			regs[VIRTIO_MMIO_CONFIG / sizeof(u32)];
	u32			queue_vectors[FAKE_QUEUES];
	bool			offered;
	struct fake_event	log[FAKE_LOG_SIZE];
	unsigned int		nr_log;
	struct virtio_vis	irqchip;
	int			create_error;
	unsigned int		max_vectors;
	unsigned int		bad_vector;
	unsigned int		bad_queue;
	bool			bad_supply;
	bool			stuck;
	bool			leaked;
	unsigned long		bad_allocs;
	unsigned int		nr_allocs;
	unsigned int		nr_freed;
	unsigned int		nr_moves;
	bool			deleted_in_use;
	unsigned int		nr_armed;
	struct platform_device	*pdev;
	struct virtio_device	vdev;
	struct virtqueue	queues[FAKE_QUEUES];
	struct virtqueue	*vqs[FAKE_QUEUES];
	struct virtio_mmio_vis	*vm_vis;
};

static struct fake_device *fake;

static void fake_note(enum fake_kind kind, unsigned int reg, u32 value)
{
	if (fake->nr_log < FAKE_LOG_SIZE)
		fake->log[fake->nr_log++] = (struct fake_event) { kind, reg, value };
}

/* The registers */

static u32 fake_readl(const void __iomem *addr)
{
	unsigned int reg = (uintptr_t)addr - (uintptr_t)fake->regs;
	u32 value = fake->regs[reg / sizeof(u32)];

	if (reg == VIRTIO_MMIO_STATUS)
		value |= fake->stuck;
	fake_note(FAKE_READ, reg, value);
	return value;
}

static void fake_writel(u32 value, void __iomem *addr)
{
	unsigned int reg = (uintptr_t)addr - (uintptr_t)fake->regs;

	fake_note(FAKE_WRITE, reg, value);
	fake->regs[reg / sizeof(u32)] = value;
	if (reg == VIRTIO_MMIO_VIS_QUEUE_VECTOR)
		fake->queue_vectors[fake->regs[VIRTIO_MMIO_QUEUE_SEL / 4]] = value;
}

/* MSI_CSR and MSI_COMMAND share a word */
static u16 fake_readw(const void __iomem *addr)
{
	unsigned int reg = (uintptr_t)addr - (uintptr_t)fake->regs;
	u16 value = fake->regs[reg / sizeof(u32)];

	fake_note(FAKE_READ, reg, value);
	return value;
}

static void fake_writew(u16 value, void __iomem *addr)
{
	fake_note(FAKE_WRITE, (uintptr_t)addr - (uintptr_t)fake->regs, value);
}

/* The transport */

static struct virtqueue *fake_setup_vq(struct virtio_device *vdev, unsigned int index,
				       void (*callback)(struct virtqueue *vq), const char *name,
				       bool ctx)
{
	struct virtqueue *vq = &fake->queues[index];

	if (index == fake->bad_queue)
		return ERR_PTR(-ENOENT);

	fake_writel(index, (__force void __iomem *)fake->regs + VIRTIO_MMIO_QUEUE_SEL);
	vq->index = index;
	vq->callback = callback;
	vq->vdev = vdev;
	list_add_tail(&vq->list, &vdev->vqs);
	return vq;
}

static void fake_del_vq(struct virtqueue *vq)
{
	fake->deleted_in_use |= fake->irqchip.nvec;
	list_del(&vq->list);
	memset(vq, 0, sizeof(*vq));
}

static const struct virtio_mmio_vis_vq_ops fake_vq_ops = {
	.setup	= fake_setup_vq,
	.del	= fake_del_vq,
};

static void fake_del_vqs(struct virtio_device *vdev)
{
	struct virtqueue *vq, *next;

	virtio_mmio_vis_free_irqs(fake->vm_vis);
	list_for_each_entry_safe(vq, next, &vdev->vqs, list)
		fake_del_vq(vq);
}

/* Other functions that the VIS half calls */

static bool fake_alloc_fails(void)
{
	return fake->bad_allocs & BIT(fake->nr_allocs++);
}

static void *fake_kzalloc(size_t size, gfp_t flags)
{
	return fake_alloc_fails() ? NULL : kzalloc(size, flags);
}

static void *fake_kvcalloc(size_t n, size_t size, gfp_t flags)
{
	return fake_alloc_fails() ? NULL : kvcalloc(n, size, flags);
}

static void fake_kfree(void *vm_vis)
{
	fake->nr_freed++;
	kfree(vm_vis);
}

/* Only the VIS half may use these macros, so all of its headers are included above */
#undef readl
#define readl			fake_readl
#undef writel
#define writel			fake_writel
#undef readw
#define readw			fake_readw
#undef writew
#define writew			fake_writew
#undef kzalloc
#define kzalloc			fake_kzalloc
#undef kvcalloc
#define kvcalloc		fake_kvcalloc
#define kfree(ptr)		fake_kfree(ptr)
#define vring_interrupt		fake_vring_interrupt
#define virtio_config_changed	fake_config_changed

#include "virtio_mmio_vis.c"

/* The irqchip */

static int fake_request_resources(struct irq_data *d)
{
	return d->irq - fake->irqchip.base == fake->bad_vector ? -ENOSPC : 0;
}

static void fake_mask(struct irq_data *d)
{
}

static int fake_set_affinity(struct irq_data *d, const struct cpumask *dest, bool force)
{
	fake->nr_moves++;
	irq_data_update_effective_affinity(d, dest);
	return IRQ_SET_MASK_OK;
}

static struct irq_chip fake_chip = {
	.name			= "fake",
	.flags			= IRQCHIP_SKIP_SET_WAKE,
	.irq_request_resources	= fake_request_resources,
	.irq_mask		= fake_mask,
	.irq_unmask		= fake_mask,
	.irq_set_affinity	= fake_set_affinity,
};

struct virtio_vis *virtio_vis_create(struct device *dev, const struct virtio_vis_layout *layout)
{
	if (fake->create_error)
		return ERR_PTR(fake->create_error);
	fake->irqchip.layout = *layout;
	fake->irqchip.exists = true;
	return &fake->irqchip;
}

void virtio_vis_destroy(struct virtio_vis *vis)
{
	fake_note(FAKE_DESTROY, 0, 0);
	vis->exists = false;
}

int virtio_vis_supply(struct virtio_vis *vis, bool translated, struct virtio_vis_tables *tables)
{
	fake_note(FAKE_SUPPLY, 0, translated);
	if (fake->bad_supply)
		return -ENOMEM;
	*tables = (struct virtio_vis_tables) { FAKE_SUPPLIED_TABLE, FAKE_SUPPLIED_PENDING };
	return 0;
}

void virtio_vis_leak_supplied(struct virtio_vis *vis)
{
	fake->leaked = vis->exists;
}

int virtio_vis_alloc_vectors(struct virtio_vis *vis, unsigned int nvec, struct irq_affinity *affd)
{
	unsigned int i;

	fake_note(FAKE_ALLOC, 0, nvec);
	vis->managed = affd;
	if (affd)
		vis->affd = *affd;
	if (nvec > fake->irqchip.layout.nr_vectors)
		return -ENOSPC;
	if (nvec > fake->max_vectors)
		return fake->max_vectors ?: -ENOSPC;

	vis->base = irq_alloc_descs(-1, 1, nvec, NUMA_NO_NODE);
	if (vis->base < 0)
		return vis->base;
	vis->nvec = nvec;
	for (i = 0; i < nvec; i++) {
		irq_set_chip_and_handler(vis->base + i, &fake_chip, handle_simple_irq);
		irq_modify_status(vis->base + i, IRQ_NOREQUEST, 0);
	}
	return 0;
}

static unsigned int fake_count_armed(void)
{
	unsigned int i, count = 0;

	for (i = 0; i < fake->irqchip.nvec; i++)
		count += irqd_is_wakeup_set(irq_get_irq_data(fake->irqchip.base + i));
	return count;
}

void virtio_vis_free_vectors(struct virtio_vis *vis)
{
	fake_note(FAKE_FREE, 0, vis->nvec);
	fake->nr_armed += fake_count_armed();
	if (vis->nvec)
		irq_free_descs(vis->base, vis->nvec);
	vis->nvec = 0;
}

unsigned int virtio_vis_irq(const struct virtio_vis *vis, unsigned int vector)
{
	return vis->base + vector;
}

const struct cpumask *virtio_vis_affinity(const struct virtio_vis *vis, unsigned int vector)
{
	unsigned int fixed = vis->affd.pre_vectors + vis->affd.post_vectors;

	return vis->managed && vis->nvec > fixed ? &vis->affinity : NULL;
}

void virtio_vis_enable(struct virtio_vis *vis)
{
	fake_note(FAKE_IRQCHIP_ENABLE, 0, 0);
}

void virtio_vis_disable(struct virtio_vis *vis)
{
	fake_note(FAKE_IRQCHIP_DISABLE, 0, 0);
}

/* Common parts of the cases */

static void fake_callback(struct virtqueue *vq)
{
}

/* Queues 0 to 3: an entry without a name is no queue, one without a callback needs no vector */
static struct virtqueue_info fake_queues[] = {
	{ "req.0", fake_callback },
	{ "req.1", fake_callback },
	{ NULL, fake_callback },
	{ "quiet", NULL },
	{ "event", fake_callback },
};

#define FAKE_QUIET_INDEX	2
#define FAKE_EVENT_INDEX	3
#define FAKE_PER_QUEUE		4

static struct virtqueue_info fake_many_queues[FAKE_QUEUES] = {
	{ "req.0", fake_callback },
	{ "req.1", fake_callback },
	{ "req.2", fake_callback },
	{ "req.3", fake_callback },
	{ "quiet", NULL },
	{ "req.4", fake_callback },
	{ "req.5", fake_callback },
	{ "req.6", fake_callback },
};

#define FAKE_MANY_QUIET_INDEX	4
#define FAKE_MANY_PER_QUEUE	8

static void vm_vis_test_set_reg(unsigned int reg, u32 value)
{
	fake->regs[reg / sizeof(u32)] = value;
}

static void vm_vis_test_add_device(struct kunit *test, bool has_line)
{
	const struct resource res[] = {
		DEFINE_RES_MEM(FAKE_REGS, FAKE_REGS_SIZE),
		DEFINE_RES_IRQ(FAKE_LINE),
	};

	fake->pdev = kunit_platform_device_alloc(test, "vis-test", PLATFORM_DEVID_AUTO);
	KUNIT_ASSERT_NOT_NULL(test, fake->pdev);
	KUNIT_ASSERT_EQ(test, platform_device_add_resources(fake->pdev, res, has_line ? 2 : 1), 0);
	KUNIT_ASSERT_EQ(test, kunit_platform_device_add(test, fake->pdev), 0);
}

static int vm_vis_test_init(struct kunit *test)
{
	unsigned int i;

	fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake_core = (struct fake_core) { };
	fake->offered = true;
	fake->max_vectors = FAKE_VECTORS;
	fake->bad_vector = FAKE_NEVER;
	fake->bad_queue = FAKE_NEVER;
	for (i = 0; i < FAKE_QUEUES; i++)
		fake->queue_vectors[i] = VIRTIO_VIS_NO_VECTOR;
	vm_vis_test_set_reg(VIRTIO_MMIO_VIS_NUM_VECTORS, 0x20000000 | FAKE_VECTORS);
	INIT_LIST_HEAD(&fake->vdev.vqs);
	fake->vdev.dev.init_name = "virtio7";
	return 0;
}

static struct virtio_mmio_vis *vm_vis_test_probe_device(void)
{
	u64 vis = BIT_ULL(VIRTIO_F_VIS);

	return virtio_mmio_vis_probe(fake->pdev, (__force void __iomem *)fake->regs,
				     fake->offered ? vis : ~vis);
}

static void vm_vis_test_teardown(void *data)
{
	fake_del_vqs(&fake->vdev);
	virtio_mmio_vis_remove(fake->vm_vis);
}

static void vm_vis_test_start(struct kunit *test)
{
	vm_vis_test_add_device(test, true);
	fake->vm_vis = vm_vis_test_probe_device();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->vm_vis);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, vm_vis_test_teardown, NULL), 0);
	fake->nr_log = 0;
	fake->nr_allocs = 0;
}

/* From now on the device has this many vectors */
static void vm_vis_test_limit(unsigned int nr_vectors)
{
	fake->vm_vis->nr_vectors = nr_vectors;
	fake->irqchip.layout.nr_vectors = nr_vectors;
	fake->nr_log = 0;
}

static int vm_vis_test_find(struct irq_affinity *desc)
{
	return virtio_mmio_vis_find_vqs(fake->vm_vis, &fake->vdev, ARRAY_SIZE(fake_queues),
					fake->vqs, fake_queues, desc, &fake_vq_ops);
}

static int vm_vis_test_find_many(struct irq_affinity *desc)
{
	return virtio_mmio_vis_find_vqs(fake->vm_vis, &fake->vdev, ARRAY_SIZE(fake_many_queues),
					fake->vqs, fake_many_queues, desc, &fake_vq_ops);
}

static int vm_vis_test_hint(struct virtqueue *vq, const struct cpumask *mask)
{
	return virtio_mmio_vis_set_vq_affinity(fake->vm_vis, vq, mask);
}

static unsigned int vm_vis_test_count(enum fake_kind kind, unsigned int reg)
{
	unsigned int i, count = 0;

	for (i = 0; i < fake->nr_log; i++)
		count += fake->log[i].kind == kind && fake->log[i].reg == reg;
	return count;
}

static void vm_vis_test_expect_event(struct kunit *test, unsigned int i, enum fake_kind kind,
				     unsigned int reg, u32 value)
{
	KUNIT_ASSERT_LT(test, i, fake->nr_log);
	KUNIT_EXPECT_EQ(test, fake->log[i].kind, kind);
	KUNIT_EXPECT_EQ(test, fake->log[i].reg, reg);
	KUNIT_EXPECT_EQ(test, fake->log[i].value, value);
}

/* The last two actions set ENABLE and enable the vectors */
static void vm_vis_test_expect_enabled(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_WRITE, VIRTIO_MMIO_VIS_CONTROL), 1);
	KUNIT_ASSERT_GE(test, fake->nr_log, 2);
	vm_vis_test_expect_event(test, fake->nr_log - 2, FAKE_WRITE, VIRTIO_MMIO_VIS_CONTROL,
				 VIRTIO_VIS_CONTROL_ENABLE);
	vm_vis_test_expect_event(test, fake->nr_log - 1, FAKE_IRQCHIP_ENABLE, 0, 0);
}

static void vm_vis_test_expect_queues(struct kunit *test, u32 v0, u32 v1, u32 v2, u32 v3)
{
	KUNIT_EXPECT_EQ(test, fake->queue_vectors[0], v0);
	KUNIT_EXPECT_EQ(test, fake->queue_vectors[1], v1);
	KUNIT_EXPECT_EQ(test, fake->queue_vectors[FAKE_QUIET_INDEX], v2);
	KUNIT_EXPECT_EQ(test, fake->queue_vectors[FAKE_EVENT_INDEX], v3);
}

/* The first queues are mapped to vectors of their own, and the others to the last vector */
static void vm_vis_test_expect_some(struct kunit *test, unsigned int nvec)
{
	unsigned int i, next = VM_VIS_QUEUES;

	KUNIT_ASSERT_EQ(test, fake->irqchip.nvec, nvec);
	for (i = 0; i < FAKE_QUEUES; i++) {
		if (i == FAKE_MANY_QUIET_INDEX)
			KUNIT_EXPECT_EQ(test, fake->queue_vectors[i], VIRTIO_VIS_NO_VECTOR);
		else
			KUNIT_EXPECT_EQ(test, fake->queue_vectors[i], min(next++, nvec - 1));
	}
	vm_vis_test_expect_enabled(test);
}

/* The device uses its line: nothing of an attempt remains, and ENABLE was never set */
static void vm_vis_test_expect_line(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, virtio_mmio_vis_in_use(fake->vm_vis));
	KUNIT_EXPECT_EQ(test, fake->irqchip.nvec, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&fake->vdev.vqs));
	KUNIT_EXPECT_FALSE(test, fake->deleted_in_use);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_WRITE, VIRTIO_MMIO_VIS_CONTROL), 0);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_IRQCHIP_ENABLE, 0), 0);
}

/* Discovery */

static void vm_vis_not_offered_test(struct kunit *test)
{
	vm_vis_test_add_device(test, true);
	fake->offered = false;
	KUNIT_EXPECT_NULL(test, vm_vis_test_probe_device());
	KUNIT_EXPECT_EQ(test, fake->nr_log, 1);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_READ, VIRTIO_MMIO_VENDOR_ID), 1);
	KUNIT_EXPECT_FALSE(test, fake->irqchip.exists);
}

static void vm_vis_layout_test(struct kunit *test)
{
	unsigned int reg;

	for (reg = VIRTIO_MMIO_VIS_TABLE_LOW; reg <= VIRTIO_MMIO_VIS_PENDING_HIGH; reg += 4)
		vm_vis_test_set_reg(reg, 0x1000 * reg);
	vm_vis_test_set_reg(VIRTIO_MMIO_VIS_NUM_VECTORS, 0x2fff1234);
	vm_vis_test_start(test);
	KUNIT_EXPECT_EQ(test, fake->irqchip.layout.nr_vectors, 0x1234);
	KUNIT_EXPECT_EQ(test, fake->irqchip.layout.table, 0xdc000000d8000);
	KUNIT_EXPECT_EQ(test, fake->irqchip.layout.mask, 0xe4000000e0000);
	KUNIT_EXPECT_EQ(test, fake->irqchip.layout.pending, 0xec000000e8000);
	KUNIT_EXPECT_EQ(test, fake->irqchip.layout.regs, FAKE_REGS);
	KUNIT_EXPECT_EQ(test, fake->irqchip.layout.regs_size, FAKE_REGS_SIZE);
}

static void vm_vis_read_once_test(struct kunit *test)
{
	unsigned int reg;

	vm_vis_test_add_device(test, false);
	fake->vm_vis = vm_vis_test_probe_device();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->vm_vis);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_READ, VIRTIO_MMIO_VIS_NUM_VECTORS), 1);
	for (reg = VIRTIO_MMIO_VIS_TABLE_LOW; reg <= VIRTIO_MMIO_VIS_PENDING_HIGH; reg += 4)
		KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_READ, reg), 1);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 7);
	virtio_mmio_vis_remove(fake->vm_vis);
	KUNIT_EXPECT_FALSE(test, fake->irqchip.exists);
}

struct vm_vis_header_case {
	const char	*name;
	u32		num;
	int		error;
};

static const struct vm_vis_header_case vm_vis_headers[] = {
	{ "no_vectors", 0x20000000, -EINVAL },
	{ "no_vectors_but_flags", 0x2fff0000, -EINVAL },
	{ "all_zeroes", 0x00000000, -EOPNOTSUPP },
	{ "all_ones", 0xffffffff, -EOPNOTSUPP },
	{ "draft_0", 0x00000010, -EOPNOTSUPP },
	{ "draft_1", 0x10000010, -EOPNOTSUPP },
	{ "draft_3", 0x30000010, -EOPNOTSUPP },
};

static void vm_vis_header_test(struct kunit *test)
{
	const struct vm_vis_header_case *c = test->param_value;

	vm_vis_test_add_device(test, true);
	vm_vis_test_set_reg(VIRTIO_MMIO_VIS_NUM_VECTORS, c->num);
	KUNIT_EXPECT_PTR_EQ(test, vm_vis_test_probe_device(), ERR_PTR(c->error));
	KUNIT_EXPECT_FALSE(test, fake->irqchip.exists);
}

static void vm_vis_header_desc(const struct vm_vis_header_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(vm_vis_header, vm_vis_headers, vm_vis_header_desc);

static void vm_vis_irqchip_refuses_test(struct kunit *test)
{
	vm_vis_test_add_device(test, true);
	fake->create_error = -EBUSY;
	KUNIT_EXPECT_PTR_EQ(test, vm_vis_test_probe_device(), ERR_PTR(-EBUSY));
}

static void vm_vis_probe_fails_test(struct kunit *test)
{
	vm_vis_test_add_device(test, true);
	fake->bad_allocs = BIT(0);
	KUNIT_EXPECT_PTR_EQ(test, vm_vis_test_probe_device(), ERR_PTR(-ENOMEM));
	KUNIT_EXPECT_EQ(test, fake->nr_allocs, 1);
}

static void vm_vis_remove_test(struct kunit *test)
{
	vm_vis_test_add_device(test, true);
	fake->vm_vis = vm_vis_test_probe_device();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->vm_vis);
	virtio_mmio_vis_remove(fake->vm_vis);
	KUNIT_EXPECT_FALSE(test, fake->irqchip.exists);
	KUNIT_EXPECT_EQ(test, fake->nr_freed, 1);
}

static void vm_vis_features_test(struct kunit *test)
{
	vm_vis_test_start(test);
	virtio_mmio_vis_finalize_features(NULL, &fake->vdev);
	KUNIT_EXPECT_FALSE(test, __virtio_test_bit(&fake->vdev, VIRTIO_F_VIS));
	virtio_mmio_vis_finalize_features(fake->vm_vis, &fake->vdev);
	KUNIT_EXPECT_TRUE(test, __virtio_test_bit(&fake->vdev, VIRTIO_F_VIS));
}

static struct kunit_case vm_vis_probe_cases[] = {
	KUNIT_CASE(vm_vis_not_offered_test),
	KUNIT_CASE(vm_vis_layout_test),
	KUNIT_CASE(vm_vis_read_once_test),
	KUNIT_CASE_PARAM(vm_vis_header_test, vm_vis_header_gen_params),
	KUNIT_CASE(vm_vis_irqchip_refuses_test),
	KUNIT_CASE(vm_vis_probe_fails_test),
	KUNIT_CASE(vm_vis_remove_test),
	KUNIT_CASE(vm_vis_features_test),
	{ }
};

static struct kunit_suite vm_vis_probe_suite = {
	.name		= "virtio_mmio_vis_probe",
	.init		= vm_vis_test_init,
	.test_cases	= vm_vis_probe_cases,
};

/* MSI registers in place of VIS */

struct vm_msi_vendor_case {
	const char	*name;
	u32		vendor;
	bool		offered;
	bool		msi;
};

static const struct vm_msi_vendor_case vm_msi_vendors[] = {
	{ "msi", 0xdbfcdb02, false, true },
	{ "msi_and_others", 0xdbfcdbff, false, true },
	{ "no_msi", 0xdbfcdbfd, false, false },
	{ "other_vendor", 0xdbfcda02, false, false },
	{ "vis_and_msi", 0xdbfcdb02, true, false },
};

static void vm_msi_vendor_test(struct kunit *test)
{
	const struct vm_msi_vendor_case *c = test->param_value;

	vm_vis_test_add_device(test, true);
	fake->offered = c->offered;
	vm_vis_test_set_reg(VIRTIO_MMIO_VENDOR_ID, c->vendor);
	vm_vis_test_set_reg(VIRTIO_MMIO_MSI_CSR, VIRTIO_MMIO_MSI_CSR_SUPPORTED);
	fake->vm_vis = vm_vis_test_probe_device();
	KUNIT_EXPECT_EQ(test, fake->irqchip.exists, c->offered || c->msi);
	KUNIT_EXPECT_EQ(test, !!fake->irqchip.layout.msi, c->msi);
	virtio_mmio_vis_remove(fake->vm_vis);
}

static void vm_msi_vendor_desc(const struct vm_msi_vendor_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(vm_msi_vendor, vm_msi_vendors, vm_msi_vendor_desc);

static void vm_msi_test_offer(void)
{
	fake->offered = false;
	fake->vdev.id.vendor = VIRTIO_MMIO_MSI_VENDOR | VIRTIO_MMIO_MSI_VENDOR_MSI;
	vm_vis_test_set_reg(VIRTIO_MMIO_VENDOR_ID, fake->vdev.id.vendor);
	vm_vis_test_set_reg(VIRTIO_MMIO_MSI_CSR, VIRTIO_MMIO_MSI_CSR_SUPPORTED);
}

static void vm_msi_test_start(struct kunit *test)
{
	vm_msi_test_offer();
	vm_vis_test_start(test);
}

static void vm_msi_layout_test(struct kunit *test)
{
	vm_msi_test_start(test);
	KUNIT_EXPECT_EQ(test, fake->irqchip.layout.nr_vectors, VIRTIO_MMIO_MSI_MAX_VECTORS);
	KUNIT_EXPECT_PTR_EQ(test, (__force void *)fake->irqchip.layout.msi, (void *)fake->regs);
}

static void vm_msi_unsupported_test(struct kunit *test)
{
	vm_msi_test_offer();
	vm_vis_test_add_device(test, true);
	vm_vis_test_set_reg(VIRTIO_MMIO_MSI_CSR, ~VIRTIO_MMIO_MSI_CSR_SUPPORTED);
	KUNIT_EXPECT_PTR_EQ(test, vm_vis_test_probe_device(), ERR_PTR(-EINVAL));
	KUNIT_EXPECT_FALSE(test, fake->irqchip.exists);
}

static void vm_msi_test_features(struct kunit *test, struct virtio_mmio_vis *vm_vis)
{
	__virtio_set_bit(&fake->vdev, VIRTIO_F_RING_RESET);
	virtio_mmio_vis_finalize_features(vm_vis, &fake->vdev);
	KUNIT_EXPECT_FALSE(test, __virtio_test_bit(&fake->vdev, VIRTIO_F_RING_RESET));
	KUNIT_EXPECT_FALSE(test, __virtio_test_bit(&fake->vdev, VIRTIO_F_VIS));
}

/* MSI_CSR is where QueueReset would be, even if MSI cannot be used or VendorID has changed */
static void vm_msi_features_test(struct kunit *test)
{
	vm_msi_test_start(test);
	vm_msi_test_features(test, fake->vm_vis);
	vm_msi_test_features(test, NULL);
	fake->vdev.id.vendor = 0;
	vm_msi_test_features(test, fake->vm_vis);
}

/* Queue q has vector q + 1, even if a queue before it needs none */
static void vm_msi_per_queue_test(struct kunit *test)
{
	vm_msi_test_start(test);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	vm_vis_test_expect_event(test, 0, FAKE_ALLOC, 0, FAKE_EVENT_INDEX + 2);
	KUNIT_EXPECT_STREQ(test, fake->vm_vis->vectors[0].name, "virtio7-config");
	KUNIT_EXPECT_STREQ(test, fake->vm_vis->vectors[1].name, "virtio7-req.0");
	KUNIT_EXPECT_STREQ(test, fake->vm_vis->vectors[2].name, "virtio7-req.1");
	KUNIT_EXPECT_NULL(test, fake->vm_vis->vectors[FAKE_QUIET_INDEX + 1].cookie);
	KUNIT_EXPECT_STREQ(test, fake->vm_vis->vectors[FAKE_EVENT_INDEX + 1].name,
			   "virtio7-event");
}

/* No vector is allocated for the queues after the last one that needs one */
static void vm_msi_quiet_end_test(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, vm_vis_count_msi(0, fake_queues), 1);
	KUNIT_EXPECT_EQ(test, vm_vis_count_msi(3, fake_queues), 3);
	KUNIT_EXPECT_EQ(test, vm_vis_count_msi(4, fake_queues), 3);
	KUNIT_EXPECT_EQ(test, vm_vis_count_msi(5, fake_queues), FAKE_EVENT_INDEX + 2);
}

/* MSI is enabled before any vector gets its message, and VIS's registers do not exist */
static void vm_msi_enable_test(struct kunit *test)
{
	unsigned int i;

	vm_msi_test_start(test);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	KUNIT_ASSERT_GE(test, fake->nr_log, 2);
	vm_vis_test_expect_event(test, fake->nr_log - 2, FAKE_WRITE, VIRTIO_MMIO_MSI_CSR,
				 VIRTIO_MMIO_MSI_CSR_ENABLE);
	vm_vis_test_expect_event(test, fake->nr_log - 1, FAKE_IRQCHIP_ENABLE, 0, 0);
	fake_del_vqs(&fake->vdev);
	for (i = 0; i < fake->nr_log; i++) {
		if (fake->log[i].kind == FAKE_WRITE)
			KUNIT_EXPECT_LE(test, fake->log[i].reg, VIRTIO_MMIO_MSI_CSR);
	}
}

/* A device is enabled before DRIVER_OK only, and a reset disables it */
static void vm_vis_test_enable_once(struct kunit *test, unsigned int reg)
{
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	fake_del_vqs(&fake->vdev);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_WRITE, reg), 1);

	virtio_mmio_vis_reset_begin(fake->vm_vis);
	fake_del_vqs(&fake->vdev);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_WRITE, reg), 2);
}

static void vm_msi_enable_once_test(struct kunit *test)
{
	vm_msi_test_start(test);
	vm_vis_test_enable_once(test, VIRTIO_MMIO_MSI_CSR);
}

/* The mapping is fixed, so queues cannot share a vector */
static void vm_msi_line_test(struct kunit *test)
{
	vm_msi_test_start(test);
	fake->max_vectors = FAKE_EVENT_INDEX + 1;
	KUNIT_EXPECT_EQ(test, vm_vis_test_find(NULL), 1);
	vm_vis_test_expect_line(test);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_ALLOC, 0), 1);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_WRITE, VIRTIO_MMIO_MSI_CSR), 0);
}

static struct kunit_case vm_msi_cases[] = {
	KUNIT_CASE_PARAM(vm_msi_vendor_test, vm_msi_vendor_gen_params),
	KUNIT_CASE(vm_msi_layout_test),
	KUNIT_CASE(vm_msi_unsupported_test),
	KUNIT_CASE(vm_msi_features_test),
	KUNIT_CASE(vm_msi_per_queue_test),
	KUNIT_CASE(vm_msi_quiet_end_test),
	KUNIT_CASE(vm_msi_enable_test),
	KUNIT_CASE(vm_msi_enable_once_test),
	KUNIT_CASE(vm_msi_line_test),
	{ }
};

static struct kunit_suite vm_msi_suite = {
	.name		= "virtio_mmio_vis_msi",
	.init		= vm_vis_test_init,
	.test_cases	= vm_msi_cases,
};

/* Tables that the driver supplies */

static int vm_vis_supply_init(struct kunit *test)
{
	int ret = vm_vis_test_init(test);

	vm_vis_test_set_reg(VIRTIO_MMIO_VIS_NUM_VECTORS, 0x20010000 | FAKE_VECTORS);
	return ret;
}

static unsigned int vm_vis_test_count_addresses(void)
{
	unsigned int reg, count = 0;

	for (reg = VIRTIO_MMIO_VIS_TABLE_LOW; reg <= VIRTIO_MMIO_VIS_PENDING_HIGH; reg += 4)
		count += vm_vis_test_count(FAKE_WRITE, reg);
	return count;
}

/* The last writes before ENABLE tell the device the addresses */
static void vm_vis_test_expect_told(struct kunit *test)
{
	unsigned int i = fake->nr_log - 6;

	vm_vis_test_expect_enabled(test);
	vm_vis_test_expect_event(test, i++, FAKE_WRITE, VIRTIO_MMIO_VIS_TABLE_LOW, 0x23456780);
	vm_vis_test_expect_event(test, i++, FAKE_WRITE, VIRTIO_MMIO_VIS_TABLE_HIGH, 0x1);
	vm_vis_test_expect_event(test, i++, FAKE_WRITE, VIRTIO_MMIO_VIS_PENDING_LOW, 0xabcdef04);
	vm_vis_test_expect_event(test, i, FAKE_WRITE, VIRTIO_MMIO_VIS_PENDING_HIGH, 0x9);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count_addresses(), 4);
}

/* An earlier kernel may have supplied tables, whose addresses a reset takes away */
static void vm_vis_supply_probe_test(struct kunit *test)
{
	vm_vis_test_add_device(test, true);
	fake->vm_vis = vm_vis_test_probe_device();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->vm_vis);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, vm_vis_test_teardown, NULL), 0);
	vm_vis_test_expect_event(test, 0, FAKE_READ, VIRTIO_MMIO_VIS_NUM_VECTORS,
				 fake->regs[VIRTIO_MMIO_VIS_NUM_VECTORS / sizeof(u32)]);
	vm_vis_test_expect_event(test, 1, FAKE_WRITE, VIRTIO_MMIO_STATUS, 0);
	vm_vis_test_expect_event(test, 2, FAKE_READ, VIRTIO_MMIO_STATUS, 0);
	vm_vis_test_expect_event(test, 3, FAKE_READ, VIRTIO_MMIO_VIS_TABLE_LOW,
				 fake->regs[VIRTIO_MMIO_VIS_TABLE_LOW / sizeof(u32)]);
}

static void vm_vis_supply_probe_stuck_test(struct kunit *test)
{
	vm_vis_test_add_device(test, true);
	fake->stuck = true;
	KUNIT_EXPECT_PTR_EQ(test, vm_vis_test_probe_device(), ERR_PTR(-ETIMEDOUT));
	KUNIT_EXPECT_FALSE(test, fake->irqchip.exists);
}

/* The tables are supplied before the vectors are allocated, because that writes entries */
static void vm_vis_supply_test(struct kunit *test)
{
	vm_vis_test_start(test);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	vm_vis_test_expect_event(test, 0, FAKE_SUPPLY, 0, false);
	vm_vis_test_expect_event(test, 1, FAKE_ALLOC, 0, FAKE_PER_QUEUE);
	vm_vis_test_expect_told(test);
}

static void vm_vis_supply_translated_test(struct kunit *test)
{
	vm_vis_test_start(test);
	__virtio_set_bit(&fake->vdev, VIRTIO_F_ACCESS_PLATFORM);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	vm_vis_test_expect_event(test, 0, FAKE_SUPPLY, 0, true);
	vm_vis_test_expect_told(test);
}

/* All other flags are unknown */
static void vm_vis_supply_not_offered_test(struct kunit *test)
{
	vm_vis_test_set_reg(VIRTIO_MMIO_VIS_NUM_VECTORS, 0x2ffe0000 | FAKE_VECTORS);
	vm_vis_test_start(test);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	vm_vis_test_expect_enabled(test);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_SUPPLY, 0), 0);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count_addresses(), 0);
}

static void vm_vis_supply_fails_test(struct kunit *test)
{
	vm_vis_test_start(test);
	fake->bad_supply = true;
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	vm_vis_test_expect_enabled(test);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count_addresses(), 0);
}

/* A reset gives the device its own tables back */
static void vm_vis_supply_again_test(struct kunit *test)
{
	unsigned int i;

	vm_vis_test_start(test);
	for (i = 0; i < 2; i++) {
		fake->nr_log = 0;
		KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
		vm_vis_test_expect_event(test, 0, FAKE_SUPPLY, 0, false);
		vm_vis_test_expect_told(test);
		virtio_mmio_vis_reset_begin(fake->vm_vis);
		fake_del_vqs(&fake->vdev);
	}
}

/* Until a reset, the device uses the tables that it was told */
static void vm_vis_supply_no_reset_test(struct kunit *test)
{
	vm_vis_test_start(test);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	fake_del_vqs(&fake->vdev);
	fake->nr_log = 0;
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_IRQCHIP_ENABLE, 0), 1);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_SUPPLY, 0), 0);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count_addresses(), 0);
}

/* There are no vectors this time, and the device, which has not been reset, has no line */
static void vm_vis_supply_no_line_test(struct kunit *test)
{
	vm_vis_test_start(test);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	fake_del_vqs(&fake->vdev);
	fake->max_vectors = 0;
	KUNIT_EXPECT_EQ(test, vm_vis_test_find(NULL), -ENOSPC);

	virtio_mmio_vis_reset_begin(fake->vm_vis);
	KUNIT_EXPECT_EQ(test, vm_vis_test_find(NULL), 1);
}

static void vm_vis_test_remove_supplied(struct kunit *test, bool stuck)
{
	vm_vis_test_add_device(test, true);
	fake->vm_vis = vm_vis_test_probe_device();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->vm_vis);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	fake_del_vqs(&fake->vdev);
	fake->stuck = stuck;
	fake->nr_log = 0;
	virtio_mmio_vis_remove(fake->vm_vis);
	vm_vis_test_expect_event(test, 0, FAKE_WRITE, VIRTIO_MMIO_STATUS, 0);
	vm_vis_test_expect_event(test, 1, FAKE_READ, VIRTIO_MMIO_STATUS, stuck);
	KUNIT_EXPECT_FALSE(test, fake->irqchip.exists);
}

static void vm_vis_supply_remove_test(struct kunit *test)
{
	vm_vis_test_remove_supplied(test, false);
	vm_vis_test_expect_event(test, 2, FAKE_DESTROY, 0, 0);
	KUNIT_EXPECT_FALSE(test, fake->leaked);
}

static void vm_vis_supply_stuck_test(struct kunit *test)
{
	vm_vis_test_remove_supplied(test, true);
	KUNIT_EXPECT_TRUE(test, fake->leaked);
}

/* A device that has never been told of a table is left alone */
static void vm_vis_supply_unused_test(struct kunit *test)
{
	vm_vis_test_add_device(test, true);
	fake->vm_vis = vm_vis_test_probe_device();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->vm_vis);
	fake->nr_log = 0;
	virtio_mmio_vis_remove(fake->vm_vis);
	vm_vis_test_expect_event(test, 0, FAKE_DESTROY, 0, 0);
}

static struct kunit_case vm_vis_supply_cases[] = {
	KUNIT_CASE(vm_vis_supply_probe_test),
	KUNIT_CASE_SLOW(vm_vis_supply_probe_stuck_test),
	KUNIT_CASE(vm_vis_supply_test),
	KUNIT_CASE(vm_vis_supply_translated_test),
	KUNIT_CASE(vm_vis_supply_not_offered_test),
	KUNIT_CASE(vm_vis_supply_fails_test),
	KUNIT_CASE(vm_vis_supply_again_test),
	KUNIT_CASE(vm_vis_supply_no_reset_test),
	KUNIT_CASE(vm_vis_supply_no_line_test),
	KUNIT_CASE(vm_vis_supply_remove_test),
	KUNIT_CASE_SLOW(vm_vis_supply_stuck_test),
	KUNIT_CASE(vm_vis_supply_unused_test),
	{ }
};

static struct kunit_suite vm_vis_supply_suite = {
	.name		= "virtio_mmio_vis_supply",
	.init		= vm_vis_supply_init,
	.test_cases	= vm_vis_supply_cases,
};

/* Vector policy */

static void vm_vis_count_test(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, vm_vis_count_vectors(0, fake_queues), 1);
	KUNIT_EXPECT_EQ(test, vm_vis_count_vectors(1, fake_queues), 2);
	KUNIT_EXPECT_EQ(test, vm_vis_count_vectors(3, fake_queues), 3);
	KUNIT_EXPECT_EQ(test, vm_vis_count_vectors(4, fake_queues), 3);
	KUNIT_EXPECT_EQ(test, vm_vis_count_vectors(5, fake_queues), FAKE_PER_QUEUE);
}

static void vm_vis_per_queue_test(struct kunit *test)
{
	vm_vis_test_start(test);
	fake->max_vectors = FAKE_PER_QUEUE;
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	KUNIT_EXPECT_TRUE(test, virtio_mmio_vis_in_use(fake->vm_vis));
	vm_vis_test_expect_event(test, 0, FAKE_ALLOC, 0, FAKE_PER_QUEUE);
	KUNIT_EXPECT_EQ(test, fake->regs[VIRTIO_MMIO_VIS_CONFIG_VECTOR / 4], 0);
	vm_vis_test_expect_queues(test, 1, 2, VIRTIO_VIS_NO_VECTOR, 3);
	vm_vis_test_expect_enabled(test);
	KUNIT_EXPECT_NULL(test, fake->vqs[2]);
	KUNIT_EXPECT_EQ(test, fake->vqs[4]->index, FAKE_EVENT_INDEX);
}

static void vm_vis_enable_once_test(struct kunit *test)
{
	vm_vis_test_start(test);
	vm_vis_test_enable_once(test, VIRTIO_MMIO_VIS_CONTROL);
}

static void vm_vis_names_test(struct kunit *test)
{
	vm_vis_test_start(test);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	KUNIT_EXPECT_STREQ(test, fake->vm_vis->vectors[0].name, "virtio7-config");
	KUNIT_EXPECT_STREQ(test, fake->vm_vis->vectors[1].name, "virtio7-req.0");
	KUNIT_EXPECT_STREQ(test, fake->vm_vis->vectors[3].name, "virtio7-event");
	fake_del_vqs(&fake->vdev);
	fake->max_vectors = 2;
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	KUNIT_EXPECT_STREQ(test, fake->vm_vis->vectors[0].name, "virtio7-config");
	KUNIT_EXPECT_STREQ(test, fake->vm_vis->vectors[1].name, "virtio7-virtqueues");
}

static void vm_vis_shared_test(struct kunit *test)
{
	vm_vis_test_start(test);
	fake->max_vectors = FAKE_PER_QUEUE - 1;
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	KUNIT_EXPECT_TRUE(test, virtio_mmio_vis_in_use(fake->vm_vis));
	KUNIT_EXPECT_EQ(test, fake->irqchip.nvec, 2);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_ALLOC, 0), 2);
	KUNIT_EXPECT_EQ(test, fake->regs[VIRTIO_MMIO_VIS_CONFIG_VECTOR / 4], 0);
	vm_vis_test_expect_queues(test, 1, 1, VIRTIO_VIS_NO_VECTOR, 1);
	vm_vis_test_expect_enabled(test);
}

/* The device has fewer vectors than it has queues: the driver uses all of them */
static void vm_vis_some_test(struct kunit *test)
{
	unsigned int nvec;

	vm_vis_test_start(test);
	for (nvec = FAKE_MANY_PER_QUEUE; nvec >= VM_VIS_NR_SHARED; nvec--) {
		vm_vis_test_limit(nvec);
		KUNIT_ASSERT_EQ(test, vm_vis_test_find_many(NULL), 0);
		vm_vis_test_expect_event(test, 0, FAKE_ALLOC, 0, nvec);
		KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_ALLOC, 0), 1);
		vm_vis_test_expect_some(test, nvec);
		virtio_mmio_vis_reset_begin(fake->vm_vis);
		fake_del_vqs(&fake->vdev);
	}
}

struct vm_vis_left_case {
	const char	*name;
	unsigned int	nvec;
	int		ret;
	unsigned int	next;
};

/* After the result of an attempt with nvec vectors, the next one asks for this number */
static const struct vm_vis_left_case vm_vis_left[] = {
	{ "success", 8, 0, 0 },
	{ "no_vector", 8, -ENOSPC, 2 },
	{ "1_left", 8, 1, 2 },
	{ "2_left", 8, 2, 2 },
	{ "3_left", 8, 3, 2 },
	{ "4_left", 8, 4, 2 },
	{ "5_left", 8, 5, 3 },
	{ "7_left", 8, 7, 4 },
	{ "31_left", 65, 31, 16 },
	{ "32_left", 65, 32, 16 },
	{ "33_left", 65, 33, 17 },
	{ "64_left", 65, 64, 48 },
	{ "no_vector_for_2", 2, -ENOSPC, 0 },
	{ "1_left_for_2", 2, 1, 0 },
	{ "no_vector_for_1", 1, -ENOSPC, 0 },
};

static void vm_vis_left_test(struct kunit *test)
{
	const struct vm_vis_left_case *c = test->param_value;
	struct virtio_mmio_vis vm_vis = { };

	KUNIT_EXPECT_EQ(test, vm_vis_next_nvec(&vm_vis, c->nvec, c->ret), c->next);
	vm_vis.queue_fails = true;
	KUNIT_EXPECT_EQ(test, vm_vis_next_nvec(&vm_vis, c->nvec, c->ret), 0);
}

static void vm_vis_left_desc(const struct vm_vis_left_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(vm_vis_left, vm_vis_left, vm_vis_left_desc);

/* The CPUs run out of vectors in the middle: the driver leaves half of them to other devices */
static void vm_vis_expect_run_out(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, vm_vis_test_find_many(NULL), 0);
	vm_vis_test_expect_event(test, 0, FAKE_ALLOC, 0, FAKE_MANY_PER_QUEUE);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_ALLOC, 0), 2);
	vm_vis_test_expect_some(test, 4);
	KUNIT_EXPECT_STREQ(test, fake->vm_vis->vectors[0].name, "virtio7-config");
	KUNIT_EXPECT_STREQ(test, fake->vm_vis->vectors[1].name, "virtio7-req.0");
	KUNIT_EXPECT_STREQ(test, fake->vm_vis->vectors[2].name, "virtio7-req.1");
	KUNIT_EXPECT_STREQ(test, fake->vm_vis->vectors[3].name, "virtio7-virtqueues");
	KUNIT_EXPECT_FALSE(test, fake->deleted_in_use);
}

static void vm_vis_run_out_test(struct kunit *test)
{
	vm_vis_test_start(test);
	fake->max_vectors = FAKE_MANY_PER_QUEUE - 1;
	vm_vis_expect_run_out(test);
}

/* With some parents, the CPUs run out of vectors only when an interrupt is requested */
static void vm_vis_run_out_late_test(struct kunit *test)
{
	vm_vis_test_start(test);
	fake->bad_vector = FAKE_MANY_PER_QUEUE - 1;
	vm_vis_expect_run_out(test);
}

/* The interrupt of a vector cannot be requested: all queues share one */
static void vm_vis_some_request_fails_test(struct kunit *test)
{
	vm_vis_test_start(test);
	fake->max_vectors = FAKE_MANY_PER_QUEUE - 1;
	fake->bad_vector = 3;
	KUNIT_ASSERT_EQ(test, vm_vis_test_find_many(NULL), 0);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_ALLOC, 0), 3);
	vm_vis_test_expect_some(test, VM_VIS_NR_SHARED);
	KUNIT_EXPECT_FALSE(test, fake->deleted_in_use);
}

static void vm_vis_line_test(struct kunit *test)
{
	vm_vis_test_start(test);
	for (fake->max_vectors = 0; fake->max_vectors < VM_VIS_NR_SHARED; fake->max_vectors++) {
		KUNIT_EXPECT_EQ(test, vm_vis_test_find(NULL), 1);
		vm_vis_test_expect_line(test);
	}
}

static void vm_vis_one_vector_test(struct kunit *test)
{
	vm_vis_test_set_reg(VIRTIO_MMIO_VIS_NUM_VECTORS, 0x20000001);
	vm_vis_test_start(test);
	KUNIT_EXPECT_EQ(test, vm_vis_test_find(NULL), 1);
	vm_vis_test_expect_line(test);
}

/* No CPU has room for a vector: the attempt is undone completely before the next one */
static void vm_vis_request_fails_test(struct kunit *test)
{
	unsigned int vector;

	vm_vis_test_start(test);
	for (vector = 0; vector < 2; vector++) {
		fake->bad_vector = vector;
		KUNIT_EXPECT_EQ(test, vm_vis_test_find(NULL), 1);
		vm_vis_test_expect_line(test);
	}
	for (; vector < FAKE_PER_QUEUE; vector++) {
		fake->nr_log = 0;
		fake->bad_vector = vector;
		KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
		KUNIT_EXPECT_EQ(test, fake->irqchip.nvec, 2);
		vm_vis_test_expect_queues(test, 1, 1, VIRTIO_VIS_NO_VECTOR, 1);
		vm_vis_test_expect_enabled(test);
		virtio_mmio_vis_reset_begin(fake->vm_vis);
		fake_del_vqs(&fake->vdev);
	}
}

static void vm_vis_queue_fails_test(struct kunit *test)
{
	vm_vis_test_start(test);
	for (fake->bad_queue = 0; fake->bad_queue <= FAKE_EVENT_INDEX; fake->bad_queue++) {
		fake->nr_log = 0;
		KUNIT_EXPECT_EQ(test, vm_vis_test_find(NULL), 1);
		vm_vis_test_expect_line(test);
		KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_ALLOC, 0), 1);
	}
	KUNIT_EXPECT_EQ(test, vm_vis_test_find(NULL), 0);
}

static void vm_vis_alloc_fails_test(struct kunit *test)
{
	vm_vis_test_start(test);
	fake->bad_allocs = BIT(0) | BIT(1);
	KUNIT_EXPECT_EQ(test, vm_vis_test_find(NULL), 1);
	vm_vis_test_expect_line(test);

	fake->nr_allocs = 0;
	fake->bad_allocs = BIT(0);
	KUNIT_EXPECT_EQ(test, vm_vis_test_find(NULL), 0);
	KUNIT_EXPECT_EQ(test, fake->irqchip.nvec, 2);
}

/* Each attempt gets a copy of its own; if all queues share a vector, nothing is spread */
static void vm_vis_spread_test(struct kunit *test)
{
	struct irq_affinity desc = { .pre_vectors = 1, .post_vectors = 1 };

	vm_vis_test_start(test);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(&desc), 0);
	KUNIT_EXPECT_TRUE(test, fake->irqchip.managed);
	KUNIT_EXPECT_EQ(test, fake->irqchip.affd.pre_vectors, 2);
	KUNIT_EXPECT_EQ(test, fake->irqchip.affd.post_vectors, 1);
	KUNIT_EXPECT_EQ(test, desc.pre_vectors, 1);
	fake_del_vqs(&fake->vdev);

	fake->max_vectors = 2;
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(&desc), 0);
	KUNIT_EXPECT_EQ(test, fake->irqchip.affd.pre_vectors, 1);
	KUNIT_EXPECT_EQ(test, fake->irqchip.affd.post_vectors, 1);
	KUNIT_EXPECT_EQ(test, desc.pre_vectors, 1);
}

/* The shared vector is the last one, not managed, and serves the driver's last queues as well */
static void vm_vis_spread_some_test(struct kunit *test)
{
	struct irq_affinity desc = { .pre_vectors = 2, .post_vectors = 2 };
	unsigned int nvec;

	vm_vis_test_start(test);
	for (nvec = FAKE_MANY_PER_QUEUE - 1; nvec >= VM_VIS_NR_SHARED; nvec--) {
		vm_vis_test_limit(nvec);
		KUNIT_ASSERT_EQ(test, vm_vis_test_find_many(&desc), 0);
		KUNIT_EXPECT_EQ(test, fake->irqchip.affd.pre_vectors, min(3, nvec - 1));
		KUNIT_EXPECT_EQ(test, fake->irqchip.affd.post_vectors, 1);
		fake_del_vqs(&fake->vdev);
	}
}

static struct kunit_case vm_vis_policy_cases[] = {
	KUNIT_CASE(vm_vis_count_test),
	KUNIT_CASE(vm_vis_per_queue_test),
	KUNIT_CASE(vm_vis_enable_once_test),
	KUNIT_CASE(vm_vis_names_test),
	KUNIT_CASE(vm_vis_shared_test),
	KUNIT_CASE(vm_vis_some_test),
	KUNIT_CASE_PARAM(vm_vis_left_test, vm_vis_left_gen_params),
	KUNIT_CASE(vm_vis_run_out_test),
	KUNIT_CASE(vm_vis_run_out_late_test),
	KUNIT_CASE(vm_vis_some_request_fails_test),
	KUNIT_CASE(vm_vis_line_test),
	KUNIT_CASE(vm_vis_one_vector_test),
	KUNIT_CASE(vm_vis_request_fails_test),
	KUNIT_CASE(vm_vis_queue_fails_test),
	KUNIT_CASE(vm_vis_alloc_fails_test),
	KUNIT_CASE(vm_vis_spread_test),
	KUNIT_CASE(vm_vis_spread_some_test),
	{ }
};

static struct kunit_suite vm_vis_policy_suite = {
	.name		= "virtio_mmio_vis_policy",
	.init		= vm_vis_test_init,
	.test_cases	= vm_vis_policy_cases,
};

/* Interrupts, affinity and teardown */

static void vm_vis_queue_handler_test(struct kunit *test)
{
	vm_vis_test_start(test);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	fake_core.used = BIT(1);
	KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(fake->irqchip.base + 1), 0);
	KUNIT_EXPECT_EQ(test, fake_core.nr_used, 0);
	KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(fake->irqchip.base + 2), 0);
	KUNIT_EXPECT_EQ(test, fake_core.nr_used, 1);
}

static void vm_vis_queues_handler_test(struct kunit *test)
{
	void *cookie;

	vm_vis_test_start(test);
	fake->max_vectors = 2;
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	cookie = fake->vm_vis->shared->cookie;
	KUNIT_EXPECT_EQ(test, vm_vis_queues_interrupt(0, cookie), IRQ_NONE);
	fake_core.used = BIT(0) | BIT(FAKE_EVENT_INDEX);
	KUNIT_EXPECT_EQ(test, vm_vis_queues_interrupt(0, cookie), IRQ_HANDLED);
	KUNIT_EXPECT_EQ(test, fake_core.nr_used, 2);
	fake->vqs[0]->reset = true;
	KUNIT_EXPECT_EQ(test, vm_vis_queues_interrupt(0, cookie), IRQ_HANDLED);
	KUNIT_EXPECT_EQ(test, fake_core.nr_used, 3);
}

/* The handler of the shared vector serves the queues that share it, and no others */
static void vm_vis_some_handler_test(struct kunit *test)
{
	unsigned int i;

	vm_vis_test_start(test);
	vm_vis_test_limit(4);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find_many(NULL), 0);
	fake_core.used = BIT(0) | BIT(1);
	KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(fake->irqchip.base + 3), 0);
	KUNIT_EXPECT_EQ(test, fake_core.nr_used, 0);
	for (i = VM_VIS_QUEUES; i <= 2; i++) {
		KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(fake->irqchip.base + i), 0);
		KUNIT_EXPECT_EQ(test, fake_core.nr_used, i);
	}

	fake_core.used = ~0UL;
	fake_core.nr_used = 0;
	fake->vqs[3]->reset = true;
	KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(fake->irqchip.base + 3), 0);
	KUNIT_EXPECT_EQ(test, fake_core.nr_used, FAKE_QUEUES - 3);
}

/* A queue that has its own vector is disabled for a reset; the shared vector is not */
static void vm_vis_some_reset_test(struct kunit *test)
{
	vm_vis_test_start(test);
	vm_vis_test_limit(4);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find_many(NULL), 0);
	fake_core.used = ~0UL;
	fake->vqs[1]->reset = true;
	fake->vqs[3]->reset = true;
	virtio_mmio_vis_disable_vq(fake->vm_vis, fake->vqs[1]);
	virtio_mmio_vis_disable_vq(fake->vm_vis, fake->vqs[3]);
	KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(fake->irqchip.base + 2), 0);
	KUNIT_EXPECT_EQ(test, fake_core.nr_used, 0);
	KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(fake->irqchip.base + 3), 0);
	KUNIT_EXPECT_EQ(test, fake_core.nr_used, FAKE_QUEUES - 3);

	fake->queue_vectors[3] = VIRTIO_VIS_NO_VECTOR;
	fake_writel(3, (__force void __iomem *)fake->regs + VIRTIO_MMIO_QUEUE_SEL);
	fake->vqs[3]->reset = false;
	virtio_mmio_vis_enable_vq(fake->vm_vis, fake->vqs[3]);
	KUNIT_EXPECT_EQ(test, fake->queue_vectors[3], 3);
}

/*
 * From before the reset of a queue until it is enabled again, no message reaches its ring, because
 * the ring is freed in between. A message that arrives meanwhile takes effect on the new ring.
 */
static void vm_vis_queue_reset_test(struct kunit *test)
{
	unsigned int i, used;
	struct virtqueue *vq;

	vm_vis_test_start(test);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	fake_core.used = ~0UL;
	vq = fake->vqs[1];
	vq->reset = true;
	/* If a reset fails, the driver tries again */
	for (i = 0; i < 2; i++)
		virtio_mmio_vis_disable_vq(fake->vm_vis, vq);
	fake->queue_vectors[1] = VIRTIO_VIS_NO_VECTOR;
	KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(fake->irqchip.base + 2), 0);
	KUNIT_EXPECT_EQ(test, fake_core.nr_used, 0);
	KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(fake->irqchip.base + 1), 0);
	KUNIT_EXPECT_EQ(test, fake_core.nr_used, 1);

	fake_writel(1, (__force void __iomem *)fake->regs + VIRTIO_MMIO_QUEUE_SEL);
	vq->reset = false;
	virtio_mmio_vis_enable_vq(fake->vm_vis, vq);
	vm_vis_test_expect_queues(test, 1, 2, VIRTIO_VIS_NO_VECTOR, 3);
	/* The core resends the earlier interrupt from a softirq */
	KUNIT_EXPECT_EQ(test, read_poll_timeout(READ_ONCE, used, used == 2, USEC_PER_MSEC,
						USEC_PER_SEC, false, fake_core.nr_used), 0);
	synchronize_irq(fake->irqchip.base + 2);
	KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(fake->irqchip.base + 2), 0);
	KUNIT_EXPECT_EQ(test, fake_core.nr_used, 3);
}

/* The shared interrupt still serves the other queues */
static void vm_vis_shared_reset_test(struct kunit *test)
{
	vm_vis_test_start(test);
	fake->max_vectors = 2;
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	fake_core.used = BIT(0) | BIT(1);
	fake->vqs[0]->reset = true;
	virtio_mmio_vis_disable_vq(fake->vm_vis, fake->vqs[0]);
	fake->queue_vectors[0] = VIRTIO_VIS_NO_VECTOR;
	KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(fake->irqchip.base + 1), 0);
	KUNIT_EXPECT_EQ(test, fake_core.nr_used, 1);

	fake_writel(0, (__force void __iomem *)fake->regs + VIRTIO_MMIO_QUEUE_SEL);
	fake->vqs[0]->reset = false;
	virtio_mmio_vis_enable_vq(fake->vm_vis, fake->vqs[0]);
	fake_writel(FAKE_QUIET_INDEX, (__force void __iomem *)fake->regs + VIRTIO_MMIO_QUEUE_SEL);
	virtio_mmio_vis_disable_vq(fake->vm_vis, fake->vqs[3]);
	virtio_mmio_vis_enable_vq(fake->vm_vis, fake->vqs[3]);
	vm_vis_test_expect_queues(test, 1, 1, VIRTIO_VIS_NO_VECTOR, 1);
	KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(fake->irqchip.base + 1), 0);
	KUNIT_EXPECT_EQ(test, fake_core.nr_used, 3);
}

/* Every vector of a wake-up source can wake the system until it is freed */
static void vm_vis_wakeup_test(struct kunit *test)
{
	vm_vis_test_start(test);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	KUNIT_EXPECT_EQ(test, fake_count_armed(), 0);
	fake_del_vqs(&fake->vdev);

	fake_add_wakeup_source(test, &fake->pdev->dev);
	KUNIT_EXPECT_EQ(test, vm_vis_test_find(NULL), 0);
	KUNIT_EXPECT_EQ(test, fake_count_armed(), FAKE_PER_QUEUE);
	fake_del_vqs(&fake->vdev);
	KUNIT_EXPECT_EQ(test, fake->nr_armed, 0);
	fake_remove_wakeup_source(&fake->pdev->dev);
}

static void vm_vis_config_handler_test(struct kunit *test)
{
	vm_vis_test_start(test);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(fake->irqchip.base), 0);
	KUNIT_EXPECT_EQ(test, fake_core.nr_config, 1);
	fake_core.used = ~0UL;
	KUNIT_EXPECT_EQ(test, generic_handle_irq_safe(fake->irqchip.base + 1), 0);
	KUNIT_EXPECT_EQ(test, fake_core.nr_config, 1);
	KUNIT_EXPECT_EQ(test, fake_core.nr_used, 1);
}

static void vm_vis_set_affinity_test(struct kunit *test)
{
	unsigned int cpu = cpumask_last(cpu_online_mask);
	struct irq_data *d;

	vm_vis_test_start(test);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	fake->nr_moves = 0;
	d = irq_get_irq_data(fake->irqchip.base + 2);
	KUNIT_EXPECT_EQ(test, vm_vis_test_hint(fake->vqs[1], cpumask_of(cpu)), 0);
	KUNIT_EXPECT_EQ(test, fake->nr_moves, 1);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(irq_data_get_affinity_mask(d), cpumask_of(cpu)));
	KUNIT_EXPECT_EQ(test, vm_vis_test_hint(fake->vqs[1], NULL), 0);
	KUNIT_EXPECT_EQ(test, vm_vis_test_hint(fake->vqs[3], cpumask_of(cpu)), -EINVAL);
	KUNIT_EXPECT_EQ(test, fake->nr_moves, 1);

	/* The core warns about an interrupt that is freed with a hint */
	KUNIT_EXPECT_EQ(test, vm_vis_test_hint(fake->vqs[1], cpumask_of(cpu)), 0);
	fake_del_vqs(&fake->vdev);
}

/* On the line, these do nothing for any queue, as if the transport did not have them */
static void vm_vis_line_affinity_test(struct kunit *test)
{
	struct virtqueue vq = { .callback = fake_callback };
	struct virtqueue quiet = { };

	vm_vis_test_start(test);
	KUNIT_EXPECT_EQ(test, vm_vis_test_hint(&vq, cpumask_of(0)), 0);
	KUNIT_EXPECT_EQ(test, virtio_mmio_vis_set_vq_affinity(NULL, &vq, cpumask_of(0)), 0);
	KUNIT_EXPECT_EQ(test, vm_vis_test_hint(&quiet, cpumask_of(0)), 0);
	KUNIT_EXPECT_EQ(test, virtio_mmio_vis_set_vq_affinity(NULL, &quiet, cpumask_of(0)), 0);
	KUNIT_EXPECT_NULL(test, virtio_mmio_vis_get_vq_affinity(fake->vm_vis, 0));
	KUNIT_EXPECT_NULL(test, virtio_mmio_vis_get_vq_affinity(NULL, 0));
}

static void vm_vis_get_affinity_test(struct kunit *test)
{
	struct irq_affinity desc = { };

	vm_vis_test_start(test);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(&desc), 0);
	KUNIT_EXPECT_PTR_EQ(test, virtio_mmio_vis_get_vq_affinity(fake->vm_vis, 1),
			    &fake->irqchip.affinity);
	KUNIT_EXPECT_NULL(test, virtio_mmio_vis_get_vq_affinity(fake->vm_vis, FAKE_QUIET_INDEX));
	KUNIT_EXPECT_NULL(test, virtio_mmio_vis_get_vq_affinity(fake->vm_vis, FAKE_QUEUES));
	fake_del_vqs(&fake->vdev);
	fake->max_vectors = 2;
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(&desc), 0);
	KUNIT_EXPECT_NULL(test, virtio_mmio_vis_get_vq_affinity(fake->vm_vis, 1));
}

/* A queue that shares its vector is for no CPU: managed vectors of other queues divide all CPUs */
static void vm_vis_get_affinity_some_test(struct kunit *test)
{
	struct irq_affinity desc = { };

	vm_vis_test_start(test);
	vm_vis_test_limit(4);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find_many(&desc), 0);
	KUNIT_EXPECT_PTR_EQ(test, virtio_mmio_vis_get_vq_affinity(fake->vm_vis, 1),
			    &fake->irqchip.affinity);
	KUNIT_EXPECT_PTR_EQ(test, virtio_mmio_vis_get_vq_affinity(fake->vm_vis, 2), cpu_none_mask);
	KUNIT_EXPECT_PTR_EQ(test, virtio_mmio_vis_get_vq_affinity(fake->vm_vis, 3), cpu_none_mask);
	fake_del_vqs(&fake->vdev);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find_many(NULL), 0);
	KUNIT_EXPECT_NULL(test, virtio_mmio_vis_get_vq_affinity(fake->vm_vis, 1));
	KUNIT_EXPECT_NULL(test, virtio_mmio_vis_get_vq_affinity(fake->vm_vis, 3));
}

/* Not every driver resets the device first, so this unmaps the events as well */
static void vm_vis_free_test(struct kunit *test)
{
	vm_vis_test_start(test);
	KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
	/* The core complains about a hint that outlives its handler */
	KUNIT_ASSERT_EQ(test, vm_vis_test_hint(fake->vqs[0], cpumask_of(0)), 0);
	virtio_mmio_vis_synchronize_cbs(fake->vm_vis);
	virtio_mmio_vis_free_irqs(fake->vm_vis);
	KUNIT_EXPECT_FALSE(test, virtio_mmio_vis_in_use(fake->vm_vis));
	KUNIT_EXPECT_EQ(test, fake->irqchip.nvec, 0);
	KUNIT_EXPECT_EQ(test, fake->regs[VIRTIO_MMIO_VIS_CONFIG_VECTOR / 4], VIRTIO_VIS_NO_VECTOR);
	vm_vis_test_expect_queues(test, VIRTIO_VIS_NO_VECTOR, VIRTIO_VIS_NO_VECTOR,
				  VIRTIO_VIS_NO_VECTOR, VIRTIO_VIS_NO_VECTOR);
	virtio_mmio_vis_free_irqs(fake->vm_vis);
	KUNIT_EXPECT_EQ(test, vm_vis_test_count(FAKE_FREE, 0), 1);
}

/* After a reset, which unmaps the events, nothing is written to a device that may be gone */
static void vm_vis_reset_test(struct kunit *test)
{
	unsigned int i;

	vm_vis_test_start(test);
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, vm_vis_test_find(NULL), 0);
		fake->nr_log = 0;
		virtio_mmio_vis_reset_begin(fake->vm_vis);
		vm_vis_test_expect_event(test, 0, FAKE_IRQCHIP_DISABLE, 0, 0);
		fake_del_vqs(&fake->vdev);
		vm_vis_test_expect_event(test, 1, FAKE_FREE, 0, FAKE_PER_QUEUE);
		KUNIT_EXPECT_EQ(test, fake->nr_log, 2);
	}
}

static void vm_vis_null_test(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, virtio_mmio_vis_in_use(NULL));
	virtio_mmio_vis_free_irqs(NULL);
	virtio_mmio_vis_reset_begin(NULL);
	virtio_mmio_vis_synchronize_cbs(NULL);
	virtio_mmio_vis_disable_vq(NULL, &fake->queues[0]);
	virtio_mmio_vis_enable_vq(NULL, &fake->queues[0]);
	virtio_mmio_vis_remove(NULL);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);
}

static struct kunit_case vm_vis_irq_cases[] = {
	KUNIT_CASE(vm_vis_queue_handler_test),
	KUNIT_CASE(vm_vis_queues_handler_test),
	KUNIT_CASE(vm_vis_some_handler_test),
	KUNIT_CASE(vm_vis_some_reset_test),
	KUNIT_CASE(vm_vis_queue_reset_test),
	KUNIT_CASE(vm_vis_shared_reset_test),
	KUNIT_CASE(vm_vis_wakeup_test),
	KUNIT_CASE(vm_vis_config_handler_test),
	KUNIT_CASE(vm_vis_set_affinity_test),
	KUNIT_CASE(vm_vis_line_affinity_test),
	KUNIT_CASE(vm_vis_get_affinity_test),
	KUNIT_CASE(vm_vis_get_affinity_some_test),
	KUNIT_CASE(vm_vis_free_test),
	KUNIT_CASE(vm_vis_reset_test),
	KUNIT_CASE(vm_vis_null_test),
	{ }
};

static struct kunit_suite vm_vis_irq_suite = {
	.name		= "virtio_mmio_vis_irq",
	.init		= vm_vis_test_init,
	.test_cases	= vm_vis_irq_cases,
};

kunit_test_suites(&vm_vis_probe_suite, &vm_msi_suite, &vm_vis_supply_suite, &vm_vis_policy_suite,
		  &vm_vis_irq_suite);

MODULE_DESCRIPTION("KUnit tests of VIS for virtio-mmio");
MODULE_LICENSE("GPL");
