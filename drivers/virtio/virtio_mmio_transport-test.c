// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the virtio-mmio transport, on registers and a VIS half of the test
 *
 * The transport is compiled into the test, and macros record its accesses, so it needs no hooks.
 * Queues, interrupts and the virtio core are the kernel's own.
 */
#include <kunit/platform_device.h>
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/irq.h>
#include <linux/kmemleak.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/unaligned.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>
#include <uapi/linux/virtio_mmio.h>

/* The same kernel may contain the VIS half, so its functions have other names here */
#define virtio_mmio_vis_probe			fake_vis_probe
#define virtio_mmio_vis_remove			fake_vis_remove
#define virtio_mmio_vis_finalize_features	fake_vis_finalize_features
#define virtio_mmio_vis_find_vqs		fake_vis_find_vqs
#define virtio_mmio_vis_in_use			fake_vis_in_use
#define virtio_mmio_vis_free_irqs		fake_vis_free_irqs
#define virtio_mmio_vis_reset_begin		fake_vis_reset_begin
#define virtio_mmio_vis_synchronize_cbs		fake_vis_synchronize_cbs
#define virtio_mmio_vis_set_vq_affinity		fake_vis_set_vq_affinity
#define virtio_mmio_vis_get_vq_affinity		fake_vis_get_vq_affinity
#define virtio_mmio_vis_disable_vq		fake_vis_disable_vq
#define virtio_mmio_vis_enable_vq		fake_vis_enable_vq

#include <linux/virtio_vis.h>

#include "virtio_mmio_vis.h"
#include "virtio_mmio_vis-test.h"

/* Beyond the memory and the devices of any machine that runs tests */
#define FAKE_REGS		0x3f20000000ULL
#define FAKE_REGS_SIZE		0x200
#define FAKE_CONFIG_SIZE	(PAGE_SIZE - VIRTIO_MMIO_CONFIG)

/* An id that no driver knows */
#define FAKE_DEVICE_ID		0x7ff0
#define FAKE_VENDOR_ID		0x1234
#define FAKE_MAGIC		0x74726976
#define FAKE_QUEUE_RESET	0x0c0
#define FAKE_QUEUE_SIZE		8

#define FAKE_QUEUES		5
#define FAKE_LOG_SIZE		256

/* The transport gives up on a register after this many polls */
#define FAKE_POLLS		8

enum fake_kind {
	FAKE_READ,
	FAKE_WRITE,
	FAKE_VIS_REMOVE,
	FAKE_VIS_FREE,
	FAKE_VIS_RESET,
	FAKE_VIS_SYNC,
	FAKE_VIS_DISABLE,
	FAKE_VIS_ENABLE,
	FAKE_LINE_SYNC,
	FAKE_DELETE,
	FAKE_BREAK,
	FAKE_UNBREAK,
	FAKE_BREAK_DEVICE,
	FAKE_NOT_LEAKED,
};

/**
 * struct fake_event - An action of the transport
 * @kind:	An access to a register, or a call
 * @reg:	Offset of the register, or index of the queue
 * @value:	The value that was read or written
 * @len:	Length of the access in bytes
 */
struct fake_event {
	enum fake_kind	kind;
	unsigned int	reg;
	u32		value;
	unsigned int	len;
};

/**
 * struct virtio_mmio_vis - The VIS half
 * @find_error:	Result of virtio_mmio_vis_find_vqs()
 * @nr_finds:	Number of its calls
 * @desc:	The requested spread
 * @active:	It has vectors
 * @hinted:	Queue whose affinity was set
 * @cpus:	The CPUs that it reports for every queue
 */
struct virtio_mmio_vis {
	int			find_error;
	unsigned int		nr_finds;
	struct irq_affinity	*desc;
	bool			active;
	struct virtqueue	*hinted;
	struct cpumask		cpus;
};

/**
 * struct fake_device - A device, its environment, and the accesses and calls to them
 * @mem:		Registers, then configuration space
 * @features:		Offered features
 * @accepted:		Features that the driver wrote
 * @num_max:		QueueNumMax of each queue
 * @ready:		QueueReady of each queue
 * @nr_polls:		Reads of Status or QueueReset that find a reset incomplete
 * @polls_left:		Number of those still to come
 * @unstable:		ConfigGeneration changes at each read
 * @log:		Events in their order
 * @nr_log:		Number of events
 * @nr_errors:		Number of messages
 * @res:		The register block
 * @map_error:		Error of mapping the registers, or 0
 * @register_error:	Error of register_virtio_device(), or 0
 * @no_memory:		Rings cannot be allocated
 * @dma_bits:		DMA masks with more bits are refused
 * @dma_mask:		The last mask that was tried
 * @line:		The line that the platform reports
 * @irq:		An interrupt that can be requested
 * @nr_freed:		Number of virtio devices freed
 * @deleted_in_use:	A queue was deleted while an interrupt could use it
 * @doing:		The state of the system
 * @vis_result:		Result of virtio_mmio_vis_probe()
 * @vis_features:	The features that it was given
 * @vm_vis:		The VIS half
 * @pdev:		The platform device
 * @vqs:		Its queues
 */
struct fake_device {
	u8			mem[PAGE_SIZE];
	u64			features;
	u32			accepted[2];
	u32			num_max[FAKE_QUEUES];
	u32			ready[FAKE_QUEUES];
	unsigned int		nr_polls;
	unsigned int		polls_left;
	bool			unstable;
	struct fake_event	log[FAKE_LOG_SIZE];
	unsigned int		nr_log;
	unsigned int		nr_errors;
	struct resource		res;
	int			map_error;
	int			register_error;
	bool			no_memory;
	unsigned int		dma_bits;
	u64			dma_mask;
	int			line;
	int			irq;
	unsigned int		nr_freed;
	bool			deleted_in_use;
	enum system_states	doing;
	struct virtio_mmio_vis		*vis_result;
	u64			vis_features;
	struct virtio_mmio_vis		vm_vis;
	struct platform_device	*pdev;
	struct virtqueue	*vqs[FAKE_QUEUES];
};

static struct fake_device *fake;

static void fake_note(enum fake_kind kind, unsigned int reg, u32 value, unsigned int len)
{
	if (fake->nr_log < FAKE_LOG_SIZE)
		fake->log[fake->nr_log++] = (struct fake_event) { kind, reg, value, len };
}

/* The registers */

static u32 fake_get(unsigned int reg)
{
	return get_unaligned_le32(fake->mem + reg);
}

static void fake_set(unsigned int reg, u32 value)
{
	put_unaligned_le32(value, fake->mem + reg);
}

static unsigned int fake_queue(void)
{
	return min_t(u32, fake_get(VIRTIO_MMIO_QUEUE_SEL), FAKE_QUEUES - 1);
}

static u32 fake_read_reg(unsigned int reg)
{
	switch (reg) {
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return fake->features >> 32 * fake_get(VIRTIO_MMIO_DEVICE_FEATURES_SEL);
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return fake->num_max[fake_queue()];
	case VIRTIO_MMIO_QUEUE_READY:
		return fake->ready[fake_queue()];
	case VIRTIO_MMIO_STATUS:
	case FAKE_QUEUE_RESET:
		if (fake->polls_left && !--fake->polls_left)
			fake_set(reg, 0);
		return fake_get(reg);
	case VIRTIO_MMIO_CONFIG_GENERATION:
		fake_set(reg, fake_get(reg) + fake->unstable);
		return fake_get(reg);
	default:
		return fake_get(reg);
	}
}

static void fake_write_reg(unsigned int reg, u32 value)
{
	if (reg == VIRTIO_MMIO_DRIVER_FEATURES)
		fake->accepted[fake_get(VIRTIO_MMIO_DRIVER_FEATURES_SEL)] = value;
	if (reg == VIRTIO_MMIO_QUEUE_READY)
		fake->ready[fake_queue()] = value;
	if ((reg == VIRTIO_MMIO_STATUS && !value) || (reg == FAKE_QUEUE_RESET && value))
		fake->polls_left = fake->nr_polls;
	/* Until a reset is complete, the register keeps its value */
	if (reg == VIRTIO_MMIO_STATUS && !value && fake->nr_polls)
		return;
	if (reg == FAKE_QUEUE_RESET && !fake->nr_polls)
		value = 0;
	fake_set(reg, value);
}

static u32 fake_read(const void __iomem *addr, unsigned int len)
{
	unsigned int reg = (uintptr_t)addr - (uintptr_t)fake->mem;
	u32 value = 0;

	if (reg < VIRTIO_MMIO_CONFIG)
		value = fake_read_reg(reg);
	else
		memcpy(&value, fake->mem + reg, len);
	fake_note(FAKE_READ, reg, value, len);
	return value;
}

static void fake_write(u32 value, void __iomem *addr, unsigned int len)
{
	unsigned int reg = (uintptr_t)addr - (uintptr_t)fake->mem;

	fake_note(FAKE_WRITE, reg, value, len);
	if (reg < VIRTIO_MMIO_CONFIG)
		fake_write_reg(reg, value);
	else
		memcpy(fake->mem + reg, &value, len);
}

/* Other functions that the transport calls */

static void __iomem *fake_map(struct platform_device *pdev, unsigned int index,
			      struct resource **res)
{
	*res = &fake->res;
	return fake->map_error ? IOMEM_ERR_PTR(fake->map_error) :
	       (__force void __iomem *)fake->mem;
}

static int fake_get_irq(struct platform_device *pdev, unsigned int index)
{
	return fake->line;
}

static int fake_set_dma_mask(struct device *dev, u64 mask)
{
	fake->dma_mask = mask;
	return mask > DMA_BIT_MASK(fake->dma_bits) ? -EIO : 0;
}

static int fake_register(struct virtio_device *vdev)
{
	if (!fake->register_error)
		return register_virtio_device(vdev);
	device_initialize(&vdev->dev);
	return fake->register_error;
}

static struct virtqueue *fake_create_vq(unsigned int index, unsigned int num, unsigned int align,
					struct virtio_device *vdev, bool weak_barriers,
					bool may_reduce_num, bool ctx,
					bool (*notify)(struct virtqueue *vq),
					void (*callback)(struct virtqueue *vq), const char *name)
{
	return fake->no_memory ? NULL :
	       vring_create_virtqueue(index, num, align, vdev, weak_barriers, may_reduce_num, ctx,
				      notify, callback, name);
}

static void fake_del_vq(struct virtqueue *vq)
{
	fake->deleted_in_use |= fake->vm_vis.active || irq_has_action(fake->irq);
	fake_note(FAKE_DELETE, vq->index, 0, 0);
	vring_del_virtqueue(vq);
}

static void fake_break_device(struct virtio_device *vdev)
{
	fake_note(FAKE_BREAK_DEVICE, 0, 0, 0);
}

static void fake_free(void *vm)
{
	fake->nr_freed++;
	kfree(vm);
}

/* Only the transport may use these macros, so all of its headers are included above */
#undef readb
#define readb(addr)				((u8)fake_read(addr, 1))
#undef readw
#define readw(addr)				((u16)fake_read(addr, 2))
#undef readl
#define readl(addr)				fake_read(addr, 4)
#undef writeb
#define writeb(value, addr)			fake_write(value, addr, 1)
#undef writew
#define writew(value, addr)			fake_write(value, addr, 2)
#undef writel
#define writel(value, addr)			fake_write(value, addr, 4)
#undef readl_poll_timeout
#define readl_poll_timeout(addr, val, cond, ...)				\
	({									\
		unsigned int __left = FAKE_POLLS;				\
										\
		do {								\
			(val) = readl(addr);					\
		} while (!(cond) && --__left);					\
		__left ? 0 : -ETIMEDOUT;					\
	})
#undef dev_err
#define dev_err(dev, ...)			((void)(dev), fake->nr_errors++)
#undef dev_err_once
#define dev_err_once				dev_err
#undef dev_warn
#define dev_warn				dev_err
#undef dev_notice
#define dev_notice				dev_err
#undef pr_err
#define pr_err(...)				(fake->nr_errors++)
#undef MODULE_VERSION
#define MODULE_VERSION(version)
#undef module_platform_driver
#define module_platform_driver(driver)		\
	static struct platform_driver *const fake_driver = &(driver)
#define devm_platform_get_and_ioremap_resource	fake_map
#define platform_get_irq_optional		fake_get_irq
#define dma_set_mask_and_coherent		fake_set_dma_mask
#define register_virtio_device			fake_register
#define vring_create_virtqueue			fake_create_vq
#define vring_del_virtqueue			fake_del_vq
#define vring_interrupt				fake_vring_interrupt
#define virtio_config_changed			fake_config_changed
#define virtio_break_device			fake_break_device
#define kfree					fake_free
#define synchronize_irq(irq)			fake_note(FAKE_LINE_SYNC, irq, 0, 0)
#define __virtqueue_break(vq)			fake_note(FAKE_BREAK, (vq)->index, 0, 0)
#define __virtqueue_unbreak(vq)			fake_note(FAKE_UNBREAK, (vq)->index, 0, 0)
#define kmemleak_not_leak(vq)			fake_note(FAKE_NOT_LEAKED, (vq)->index, 0, 0)
#define system_state				(fake->doing)
#define CONFIG_VIRTIO_HARDEN_NOTIFICATION	1

#include "virtio_mmio_transport.c"

/* The VIS half */

struct virtio_mmio_vis *virtio_mmio_vis_probe(struct platform_device *pdev, void __iomem *base,
					      u64 features)
{
	fake->vis_features = features;
	return fake->vis_result;
}

void virtio_mmio_vis_remove(struct virtio_mmio_vis *vm_vis)
{
	fake_note(FAKE_VIS_REMOVE, 0, 0, 0);
}

void virtio_mmio_vis_finalize_features(struct virtio_mmio_vis *vm_vis, struct virtio_device *vdev)
{
	if (vm_vis)
		__virtio_set_bit(vdev, VIRTIO_F_VIS);
}

int virtio_mmio_vis_find_vqs(struct virtio_mmio_vis *vm_vis, struct virtio_device *vdev,
			     unsigned int nvqs, struct virtqueue *vqs[],
			     struct virtqueue_info vqs_info[], struct irq_affinity *desc,
			     const struct virtio_mmio_vis_vq_ops *ops)
{
	if (!vm_vis)
		return 1;

	vm_vis->nr_finds++;
	vm_vis->desc = desc;
	if (vm_vis->find_error)
		return vm_vis->find_error;
	vm_vis->active = true;
	vqs[0] = ops->setup(vdev, 0, vqs_info[0].callback, vqs_info[0].name, vqs_info[0].ctx);
	return PTR_ERR_OR_ZERO(vqs[0]);
}

void virtio_mmio_vis_free_irqs(struct virtio_mmio_vis *vm_vis)
{
	fake_note(FAKE_VIS_FREE, 0, 0, 0);
	if (vm_vis)
		vm_vis->active = false;
}

void virtio_mmio_vis_reset_begin(struct virtio_mmio_vis *vm_vis)
{
	fake_note(FAKE_VIS_RESET, 0, 0, 0);
}

void virtio_mmio_vis_synchronize_cbs(struct virtio_mmio_vis *vm_vis)
{
	fake_note(FAKE_VIS_SYNC, 0, 0, 0);
}

int virtio_mmio_vis_set_vq_affinity(struct virtio_mmio_vis *vm_vis, struct virtqueue *vq,
				    const struct cpumask *mask)
{
	vm_vis->hinted = vq;
	cpumask_copy(&vm_vis->cpus, mask);
	return 1;
}

const struct cpumask *virtio_mmio_vis_get_vq_affinity(struct virtio_mmio_vis *vm_vis, int index)
{
	return index == 1 ? &vm_vis->cpus : NULL;
}

void virtio_mmio_vis_disable_vq(struct virtio_mmio_vis *vm_vis, struct virtqueue *vq)
{
	fake_note(FAKE_VIS_DISABLE, vq->index, vq->reset, 0);
}

void virtio_mmio_vis_enable_vq(struct virtio_mmio_vis *vm_vis, struct virtqueue *vq)
{
	fake_note(FAKE_VIS_ENABLE, vq->index, vq->reset, 0);
}

/* Common parts of the cases */

static void fake_nothing(struct irq_data *d)
{
}

static struct irq_chip fake_chip = {
	.name		= "fake",
	.flags		= IRQCHIP_SKIP_SET_WAKE,
	.irq_mask	= fake_nothing,
	.irq_unmask	= fake_nothing,
};

static void vm_test_free_irq(void *data)
{
	irq_free_descs(fake->irq, 1);
}

static void vm_test_add_irq(struct kunit *test)
{
	fake->irq = irq_alloc_descs(-1, 1, 1, NUMA_NO_NODE);
	KUNIT_ASSERT_GT(test, fake->irq, 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, vm_test_free_irq, NULL), 0);
	irq_set_chip_and_handler(fake->irq, &fake_chip, handle_simple_irq);
	irq_modify_status(fake->irq, IRQ_NOREQUEST, 0);
	fake->line = fake->irq;
}

static void vm_test_set_identity(void)
{
	fake_set(VIRTIO_MMIO_MAGIC_VALUE, FAKE_MAGIC);
	fake_set(VIRTIO_MMIO_VERSION, 2);
	fake_set(VIRTIO_MMIO_DEVICE_ID, FAKE_DEVICE_ID);
	fake_set(VIRTIO_MMIO_VENDOR_ID, FAKE_VENDOR_ID);
}

static int vm_test_init(struct kunit *test)
{
	unsigned int i;

	fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake_core = (struct fake_core) { };
	vm_test_set_identity();
	for (i = 0; i < FAKE_QUEUES; i++)
		fake->num_max[i] = FAKE_QUEUE_SIZE;
	fake->features = BIT_ULL(VIRTIO_F_VERSION_1);
	fake->res = DEFINE_RES_MEM(FAKE_REGS, FAKE_REGS_SIZE);
	fake->dma_bits = 64;
	fake->vis_result = &fake->vm_vis;
	fake->pdev = kunit_platform_device_alloc(test, "vm-test", PLATFORM_DEVID_AUTO);
	KUNIT_ASSERT_NOT_NULL(test, fake->pdev);
	KUNIT_ASSERT_EQ(test, kunit_platform_device_add(test, fake->pdev), 0);
	vm_test_add_irq(test);
	return 0;
}

static void vm_test_exit(struct kunit *test)
{
	vm_param_parent = NULL;
}

static void vm_test_teardown(void *data)
{
	struct vm_device *vm = platform_get_drvdata(fake->pdev);

	vm->dead = false;
	vm_del_vqs(&vm->vdev);
	fake_driver->remove(fake->pdev);
}

static struct vm_device *vm_test_start(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, fake_driver->probe(fake->pdev), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, vm_test_teardown, NULL), 0);
	fake->nr_log = 0;
	return platform_get_drvdata(fake->pdev);
}

/* Without VIS */
static struct vm_device *vm_test_start_line(struct kunit *test)
{
	fake->vis_result = ERR_PTR(-EINVAL);
	return vm_test_start(test);
}

static void fake_callback(struct virtqueue *vq)
{
}

static struct virtqueue_info fake_queues[] = {
	{ "req.0", fake_callback },
	{ NULL, fake_callback },
	{ "req.1", fake_callback },
};

static int vm_test_find(struct vm_device *vm)
{
	return vm->vdev.config->find_vqs(&vm->vdev, ARRAY_SIZE(fake_queues), fake->vqs,
					 fake_queues, NULL);
}

/* Starts a device with two queues on its line, and then clears the log */
static struct vm_device *vm_test_start_queues(struct kunit *test)
{
	struct vm_device *vm = vm_test_start_line(test);

	KUNIT_ASSERT_EQ(test, vm_test_find(vm), 0);
	fake->nr_log = 0;
	return vm;
}

static void vm_test_expect(struct kunit *test, unsigned int i, enum fake_kind kind,
			   unsigned int reg, u32 value)
{
	KUNIT_ASSERT_LT(test, i, fake->nr_log);
	KUNIT_EXPECT_EQ_MSG(test, fake->log[i].kind, kind, "event %u", i);
	KUNIT_EXPECT_EQ_MSG(test, fake->log[i].reg, reg, "event %u", i);
	KUNIT_EXPECT_EQ_MSG(test, fake->log[i].value, value, "event %u", i);
}

static unsigned int vm_test_count(enum fake_kind kind, unsigned int reg)
{
	unsigned int i, count = 0;

	for (i = 0; i < fake->nr_log; i++)
		count += fake->log[i].kind == kind && fake->log[i].reg == reg;
	return count;
}

/* Probe and removal */

/**
 * struct fake_identity - A value in a register that identifies the device
 * @name:	Name of the case
 * @reg:	The register
 * @value:	Its value
 * @ret:	Result of the probe
 */
struct fake_identity {
	const char	*name;
	unsigned int	reg;
	u32		value;
	int		ret;
};

static const struct fake_identity fake_identities[] = {
	{ "magic", VIRTIO_MMIO_MAGIC_VALUE, FAKE_MAGIC + 1, -ENODEV },
	{ "version_1", VIRTIO_MMIO_VERSION, 1, -ENODEV },
	{ "version_3", VIRTIO_MMIO_VERSION, 3, 0 },
	{ "version_4", VIRTIO_MMIO_VERSION, 4, -ENODEV },
	{ "nothing", VIRTIO_MMIO_DEVICE_ID, 0, -ENODEV },
};

static void fake_identity_desc(const struct fake_identity *identity, char *desc)
{
	strscpy(desc, identity->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(fake_identity, fake_identities, fake_identity_desc);

/* The driver logs why it declines a device only if the parameter added the device */
static void vm_identity_test(struct kunit *test)
{
	const struct fake_identity *identity = test->param_value;
	unsigned int i;

	fake_set(identity->reg, identity->value);
	for (i = 0; i < 2; i++) {
		vm_param_parent = i ? fake->pdev->dev.parent : NULL;
		fake->nr_errors = 0;
		KUNIT_EXPECT_EQ(test, fake_driver->probe(fake->pdev), identity->ret);
		KUNIT_EXPECT_EQ(test, fake->nr_errors, identity->ret ? i : 0);
		if (!identity->ret)
			fake_driver->remove(fake->pdev);
	}
}

static void vm_probe_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start(test);

	KUNIT_EXPECT_EQ(test, vm->vdev.id.device, FAKE_DEVICE_ID);
	KUNIT_EXPECT_EQ(test, vm->vdev.id.vendor, FAKE_VENDOR_ID);
	KUNIT_EXPECT_PTR_EQ(test, vm->vdev.dev.parent, &fake->pdev->dev);
	KUNIT_EXPECT_PTR_EQ(test, vm->vm_vis, &fake->vm_vis);
	KUNIT_EXPECT_EQ(test, fake->dma_mask, DMA_BIT_MASK(64));
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 0);
	KUNIT_EXPECT_STREQ(test, vm->vdev.config->bus_name(&vm->vdev), fake->pdev->name);
}

/* Each access costs an exit, so the driver reads no register twice */
static void vm_read_once_test(struct kunit *test)
{
	struct vm_device *vm;

	KUNIT_ASSERT_EQ(test, fake_driver->probe(fake->pdev), 0);
	vm = platform_get_drvdata(fake->pdev);
	vm->vdev.config->get_features(&vm->vdev);
	KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_READ, VIRTIO_MMIO_MAGIC_VALUE), 1);
	KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_READ, VIRTIO_MMIO_VERSION), 1);
	KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_READ, VIRTIO_MMIO_DEVICE_ID), 1);
	KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_READ, VIRTIO_MMIO_VENDOR_ID), 1);
	KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_READ, VIRTIO_MMIO_DEVICE_FEATURES), 2);
	fake_driver->remove(fake->pdev);
}

static void vm_probe_fails_test(struct kunit *test)
{
	fake->map_error = -EBUSY;
	KUNIT_EXPECT_EQ(test, fake_driver->probe(fake->pdev), -EBUSY);
	fake->map_error = 0;
	fake->res = DEFINE_RES_MEM(FAKE_REGS, VIRTIO_MMIO_CONFIG - 1);
	KUNIT_EXPECT_EQ(test, fake_driver->probe(fake->pdev), -ENODEV);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);
	fake->res = DEFINE_RES_MEM(FAKE_REGS, VIRTIO_MMIO_CONFIG);
	fake->line = -EPROBE_DEFER;
	KUNIT_EXPECT_EQ(test, fake_driver->probe(fake->pdev), -EPROBE_DEFER);
	KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_VIS_REMOVE, 0), 0);
	fake->line = -ENXIO;
	fake->register_error = -EINVAL;
	KUNIT_EXPECT_EQ(test, fake_driver->probe(fake->pdev), -EINVAL);
	KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_VIS_REMOVE, 0), 1);
	KUNIT_EXPECT_EQ(test, fake->nr_freed, 1);
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 0);
}

static void vm_remove_test(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, fake_driver->probe(fake->pdev), 0);
	fake->nr_log = 0;
	fake_driver->remove(fake->pdev);
	KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_VIS_REMOVE, 0), 1);
	KUNIT_EXPECT_EQ(test, fake->nr_freed, 1);
}

/* A device without VIS is left to the stock driver, unless only the parameter describes it */
static void vm_no_vis_test(struct kunit *test)
{
	fake->vis_result = NULL;
	KUNIT_EXPECT_EQ(test, fake_driver->probe(fake->pdev), -ENODEV);
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 0);
	vm_param_parent = fake->pdev->dev.parent;
	KUNIT_EXPECT_NULL(test, vm_test_start(test)->vm_vis);
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 1);
}

static void vm_bad_vis_test(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, vm_test_start_line(test)->vm_vis);
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 0);
}

static void vm_dma_test(struct kunit *test)
{
	fake->dma_bits = 32;
	vm_test_start(test);
	KUNIT_EXPECT_EQ(test, fake->dma_mask, DMA_BIT_MASK(32));
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 0);
}

static void vm_no_dma_test(struct kunit *test)
{
	fake->dma_bits = 24;
	vm_test_start(test);
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 1);
}

static struct kunit_case vm_probe_cases[] = {
	KUNIT_CASE_PARAM(vm_identity_test, fake_identity_gen_params),
	KUNIT_CASE(vm_probe_test),
	KUNIT_CASE(vm_read_once_test),
	KUNIT_CASE(vm_probe_fails_test),
	KUNIT_CASE(vm_remove_test),
	KUNIT_CASE(vm_no_vis_test),
	KUNIT_CASE(vm_bad_vis_test),
	KUNIT_CASE(vm_dma_test),
	KUNIT_CASE(vm_no_dma_test),
	{ }
};

static struct kunit_suite vm_probe_suite = {
	.name		= "virtio_mmio_transport_probe",
	.init		= vm_test_init,
	.exit		= vm_test_exit,
	.test_cases	= vm_probe_cases,
};

/* Configuration space */

/* Fields of 1, 2 and 4 bytes take one access, of 8 bytes two, and all others go byte by byte */
static void vm_config_access_test(struct kunit *test)
{
	static const unsigned int lens[][3] = { { 1, 1, 1 }, { 2, 2, 1 }, { 3, 1, 3 },
						{ 4, 4, 1 }, { 8, 4, 2 } };
	struct vm_device *vm = vm_test_start(test);
	u8 out[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		unsigned int len = lens[i][0], each = lens[i][1], nr = lens[i][2];
		u8 in[8] = { };

		fake->nr_log = 0;
		memset(fake->mem + VIRTIO_MMIO_CONFIG, 0, 32);
		vm->vdev.config->set(&vm->vdev, 8, out, len);
		KUNIT_EXPECT_MEMEQ(test, fake->mem + VIRTIO_MMIO_CONFIG + 8, out, len);
		vm->vdev.config->get(&vm->vdev, 8, in, len);
		KUNIT_EXPECT_MEMEQ(test, in, out, len);
		KUNIT_ASSERT_EQ(test, fake->nr_log, 2 * nr);
		for (j = 0; j < 2 * nr; j++) {
			KUNIT_EXPECT_EQ(test, fake->log[j].kind, j < nr ? FAKE_WRITE : FAKE_READ);
			KUNIT_EXPECT_EQ(test, fake->log[j].len, each);
			KUNIT_EXPECT_EQ(test, fake->log[j].reg,
					VIRTIO_MMIO_CONFIG + 8 + j % nr * each);
		}
	}
}

/* Offsets that drivers compute from values of the device never lead out of the mapping */
static void vm_config_bounds_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start(test);
	static const unsigned int outside[][2] = {
		{ FAKE_CONFIG_SIZE, 1 }, { FAKE_CONFIG_SIZE - 3, 4 }, { U32_MAX, 1 },
		{ U32_MAX - 3, 8 }, { 0, FAKE_CONFIG_SIZE + 1 }, { U32_MAX, U32_MAX },
	};
	u64 value = U64_MAX;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(outside); i++) {
		unsigned int len = min(outside[i][1], 8);

		value = U64_MAX;
		KUNIT_EXPECT_NULL(test, vm_config(vm, outside[i][0], outside[i][1]));
		if (outside[i][1] > 8)
			continue;
		vm->vdev.config->set(&vm->vdev, outside[i][0], &value, len);
		vm->vdev.config->get(&vm->vdev, outside[i][0], &value, len);
		KUNIT_EXPECT_EQ(test, value & GENMASK_ULL(8 * len - 1, 0), 0);
	}
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);

	vm->vdev.config->get(&vm->vdev, FAKE_CONFIG_SIZE - 4, &value, 4);
	vm_test_expect(test, 0, FAKE_READ, PAGE_SIZE - 4, 0);
}

/* A reader that waits for two equal generations gets them after a bounded number of tries */
static void vm_generation_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start(test);
	u32 before, after = 0, i, round;

	fake_set(VIRTIO_MMIO_CONFIG_GENERATION, 7);
	KUNIT_EXPECT_EQ(test, vm->vdev.config->generation(&vm->vdev), 7);
	KUNIT_EXPECT_EQ(test, vm->vdev.config->generation(&vm->vdev), 7);
	fake_set(VIRTIO_MMIO_CONFIG_GENERATION, 8);
	KUNIT_EXPECT_EQ(test, vm->vdev.config->generation(&vm->vdev), 8);

	fake_set(VIRTIO_MMIO_CONFIG_GENERATION, 8);
	vm->vdev.config->generation(&vm->vdev);
	for (round = 0; round < 2; round++) {
		fake->unstable = true;
		before = vm->vdev.config->generation(&vm->vdev);
		for (i = 1; i <= VM_GENERATION_LIMIT; i++, before = after) {
			after = vm->vdev.config->generation(&vm->vdev);
			if (after == before)
				break;
		}
		KUNIT_EXPECT_EQ(test, i, VM_GENERATION_LIMIT);
		KUNIT_EXPECT_EQ(test, fake->nr_errors, round + 1);
	}
}

static struct kunit_case vm_config_cases[] = {
	KUNIT_CASE(vm_config_access_test),
	KUNIT_CASE(vm_config_bounds_test),
	KUNIT_CASE(vm_generation_test),
	{ }
};

static struct kunit_suite vm_config_suite = {
	.name		= "virtio_mmio_transport_config",
	.init		= vm_test_init,
	.exit		= vm_test_exit,
	.test_cases	= vm_config_cases,
};

/* Status, reset and features */

static void vm_status_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start(test);
	u8 set = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;

	vm->vdev.config->reset(&vm->vdev);
	fake_set(VIRTIO_MMIO_STATUS, 0xff);
	KUNIT_EXPECT_EQ(test, vm->vdev.config->get_status(&vm->vdev), 0);
	vm->vdev.config->set_status(&vm->vdev, set);
	KUNIT_EXPECT_EQ(test, fake_get(VIRTIO_MMIO_STATUS), set);
	KUNIT_EXPECT_EQ(test, vm->vdev.config->get_status(&vm->vdev), set);
	fake_set(VIRTIO_MMIO_STATUS, 0xff);
	KUNIT_EXPECT_EQ(test, vm->vdev.config->get_status(&vm->vdev),
			set | VIRTIO_CONFIG_S_NEEDS_RESET);
}

static void vm_reset_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start(test);

	fake->nr_polls = 3;
	vm->vdev.config->set_status(&vm->vdev, 1);
	fake->nr_log = 0;
	vm->vdev.config->reset(&vm->vdev);
	vm_test_expect(test, 0, FAKE_VIS_RESET, 0, 0);
	vm_test_expect(test, 1, FAKE_WRITE, VIRTIO_MMIO_STATUS, 0);
	KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_READ, VIRTIO_MMIO_STATUS), 3);
	vm_test_expect(test, 5, FAKE_VIS_SYNC, 0, 0);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 6);
	KUNIT_EXPECT_FALSE(test, vm->dead);
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 0);
}

static void vm_synchronize_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start_queues(test);

	vm->vdev.config->synchronize_cbs(&vm->vdev);
	vm_test_expect(test, 0, FAKE_LINE_SYNC, fake->irq, 0);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 1);
}

/* Until a reset completes, the device is left alone, and memory that it may write is not freed */
static void vm_dead_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start_queues(test);
	struct virtqueue *leaked = fake->vqs[2];

	fake_set(VIRTIO_MMIO_STATUS, 1);
	fake->nr_polls = FAKE_POLLS + 1;
	vm->vdev.config->reset(&vm->vdev);
	KUNIT_EXPECT_TRUE(test, vm->dead);
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 1);
	fake->nr_log = 0;
	vm->vdev.config->set_status(&vm->vdev, 1);
	KUNIT_EXPECT_EQ(test, vm->vdev.config->finalize_features(&vm->vdev), -ENODEV);
	vm_del_vq(leaked);
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 2);
	KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_NOT_LEAKED, 1), 1);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 1);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&vm->vdev.vqs));

	/* The test can free the ring that the transport must not free */
	if (list_is_singular(&vm->vdev.vqs))
		list_add_tail(&leaked->list, &vm->vdev.vqs);
	fake->nr_polls = 0;
	vm->vdev.config->reset(&vm->vdev);
	KUNIT_EXPECT_FALSE(test, vm->dead);
}

static void vm_features_test(struct kunit *test)
{
	u64 kept = BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_F_RING_RESET) |
		   BIT_ULL(VIRTIO_RING_F_EVENT_IDX) | 5;
	struct vm_device *vm;

	fake->features = 0x123456789abcdef0;
	vm = vm_test_start(test);
	KUNIT_EXPECT_EQ(test, fake->vis_features, fake->features);
	KUNIT_EXPECT_EQ(test, vm->vdev.config->get_features(&vm->vdev), fake->features);

	vm->vdev.features = kept | BIT_ULL(VIRTIO_F_ADMIN_VQ);
	fake->nr_log = 0;
	KUNIT_EXPECT_EQ(test, vm->vdev.config->finalize_features(&vm->vdev), 0);
	kept |= BIT_ULL(VIRTIO_F_VIS);
	KUNIT_EXPECT_EQ(test, vm->vdev.features, kept);
	KUNIT_EXPECT_EQ(test, fake->accepted[0], lower_32_bits(kept));
	KUNIT_EXPECT_EQ(test, fake->accepted[1], upper_32_bits(kept));
	KUNIT_EXPECT_EQ(test, fake->nr_log, 4);
}

static void vm_features_refused_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start(test);

	vm->vdev.features = BIT_ULL(VIRTIO_RING_F_EVENT_IDX);
	KUNIT_EXPECT_EQ(test, vm->vdev.config->finalize_features(&vm->vdev), -EINVAL);
	KUNIT_EXPECT_FALSE(test, __virtio_test_bit(&vm->vdev, VIRTIO_F_RING_RESET));
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 1);
}

static void vm_shm_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start(test);
	struct virtio_shm_region region;

	fake_set(VIRTIO_MMIO_SHM_LEN_LOW, 0x1000);
	fake_set(VIRTIO_MMIO_SHM_LEN_HIGH, 1);
	fake_set(VIRTIO_MMIO_SHM_BASE_LOW, 0x2000);
	fake_set(VIRTIO_MMIO_SHM_BASE_HIGH, 0xfffffffe);
	KUNIT_EXPECT_TRUE(test, vm->vdev.config->get_shm_region(&vm->vdev, &region, 3));
	vm_test_expect(test, 0, FAKE_WRITE, VIRTIO_MMIO_SHM_SEL, 3);
	KUNIT_EXPECT_EQ(test, region.len, 0x100001000);
	KUNIT_EXPECT_EQ(test, region.addr, 0xfffffffe00002000);
	fake_set(VIRTIO_MMIO_SHM_BASE_HIGH, U32_MAX);
	KUNIT_EXPECT_FALSE(test, vm->vdev.config->get_shm_region(&vm->vdev, &region, 3));
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 1);
	fake_set(VIRTIO_MMIO_SHM_LEN_LOW, U32_MAX);
	fake_set(VIRTIO_MMIO_SHM_LEN_HIGH, U32_MAX);
	KUNIT_EXPECT_FALSE(test, vm->vdev.config->get_shm_region(&vm->vdev, &region, 3));
	fake_set(VIRTIO_MMIO_SHM_LEN_LOW, 0);
	fake_set(VIRTIO_MMIO_SHM_LEN_HIGH, 0);
	KUNIT_EXPECT_FALSE(test, vm->vdev.config->get_shm_region(&vm->vdev, &region, 3));
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 1);
}

/* The device is reset unless the machine powers off; only a device other than storage is broken */
static void vm_shutdown_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start(test);

	fake->doing = SYSTEM_POWER_OFF;
	fake_driver->shutdown(fake->pdev);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);
	fake->doing = SYSTEM_RESTART;
	fake_driver->shutdown(fake->pdev);
	vm_test_expect(test, 0, FAKE_BREAK_DEVICE, 0, 0);
	KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_WRITE, VIRTIO_MMIO_STATUS), 1);
	vm->vdev.id.device = VIRTIO_ID_BLOCK;
	fake_driver->shutdown(fake->pdev);
	KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_BREAK_DEVICE, 0), 1);
	KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_WRITE, VIRTIO_MMIO_STATUS), 2);
}

static struct kunit_case vm_status_cases[] = {
	KUNIT_CASE(vm_status_test),
	KUNIT_CASE(vm_reset_test),
	KUNIT_CASE(vm_synchronize_test),
	KUNIT_CASE(vm_dead_test),
	KUNIT_CASE(vm_features_test),
	KUNIT_CASE(vm_features_refused_test),
	KUNIT_CASE(vm_shm_test),
	KUNIT_CASE(vm_shutdown_test),
	{ }
};

static struct kunit_suite vm_status_suite = {
	.name		= "virtio_mmio_transport_status",
	.init		= vm_test_init,
	.exit		= vm_test_exit,
	.test_cases	= vm_status_cases,
};

/* Queues and the line */

static void vm_find_line_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start_line(test);

	KUNIT_ASSERT_EQ(test, vm_test_find(vm), 0);
	KUNIT_EXPECT_NULL(test, fake->vqs[1]);
	KUNIT_EXPECT_EQ(test, fake->vqs[2]->index, 1);
	KUNIT_EXPECT_EQ(test, fake->vqs[2]->num_max, FAKE_QUEUE_SIZE);
	KUNIT_EXPECT_TRUE(test, irq_has_action(fake->irq));
	KUNIT_EXPECT_FALSE(test, irqd_is_wakeup_set(irq_get_irq_data(fake->irq)));
	KUNIT_EXPECT_EQ(test, fake->vm_vis.nr_finds, 0);
}

/* The device is told all parts of a queue, and last that the queue is ready */
static void vm_setup_vq_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start_queues(test);
	struct virtqueue *vq = vm_setup_vq(&vm->vdev, 3, fake_callback, "test", false);
	u64 addr;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, vq);
	KUNIT_EXPECT_EQ(test, fake_get(VIRTIO_MMIO_QUEUE_SEL), 3);
	KUNIT_EXPECT_EQ(test, fake_get(VIRTIO_MMIO_QUEUE_NUM), FAKE_QUEUE_SIZE);
	addr = virtqueue_get_desc_addr(vq);
	KUNIT_EXPECT_EQ(test, fake_get(VIRTIO_MMIO_QUEUE_DESC_LOW), lower_32_bits(addr));
	KUNIT_EXPECT_EQ(test, fake_get(VIRTIO_MMIO_QUEUE_DESC_HIGH), upper_32_bits(addr));
	addr = virtqueue_get_avail_addr(vq);
	KUNIT_EXPECT_EQ(test, fake_get(VIRTIO_MMIO_QUEUE_AVAIL_LOW), lower_32_bits(addr));
	addr = virtqueue_get_used_addr(vq);
	KUNIT_EXPECT_EQ(test, fake_get(VIRTIO_MMIO_QUEUE_USED_LOW), lower_32_bits(addr));
	KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_WRITE, VIRTIO_MMIO_QUEUE_AVAIL_HIGH), 1);
	KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_WRITE, VIRTIO_MMIO_QUEUE_USED_HIGH), 1);
	vm_test_expect(test, fake->nr_log - 1, FAKE_WRITE, VIRTIO_MMIO_QUEUE_READY, 1);
}

static void vm_setup_vq_fails_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start_line(test);

	fake->num_max[1] = 0;
	KUNIT_EXPECT_EQ(test, vm_test_find(vm), -ENOENT);
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 0);
	fake->num_max[1] = VM_QUEUE_NUM_LIMIT + 1;
	KUNIT_EXPECT_EQ(test, vm_test_find(vm), -EINVAL);
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 1);
	fake->num_max[1] = FAKE_QUEUE_SIZE;
	fake->no_memory = true;
	KUNIT_EXPECT_EQ(test, vm_test_find(vm), -ENOMEM);
	KUNIT_EXPECT_TRUE(test, list_empty(&vm->vdev.vqs));
	KUNIT_EXPECT_FALSE(test, irq_has_action(fake->irq));
	KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_DELETE, 0), 2);
}

static void vm_line_fails_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start_line(test);

	vm->line = -ENXIO;
	KUNIT_EXPECT_EQ(test, vm_test_find(vm), -ENXIO);
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 1);
	vm->line = fake->irq;
	irq_modify_status(fake->irq, 0, IRQ_NOREQUEST);
	KUNIT_EXPECT_EQ(test, vm_test_find(vm), -EINVAL);
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 2);
	KUNIT_EXPECT_TRUE(test, list_empty(&vm->vdev.vqs));
	irq_modify_status(fake->irq, IRQ_NOREQUEST, 0);
	KUNIT_EXPECT_EQ(test, vm_test_find(vm), 0);
}

/* Interrupts are freed before queues, and the device stops using a queue before its ring goes */
static void vm_del_vqs_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start_queues(test);

	vm->vdev.config->del_vqs(&vm->vdev);
	KUNIT_EXPECT_FALSE(test, irq_has_action(fake->irq));
	KUNIT_EXPECT_FALSE(test, fake->deleted_in_use);
	vm_test_expect(test, 0, FAKE_VIS_FREE, 0, 0);
	vm_test_expect(test, 1, FAKE_WRITE, VIRTIO_MMIO_QUEUE_SEL, 0);
	vm_test_expect(test, 2, FAKE_WRITE, VIRTIO_MMIO_QUEUE_READY, 0);
	vm_test_expect(test, 3, FAKE_READ, VIRTIO_MMIO_QUEUE_READY, 0);
	vm_test_expect(test, 4, FAKE_DELETE, 0, 0);
	vm_test_expect(test, 5, FAKE_WRITE, VIRTIO_MMIO_QUEUE_SEL, 1);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 9);
	KUNIT_EXPECT_EQ(test, vm_test_find(vm), 0);
}

static void vm_find_vis_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start(test);
	struct irq_affinity desc = { };

	KUNIT_ASSERT_EQ(test, vm->vdev.config->find_vqs(&vm->vdev, 1, fake->vqs, fake_queues,
							&desc), 0);
	KUNIT_EXPECT_PTR_EQ(test, fake->vm_vis.desc, &desc);
	KUNIT_EXPECT_FALSE(test, irq_has_action(fake->irq));
	vm->vdev.config->del_vqs(&vm->vdev);
	KUNIT_EXPECT_FALSE(test, fake->deleted_in_use);

	fake->vm_vis.find_error = -ENOSPC;
	KUNIT_EXPECT_EQ(test, vm_test_find(vm), -ENOSPC);
	KUNIT_EXPECT_FALSE(test, irq_has_action(fake->irq));

	fake->vm_vis.find_error = 1;
	KUNIT_EXPECT_EQ(test, vm_test_find(vm), 0);
	KUNIT_EXPECT_EQ(test, fake->vm_vis.nr_finds, 3);
	KUNIT_EXPECT_TRUE(test, irq_has_action(fake->irq));
	vm->vdev.config->del_vqs(&vm->vdev);

	vm->vm_vis = NULL;
	KUNIT_EXPECT_EQ(test, vm_test_find(vm), 0);
	KUNIT_EXPECT_EQ(test, fake->vm_vis.nr_finds, 3);
}

static irqreturn_t vm_test_interrupt(struct vm_device *vm, u32 status)
{
	fake->nr_log = 0;
	fake_core.nr_used = 0;
	fake_core.nr_config = 0;
	fake_set(VIRTIO_MMIO_INTERRUPT_STATUS, status);
	return vm_line_interrupt(fake->irq, vm);
}

static void vm_line_interrupt_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start_queues(test);

	fake_core.used = ~0UL;
	KUNIT_EXPECT_EQ(test, vm_test_interrupt(vm, 0), IRQ_NONE);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 1);
	KUNIT_EXPECT_EQ(test, vm_test_interrupt(vm, VIRTIO_MMIO_INT_CONFIG), IRQ_HANDLED);
	vm_test_expect(test, 1, FAKE_WRITE, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_CONFIG);
	KUNIT_EXPECT_EQ(test, fake_core.nr_config, 1);
	KUNIT_EXPECT_EQ(test, fake_core.nr_used, 0);
	KUNIT_EXPECT_EQ(test, vm_test_interrupt(vm, VIRTIO_MMIO_INT_VRING), IRQ_HANDLED);
	KUNIT_EXPECT_EQ(test, fake_core.nr_config, 0);
	KUNIT_EXPECT_EQ(test, fake_core.nr_used, 2);
	fake->vqs[0]->reset = true;
	KUNIT_EXPECT_EQ(test, vm_test_interrupt(vm, VIRTIO_MMIO_INT_VRING), IRQ_HANDLED);
	KUNIT_EXPECT_EQ(test, fake_core.nr_used, 1);
	fake->vqs[0]->reset = false;
	fake_core.used = 0;
	KUNIT_EXPECT_EQ(test, vm_test_interrupt(vm, VIRTIO_MMIO_INT_VRING), IRQ_NONE);
}

static void vm_line_wakeup_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start_line(test);
	struct irq_data *d = irq_get_irq_data(fake->irq);

	fake_add_wakeup_source(test, &fake->pdev->dev);
	KUNIT_EXPECT_EQ(test, vm_test_find(vm), 0);
	KUNIT_EXPECT_TRUE(test, irqd_is_wakeup_set(d));
	vm->vdev.config->del_vqs(&vm->vdev);
	KUNIT_EXPECT_FALSE(test, irqd_is_wakeup_set(d));
	fake_remove_wakeup_source(&fake->pdev->dev);
}

static void vm_notify_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start_queues(test);
	struct scatterlist sg;

	KUNIT_EXPECT_TRUE(test, virtqueue_notify(fake->vqs[2]));
	vm_test_expect(test, 0, FAKE_WRITE, VIRTIO_MMIO_QUEUE_NOTIFY, 1);
	vm->vdev.config->del_vqs(&vm->vdev);

	__virtio_set_bit(&vm->vdev, VIRTIO_F_NOTIFICATION_DATA);
	KUNIT_ASSERT_EQ(test, vm_test_find(vm), 0);
	sg_init_one(&sg, fake->mem, 4);
	KUNIT_ASSERT_EQ(test, virtqueue_add_outbuf(fake->vqs[2], &sg, 1, fake, GFP_KERNEL), 0);
	fake->nr_log = 0;
	KUNIT_EXPECT_TRUE(test, virtqueue_notify(fake->vqs[2]));
	vm_test_expect(test, 0, FAKE_WRITE, VIRTIO_MMIO_QUEUE_NOTIFY, 1 << 16 | 1);
	virtqueue_detach_unused_buf(fake->vqs[2]);
}

static void vm_affinity_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start(test);
	struct virtqueue vq = { .vdev = &vm->vdev };

	KUNIT_EXPECT_EQ(test, vm->vdev.config->set_vq_affinity(&vq, cpumask_of(0)), 1);
	KUNIT_EXPECT_PTR_EQ(test, fake->vm_vis.hinted, &vq);
	KUNIT_EXPECT_PTR_EQ(test, vm->vdev.config->get_vq_affinity(&vm->vdev, 1),
			    &fake->vm_vis.cpus);
}

/* Callbacks from the line or the vector end before the reset begins */
static void vm_reset_vq_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start_queues(test);
	struct virtqueue *vq = fake->vqs[2];
	unsigned int i;

	KUNIT_EXPECT_EQ(test, vm->vdev.config->disable_vq_and_reset(vq), -ENOENT);
	KUNIT_EXPECT_EQ(test, vm->vdev.config->enable_vq_after_reset(vq), -EBUSY);
	KUNIT_EXPECT_EQ(test, fake->nr_log, 0);
	KUNIT_EXPECT_FALSE(test, vq->reset);

	__virtio_set_bit(&vm->vdev, VIRTIO_F_RING_RESET);
	fake->nr_polls = 2;
	for (i = 0; i < 2; i++) {
		fake->nr_log = 0;
		fake->ready[1] = 0;
		vm->line_requested = !i;
		KUNIT_EXPECT_EQ(test, vm->vdev.config->disable_vq_and_reset(vq), 0);
		KUNIT_EXPECT_TRUE(test, vq->reset);
		vm_test_expect(test, 0, FAKE_BREAK, 1, 0);
		if (i)
			vm_test_expect(test, 1, FAKE_VIS_DISABLE, 1, 1);
		else
			vm_test_expect(test, 1, FAKE_LINE_SYNC, fake->irq, 0);
		vm_test_expect(test, 2, FAKE_WRITE, VIRTIO_MMIO_QUEUE_SEL, 1);
		vm_test_expect(test, 3, FAKE_WRITE, FAKE_QUEUE_RESET, 1);
		KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_READ, FAKE_QUEUE_RESET), 2);
		KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_READ, VIRTIO_MMIO_QUEUE_READY), 1);
	}
	vm->line_requested = true;
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 0);
}

static void vm_reset_vq_fails_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start_queues(test);
	struct virtqueue *vq = fake->vqs[2];

	__virtio_set_bit(&vm->vdev, VIRTIO_F_RING_RESET);
	/* First the queue stays ready, and then it stays in reset */
	KUNIT_EXPECT_EQ(test, vm->vdev.config->disable_vq_and_reset(vq), -ETIMEDOUT);
	fake->nr_polls = FAKE_POLLS + 1;
	fake->ready[1] = 0;
	KUNIT_EXPECT_EQ(test, vm->vdev.config->disable_vq_and_reset(vq), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 2);
	KUNIT_EXPECT_TRUE(test, vq->reset);
}

/* Callbacks begin once the queue is ready again */
static void vm_enable_vq_test(struct kunit *test)
{
	struct vm_device *vm = vm_test_start_queues(test);
	struct virtqueue *vq = fake->vqs[2];

	vq->reset = true;
	fake_set(VIRTIO_MMIO_QUEUE_SEL, 0);
	KUNIT_EXPECT_EQ(test, vm->vdev.config->enable_vq_after_reset(vq), -EBUSY);
	KUNIT_EXPECT_EQ(test, fake_get(VIRTIO_MMIO_QUEUE_SEL), 1);
	fake->ready[1] = 0;
	fake_set(FAKE_QUEUE_RESET, 1);
	KUNIT_EXPECT_EQ(test, vm->vdev.config->enable_vq_after_reset(vq), -EBUSY);
	fake_set(FAKE_QUEUE_RESET, 0);
	KUNIT_EXPECT_TRUE(test, vq->reset);
	fake->nr_log = 0;
	KUNIT_EXPECT_EQ(test, vm->vdev.config->enable_vq_after_reset(vq), 0);
	KUNIT_EXPECT_FALSE(test, vq->reset);
	KUNIT_EXPECT_EQ(test, fake->ready[1], 1);
	KUNIT_EXPECT_EQ(test, vm_test_count(FAKE_UNBREAK, 1), 1);
	vm_test_expect(test, fake->nr_log - 1, FAKE_VIS_ENABLE, 1, 0);
}

static struct kunit_case vm_queue_cases[] = {
	KUNIT_CASE(vm_find_line_test),
	KUNIT_CASE(vm_setup_vq_test),
	KUNIT_CASE(vm_setup_vq_fails_test),
	KUNIT_CASE(vm_line_fails_test),
	KUNIT_CASE(vm_del_vqs_test),
	KUNIT_CASE(vm_find_vis_test),
	KUNIT_CASE(vm_line_interrupt_test),
	KUNIT_CASE(vm_line_wakeup_test),
	KUNIT_CASE(vm_notify_test),
	KUNIT_CASE(vm_affinity_test),
	KUNIT_CASE(vm_reset_vq_test),
	KUNIT_CASE(vm_reset_vq_fails_test),
	KUNIT_CASE(vm_enable_vq_test),
	{ }
};

static struct kunit_suite vm_queue_suite = {
	.name		= "virtio_mmio_transport_queue",
	.init		= vm_test_init,
	.exit		= vm_test_exit,
	.test_cases	= vm_queue_cases,
};

/* The parameter */

/**
 * struct fake_value - A value of the parameter
 * @name:	Name of the case
 * @text:	The value
 * @ret:	Result of setting it
 */
struct fake_value {
	const char	*name;
	const char	*text;
	int		ret;
};

static const struct fake_value fake_values[] = {
	{ "plain", "0x200@0x3f30000000:5", 0 },
	{ "id_0", "0x200@0x3f30000000:5:0", 0 },
	{ "id_41", "512@0x3f30000000:5:41", 0 },
	{ "last_irq", "256@0x3f30000000:2147483647", 0 },
	{ "no_base", "0x200", -EINVAL },
	{ "no_irq", "0x200@0x3f30000000", -EINVAL },
	{ "wrong_mark", "0x200@0x3f30000000;5", -EINVAL },
	{ "no_id", "0x200@0x3f30000000:5:", -EINVAL },
	{ "negative_id", "0x200@0x3f30000000:5:-1", -EINVAL },
	{ "id_no_number", "0x200@0x3f30000000:5:x", -EINVAL },
	{ "rest", "0x200@0x3f30000000:5x", -EINVAL },
	{ "irq_0", "0x200@0x3f30000000:0", -EINVAL },
	{ "irq_too_large", "0x200@0x3f30000000:0x80000000", -EINVAL },
	{ "too_small", "255@0x3f30000000:5", -EINVAL },
	{ "wraps", "0x200@0xffffffffffffff00:5", -EINVAL },
};

static void fake_value_desc(const struct fake_value *value, char *desc)
{
	strscpy(desc, value->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(fake_value, fake_values, fake_value_desc);

static int vm_param_test_init(struct kunit *test)
{
	fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	return fake ? 0 : -ENOMEM;
}

static void vm_param_test_exit(struct kunit *test)
{
	vm_param_free(NULL);
}

static void vm_param_value_test(struct kunit *test)
{
	const struct fake_value *value = test->param_value;

	KUNIT_EXPECT_EQ(test, vm_param_set(value->text, NULL), value->ret);
	KUNIT_EXPECT_EQ(test, fake->nr_errors, !!value->ret);
}

/* Reading the parameter lists the devices in the form that it accepts; each has its own id */
static void vm_param_devices_test(struct kunit *test)
{
	char *text = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	struct device *taken;
	unsigned int nr_refs;

	KUNIT_ASSERT_NOT_NULL(test, text);
	text[0] = 'x';
	KUNIT_EXPECT_EQ(test, vm_param_get(text, NULL), 0);
	KUNIT_EXPECT_STREQ(test, text, "");
	KUNIT_ASSERT_EQ(test, vm_param_set("512@0x3f30000000:5:40", NULL), 0);
	KUNIT_ASSERT_EQ(test, vm_param_set("1K@0x3f30001000:6:41", NULL), 0);
	taken = device_find_child_by_name(vm_param_parent, VM_DRIVER_NAME ".41");
	KUNIT_ASSERT_NOT_NULL(test, taken);
	put_device(taken);
	nr_refs = kref_read(&taken->kobj.kref);
	KUNIT_EXPECT_EQ(test, vm_param_set("512@0x3f30002000:5:41", NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, kref_read(&taken->kobj.kref), nr_refs);
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 1);
	KUNIT_EXPECT_EQ(test, vm_param_set("1K@0x3f30001200:7:42", NULL), -EBUSY);
	KUNIT_EXPECT_EQ(test, fake->nr_errors, 2);

	memset(text, 'x', PAGE_SIZE - 1);
	KUNIT_EXPECT_GT(test, vm_param_get(text, NULL), 0);
	KUNIT_EXPECT_STREQ(test, text, "0x200@0x3f30000000:5:40\n0x400@0x3f30001000:6:41\n");
	vm_param_free(NULL);
	KUNIT_EXPECT_NULL(test, vm_param_parent);
	KUNIT_EXPECT_EQ(test, vm_param_set("512@0x3f30000000:5:40", NULL), 0);
}

static struct kunit_case vm_param_cases[] = {
	KUNIT_CASE_PARAM(vm_param_value_test, fake_value_gen_params),
	KUNIT_CASE(vm_param_devices_test),
	{ }
};

static struct kunit_suite vm_param_suite = {
	.name		= "virtio_mmio_transport_param",
	.init		= vm_param_test_init,
	.exit		= vm_param_test_exit,
	.test_cases	= vm_param_cases,
};

kunit_test_suites(&vm_probe_suite, &vm_config_suite, &vm_status_suite, &vm_queue_suite,
		  &vm_param_suite);
