// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the VIS selftests drive from inside the kernel, by files in debugfs/vis_test
 *
 * mask, unmask, retrigger, rewrite: written with the number of an interrupt, call its chip at
 * once, where disable_irq() is lazy. rewrite stores and commits a message that differs in a bit
 * which the CPUs ignore, then the old one again.
 *
 * reg, mem: the 32-bit word at the physical address in the file address, uncached or cached.
 */
#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/io.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/module.h>
#include <linux/msi.h>

struct vis_test_call {
	const char	*name;
	int		(*fn)(struct irq_data *d);
};

static struct dentry *vis_test_dir;
static u64 vis_test_address;

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

static int vis_test_retrigger(struct irq_data *d)
{
	return d->chip->irq_retrigger(d) ? 0 : -EIO;
}

static int vis_test_rewrite(struct irq_data *d)
{
	struct msi_msg msg = irq_data_get_msi_desc(d)->msg;
	struct msi_msg other = msg;

	other.arch_addr_lo.redirect_hint = !msg.arch_addr_lo.redirect_hint;
	d->chip->irq_write_msi_msg(d, &other);
	d->chip->irq_write_msi_msg(d, &msg);
	return 0;
}

static const struct vis_test_call vis_test_calls[] = {
	{ "mask",	vis_test_mask },
	{ "unmask",	vis_test_unmask },
	{ "retrigger",	vis_test_retrigger },
	{ "rewrite",	vis_test_rewrite },
};

static int vis_test_call_set(void *data, u64 virq)
{
	const struct vis_test_call *call = data;
	struct irq_data *d = irq_get_irq_data(virq);

	if (!d || !irq_data_get_msi_desc(d))
		return -EINVAL;

	guard(raw_spinlock_irqsave)(&irq_data_to_desc(d)->lock);
	return call->fn(d);
}
DEFINE_DEBUGFS_ATTRIBUTE(vis_test_call_fops, NULL, vis_test_call_set, "%llu\n");

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
	debugfs_create_x64("address", 0600, vis_test_dir, &vis_test_address);
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
