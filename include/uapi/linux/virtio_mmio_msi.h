/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio-mmio MSI: message-signalled interrupts through registers, as Dragonball offers them
 *
 * virtio-mmio-msi.rst describes the interface. The guest driver and the reference device share
 * this definition of it.
 */
#ifndef _UAPI_LINUX_VIRTIO_MMIO_MSI_H
#define _UAPI_LINUX_VIRTIO_MMIO_MSI_H

/* The device has the registers if VendorID is this value with the feature bit MSI */
#define VIRTIO_MMIO_MSI_VENDOR		0xdbfcdb00
#define VIRTIO_MMIO_MSI_VENDOR_FEATURES	0x000000ff
#define VIRTIO_MMIO_MSI_VENDOR_MSI	0x00000002

/* Control and status, 16 bits - Read Write. A read tells if MSI is supported, a write enables it */
#define VIRTIO_MMIO_MSI_CSR		0x0c0
#define VIRTIO_MMIO_MSI_CSR_SUPPORTED	0x8000
#define VIRTIO_MMIO_MSI_CSR_ENABLE	0x8000

/* Command and the vector that it is for, 16 bits - Write Only */
#define VIRTIO_MMIO_MSI_COMMAND		0x0c2
#define VIRTIO_MMIO_MSI_COMMAND_CODE	0xf000
#define VIRTIO_MMIO_MSI_COMMAND_VECTOR	0x0fff
#define VIRTIO_MMIO_MSI_UPDATE		0x1000
#define VIRTIO_MMIO_MSI_MASK		0x2000
#define VIRTIO_MMIO_MSI_UNMASK		0x3000

/* The message that UPDATE gives to a vector, 32 bits each - Write Only */
#define VIRTIO_MMIO_MSI_ADDRESS_LOW	0x0c4
#define VIRTIO_MMIO_MSI_ADDRESS_HIGH	0x0c8
#define VIRTIO_MMIO_MSI_DATA		0x0cc

/* Vector 0 is for configuration changes, and vector q + 1 for queue q */
#define VIRTIO_MMIO_MSI_QUEUE_VECTOR	1

/* Dragonball gives no device more vectors */
#define VIRTIO_MMIO_MSI_MAX_VECTORS	256

#endif /* _UAPI_LINUX_VIRTIO_MMIO_MSI_H */
