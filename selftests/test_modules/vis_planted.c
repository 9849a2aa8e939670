// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults that a checker of the kernel must report. A write of the name of one to
 * debugfs/vis_planted commits it, which proves that the checker works.
 */
#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/debugfs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define VIS_PLANTED_SIZE	64
#define VIS_PLANTED_LEAKS	8
#define VIS_PLANTED_RACE	(5 * HZ)

struct vis_planted_fault {
	const char	*name;
	int		(*fn)(void);
};

static struct dentry *vis_planted_file;
static DEFINE_RAW_SPINLOCK(vis_planted_raw_lock);
static DEFINE_SPINLOCK(vis_planted_lock);
static DEFINE_MUTEX(vis_planted_mutex);
static unsigned int vis_planted_count;

static int vis_planted_uaf(void)
{
	u8 *memory = kzalloc(VIS_PLANTED_SIZE, GFP_KERNEL);

	if (!memory)
		return -ENOMEM;

	OPTIMIZER_HIDE_VAR(memory);
	kfree(memory);
	return READ_ONCE(*memory);
}

/* Leaks several objects, because a stack may keep the address of the last one */
static int vis_planted_leak(void)
{
	unsigned int i;
	u8 *memory;

	for (i = 0; i < VIS_PLANTED_LEAKS; i++) {
		memory = kmalloc(VIS_PLANTED_SIZE, GFP_KERNEL);
		if (!memory)
			return -ENOMEM;
		memset(memory, i + 1, VIS_PLANTED_SIZE);
		OPTIMIZER_HIDE_VAR(memory);
	}
	return 0;
}

static int vis_planted_sleep(void)
{
	guard(raw_spinlock)(&vis_planted_raw_lock);
	guard(mutex)(&vis_planted_mutex);
	schedule_timeout_uninterruptible(1);
	return 0;
}

/* With PREEMPT_RT the inner one sleeps */
static int vis_planted_nest(void)
{
	guard(raw_spinlock)(&vis_planted_raw_lock);
	guard(spinlock)(&vis_planted_lock);
	return 0;
}

static int vis_planted_race(void)
{
	unsigned long end = jiffies + VIS_PLANTED_RACE;
	unsigned int *count = &vis_planted_count;

	OPTIMIZER_HIDE_VAR(count);
	while (time_before(jiffies, end)) {
		(*count)++;
		barrier();
	}
	return 0;
}

static const struct vis_planted_fault vis_planted_faults[] = {
	{ "uaf",	vis_planted_uaf },
	{ "leak",	vis_planted_leak },
	{ "sleep",	vis_planted_sleep },
	{ "nest",	vis_planted_nest },
	{ "race",	vis_planted_race },
};

static ssize_t vis_planted_write(struct file *file, const char __user *text, size_t size,
				 loff_t *pos)
{
	char name[8] = { };
	unsigned int i;
	int ret;

	if (size > sizeof(name) || copy_from_user(name, text, size))
		return -EINVAL;

	for (i = 0; i < ARRAY_SIZE(vis_planted_faults); i++) {
		if (strncmp(strim(name), vis_planted_faults[i].name, sizeof(name)))
			continue;
		ret = vis_planted_faults[i].fn();
		return ret ?: size;
	}
	return -EINVAL;
}

static const struct file_operations vis_planted_fops = {
	.owner	= THIS_MODULE,
	.write	= vis_planted_write,
};

static int __init vis_planted_init(void)
{
	vis_planted_file = debugfs_create_file("vis_planted", 0200, NULL, NULL, &vis_planted_fops);
	return 0;
}
module_init(vis_planted_init);

static void __exit vis_planted_exit(void)
{
	debugfs_remove(vis_planted_file);
}
module_exit(vis_planted_exit);

MODULE_DESCRIPTION("Virtio Interrupt Storage selftest faults");
MODULE_LICENSE("GPL");
