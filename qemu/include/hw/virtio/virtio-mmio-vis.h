/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio Interrupt Storage (VIS) of a virtio-mmio transport
 *
 * The interface is specified in Documentation/virtio-vis.rst of virtio-vis.
 */

#ifndef HW_VIRTIO_MMIO_VIS_H
#define HW_VIRTIO_MMIO_VIS_H

#include "qemu/bitmap.h"
#include "exec/hwaddr.h"
#include "system/memory.h"
#include "hw/pci/msi.h"
#include "hw/core/sysbus.h"
#include "hw/virtio/virtio.h"
#include "migration/vmstate.h"

typedef struct VirtIOMMIOProxy VirtIOMMIOProxy;
typedef struct VISVariant VISVariant;
typedef struct VISVariantClass VISVariantClass;

typedef enum VISTable {
    VIS_VECTOR_TABLE,
    VIS_MASK_TABLE,
    VIS_PENDING_TABLE,
    VIS_NR_TABLES,
} VISTable;

#define TYPE_VIS_TABLES     "virtio-mmio-vis-tables"
OBJECT_DECLARE_SIMPLE_TYPE(VISTables, VIS_TABLES)

/**
 * VISTables: the tables of all transports of a board
 * @size: properties "vectors", "mask" and "pending", bytes of each kind
 * @window: regions 0 to 2 of the device, one of each kind
 *
 * The windows are empty until a transport that has VIS gets its tables.
 */
struct VISTables {
    SysBusDevice parent_obj;

    uint64_t size[VIS_NR_TABLES];
    MemoryRegion window[VIS_NR_TABLES];
};

/**
 * VirtIOMMIOVISBoard: description of a board that supports VIS
 * @area: the tables of a kind, of all transports, side by side; multiples of
 *        64 KiB that contain nothing else
 * @nr_slots: number of transports that each area has room for
 * @messages: the address space into which messages are written
 * @msi: addresses of the interrupt controller that receives messages; a
 *       message to any other address is dropped
 * @requester_id: of the messages of the transport in slot 0, followed by those
 *                of others; it is the DeviceID if the controller needs one
 * @tables: the areas as regions of a device
 * @ram: memory of the tables, which the transports allocate when they need it
 *
 * The struct lives as long as the machine. The board fills in all but @tables
 * and @ram, and calls virtio_mmio_vis_create_tables() before it attaches a
 * transport.
 */
typedef struct VirtIOMMIOVISBoard {
    MemMapEntry area[VIS_NR_TABLES];
    unsigned nr_slots;
    AddressSpace *messages;
    MemMapEntry msi;
    uint16_t requester_id;

    VISTables *tables;
    MemoryRegion *ram[VIS_NR_TABLES];
} VirtIOMMIOVISBoard;

/**
 * virtio_mmio_vis_create_tables: Create the tables' device and map its windows
 * @board: the board, with the addresses of the tables
 */
void virtio_mmio_vis_create_tables(VirtIOMMIOVISBoard *board);

/**
 * virtio_mmio_vis_attach: Let a transport have VIS on a board
 * @transport: a virtio-mmio device, realized and without a backend
 * @board: the board, with the places of the tables and the target of messages
 * @slot: number of the transport, below @board->nr_slots
 *
 * Without this call, plugging a backend into a transport with vis=on fails.
 */
void virtio_mmio_vis_attach(DeviceState *transport, VirtIOMMIOVISBoard *board,
                            unsigned slot);

/**
 * virtio_mmio_vis_place: Area of a table, for the board's firmware tables
 * @board: the board
 * @table: the kind
 * @slot: number of the transport
 *
 * Returns: the part of the area that belongs to the transport alone. Its
 * tables start where it starts.
 */
MemMapEntry virtio_mmio_vis_place(const VirtIOMMIOVISBoard *board,
                                  VISTable table, unsigned slot);

/**
 * VISEvent: an event of the device
 * @vector: vector of the event, or VIRTIO_NO_VECTOR
 * @irqfd: KVM route that the notifier of the event is bound to, or -1
 * @node: in VirtIOMMIOVIS.mapped[@vector]
 */
typedef struct VISEvent {
    uint16_t vector;
    int irqfd;
    QLIST_ENTRY(VISEvent) node;
} VISEvent;

typedef QLIST_HEAD(, VISEvent) VISEventList;

/**
 * VirtIOMMIOVIS: interrupt storage of one transport
 * @on: property "vis"
 * @vectors: property "vectors", 0 for one per queue and one for configuration
 * @pending_on: property "vis-pending", whether there is a pending table
 * @driver_tables: property "vis-driver-tables", whether the driver may supply
 *                 the vector table and the pending table
 * @variant_name: property "x-vis-variant", the variant of the device, or NULL
 * @skip: property "x-vis-skip", slots without VIS in spite of @on, for tests
 * @move: property "x-vis-slot", slot whose place its tables take, for tests
 * @board: the board, or NULL if it does not support VIS
 * @slot: number of the transport on the board
 * @mmio: address of the register block, which names the device in the trace
 * @address: addresses of the device's own tables
 * @in_use: addresses of the tables, @address unless the driver has supplied one
 * @nr_vectors: number of vectors, 0 while no device is plugged
 * @nr_words: number of words of the mask and the pending table
 * @entries: the vector table
 * @mask_io: the mask table, which traps
 * @pending_view: the driver's view of @pending, or NULL
 * @accepted: the features of the last FEATURES_OK include VIRTIO_F_VIS
 * @driver_ok: DRIVER_OK has been set since the reset
 * @enabled: VISControl.ENABLE
 * @mask: mask bits, all 1 while @enabled is false and past @nr_vectors
 * @pending: pending bits
 * @latch: messages as last committed, the only ones sent
 * @config_vector: vector of configuration changes, for migration
 * @queue_vector: vectors of the queues, for migration
 * @saved_on: value of @on in the state that is being loaded
 * @saved_driver_tables: value of @driver_tables in that state
 * @events: configuration changes, and the queues from 1; virtio has the index
 *          of an event instead of its vector
 * @mapped: the events of each vector
 * @nr_notifiers: number of queues that have a guest notifier; configuration
 *                has one unless it is -1
 * @signalled: events that wait for the BQL
 * @observe: bottom half that handles @signalled
 * @route: KVM route of each vector, or -1; NULL without irqfds
 * @log_since: start of the period whose bad accesses are counted
 * @nr_logged: bad accesses since then
 * @vm_change: sends vectors that became pending while the machine was stopped
 * @variant: the variant of the device, or NULL for the plain one
 * @hooks: functions in which the device differs from the plain one
 */
typedef struct VirtIOMMIOVIS {
    bool on;
    uint32_t vectors;
    bool pending_on;
    bool driver_tables;
    char *variant_name;
    uint64_t skip;
    uint32_t move;

    VirtIOMMIOVISBoard *board;
    unsigned slot;
    hwaddr mmio;
    uint64_t address[VIS_NR_TABLES];
    uint64_t in_use[VIS_NR_TABLES];
    uint32_t nr_vectors;
    uint32_t nr_words;
    struct virtio_vis_entry *entries;
    MemoryRegion mask_io;
    uint32_t *pending_view;

    bool accepted;
    bool driver_ok;
    bool enabled;
    uint32_t *mask;
    uint32_t *pending;
    MSIMessage *latch;
    uint16_t config_vector;
    uint16_t queue_vector[VIRTIO_QUEUE_MAX];
    bool saved_on;
    bool saved_driver_tables;

    VISEvent events[VIRTIO_QUEUE_MAX + 1];
    VISEventList *mapped;
    int nr_notifiers;
    DECLARE_BITMAP(signalled, VIRTIO_QUEUE_MAX + 1);
    QEMUBH *observe;
    int *route;

    int64_t log_since;
    unsigned nr_logged;

    VMChangeStateEntry *vm_change;

    VISVariant *variant;
    const VISVariantClass *hooks;
} VirtIOMMIOVIS;

#define VIS_SLOT_OWN        UINT32_MAX

extern const VMStateDescription vmstate_virtio_mmio_vis;

/* Returns the feature bits that belong to the transport, not to the device. */
uint64_t virtio_mmio_vis_features(VirtIOMMIOProxy *proxy);

/*
 * Returns whether virtio-mmio handles an access of this size. It does unless
 * the access reaches a register of VIS: each of these takes 32 bits.
 */
bool virtio_mmio_vis_accepts(VirtIOMMIOProxy *proxy, hwaddr offset,
                             unsigned size);

/* Returns false if virtio-mmio must handle the access; @value may change. */
bool virtio_mmio_vis_read(VirtIOMMIOProxy *proxy, hwaddr offset,
                          uint64_t *value);
bool virtio_mmio_vis_write(VirtIOMMIOProxy *proxy, hwaddr offset,
                           uint64_t *value);

/*
 * The event that virtio knows as @name occurs; without the BQL it is signalled.
 * Returns false if the interrupt line is in use instead.
 */
bool virtio_mmio_vis_notify(VirtIOMMIOProxy *proxy, uint16_t name);

/* Configuration and the first @nvqs queues have guest notifiers. */
void virtio_mmio_vis_assign_notifiers(VirtIOMMIOProxy *proxy, int nvqs);

/* Call this while the guest notifiers still exist. */
void virtio_mmio_vis_release_notifiers(VirtIOMMIOProxy *proxy);

/* Call these after virtio's own reset of the queue or the device. */
void virtio_mmio_vis_queue_reset(VirtIOMMIOProxy *proxy, int queue);
void virtio_mmio_vis_reset(VirtIOMMIOProxy *proxy);

/*
 * Irqfds leave bits in VirtIODevice.isr, which would raise the line when it is
 * loaded. Call this before it is saved.
 */
void virtio_mmio_vis_save_config(VirtIOMMIOProxy *proxy);

/* Call these before and after the subsections of the transport are loaded. */
int virtio_mmio_vis_pre_load(void *opaque);
int virtio_mmio_vis_post_load(void *opaque, int version_id);

void virtio_mmio_vis_plugged(DeviceState *d, Error **errp);
void virtio_mmio_vis_unplugged(DeviceState *d);

#endif
