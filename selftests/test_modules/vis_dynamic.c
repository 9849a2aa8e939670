// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adds vectors to a device that is in use and frees them again, by files in debugfs/vis_dynamic
 *
 * device: a write of the interrupt number of a vector selects the device that has it.
 *
 * add, free: a write of a vector allocates it and requests its interrupt, or undoes both. The name
 * of the interrupt is vis-dynamic.VECTOR.
 *
 * repeat: a write of a vector adds and frees it as often as the file count says.
 *
 * capacity: a read adds as many vectors as it can, frees them, and returns their number.
 */
#include <linux/debugfs.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/module.h>
#include <linux/msi.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/virtio_vis.h>
#include <linux/xarray.h>

#define VIS_DYNAMIC_NAME	24

/**
 * struct vis_dynamic - An added vector
 * @map:	The result of virtio_vis_alloc_vector_at()
 * @name:	Name of its interrupt
 */
struct vis_dynamic {
	struct msi_map	map;
	char		name[VIS_DYNAMIC_NAME];
};

static struct dentry *vis_dynamic_dir;
static struct virtio_vis *vis_dynamic_device;
static DEFINE_XARRAY(vis_dynamic_vectors);
static u64 vis_dynamic_count;

static irqreturn_t vis_dynamic_handler(int irq, void *data)
{
	return IRQ_HANDLED;
}

static int vis_dynamic_request(struct vis_dynamic *v)
{
	snprintf(v->name, sizeof(v->name), "vis-dynamic.%d", v->map.index);
	return request_irq(v->map.virq, vis_dynamic_handler, 0, v->name, v);
}

static void vis_dynamic_remove(struct vis_dynamic *v)
{
	free_irq(v->map.virq, v);
	virtio_vis_free_vector(vis_dynamic_device, v->map);
	kfree(v);
}

static struct vis_dynamic *vis_dynamic_add(unsigned int vector)
{
	struct vis_dynamic *v = kzalloc(sizeof(*v), GFP_KERNEL);
	int ret;

	if (!v)
		return ERR_PTR(-ENOMEM);

	v->map = virtio_vis_alloc_vector_at(vis_dynamic_device, vector, NULL);
	ret = v->map.index;
	if (ret >= 0) {
		ret = vis_dynamic_request(v);
		if (!ret)
			return v;
		virtio_vis_free_vector(vis_dynamic_device, v->map);
	}
	kfree(v);
	return ERR_PTR(ret);
}

/* Stores the vector, so that vis_dynamic_free_set() finds it */
static int vis_dynamic_add_stored(unsigned int vector)
{
	struct vis_dynamic *v = vis_dynamic_add(vector);
	int ret;

	if (IS_ERR(v))
		return PTR_ERR(v);

	ret = xa_err(xa_store(&vis_dynamic_vectors, v->map.index, v, GFP_KERNEL));
	if (ret)
		vis_dynamic_remove(v);
	return ret;
}

static int vis_dynamic_device_set(void *data, u64 virq)
{
	struct irq_data *d = irq_get_irq_data(virq);

	if (!d || !irq_data_get_msi_desc(d))
		return -EINVAL;

	vis_dynamic_device = irq_data_get_irq_chip_data(d);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(vis_dynamic_device_fops, NULL, vis_dynamic_device_set, "%llu\n");

static int vis_dynamic_add_set(void *data, u64 vector)
{
	return vis_dynamic_device ? vis_dynamic_add_stored(vector) : -ENODEV;
}
DEFINE_DEBUGFS_ATTRIBUTE(vis_dynamic_add_fops, NULL, vis_dynamic_add_set, "%llu\n");

static int vis_dynamic_free_set(void *data, u64 vector)
{
	struct vis_dynamic *v = xa_erase(&vis_dynamic_vectors, vector);

	if (!v)
		return -ENOENT;

	vis_dynamic_remove(v);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(vis_dynamic_free_fops, NULL, vis_dynamic_free_set, "%llu\n");

static int vis_dynamic_repeat_set(void *data, u64 vector)
{
	struct vis_dynamic *v;
	u64 i;

	if (!vis_dynamic_device)
		return -ENODEV;

	for (i = 0; i < vis_dynamic_count; i++) {
		v = vis_dynamic_add(vector);
		if (IS_ERR(v))
			return PTR_ERR(v);
		vis_dynamic_remove(v);
		cond_resched();
	}
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(vis_dynamic_repeat_fops, NULL, vis_dynamic_repeat_set, "%llu\n");

static void vis_dynamic_remove_all(void)
{
	struct vis_dynamic *v;
	unsigned long vector;

	xa_for_each(&vis_dynamic_vectors, vector, v) {
		xa_erase(&vis_dynamic_vectors, vector);
		vis_dynamic_remove(v);
	}
}

static int vis_dynamic_capacity_get(void *data, u64 *capacity)
{
	if (!vis_dynamic_device || !xa_empty(&vis_dynamic_vectors))
		return -EBUSY;

	for (*capacity = 0; !vis_dynamic_add_stored(MSI_ANY_INDEX); ++*capacity)
		cond_resched();
	vis_dynamic_remove_all();
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(vis_dynamic_capacity_fops, vis_dynamic_capacity_get, NULL, "%llu\n");

static int __init vis_dynamic_init(void)
{
	vis_dynamic_dir = debugfs_create_dir("vis_dynamic", NULL);
	debugfs_create_u64("count", 0600, vis_dynamic_dir, &vis_dynamic_count);
	debugfs_create_file_unsafe("device", 0200, vis_dynamic_dir, NULL, &vis_dynamic_device_fops);
	debugfs_create_file_unsafe("add", 0200, vis_dynamic_dir, NULL, &vis_dynamic_add_fops);
	debugfs_create_file_unsafe("free", 0200, vis_dynamic_dir, NULL, &vis_dynamic_free_fops);
	debugfs_create_file_unsafe("repeat", 0200, vis_dynamic_dir, NULL, &vis_dynamic_repeat_fops);
	debugfs_create_file_unsafe("capacity", 0400, vis_dynamic_dir, NULL,
				   &vis_dynamic_capacity_fops);
	return 0;
}
module_init(vis_dynamic_init);

static void __exit vis_dynamic_exit(void)
{
	debugfs_remove_recursive(vis_dynamic_dir);
	vis_dynamic_remove_all();
}
module_exit(vis_dynamic_exit);

MODULE_DESCRIPTION("Virtio Interrupt Storage vectors at run time, for selftests");
MODULE_LICENSE("GPL");
