# SPDX-License-Identifier: GPL-2.0-only
"""The instructions of guest, KVM and QEMU together.

The emulated machine that runs the guest on KVM has one CPU, and its clocks tick once for each
instruction, the guest's included.
"""

import statistics

from . import guests


def scenario(transport, count):
    """What an iothread signals is sent by irqfd, where the transport has irqfds. With two CPUs, a
    guest for which there is only one spends most of its time in waiting for the other's locks."""
    return guests.scenario(transport, ("path",), ["-object", "iothread,id=io"] +
                           guests.null_disk(transport, 0, 1, ",iothread=io"), smp=1,
                           timeout=900, append=[guests.ONE_GIGAHERTZ, "tsc=reliable"],
                           parameters={"count": count})


class Rows(guests.Rows):
    """The median of one boot"""

    def finish(self):
        (samples,), = self.sampled.values()
        self.add("path_insns_per_read", "instructions", statistics.median(samples), kind="timed")
        return self.rows
