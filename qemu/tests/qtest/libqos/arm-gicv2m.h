/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libqos driver of the GICv2m frame
 */

#ifndef LIBQOS_ARM_GICV2M_H
#define LIBQOS_ARM_GICV2M_H

#include "msi.h"

/**
 * QGICv2m: a frame that turns messages into interrupts of a GICv2
 * @parent: the part that devices see
 * @distributor: address of the GIC's distributor
 */
typedef struct QGICv2m {
    QMSIParent parent;
    uint64_t distributor;
} QGICv2m;

void qos_init_gicv2m(QGICv2m *v2m, QTestState *qts, uint64_t frame,
                     uint64_t distributor);

#endif
