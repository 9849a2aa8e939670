// SPDX-License-Identifier: GPL-2.0-only
/*
 * The conformance run of Virtio Interrupt Storage (VIS), for any device of any VMM
 *
 * A write of the name of a platform device without a driver to /proc/vis_conform checks this
 * device. A read returns the report of the last run, as TAP. The write fails if there is no such
 * device (ENODEV), if it has a driver (EBUSY), or if it does not offer VIS (EOPNOTSUPP).
 */
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "conform.h"

#define VC_MAGIC	0x74726976

static bool break_ring;
module_param(break_ring, bool, 0644);
MODULE_PARM_DESC(break_ring, "Break the queue at the end, to see the device ask for a reset");

/* Protects the report, and serialises the runs */
static DEFINE_MUTEX(vc_lock);
static char *vc_report;

/* Returns the report, or an ERR_PTR() */
static char *vc_format(struct vc *c)
{
	struct seq_file s = { .size = SZ_64K };

	s.buf = kvzalloc(s.size, GFP_KERNEL);
	if (!s.buf)
		return ERR_PTR(-ENOMEM);

	vc_report_show(c, &s);
	s.buf[min(s.count, s.size - 1)] = '\0';
	return s.buf;
}

static char *vc_run_mapped(struct vc *c)
{
	char *report;

	if (vc_read(c, VIRTIO_MMIO_MAGIC_VALUE) != VC_MAGIC ||
	    !vc_read(c, VIRTIO_MMIO_DEVICE_ID))
		return ERR_PTR(-ENODEV);
	if (!vc_is_offered(c))
		return ERR_PTR(-EOPNOTSUPP);
	if (vc_report_init(c))
		return ERR_PTR(-ENOMEM);

	vc_run_checks(c, break_ring);
	report = vc_format(c);
	vc_release(c);
	kfree(c->results);
	return report;
}

static char *vc_run(struct platform_device *pdev)
{
	struct resource *regs = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	char *report;

	struct vc *c __free(kfree) = kzalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return ERR_PTR(-ENOMEM);
	if (!regs)
		return ERR_PTR(-ENODEV);

	c->pdev = pdev;
	c->regs = ioremap(regs->start, resource_size(regs));
	if (!c->regs)
		return ERR_PTR(-ENOMEM);

	report = vc_run_mapped(c);
	iounmap(c->regs);
	return report;
}

static char *vc_run_by_name(char *name)
{
	struct device *dev __free(put_device) =
		bus_find_device_by_name(&platform_bus_type, NULL, name);

	if (!dev)
		return ERR_PTR(-ENODEV);

	guard(device)(dev);
	return dev->driver ? ERR_PTR(-EBUSY) : vc_run(to_platform_device(dev));
}

static ssize_t vc_proc_write(struct file *file, const char __user *text, size_t size, loff_t *pos)
{
	char *report;

	char *name __free(kfree) = memdup_user_nul(text, size);

	if (IS_ERR(name))
		return PTR_ERR(name);

	guard(mutex)(&vc_lock);
	report = vc_run_by_name(strim(name));
	if (IS_ERR(report))
		return PTR_ERR(report);

	kvfree(vc_report);
	vc_report = report;
	return size;
}

static int vc_proc_show(struct seq_file *s, void *unused)
{
	guard(mutex)(&vc_lock);
	seq_puts(s, vc_report ?: "");
	return 0;
}

static int vc_proc_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, vc_proc_show, NULL, SZ_64K);
}

static const struct proc_ops vc_proc_ops = {
	.proc_open	= vc_proc_open,
	.proc_read	= seq_read,
	.proc_lseek	= seq_lseek,
	.proc_release	= single_release,
	.proc_write	= vc_proc_write,
};

static int __init vc_init(void)
{
	return proc_create("vis_conform", 0600, NULL, &vc_proc_ops) ? 0 : -ENOMEM;
}
module_init(vc_init);

static void __exit vc_exit(void)
{
	remove_proc_entry("vis_conform", NULL);
	kvfree(vc_report);
}
module_exit(vc_exit);

MODULE_DESCRIPTION("Virtio Interrupt Storage conformance run");
MODULE_LICENSE("GPL");
