// SPDX-License-Identifier: GPL-2.0-only
/* What modinfo tells of the irqchip out of tree, beside what irq-virtio-vis.c says of itself */
#include <linux/module.h>

MODULE_AUTHOR("virtio-vis developers");
MODULE_VERSION(VIS_VERSION);
