# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's qtests of the device, a process for each: a test that fails aborts its program.

usage: vmlib.qtest wanted ROOT VARIANT PREFIX   those of a variant of the device: plain, or kvm for
                                               the plain one on KVM; results are PREFIX.NAME
       vmlib.qtest these PREFIX PROGRAM PATH... these of a program, with the QEMU beside it
"""

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import prepare
from .tap import Tap

# Seconds for each test
LIMIT = 60


def name_of(prefix, path):
    return f"{prefix}.{path.rpartition('/')[2]}"


def run_program(program, *arguments, **environment):
    limit = LIMIT * int(os.environ.get("VIS_SLOW") or 1)
    qemu = Path(program).with_name("qemu-system-x86_64")
    return subprocess.run(["timeout", "-k", "10", str(limit), program, *arguments], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, errors="replace",
                          stderr=subprocess.STDOUT, check=False,
                          env={**os.environ, "QTEST_QEMU_BINARY": str(qemu), **environment})


def run(prefix, program, *paths):
    """Returns whether all passed."""
    tap = Tap()
    # For files that the tests leave behind
    with tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor(os.cpu_count()) as pool:
        all_done = pool.map(lambda path: run_program(program, "-p", path, TMPDIR=directory), paths)
        for path, done in zip(paths, all_done):
            passed = re.search("^ok .*?(# SKIP .*)?$", done.stdout, re.M)
            if passed and not done.returncode:
                tap.result(True, name_of(prefix, path), passed[1] or "")
            else:
                tap.result(False, name_of(prefix, path))
                tap.note(f"{done.stdout}exit status {done.returncode}")
    return tap.finish()


def run_wanted(root, variant, prefix):
    """The tests of kvm run where there is KVM."""
    program = prepare.made_by(Path(root), "build-qemu", "--tests")
    listed = run_program(program, "-l").stdout
    begin = "virtio-mmio-vis" + ("" if variant == "plain" else f"/{variant}")
    paths = [path for path in re.findall(f"^/[^/]+/{begin}/[^/\n]+$", listed, re.M)
             if os.environ.get("VIS_ONLY", "") in ("", name_of(prefix, path))]
    if variant == "kvm" and paths:
        os.execv(f"{root}/scripts/nested", [
            "nested", "--with", str(program.parents[1]), f"PYTHONPATH={root}/scripts", "python3",
            "-m", "vmlib.qtest", "these", prefix, str(program), *paths])
    return run(prefix, str(program), *paths)


if __name__ == "__main__":
    sys.exit(not {"wanted": run_wanted, "these": run}[sys.argv[1]](*sys.argv[2:]))
