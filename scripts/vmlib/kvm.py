# SPDX-License-Identifier: GPL-2.0-only
"""What the host's KVM counts, by its tracepoints."""

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


@contextlib.contextmanager
def counter(event):
    """Of one guest at a time, for as long as the context lasts"""
    instance = INSTANCES / f"vis.{os.getpid()}"
    instance.mkdir()
    try:
        (instance / "events/kvm" / event / "enable").write_text("1", "ascii")
        yield Counter(instance)
    finally:
        instance.rmdir()
