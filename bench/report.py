# SPDX-License-Identifier: GPL-2.0-only
"""The tables and the verdicts, made only from the rows."""

import json

from . import picture
from .guests import MSI, TRANSPORTS
from .parts import OWNERS
from .targets import (BLK_4, MEDIAN_4, PACKET_4, figure, find, missed, number, shown, verdicts,
                      words)

NAMES = {"legacy": "virtio-mmio", "pci": "virtio-pci, MSI-X", "vis": "VIS", "floor": "floor",
         MSI: "virtio-mmio, MSI"}
# Head of a table with a column for each transport
HEADER = "| {}| " + " | ".join(NAMES[transport] for transport in TRANSPORTS) + " |"
RULE = "|---|---|---|---|"


def steps(rows):
    """The kinds of steps that made them"""
    return {row["step"] for row in rows}


def keys(rows):
    """Metrics with their parameters, in the order in which they first appear."""
    found = {}
    for row in rows:
        found.setdefault((row["metric"], words(row["params"]), row["unit"], row["kind"]), {})[
            row["transport"]] = row
    return found


METHOD = """\
- Trapped accesses are accesses of the guest's CPUs to memory that QEMU emulates; QEMU's trace
  counts them. The figures leave out the notifications of queues, which are ioeventfds and the same
  for all transports, and the local APIC, whose EOIs are in `lapic_eoi_per_interrupt`.
- `eoi_ioapic` is the EOI of a level-triggered interrupt, which the local APIC passes on to the I/O
  APIC.
- Instructions are ticks of the TSC under `-icount shift=0`. `dispatch` is an interrupt with an
  empty queue callback, `full` is an interrupt that completes a read, and `floor` is an
  edge-triggered interrupt with an empty handler that the CPU sends to itself. For example, this is
  one sample of `full`. The CPU raises its task priority, so that it takes no interrupt, and
  submits a read. Then it reads the TSC in a loop and lowers the priority step by step, so slowly
  that the disk has answered before the interrupt can come. The one round of the loop that takes
  longer than the others contains the interrupt. The sample is the length of that round, less that
  of the round before. Without the priority, the host would decide where the interrupt comes, and
  so its cost. At the end of a read, virtio-blk checks each queue of the disk, on any transport.
- `insns_per_io` and `insns_per_packet` count the instructions of all CPUs from the call of the
  block layer, or of the socket, to the last interrupt that it causes. Meanwhile the CPU waits in a
  loop, and the instructions of the loop are subtracted. It does not sleep, because the cost of a
  sleep depends on when the host answers, and not on the transport. There is one read or exchange
  at a time, on each CPU in turn. Each CPU has a median and a 99th percentile; the value is the
  median of these over the CPUs.
- A packet is half of an exchange by UDP. With `answer later` the answer comes after 1 ms, as from
  a wire; with `answer at_once` it comes as soon as the host can send it. In that case one
  interrupt of the line may report both the end of sending and the answer, while vectors need one
  interrupt for each.
- `insns_boot` counts from the kernel's entry to its first program, and includes a tick for each
  nanosecond in which the CPU is idle. Linux 7.3 without PCI also boots without ACPI. It then
  counts the ticks of the local APIC's timer for another 100 ms, which is 100 million instructions.
- `text_bytes` and `modules_bytes` of `part driver` are the sizes of modules. Those of `part Linux
  7.3` are the sizes of a whole kernel without PCI and of its twin with PCI and virtio-pci. Those
  of `part bus` are the difference, which includes the ACPI that finds PCI on this board.
- `blk_iops` comes from fio: random reads of 4 KiB from a null device through io_uring, with a job
  on each CPU that has a queue. `net_rr` counts exchanges by UDP; a thread on each such CPU makes
  one at a time. `net_pps` counts the packets that the kernel's packet generator sends. A card with
  one queue is on QEMU's user network, one with more queues on a tap. A timed figure is the median
  over as many guests as there were rounds, with the least and the greatest value. The guests have
  4 CPUs unless the row says otherwise.
- A `quiet` queue has no interrupt while its vector moves, and a `busy` one is at work. A
  `colliding` queue moves while its handler runs, and its next interrupt comes at the new CPU
  before the handler has ended. The kernel then masks the vector, and unmasks it when the handler
  has ended (`exits_in_progress`; Linux 7.3 waits instead). If the kernel gathers entropy just
  then, a move meets no such interrupt. A `parked` move comes before the previous move is complete.
  It is measured on an idle queue, where no interrupt completes a move. The figure is the median: a
  move that comes before x86 has freed the old CPU vector costs 2 more.
- Figures that begin with `kvm_` are of guests on KVM, on emulated CPUs with SVM where the machine
  has no virtualisation. The disk is in an iothread. Each transport has ioeventfds, and MSI-X and
  VIS have irqfds; virtio-mmio's line has none. KVM's tracepoints count `kvm_exits_per_read`: `to`
  KVM, all exits of the guest's CPUs, their timers, halts and IPIs included; `to` VMM, those that
  KVM hands on to QEMU for a device's sake. All other exits are accesses that QEMU emulates.
- `memory_regions` are the MemoryRegions of the whole machine, and `memory_slots` the ranges of its
  memory for which KVM has a slot. The devices are disks of 4 queues. They are in a machine that is
  not started, so its guest has touched no memory. `host_memory_per_device` is what a disk adds to
  the proportional set size of QEMU.
- `path_insns_per_read` counts the instructions of guest, KVM and QEMU together. The guest, whose
  disk is in an iothread, is in an emulated machine with one CPU, whose clocks tick once for each
  instruction and skip the time in which the CPU is idle. A sample is the ticks of the guest's TSC
  during a read of 4 KiB, for whose end the guest's CPU sleeps. A boot gives the median of its
  samples, and the value is the median of the boots, with the least and the greatest. The iothread
  does not poll before it waits (`poll-max-ns=0`): it would do so for a time that differs from read
  to read, and that here is a number of instructions.
- `path_insns_per_packet` is the same of a packet that vhost sends or receives. A sample is the
  exchange of 50 packets, one after the other, with an echo on the host, which is a program in the
  emulated machine: its instructions, and those of the host's network, count as well.
- `path_insns_per_notify` and `path_insns_per_interrupt` are parts of such a read, from a log of all
  instructions of the emulated machine during 15 such reads. `notify` is from the
  driver's function that notifies the device to the signal of the queue's eventfd by KVM, and
  `interrupt` from QEMU's write to the eventfd of the vector, or of the line, to the first
  instruction of the queue's handler in the guest. The figures are those of the read whose part is
  the median; the least and the greatest are of any read.
- `path_insns_per_move` is what the guest's function takes that moves an interrupt, in the clock of
  the kernel's function tracer, which counts instructions as well. VIS moves at once, virtio-mmio
  and MSI-X at the next interrupt; what the function takes at an interrupt without a move is
  subtracted. The guest has two CPUs, of which the target of the move is idle, and the entropy
  device. The value is the median of the moves, with the quartiles: QEMU's other threads may run
  during a move.
"""

MISSING = {
    "exits_per_parked_move of the peers": "virtio-pci parks every move until the next interrupt, "
                  "which is its exits_per_affinity_change",
    "iperf3": "net_pps is of the kernel's own generator",
    "KVM": "no vmx or svm in /proc/cpuinfo here, so no timings of KVM; its exits are counted on an "
           "emulated CPU",
}
# Figures that a run may leave out, and the kind of step that makes each
CONTEXT = (
    ("blk_iops", "rates"),
    ("net_rr", "rates"),
    ("net_pps", "rates"),
    ("cpu_spread", "rates"),
    ("scale: the same with 1, 2 and 8 CPUs", "scale"),
    ("where the instructions go", "profile"),
    ("text_bytes and insns_boot of Linux 7.3 with and without PCI", "twins"),
)


def unknown(rows):
    """Counted targets without figures. A run may leave out timed ones."""
    timed = tuple(name for name, _ in CONTEXT)
    return [target for target, _, met in verdicts(rows)
            if met is None and not target.startswith(timed)]


SUMMARY = (
    ("trapped accesses per interrupt", "exits_per_interrupt",
     {"queues": 4, "kind_of_exit": "all"}),
    ("trapped accesses per live affinity change", "exits_per_affinity_change",
     {"queue": "busy"}),
    ("changes in effect before the next interrupt", "moves_effective_at_once", {}),
    ("on KVM: exits to the VMM per 4 KiB read", "kvm_exits_per_read",
     {"queues": 4, "to": "VMM", "reason": "all"}),
    ("on KVM: exits to the VMM per move of a vector", "kvm_exits_per_affinity_change",
     {"queue": "quiet"}),
    ("guest+KVM+QEMU instructions per 4 KiB read", "path_insns_per_read", {}),
    ("guest+KVM+QEMU instructions per packet", "path_insns_per_packet", {}),
    ("guest+KVM+QEMU instructions per interrupt", "path_insns_per_interrupt", {"of": "all"}),
    ("guest+KVM+QEMU instructions per move", "path_insns_per_move", {}),
    ("trapped accesses to set up 4 queues' vectors", "exits_vector_setup", BLK_4),
    ("trapped accesses of a driver's probe, 4 queues", "exits_probe", BLK_4),
    ("instructions per interrupt, empty callback", "insns_per_interrupt",
     {"queues": 1, "scope": "dispatch", "stat": "median"}),
    ("instructions per interrupt, virtio-blk", "insns_per_interrupt",
     {"queues": 1, "scope": "full", "stat": "median"}),
    ("instructions per read of 4 KiB, 4 queues", "insns_per_io", MEDIAN_4),
    ("instructions per packet, 4 queues", "insns_per_packet", PACKET_4),
    ("lines of code in the guest, bus included", "code_lines", {"side": "guest"}),
    ("lines of code in the VMM, bus included", "code_lines", {"side": "vmm"}),
)


def total(rows, metric, transport, params):
    """A figure, or the sum over the parts of one."""
    parts = [row for row in (find(rows, metric, transport, **params, part=part)
                             for part in ("driver", "bus")) if row]
    if parts:
        return {**parts[0], "value": sum(row["value"] for row in parts)}
    return find(rows, metric, transport, **params)


def summary_rows(rows):
    """(label, text for each transport)"""
    for label, metric, params in SUMMARY:
        yield label, [figure(total(rows, metric, transport, params)) for transport in TRANSPORTS]


def summary(rows):
    """The table for the README."""
    lines = [HEADER.format(""), RULE]
    lines += [f"| {label} | {' | '.join(texts)} |" for label, texts in summary_rows(rows)]
    return "\n".join(lines) + "\n"


PICTURE = (
    ("Trapped accesses per interrupt", "exits_per_interrupt",
     {"queues": 4, "kind_of_exit": "all"}),
    ("Trapped accesses per change of a live vector's affinity", "exits_per_affinity_change",
     {"queue": "busy"}),
    ("Instructions of guest, KVM and QEMU per read of 4 KiB", "path_insns_per_read", {}),
    ("Instructions of guest, KVM, vhost and QEMU per packet", "path_insns_per_packet", {}),
    ("Instructions of guest, KVM and QEMU per move of a vector", "path_insns_per_move", {}),
    ("Instructions of the guest per read of 4 KiB, 4 queues", "insns_per_io", MEDIAN_4),
    ("Instructions of the guest per packet, 4 queues", "insns_per_packet", PACKET_4),
)


def svg(rows):
    """The picture for the README, of those figures of which there are all three"""
    panels = []
    for title, metric, params in PICTURE:
        found = [find(rows, metric, transport, **params) for transport in TRANSPORTS]
        if None not in found:
            panels.append((title, [(NAMES[row["transport"]], [row["value"]], number(row["value"]))
                                   for row in found]))
    return picture.svg("What an interrupt costs on each of the three transports", panels)


PARTS = """\
These are the parts of a read on KVM whose code depends on the transport, from a log of all
instructions. QEMU and the guest take turns on one CPU: the thread of QEMU that has written to the
eventfd runs on until it waits again, and then the guest wakes up. That is in all three figures."""
PARTS_WHY = """\
- Notification: KVM emulates the guest's store, and for that fetches the instruction through the
  guest's page tables. virtio-mmio and VIS store in the code of a module, which has small pages;
  virtio-pci stores in `iowrite16`, which is in the kernel's own text, and that has large pages. So
  the walk has one level less (`paging64_walk_addr_generic`, and the functions that find the table
  in the host's memory). The code of a driver that is built into the kernel would be in such pages.
- `ioeventfd_write`: virtio-mmio and VIS have one register for all queues, so KVM compares the value
  that is written. With virtio-pci each queue has an address, and any value will do. By its
  source, KVM of Linux 7.3 signals such an eventfd without emulation (`KVM_FAST_MMIO_BUS`), which
  would make MSI-X's notification cheaper. KVM of Linux 6.12 on the AMD CPU here does not.
- The end of the interrupt before is in the notification for VIS and MSI-X: KVM looks for it at the
  next exit (`kvm_lapic_sync_from_vapic`, `apic_set_eoi`). The line's has exits of its own, after
  the handler.
- Interrupt: VIS and MSI-X run the same code of KVM, Linux and QEMU. The line's eventfd wakes up
  QEMU's main loop, which asks KVM to raise the line; then the guest reads InterruptStatus and
  writes InterruptACK, both of which QEMU emulates."""

PROFILE = """\
These are the instructions of one read of 4 KiB on one queue, for each function that the CPU ran,
from QEMU's log. Inlined functions are part of their callers. The tables leave out functions in
which all three transports have the same number."""
DIFFERENCES = """\
- The line: virtio-mmio's handler reads InterruptStatus, writes InterruptACK and walks the queues.
  Its interrupt is level-triggered, so the EOI goes on to the I/O APIC. VIS and MSI-X go from the
  edge handler to the queue's callback.
- Acknowledgement: MSI-X goes through `irq_chip_ack_parent` to the local APIC's function. VIS calls
  that function directly; the function finds its data one level further down the hierarchy.
- Notification: virtio-mmio and VIS write a register at a fixed offset of the device. virtio-pci
  writes through `iowrite16` to an address that the queue has for itself.
- No code of VIS itself runs in the path of an interrupt or of a read."""


def functions(rows, metric, title, **params):
    """The lines of the functions that differ; none if there are no such rows."""
    found = {}
    for row in rows:
        if row["metric"] == metric and params.items() <= row["params"].items():
            found.setdefault(row["params"]["function"], {})[row["transport"]] = row["value"]
    if not found:
        return []
    lines = ["", HEADER.format(title + " "), RULE]
    for name, counts in found.items():
        cells = [counts.get(transport, 0) for transport in TRANSPORTS]
        if len(set(cells)) > 1:
            lines.append(f"| `{name}` | {' | '.join(map(number, cells))} |")
    sums = [sum(counts.get(transport, 0) for counts in found.values()) for transport in TRANSPORTS]
    return lines + [f"| all functions | {' | '.join(map(number, sums))} |"]


PATH_PARTS = (("notify", "one notification"), ("interrupt", "one interrupt"))


def owned(rows, part, owner):
    """The figures of the three transports"""
    return [find(rows, f"path_insns_per_{part}", transport, of=owner) for transport in TRANSPORTS]


def path(rows):
    """The tables of the parts of the path, and their functions"""
    lines = []
    for part, title in PATH_PARTS:
        if None in owned(rows, part, "all"):
            return []
        lines += ["", HEADER.format(title + " "), RULE]
        lines += [f"| {owner} | {' | '.join(number(row['value']) for row in found)} |"
                  for owner, found in ((owner, owned(rows, part, owner))
                                       for owner in (*OWNERS, "all"))]
    lines += functions(rows, "path_insns_by_function", "notification, KVM and host's Linux",
                       part="notify")
    return ["", "## Where the parts of the path are", "", PARTS, "",
            "![The parts of the path](path.svg)", *lines, "", PARTS_WHY]


def path_svg(rows):
    """The parts of the path as a picture"""
    panels = []
    for part, title in PATH_PARTS:
        by_transport = zip(*(owned(rows, part, owner) for owner in OWNERS))
        bars = [(NAMES[found[0]["transport"]], [row["value"] for row in found],
                 number(sum(row["value"] for row in found))) for found in by_transport]
        panels.append((f"Instructions of {title}, on KVM", bars))
    return picture.svg("Where the instructions of a notification and of an interrupt are", panels,
                       OWNERS)


def profile(rows):
    """The lines of the functions that differ, of each path."""
    lines = []
    for name in ("submission", "interrupt"):
        lines += functions(rows, "insns_by_function", name, path=name)
    if not lines:
        return []
    return ["", "## Where the instructions go", "", PROFILE, *lines, "", DIFFERENCES]


def msi(rows):
    """MSI by registers beside VIS"""
    lines = [f"| {metric} | {params} | {shown(cells[MSI])} | {shown(cells.get('vis'))} | {unit} |"
             for (metric, params, unit, _), cells in keys(rows).items() if MSI in cells]
    if not lines:
        return []
    return ["", "## MSI by registers, as Dragonball has it", "",
            f"| metric | parameters | {NAMES[MSI]} | VIS | unit |", "|---|---|---|---|---|", *lines]


def days(meta):
    """The first and the last day of the measurements"""
    found = sorted({meta["date"], *(text.split(",")[0] for name, text in meta.items()
                                    if name.startswith("of "))})
    return " to ".join(sorted({found[0], found[-1]}))


def machine(meta):
    """KVM or TCG"""
    return meta["machine"].rsplit(", ", 1)[-1]


def cover_letter(meta, rows):
    """The table for the cover letter of the patch series."""
    lines = [f"scripts/bench of {days(meta)}; counted, not timed.",
             f"Linux {meta['kernel']}, {meta['qemu']}, {machine(meta)}.",
             "Where it says \"on KVM\", the CPU that has KVM is emulated.", "",
             f"{'':<46}{'mmio':>7}{'pci':>8}{'VIS':>8}"]
    lines += [f"{label:<46}{texts[0]:>7}{texts[1]:>8}{texts[2]:>8}"
              for label, texts in summary_rows(rows)]
    return "\n".join(lines) + "\n"


def markdown(meta, rows):
    lines = ["<!-- SPDX-License-Identifier: GPL-2.0-only -->", "# Results", "",
             "`scripts/bench` made this page; no figure is typed by hand. Counted figures do not "
             "depend on the speed of the machine, but timed figures do.", ""]
    lines += [f"- {name}: {text}" for name, text in meta.items()]
    lines += ["", "## Targets", "", "| target | reached | met |", "|---|---|---|"]
    lines += [f"| {target} | {reached} | {'yes' if met else '-' if met is None else '**no**'} |"
              for target, reached, met in verdicts(rows)]
    why = missed()
    lines += [f"\nNot met: {target}. {why[target]}" for target, _, met in verdicts(rows)
              if met is False and target in why]
    lines += ["", "## Figures", "", METHOD,
              "| metric | parameters | virtio-mmio | virtio-pci, MSI-X | VIS | floor | unit |",
              "|---|---|---|---|---|---|---|"]
    plain = [row for row in rows if not row["metric"].endswith("insns_by_function")]
    for (metric, params, unit, kind), cells in keys(plain).items():
        if set(cells) == {MSI}:
            continue
        label = f"{metric} (context)" if kind == "timed" else metric
        values = " | ".join(shown(cells.get(transport))
                            for transport in (*TRANSPORTS, "floor"))
        lines.append(f"| {label} | {params} | {values} | {unit} |")
    lines += msi(plain)
    lines += path(rows)
    lines += profile(rows)
    missing = {**MISSING, **{name: "left out of this run" for name, step in CONTEXT
                             if step not in steps(rows)}}
    if machine(meta) == "KVM":
        del missing["KVM"]
    lines += ["", "## Not measured", ""]
    lines += [f"- {name}: {reason}" for name, reason in missing.items()]
    return "\n".join(lines) + "\n"


def dump(document):
    """A row a line, so that a change shows which figures it has changed."""
    meta = json.dumps(document["meta"], indent=1)
    rows = ",\n".join(map(json.dumps, document["rows"]))
    return f'{{"meta": {meta},\n"rows": [\n{rows}\n]}}\n'


def files(document):
    """{file name: text} of a run: bench.json, and everything that is made from it."""
    meta, rows = document["meta"], document["rows"]
    found = {"bench.json": dump(document), "bench.md": markdown(meta, rows),
             "cover-letter.txt": cover_letter(meta, rows), "picture.svg": svg(rows)}
    if path(rows):
        found["path.svg"] = path_svg(rows)
    return found
