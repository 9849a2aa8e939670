# SPDX-License-Identifier: GPL-2.0-only
"""An initramfs of busybox, modules and guest scripts, written without any host tool."""

import lzma
import os
import re
import stat
import subprocess
from pathlib import Path

NEWC_TRAILER = "TRAILER!!!"
MOUNT_POINTS = ("dev", "proc", "sys", "tmp")
ELF = b"\x7fELF"
LOADER = "lib64/ld-linux-x86-64.so.2"


class Cpio:
    """A cpio archive in the newc format, as the kernel unpacks it. A name brings the directories
    that it is in."""

    def __init__(self):
        self.parts = []
        self.inode = 0
        self.directories = {"."}

    def add(self, name, mode, data=b""):
        self.inode += 1
        name_bytes = name.encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name_bytes), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields)
        for part in (header + name_bytes, data):
            self.parts.append(part + b"\0" * (-len(part) % 4))

    def directory(self, name):
        if name not in self.directories:
            self.directories.add(name)
            self.directory(os.path.dirname(name) or ".")
            self.add(name, stat.S_IFDIR | 0o755)

    def file(self, name, data, mode=0o755):
        self.directory(os.path.dirname(name) or ".")
        self.add(name, stat.S_IFREG | mode, data)

    def symlink(self, name, target):
        self.directory(os.path.dirname(name) or ".")
        self.add(name, stat.S_IFLNK | 0o777, target.encode())

    def bytes(self):
        self.add(NEWC_TRAILER, 0)
        return b"".join(self.parts)


def module_name(path):
    return path.name.split(".ko")[0].replace("-", "_")


def module_bytes(path):
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def module_depends(data):
    """The names in the depends= line of a module's .modinfo section."""
    found = re.search(rb"\0depends=([^\0]+)", data)
    return found[1].decode().replace("-", "_").split(",") if found else []


class Modules:
    """The modules of a kernel: its own and ours, found by name."""

    def __init__(self, stock_dir, our_dir):
        self.paths = {module_name(path): path for root in (stock_dir, our_dir) if root
                      for path in root.rglob("*.ko*")}

    def closure(self, wanted):
        """The wanted modules and those they depend on, except built-in ones."""
        found = {}
        names = list(wanted)
        while names:
            name = names.pop()
            if name in self.paths and name not in found:
                found[name] = module_bytes(self.paths[name])
                names += module_depends(found[name])
        return found


def dependencies(modules):
    """The text of modules.dep; modprobe inserts the modules of a line from its end."""
    def depends(name):
        direct = [other for other in module_depends(modules[name]) if other in modules]
        return direct + [far for near in direct for far in depends(near)]

    lines = (" ".join([f"{name}.ko:", *(f"{other}.ko" for other in depends(name))])
             for name in modules)
    return "".join(line + "\n" for line in lines)


def libraries(root, path):
    """{path: bytes} of the shared libraries that a file of an unpacked tree needs. ceph's are in
    a directory of their own."""
    directory = root / "usr/lib/x86_64-linux-gnu"
    listed = subprocess.run(
        [root / "usr" / LOADER, "--library-path", f"{directory}:{directory}/ceph", "--list", path],
        check=True, capture_output=True, text=True).stdout
    found = {"lib/" + Path(name).name: Path(name).read_bytes()
             for name in re.findall(r"=> (\S+)", listed)}
    return found | {LOADER: (root / "usr" / LOADER).read_bytes()}


def find(root, name):
    """The paths of a program, or of all files that a pattern with a slash matches."""
    patterns = [name] if "/" in name else [f"usr/bin/{name}", f"usr/sbin/{name}"]
    found = [path for pattern in patterns for path in sorted(root.glob(pattern))]
    if not found:
        raise FileNotFoundError(f"{root} has no {name}")
    return found


def programs(root, names):
    """{path: bytes} of programs and files in an unpacked tree, with their libraries and the
    loader."""
    found = {}
    for name in names:
        for path in find(root, name):
            data = path.read_bytes()
            found[str(path.relative_to(root)) if "/" in name else "bin/" + name] = data
            if data[:4] == ELF:
                found |= libraries(root, path)
    return found


def build(path, busybox, modules, guest_files, tools):
    """Write the archive. modules: {name: bytes}; guest_files: {name in /vis: bytes}."""
    cpio = Cpio()
    for directory in MOUNT_POINTS:
        cpio.directory(directory)
    cpio.file("bin/busybox", Path(busybox).read_bytes())
    cpio.symlink("bin/sh", "busybox")
    cpio.symlink("init", "vis/init")
    for name, data in modules.items():
        cpio.file(f"lib/modules/{name}.ko", data, 0o644)
    cpio.file("lib/modules/modules.dep", dependencies(modules).encode(), 0o644)
    for name, data in guest_files.items():
        cpio.file(f"vis/{name}", data)
    for name, data in tools.items():
        cpio.file(name, data)
    Path(path).write_bytes(cpio.bytes())
