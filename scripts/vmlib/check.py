# SPDX-License-Identifier: GPL-2.0-only
"""Runs test suites, and judges and keeps their results; see scripts/check --help."""

import contextlib
import hashlib
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import __main__ as vm, prepare, tests
from .arguments import Parser
from .suites import PACKAGING, SUITES
from .tap import Reader, Tap, judge

# No suite may take longer; a suite that hangs has failed.
LIMIT = 2400
# A suite that starts within the budget may exceed the budget by this much.
GRACE = 1200
# Processes have this long to end after SIGTERM.
END_TIMEOUT = 10
# Number of suites of the default tier that run at a time: guests often wait. Other suites
# run alone, because some of them measure time or keep all CPUs busy.
JOBS = 2
GREEN, RED, PLAIN, ERASE = "\033[32m", "\033[31m", "\033[m", "\r\033[K"
# All suites depend on these besides their own inputs, except for the files that only report results
# and those that few suites use, which name them.
COMMON = ("scripts/*", "scripts/lib/*", "scripts/vmlib/*")
# Only kernels that have the patch series have the drivers' KUnit tests.
DRIVERS = ("compat", "drivers")
KUNIT = ("-test.c", "-test.h")
NOT_COMMON = {"scripts/check", "scripts/README", "scripts/vmlib/check.py",
              "scripts/vmlib/suites.py", *PACKAGING.split()}


def duration(seconds):
    return f"{(seconds + 59) // 60} minutes" if seconds >= 90 else f"{seconds} s"


def write_whole(path, text):
    """A concurrent reader, in another thread or run, finds either the old text or the new."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, "utf-8")
    temporary.rename(path)


class Console:
    """The output for people. On a terminal, the last line shows the progress."""

    def __init__(self):
        self.live = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self.colour = self.live and not os.environ.get("NO_COLOR")
        self.lock = threading.Lock()

    def print(self, text, file=sys.stdout):
        colour = {"ok ": GREEN, "not": RED}.get(text[:3]) if self.colour else None
        with self.lock:
            print(f"{ERASE if self.live else ''}{colour or ''}{text}{PLAIN if colour else ''}",
                  file=file, flush=True)

    def say(self, text):
        self.print(f"check: {text}", sys.stderr)

    def status(self, text):
        if self.live:
            with self.lock:
                print(f"{ERASE}{text}", end="", flush=True)


def end_session(leader):
    """Ends all that a suite has left running, so that nothing keeps a lock."""
    deadline = time.monotonic() + END_TIMEOUT
    while True:
        left = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/stat")
                if session_of(path) == leader]
        if not left:
            return
        late = time.monotonic() > deadline
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(0.05)


def session_of(stat):
    """The session of a process; None if it has ended"""
    with contextlib.suppress(OSError):
        fields = stat.read_text("utf-8", "replace").rpartition(")")[2].split()
        return int(fields[3]) if fields[0] != "Z" else None
    return None


class Stopped(Exception):
    """The check was interrupted while a suite ran."""


class Check:
    """One run of scripts/check. Several threads run its suites."""

    def __init__(self, root, cache, options):
        self.root = root
        self.cache = cache
        self.options = options
        self.build = root / "build"
        self.console = Console()
        self.begin = time.monotonic()
        self.digests = {}
        self.counts = Counter()
        self.found = set()
        self.logs = {}
        self.lock = threading.Lock()
        self.waiting = set()
        self.running = {}
        self.stopping = False
        for directory in (self.build / "tap", self.build / "log", cache / "cost",
                          cache / "suites"):
            directory.mkdir(parents=True, exist_ok=True)

    # The inputs of a suite

    def digest(self, path, without=()):
        """The names and hashes of a file, or of all files of a directory except some."""
        if (path, without) not in self.digests:
            files = sorted(path.rglob("*")) if path.is_dir() else [path]
            lines = [f"{file.relative_to(self.root)} "
                     f"{hashlib.sha256(file.read_bytes()).hexdigest()}"
                     for file in files if file.is_file() and file.parent.name != "__pycache__"
                     and not file.name.endswith(without)]
            self.digests[path, without] = "\n".join(lines)
        return self.digests[path, without]

    def newest(self, name):
        found = self.cache.glob(f"{name}/[!.]*")
        version = [path for path in found if path.is_dir() and ".tmp." not in path.name]
        return max(version, key=lambda path: natural(path.name), default="")

    def inputs(self, name):
        """All that the results of a suite depend on, as text."""
        suite = SUITES[name]
        words = prepare.inputs(self.root, vm.parse(shlex.split(suite.vm))) if suite.vm else \
            suite.inputs.split()
        yield f"{suite.vm}{suite.qtest} {os.environ.get('VIS_STRESS')} {os.environ.get('VIS_SEED')}"
        for path in sorted(path for pattern in COMMON for path in self.root.glob(pattern)):
            if path.is_file() and str(path.relative_to(self.root)) not in NOT_COMMON:
                yield self.digest(path)
        if not suite.vm + suite.qtest:
            yield self.digest(self.root / "scripts/suites" / name)
        if not words:
            yield self.sources
        for word in words:
            if word.startswith("@"):
                yield f"{word} {self.newest(word[1:])}"
            elif (self.root / word).exists():
                without = KUNIT if word in DRIVERS and "series" not in words else ()
                yield self.digest(self.root / word, without)
            else:
                sys.exit(f"check: error: the suite {name} names an input {word}, "
                         "which does not exist")

    def passed_file(self, name):
        """The file that keeps the results of a suite once it has passed on these inputs."""
        text = "\n".join(self.inputs(name))
        key = hashlib.sha256(text.encode()).hexdigest()[:24]
        return self.cache / "suites" / f"{name}.{key}.tap"

    def has_passed(self, name, only=""):
        return not (self.options.fresh or only) and self.passed[name].exists()

    # The choice of suites

    def cost(self, name):
        with contextlib.suppress(FileNotFoundError):
            return int((self.cache / "cost" / name).read_text("ascii"))
        return SUITES[name].cost

    def list(self):
        vm.end_with_reader()
        for name, suite in SUITES.items():
            known = "" if (self.cache / "cost" / name).exists() else "?"
            print(f"{name:<30} {suite.tier:<8} {self.cost(name):>6} s{known:<1}  {suite.about}")

    def tier(self, tier):
        """Suites whose inputs changed come first, then the cheapest, so that more of them fit into
        a budget. All of the default tier run, several at a time: the longest ones start first."""
        sign = -1 if tier == "default" else 1
        return sorted((name for name, suite in SUITES.items() if suite.tier == tier),
                      key=lambda name: (self.has_passed(name), sign * self.cost(name)))

    def suites_of(self, test):
        """The suites that have a test of that name, or tests whose names begin with it."""
        programs = {name: suite.tests or name for name, suite in SUITES.items() if not suite.vm}
        begin = max((words for words in programs.values() if f"{test}.".startswith(words + ".")),
                    key=len, default=None)
        return [name for name, suite in SUITES.items() if programs.get(name, "") == begin or
                suite.vm and tests.selected(vm.tests_of_suite(self.root, name, suite.vm), test)]

    def find_wanted(self):
        """(suite, test), test being empty for all of a suite"""
        only = os.environ.get("VIS_ONLY", "")
        if not self.options.names:
            names = self.tier("default") + (self.tier("all") if self.options.all else [])
            return [(name, only) for name in names]
        found = []
        for word in self.options.names:
            suites = [(word, only)] if word in SUITES else \
                [(name, word) for name in self.suites_of(word)]
            if not suites:
                sys.exit(f"check: error: no suite and no test {word}, see scripts/check --list "
                         "and scripts/vm --list")
            found += suites
        return list(dict.fromkeys(found))

    # One suite

    def write(self, name, notes=()):
        """A Tap whose stream becomes the results of a suite once it is closed."""
        return TapFile(self.build / "tap" / f"{name}.tap", [f"HEAD: {self.revision}", *notes])

    def limit(self, name):
        """Seconds, more for a suite that is known to take long"""
        rest = most = max(LIMIT, 2 * SUITES[name].cost)
        if self.options.budget:
            rest = self.options.budget * 60 + GRACE - (time.monotonic() - self.begin)
        return int(min(most, max(60, rest)))

    def start(self, name, only):
        suite = SUITES[name]
        program = [self.root / "scripts/suites" / name]
        if suite.vm:
            program = [self.root / "scripts/vm", "--suite", name, *shlex.split(suite.vm)]
        elif suite.qtest:
            program = [sys.executable, "-m", "vmlib.qtest", "wanted", self.root, suite.qtest,
                       name]
        # If this program is killed, timeout ends the suite.
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "timeout", "-k", str(END_TIMEOUT),
             str(self.limit(name)), *program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True, cwd=self.root, text=True,
            errors="replace",
            env={**os.environ, "VIS_ONLY": only})

    def follow(self, stream, path, show):
        with path.open("w", encoding="utf-8") as log:
            for line in stream:
                log.write(line)
                log.flush()
                show(line.rstrip("\n"))

    def show_message(self, line):
        if re.match("[a-z-]+: ", line):
            self.console.print(line, sys.stderr)

    def show_progress(self):
        now = time.monotonic()
        spent = {name: int(now - begin) for name, begin in list(self.running.items())}
        words = [f"{name}: {seconds} s of about {duration(self.cost(name))}"
                 for name, seconds in spent.items()]
        self.console.status(", ".join([*words, f"{duration(self.left())} left in all"]))

    def run(self, name, only):
        """Returns the exit status."""
        log = self.build / "log"
        process = self.start(name, only)
        threads = [threading.Thread(target=self.follow, daemon=True, args=arguments)
                   for arguments in (
                       (process.stdout, log / f"{name}.out", self.console.print),
                       (process.stderr, log / f"{name}.log", self.show_message))]
        try:
            for thread in threads:
                thread.start()
            while not self.stopping:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(1)
                    return process.returncode
                self.show_progress()
            raise Stopped
        finally:
            end_session(process.pid)
            process.wait()
            for thread in threads:
                thread.join()
            self.console.status("")

    def empty(self, name, only):
        """The error if a suite has no results. Several suites may have been chosen by the name
        of a test; the last one must have it if no other has."""
        if not only:
            return "it has no results"
        suites = [suite for suite, test in self.wanted if test == only]
        if name != suites[-1] or only in self.found:
            return None
        return f"no test {only} in {', '.join(suites)}"

    def run_suite(self, name, only):
        """Returns its results."""
        begin, out = time.monotonic(), self.build / "log" / f"{name}.out"
        self.running[name] = begin
        status = self.run(name, only)
        seconds = int(time.monotonic() - begin)
        del self.running[name]
        with self.write(name) as tap, out.open(encoding="utf-8") as lines:
            if status == 124:
                tap.note(f"stopped: it ran for {seconds} s")
            why = judge(lines, status, name, tap, self.empty(name, only))
        for line in why:
            self.console.print(f"not ok {line}")
        failed = [test for test, passed in tap.results.items() if not passed]
        if not only and not any(test.endswith(".complete") for test in failed):
            write_whole(self.cache / "cost" / name, f"{seconds}\n")
        if failed:
            self.logs[name] = f"{name} failed: {out}, and {out.with_suffix('.log')}"
            self.console.say(self.logs[name])
        if not only:
            self.keep(name, tap, failed)
        return tap

    def keep(self, name, tap, failed):
        """A failure undoes an earlier success on the same inputs. The name of the file is computed
        again, because the suite may have fetched some of its inputs."""
        if failed or tap.incomplete:
            self.passed[name].unlink(missing_ok=True)
        elif self.sources == prepare.call(self.root, "sources_hash"):
            text = tap.path.read_text("utf-8").replace("HEAD: ", "passed at: ", 1)
            write_whole(self.passed_file(name), text)

    def report_passed(self, name, place):
        """Reports kept results, and says that they are from the cache."""
        lines = self.passed[name].read_text("utf-8").splitlines()
        where = lines[1].rpartition(": ")[2]
        self.console.print(f"{place} {name}: from the cache, it passed on the same inputs at "
                           f"{where}")
        with self.write(name, [f"from the cache, passed on the same inputs at {where}"]) as tap:
            for event in map(Reader().line, lines[2:]):
                tap.take(event)
        return tap

    def skip(self, name, cost):
        self.console.print(f"{name}: skipped, its {duration(cost)} do not fit into the rest of "
                           f"{self.options.budget} minutes")
        with self.write(name) as tap:
            tap.result(True, name, f"# SKIP budget: {cost} s")
        return tap

    def fits(self, name):
        spent = time.monotonic() - self.begin
        return not self.options.budget or SUITES[name].tier == "default" or \
            spent + self.cost(name) <= self.options.budget * 60

    # All of them

    def left(self):
        """Seconds until all suites have run, estimated from their costs"""
        begun = {name: time.monotonic() - begin for name, begin in list(self.running.items())}
        rest = {name: max(0, self.cost(name) - begun.get(name, 0)) for name in self.waiting}
        shared = [seconds for name, seconds in rest.items() if SUITES[name].tier == "default"]
        return int(sum(rest.values()) - sum(shared) + max([sum(shared) / JOBS, *shared]))

    def take(self, number):
        """One of the wanted suites: from the cache, run, or skipped"""
        name, only = self.wanted[number]
        place = f"[{number + 1}/{len(self.wanted)}]"
        cost = self.cost(name)
        if self.stopping:
            raise Stopped
        kept = self.has_passed(name, only)
        if kept:
            tap = self.report_passed(name, place)
        elif not self.fits(name):
            tap = self.skip(name, cost)
        else:
            self.console.print(f"{place} {name}: about {duration(cost)}, {duration(self.left())} "
                               "left in all")
            tap = self.run_suite(name, only)
        with self.lock:
            self.waiting.discard(name)
            self.counts.update(tap.kinds)
            if kept:
                self.counts.update(suites=1, kept=tap.kinds["passed"])
            if tap.results:
                self.found.add(only)

    def run_wanted(self):
        """Whole suites of the default tier come first, so that no two threads ever have the same
        suite."""
        shared = [number for number, (name, only) in enumerate(self.wanted)
                  if SUITES[name].tier == "default" and not only]
        pool = ThreadPoolExecutor(JOBS)
        try:
            for _ in pool.map(self.take, shared):
                pass
            for number in range(len(self.wanted)):
                if number not in shared:
                    self.take(number)
        finally:
            self.stopping = True
            pool.shutdown(cancel_futures=True)

    def run_all(self):
        """Returns whether all passed."""
        self.revision = prepare.call(self.root, "revision")
        self.sources = prepare.call(self.root, "sources_hash")
        self.passed = {name: self.passed_file(name) for name in SUITES}
        self.wanted = self.find_wanted()
        self.waiting = {name for name, test in self.wanted if not self.has_passed(name, test)}
        self.console.say(f"sources {self.revision}")
        self.run_wanted()
        self.merge()
        return self.summary()

    def merge(self):
        """The results of every suite that ran on these sources."""
        head = f"HEAD: {self.revision}"
        with TapFile(self.build / "check.tap", [head]) as merged:
            for path in sorted((self.build / "tap").glob("*.tap")):
                lines = path.read_text("utf-8").splitlines()
                if f"# {head}" in lines:
                    merged.note(f"suite: {path.stem}")
                    for event in map(Reader().line, lines[2:]):
                        merged.take(event)

    def summary(self):
        """The last lines, which repeat where the logs of the failures are, and the verdict"""
        counts = self.counts
        if counts["suites"]:
            print(f"{counts['kept']} of the results, of {counts['suites']} suites, are from the "
                  "cache")
        for line in self.logs.values():
            print(line)
        print(", ".join(f"{counts[kind]} {kind}" for kind in ("passed", "failed", "skipped")))
        return not counts["failed"] and counts["passed"] > 0


class TapFile(Tap):
    """A stream that appears as a file when it is whole."""

    def __init__(self, path, notes):
        self.path = path
        self.incomplete = False
        self.kinds = Counter()
        super().__init__(path.with_suffix(".tmp").open("w", encoding="utf-8"))
        for text in notes:
            self.note(text)

    def result(self, passed, name, rest=""):
        self.incomplete |= rest.startswith("# SKIP budget:")
        self.kinds["failed" if not passed else
                   "skipped" if rest.startswith("# SKIP") else "passed"] += 1
        super().result(passed, name, rest)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if not failure[0]:
            self.finish()
            self.out.close()
            Path(self.out.name).rename(self.path)


def natural(text):
    """Versions in the order of their numbers"""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", text)]


def interrupted(*_):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def parse():
    parser = Parser("check")
    parser.add_argument("--cache", type=Path)
    for name in ("list", "all", "fresh"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--budget", type=int, metavar="MINUTES")
    parser.add_argument("names", nargs="*")
    return parser.parse_args()


def main():
    options = parse()
    check = Check(options.root, options.cache, options)
    if options.list:
        check.list()
        return 0
    try:
        with vm.lock(check.build / "check.lock", "check"):
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, interrupted)
            return 0 if check.run_all() else 1
    except KeyboardInterrupt:
        check.console.say("interrupted; suites that passed will not run again")
        return 130
    except tests.StatementError as error:
        sys.exit(f"check: error: {error}")


if __name__ == "__main__":
    sys.exit(main())
