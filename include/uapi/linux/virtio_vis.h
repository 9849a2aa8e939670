/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Virtio Interrupt Storage (VIS): message-signalled interrupts for virtio-mmio.
 *
 * The one definition of the register and table layout, which the guest driver and the reference
 * device share. virtio-vis.rst specifies the interface.
 */
#ifndef _UAPI_LINUX_VIRTIO_VIS_H
#define _UAPI_LINUX_VIRTIO_VIS_H

#include <linux/types.h>

/* The device offers VIS. Experimental: from the reserved range until OASIS assigns a bit. */
#define VIRTIO_F_VIS			49

/* Number of vectors, capability flags and draft number - Read Only */
#define VIRTIO_MMIO_VIS_NUM_VECTORS	0x0c4
#define VIRTIO_VIS_NUM_VECTORS_N	0x0000ffff
#define VIRTIO_VIS_NUM_VECTORS_CAPS	0x0fff0000
#define VIRTIO_VIS_NUM_VECTORS_DRAFT	0xf0000000

/* Flag of _CAPS: the driver may supply the vector table and the pending table */
#define VIRTIO_VIS_NUM_VECTORS_DRIVER_TABLES	0x00010000

/* The draft of the interface that this header describes */
#define VIRTIO_VIS_DRAFT		2

/* Enables VIS - Read Write */
#define VIRTIO_MMIO_VIS_CONTROL		0x0c8
#define VIRTIO_VIS_CONTROL_ENABLE	0x00000001

/* Vector of configuration changes - Read Write */
#define VIRTIO_MMIO_VIS_CONFIG_VECTOR	0x0cc

/* Vector of the queue selected by QueueSel - Read Write */
#define VIRTIO_MMIO_VIS_QUEUE_VECTOR	0x0d0

/* This value in either vector register maps the event to no vector */
#define VIRTIO_VIS_NO_VECTOR		0xffff

/*
 * Guest-physical address of the vector table, 64 bits in two halves - Read Only, or Read Write with
 * DRIVER_TABLES
 */
#define VIRTIO_MMIO_VIS_TABLE_LOW	0x0d8
#define VIRTIO_MMIO_VIS_TABLE_HIGH	0x0dc

/* Guest-physical address of the mask table, 64 bits in two halves - Read Only */
#define VIRTIO_MMIO_VIS_MASK_LOW	0x0e0
#define VIRTIO_MMIO_VIS_MASK_HIGH	0x0e4

/*
 * Guest-physical address of the pending table, 0 if there is none - Read Only, or Read Write with
 * DRIVER_TABLES
 */
#define VIRTIO_MMIO_VIS_PENDING_LOW	0x0e8
#define VIRTIO_MMIO_VIS_PENDING_HIGH	0x0ec

/*
 * The vector table is an array of entries:
 *
 *  127        96 95         64 63        32 31         0
 * +-------------+-------------+------------+------------+
 * |  reserved   |    data     |  addr_hi   |  addr_lo   |
 * +-------------+-------------+------------+------------+
 */
struct virtio_vis_entry {
	__le32 addr_lo;
	__le32 addr_hi;
	__le32 data;
	__le32 reserved;
};

/* The mask and pending tables are arrays of le32 words: bit i of word w is vector 32w + i */
#define VIRTIO_VIS_VECTORS_PER_WORD	32

/* A naturally aligned block of this size holds tables of one kind only, of any number of devices */
#define VIRTIO_VIS_BLOCK_SIZE		0x10000

#endif /* _UAPI_LINUX_VIRTIO_VIS_H */
