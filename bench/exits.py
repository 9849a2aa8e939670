# SPDX-License-Identifier: GPL-2.0-only
"""Determines from QEMU's trace of all memory regions the purpose of each trapped access."""

import re
from collections import Counter, namedtuple

EVENTS = ("memory_region_ops_read", "memory_region_ops_write", "ioapic_eoi_broadcast")
ACCESS = re.compile(r"memory_region_ops_(read|write) cpu (-?\d+) mr \S+ addr 0x([0-9a-f]+) "
                    r"value 0x([0-9a-f]+) size (\d) name '([^']*)'")
EOI_BROADCAST = "ioapic_eoi_broadcast"

# virtio-mmio registers, and those of virtio-pci's common configuration
REGISTER_BLOCK = 0x200
MMIO_DEVICE_ID = 0x008
MMIO_QUEUE_READY = 0x044
MMIO_INTERRUPT_STATUS = 0x060
MMIO_INTERRUPT_ACK = 0x064
MMIO_STATUS = 0x070
MMIO_VIS_NUM_VECTORS = 0x0c4
MMIO_VIS_PENDING_HIGH = 0x0ec
VIS_REGISTERS = range(MMIO_VIS_NUM_VECTORS, MMIO_VIS_PENDING_HIGH + 1)
MMIO_MSI_COMMAND = 0x0c2
MSI_STEPS = {2: "mask", 3: "unmask"}
PCI_BLOCK = 0x1000
PCI_CONFIG_VECTOR = 0x10
PCI_STATUS = 0x14
PCI_QUEUE_VECTOR = 0x1a
PCI_QUEUE_ENABLE = 0x1c
PCI_COMMON = "virtio-pci-common-"
DEVICES = {2: "virtio-blk", 3: "virtio-serial", 4: "virtio-rng"}
DRIVER_OK = 4
LAPIC_BLOCK = 0x1000
LAPIC_EOI = 0xb0
PCI_CONFIG_SIZE = 0x1000
PCI_FIRST_CAPABILITY = 0x40
MSIX_CAPABILITY_ID = 0x11
MSIX_REGISTERS = range(2, 12)

MMIO_KINDS = {MMIO_INTERRUPT_STATUS: "status_read", MMIO_INTERRUPT_ACK: "ack"}
# The beginnings of the names of other regions, and the purposes of their accesses
KINDS = (("virtio-mmio-vis", "mask_table"), ("virtio-mmio-msi", "msi_register"),
         ("virtio-pci-isr", "status_read"), ("virtio-pci", "register"),
         ("msix-table", "msix_table"), ("msix-pba", "msix_table"), ("ioapic", "ioapic"),
         ("pcie-mmcfg-mmio", "pci_config"))

Access = namedtuple("Access", "write cpu address value size region")


def parse(lines):
    """Accesses by CPUs, in order, and the number of EOIs that went on to the I/O APIC."""
    accesses, broadcasts = [], 0
    for line in lines:
        match = ACCESS.search(line)
        if match:
            kind, cpu, address, value, size, region = match.groups()
            if int(cpu) >= 0:
                accesses.append(Access(kind == "write", int(cpu), int(address, 16),
                                       int(value, 16), int(size), region))
        elif EOI_BROADCAST in line:
            broadcasts += 1
    return accesses, broadcasts


def kind(access):
    """The purpose of an access; None if it does not concern a virtio device."""
    if access.region == "virtio-mmio":
        offset = access.address % REGISTER_BLOCK
        return MMIO_KINDS.get(offset, "vis_register" if offset in VIS_REGISTERS else "register")
    if access.region.startswith(PCI_COMMON) and \
            access.address % PCI_BLOCK in (PCI_CONFIG_VECTOR, PCI_QUEUE_VECTOR):
        return "msix_register"
    return next((found for begin, found in KINDS if access.region.startswith(begin)), None)


def is_lapic_eoi(access):
    return access.write and access.region == "apic-msi" and \
        access.address % LAPIC_BLOCK == LAPIC_EOI


def count(accesses):
    kinds = Counter(kind(access) for access in accesses)
    del kinds[None]
    return kinds


def is_at(access, mmio, pci):
    """Whether this accesses that register of virtio-mmio, or that of virtio-pci's configuration"""
    if access.region == "virtio-mmio":
        return access.address % REGISTER_BLOCK == mmio
    return access.region.startswith(PCI_COMMON) and access.address % PCI_BLOCK == pci


def until_driver_ok(accesses):
    """The accesses of a driver's probe, without those of the running device after it."""
    for number, access in enumerate(accesses):
        if is_at(access, MMIO_STATUS, PCI_STATUS) and access.write and access.value & DRIVER_OK:
            return accesses[:number + 1]
    raise ValueError("no driver has come to DRIVER_OK")


def device(accesses):
    """QEMU's name of the device that is probed."""
    for access in accesses:
        if access.region == "virtio-mmio" and access.address % REGISTER_BLOCK == MMIO_DEVICE_ID:
            return DEVICES[access.value]
        if access.region.startswith(PCI_COMMON):
            return access.region.removeprefix(PCI_COMMON)
    raise ValueError("no device has been probed")


def queues_enabled(accesses):
    return sum(access.write and access.value == 1 and
               is_at(access, MMIO_QUEUE_READY, PCI_QUEUE_ENABLE) for access in accesses)


def msix_config(accesses):
    """Accesses to the MSI-X capability, except its header, which the walk of all of them reads."""
    config = [access for access in accesses if kind(access) == "pci_config"]
    found = {access.address for access in config
             if not access.write and access.size == 2 and
             access.address % PCI_CONFIG_SIZE >= PCI_FIRST_CAPABILITY and
             access.value & 0xff == MSIX_CAPABILITY_ID}
    return sum(access.address - start in MSIX_REGISTERS for access in config for start in found)


def vector_setup(accesses):
    """The accesses of a probe that set up its interrupts."""
    kinds = count(accesses)
    return (kinds["vis_register"] + kinds["mask_table"] + kinds["msi_register"] +
            kinds["msix_register"] + kinds["msix_table"] + kinds["ioapic"] +
            msix_config(accesses))


class Masks:
    """Follows the mask bits of one vector, and classifies each trapped write of them."""

    def __init__(self):
        self.words = {}

    def steps(self, accesses):
        """Counter of mask, unmask and commit (no bit changed)."""
        steps = Counter(MSI_STEPS.get(access.value >> 12) for access in accesses
                        if kind(access) == "msi_register" and
                        access.address % REGISTER_BLOCK == MMIO_MSI_COMMAND)
        del steps[None]
        for access in accesses:
            if not access.write or kind(access) != "mask_table":
                continue
            before = self.words.get(access.address, access.value)
            self.words[access.address] = access.value
            steps["mask" if access.value & ~before else
                  "unmask" if before & ~access.value else "commit"] += 1
        return steps
