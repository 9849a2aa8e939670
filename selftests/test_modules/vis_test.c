// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lets the VIS selftests act inside the kernel, by files in debugfs/vis_test
 *
 * mask, unmask, retrigger, rewrite: a write of an interrupt number calls the interrupt's chip at
 * once, whereas disable_irq() is lazy. rewrite stores and commits a message that differs in a bit
 * which the CPUs ignore, and then the old message again.
 *
 * disable, enable: a write of an interrupt number calls disable_irq() or enable_irq(), as a driver
 * does.
 *
 * torn: a write of an interrupt number rewrites and commits the interrupt's message, as often as
 * the file count says. In bits that the CPUs do not need, the message carries a nonce and a
 * checksum of itself, for QEMU's device with the fault "torn". Such a device sends messages without
 * an event, so from then on the kernel does not count interrupts without work as spurious.
 *
 * wakeup, resource: a write of the name of a platform device without a driver gives the device
 * properties that firmware could have given it: wakeup-source, or one more range of memory, at the
 * address in the file address and with the size in the file count.
 *
 * reg, mem: the 32-bit word at the physical address in the file address, uncached or cached.
 */
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/hash.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/module.h>
#include <linux/msi.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/* The bits of a marked message that the CPUs do not need, in addition to all of address_hi */
#define VIS_TEST_ADDRESS_LO	GENMASK(11, 4)
#define VIS_TEST_DATA		GENMASK(31, 16)

/* A bit in the address of a message to an x86 CPU; it has no effect in physical mode */
#define VIS_TEST_REDIRECT_HINT	BIT(3)

struct vis_test_call {
	const char	*name;
	int		(*fn)(struct irq_data *d);
	bool		locks;
};

struct vis_test_firmware {
	const char	*name;
	int		(*fn)(struct platform_device *pdev);
};

static struct dentry *vis_test_dir;
static u64 vis_test_address;
static u64 vis_test_count;

static int vis_test_mask(struct irq_data *d)
{
	d->chip->irq_mask(d);
	return 0;
}

static int vis_test_unmask(struct irq_data *d)
{
	d->chip->irq_unmask(d);
	return 0;
}

/* The return value is useless: the IMSIC's chip of 6.12 returns 0 for success */
static int vis_test_retrigger(struct irq_data *d)
{
	while (d && !d->chip->irq_retrigger)
		d = d->parent_data;
	if (!d)
		return -EOPNOTSUPP;

	d->chip->irq_retrigger(d);
	return 0;
}

static int vis_test_rewrite(struct irq_data *d)
{
	struct msi_msg msg = irq_data_get_msi_desc(d)->msg;
	struct msi_msg other = msg;

	other.address_lo ^= VIS_TEST_REDIRECT_HINT;
	d->chip->irq_write_msi_msg(d, &other);
	d->chip->irq_write_msi_msg(d, &msg);
	return 0;
}

static int vis_test_disable(struct irq_data *d)
{
	disable_irq(d->irq);
	return 0;
}

static int vis_test_enable(struct irq_data *d)
{
	enable_irq(d->irq);
	return 0;
}

/* Spreads the mark over all parts of the message, so that any mixture of two is detected */
static void vis_test_mark(struct msi_msg *msg, u32 nonce)
{
	u64 sum;

	msg->address_lo = (msg->address_lo & ~VIS_TEST_ADDRESS_LO) |
			  FIELD_PREP(VIS_TEST_ADDRESS_LO, nonce & 0xff);
	msg->address_hi = nonce;
	msg->data &= ~VIS_TEST_DATA;
	sum = (u64)msg->address_hi << 32 | msg->address_lo;
	sum = (sum ^ (u64)msg->data << 48) * GOLDEN_RATIO_64;
	msg->data |= FIELD_PREP(VIS_TEST_DATA, sum >> 48);
}

static int vis_test_torn_set(void *data, u64 virq)
{
	struct irq_data *d = irq_get_irq_data(virq);
	struct msi_msg msg;
	u32 nonce;
	u64 i;

	if (!d || !irq_data_get_msi_desc(d))
		return -EINVAL;

	irq_set_status_flags(virq, IRQ_IS_POLLED);
	for (i = 0; i < vis_test_count; i++) {
		nonce = get_random_u32();
		scoped_guard(raw_spinlock_irqsave, &irq_data_to_desc(d)->lock) {
			msg = irq_data_get_msi_desc(d)->msg;
			vis_test_mark(&msg, nonce);
			d->chip->irq_write_msi_msg(d, &msg);
		}
		cond_resched();
	}
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(vis_test_torn_fops, NULL, vis_test_torn_set, "%llu\n");

static const struct vis_test_call vis_test_calls[] = {
	{ "mask",	vis_test_mask },
	{ "unmask",	vis_test_unmask },
	{ "retrigger",	vis_test_retrigger },
	{ "rewrite",	vis_test_rewrite },
	{ "disable",	vis_test_disable, true },
	{ "enable",	vis_test_enable, true },
};

static int vis_test_call_set(void *data, u64 virq)
{
	const struct vis_test_call *call = data;
	struct irq_data *d = irq_get_irq_data(virq);

	if (!d || !irq_data_get_msi_desc(d))
		return -EINVAL;
	if (call->locks)
		return call->fn(d);

	guard(raw_spinlock_irqsave)(&irq_data_to_desc(d)->lock);
	return call->fn(d);
}
DEFINE_DEBUGFS_ATTRIBUTE(vis_test_call_fops, NULL, vis_test_call_set, "%llu\n");

static int vis_test_wakeup(struct platform_device *pdev)
{
	static const struct property_entry properties[] = {
		PROPERTY_ENTRY_BOOL("wakeup-source"),
		{ }
	};

	return device_create_managed_software_node(&pdev->dev, properties, NULL);
}

/* The device's resources are in the resource tree, so each copy must replace its original there */
static int vis_test_move_resources(struct resource *to, struct resource *from, unsigned int nr)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < nr; i++) {
		to[i] = DEFINE_RES_NAMED(from[i].start, resource_size(&from[i]), from[i].name,
					 from[i].flags);
		if (from[i].parent)
			ret = release_resource(&from[i]) ?:
			      insert_resource(&iomem_resource, &to[i]);
	}
	return ret;
}

static int vis_test_resource(struct platform_device *pdev)
{
	unsigned int nr = pdev->num_resources;
	struct resource *old = pdev->resource;
	struct resource *all;
	int ret;

	all = kcalloc(nr + 1, sizeof(*all), GFP_KERNEL);
	if (!all)
		return -ENOMEM;

	ret = vis_test_move_resources(all, old, nr);
	all[nr] = DEFINE_RES_MEM_NAMED(vis_test_address, vis_test_count, dev_name(&pdev->dev));
	pdev->resource = all;
	pdev->num_resources = nr + 1;
	kfree(old);
	return ret ?: insert_resource(&iomem_resource, &all[nr]);
}

static const struct vis_test_firmware vis_test_firmware[] = {
	{ "wakeup",	vis_test_wakeup },
	{ "resource",	vis_test_resource },
};

static ssize_t vis_test_firmware_write(struct file *file, const char __user *text, size_t size,
				       loff_t *pos)
{
	const struct vis_test_firmware *firmware = file_inode(file)->i_private;
	int ret;

	char *name __free(kfree) = memdup_user_nul(text, size);

	if (IS_ERR(name))
		return PTR_ERR(name);

	struct device *dev __free(put_device) =
		bus_find_device_by_name(&platform_bus_type, NULL, strim(name));

	if (!dev)
		return -ENODEV;

	guard(device)(dev);
	ret = dev->driver ? -EBUSY : firmware->fn(to_platform_device(dev));
	return ret ?: size;
}

static const struct file_operations vis_test_firmware_fops = {
	.owner	= THIS_MODULE,
	.write	= vis_test_firmware_write,
};

static int vis_test_reg_get(void *data, u64 *value)
{
	void __iomem *reg = ioremap(vis_test_address, sizeof(u32));

	if (!reg)
		return -ENOMEM;

	*value = readl(reg);
	iounmap(reg);
	return 0;
}

static int vis_test_reg_set(void *data, u64 value)
{
	void __iomem *reg = ioremap(vis_test_address, sizeof(u32));

	if (!reg)
		return -ENOMEM;

	writel(value, reg);
	iounmap(reg);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(vis_test_reg_fops, vis_test_reg_get, vis_test_reg_set, "0x%llx\n");

static int vis_test_mem_get(void *data, u64 *value)
{
	__le32 *word = memremap(vis_test_address, sizeof(*word), MEMREMAP_WB);

	if (!word)
		return -ENOMEM;

	*value = le32_to_cpu(READ_ONCE(*word));
	memunmap(word);
	return 0;
}

static int vis_test_mem_set(void *data, u64 value)
{
	__le32 *word = memremap(vis_test_address, sizeof(*word), MEMREMAP_WB);

	if (!word)
		return -ENOMEM;

	WRITE_ONCE(*word, cpu_to_le32(value));
	memunmap(word);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(vis_test_mem_fops, vis_test_mem_get, vis_test_mem_set, "0x%llx\n");

static int __init vis_test_init(void)
{
	unsigned int i;

	vis_test_dir = debugfs_create_dir("vis_test", NULL);
	for (i = 0; i < ARRAY_SIZE(vis_test_calls); i++)
		debugfs_create_file_unsafe(vis_test_calls[i].name, 0200, vis_test_dir,
					   (void *)&vis_test_calls[i], &vis_test_call_fops);
	for (i = 0; i < ARRAY_SIZE(vis_test_firmware); i++)
		debugfs_create_file(vis_test_firmware[i].name, 0200, vis_test_dir,
				    (void *)&vis_test_firmware[i], &vis_test_firmware_fops);
	debugfs_create_x64("address", 0600, vis_test_dir, &vis_test_address);
	debugfs_create_u64("count", 0600, vis_test_dir, &vis_test_count);
	debugfs_create_file_unsafe("torn", 0200, vis_test_dir, NULL, &vis_test_torn_fops);
	debugfs_create_file_unsafe("reg", 0600, vis_test_dir, NULL, &vis_test_reg_fops);
	debugfs_create_file_unsafe("mem", 0600, vis_test_dir, NULL, &vis_test_mem_fops);
	return 0;
}
module_init(vis_test_init);

static void __exit vis_test_exit(void)
{
	debugfs_remove_recursive(vis_test_dir);
}
module_exit(vis_test_exit);

MODULE_DESCRIPTION("Virtio Interrupt Storage selftest support");
MODULE_LICENSE("GPL");
