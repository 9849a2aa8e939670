/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared parts of the KUnit tests of virtio-mmio: fakes of the virtio core, and wake-up sources
 *
 * Each of these tests compiles the file that it tests, and includes this file before that.
 */
#ifndef _DRIVERS_VIRTIO_VIRTIO_MMIO_VIS_TEST_H
#define _DRIVERS_VIRTIO_VIRTIO_MMIO_VIS_TEST_H

#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/property.h>
#include <linux/virtio.h>

/**
 * struct fake_core - Calls to the virtio core, all 0 at the start of a case
 * @used:	Bit n: queue n has used buffers
 * @nr_used:	Number of interrupts of queues with used buffers
 * @nr_config:	Number of configuration changes
 */
struct fake_core {
	unsigned long	used;
	unsigned int	nr_used;
	unsigned int	nr_config;
};

static struct fake_core fake_core;

static irqreturn_t fake_vring_interrupt(int irq, void *vq)
{
	if (!(fake_core.used & BIT(((struct virtqueue *)vq)->index)))
		return IRQ_NONE;
	fake_core.nr_used++;
	return IRQ_HANDLED;
}

static void fake_config_changed(struct virtio_device *vdev)
{
	fake_core.nr_config++;
}

static const struct property_entry fake_wakeup_source[] = {
	PROPERTY_ENTRY_BOOL("wakeup-source"),
	{ }
};

static void fake_add_wakeup_source(struct kunit *test, struct device *dev)
{
	struct fwnode_handle *fwnode = fwnode_create_software_node(fake_wakeup_source, NULL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fwnode);
	device_set_node(dev, fwnode);
}

static void fake_remove_wakeup_source(struct device *dev)
{
	struct fwnode_handle *fwnode = dev_fwnode(dev);

	device_set_node(dev, NULL);
	fwnode_remove_software_node(fwnode);
}

#endif
