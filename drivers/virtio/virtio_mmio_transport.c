// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtio-mmio transport for devices that offer Virtio Interrupt Storage
 */
#include <linux/cleanup.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/kernel.h>
#include <linux/kmemleak.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/unaligned.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>
#include <uapi/linux/virtio_mmio.h>

#include "virtio_mmio_vis.h"

#define VM_DRIVER_NAME			"virtio-mmio-vis"

/* "virt", read as a little-endian word */
#define VM_MAGIC			0x74726976
#define VM_VERSION_MIN			2
#define VM_VERSION_MAX			3

/* Queue reset, which <uapi/linux/virtio_mmio.h> lacks - Read Write */
#define VIRTIO_MMIO_QUEUE_RESET		0x0c0

/* The largest queue that virtio allows; a larger one would overflow the size of the ring */
#define VM_QUEUE_NUM_LIMIT		32768

#define VM_POLL_US			1000
#define VM_POLL_TIMEOUT_S		10

/* After this many changes of ConfigGeneration in a row, a reader stops waiting for a stable one */
#define VM_GENERATION_LIMIT		1000

/**
 * struct vm_device - A virtio device behind virtio-mmio registers
 * @vdev:		The virtio device
 * @pdev:		The platform device that the registers belong to
 * @vm_vis:		VIS half of the device, or NULL if it has no usable interrupt storage
 * @base:		The registers
 * @features:		Feature bits that the device offers
 * @config_size:	Bytes of configuration space that are mapped
 * @generation:		ConfigGeneration as last reported
 * @nr_changes:		Number of reads in a row that found a new ConfigGeneration
 * @line:		Linux interrupt number of the classic line, or a negative error
 * @line_requested:	@line has our handler
 * @line_wakes:		@line is armed as a wake-up source
 * @status:		Status bits set by the driver since the last reset
 * @dead:		The last reset did not complete, so the driver leaves the device alone
 */
struct vm_device {
	struct virtio_device	vdev;
	struct platform_device	*pdev;
	struct virtio_mmio_vis	*vm_vis;
	void __iomem		*base;
	u64			features;
	resource_size_t		config_size;
	u32			generation;
	u32			nr_changes;
	int			line;
	bool			line_requested;
	bool			line_wakes;
	u8			status;
	bool			dead;
};

static struct vm_device *to_vm_device(struct virtio_device *vdev)
{
	return container_of(vdev, struct vm_device, vdev);
}

static u32 vm_read(const struct vm_device *vm, unsigned int reg)
{
	return readl(vm->base + reg);
}

static void vm_write(const struct vm_device *vm, unsigned int reg, u32 val)
{
	writel(val, vm->base + reg);
}

static u64 vm_read64(const struct vm_device *vm, unsigned int reg_low)
{
	u64 low = vm_read(vm, reg_low);

	return low | (u64)vm_read(vm, reg_low + sizeof(u32)) << 32;
}

static void vm_write64(const struct vm_device *vm, unsigned int reg_low, u64 val)
{
	vm_write(vm, reg_low, lower_32_bits(val));
	vm_write(vm, reg_low + sizeof(u32), upper_32_bits(val));
}

static int vm_poll_zero(const struct vm_device *vm, unsigned int reg, u32 *val)
{
	return readl_poll_timeout(vm->base + reg, *val, !*val, VM_POLL_US,
				  VM_POLL_TIMEOUT_S * USEC_PER_SEC);
}

/* Returns NULL outside of the mapping: drivers compute offsets from values of the device */
static void __iomem *vm_config(const struct vm_device *vm, unsigned int offset, unsigned int len)
{
	if (len > vm->config_size || offset > vm->config_size - len)
		return NULL;
	return vm->base + VIRTIO_MMIO_CONFIG + offset;
}

static void vm_get(struct virtio_device *vdev, unsigned int offset, void *buf, unsigned int len)
{
	void __iomem *src = vm_config(to_vm_device(vdev), offset, len);
	unsigned int i;
	u8 *byte = buf;

	if (!src) {
		memset(buf, 0, len);
		return;
	}

	switch (len) {
	case sizeof(u16):
		put_unaligned_le16(readw(src), buf);
		break;
	case sizeof(u32):
		put_unaligned_le32(readl(src), buf);
		break;
	case sizeof(u64):
		put_unaligned_le32(readl(src), buf);
		put_unaligned_le32(readl(src + sizeof(u32)), buf + sizeof(u32));
		break;
	default:
		for (i = 0; i < len; i++)
			byte[i] = readb(src + i);
	}
}

static void vm_set(struct virtio_device *vdev, unsigned int offset, const void *buf,
		   unsigned int len)
{
	void __iomem *dst = vm_config(to_vm_device(vdev), offset, len);
	const u8 *byte = buf;
	unsigned int i;

	if (!dst)
		return;

	switch (len) {
	case sizeof(u16):
		writew(get_unaligned_le16(buf), dst);
		break;
	case sizeof(u32):
		writel(get_unaligned_le32(buf), dst);
		break;
	case sizeof(u64):
		writel(get_unaligned_le32(buf), dst);
		writel(get_unaligned_le32(buf + sizeof(u32)), dst + sizeof(u32));
		break;
	default:
		for (i = 0; i < len; i++)
			writeb(byte[i], dst + i);
	}
}

/* The virtio core rereads the configuration while this changes: a limit ends that loop */
static u32 vm_generation(struct virtio_device *vdev)
{
	struct vm_device *vm = to_vm_device(vdev);
	u32 generation = vm_read(vm, VIRTIO_MMIO_CONFIG_GENERATION);

	if (generation == vm->generation) {
		vm->nr_changes = 0;
	} else if (vm->nr_changes < VM_GENERATION_LIMIT) {
		vm->nr_changes++;
		vm->generation = generation;
	} else {
		vm->nr_changes = 0;
		dev_err_once(&vdev->dev, "ConfigGeneration 0x%x: never stable\n", generation);
		return vm->generation;
	}
	return generation;
}

/* The virtio core warns about any bit after a reset, and about a DRIVER_OK that no driver set */
static u8 vm_get_status(struct virtio_device *vdev)
{
	struct vm_device *vm = to_vm_device(vdev);

	if (!vm->status)
		return 0;
	return vm_read(vm, VIRTIO_MMIO_STATUS) & (vm->status | VIRTIO_CONFIG_S_NEEDS_RESET);
}

static void vm_set_status(struct virtio_device *vdev, u8 status)
{
	struct vm_device *vm = to_vm_device(vdev);

	if (vm->dead)
		return;
	vm->status = status;
	vm_write(vm, VIRTIO_MMIO_STATUS, status);
}

static void vm_synchronize_cbs(struct virtio_device *vdev)
{
	struct vm_device *vm = to_vm_device(vdev);

	if (vm->line_requested)
		synchronize_irq(vm->line);
	else
		virtio_mmio_vis_synchronize_cbs(vm->vm_vis);
}

/*
 * A device of version 2 resets at once, which costs one read; one of version 3 may take longer.
 * If the poll times out, the device may still be at work when this returns. Until a later reset
 * completes, the transport leaves the device alone and does not free the rings, see vm_leak_vq().
 * It cannot protect the buffers in them, because they belong to device drivers.
 */
static void vm_reset(struct virtio_device *vdev)
{
	struct vm_device *vm = to_vm_device(vdev);
	u32 status;

	virtio_mmio_vis_reset_begin(vm->vm_vis);
	vm->status = 0;
	vm_write(vm, VIRTIO_MMIO_STATUS, 0);
	vm->dead = vm_poll_zero(vm, VIRTIO_MMIO_STATUS, &status);
	if (vm->dead)
		dev_err(&vdev->dev, "Status 0x%x: reset not complete after %u s, device left alone\n",
			status, VM_POLL_TIMEOUT_S);
	vm_synchronize_cbs(vdev);
}

static u64 vm_read_features(const struct vm_device *vm)
{
	u64 features;

	vm_write(vm, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	features = (u64)vm_read(vm, VIRTIO_MMIO_DEVICE_FEATURES) << 32;
	vm_write(vm, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	return features | vm_read(vm, VIRTIO_MMIO_DEVICE_FEATURES);
}

static u64 vm_get_features(struct virtio_device *vdev)
{
	return to_vm_device(vdev)->features;
}

static int vm_finalize_features(struct virtio_device *vdev)
{
	bool ring_reset = __virtio_test_bit(vdev, VIRTIO_F_RING_RESET);
	struct vm_device *vm = to_vm_device(vdev);

	if (vm->dead)
		return -ENODEV;

	/* Clears all transport bits except those of the ring */
	vring_transport_features(vdev);
	if (ring_reset)
		__virtio_set_bit(vdev, VIRTIO_F_RING_RESET);
	virtio_mmio_vis_finalize_features(vm->vm_vis, vdev);

	if (!__virtio_test_bit(vdev, VIRTIO_F_VERSION_1)) {
		dev_err(&vdev->dev, "VIRTIO_F_VERSION_1 is not offered\n");
		return -EINVAL;
	}

	vm_write(vm, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	vm_write(vm, VIRTIO_MMIO_DRIVER_FEATURES, upper_32_bits(vdev->features));
	vm_write(vm, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	vm_write(vm, VIRTIO_MMIO_DRIVER_FEATURES, lower_32_bits(vdev->features));
	return 0;
}

static bool vm_notify(struct virtqueue *vq)
{
	vm_write(to_vm_device(vq->vdev), VIRTIO_MMIO_QUEUE_NOTIFY, vq->index);
	return true;
}

static bool vm_notify_with_data(struct virtqueue *vq)
{
	vm_write(to_vm_device(vq->vdev), VIRTIO_MMIO_QUEUE_NOTIFY, vring_notification_data(vq));
	return true;
}

/* QueueSel must select the queue */
static void vm_activate_vq(const struct vm_device *vm, const struct virtqueue *vq)
{
	vm_write(vm, VIRTIO_MMIO_QUEUE_NUM, virtqueue_get_vring_size(vq));
	vm_write64(vm, VIRTIO_MMIO_QUEUE_DESC_LOW, virtqueue_get_desc_addr(vq));
	vm_write64(vm, VIRTIO_MMIO_QUEUE_AVAIL_LOW, virtqueue_get_avail_addr(vq));
	vm_write64(vm, VIRTIO_MMIO_QUEUE_USED_LOW, virtqueue_get_used_addr(vq));
	vm_write(vm, VIRTIO_MMIO_QUEUE_READY, 1);
}

/* No queue is ready here: each has been reset with the device, or deleted by vm_del_vq() */
static struct virtqueue *vm_setup_vq(struct virtio_device *vdev, unsigned int index,
				     void (*callback)(struct virtqueue *vq), const char *name,
				     bool ctx)
{
	bool with_data = __virtio_test_bit(vdev, VIRTIO_F_NOTIFICATION_DATA);
	struct vm_device *vm = to_vm_device(vdev);
	struct virtqueue *vq;
	u32 num;

	vm_write(vm, VIRTIO_MMIO_QUEUE_SEL, index);
	num = vm_read(vm, VIRTIO_MMIO_QUEUE_NUM_MAX);
	if (!num)
		return ERR_PTR(-ENOENT);
	if (num > VM_QUEUE_NUM_LIMIT) {
		dev_err(&vdev->dev, "queue %u: QueueNumMax 0x%x is too large\n", index, num);
		return ERR_PTR(-EINVAL);
	}

	vq = vring_create_virtqueue(index, num, PAGE_SIZE, vdev, true, true, ctx,
				    with_data ? vm_notify_with_data : vm_notify, callback, name);
	if (!vq)
		return ERR_PTR(-ENOMEM);

	vq->num_max = num;
	vm_activate_vq(vm, vq);
	return vq;
}

static irqreturn_t vm_line_interrupt(int irq, void *data)
{
	struct vm_device *vm = data;
	struct virtio_device *vdev = &vm->vdev;
	irqreturn_t ret = IRQ_NONE;
	struct virtqueue *vq;
	u32 status;

	status = vm_read(vm, VIRTIO_MMIO_INTERRUPT_STATUS);
	if (!status)
		return IRQ_NONE;
	vm_write(vm, VIRTIO_MMIO_INTERRUPT_ACK, status);

	if (status & VIRTIO_MMIO_INT_CONFIG) {
		virtio_config_changed(vdev);
		ret = IRQ_HANDLED;
	}
	if (!(status & VIRTIO_MMIO_INT_VRING))
		return ret;

	virtio_device_for_each_vq(vdev, vq) {
		if (!READ_ONCE(vq->reset))
			ret |= vring_interrupt(irq, vq);
	}
	return ret;
}

static int vm_request_line(struct vm_device *vm)
{
	struct device *dev = &vm->pdev->dev;
	int ret;

	if (vm->line < 0) {
		dev_err(dev, "no interrupt line: %pe\n", ERR_PTR(vm->line));
		return vm->line;
	}

	ret = request_irq(vm->line, vm_line_interrupt, IRQF_SHARED, dev_name(&vm->vdev.dev), vm);
	if (ret) {
		dev_err(dev, "interrupt line %d: %pe\n", vm->line, ERR_PTR(ret));
		return ret;
	}

	vm->line_requested = true;
	vm->line_wakes = device_property_read_bool(dev, "wakeup-source") &&
			 !enable_irq_wake(vm->line);
	return 0;
}

static void vm_free_line(struct vm_device *vm)
{
	if (!vm->line_requested)
		return;

	if (vm->line_wakes)
		disable_irq_wake(vm->line);
	free_irq(vm->line, vm);
	vm->line_requested = false;
}

/*
 * The device may write to the ring as long as the machine runs, so the memory of the ring is never
 * freed. The structure is not freed either, because no function frees one without the other.
 */
static void vm_leak_vq(struct virtqueue *vq)
{
	dev_err(&vq->vdev->dev, "queue %u: ring not freed, the device may still write to it\n",
		vq->index);
	scoped_guard(spinlock, &vq->vdev->vqs_list_lock)
		list_del(&vq->list);
	kmemleak_not_leak(vq);
}

static void vm_del_vq(struct virtqueue *vq)
{
	struct vm_device *vm = to_vm_device(vq->vdev);

	if (vm->dead) {
		vm_leak_vq(vq);
		return;
	}

	vm_write(vm, VIRTIO_MMIO_QUEUE_SEL, vq->index);
	vm_write(vm, VIRTIO_MMIO_QUEUE_READY, 0);
	/* Once this read has returned, whatever the value, the device no longer uses the queue */
	vm_read(vm, VIRTIO_MMIO_QUEUE_READY);
	vring_del_virtqueue(vq);
}

/* Interrupts go first: their handlers walk the list of queues without a lock */
static void vm_del_vqs(struct virtio_device *vdev)
{
	struct vm_device *vm = to_vm_device(vdev);
	struct virtqueue *vq, *next;

	vm_free_line(vm);
	virtio_mmio_vis_free_irqs(vm->vm_vis);
	list_for_each_entry_safe(vq, next, &vdev->vqs, list)
		vm_del_vq(vq);
}

/* The line comes last for the same reason; a device raises no interrupt before DRIVER_OK */
static int vm_find_vqs_line(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[],
			    struct virtqueue_info vqs_info[])
{
	unsigned int i, index = 0;
	int ret = 0;

	for (i = 0; i < nvqs && !ret; i++) {
		struct virtqueue_info *info = &vqs_info[i];

		vqs[i] = NULL;
		if (!info->name)
			continue;
		vqs[i] = vm_setup_vq(vdev, index++, info->callback, info->name, info->ctx);
		ret = PTR_ERR_OR_ZERO(vqs[i]);
	}

	if (!ret)
		ret = vm_request_line(to_vm_device(vdev));
	if (ret)
		vm_del_vqs(vdev);
	return ret;
}

static const struct virtio_mmio_vis_vq_ops vm_vq_ops = {
	.setup	= vm_setup_vq,
	.del	= vm_del_vq,
};

static int vm_find_vqs(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[],
		       struct virtqueue_info vqs_info[], struct irq_affinity *desc)
{
	int ret = virtio_mmio_vis_find_vqs(to_vm_device(vdev)->vm_vis, vdev, nvqs, vqs, vqs_info,
					   desc, &vm_vq_ops);

	return ret > 0 ? vm_find_vqs_line(vdev, nvqs, vqs, vqs_info) : ret;
}

static int vm_reset_vq(struct vm_device *vm, struct virtqueue *vq)
{
	u32 val;
	int ret;

	vm_write(vm, VIRTIO_MMIO_QUEUE_SEL, vq->index);
	vm_write(vm, VIRTIO_MMIO_QUEUE_RESET, 1);
	ret = vm_poll_zero(vm, VIRTIO_MMIO_QUEUE_RESET, &val);
	if (!ret)
		ret = vm_poll_zero(vm, VIRTIO_MMIO_QUEUE_READY, &val);
	if (ret)
		dev_err(&vq->vdev->dev, "queue %u: reset not complete after %u s: 0x%x\n",
			vq->index, VM_POLL_TIMEOUT_S, val);
	return ret;
}

/*
 * Callbacks must end before the reset, not after it: virtio_net has stopped transmission by now,
 * and one of its callbacks could start it again. If the reset fails, the queue stays disabled: its
 * driver must not use a queue that the device may still use.
 */
static int vm_disable_vq_and_reset(struct virtqueue *vq)
{
	struct vm_device *vm = to_vm_device(vq->vdev);

	if (!virtio_has_feature(vq->vdev, VIRTIO_F_RING_RESET))
		return -ENOENT;

	WRITE_ONCE(vq->reset, true);
	if (IS_ENABLED(CONFIG_VIRTIO_HARDEN_NOTIFICATION))
		__virtqueue_break(vq);
	if (vm->line_requested)
		synchronize_irq(vm->line);
	else
		virtio_mmio_vis_disable_vq(vm->vm_vis, vq);
	return vm_reset_vq(vm, vq);
}

/* Callbacks start last: one may notify the device, which ignores a queue that is not ready */
static int vm_enable_vq_after_reset(struct virtqueue *vq)
{
	struct vm_device *vm = to_vm_device(vq->vdev);

	if (!vq->reset)
		return -EBUSY;

	vm_write(vm, VIRTIO_MMIO_QUEUE_SEL, vq->index);
	if (vm_read(vm, VIRTIO_MMIO_QUEUE_RESET) || vm_read(vm, VIRTIO_MMIO_QUEUE_READY))
		return -EBUSY;

	vm_activate_vq(vm, vq);
	if (IS_ENABLED(CONFIG_VIRTIO_HARDEN_NOTIFICATION))
		__virtqueue_unbreak(vq);
	WRITE_ONCE(vq->reset, false);
	virtio_mmio_vis_enable_vq(vm->vm_vis, vq);
	return 0;
}

static int vm_set_vq_affinity(struct virtqueue *vq, const struct cpumask *mask)
{
	return virtio_mmio_vis_set_vq_affinity(to_vm_device(vq->vdev)->vm_vis, vq, mask);
}

static const struct cpumask *vm_get_vq_affinity(struct virtio_device *vdev, int index)
{
	return virtio_mmio_vis_get_vq_affinity(to_vm_device(vdev)->vm_vis, index);
}

static const char *vm_bus_name(struct virtio_device *vdev)
{
	return to_vm_device(vdev)->pdev->name;
}

static bool vm_get_shm_region(struct virtio_device *vdev, struct virtio_shm_region *region, u8 id)
{
	struct vm_device *vm = to_vm_device(vdev);
	u64 last;

	vm_write(vm, VIRTIO_MMIO_SHM_SEL, id);
	region->len = vm_read64(vm, VIRTIO_MMIO_SHM_LEN_LOW);
	if (!region->len || region->len == U64_MAX)
		return false;

	region->addr = vm_read64(vm, VIRTIO_MMIO_SHM_BASE_LOW);
	if (check_add_overflow(region->addr, region->len - 1, &last)) {
		dev_err(&vdev->dev, "shared memory region %u: 0x%llx bytes at 0x%llx wrap around\n",
			id, region->len, region->addr);
		return false;
	}
	return true;
}

static const struct virtio_config_ops vm_config_ops = {
	.get			= vm_get,
	.set			= vm_set,
	.generation		= vm_generation,
	.get_status		= vm_get_status,
	.set_status		= vm_set_status,
	.reset			= vm_reset,
	.find_vqs		= vm_find_vqs,
	.del_vqs		= vm_del_vqs,
	.synchronize_cbs	= vm_synchronize_cbs,
	.get_features		= vm_get_features,
	.finalize_features	= vm_finalize_features,
	.bus_name		= vm_bus_name,
	.set_vq_affinity	= vm_set_vq_affinity,
	.get_vq_affinity	= vm_get_vq_affinity,
	.get_shm_region		= vm_get_shm_region,
	.disable_vq_and_reset	= vm_disable_vq_and_reset,
	.enable_vq_after_reset	= vm_enable_vq_after_reset,
};

static void vm_release(struct device *dev)
{
	kfree(to_vm_device(dev_to_virtio(dev)));
}

/*
 * Parent of the devices that the parameter added, or NULL. It changes only while the module's
 * parameters are parsed, before any device is probed, and after the driver is gone.
 */
static struct device *vm_param_parent;

static bool vm_is_from_param(const struct platform_device *pdev)
{
	return pdev->dev.parent == vm_param_parent;
}

/* The stock driver complains about devices that firmware describes */
static int vm_decline(const struct platform_device *pdev, const char *reg, u32 value)
{
	if (vm_is_from_param(pdev))
		dev_err(&pdev->dev, "%s 0x%x at %pR: not a virtio-mmio device of version %u or %u\n",
			reg, value, pdev->resource, VM_VERSION_MIN, VM_VERSION_MAX);
	return -ENODEV;
}

static int vm_identify(struct vm_device *vm, const struct resource *res)
{
	u32 magic, version;

	if (resource_size(res) < VIRTIO_MMIO_CONFIG)
		return -ENODEV;

	magic = vm_read(vm, VIRTIO_MMIO_MAGIC_VALUE);
	if (magic != VM_MAGIC)
		return vm_decline(vm->pdev, "MagicValue", magic);

	version = vm_read(vm, VIRTIO_MMIO_VERSION);
	if (version < VM_VERSION_MIN || version > VM_VERSION_MAX)
		return vm_decline(vm->pdev, "Version", version);

	vm->vdev.id.device = vm_read(vm, VIRTIO_MMIO_DEVICE_ID);
	if (!vm->vdev.id.device)
		return vm_decline(vm->pdev, "DeviceID", 0);

	vm->vdev.id.vendor = vm_read(vm, VIRTIO_MMIO_VENDOR_ID);
	vm->features = vm_read_features(vm);
	return 0;
}

/* The stock driver takes a device without VIS, but cannot match one that the parameter added */
static int vm_probe_vis(struct vm_device *vm)
{
	struct virtio_mmio_vis *vm_vis = virtio_mmio_vis_probe(vm->pdev, vm->base, vm->features);

	/* Such a device runs on its line; virtio_mmio_vis_probe() has logged its faults, if any */
	if (IS_ERR(vm_vis))
		return 0;

	vm->vm_vis = vm_vis;
	if (vm_vis)
		return 0;
	if (!vm_is_from_param(vm->pdev))
		return -ENODEV;

	dev_notice(&vm->pdev->dev, "VIS is not offered: using the interrupt line\n");
	return 0;
}

static int vm_register(struct vm_device *vm)
{
	struct virtio_mmio_vis *vm_vis = vm->vm_vis;
	int ret;

	vm->vdev.dev.parent = &vm->pdev->dev;
	vm->vdev.dev.release = vm_release;
	vm->vdev.config = &vm_config_ops;
	platform_set_drvdata(vm->pdev, vm);
	ret = register_virtio_device(&vm->vdev);
	if (!ret)
		return 0;

	/* Frees @vm */
	put_device(&vm->vdev.dev);
	virtio_mmio_vis_remove(vm_vis);
	return ret;
}

static int vm_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct resource *res;
	void __iomem *base;
	int ret;

	base = devm_platform_get_and_ioremap_resource(pdev, 0, &res);
	if (IS_ERR(base))
		return PTR_ERR(base);

	struct vm_device *vm __free(kfree) = kzalloc(sizeof(*vm), GFP_KERNEL);

	if (!vm)
		return -ENOMEM;

	vm->pdev = pdev;
	vm->base = base;
	/* Firmware may declare only the registers, but the mapping consists of whole pages */
	vm->config_size = PAGE_ALIGN(res->end + 1) - res->start - VIRTIO_MMIO_CONFIG;
	ret = vm_identify(vm, res);
	if (ret)
		return ret;

	vm->line = platform_get_irq_optional(pdev, 0);
	if (vm->line == -EPROBE_DEFER)
		return -EPROBE_DEFER;

	ret = vm_probe_vis(vm);
	if (ret)
		return ret;

	if (dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)) &&
	    dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32)))
		dev_warn(dev, "neither 64-bit nor 32-bit DMA: the device may not work\n");
	return vm_register(no_free_ptr(vm));
}

static void vm_remove(struct platform_device *pdev)
{
	struct vm_device *vm = platform_get_drvdata(pdev);
	struct virtio_mmio_vis *vm_vis = vm->vm_vis;

	/* Frees @vm */
	unregister_virtio_device(&vm->vdev);
	virtio_mmio_vis_remove(vm_vis);
}

/* Storage drivers sleep until the device answers; others may poll */
static bool vm_is_storage(const struct virtio_device *vdev)
{
	switch (vdev->id.device) {
	case VIRTIO_ID_BLOCK:
	case VIRTIO_ID_SCSI:
	case VIRTIO_ID_9P:
	case VIRTIO_ID_FS:
	case VIRTIO_ID_PMEM:
		return true;
	default:
		return false;
	}
}

/*
 * The kernel that kexec starts reuses the memory that the device can write to, so the device is
 * reset. kexec looks like a reboot here; a machine that powers off needs no reset.
 *
 * Processes still run. Unless the virtio core has broken the device before, as newer kernels do, a
 * process that waits for storage waits until the end, because an I/O error could kill init or abort
 * a journal. Other devices are marked broken, because a driver that polls one would never stop:
 * virtio_console does so for each message of the kernel. The virtio device's own lock keeps its
 * driver bound meanwhile.
 */
static void vm_shutdown(struct platform_device *pdev)
{
	struct vm_device *vm = platform_get_drvdata(pdev);

	if (system_state != SYSTEM_RESTART)
		return;

	guard(device)(&vm->vdev.dev);
	if (!vm_is_storage(&vm->vdev))
		virtio_break_device(&vm->vdev);
	vm_reset(&vm->vdev);
}

#ifdef CONFIG_PM_SLEEP
static int vm_freeze(struct device *dev)
{
	struct vm_device *vm = dev_get_drvdata(dev);

	return virtio_device_freeze(&vm->vdev);
}

static int vm_restore(struct device *dev)
{
	struct vm_device *vm = dev_get_drvdata(dev);

	return virtio_device_restore(&vm->vdev);
}
#endif

static const struct dev_pm_ops vm_pm_ops = {
	SET_SYSTEM_SLEEP_PM_OPS(vm_freeze, vm_restore)
};

/* No MODULE_DEVICE_TABLE: autoloading would race with the stock driver, which has the same ids */
static const struct of_device_id vm_of_match[] = {
	{ .compatible = "virtio,mmio" },
	{ }
};

static const struct acpi_device_id vm_acpi_match[] = {
	{ "LNRO0005" },
	{ }
};

static struct platform_driver vm_driver = {
	.probe		= vm_probe,
	.remove		= vm_remove,
	.shutdown	= vm_shutdown,
	.driver		= {
		.name			= VM_DRIVER_NAME,
		.of_match_table		= vm_of_match,
		.acpi_match_table	= vm_acpi_match,
		.pm			= pm_sleep_ptr(&vm_pm_ops),
	},
};
module_platform_driver(vm_driver);

static int vm_param_parse(const char *val, struct resource res[2], int *id)
{
	u64 size, base, irq, last;
	char *next;

	size = memparse(val, &next);
	if (*next++ != '@')
		return -EINVAL;
	base = memparse(next, &next);
	if (*next++ != ':')
		return -EINVAL;
	irq = memparse(next, &next);

	*id = PLATFORM_DEVID_AUTO;
	if (*next == ':') {
		if (kstrtoint(next + 1, 0, id) || *id < 0)
			return -EINVAL;
	} else if (*next) {
		return -EINVAL;
	}

	if (size < VIRTIO_MMIO_CONFIG || !irq || irq > INT_MAX ||
	    check_add_overflow(base, size - 1, &last) || last > RESOURCE_SIZE_MAX)
		return -EINVAL;

	res[0] = DEFINE_RES_MEM(base, size);
	res[1] = DEFINE_RES_IRQ(irq);
	return 0;
}

static bool vm_param_id_taken(int id)
{
	struct device *dev;
	char name[sizeof(VM_DRIVER_NAME) + 16];

	snprintf(name, sizeof(name), VM_DRIVER_NAME ".%d", id);
	dev = device_find_child_by_name(vm_param_parent, name);
	put_device(dev);
	return dev;
}

/* If the parameter is given at load time, this runs before the driver is registered */
static int vm_param_set(const char *val, const struct kernel_param *kp)
{
	struct platform_device *pdev;
	struct resource res[2];
	struct device *parent;
	int id;

	if (vm_param_parse(val, res, &id)) {
		pr_err(VM_DRIVER_NAME ": device=%s: expected <size>@<base>:<irq>[:<id>]\n", val);
		return -EINVAL;
	}

	if (!vm_param_parent) {
		parent = __root_device_register(VM_DRIVER_NAME "-param", NULL);
		if (IS_ERR(parent))
			return PTR_ERR(parent);
		vm_param_parent = parent;
	}

	if (id >= 0 && vm_param_id_taken(id)) {
		pr_err(VM_DRIVER_NAME ": device=%s: id %d is taken\n", val, id);
		return -EINVAL;
	}

	pdev = platform_device_register_resndata(vm_param_parent, VM_DRIVER_NAME, id, res,
						 ARRAY_SIZE(res), NULL, 0);
	if (IS_ERR(pdev))
		pr_err(VM_DRIVER_NAME ": device=%s: %pe\n", val, pdev);
	return PTR_ERR_OR_ZERO(pdev);
}

static int vm_param_show(struct device *dev, void *buf)
{
	struct platform_device *pdev = to_platform_device(dev);
	struct resource *res = pdev->resource;

	sysfs_emit_at(buf, strlen(buf), "0x%llx@0x%llx:%llu:%d\n", (u64)resource_size(&res[0]),
		      (u64)res[0].start, (u64)res[1].start, pdev->id);
	return 0;
}

static int vm_param_get(char *buf, const struct kernel_param *kp)
{
	buf[0] = '\0';
	if (vm_param_parent)
		device_for_each_child(vm_param_parent, buf, vm_param_show);
	return strlen(buf);
}

static int vm_param_unregister(struct device *dev, void *data)
{
	platform_device_unregister(to_platform_device(dev));
	return 0;
}

/* Called at module exit, and when loading fails after a device was added */
static void vm_param_free(void *arg)
{
	if (!vm_param_parent)
		return;

	device_for_each_child(vm_param_parent, NULL, vm_param_unregister);
	root_device_unregister(vm_param_parent);
	vm_param_parent = NULL;
}

static const struct kernel_param_ops vm_param_ops = {
	.set	= vm_param_set,
	.get	= vm_param_get,
	.free	= vm_param_free,
};

device_param_cb(device, &vm_param_ops, NULL, 0400);
MODULE_PARM_DESC(device, "virtio-mmio device to add: <size>@<base>:<irq>[:<id>], repeatable");

MODULE_DESCRIPTION("virtio-mmio with Virtio Interrupt Storage");
MODULE_AUTHOR("virtio-vis developers");
MODULE_VERSION(VIS_VERSION);
MODULE_LICENSE("GPL");
