# SPDX-License-Identifier: GPL-2.0-only
"""The tables and the verdicts, made only from the rows. They stand between marks in pages that
have the words."""

import json
import re
import sys

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
    """The kinds of steps that made the rows"""
    return {row["step"] for row in rows}


def keys(rows):
    """Metrics with their parameters, in the order in which they first appear."""
    found = {}
    for row in rows:
        found.setdefault((row["metric"], words(row["params"]), row["unit"], row["kind"]), {})[
            row["transport"]] = row
    return found


NO_KVM = ("- KVM: no vmx or svm in /proc/cpuinfo here, so no timings of KVM; its exits are counted "
          "on an emulated CPU")
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
    ("guest+KVM+QEMU million instructions of a boot", "path_insns_of_boot", {}),
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
    return [HEADER.format(""), RULE,
            *(f"| {label} | {' | '.join(texts)} |" for label, texts in summary_rows(rows))]


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
    """The picture for the README, of the figures that exist for all three transports"""
    panels = []
    for title, metric, params in PICTURE:
        found = [find(rows, metric, transport, **params) for transport in TRANSPORTS]
        if None not in found:
            panels.append((title, [(NAMES[row["transport"]], [row["value"]], number(row["value"]))
                                   for row in found]))
    return picture.svg("What an interrupt costs on each of the three transports", panels)


def functions(rows, metric, title, **params):
    """The lines of the functions that differ; none if there are no such rows."""
    found = {}
    for row in rows:
        if row["metric"] == metric and params.items() <= row["params"].items():
            found.setdefault(row["params"]["function"], {})[row["transport"]] = row["value"]
    if not found:
        return []
    lines = [HEADER.format(title + " "), RULE]
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
    lines = ["![The parts of the path](path.svg)", ""]
    for part, title in PATH_PARTS:
        if None in owned(rows, part, "all"):
            return []
        lines += [HEADER.format(title + " "), RULE]
        lines += [f"| {owner} | {' | '.join(number(row['value']) for row in found)} |"
                  for owner, found in ((owner, owned(rows, part, owner))
                                       for owner in (*OWNERS, "all"))]
        lines.append("")
    return lines + functions(rows, "path_insns_by_function", "notification, KVM and host's Linux",
                             part="notify")


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
    return functions(rows, "insns_by_function", "submission", path="submission") + \
        ["", *functions(rows, "insns_by_function", "interrupt", path="interrupt")]


def msi(rows):
    """The table that compares MSI registers with VIS"""
    return [f"| metric | parameters | {NAMES[MSI]} | VIS | unit |", "|---|---|---|---|---|",
            *(f"| {metric} | {params} | {shown(cells[MSI])} | {shown(cells.get('vis'))} | {unit} |"
              for (metric, params, unit, _), cells in keys(rows).items() if MSI in cells)]


def days(meta):
    """The first and the last day of the measurements"""
    found = sorted({meta["date"], *(text.split(",")[0] for name, text in meta.items()
                                    if name.startswith("of "))})
    return " to ".join(sorted({found[0], found[-1]}))


def machine(meta):
    """The accelerator, KVM or TCG"""
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


def target_lines(rows):
    why = missed()
    return ["| target | reached | met |", "|---|---|---|",
            *(f"| {target} | {reached} | {'yes' if met else '**no**'} |"
              for target, reached, met in verdicts(rows) if met is not None),
            *(f"\nNot met: {target}. {why[target]}" for target, _, met in verdicts(rows)
              if met is False and target in why)]


def figure_lines(rows):
    lines = ["| metric | parameters | virtio-mmio | virtio-pci, MSI-X | VIS | floor | unit |",
             "|---|---|---|---|---|---|---|"]
    for (metric, params, unit, kind), cells in keys(rows).items():
        if set(cells) == {MSI}:
            continue
        label = f"{metric} (context)" if kind == "timed" else metric
        values = " | ".join(shown(cells.get(transport))
                            for transport in (*TRANSPORTS, "floor"))
        lines.append(f"| {label} | {params} | {values} | {unit} |")
    return lines


def filled(page, **tables):
    """The page with these lines between the marks of their names"""
    for name, lines in tables.items():
        text = "".join(f"{line}\n" for line in lines)
        page, count = re.subn(rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)",
                              lambda mark, text=text: mark[1] + text + mark[2], page, flags=re.S)
        if count != 1:
            sys.exit(f"bench: error: a page has {count} places for {name}")
    return page


def markdown(meta, rows, page):
    plain = [row for row in rows if not row["metric"].endswith("insns_by_function")]
    missing = [] if machine(meta) == "KVM" else [NO_KVM]
    return filled(page, run=[f"- {name}: {text}" for name, text in meta.items()],
                  targets=target_lines(rows), figures=figure_lines(plain), msi=msi(plain),
                  path=path(rows), profile=profile(rows),
                  missing=missing + [f"- {name}: left out of this run" for name, step in CONTEXT
                                     if step not in steps(rows)])


def dump(document):
    """One row per line, so that a diff shows which figures changed."""
    meta = json.dumps(document["meta"], indent=1)
    rows = ",\n".join(map(json.dumps, document["rows"]))
    return f'{{"meta": {meta},\n"rows": [\n{rows}\n]}}\n'


def files(document, page):
    """{file name: text} of a run: bench.json, and everything that is made from it. The page has
    places for the tables."""
    meta, rows = document["meta"], document["rows"]
    found = {"bench.json": dump(document), "bench.md": markdown(meta, rows, page),
             "cover-letter.txt": cover_letter(meta, rows), "picture.svg": svg(rows)}
    if path(rows):
        found["path.svg"] = path_svg(rows)
    return found
