/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libqos definitions of message-signalled interrupts
 */

#ifndef LIBQOS_MSI_H
#define LIBQOS_MSI_H

#include "../libqtest.h"

typedef struct QMSIParent QMSIParent;

/**
 * QMSIParent: an interrupt controller that takes messages
 * @qts: the machine
 * @address: address of all messages
 * @first_data: data of the first interrupt; the others follow
 * @nr_irqs: number of interrupts
 * @take: true if a message with @data has arrived since the last call
 */
struct QMSIParent {
    QTestState *qts;
    uint64_t address;
    uint32_t first_data;
    uint32_t nr_irqs;
    bool (*take)(QMSIParent *parent, uint32_t data);
};

#endif
