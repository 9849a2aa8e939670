# SPDX-License-Identifier: GPL-2.0-only
"""Judging a guest run: KTAP in, flat TAP out, and failure whenever something is missing."""

import re

KERNEL_REPORT = re.compile(
    r"\] WARNING:|BUG:|BUG at|Oops|KASAN|KCSAN|KFENCE|UBSAN|Call Trace|general protection fault|"
    r"possible (circular|recursive)|inconsistent lock state|suspicious RCU|unreferenced object|"
    r"suspected memory leak|nobody cared|Kernel panic|rcu: INFO|rcu:.*stall|"
    r"blocked for more than|soft lockup|hard LOCKUP|No irq handler for|scheduling while atomic")
RESULT = re.compile(r"^(ok|not ok) \d+ (\S+)(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)\s*$")
END_OF_LOG = "vis: end of tests"
# A race that KCSAN reports, between its rules, and the functions that make it one of ours
RACE = re.compile(r"^.*\] ={60,}\n(.*BUG: KCSAN: (.*)\n(?:.*\n)*?).*\] ={60,}$", re.M)
OUR_FUNCTION = re.compile(r"\b(virtio_vis|vis|vm_vis|virtio_mmio_vis)_\w+\+0x")
STACK_FRAME = re.compile(r"\]  \S+\+0x")
INTERRUPT_ENTRY = re.compile(r"\]  asm_\w+\+0x")
INT3 = re.compile(r"Oops: int3: .*?\] Code: [^\n<]*?(\w\w) <", re.S)
# What the kernel says when it was starved at the wrong moment. It goes on without its local timer,
# and microvm has no other: its PIT is not connected where the kernel looks for it.
NO_TIMER = "APIC frequency too slow, disabling apic timer"


class Tap:
    """A flat TAP stream on stdout, numbered as it goes."""

    def __init__(self):
        self.count = 0
        self.results = {}
        print("TAP version 13", flush=True)

    def result(self, passed, name, rest=""):
        self.count += 1
        self.results[name] = self.results.get(name, True) and passed
        print(f"{'ok' if passed else 'not ok'} {self.count} {name}{rest}", flush=True)

    def note(self, text):
        print("\n".join(f"# {line}" for line in text.split("\n")), flush=True)

    def group(self, name, minimum):
        """One result for all the sub-cases of a name."""
        cases = [passed for case, passed in self.results.items() if case.startswith(name + ".")]
        if len(cases) < minimum:
            self.note(f"{name}: {len(cases)} of {minimum} sub-cases have a result")
        self.result(len(cases) >= minimum and all(cases), name)

    def finish(self):
        print(f"1..{self.count}", flush=True)
        return all(self.results.values()) and self.count > 0


class Story(Tap):
    """The same for people: what the guest prints as it is, and of the results the failures."""

    def __init__(self):
        self.count = 0
        self.results = {}

    def result(self, passed, name, rest=""):
        self.results[name] = passed
        if not passed:
            print(f"FAILED: {name}{rest}", flush=True)

    def note(self, text):
        print(text, flush=True)

    def finish(self):
        return all(self.results.values()) and len(self.results) > 0


class VariantTap:
    """Results that are named for the variant of a machine which they are of."""

    def __init__(self, tap, variant):
        self.tap = tap
        self.prefix = variant and variant + "."
        self.note = tap.note

    @property
    def results(self):
        return {name.removeprefix(self.prefix): passed
                for name, passed in self.tap.results.items() if name.startswith(self.prefix)}

    def result(self, passed, name, rest=""):
        self.tap.result(passed, self.prefix + name, rest)


class GuestTap:
    """What one guest script prints, passed on result by result. It must have a result for each
    of the tests that the script states, if it does, and no other."""

    def __init__(self, tap, stated=None):
        self.tap = tap
        self.stated = stated
        self.planned = None
        self.names = []

    def line(self, text):
        plan, result = PLAN.match(text), RESULT.match(text)
        if plan:
            self.planned = int(plan.group(1))
        elif result:
            self.names.append(result.group(2))
            self.tap.result(result.group(1) == "ok", result.group(2), result.group(3))
        elif text != "TAP version 13":
            self.tap.note(text.removeprefix("# "))

    def problem(self):
        if self.planned is None:
            return "no plan"
        if self.planned != len(self.names):
            return f"{self.planned} planned, {len(self.names)} reported"
        if self.stated is not None and self.names != self.stated:
            return (f"results of {' '.join(self.names) or 'no test'}, but stated are "
                    f"{' '.join(self.stated) or 'none'}")
        return None


def running(report):
    """A report's lines, but for the part of each stack that an interrupt has interrupted."""
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


def is_stale_code(log):
    """Whether the kernel died of an int3 that is not in its memory. QEMU drops its translation of
    a page's code before it stores there: a CPU that translates it in between goes on with the int3
    that the kernel has when it patches itself, and has just replaced on all CPUs."""
    oops = INT3.search(log)
    return oops is not None and oops[1] != "cc"


def rig_fault(log):
    """What the host or the emulator did to a guest, not the kernel, nor we; or None."""
    if NO_TIMER in log:
        return "the host was too busy while the guest measured its timer"
    if is_stale_code(log):
        return "the emulator ran an int3 that is no longer there"
    return None
