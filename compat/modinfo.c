// SPDX-License-Identifier: GPL-2.0-only
/* Fields of the out-of-tree irqchip for modinfo, besides those of irq-virtio-vis.c */
#include <linux/module.h>

MODULE_AUTHOR("virtio-vis developers");
MODULE_VERSION(VIS_VERSION);
