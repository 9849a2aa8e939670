# SPDX-License-Identifier: GPL-2.0-only
"""A machine where KVM runs guests, emulated unless this one is; see scripts/nested --help."""

import argparse
import os
import shlex
import shutil
import stat
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from . import initramfs, prepare, verdict
from .__main__ import lock
from .arguments import Parser, existing
from .boards import clock_parameters, has_kvm
from .machine import Machine, MachineError

# Guests there are this many times slower than emulated ones here.
SLOW = 6
# Seconds for all that runs there, if VIS_STRESS is 1, and for each further one
LIMIT = 1500
STRESS_LIMIT = 150
# Seconds from the end of the command's time until the machine itself must have hung
GRACE = 120
# KVM, and the host's side of networks and of vDPA devices
MODULES = ("kvm_amd", "tun", "vhost_net", "vduse", "vhost_vdpa")
# Another level of guests would be more to emulate.
PARAMETERS = "console=ttyS0 quiet loglevel=5 panic=-1 mitigations=off kvm_amd.nested=0"
MEMORY_MIB = 4096
CPUS = 2
CPU = "max,la57=off"
EMULATION = ("-accel", "tcg,thread=multi,tb-size=1024", "-smp", str(CPUS))
# Each instruction takes a nanosecond, and the clocks skip the time in which the one CPU is idle.
# If KVM polled for the end of a halt, the clocks would count the polling.
COUNTING = ("-accel", "tcg,thread=single,tb-size=1024", "-smp", "1",
            "-icount", "shift=0,sleep=off")
COUNTING_PARAMETERS = ("tsc_early_khz=1000000", "tsc=reliable", "no_timer_check",
                       "kvm.halt_poll_ns=0")


def limit():
    """The time limit in seconds"""
    return LIMIT + STRESS_LIMIT * (int(os.environ.get("VIS_STRESS", "1")) - 1)


class Image(initramfs.Cpio):
    """The machine's root, all of it in memory."""

    def put(self, name, top):
        """A file, or all of a directory. Links to files elsewhere, which may not be there in the
        machine, become those files."""
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            entry = str(name / path.relative_to(top))
            if path != top and path.is_symlink() and path.resolve().is_relative_to(top.resolve()):
                self.symlink(entry, os.readlink(path))
            elif path.is_file():
                self.file(entry, path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
            elif path.is_dir() and not path.is_symlink():
                self.directory(entry)


def build_image(options, path):
    image = Image()
    image.put(Path("."), options.userland)
    modules = initramfs.Modules(options.kernel / "lib/modules", None).closure(MODULES)
    for name, data in modules.items():
        image.file(f"usr/lib/modules/{name}.ko", data)
    for name, text in (
            ("usr/lib/modules/modules.dep", initramfs.dependencies(modules)),
            ("modules", "".join(name + "\n" for name in MODULES)),
            ("back", str(options.back or "")),
            ("limit", f"{limit()}\n"),
            ("command", f"cd {shlex.quote(str(options.root))} && VIS_SLOW={SLOW} "
                        f"exec env {shlex.join(options.command)}\n")):
        image.file(name, text.encode())
    image.file("init", (Path(__file__).parent / "nested.init").read_bytes())
    for name in initramfs.MOUNT_POINTS:
        image.directory(name)
    for source in (options.root / "scripts", options.root / "selftests", *options.taken):
        image.put(source.absolute().relative_to("/"), source)
    path.write_bytes(image.bytes())


def own_monitor(path):
    """Lets programs in the machine ask this QEMU to log instructions."""
    return ["-chardev", f"socket,id=monitor,path={path},server=on,wait=off",
            "-mon", "chardev=monitor,mode=control",
            "-chardev", f"socket,id=inside,path={path}",
            "-device", "virtserialport,chardev=inside"]


def machine_arguments(options, initrd, back, monitor):
    parameters = COUNTING_PARAMETERS if options.count_instructions else clock_parameters()
    return ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-machine", "q35", "-cpu", CPU, "-m", str(MEMORY_MIB),
            *(COUNTING if options.count_instructions else EMULATION),
            "-kernel", str(next(options.kernel.glob("boot/vmlinuz-*"))), "-initrd", str(initrd),
            "-append", " ".join([PARAMETERS, *parameters]),
            "-serial", "chardev:klog", "-serial", "chardev:host",
            "-chardev", f"file,id=back,path={back}", "-device", "virtio-serial-pci",
            "-device", "virtserialport,chardev=back",
            *(own_monitor(monitor) if options.count_instructions else [])]


class Nested:
    """One boot of that machine, and the command in it."""

    def __init__(self, options):
        self.options = options
        self.rundir = options.root / "build/nested"
        self.machine = None

    def run(self):
        """Returns the exit status."""
        shutil.rmtree(self.rundir, ignore_errors=True)
        self.rundir.mkdir(parents=True)
        initrd, back = self.rundir / "initrd", self.rundir / "back.tar"
        build_image(self.options, initrd)
        with tempfile.TemporaryDirectory(prefix="vis.") as sockets:
            arguments = machine_arguments(self.options, initrd, back, Path(sockets, "monitor"))
            self.machine = Machine(self.options.qemu, self.rundir, Path(sockets), arguments, ())
            try:
                self.machine.start()
                status = self.follow()
            except TimeoutError:
                self.machine.save_cpus()
                status = self.complain(f"it hangs: no end after {limit() + GRACE} s, although it"
                                       f" ends the command after {limit()}")
            except (MachineError, OSError) as error:
                status = self.complain(f"{error}")
            finally:
                self.machine.stop()
                initrd.unlink()
        self.take_back(back)
        return self.judge(status)

    def follow(self):
        """Prints the command's output until it ends."""
        line = self.machine.lines["host"]
        deadline = time.monotonic() + limit() + GRACE
        while True:
            text = line.read_line(max(0, deadline - time.monotonic()))
            if text is None:
                return self.complain("it went off")
            if text.startswith("@exit "):
                if time.monotonic() > deadline - GRACE:
                    return self.complain(f"it ended the command after {limit()} s")
                return int(text.split()[1])
            print(text, flush=True)

    def complain(self, problem):
        print(f"# the nested machine: {problem}, see {self.rundir}", flush=True)
        for line in verdict.last_words(verdict.klog(self.rundir)).splitlines():
            print(f"# {line}", flush=True)
        return 1

    def judge(self, status):
        reports = verdict.kernel_reports(verdict.klog(self.rundir))
        for report in reports[:10]:
            print(f"# the nested machine's kernel: {report}", flush=True)
        return 1 if reports else status

    def take_back(self, path):
        if self.options.back and path.stat().st_size:
            self.options.back.mkdir(parents=True, exist_ok=True)
            with tarfile.open(path) as tar:
                tar.extractall(self.options.back, filter="data")
        path.unlink(missing_ok=True)


def parse():
    parser = Parser("nested")
    parser.add_argument("--with", dest="taken", type=existing, action="append", default=[])
    parser.add_argument("--back", type=Path)
    parser.add_argument("--count-instructions", action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if not options.command:
        parser.error("what to run?")
    return options


def main():
    options = parse()
    if has_kvm() and not options.count_instructions:
        os.execvp("env", ["env", *options.command])
    options.kernel = prepare.made_by(options.root, "fetch", "kernel")
    options.qemu = prepare.made_by(options.root, "build-qemu")
    options.userland = prepare.made_by(options.root, "fetch", "userland")
    with lock(options.root / "build/nested.lock", "nested"):
        sys.exit(Nested(options).run())


if __name__ == "__main__":
    main()
