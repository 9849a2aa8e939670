# SPDX-License-Identifier: GPL-2.0-only
"""The machines that guests run on, each with an MSI parent of its own."""

import re
from dataclasses import dataclass
from pathlib import Path

# CONFIG_HZ of Debian's kernels, and of ours
TICKS_PER_SECOND = 250
FOREIGN_SLOW = 4
KLOG = ("-serial", "chardev:klog")


@dataclass(frozen=True)
class Board:
    """How QEMU makes the board, with two serial lines, and how its kernel names them.

    arch is Debian's name of the architecture if it is not this machine's. It is then emulated and
    slow, because each guest's code is translated anew. kernel is the flavour that it boots unless
    told otherwise. With firmware, it needs a file for -bios.
    """

    machine: str
    cpu: str
    console: str
    host_line: str
    serial: tuple
    arch: str = ""
    kernel: str = ""
    slow: int = 1
    firmware: bool = False

    def uses_kvm(self):
        return not self.arch and has_kvm()

    def accelerator(self):
        return (["-accel", "kvm", "-cpu", "host"] if self.uses_kvm() else
                ["-accel", "tcg", "-cpu", self.cpu])

    def clock_parameters(self):
        return [] if self.arch else clock_parameters()


BOARDS = {
    # Its timers and PIC: without them a stock kernel may hang in its timer check.
    "x86": Board("microvm,acpi=on,pit=on,pic=on,rtc=on", "qemu64", "ttyS0", "ttyS1",
                 (*KLOG, "-device", "isa-serial,chardev=host,index=1")),
    "its": Board("virt,gic-version=3,its=on", "cortex-a72", "ttyAMA0", "ttyAMA1",
                 (*KLOG, "-serial", "chardev:host"), "arm64", "cloud-arm64", FOREIGN_SLOW),
    "v2m": Board("virt,gic-version=2", "cortex-a72", "ttyAMA0", "ttyAMA1",
                 (*KLOG, "-serial", "chardev:host"), "arm64", "cloud-arm64", FOREIGN_SLOW),
    # Few of its CPU models have pages of 16 KiB.
    "its16k": Board("virt,gic-version=3,its=on", "max,pauth-impdef=on", "ttyAMA0", "ttyAMA1",
                    (*KLOG, "-serial", "chardev:host"), "arm64", "arm64-16k", FOREIGN_SLOW),
    # The board's own line is numbered after those on PCI, and the firmware uses it.
    "imsic": Board("virt,aia=aplic-imsic", "rv64", "ttyS0", "ttyS1",
                   ("-device", "pci-serial,chardev=klog", "-device", "pci-serial,chardev=host"),
                   "riscv64", "riscv64", FOREIGN_SLOW, firmware=True),
}


def has_kvm():
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    return bool(re.search(r"^flags\s*:.*\b(vmx|svm)\b", flags, re.M)) and Path("/dev/kvm").exists()


def tsc_khz():
    """The rate of the host's TSC, which the guest has too."""
    match = re.search(r"^cpu MHz\s*:\s*([\d.]+)", Path("/proc/cpuinfo").read_text("utf-8"), re.M)
    return round(float(match.group(1)) * 1000) if match else 2000000


def clock_parameters():
    """A busy host starves the guest while it measures its timer, which may then tick 1.4 times too
    fast. With these parameters, its clock and its delays do not depend on that."""
    khz = tsc_khz()
    return [f"tsc_early_khz={khz}", "tsc=reliable", f"lpj={khz * 1000 // TICKS_PER_SECOND}",
            "no_timer_check"]
