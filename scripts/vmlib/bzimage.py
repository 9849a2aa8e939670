# SPDX-License-Identifier: GPL-2.0-only
"""Unpacks a kernel of x86, for VMMs that load no bzImage: vmlib.bzimage BZIMAGE ELF"""

import struct
import subprocess
import sys
from pathlib import Path

# Offsets in the header of the boot protocol: the number of 512-byte sectors before the payload's
# part of the file, less 1, and the place and the size of the payload in that part
SETUP_SECTORS, PAYLOAD = 0x1F1, 0x248
SECTOR = 512
PROGRAMS = {b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zXZ": "xz", b"\x1f\x8b": "gzip"}
# The kernel's build appends the unpacked size to the output of these packers.
APPENDED = {"zstd": 4, "xz": 4, "gzip": 0}
ELF = b"\x7fELF"


def payload(image):
    offset, size = struct.unpack_from("<II", image, PAYLOAD)
    start = (image[SETUP_SECTORS] + 1) * SECTOR + offset
    return image[start:start + size]


def unpack(packed):
    program = next((program for magic, program in PROGRAMS.items() if packed.startswith(magic)),
                   None)
    if not program:
        sys.exit(f"nothing here unpacks a kernel that begins with {packed[:4].hex()}")
    end = len(packed) - APPENDED[program]
    return subprocess.run([program, "-dc"], input=packed[:end], check=True,
                          stdout=subprocess.PIPE).stdout


def main():
    bzimage, elf = (Path(argument) for argument in sys.argv[1:])
    kernel = unpack(payload(bzimage.read_bytes()))
    if not kernel.startswith(ELF):
        sys.exit(f"{bzimage} has no ELF image in it")
    elf.write_bytes(kernel)


if __name__ == "__main__":
    main()
