/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI through registers of a virtio-mmio transport, as Dragonball has it
 */

#ifndef HW_VIRTIO_MMIO_MSI_H
#define HW_VIRTIO_MMIO_MSI_H

#include "system/memory.h"
#include "hw/pci/msi.h"
#include "migration/vmstate.h"

typedef struct VirtIOMMIOProxy VirtIOMMIOProxy;

/**
 * VirtIOMMIOMSI: MSI registers of one transport
 * @kind: property "msi", whose registers it has: "dragonball", or NULL for none
 * @saved: the state that is being loaded has the registers
 * @forgets: property "x-msi-forgets", drop events of masked vectors
 * @lies: property "x-msi-lies", MSI_CSR denies the MSI that VendorID offers
 * @io: the registers, which are not all of 32 bits
 * @nr_vectors: number of vectors, 0 without the registers
 * @enabled: the driver has enabled MSI
 * @driver_ok: DRIVER_OK has been set since the reset
 * @staged: the message for the next UPDATE: both halves of the address, data
 * @message: message of each vector
 * @masked: mask bit of each vector
 * @pending: vectors to send when they are unmasked or the machine resumes
 * @signalled: vectors whose events wait for the BQL
 * @observe: bottom half that handles @signalled
 * @vm_change: sends vectors that became pending while the machine was stopped
 */
typedef struct VirtIOMMIOMSI {
    char *kind;
    bool saved;
    bool forgets;
    bool lies;

    MemoryRegion io;
    int32_t nr_vectors;
    bool enabled;
    bool driver_ok;
    uint32_t staged[3];
    MSIMessage *message;
    unsigned long *masked;
    unsigned long *pending;

    unsigned long *signalled;
    QEMUBH *observe;
    VMChangeStateEntry *vm_change;
} VirtIOMMIOMSI;

extern const VMStateDescription vmstate_virtio_mmio_msi;

/* The functions of VIS with the same names call these. */
bool virtio_mmio_msi_read(VirtIOMMIOProxy *proxy, hwaddr offset,
                          uint64_t *value);
void virtio_mmio_msi_write(VirtIOMMIOProxy *proxy, hwaddr offset,
                           uint64_t value);
bool virtio_mmio_msi_notify(VirtIOMMIOProxy *proxy, uint16_t vector);
void virtio_mmio_msi_reset(VirtIOMMIOProxy *proxy);
void virtio_mmio_msi_save_config(VirtIOMMIOProxy *proxy);

/* These call the functions of VIS with the same names. */
void virtio_mmio_msi_plugged(DeviceState *d, Error **errp);
void virtio_mmio_msi_unplugged(DeviceState *d);
int virtio_mmio_msi_pre_load(void *opaque);
int virtio_mmio_msi_post_load(void *opaque, int version_id);

#endif
