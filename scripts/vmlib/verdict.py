# SPDX-License-Identifier: GPL-2.0-only
"""Judges a guest run: whatever is missing is a failure, and so is any report of the kernel."""

import re

from . import tap

KERNEL_REPORT = re.compile(
    r"\] WARNING:|BUG:|BUG at|Oops|KASAN|KCSAN|KFENCE|UBSAN|Call Trace|general protection fault|"
    r"possible (circular|recursive)|inconsistent lock state|suspicious RCU|unreferenced object|"
    r"suspected memory leak|nobody cared|Kernel panic|rcu: INFO|rcu:.*stall|"
    r"blocked for more than|soft lockup|hard LOCKUP|No irq handler for|scheduling while atomic")
END_OF_LOG = "vis: end of tests"
LAST_LINES = 40
# A race that KCSAN reports, between its rules, and the functions that make it one of ours
RACE = re.compile(r"^.*\] ={60,}\n(.*BUG: KCSAN: (.*)\n(?:.*\n)*?).*\] ={60,}$", re.M)
OUR_FUNCTION = re.compile(r"\b(virtio_vis|vis|vm_vis|virtio_mmio_vis)_\w+\+0x")
STACK_FRAME = re.compile(r"\]  \S+\+0x")
INTERRUPT_ENTRY = re.compile(r"\]  asm_\w+\+0x")
# The kernel prints this if the host starves it at the wrong moment. It then runs without its local
# timer, and microvm has no other, because its PIT is not connected where the kernel looks for it.
NO_TIMER = "APIC frequency too slow, disabling apic timer"


class GuestTap(tap.Reader):
    """What one guest script prints, passed on result by result, as `shown` names it. It must have a
    result for each of the tests that the script states, if it does, and no other."""

    def __init__(self, writer, stated=None, shown=str):
        super().__init__()
        self.writer = writer
        self.stated = stated
        self.shown = shown
        self.failed = False

    def line(self, text):
        event = super().line(text)
        if isinstance(event, tuple):
            self.failed |= not event[0]
            event = event[0], self.shown(event[1]), event[2]
        self.writer.take(event)

    def problem_at_exit(self, status):
        problem = self.problem()
        if not problem and self.stated is not None and self.names != self.stated:
            problem = (f"results of {' '.join(self.names) or 'no test'}, but stated are "
                       f"{' '.join(self.stated) or 'none'}")
        if not problem and status and not self.failed:
            problem = "no failed test"
        return problem


def klog(rundir):
    """What the kernel of a machine has logged, over all its boots"""
    path = rundir / "klog"
    return path.read_text("utf-8", "replace") if path.exists() else ""


def last_words(log):
    """The end of a kernel's log, which tells a hang of the emulator from ours"""
    return "\n".join(log.splitlines()[-LAST_LINES:])


def running(report):
    """The lines of a report, without the part of each stack that an interrupt has interrupted."""
    interrupted = False
    for line in report.splitlines():
        interrupted = bool(STACK_FRAME.search(line) and
                           (interrupted or INTERRUPT_ENTRY.search(line)))
        if not interrupted:
            yield line


def foreign_races(log):
    """Data races that the kernel has without us: none of our functions runs in such a report."""
    return [race for race in RACE.finditer(log)
            if not any(map(OUR_FUNCTION.search, running(race[1])))]


def kernel_reports(log):
    for race in foreign_races(log):
        log = log.replace(race[0], "")
    return [line for line in log.splitlines() if KERNEL_REPORT.search(line)]
