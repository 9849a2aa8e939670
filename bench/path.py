# SPDX-License-Identifier: GPL-2.0-only
"""The instructions of guest, KVM and QEMU together.

The emulated machine that runs the guest on KVM has one CPU, and its clocks tick once for each
instruction, the guest's included.
"""

import statistics

from . import guests


def scenario(transport, count):
    """What an iothread signals is sent by irqfd, where the transport has irqfds. The guest has one
    CPU, like its host: if it had two, one would spin for locks while the other cannot run."""
    return guests.scenario(transport, ("path",), ["-object", "iothread,id=io"] +
                           guests.null_disk(transport, 0, 1, ",iothread=io"), smp=1,
                           timeout=900, append=[guests.ONE_GIGAHERTZ, "tsc=reliable"],
                           parameters={"count": count})


class Rows(guests.Rows):
    """The median of one boot"""

    def finish(self):
        (samples,), = self.sampled.values()
        self.add("path_insns_per_read", "instructions", statistics.median(samples), kind="repeated")
        return self.rows
