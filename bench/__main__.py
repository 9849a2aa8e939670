# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/bench."""

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from vmlib import __main__ as vm, prepare
from vmlib.arguments import Parser
from vmlib.boards import has_kvm

from . import density, guests, kvm, parts, report, size, targets

FULL = {"interrupts": 100000, "moves": 40, "count": 500, "rate": 1000, "rounds": 7, "boots": 3}
SMALL = {"interrupts": 2000, "moves": 6, "count": 100, "rate": 100, "rounds": 1, "boots": 1}
SCALE = (1, 2, 8)
COMMAND = "scripts/bench"
RESULTS = "Documentation/results"
# Another file in that directory, which scripts/suites/foreign makes
FOREIGN = "foreign.md"
KINDS = ("exits", "kvm", "path", "parts", "moves", "insns", "profile", "boot", "size", "density",
         "twins", "rates", "scale")
# These take as long as all others together, so they run only by name.
BY_NAME = ("path", "parts", "moves")
CHECKED = ("exits", "kvm", "insns", "density")


def parse():
    parser = Parser("bench")
    parser.add_argument("--revision")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--only", default="")
    for name in ("check", "publish", "verify"):
        modes.add_argument(f"--{name}", action="store_true")
    own = parser.parse_args()
    if not set(own.only.split(",")) <= {*KINDS, ""}:
        parser.error(f"--only {own.only}: must be some of {','.join(KINDS)}")
    return own


class Steps:
    """The steps of a run, with the seconds that each takes on 2 cores."""

    def __init__(self, own, options):
        self.own = own
        self.options = options
        self.counts = SMALL if own.check else FULL

    def exits(self):
        seconds = 15 if self.own.check else 75
        for transport in (*guests.TRANSPORTS, guests.MSI):
            wanted = guests.exits_scenario(transport, self.counts["interrupts"],
                                           self.counts["moves"])
            yield f"exits-{transport}", seconds, self.guest(transport, wanted)

    def kvm(self):
        """In a machine that has KVM"""
        for transport in ("pci", "vis") if self.own.check else (*guests.TRANSPORTS, guests.MSI):
            yield (f"kvm-{transport}", 120 if self.own.check else 240,
                   self.nested("exits", transport))

    def path(self):
        """Interleaved, as the instructions of a path differ from boot to boot"""
        for number in range(self.counts["boots"]):
            for transport in guests.TRANSPORTS:
                yield (f"path-{transport}-{number + 1}", 240,
                       self.nested("instructions", transport))

    def parts(self):
        """Once, as all reads of a guest are the same"""
        for transport in guests.TRANSPORTS:
            yield (f"parts-{transport}", 150, lambda name, transport=transport:
                   parts.rows(self.own, self.options, transport))

    def moves(self):
        """Once, as each guest makes many"""
        for transport in guests.TRANSPORTS:
            yield f"moves-{transport}", 150, self.nested("moves", transport)

    def insns(self):
        seconds = 20 if self.own.check else 60
        for queues in (1,) if self.own.check else (1, guests.CPUS):
            for transport in guests.TRANSPORTS:
                wanted = guests.insns_scenario(transport, queues, self.counts["count"])
                yield f"insns-{transport}-{queues}", seconds, self.guest(transport, wanted)

    def profile(self):
        for transport in guests.TRANSPORTS:
            yield (f"profile-{transport}", 20,
                   self.guest(transport, guests.profile_scenario(transport)))

    def boot(self):
        for transport in guests.TRANSPORTS:
            yield f"boot-{transport}", 12, self.guest(transport, guests.boot_scenario(transport))

    def twins(self):
        """Linux 7.3 without PCI, whose devices are on VIS, and with PCI."""
        twins = {"vis": "nopci", "pci": "pci"}
        yield "twins", 1, lambda name: size.twins({
            transport: prepare.made_by(self.options.root, "build-kernel", kernel)
            for transport, kernel in twins.items()})
        for transport, kernel in twins.items():
            yield (f"twin-{transport}", 8,
                   self.guest(transport, guests.boot_scenario(transport, kernel)))

    def rates(self):
        """Each round has every transport, so that other load on the machine affects all of them."""
        for number in range(self.counts["rounds"]):
            for transport in guests.TRANSPORTS:
                yield f"rates-{transport}-{number + 1}", 18, self.timed(transport, 2)

    def scale(self):
        for number in range(self.counts["rounds"]):
            for cpus in SCALE:
                for transport in guests.TRANSPORTS:
                    yield (f"scale-{transport}-{cpus}-{number + 1}", 7 + cpus // 2,
                           self.timed(transport, 1, cpus, {"cpus": cpus}))

    def timed(self, transport, seconds, cpus=guests.CPUS, params=None):
        """params go to each row."""
        return self.guest(transport, guests.rates_scenario(
            transport, self.counts["rate"], seconds, cpus), params)

    def size(self):
        yield "size", 1, lambda name: size.rows(
            guests.prepared(self.options), prepare.made_by(self.options.root, "fetch", "source"),
            prepare.made_by(self.options.root, "fetch", "qemu-source"))

    def density(self):
        """Each round has every transport, as in rates."""
        for number in range(self.counts["rounds"]):
            for transport in guests.TRANSPORTS:
                yield (f"density-{transport}-{number + 1}", 15,
                       lambda name, transport=transport, first=number == 0:
                       density.rows(self.options, name, transport, first))

    def guest(self, transport, wanted, params=None):
        return lambda name: guests.run(self.options, name, transport, wanted, params)

    def nested(self, measured, transport):
        return lambda name: kvm.in_nested(self.own, self.options, measured, transport)

    def all(self):
        wanted = self.own.only.split(",") if self.own.only else \
            CHECKED if self.own.check else [kind for kind in KINDS if kind not in BY_NAME]
        return [(kind, *step) for kind in KINDS if kind in wanted
                for step in getattr(self, kind)()]


def cpu_model():
    match = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text("utf-8"), re.M)
    return match.group(1) if match else platform.processor()


def metadata(own, options):
    options = guests.prepared(options)
    version = subprocess.run([options.qemu, "--version"], check=True, capture_output=True,
                             text=True).stdout.splitlines()[0]
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "revision": own.revision,
        "machine": f"{cpu_model()}, {os.cpu_count()} CPUs, {'KVM' if has_kvm() else 'TCG'}",
        "qemu": version,
        "kernel": next(options.kernel.glob("boot/vmlinuz-*")).name.removeprefix("vmlinuz-"),
        "command": COMMAND + (f" --only {own.only}" if own.only else ""),
    }


def merge_rounds(rows):
    """Merges the rounds of each figure that is not counted: the median, and the spread."""
    merged = {}
    for row in rows:
        key = (row["metric"], row["transport"], str(row["params"]))
        merged.setdefault(key, []).append(row)
    result = []
    for group in merged.values():
        if group[0]["kind"] != "counted":
            result.append({**group[0], "value": statistics.median(row["value"] for row in group),
                           "low": min(row["low"] for row in group),
                           "high": max(row["high"] for row in group)})
        else:
            result += group
    return result


def page(own):
    """The page of the results, whose words are written by hand"""
    return (own.root / RESULTS / "bench.md").read_text("utf-8")


def save(own, directory, document):
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in report.files(document, page(own)).items():
        (directory / name).write_text(text, "utf-8")


def run(own, options, directory):
    """Runs the steps, and writes the results after each. Returns the rows."""
    steps = Steps(own, options)
    meta = {**metadata(own, options), "rounds": steps.counts["rounds"]}
    rows, wanted = [], steps.all()
    left = sum(seconds for _, _, seconds, _ in wanted)
    for number, (kind, name, seconds, step) in enumerate(wanted, 1):
        print(f"bench: {number}/{len(wanted)} {name}, {left // 60 + 1} minutes left",
              file=sys.stderr, flush=True)
        rows += [{"step": kind, **row} for row in step(name)]
        left -= seconds
        rest = " ".join(sorted({later[0] for later in wanted[number:]}))
        save(own, directory, {"meta": {**meta, **({"unfinished": rest} if rest else {})},
                              "rows": merge_rounds(rows)})
    return rows


def merged(published, document):
    """The results of the last run, and those that are published of the steps that it has not
    finished; rows of other steps may have the same metric. The page describes the last whole run,
    and says when other steps ran."""
    unfinished = document["meta"].pop("unfinished", "").split()
    rows = [row for row in document["rows"] if row["step"] not in unfinished]
    kinds = report.steps(rows)
    if not kinds:
        sys.exit("bench: error: the last run has finished no step: run scripts/bench again")
    kept = [row for row in published["rows"] if row["step"] not in kinds]
    head, other = document["meta"], published["meta"]
    if head["command"] != COMMAND:
        head, other = other, head
    made = f"{other['date']}, revision {other['revision']}"
    marks = {mark: other.get(mark, made) for mark in (f"of {kind}" for kind in sorted(
        kinds if head is published["meta"] else report.steps(kept)))}
    return {"meta": {**head, **marks},
            "rows": sorted(kept + rows, key=lambda row: KINDS.index(row["step"]))}


def publish(own):
    """Publishes the results of the last run, and their summary in the README."""
    last = own.root / "build/bench/bench.json"
    if not last.exists():
        sys.exit("bench: error: build/bench/bench.json does not exist: run scripts/bench first")
    target = own.root / RESULTS
    document = merged(json.loads((target / "bench.json").read_text("utf-8")),
                      json.loads(last.read_text("utf-8")))
    unknown = report.unknown(document["rows"])
    if unknown:
        sys.exit("bench: error: no run has measured: " + "; ".join(unknown))
    save(own, target, document)
    readme = own.root / "README.md"
    readme.write_text(report.filled(readme.read_text("utf-8"),
                                    results=report.summary(document["rows"])), "utf-8")


def verify(own):
    """Checks that all published results, and the README's table, come from the published rows, and
    that these meet the targets, except those that are known to be missed."""
    target = own.root / RESULTS
    document = json.loads((target / "bench.json").read_text("utf-8"))
    readme = (own.root / "README.md").read_text("utf-8")
    files = {**report.files(document, page(own)),
             "README.md": report.filled(readme, results=report.summary(document["rows"]))}
    found = {"README.md": readme, **{path.name: path.read_text("utf-8")
                                     for path in target.iterdir() if path.name != FOREIGN}}
    different = [name for name in sorted({*files, *found}) if files.get(name) != found.get(name)]
    problems = [f"{name} differs from {RESULTS}/bench.json" for name in different]
    problems += targets.surprises(document["rows"])
    print("\n".join(problems))
    return 1 if problems else 0


def main():
    own = parse()
    if own.publish:
        publish(own)
        return 0
    if own.verify:
        vm.end_with_reader()
        return verify(own)
    options = vm.parse(["--root", str(own.root), "--script", str(own.root / kvm.SCRIPT),
                        "--only", ""])
    directory = own.root / "build" / ("bench.check" if own.check else "bench")
    try:
        rows = run(own, options, directory)
    except KeyboardInterrupt:
        print(f"bench: interrupted; the results so far are in {directory}", file=sys.stderr)
        return 130
    except guests.BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    if own.check:
        problems = targets.worse(rows)
        print("\n".join(problems) or
              f"{len(targets.checked())} figures are no worse than expected")
        return 1 if problems else 0
    print(directory / "bench.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
