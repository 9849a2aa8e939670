# SPDX-License-Identifier: GPL-2.0-only
"""Counts of the host's KVM, from its tracepoints."""

import contextlib
import os
import re
from pathlib import Path

INSTANCES = Path("/sys/kernel/tracing/instances")
STATS = re.compile(r"^(?:entries|overrun): (\d+)$", re.M)


class Counter:
    """How often a tracepoint of KVM was passed; the buffers may overrun, the count does not."""

    def __init__(self, instance):
        self.instance = instance

    def count(self):
        return sum(int(number) for path in self.instance.glob("per_cpu/cpu*/stats")
                   for number in STATS.findall(path.read_text("ascii")))


class Histogram:
    """How often a tracepoint of KVM was passed, by one of its fields"""

    def __init__(self, instance, event, field):
        self.directory = instance / "events/kvm" / event
        self.field = field
        self.clear()

    def clear(self):
        """Truncating the file removes the trigger, and its counts with it."""
        (self.directory / "trigger").write_text(f"hist:keys={self.field}", "ascii")

    def counts(self):
        """{value of the field: number}"""
        text = (self.directory / "hist").read_text("ascii")
        return {int(value): int(hits) for value, hits in
                re.findall(rf"{{ {self.field}: +(\d+) }} +hitcount: +(\d+)", text)}


@contextlib.contextmanager
def instance(name):
    """Tracing of one guest at a time, for as long as the context lasts"""
    path = INSTANCES / f"vis.{os.getpid()}.{name}"
    path.mkdir()
    try:
        yield path
    finally:
        path.rmdir()


@contextlib.contextmanager
def counter(event):
    with instance(event) as path:
        (path / "events/kvm" / event / "enable").write_text("1", "ascii")
        yield Counter(path)
