/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libqos driver of the GICv2m frame
 */

#include "qemu/osdep.h"
#include "../libqtest.h"
#include "qemu/bitops.h"
#include "arm-gicv2m.h"

#define V2M_MSI_TYPER       0x008
#define V2M_MSI_SETSPI_NS   0x040

#define GICD_ISPENDR        0x200
#define GICD_ICPENDR        0x280
#define GICD_ITARGETSR      0x800
#define GICD_ICFGR          0xc00
#define CPU0                1

/*
 * A message that arrives between the accesses merges with this one, before the
 * caller looks for the event.
 */
static bool gicv2m_take(QMSIParent *parent, uint32_t data)
{
    QGICv2m *v2m = container_of(parent, QGICv2m, parent);
    uint64_t word = v2m->distributor + data / 32 * 4;
    uint32_t bit = BIT(data % 32);

    if (!(qtest_readl(parent->qts, word + GICD_ISPENDR) & bit)) {
        return false;
    }
    qtest_writel(parent->qts, word + GICD_ICPENDR, bit);
    return true;
}

/* The frame sends pulses: a level-triggered interrupt would not keep them. */
static void gicv2m_configure(QGICv2m *v2m, uint32_t irq)
{
    QTestState *qts = v2m->parent.qts;
    uint64_t word = v2m->distributor + GICD_ICFGR + irq / 16 * 4;
    uint32_t edge = BIT(irq % 16 * 2 + 1);

    qtest_writel(qts, word, qtest_readl(qts, word) | edge);
    qtest_writeb(qts, v2m->distributor + GICD_ITARGETSR + irq, CPU0);
}

void qos_init_gicv2m(QGICv2m *v2m, QTestState *qts, uint64_t frame,
                     uint64_t distributor)
{
    uint32_t type = qtest_readl(qts, frame + V2M_MSI_TYPER);
    uint32_t irq;

    v2m->parent.qts = qts;
    v2m->parent.address = frame + V2M_MSI_SETSPI_NS;
    v2m->parent.first_data = extract32(type, 16, 10);
    v2m->parent.nr_irqs = extract32(type, 0, 10);
    v2m->parent.take = gicv2m_take;
    v2m->distributor = distributor;

    g_assert_cmpuint(v2m->parent.nr_irqs, >, 0);
    for (irq = 0; irq < v2m->parent.nr_irqs; irq++) {
        gicv2m_configure(v2m, v2m->parent.first_data + irq);
    }
}
