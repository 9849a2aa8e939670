# SPDX-License-Identifier: GPL-2.0-only
"""Costs of devices in a VMM that does not run its guest: memory regions, slots of KVM, memory."""

import re
from pathlib import Path

from vmlib import __main__ as vm, prepare
from vmlib.scenarios import SCENARIOS
from vmlib.tap import Quiet

from . import guests

DEVICES = (1, 10, 20)
# A range of guest memory that is backed by the host's, for which KVM has a slot
SLOT = re.compile(r"^ +[0-9a-f]{16}-[0-9a-f]{16} \(prio -?\d+, (?:ram|rom|romd|ramd)\)", re.M)
FLAT_VIEW = re.compile(r'^ *AS "memory".*?(?=^FlatView|\Z)', re.M | re.S)
PSS = re.compile(r"^Pss: +(\d+) kB$", re.M)


class Still(vm.Guest):
    """A machine that is not started, so its guest has touched no memory and mapped nothing."""

    counted = None

    def qemu_args(self):
        return super().qemu_args() + ["-S"]

    def converse(self):
        flat = self.machine.qmp("human-monitor-command", **{"command-line": "info mtree -f"})
        smaps = Path(f"/proc/{self.machine.process.pid}/smaps_rollup").read_text("utf-8")
        self.counted = {"memory_regions": regions(self.machine, "/machine"),
                        "memory_slots": len(SLOT.findall(FLAT_VIEW.search(flat).group())),
                        "host_memory": int(PSS.search(smaps).group(1))}


def regions(machine, path):
    """The regions that belong to an object or to its children"""
    children = [child for child in machine.qmp("qom-list", path=path)
                if child["type"].startswith("child<")]
    return sum(child["type"].endswith("memory-region>") or
               regions(machine, f"{path}/{child['name']}") for child in children)


def count(options, name, transport, devices):
    SCENARIOS[name] = guests.density_scenario(transport, devices)
    guest = Still(prepare.for_scenario(options, SCENARIOS[name]), name, Quiet())
    guest.rundir = options.root / "build/bench/guests" / name
    guest.prepare()
    problem = guest.start()
    if problem:
        raise guests.BenchError(f"{name}: {problem}, see {guest.rundir}")
    return guest.counted


def rows(options, name, transport, first):
    """The rows of one round. Regions and slots are those of the whole machine, and the same in each
    round; memory is the amount that a device adds."""
    found = guests.Rows(transport)
    for devices in (0, *DEVICES):
        counted = count(options, name, transport, devices)
        if first:
            for metric, unit in (("memory_regions", "regions"), ("memory_slots", "slots")):
                found.add(metric, unit, counted[metric], devices=devices)
        if not devices:
            alone = counted["host_memory"]
            continue
        found.add("host_memory_per_device", "KiB", (counted["host_memory"] - alone) / devices,
                  kind="timed", devices=devices)
    return found.finish()
