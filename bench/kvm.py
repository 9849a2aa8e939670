# SPDX-License-Identifier: GPL-2.0-only
"""Measurements on KVM: the exits that it counts, and the instructions of the whole path. In the
machine of scripts/nested, which has KVM, this is a program of its own: it prints a row a line."""

import json
import statistics
import subprocess
import sys
from pathlib import Path

from vmlib import __main__ as vm, kvm
from vmlib.machine import ask

from . import guests, profile

# Reasons of exits of an AMD CPU; others are shown as numbers.
CPU_REASONS = {0x60: "interrupt", 0x64: "interrupt_window", 0x77: "pause", 0x78: "halt",
               0x7b: "port", 0x7c: "msr", 0x400: "page_fault"}
# The exits to the VMM that a device of the bench can cause; the ports belong to the guest's serial
# lines.
VMM_REASONS = {6: "mmio", 26: "ioapic_eoi"}
# Rarer ones say nothing of the transport.
RARE = 0.01
SCRIPT = "bench/guest/bench.sh"
SMALL = {"interrupts": 800, "moves": 6}
FULL = {"interrupts": 4000, "moves": 20}
MOVES = 32
SLICE = "100000"
MILLION = 1000000
# Where the addresses of the functions in a log are
SYMBOLS = "build/bench/symbols"
SAMPLES = {"count": 2000, "batches": 50}


class Rows(guests.Rows):
    """The rows of the kind exits under names of their own, and KVM's own counts for each read: cpu
    and vmm are {reason: number} of the last period."""

    cpu = vmm = {}

    def add(self, metric, *arguments, **options):
        # KVM has the local APICs, so QEMU sees none of their EOIs.
        if metric != "lapic_eoi_per_interrupt":
            super().add(f"kvm_{metric}", *arguments, **options)

    def take_interrupts(self, accesses, broadcasts, queues, n, reads, **params):
        super().take_interrupts(accesses, broadcasts, queues, n, **params)
        for to, counts, names in (("KVM", self.cpu, CPU_REASONS), ("VMM", self.vmm, VMM_REASONS)):
            for reason, number in sorted(counts.items()):
                if number >= RARE * reads:
                    self.add("exits_per_read", "exits", number / reads, queues=queues, to=to,
                             reason=names.get(reason, hex(reason)))
            self.add("exits_per_read", "exits", sum(counts.values()) / reads, queues=queues,
                     to=to, reason="all")


class PathRows(guests.Rows):
    """The median of one boot, of the instructions of guest, KVM and QEMU together: the host's one
    CPU is emulated, and its clocks tick once for each instruction, the guest's included."""

    with_quartiles = False

    def finish(self):
        for (metric, *params), (samples,) in self.sampled.items():
            low, value, high = statistics.quantiles(samples, n=4)
            spread = (low, high) if self.with_quartiles else ()
            self.add(metric, "instructions", value, *spread, kind="repeated", **dict(params))
        return self.rows


class MoveRows(PathRows):
    """With the quartiles: the host has one CPU for both of the guest's, and may let the other run
    during a move."""

    with_quartiles = True


class Verbs(guests.BenchServices):
    """The verbs of the bench, with KVM's counters"""

    histograms = ()

    def do_trap_start(self):
        super().do_trap_start()
        for histogram in self.histograms:
            histogram.clear()

    def do_booted(self):
        """Counts the routes of messages that KVM has once all drivers are bound."""
        added, released = (len(self.machine.trace.lines(event)) for event in guests.ROUTE_EVENTS)
        self.rows.add("routes", "routes", added - released)

    def do_trap_end(self, *words):
        self.rows.cpu, vmm = (histogram.counts() for histogram in self.histograms)
        self.rows.vmm = {reason: vmm.get(reason, 0) for reason in VMM_REASONS}
        super().do_trap_end(*words)


class PathVerbs(guests.BenchServices):
    """The verbs of the bench, where the clock counts instructions"""

    def do_booted(self):
        """Counts the time in which QEMU's threads, the guest's CPUs among them, have run."""
        tasks = Path(f"/proc/{self.machine.process.pid}/task").glob("*/schedstat")
        insns = sum(int(task.read_text("ascii").split()[0]) for task in tasks)
        self.rows.add("path_insns_of_boot", "million instructions", insns / MILLION,
                      kind="repeated")


def exits(options, transport, small):
    counts = SMALL if small else FULL
    wanted = guests.kvm_scenario(transport, counts["interrupts"], counts["moves"])
    with kvm.instance("exits") as tracing:
        Verbs.histograms = (kvm.Histogram(tracing, "kvm_exit", "exit_reason"),
                            kvm.Histogram(tracing, "kvm_userspace_exit", "reason"))
        return guests.run(options, f"kvm-{transport}", transport, wanted, verbs=Verbs,
                          rows=Rows(transport))


def instructions(options, transport, _):
    """Each kind of work has a guest of its own, because further devices would count, too."""
    for part in ("path_read", "path_packets"):
        wanted = guests.path_scenario(transport, part, **SAMPLES)
        yield from guests.run(options, f"{part}-{transport}", transport, wanted,
                              rows=PathRows(transport), verbs=PathVerbs)


def moves(options, transport, _):
    """With the usual slice, a guest's CPU that waits for the other would spin for that long."""
    subprocess.run(["mount", "-t", "debugfs", "debugfs", "/sys/kernel/debug"], check=True)
    Path("/sys/kernel/debug/sched/base_slice_ns").write_text(SLICE, "utf-8")
    return guests.run(options, f"path_moves-{transport}", transport,
                      guests.moves_scenario(transport, MOVES),
                      rows=MoveRows(transport))


class Monitor:
    """The monitor of the machine in which this runs, whose QEMU logs instructions"""

    TIMEOUT = 60

    def __init__(self):
        self.file = open("/dev/vport0p2", "r+b", buffering=0)
        self.buffer = b""
        self.read_line()
        ask(self, self.TIMEOUT, "qmp_capabilities")

    def send(self, text):
        self.file.write(text.encode())

    def read_line(self, _=None):
        while b"\n" not in self.buffer:
            self.buffer += self.file.read(65536)
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def run(self, commands):
        for command in commands:
            ask(self, self.TIMEOUT, "human-monitor-command", **{"command-line": command})


class LogVerbs(guests.BenchServices):
    """The verbs of the bench, with a profile of the guest and its host"""

    monitor = directory = None

    def do_profile_start(self):
        self.monitor.run(profile.COMMANDS_START)

    def do_profile_end(self, *symbols):
        """Keeps the addresses of functions, because the log has no names."""
        self.monitor.run(profile.COMMANDS_END)
        self.directory.mkdir(parents=True)
        (self.directory / "guest").write_text("\n".join(symbols), "utf-8")
        (self.directory / "host").write_text(Path("/proc/kallsyms").read_text("utf-8"), "utf-8")


def log(options, transport, _):
    """Makes QEMU log all instructions of some reads; there are no rows."""
    LogVerbs.monitor = Monitor()
    LogVerbs.directory = options.root / SYMBOLS
    return guests.run(options, f"path_parts-{transport}", transport,
                      guests.path_scenario(transport, "path_parts"), verbs=LogVerbs)


# The measurements, and options of scripts/nested
MEASURED = {"exits": (exits, ()), "instructions": (instructions, ("--count-instructions",)),
            "moves": (moves, ("--count-instructions",)), "log": (log, ("--count-instructions",))}


def in_nested(own, options, measured, transport):
    """The rows of a transport, from this program in a machine with KVM"""
    options = guests.prepared(options)
    files = [options.kernel / "boot", options.kernel / "lib/modules", options.modules,
             options.qemu.parents[1], own.root / "bench"]
    done = subprocess.run(
        [own.root / "scripts/nested", *MEASURED[measured][1], "--back", own.root / SYMBOLS,
         *(word for file in files for word in ("--with", file)),
         f"PYTHONPATH={own.root / 'scripts'}:{own.root}", "python3", "-m", "bench.kvm", measured,
         transport, "small" if own.check else "full", "--root", own.root,
         "--kernel", options.kernel, "--modules", options.modules, "--qemu", options.qemu,
         "--append", "quiet", "--append", "loglevel=5"], stdout=subprocess.PIPE, text=True)
    lines = done.stdout.splitlines()
    if done.returncode:
        raise guests.BenchError("\n".join([
            *lines[-20:], f"the nested machine failed, see {own.root / 'build/nested'}"]))
    return [json.loads(line) for line in lines if line.startswith("{")]


def main():
    measured, transport, size, *words = sys.argv[1:]
    options = vm.parse(["--prepared", "--only", "", *words])
    options.script = options.root / SCRIPT
    try:
        for row in MEASURED[measured][0](options, transport, size == "small"):
            print(json.dumps(row), flush=True)
    except guests.BenchError as error:
        sys.exit(f"bench: {error}")


if __name__ == "__main__":
    main()
