# SPDX-License-Identifier: GPL-2.0-only
"""Finds the parts of a guest that the command line does not name: kernel, modules, QEMU, tools."""

import copy
import functools
import os
import subprocess
import sys
from pathlib import Path

from .boards import BOARDS
from .scenarios import SCENARIOS
from .suites import DEVICE

QBOOT = "usr/share/qemu/qboot.rom"
OPENSBI = "usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin"
# Calls a function of the shell library
CALL = '. "${0%/*}/lib/common.sh"; use revision; "$@"'


@functools.cache
def made_by(root, script, *arguments):
    """The path that a script prints. Its messages go to stderr, the last one names the failure."""
    done = subprocess.run([root / "scripts" / script, *arguments], stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, text=True)
    if done.returncode:
        sys.exit(1)
    return Path(done.stdout.strip())


def call(root, *words):
    """The output of a function of the shell library"""
    done = subprocess.run(["bash", "-c", CALL, root / "scripts/vm", *words],
                          stdout=subprocess.PIPE, text=True)
    return done.stdout.strip() if not done.returncode else sys.exit(1)


def options_of(root, name):
    """The configuration of a kernel with the patch series; stock kernels have none."""
    return root / f"selftests/kernels/{name}.config"


def add_kernel(options, name):
    """Chooses the kernel. Our kernels for PCs without PCI get their devices without ACPI."""
    root = options.root
    ours = options_of(root, name)
    if ours.exists():
        options.kernel = made_by(root, "build-kernel", name)
        options.modules = options.modules or options.kernel / "lib/modules"
        if not BOARDS[options.board].arch and "CONFIG_PCI=y" not in ours.read_text("utf-8"):
            options.no_acpi = options.no_acpi or made_by(root, "fetch", "firmware") / QBOOT
    else:
        options.kernel = made_by(root, "fetch", "kernel", name)
        options.modules = options.modules or made_by(
            root, "build-modules", "--cached", made_by(root, "fetch", "headers", name))


def add_board(options):
    """Adds the parts that have the board's architecture."""
    board = BOARDS[options.board]
    arch = ["--arch", board.arch] if board.arch else []
    options.qemu = options.qemu or made_by(options.root, "build-qemu", *arch)
    # The busybox of this machine's architecture is installed.
    options.busybox = options.busybox or \
        made_by(options.root, "fetch", "busybox", board.arch) / "usr/bin/busybox"
    if board.firmware:
        options.firmware = made_by(options.root, "fetch", "opensbi") / OPENSBI


def kernel_of(options, scenario):
    return options.kernel or BOARDS[options.board].kernel or scenario.kernel


def inputs(root, options):
    """All inputs of the guests' results, in the words of suites.py."""
    board = BOARDS[options.board]
    words = ["drivers", "include", "selftests/vis", "selftests/test_modules", "compat",
             *DEVICE.split()]
    for name in options.scenarios:
        scenario = SCENARIOS[name]
        kernel = kernel_of(options, scenario)
        words += ["series", "selftests/kernels", "@source-7.3"] if \
            options_of(root, kernel).exists() else ["Kbuild", f"@kernel-{kernel}"]
        words += ["@guest-tools-*"] if scenario.needs_tools() else []
    words += [f"@busybox-{board.arch}"] if board.arch else []
    words += ["@opensbi"] if board.firmware else []
    words += ["@userland-*"] if options.nested else []
    return sorted(set(words))


def add_parts(options, scenario):
    kernel = kernel_of(options, scenario)
    if not options.vmlinuz and "/" not in str(kernel):
        add_kernel(options, str(kernel))
    add_board(options)
    if scenario.taps or scenario.vdpa:
        call(options.root, "need_root", "to make a network namespace or a vDPA device")
        call(options.root, "need_packages", "iproute2")
    if scenario.needs_tools() and not options.tools:
        options.tools = made_by(options.root, "fetch", "guest-tools")


def for_scenario(options, scenario):
    """The options of one scenario's guest, with all parts found."""
    options = copy.copy(options)
    if not options.prepared:
        add_parts(options, scenario)
    if options.kernel and not options.vmlinuz:
        options.vmlinuz = next(options.kernel.glob("boot/vmlinu[xz]-*"))
    return options


def run_nested(options, arguments):
    """Becomes the same run in a machine that has KVM, with the files that its guests need. Each
    character on the guest's serial line costs exits of two levels."""
    for name in options.scenarios:
        options = for_scenario(options, SCENARIOS[name])
    files = [options.kernel / "boot", options.kernel / "lib/modules", options.modules,
             options.qemu.parents[1], options.disk, options.script, options.after,
             options.tools]
    os.execv(options.root / "scripts/nested", [
        "nested", *(word for path in files if path for word in ("--with", str(path))),
        "--back", str(options.root / "build/vm"), f"PYTHONPATH={options.root / 'scripts'}",
        f"VIS_ONLY={options.only}", f"VIS_STRESS={os.environ.get('VIS_STRESS', '1')}",
        "python3", "-m", "vmlib", "--prepared", "--append", "quiet", "--append", "loglevel=5",
        *arguments, "--kernel", str(options.kernel), "--modules", str(options.modules),
        "--qemu", str(options.qemu), "--busybox", str(options.busybox),
        *(["--tools", str(options.tools)] if options.tools else [])])
