# SPDX-License-Identifier: GPL-2.0-only
"""Writes the initramfs of the conformance run: vmlib.conformance FILE KERNEL MODULES SCRIPTS,
the modules of a kernel in KERNEL/lib/modules and ours in MODULES."""

import sys
from pathlib import Path

from . import initramfs

BUSYBOX = "/bin/busybox"
MODULES = ("vis_conform", "virtio_mmio_vis")
SCRIPTS = {"init": "conform_init", "conform.sh": "conform.sh"}


def main():
    path, kernel, modules, scripts = (Path(argument) for argument in sys.argv[1:])
    found = initramfs.Modules(kernel / "lib/modules", modules).closure(MODULES)
    if set(MODULES) - set(found):
        sys.exit(f"{modules} lacks one of the modules {' '.join(MODULES)}")
    initramfs.build(path, BUSYBOX, found, {
        name: (scripts / source).read_bytes() for name, source in SCRIPTS.items()}, {})


if __name__ == "__main__":
    main()
