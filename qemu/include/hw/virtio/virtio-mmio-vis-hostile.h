/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hostile devices: declarations that the faults share with the layer over the
 * honest device
 */

#ifndef HW_VIRTIO_MMIO_VIS_HOSTILE_H
#define HW_VIRTIO_MMIO_VIS_HOSTILE_H

#include "hw/virtio/virtio-mmio-vis-internal.h"
#include "qemu/timer.h"

/* A false address is relative to this, or to the true address in a register. */
#define FROM_ZERO           0
#define FROM_REGISTERS      1

#define GARBAGE             0xffffffff
#define TICK_PERIOD_NS      (1 * SCALE_MS)

/* VISFault.entry returns this for an access without effect. */
#define NO_ENTRY            UINT64_MAX

#define TYPE_VIS_HOSTILE    VIS_VARIANT_PREFIX "hostile"
OBJECT_DECLARE_SIMPLE_TYPE(VISHostile, VIS_HOSTILE)

/**
 * VISFault: a fault of a device
 * @name: as in the property "faults"
 * @reg: register that lies, the low one of an address
 * @keep: bits of @reg that are true
 * @set: bits of @reg that are 1
 * @address: @reg holds an address, @offset from @from
 * @narrow_registers: treats a narrow access to a register of VIS as one to the
 *                    whole register
 * @narrow_mask: the same for a word of the mask table
 * @writable_pending: the pending table keeps the values that the driver writes
 * @prepare: may change the properties and the number of vectors
 * @read: the value that a register returns, given its true value
 * @mask_read: the same for a word of the mask table
 * @mask_word: the word of the mask table that is accessed in place of a word
 * @entry: the offset in the vector table that is accessed in place of @offset,
 *         or NO_ENTRY; with this, the vector table traps
 * @show: the word of the pending table that the driver sees
 * @send: called before a message is sent, which it may change; a message to
 *        address 0 is not sent
 * @before: called before a register is written; may change the value, or
 *          return false to drop the write
 * @after: called after a register was written
 * @before_mask: called before a word of the mask table is written; may change
 *               the value
 * @after_mask: called after a word of the mask table was written
 * @tick: called each @period_ns from DRIVER_OK to reset
 */
typedef struct VISFault {
    const char *name;
    hwaddr reg;
    uint32_t keep;
    uint32_t set;
    bool address;
    hwaddr from;
    uint64_t offset;
    bool narrow_registers;
    bool narrow_mask;
    bool writable_pending;
    void (*prepare)(VISHostile *h);
    uint64_t (*read)(VISHostile *h, hwaddr reg, uint64_t value);
    uint64_t (*mask_read)(VISHostile *h, uint32_t word, uint64_t value);
    uint32_t (*mask_word)(VISHostile *h, uint32_t word);
    hwaddr (*entry)(VISHostile *h, hwaddr offset, bool is_write);
    uint32_t (*show)(VISHostile *h, uint32_t word);
    void (*send)(VISHostile *h, uint32_t vector, MSIMessage *msg);
    bool (*before)(VISHostile *h, hwaddr reg, uint64_t *value);
    void (*after)(VISHostile *h, hwaddr reg, uint64_t value);
    void (*before_mask)(VISHostile *h, uint32_t word, uint32_t *value);
    void (*after_mask)(VISHostile *h, uint32_t word, uint32_t value);
    void (*tick)(VISHostile *h);
    int64_t period_ns;
} VISFault;

#define LIE(_name, _reg, _keep, _set) \
    { .name = _name, .reg = _reg, .keep = _keep, .set = _set }
#define PLACE(_name, _table, _from, _offset) \
    { .name = _name, .reg = _table, .address = true, .from = _from, \
      .offset = _offset }

/**
 * VISHostile: a device with a fault
 * @faults: property "faults"
 * @proxy: the transport
 * @fault: its fault, or NULL
 * @regs: covers the register block
 * @mask: covers the mask table
 * @table: covers the vector table or the pending table, if it traps
 * @timer: for VISFault.tick
 * @stale: the latches before a reset or a commit
 * @view: the driver's view of the pending table, if VISFault.show makes it
 * @nr_reads: number of reads of the register at each offset
 * @nr_narrow: number of writes to registers of VIS and masks since the reset
 *             that were not 32 bits wide
 * @latched: there was a commit since @tick
 * @struck: the fault has had its effect
 * @value: a value that the fault keeps
 * @count: a counter of the fault
 * @sent: messages that the fault sent or checked
 * @errors: messages that the driver never wrote, or has replaced
 */
struct VISHostile {
    VISVariant parent_obj;

    char *faults;
    VirtIOMMIOProxy *proxy;
    const VISFault *fault;
    MemoryRegion regs;
    MemoryRegion mask;
    MemoryRegion table;
    QEMUTimer *timer;
    MSIMessage *stale;
    uint32_t *view;
    uint32_t nr_reads[VIRTIO_MMIO_CONFIG];
    uint32_t nr_narrow;
    bool latched;
    bool struck;
    uint64_t value;
    uint32_t count;
    uint64_t sent;
    uint64_t errors;
};

/*
 * The faults that the conformance run finds, in virtio-mmio-vis-broken.c; the
 * last one has no name.
 */
extern const VISFault vis_broken_faults[];

static inline bool vis_is_reset(hwaddr reg, uint64_t value)
{
    return reg == VIRTIO_MMIO_STATUS && !value;
}

static inline void vis_keep_latches(VISHostile *h)
{
    VirtIOMMIOVIS *vis = &h->proxy->vis;

    memcpy(h->stale, vis->latch, vis->nr_vectors * sizeof(*vis->latch));
}

static inline void vis_send_if_valid(VISHostile *h, MSIMessage msg)
{
    if (vis_is_msi_target(&h->proxy->vis, msg.address)) {
        h->sent++;
        vis_send_message(&h->proxy->vis, msg);
    }
}

static inline void vis_send_stale(VISHostile *h)
{
    uint32_t vector;

    for (vector = 0; vector < h->proxy->vis.nr_vectors; vector++) {
        vis_send_if_valid(h, h->stale[vector]);
    }
}

#endif
