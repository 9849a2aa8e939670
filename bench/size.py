# SPDX-License-Identifier: GPL-2.0-only
"""The size of each transport in the guest and in the VMM: lines of code, and bytes of modules."""

import re
import struct

from vmlib import initramfs

from . import guests

COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|("(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\')', re.S)
# The results of section_bytes()
METRICS = ("text_bytes", "modules_bytes")
SHF_ALLOC, SHF_EXECINSTR, SHT_NOBITS = 2, 4, 8

# driver: the transport itself, with all that its modules can do. bus: the code below it that the
# other transports do not need.
GUEST = {
    "legacy": {"driver": ["drivers/virtio/virtio_mmio.c", "include/uapi/linux/virtio_mmio.h"]},
    "pci": {"driver": ["drivers/virtio/virtio_pci_modern.c",
                       "drivers/virtio/virtio_pci_modern_dev.c",
                       "drivers/virtio/virtio_pci_common.[ch]",
                       "include/linux/virtio_pci_modern.h", "include/uapi/linux/virtio_pci.h"],
            "bus": ["drivers/pci/*.c", "drivers/pci/msi/*.[ch]", "drivers/pci/pci.h",
                    "arch/x86/pci/*.c", "drivers/acpi/pci_*.c"]},
}
OUR_GUEST = ["drivers/virtio/virtio_mmio_transport.c", "drivers/virtio/virtio_mmio_vis.[ch]",
             "drivers/irqchip/irq-virtio-vis.[ch]", "drivers/irqchip/irq-virtio-vis-[!t]*.c",
             "include/linux/virtio_vis.h", "include/uapi/linux/virtio_vis.h",
             "include/uapi/linux/virtio_mmio_msi.h", "include/trace/events/virtio_vis.h"]
VMM = {
    "legacy": {"driver": ["hw/virtio/virtio-mmio.c", "include/hw/virtio/virtio-mmio.h"]},
    "pci": {"driver": ["hw/virtio/virtio-pci.c", "include/hw/virtio/virtio-pci.h"],
            "bus": ["hw/pci/*.c", "hw/pci-host/gpex*.c", "include/hw/pci/*.h"]},
}
OUR_VMM = ["qemu/hw/virtio/virtio-mmio-vis.c", "qemu/hw/virtio/virtio-mmio-vis-kvm.c",
           "qemu/hw/virtio/virtio-mmio-vis-supplied.c", "qemu/include/hw/virtio/virtio-mmio-vis.h",
           "qemu/include/hw/virtio/virtio-mmio-vis-internal.h", "include/uapi/linux/virtio_vis.h"]
VIS_PATCH = "qemu/patches/*virtio-mmio-vis.patch"
MODULES = {"legacy": ("virtio_mmio",), "vis": ("irq_virtio_vis", "virtio_mmio_vis")}


def code_lines(text):
    """Number of lines that are not only blanks and comments."""
    text = COMMENT.sub(lambda match: match.group(1) or re.sub(r"[^\n]", "", match.group()), text)
    return sum(bool(line.strip()) for line in text.splitlines())


def lines_of(root, patterns):
    files = sorted({path for pattern in patterns for path in root.glob(pattern)})
    if not files:
        raise FileNotFoundError(f"{root} has none of {' '.join(patterns)}")
    return sum(code_lines(path.read_text("utf-8", "replace")) for path in files)


def patch_lines(root):
    """Lines that the hooks add to the VMM's own files, without tests and build files."""
    text = next(root.glob(VIS_PATCH)).read_text("utf-8")
    files = re.split(r"^--- .*\n\+\+\+ b/", text, flags=re.M)[1:]
    added = [line[1:] for part in files if re.match(r"\S+\.[ch]\n", part)
             for line in part.splitlines() if line.startswith("+")]
    return code_lines("\n".join(added))


def section_bytes(data):
    """Bytes of instructions, and bytes loaded, of a 64-bit ELF object."""
    offset, = struct.unpack_from("<Q", data, 0x28)
    size, count = struct.unpack_from("<HH", data, 0x3a)
    text = loaded = 0
    for number in range(count):
        _, kind, flags, _, _, length = struct.unpack_from("<IIQQQQ", data, offset + number * size)
        if flags & SHF_ALLOC:
            loaded += length
        if flags & SHF_EXECINSTR and kind != SHT_NOBITS:
            text += length
    return text, loaded


def rows(options, kernel_source, qemu_source):
    result = guests.Rows(None)
    for side, root, files in (("guest", kernel_source, GUEST), ("vmm", qemu_source, VMM)):
        for transport, parts in files.items():
            for part, patterns in parts.items():
                result.add("code_lines", "lines", lines_of(root, patterns), transport=transport,
                           side=side, part=part)
    for side, lines in (("guest", lines_of(options.root, OUR_GUEST)),
                        ("vmm", lines_of(qemu_source, VMM["legacy"]["driver"]) +
                         lines_of(options.root, OUR_VMM) + patch_lines(options.root))):
        result.add("code_lines", "lines", lines, transport="vis", side=side, part="driver")

    modules = initramfs.Modules(options.kernel / "lib/modules", options.modules)
    for transport, names in MODULES.items():
        sizes = [section_bytes(initramfs.module_bytes(modules.paths[name])) for name in names]
        for metric, counts in zip(METRICS, zip(*sizes)):
            result.add(metric, "bytes", sum(counts), transport=transport, part="driver")
    return result.rows


def twins(kernels):
    """Rows for {transport: kernel}: a kernel without PCI, its twin, and the difference."""
    sizes = {transport: section_bytes((kernel / "boot/vmlinux").read_bytes())
             for transport, kernel in kernels.items()}
    result = guests.Rows(None)
    for number, metric in enumerate(METRICS):
        for transport, counts in sizes.items():
            result.add(metric, "bytes", counts[number], transport=transport, part="Linux 7.3")
        result.add(metric, "bytes", sizes["pci"][number] - sizes["vis"][number], transport="pci",
                   part="bus")
    return result.rows
