// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access of the conformance run to a device: a transport without a driver above it
 *
 * The irqchip gets messages that raise interrupts of this machine, and writes them once. Its mask
 * bits never reach the device, because the run does not call virtio_vis_enable(). The run itself
 * writes the registers and the tables.
 */
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/irq.h>
#include <linux/of_irq.h>
#include <linux/virtio_ids.h>
#include <linux/workqueue.h>

#include "conform.h"

/* The time that a device may take: for anything it must do, and for "at once" */
#define VC_PATIENCE_US		(5 * USEC_PER_SEC)
#define VC_AT_ONCE_US		USEC_PER_SEC
#define VC_POLL_US		100
/* A message that must not come would come within this time */
#define VC_QUIET_MS		20

struct vc_part {
	u32	len;
	u16	flags;
};

/**
 * struct vc_kind - A virtio device that answers a request of zeros on its queue 0
 * @id:		Its device ID
 * @part:	The parts of the request, up to the first of length 0
 */
struct vc_kind {
	u32		id;
	struct vc_part	part[VC_PARTS];
};

/* The request to a disk reads the first sector. */
static const struct vc_kind vc_kinds[] = {
	{ VIRTIO_ID_RNG, { { 64, VRING_DESC_F_WRITE } } },
	{ VIRTIO_ID_BLOCK, { { 16 }, { 512, VRING_DESC_F_WRITE }, { 1, VRING_DESC_F_WRITE } } },
};

/* Registers */

u64 vc_read_address(struct vc *c, unsigned int low)
{
	u64 addr = vc_read(c, low);

	return addr | (u64)vc_read(c, low + sizeof(u32)) << 32;
}

void vc_write_address(struct vc *c, unsigned int low, u64 addr)
{
	vc_write(c, low, lower_32_bits(addr));
	vc_write(c, low + sizeof(u32), upper_32_bits(addr));
}

static u64 vc_read_features(struct vc *c)
{
	u64 features;

	vc_write(c, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	features = (u64)vc_read(c, VIRTIO_MMIO_DEVICE_FEATURES) << 32;
	vc_write(c, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	return features | vc_read(c, VIRTIO_MMIO_DEVICE_FEATURES);
}

static void vc_add_status(struct vc *c, u32 bits)
{
	vc_write(c, VIRTIO_MMIO_STATUS, vc_read(c, VIRTIO_MMIO_STATUS) | bits);
}

/**
 * vc_reset - Reset the device
 * @c:		The run
 *
 * Return:	Whether the reset is complete. If not, the run has ended.
 */
bool vc_reset(struct vc *c)
{
	u32 status;

	vc_write(c, VIRTIO_MMIO_STATUS, 0);
	if (read_poll_timeout(vc_read, status, !status, VC_POLL_US, VC_PATIENCE_US, false, c,
			      VIRTIO_MMIO_STATUS)) {
		c->stuck = true;
		vc_end(c, "a reset is not complete, Status reads %#x", status);
		return false;
	}
	if (c->line_off) {
		c->line_off = false;
		enable_irq(c->line);
	}
	return true;
}

/**
 * vc_negotiate - Reset the device and offer it a set of features
 * @c:		The run
 * @features:	The features that the driver accepts
 *
 * Return:	Whether the device has kept FEATURES_OK.
 */
bool vc_negotiate(struct vc *c, u64 features)
{
	if (!vc_reset(c))
		return false;

	vc_add_status(c, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	vc_add_status(c, VIRTIO_CONFIG_S_DRIVER);
	vc_write(c, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	vc_write(c, VIRTIO_MMIO_DRIVER_FEATURES, features >> 32);
	vc_write(c, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	vc_write(c, VIRTIO_MMIO_DRIVER_FEATURES, features);
	vc_add_status(c, VIRTIO_CONFIG_S_FEATURES_OK);
	return vc_read(c, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_FEATURES_OK;
}

static void vc_write_queue_address(struct vc *c, unsigned int low, const void *part)
{
	vc_write_address(c, low, c->ring_dma + (part - (void *)c->ring));
}

static void vc_set_up_queue(struct vc *c)
{
	memset(c->ring, 0, sizeof(*c->ring));
	c->posted = 0;
	c->used_late = false;
	vc_write(c, VIRTIO_MMIO_QUEUE_SEL, 0);
	vc_write(c, VIRTIO_MMIO_QUEUE_NUM, VC_QUEUE_NUM);
	vc_write_queue_address(c, VIRTIO_MMIO_QUEUE_DESC_LOW, c->ring->desc);
	vc_write_queue_address(c, VIRTIO_MMIO_QUEUE_AVAIL_LOW, &c->ring->avail);
	vc_write_queue_address(c, VIRTIO_MMIO_QUEUE_USED_LOW, &c->ring->used);
	vc_write(c, VIRTIO_MMIO_QUEUE_READY, 1);
}

/**
 * vc_begin - Reset the device, accept VIS, and set up the queue and the entries
 * @c:		The run
 *
 * The queue is mapped to vector 0 and configuration changes to the last vector of the run.
 *
 * Return:	Whether this worked. If not, the run has ended.
 */
bool vc_begin(struct vc *c)
{
	u64 wanted = VC_F_VIS | VC_F_VERSION_1 | VC_F_RING_RESET |
		     BIT_ULL(VIRTIO_F_ACCESS_PLATFORM);

	if (c->ended[0])
		return false;
	if (!vc_negotiate(c, c->features & wanted)) {
		vc_end(c, "FEATURES_OK is not kept");
		return false;
	}
	vc_set_up_queue(c);
	vc_set_entries(c);
	vc_map_queue(c, 0);
	vc_map_config(c, c->nvec - 1);
	return true;
}

void vc_enable(struct vc *c)
{
	vc_write(c, VIRTIO_MMIO_VIS_CONTROL, VIRTIO_VIS_CONTROL_ENABLE);
}

void vc_driver_ok(struct vc *c)
{
	vc_add_status(c, VIRTIO_CONFIG_S_DRIVER_OK);
}

/**
 * vc_start - Reset the device and start it again, with all its vectors masked
 * @c:		The run
 *
 * Return:	Whether this worked. If not, the run has ended.
 */
bool vc_start(struct vc *c)
{
	if (!vc_begin(c))
		return false;

	vc_enable(c);
	vc_driver_ok(c);
	vc_mark(c);
	return true;
}

/* Tables and mappings */

void vc_set_entry(struct vc *c, unsigned int vector, const struct msi_msg *msg)
{
	struct virtio_vis_entry *entry = &c->entries[vector];

	WRITE_ONCE(entry->addr_lo, cpu_to_le32(msg->address_lo));
	WRITE_ONCE(entry->addr_hi, cpu_to_le32(msg->address_hi));
	WRITE_ONCE(entry->data, cpu_to_le32(msg->data));
}

void vc_set_entries(struct vc *c)
{
	unsigned int v;

	for (v = 0; v < c->layout.nr_vectors; v++)
		vc_set_entry(c, v, &c->vector[v % c->nvec].msg);
}

/* Returns the bits of a mask word that belong to no vector */
u32 vc_void_bits(struct vc *c, unsigned int word)
{
	unsigned int n = c->layout.nr_vectors - word * VIRTIO_VIS_VECTORS_PER_WORD;

	return n < VIRTIO_VIS_VECTORS_PER_WORD ? ~0u << n : 0;
}

/* Unmasks these vectors of word 0 and masks all others of it */
void vc_commit(struct vc *c, u32 unmasked)
{
	writel(~unmasked, c->mask);
}

u32 vc_map_queue(struct vc *c, u32 vector)
{
	vc_write(c, VIRTIO_MMIO_QUEUE_SEL, 0);
	vc_write(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR, vector);
	return vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR);
}

u32 vc_map_config(struct vc *c, u32 vector)
{
	vc_write(c, VIRTIO_MMIO_VIS_CONFIG_VECTOR, vector);
	return vc_read(c, VIRTIO_MMIO_VIS_CONFIG_VECTOR);
}

/* Events and interrupts */

static u16 vc_used(struct vc *c)
{
	return le16_to_cpu(READ_ONCE(c->ring->used.idx));
}

static void vc_post(struct vc *c)
{
	struct vc_ring *ring = c->ring;
	unsigned int i;

	for (i = 0; i < VC_PARTS && c->kind->part[i].len; i++) {
		const struct vc_part *part = &c->kind->part[i];
		bool last = i == VC_PARTS - 1 || !part[1].len;

		ring->desc[i].addr = cpu_to_le64(c->ring_dma +
						 offsetof(struct vc_ring, data[i]));
		ring->desc[i].len = cpu_to_le32(part->len);
		ring->desc[i].flags = cpu_to_le16(part->flags | (last ? 0 : VRING_DESC_F_NEXT));
		ring->desc[i].next = cpu_to_le16(i + 1);
	}
	ring->avail.ring[c->posted % VC_QUEUE_NUM] = 0;
	/* The device must see the descriptors before the index that offers them. */
	dma_wmb();
	WRITE_ONCE(ring->avail.idx, cpu_to_le16(++c->posted));
	vc_write(c, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
}

/**
 * vc_event - Cause an event by making the device use a buffer
 * @c:		The run
 *
 * Return:	Whether it has used the buffer. If not, the run has ended.
 */
bool vc_event(struct vc *c)
{
	u16 used;

	vc_post(c);
	if (read_poll_timeout(vc_used, used, used == c->posted, VC_POLL_US, VC_PATIENCE_US, false,
			      c)) {
		c->stuck = true;
		vc_end(c, "the device has used %u of %u buffers", used, c->posted);
		return false;
	}
	return true;
}

static long vc_nothing(void *unused)
{
	return 0;
}

/* A CPU that runs this work has taken all interrupts whose messages were handed over before. */
static void vc_settle(void)
{
	unsigned int cpu;

	guard(cpus_read_lock)();
	for_each_online_cpu(cpu)
		work_on_cpu(cpu, vc_nothing, NULL);
}

/* From here on, vc_comes() and vc_news() count interrupts. */
void vc_mark(struct vc *c)
{
	unsigned int i;

	vc_settle();
	for (i = 0; i < c->nvec; i++)
		c->vector[i].mark = atomic_read(&c->vector[i].count);
	c->line_mark = atomic_read(&c->line_count);
}

static int vc_rise(struct vc *c, unsigned int vector)
{
	return atomic_read(&c->vector[vector].count) - c->vector[vector].mark;
}

/* Returns whether the interrupt comes at once, or has come since vc_mark() */
bool vc_comes(struct vc *c, unsigned int vector)
{
	int rise;

	return !read_poll_timeout(vc_rise, rise, rise, VC_POLL_US, VC_AT_ONCE_US, false, c, vector);
}

static bool vc_line_seen(struct vc *c)
{
	return c->line ? atomic_read(&c->line_count) != c->line_mark :
			 vc_read(c, VIRTIO_MMIO_INTERRUPT_STATUS);
}

/* Waits until the device asserts its line, or for as long as vc_comes() would wait */
void vc_await_line(struct vc *c)
{
	bool seen;

	read_poll_timeout(vc_line_seen, seen, seen, VC_POLL_US, VC_AT_ONCE_US, false, c);
}

u32 vc_pending_word(struct vc *c, unsigned int w)
{
	return le32_to_cpu(READ_ONCE(c->pending[w]));
}

static u32 vc_pending_vectors(struct vc *c)
{
	return vc_pending_word(c, 0) & ~vc_void_bits(c, 0);
}

/* Returns whether the bits of vectors in word 0 of the pending table have this value in time */
bool vc_pending_becomes(struct vc *c, u32 value)
{
	u32 seen;

	return !read_poll_timeout(vc_pending_vectors, seen, seen == value, USEC_PER_MSEC,
				  VC_PENDING_US, false, c);
}

/* Waits until word 0 of the pending table differs from this value, or for as long */
void vc_pending_changes(struct vc *c, u32 value)
{
	u32 seen;

	read_poll_timeout(vc_pending_vectors, seen, seen != value, USEC_PER_MSEC, VC_PENDING_US,
			  false, c);
}

/* Waits for an event of masked vector 0, which may occur later than its buffer is used */
void vc_await_event(struct vc *c)
{
	if (!c->pending || !vc_pending_becomes(c, BIT(0)))
		msleep(VC_LATE_MS);
}

/* Waits, and returns the interrupts since vc_mark(): bits 7:0 count those of vector 0, and so on */
unsigned int vc_news(struct vc *c)
{
	unsigned int i, news = 0;

	msleep(VC_QUIET_MS);
	vc_settle();
	for (i = 0; i < c->nvec; i++)
		news |= min(vc_rise(c, i), 0xff) << (8 * i);
	return news;
}

static irqreturn_t vc_interrupt(int irq, void *data)
{
	struct vc_vector *vector = data;
	struct vc *c = vector->c;

	if (vc_used(c) != READ_ONCE(c->posted))
		c->used_late = true;
	atomic_inc(&vector->count);
	return IRQ_HANDLED;
}

/* InterruptACK cannot deassert a line that is raised without an event, so disable such a line. */
static irqreturn_t vc_line(int irq, void *data)
{
	struct vc *c = data;

	atomic_inc(&c->line_count);
	c->line_status = vc_read(c, VIRTIO_MMIO_INTERRUPT_STATUS);
	vc_write(c, VIRTIO_MMIO_INTERRUPT_ACK, c->line_status);
	if (!c->line_status) {
		c->line_off = true;
		disable_irq_nosync(irq);
	}
	return IRQ_HANDLED;
}

/* Taking over the device */

/**
 * vc_is_offered - Read the features of the device
 * @c:		The run
 *
 * Return:	Whether it offers VIS.
 */
bool vc_is_offered(struct vc *c)
{
	c->features = vc_read_features(c);
	return c->features & VC_F_VIS;
}

/**
 * vc_discover - Read the discovery registers of the device, after a reset
 * @c:		The run
 */
void vc_discover(struct vc *c)
{
	struct virtio_vis_layout *layout = &c->layout;
	struct resource *regs = platform_get_resource(c->pdev, IORESOURCE_MEM, 0);

	layout->nr_vectors = FIELD_GET(VIRTIO_VIS_NUM_VECTORS_N,
				       vc_read(c, VIRTIO_MMIO_VIS_NUM_VECTORS));
	layout->table = vc_read_address(c, VIRTIO_MMIO_VIS_TABLE_LOW);
	layout->mask = vc_read_address(c, VIRTIO_MMIO_VIS_MASK_LOW);
	layout->pending = vc_read_address(c, VIRTIO_MMIO_VIS_PENDING_LOW);
	layout->regs = regs->start;
	layout->regs_size = resource_size(regs);
}

static int vc_map_tables(struct vc *c)
{
	size_t words = DIV_ROUND_UP(c->layout.nr_vectors, VIRTIO_VIS_VECTORS_PER_WORD);
	size_t bytes = words * sizeof(u32);

	c->mask = ioremap(c->layout.mask, bytes);
	c->entries = memremap(c->layout.table, c->layout.nr_vectors * sizeof(*c->entries),
			      MEMREMAP_WB | MEMREMAP_DEC);
	if (c->layout.pending)
		c->pending = memremap(c->layout.pending, bytes, MEMREMAP_WB | MEMREMAP_DEC);
	if (!c->mask || !c->entries || (c->layout.pending && !c->pending))
		return -ENOMEM;
	return 0;
}

static int vc_request_vector(struct vc *c, unsigned int i)
{
	struct vc_vector *vector = &c->vector[i];
	unsigned int irq = virtio_vis_irq(c->vis, i);
	int ret;

	vector->c = c;
	ret = request_irq(irq, vc_interrupt, IRQF_NOBALANCING, "vis_conform", vector);
	if (ret)
		return ret;

	vector->irq = irq;
	vector->msg = irq_get_msi_desc(irq)->msg;
	return 0;
}

static int vc_request_vectors(struct vc *c)
{
	unsigned int i, nvec = min(c->layout.nr_vectors, VC_VECTORS);
	int ret = virtio_vis_alloc_vectors(c->vis, nvec, NULL);

	for (i = 0; !ret && i < nvec; i++)
		ret = vc_request_vector(c, i);
	c->nvec = nvec;
	return ret > 0 ? -ENOSPC : ret;
}

/* An interrupt of a shared line can come from another device, so this requests no shared line. */
static void vc_request_line(struct vc *c)
{
	int irq = platform_get_irq_optional(c->pdev, 0);

	if (irq > 0 && !request_irq(irq, vc_line, 0, "vis_conform", c))
		c->line = irq;
}

static int vc_take_all(struct vc *c)
{
	struct device *dev = &c->pdev->dev;
	struct virtio_vis *vis;
	int ret;

	if (dev->of_node)
		of_msi_configure(dev, dev->of_node);
	vis = virtio_vis_create(dev, &c->layout);
	if (IS_ERR(vis))
		return PTR_ERR(vis);

	c->vis = vis;
	ret = dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	c->ring = dma_alloc_coherent(dev, sizeof(*c->ring), &c->ring_dma, GFP_KERNEL);
	if (!c->ring)
		return -ENOMEM;
	return vc_map_tables(c) ?: vc_request_vectors(c);
}

/**
 * vc_take - Take over the device's interrupt storage
 * @c:		The run, after vc_discover()
 *
 * Return:	Whether this worked. If not, the run has ended. vc_release() is called all the same.
 */
bool vc_take(struct vc *c)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(vc_kinds); i++)
		if (vc_kinds[i].id == vc_read(c, VIRTIO_MMIO_DEVICE_ID))
			c->kind = &vc_kinds[i];
	if (!c->kind) {
		vc_end(c, "the run has requests only for disks and entropy devices");
		return false;
	}
	ret = vc_take_all(c);
	if (ret) {
		vc_end(c, "the interrupt storage cannot be used: %pe", ERR_PTR(ret));
		return false;
	}
	vc_request_line(c);
	return true;
}

void vc_release(struct vc *c)
{
	struct device *dev = &c->pdev->dev;
	unsigned int i;

	if (c->line)
		free_irq(c->line, c);
	for (i = 0; i < VC_VECTORS; i++)
		if (c->vector[i].irq)
			free_irq(c->vector[i].irq, &c->vector[i]);
	if (c->pending)
		memunmap(c->pending);
	if (c->entries)
		memunmap(c->entries);
	if (c->mask)
		iounmap(c->mask);
	/* The device may go on using the ring of a request that it does not give back. */
	if (c->ring && !c->stuck)
		dma_free_coherent(dev, sizeof(*c->ring), c->ring, c->ring_dma);
	if (c->vis) {
		virtio_vis_free_vectors(c->vis);
		virtio_vis_destroy(c->vis);
	}
}
