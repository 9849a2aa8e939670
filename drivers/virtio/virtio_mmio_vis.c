// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VIS half of a virtio-mmio transport: discovery, and the mapping of events to vectors
 *
 * The interface is specified in virtio-vis.rst. A device may have the MSI registers of
 * virtio-mmio-msi.rst instead, where the mapping is fixed.
 */
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/of_irq.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <linux/virtio_vis.h>
#include <uapi/linux/virtio_mmio.h>
#include <uapi/linux/virtio_mmio_msi.h>

#include "virtio_mmio_vis.h"

/* VM_VIS_QUEUES is the vector of all queues, or of the first queue with a vector of its own */
#define VM_VIS_CONFIG		0
#define VM_VIS_QUEUES		1
#define VM_VIS_NR_SHARED	2

/* A device that finds too few CPU vectors leaves half of those to others, at most this many */
#define VM_VIS_NR_LEFT		16

#define VM_VIS_NAME_LEN		64

/* The transport gives the resets that it issues more time than this */
#define VM_VIS_POLL_US		1000
#define VM_VIS_POLL_TIMEOUT_US	USEC_PER_SEC

/**
 * struct vm_vis_vector - A vector and the events mapped to it
 * @vm_vis:	The device
 * @vq:		The queue, or the first of those that share the vector; NULL for configuration
 * @index:	Number of the vector
 * @cookie:	Cookie of the handler while the interrupt is requested, else NULL
 * @wakes:	The interrupt is armed to wake the system
 * @disabled:	virtio_mmio_vis_disable_vq() has disabled the interrupt
 * @hint:	The affinity hint, to which the interrupt core keeps a pointer
 * @name:	Name of the interrupt
 */
struct vm_vis_vector {
	struct virtio_mmio_vis	*vm_vis;
	struct virtqueue	*vq;
	unsigned int		index;
	void			*cookie;
	bool			wakes;
	bool			disabled;
	cpumask_var_t		hint;
	char			name[VM_VIS_NAME_LEN];
};

/**
 * struct virtio_mmio_vis - VIS of one virtio-mmio device
 * @dev:	The platform device
 * @base:	Register block
 * @vis:	Interrupt storage
 * @vdev:	The virtio device, from virtio_mmio_vis_find_vqs() on
 * @nr_vectors:	Number of vectors that the device has
 * @wanted:	Number of vectors with which each queue has one of its own
 * @vectors:	Vectors in use, or NULL while the device runs on its line
 * @nvec:	Number of @vectors
 * @shared:	The last of @vectors if @nvec is less than @wanted, else NULL: the vector of all
 *		queues that have none of their own
 * @queue_fails: A queue could not be set up, so another set of vectors would not help
 * @enabled:	ENABLE has been set since the last reset
 * @may_supply:	The device works with tables that the driver supplies
 * @supplied:	The driver supplies tables
 * @tables:	The addresses of these tables
 * @msi:	The device has MSI registers in place of VIS
 */
struct virtio_mmio_vis {
	struct device		*dev;
	void __iomem		*base;
	struct virtio_vis	*vis;
	struct virtio_device	*vdev;
	unsigned int		nr_vectors;
	unsigned int		wanted;
	struct vm_vis_vector	*vectors;
	unsigned int		nvec;
	struct vm_vis_vector	*shared;
	bool			queue_fails;
	bool			enabled;
	bool			may_supply;
	bool			supplied;
	struct virtio_vis_tables tables;
	bool			msi;
};

/* Discovery */

static bool vm_vis_has_msi(u32 vendor)
{
	return (vendor & ~VIRTIO_MMIO_MSI_VENDOR_FEATURES) == VIRTIO_MMIO_MSI_VENDOR &&
	       vendor & VIRTIO_MMIO_MSI_VENDOR_MSI;
}

static u64 vm_vis_read_address(void __iomem *base, unsigned int low)
{
	u64 addr = readl(base + low);

	return addr | (u64)readl(base + low + sizeof(u32)) << 32;
}

/* Returns 0, or an error if the reset times out; @status is then the value last read */
static int vm_vis_reset_device(void __iomem *base, u32 *status)
{
	writel(0, base + VIRTIO_MMIO_STATUS);
	return readl_poll_timeout(base + VIRTIO_MMIO_STATUS, *status, !*status, VM_VIS_POLL_US,
				  VM_VIS_POLL_TIMEOUT_US);
}

/*
 * Reads each register once, so that the driver uses the value that it has checked. Before a reset,
 * the address registers may still have the tables of an earlier kernel.
 */
static int vm_vis_read_layout(struct platform_device *pdev, void __iomem *base,
			      struct virtio_vis_layout *layout, bool *may_supply)
{
	struct resource *regs = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	u32 num = readl(base + VIRTIO_MMIO_VIS_NUM_VECTORS);
	u32 draft = FIELD_GET(VIRTIO_VIS_NUM_VECTORS_DRAFT, num);
	u32 status;

	if (draft != VIRTIO_VIS_DRAFT) {
		dev_err(&pdev->dev, "VIS: draft %u of the interface is not supported, only %u\n",
			draft, VIRTIO_VIS_DRAFT);
		return -EOPNOTSUPP;
	}

	layout->nr_vectors = FIELD_GET(VIRTIO_VIS_NUM_VECTORS_N, num);
	if (!layout->nr_vectors) {
		dev_err(&pdev->dev, "VIS: VISNumVectors is %#x: no vectors\n", num);
		return -EINVAL;
	}

	*may_supply = num & VIRTIO_VIS_NUM_VECTORS_DRIVER_TABLES;
	if (*may_supply && vm_vis_reset_device(base, &status)) {
		dev_err(&pdev->dev, "VIS: Status %#x: reset not complete, tables not known\n",
			status);
		return -ETIMEDOUT;
	}

	layout->table = vm_vis_read_address(base, VIRTIO_MMIO_VIS_TABLE_LOW);
	layout->mask = vm_vis_read_address(base, VIRTIO_MMIO_VIS_MASK_LOW);
	layout->pending = vm_vis_read_address(base, VIRTIO_MMIO_VIS_PENDING_LOW);
	layout->regs = regs->start;
	layout->regs_size = resource_size(regs);
	return 0;
}

/* The registers do not tell how many vectors the device has: one for each queue, and one more */
static int vm_vis_read_msi(struct platform_device *pdev, void __iomem *base,
			   struct virtio_vis_layout *layout)
{
	u16 csr = readw(base + VIRTIO_MMIO_MSI_CSR);

	if (!(csr & VIRTIO_MMIO_MSI_CSR_SUPPORTED)) {
		dev_err(&pdev->dev, "VIS: MSI_CSR is %#x: MSI is not supported, but VendorID offers it\n",
			csr);
		return -EINVAL;
	}

	layout->nr_vectors = VIRTIO_MMIO_MSI_MAX_VECTORS;
	layout->msi = base;
	return 0;
}

/*
 * The device tree code looks up the MSI parent of a device when it creates the device. A parent
 * that gets its driver later, as the IMSIC does, must be looked up once more.
 */
static void vm_vis_find_parent(struct device *dev)
{
	if (dev->of_node && !dev_get_msi_domain(dev))
		of_msi_configure(dev, dev->of_node);
}

static struct virtio_mmio_vis *vm_vis_create(struct platform_device *pdev, void __iomem *base,
					     bool msi)
{
	struct virtio_vis_layout layout = { };
	int ret;

	struct virtio_mmio_vis *vm_vis __free(kfree) = kzalloc(sizeof(*vm_vis), GFP_KERNEL);

	if (!vm_vis)
		return ERR_PTR(-ENOMEM);

	ret = msi ? vm_vis_read_msi(pdev, base, &layout) :
		    vm_vis_read_layout(pdev, base, &layout, &vm_vis->may_supply);
	if (ret)
		return ERR_PTR(ret);

	vm_vis->msi = msi;
	vm_vis->dev = &pdev->dev;
	vm_vis->base = base;
	vm_vis->nr_vectors = layout.nr_vectors;
	vm_vis_find_parent(vm_vis->dev);
	vm_vis->vis = virtio_vis_create(vm_vis->dev, &layout);
	if (IS_ERR(vm_vis->vis))
		return ERR_CAST(vm_vis->vis);
	return_ptr(vm_vis);
}

/**
 * virtio_mmio_vis_probe - Find out whether a virtio-mmio device has VIS, and set it up
 * @pdev:	The platform device, with its register block as first resource
 * @base:	The mapped register block of a device of version 2 or later
 * @features:	The feature bits that the device offers
 *
 * Reads each discovery register once ("Discovery" in virtio-vis.rst). A device that does not offer
 * VIS may have MSI registers ("Discovery" in virtio-mmio-msi.rst), which serve as well.
 *
 * Context:	May sleep.
 * Return:	VIS of the device, for the other functions; NULL if the device offers neither;
 *		or an ERR_PTR() if its VIS cannot be used, after a message unless memory is short or
 *		a table cannot be mapped. In the last two cases the device runs on its line, and the
 *		other functions take NULL.
 */
struct virtio_mmio_vis *virtio_mmio_vis_probe(struct platform_device *pdev, void __iomem *base,
					      u64 features)
{
	if (features & BIT_ULL(VIRTIO_F_VIS))
		return vm_vis_create(pdev, base, false);
	if (vm_vis_has_msi(readl(base + VIRTIO_MMIO_VENDOR_ID)))
		return vm_vis_create(pdev, base, true);
	return NULL;
}

/*
 * Supplied tables. The driver supplies them whenever it can: they are as good as the device's own,
 * and cheaper to change if accesses to the device's tables trap.
 */

/*
 * Their addresses are of the kind that virtio_ring gives the device for its queues. A device that
 * is still enabled, because nobody has reset it, goes on with the tables that it has.
 */
static void vm_vis_supply(struct virtio_mmio_vis *vm_vis)
{
	bool translated = !virtio_has_dma_quirk(vm_vis->vdev);

	if (vm_vis->enabled)
		return;

	vm_vis->supplied = vm_vis->may_supply &&
			   !virtio_vis_supply(vm_vis->vis, translated, &vm_vis->tables);
	if (vm_vis->may_supply && !vm_vis->supplied)
		dev_notice(vm_vis->dev, "VIS: no memory for tables of %u vectors, using the device's\n",
			   vm_vis->nr_vectors);
}

static void vm_vis_write_address(struct virtio_mmio_vis *vm_vis, unsigned int low, u64 addr)
{
	writel(lower_32_bits(addr), vm_vis->base + low);
	writel(upper_32_bits(addr), vm_vis->base + low + sizeof(u32));
}

static void vm_vis_write_tables(struct virtio_mmio_vis *vm_vis)
{
	if (!vm_vis->supplied || vm_vis->enabled)
		return;

	vm_vis_write_address(vm_vis, VIRTIO_MMIO_VIS_TABLE_LOW, vm_vis->tables.table);
	vm_vis_write_address(vm_vis, VIRTIO_MMIO_VIS_PENDING_LOW, vm_vis->tables.pending);
}

/*
 * Not every driver resets the device when it leaves it, and not every device completes a reset.
 * The tables may be freed only after one is seen to be complete.
 */
static void vm_vis_take_back_tables(struct virtio_mmio_vis *vm_vis)
{
	u32 status;

	if (!vm_vis->supplied)
		return;

	if (!vm_vis_reset_device(vm_vis->base, &status))
		return;

	dev_err(vm_vis->dev, "VIS: Status %#x: reset not complete, tables not freed\n", status);
	virtio_vis_leak_supplied(vm_vis->vis);
}

/**
 * virtio_mmio_vis_remove - Undo virtio_mmio_vis_probe()
 * @vm_vis:	VIS of the device, whose vectors have been freed, or NULL
 *
 * Resets a device that works with tables that the driver supplies, before it frees them.
 *
 * Context:	May sleep.
 */
void virtio_mmio_vis_remove(struct virtio_mmio_vis *vm_vis)
{
	if (!vm_vis)
		return;

	vm_vis_take_back_tables(vm_vis);
	virtio_vis_destroy(vm_vis->vis);
	kfree(vm_vis);
}

/**
 * virtio_mmio_vis_finalize_features - Accept the feature bit
 * @vm_vis:	VIS of the device, or NULL
 * @vdev:	The virtio device
 *
 * The virtio core clears feature bits that neither it nor the driver knows. Call this function each
 * time features are finalised, before they are written to the device. MSI registers have no feature
 * bit, but one of them is in the place of QueueReset. So the function clears VIRTIO_F_RING_RESET,
 * even if such a device runs on its line.
 *
 * Context:	Any.
 */
void virtio_mmio_vis_finalize_features(struct virtio_mmio_vis *vm_vis, struct virtio_device *vdev)
{
	if (vm_vis && !vm_vis->msi)
		__virtio_set_bit(vdev, VIRTIO_F_VIS);
	else if (vm_vis || vm_vis_has_msi(vdev->id.vendor))
		__virtio_clear_bit(vdev, VIRTIO_F_RING_RESET);
}

/* Interrupts */

static irqreturn_t vm_vis_config_changed(int irq, void *vdev)
{
	virtio_config_changed(vdev);
	return IRQ_HANDLED;
}

/* The queues that share the vector are the last ones, from the one in @cookie on */
static irqreturn_t vm_vis_queues_interrupt(int irq, void *cookie)
{
	struct virtqueue *vq = cookie;
	struct list_head *vqs = &vq->vdev->vqs;
	irqreturn_t ret = IRQ_NONE;

	list_for_each_entry_from(vq, vqs, list) {
		if (!READ_ONCE(vq->reset))
			ret |= vring_interrupt(irq, vq);
	}
	return ret;
}

static unsigned int vm_vis_irq(const struct vm_vis_vector *vector)
{
	return virtio_vis_irq(vector->vm_vis->vis, vector->index);
}

/*
 * Some parents take a CPU vector when an interrupt is allocated, others when it is requested. With
 * the latter kind, the CPUs run out of vectors here. The function then returns the number of
 * vectors that are left, as virtio_vis_alloc_vectors() does.
 */
static int vm_vis_request_irq(struct vm_vis_vector *vector, irq_handler_t handler, void *cookie,
			      const char *event)
{
	struct virtio_mmio_vis *vm_vis = vector->vm_vis;
	int ret;

	snprintf(vector->name, sizeof(vector->name), "%s-%s", dev_name(&vm_vis->vdev->dev), event);
	ret = request_irq(vm_vis_irq(vector), handler, 0, vector->name, cookie);
	if (ret)
		return ret == -ENOSPC && vector->index ? vector->index : ret;

	vector->cookie = cookie;
	vector->wakes = device_property_read_bool(vm_vis->dev, "wakeup-source") &&
			!enable_irq_wake(vm_vis_irq(vector));
	return 0;
}

static void vm_vis_free_irq(struct vm_vis_vector *vector)
{
	if (!vector->cookie)
		return;

	if (vector->wakes)
		disable_irq_wake(vm_vis_irq(vector));
	irq_update_affinity_hint(vm_vis_irq(vector), NULL);
	free_irq(vm_vis_irq(vector), vector->cookie);
	free_cpumask_var(vector->hint);
}

/* Events */

static void vm_vis_map_config(struct virtio_mmio_vis *vm_vis, unsigned int vector)
{
	if (!vm_vis->msi)
		writel(vector, vm_vis->base + VIRTIO_MMIO_VIS_CONFIG_VECTOR);
}

static void vm_vis_map_selected_vq(struct virtio_mmio_vis *vm_vis, unsigned int vector)
{
	if (!vm_vis->msi)
		writel(vector, vm_vis->base + VIRTIO_MMIO_VIS_QUEUE_VECTOR);
}

/* A reset does this, too, but not every driver resets the device before it deletes its queues */
static void vm_vis_unmap_all(struct virtio_mmio_vis *vm_vis)
{
	struct virtqueue *vq;

	vm_vis_map_config(vm_vis, VIRTIO_VIS_NO_VECTOR);
	virtio_device_for_each_vq(vm_vis->vdev, vq) {
		writel(vq->index, vm_vis->base + VIRTIO_MMIO_QUEUE_SEL);
		vm_vis_map_selected_vq(vm_vis, VIRTIO_VIS_NO_VECTOR);
	}
}

static struct vm_vis_vector *vm_vis_find_vector(struct virtio_mmio_vis *vm_vis, unsigned int index)
{
	unsigned int i;

	if (!virtio_mmio_vis_in_use(vm_vis))
		return NULL;

	for (i = VM_VIS_QUEUES; i < vm_vis->nvec; i++) {
		if (vm_vis->vectors[i].vq && vm_vis->vectors[i].vq->index == index)
			return &vm_vis->vectors[i];
	}
	return vm_vis->shared;
}

/* One attempt sets up as many vectors as it is given, or none */

/* The mapping is fixed, so the vectors of queues without a callback are allocated and not used */
static unsigned int vm_vis_count_msi(unsigned int nvqs, const struct virtqueue_info vqs_info[])
{
	unsigned int i, next = VM_VIS_QUEUES, nvec = VM_VIS_QUEUES;

	for (i = 0; i < nvqs; i++) {
		if (!vqs_info[i].name)
			continue;
		next++;
		if (vqs_info[i].callback)
			nvec = next;
	}
	return nvec;
}

static unsigned int vm_vis_count_vectors(unsigned int nvqs, const struct virtqueue_info vqs_info[])
{
	unsigned int i, nvec = VM_VIS_QUEUES;

	for (i = 0; i < nvqs; i++) {
		if (vqs_info[i].name && vqs_info[i].callback)
			nvec++;
	}
	return nvec;
}

static int vm_vis_alloc_vectors(struct virtio_mmio_vis *vm_vis, unsigned int nvec,
				struct irq_affinity *desc)
{
	struct irq_affinity affd, *affdp = NULL;
	unsigned int i;

	/* Each attempt changes the counts in it. A shared vector has no CPUs of its own */
	if (desc) {
		affd = *desc;
		affd.pre_vectors++;
		if (nvec < vm_vis->wanted) {
			affd.pre_vectors = min(affd.pre_vectors, nvec - 1);
			affd.post_vectors = 1;
		}
		affdp = &affd;
	}

	vm_vis->vectors = kvcalloc(nvec, sizeof(*vm_vis->vectors), GFP_KERNEL);
	if (!vm_vis->vectors)
		return -ENOMEM;

	for (i = 0; i < nvec; i++) {
		vm_vis->vectors[i].vm_vis = vm_vis;
		vm_vis->vectors[i].index = i;
	}
	vm_vis->nvec = nvec;
	vm_vis->shared = nvec < vm_vis->wanted ? &vm_vis->vectors[nvec - 1] : NULL;
	return virtio_vis_alloc_vectors(vm_vis->vis, nvec, affdp);
}

/* QueueSel must select the queue, as virtio_mmio_vis_vq_ops::setup leaves it */
static int vm_vis_setup_vq(struct virtio_mmio_vis *vm_vis, struct virtqueue *vq, unsigned int *next,
			   const struct virtqueue_info *vqi)
{
	struct vm_vis_vector *vector;

	if (!vqi->callback)
		return 0;

	if (vm_vis->msi)
		*next = vq->index + VIRTIO_MMIO_MSI_QUEUE_VECTOR;
	vector = &vm_vis->vectors[*next];
	vm_vis_map_selected_vq(vm_vis, vector->index);
	if (!vector->vq)
		vector->vq = vq;
	if (vector == vm_vis->shared)
		return 0;

	(*next)++;
	return vm_vis_request_irq(vector, vring_interrupt, vq, vqi->name);
}

static int vm_vis_setup_vqs(struct virtio_mmio_vis *vm_vis, unsigned int nvqs,
			    struct virtqueue *vqs[], struct virtqueue_info vqs_info[],
			    const struct virtio_mmio_vis_vq_ops *ops)
{
	unsigned int i, queue = 0, next = VM_VIS_QUEUES;
	int ret;

	for (i = 0; i < nvqs; i++) {
		struct virtqueue_info *vqi = &vqs_info[i];

		vqs[i] = NULL;
		if (!vqi->name)
			continue;

		vqs[i] = ops->setup(vm_vis->vdev, queue++, vqi->callback, vqi->name, vqi->ctx);
		vm_vis->queue_fails = IS_ERR(vqs[i]);
		if (vm_vis->queue_fails)
			return PTR_ERR(vqs[i]);

		ret = vm_vis_setup_vq(vm_vis, vqs[i], &next, vqi);
		if (ret)
			return ret;
	}

	if (!vm_vis->shared)
		return 0;
	return vm_vis_request_irq(vm_vis->shared, vm_vis_queues_interrupt, vm_vis->shared->vq,
				  "virtqueues");
}

static int vm_vis_setup(struct virtio_mmio_vis *vm_vis, unsigned int nvec, unsigned int nvqs,
			struct virtqueue *vqs[], struct virtqueue_info vqs_info[],
			struct irq_affinity *desc, const struct virtio_mmio_vis_vq_ops *ops)
{
	int ret;

	ret = vm_vis_alloc_vectors(vm_vis, nvec, desc);
	if (ret)
		return ret;

	ret = vm_vis_request_irq(&vm_vis->vectors[VM_VIS_CONFIG], vm_vis_config_changed,
				 vm_vis->vdev, "config");
	if (ret)
		return ret;

	vm_vis_map_config(vm_vis, VM_VIS_CONFIG);
	return vm_vis_setup_vqs(vm_vis, nvqs, vqs, vqs_info, ops);
}

/* Interrupts go first, because their handlers use the queues */
static void vm_vis_undo(struct virtio_mmio_vis *vm_vis, const struct virtio_mmio_vis_vq_ops *ops)
{
	struct virtqueue *vq, *next;

	virtio_mmio_vis_free_irqs(vm_vis);
	list_for_each_entry_safe(vq, next, &vm_vis->vdev->vqs, list)
		ops->del(vq);
}

/* Neither register may be written after DRIVER_OK, and MSI registers make the device fail then */
static void vm_vis_write_enable(struct virtio_mmio_vis *vm_vis)
{
	if (vm_vis->msi)
		writew(VIRTIO_MMIO_MSI_CSR_ENABLE, vm_vis->base + VIRTIO_MMIO_MSI_CSR);
	else
		writel(VIRTIO_VIS_CONTROL_ENABLE, vm_vis->base + VIRTIO_MMIO_VIS_CONTROL);
}

/* A driver that fails late frees its queues without a reset, and finds them again */
static void vm_vis_enable(struct virtio_mmio_vis *vm_vis)
{
	vm_vis_write_tables(vm_vis);
	if (!vm_vis->enabled)
		vm_vis_write_enable(vm_vis);
	vm_vis->enabled = true;
	virtio_vis_enable(vm_vis->vis);
}

/* Returns 0, an error, or how many vectors the CPUs have if they have fewer than @nvec */
static int vm_vis_try(struct virtio_mmio_vis *vm_vis, unsigned int nvec, unsigned int nvqs,
		      struct virtqueue *vqs[], struct virtqueue_info vqs_info[],
		      struct irq_affinity *desc, const struct virtio_mmio_vis_vq_ops *ops)
{
	int ret = vm_vis_setup(vm_vis, nvec, nvqs, vqs, vqs_info, desc, ops);

	if (ret) {
		vm_vis_undo(vm_vis, ops);
		return ret;
	}

	vm_vis_enable(vm_vis);
	return 0;
}

/* The mapping of MSI registers is fixed, so queues cannot share a vector */
static unsigned int vm_vis_first_nvec(const struct virtio_mmio_vis *vm_vis)
{
	if (vm_vis->msi)
		return vm_vis->wanted;
	return min(vm_vis->wanted, max(vm_vis->nr_vectors, VM_VIS_NR_SHARED));
}

/* Returns the number of vectors for the next attempt after one that returned @ret, or 0 for none */
static unsigned int vm_vis_next_nvec(const struct virtio_mmio_vis *vm_vis, unsigned int nvec,
				     int ret)
{
	unsigned int next = VM_VIS_NR_SHARED;

	if (!ret || vm_vis->queue_fails || vm_vis->msi)
		return 0;
	if (ret > 0)
		next = max(ret - min(ret / 2, VM_VIS_NR_LEFT), VM_VIS_NR_SHARED);
	return next < nvec ? next : 0;
}

/**
 * virtio_mmio_vis_find_vqs - Set up the queues of a device on vectors
 * @vm_vis:	VIS of the device, or NULL
 * @vdev:	The virtio device, whose features have been negotiated
 * @nvqs:	As for virtio_config_ops::find_vqs
 * @vqs:	As for virtio_config_ops::find_vqs
 * @vqs_info:	As for virtio_config_ops::find_vqs
 * @desc:	As for virtio_config_ops::find_vqs
 * @ops:	The transport's functions that set up and delete a queue
 *
 * First tries one vector for configuration changes and one for each queue that has a callback.
 * If there are not that many, the first queues have one each, and the others share the last one; if
 * that fails as well, all queues share one. With MSI registers, queues cannot share a vector. A
 * failed attempt leaves no queue and no vector. ("Initialisation" in virtio-vis.rst)
 *
 * Context:	May sleep. Between FEATURES_OK and DRIVER_OK.
 * Return:	0; 1 if the transport should use the line; or the error of the last attempt if the
 *		line has no interrupts either, because an earlier driver has not reset the device.
 */
int virtio_mmio_vis_find_vqs(struct virtio_mmio_vis *vm_vis, struct virtio_device *vdev,
			     unsigned int nvqs, struct virtqueue *vqs[],
			     struct virtqueue_info vqs_info[], struct irq_affinity *desc,
			     const struct virtio_mmio_vis_vq_ops *ops)
{
	unsigned int nvec;
	int ret;

	if (!vm_vis)
		return 1;

	vm_vis->vdev = vdev;
	vm_vis->queue_fails = false;
	vm_vis->wanted = vm_vis->msi ? vm_vis_count_msi(nvqs, vqs_info) :
				       vm_vis_count_vectors(nvqs, vqs_info);
	vm_vis_supply(vm_vis);
	nvec = vm_vis_first_nvec(vm_vis);
	do {
		ret = vm_vis_try(vm_vis, nvec, nvqs, vqs, vqs_info, desc, ops);
		nvec = vm_vis_next_nvec(vm_vis, nvec, ret);
	} while (nvec);

	if (ret > 0)
		ret = -ENOSPC;
	if (ret && vm_vis->enabled) {
		dev_err(vm_vis->dev, "VIS: enabled until a reset, the line has no interrupts\n");
		return ret;
	}

	if (ret && !vm_vis->queue_fails)
		dev_notice(vm_vis->dev,
			   "VIS has no vectors for %u queues (%pe): trying the interrupt line\n",
			   nvqs, ERR_PTR(ret));
	return !!ret;
}

/**
 * virtio_mmio_vis_in_use - Tell whether a device runs on vectors
 * @vm_vis:	VIS of the device, or NULL
 *
 * Context:	Any. Not concurrent with virtio_mmio_vis_find_vqs() or virtio_mmio_vis_free_irqs().
 * Return:	True from virtio_mmio_vis_find_vqs(), unless it fails, to
 *		virtio_mmio_vis_free_irqs().
 */
bool virtio_mmio_vis_in_use(const struct virtio_mmio_vis *vm_vis)
{
	return vm_vis && vm_vis->vectors;
}

/**
 * virtio_mmio_vis_free_irqs - Free the vectors of a device
 * @vm_vis:	VIS of the device, or NULL
 *
 * Call it before deleting the queues, because the interrupt handlers use them.
 *
 * Context:	May sleep.
 */
void virtio_mmio_vis_free_irqs(struct virtio_mmio_vis *vm_vis)
{
	unsigned int i;

	if (!virtio_mmio_vis_in_use(vm_vis))
		return;

	for (i = 0; i < vm_vis->nvec; i++)
		vm_vis_free_irq(&vm_vis->vectors[i]);
	if (vm_vis->enabled && !vm_vis->msi)
		vm_vis_unmap_all(vm_vis);

	virtio_vis_free_vectors(vm_vis->vis);
	kvfree(vm_vis->vectors);
	vm_vis->vectors = NULL;
}

/**
 * virtio_mmio_vis_reset_begin - Prepare for a reset of the device
 * @vm_vis:	VIS of the device, or NULL
 *
 * Masks every vector. Call it before the reset, and virtio_mmio_vis_synchronize_cbs() after it.
 *
 * Context:	Any.
 */
void virtio_mmio_vis_reset_begin(struct virtio_mmio_vis *vm_vis)
{
	if (!vm_vis)
		return;

	virtio_vis_disable(vm_vis->vis);
	vm_vis->enabled = false;
}

/**
 * virtio_mmio_vis_synchronize_cbs - Wait for the interrupt handlers of a device
 * @vm_vis:	VIS of the device, or NULL
 *
 * Context:	May sleep.
 */
void virtio_mmio_vis_synchronize_cbs(struct virtio_mmio_vis *vm_vis)
{
	unsigned int i;

	if (!virtio_mmio_vis_in_use(vm_vis))
		return;

	for (i = 0; i < vm_vis->nvec; i++)
		synchronize_irq(vm_vis_irq(&vm_vis->vectors[i]));
}

/**
 * virtio_mmio_vis_set_vq_affinity - Set the affinity hint of a queue's interrupt, and move it
 * @vm_vis:	VIS of the device, or NULL
 * @vq:		A queue of the device
 * @mask:	The CPUs, or NULL to withdraw the hint
 *
 * Does nothing if the device runs on its line.
 *
 * Context:	May sleep.
 * Return:	0; -EINVAL if the device runs on vectors but the queue has no callback; -ENOMEM; or
 *		the error of irq_set_affinity_and_hint().
 */
int virtio_mmio_vis_set_vq_affinity(struct virtio_mmio_vis *vm_vis, struct virtqueue *vq,
				    const struct cpumask *mask)
{
	struct vm_vis_vector *vector;

	if (!virtio_mmio_vis_in_use(vm_vis))
		return 0;
	if (!vq->callback)
		return -EINVAL;

	vector = vm_vis_find_vector(vm_vis, vq->index);
	if (!vector)
		return 0;
	if (!mask)
		return irq_update_affinity_hint(vm_vis_irq(vector), NULL);

	if (!cpumask_available(vector->hint) && !zalloc_cpumask_var(&vector->hint, GFP_KERNEL))
		return -ENOMEM;

	cpumask_copy(vector->hint, mask);
	return irq_set_affinity_and_hint(vm_vis_irq(vector), vector->hint);
}

/**
 * virtio_mmio_vis_get_vq_affinity - Get the CPUs that the vector of a queue is meant for
 * @vm_vis:	VIS of the device, or NULL
 * @index:	Index of a queue of the device
 *
 * Managed vectors divide all CPUs among themselves, and each is shut down while its CPUs are
 * offline. So a driver must not use the queue of such a vector for other CPUs. A queue that shares
 * its vector is for no CPU.
 *
 * Context:	Any. Not concurrent with virtio_mmio_vis_find_vqs() or virtio_mmio_vis_free_irqs().
 * Return:	The CPUs, or NULL if the device has no vectors for queues or none of managed
 *		affinity. The mask is empty for a queue without a vector if other queues share one.
 */
const struct cpumask *virtio_mmio_vis_get_vq_affinity(struct virtio_mmio_vis *vm_vis, int index)
{
	struct vm_vis_vector *vector = vm_vis_find_vector(vm_vis, index);
	const struct cpumask *affinity;

	if (!vector)
		return NULL;

	affinity = virtio_vis_affinity(vm_vis->vis, vector->index);
	return affinity && vector == vm_vis->shared ? cpu_none_mask : affinity;
}

/**
 * virtio_mmio_vis_disable_vq - Keep the interrupt handler of a queue from running
 * @vm_vis:	VIS of the device, or NULL
 * @vq:		A queue of the device, with virtqueue::reset set
 *
 * Call it before the queue is reset, because virtio_ring frees the ring after that. A message in
 * flight may still arrive, and a broken device may send another. The shared handler skips a queue
 * in reset. A queue's own handler is vring_interrupt(), which does not check, and a check would
 * slow down every interrupt: this function disables the interrupt instead.
 *
 * Before Linux 6.16, CPU hotplug enables a disabled managed interrupt when it starts it again. No
 * driver resets a queue that has a managed interrupt.
 *
 * Context:	May sleep. On return, no handler uses the ring of @vq.
 */
void virtio_mmio_vis_disable_vq(struct virtio_mmio_vis *vm_vis, struct virtqueue *vq)
{
	struct vm_vis_vector *vector = vm_vis_find_vector(vm_vis, vq->index);

	if (!vector)
		return;
	if (vector == vm_vis->shared) {
		synchronize_irq(vm_vis_irq(vector));
	} else if (!vector->disabled) {
		vector->disabled = true;
		disable_irq(vm_vis_irq(vector));
	}
}

/**
 * virtio_mmio_vis_enable_vq - Undo virtio_mmio_vis_disable_vq(), and map the queue again
 * @vm_vis:	VIS of the device, or NULL
 * @vq:		The queue, which is ready and selected in QueueSel
 *
 * Call it when the queue is ready again. An interrupt that arrived while it was disabled runs the
 * callback now, and the callback may notify the device.
 *
 * Context:	May sleep.
 */
void virtio_mmio_vis_enable_vq(struct virtio_mmio_vis *vm_vis, struct virtqueue *vq)
{
	struct vm_vis_vector *vector = vm_vis_find_vector(vm_vis, vq->index);

	if (!vector)
		return;
	if (vq->callback)
		vm_vis_map_selected_vq(vm_vis, vector->index);
	if (vector->disabled) {
		vector->disabled = false;
		enable_irq(vm_vis_irq(vector));
	}
}
