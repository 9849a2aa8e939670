# SPDX-License-Identifier: GPL-2.0-only
"""Divides the path of one read on KVM into its parts, and these among the guest, KVM, Linux below
it and QEMU, from a log of all instructions of the emulated machine in which they run."""

import re
import shutil
from bisect import bisect
from collections import Counter, namedtuple

from . import guests, kvm

# One line for each instruction, or a line that says that the last one did not run
LINE = re.compile(r"Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]{16})/([0-9a-f]{8})/")
NOT_RUN = "Stopped execution"
# In QEMU's flags of a block: a CPU in a guest, and its privilege level
IN_GUEST = 1 << 21
LEVEL = 3
OWNERS = GUEST, KVM, LINUX, QEMU = "guest", "KVM", "host's Linux", "QEMU"

NOTIFIERS = {"legacy": "vm_notify", "pci": "vp_notify", "vis": "vm_notify"}
# KVM signals the queue's eventfd, and QEMU writes to the vector's.
SIGNAL, WRITE = "eventfd_signal_mask", "eventfd_write"
HANDLER = "vring_interrupt"

Instruction = namedtuple("Instruction", "owner address")
Place = namedtuple("Place", "owner function")


class Host:
    """The functions of the host's kernel, from its /proc/kallsyms."""

    def __init__(self, text):
        found = [line.split() for line in text.splitlines()]
        code = sorted((int(address, 16), name, module) for address, kind, name, *module in found
                      if kind in "tT")
        self.starts = [start for start, _, _ in code]
        self.names = [(name, KVM if module and module[0].startswith("[kvm") else LINUX)
                      for _, name, module in code]
        self.addresses = {name: start for start, name, _ in code}

    def place(self, instruction):
        """The owner and the function; those of the guest and QEMU have no names."""
        if instruction.owner in (GUEST, QEMU):
            return Place(instruction.owner, "")
        name, owner = self.names[bisect(self.starts, instruction.address) - 1]
        return Place(owner, name)


def parse(lines):
    """The instructions; those of the host's kernel are KVM's or Linux's."""
    found = []
    for line in lines:
        match = LINE.match(line)
        if match:
            flags = int(match[2], 16)
            owner = GUEST if flags & IN_GUEST else QEMU if flags & LEVEL else LINUX
            found.append(Instruction(owner, int(match[1], 16)))
        elif line.startswith(NOT_RUN):
            found.pop()
    return found


def reads(instructions, start):
    """The reads: the instructions from each notification to the next"""
    starts = [number for number, instruction in enumerate(instructions) if instruction == start]
    return [instructions[first:last] for first, last in zip(starts, starts[1:])]


def divide(read, host, handler):
    """The parts of a read, from its notification on. All of them come one after the other, and do
    not depend on whether the scheduler lets the guest or QEMU run first."""
    signal, write = (read.index(Instruction(LINUX, host.addresses[name]))
                     for name in (SIGNAL, WRITE))
    return {"notify": read[:signal],
            "interrupt": read[write:read.index(Instruction(GUEST, handler))]}


def count(part, host):
    """Numbers of instructions, for each owner and in all"""
    owners = Counter(host.place(instruction).owner for instruction in part)
    return {**{owner: owners[owner] for owner in OWNERS}, "all": len(part)}


def divided(directory, log, transport):
    """The host, and for each part its instructions in all reads"""
    guest = dict(line.split("=") for line in (directory / "guest").read_text("utf-8").split())
    notifier, handler = (int(guest[name], 16) for name in (NOTIFIERS[transport], HANDLER))
    host = Host((directory / "host").read_text("utf-8"))
    with log.open(encoding="utf-8") as lines:
        found = [divide(read, host, handler)
                 for read in reads(parse(lines), Instruction(GUEST, notifier))]
    return host, {name: [read[name] for read in found] for name in found[0]}


def rows(own, options, transport):
    """The rows are those of the read whose part is the median, so that they add up."""
    directory, log = own.root / kvm.SYMBOLS, own.root / "build/nested/trace.1"
    shutil.rmtree(directory, ignore_errors=True)
    kvm.in_nested(own, options, "log", transport)
    found = guests.Rows(transport)
    host, parts = divided(directory, log, transport)
    for name, samples in parts.items():
        median = sorted(samples, key=len)[len(samples) // 2]
        counts = [count(part, host) for part in samples]
        for owner, value in count(median, host).items():
            values = [each[owner] for each in counts]
            found.add(f"path_insns_per_{name}", "instructions", value, min(values), max(values),
                      kind="repeated", of=owner)
        for place, number in Counter(map(host.place, median)).items():
            if place.function:
                found.add("path_insns_by_function", "instructions", number, part=name,
                          of=place.owner, function=place.function)
    log.unlink()
    return found.finish()
