# SPDX-License-Identifier: GPL-2.0-only
"""The VM runner's command line; see scripts/vm --help."""

import contextlib
import fcntl
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from . import hostside, initramfs, kvm, prepare, terminal, tests, verdict
from .arguments import Parser, existing, kernel, positive
from .boards import BOARDS, tsc_khz
from .machine import Machine, MachineError
from .scenarios import DISK_BYTES, GROUPS, SCENARIOS, SUPPORT_SCRIPTS
from .services import Services
from .tap import Quiet, Story, Tap

STOCK_GUEST_MODULES = ("virtio_blk", "virtio_net", "virtio_rng", "virtio_console")
LOG_TIMEOUT = 20
VDPA_TIMEOUT = 20
POLL = 0.2
# A boot that fails because of the rig says nothing about the code under test.
STARTS = 3
STARVED = "the host was too busy while the guest measured its timer"
SHARE_BYTES = 1 << 20
SWAP_BYTES = 512 << 20
LOOPBACK = "127.0.0.1"


class Guest:
    """One boot of a scenario, from the disk images to the verdict."""

    program = "vm"
    services = Services
    scenarios = SCENARIOS
    guest_scripts = "selftests/vis"
    memory = "512"

    def __init__(self, options, name, tap):
        self.options = options
        self.name = name
        self.scenario = self.scenarios[name]
        self.board = BOARDS[options.board]
        self.outer = tap
        self.tap = Quiet() if self.scenario.report else tap
        self.rundir = options.root / "build/vm" / options.suite / name
        self.guest_dir = options.root / self.guest_scripts
        self.timeout = options.timeout or self.scenario.timeout * options.slow
        self.only = self.inner()
        self.machine = None
        self.sockets = None
        self.entropy = None
        self.vdpa = None
        self.daemon = None
        self.done = False

    def make_rundir(self):
        shutil.rmtree(self.rundir, ignore_errors=True)
        self.rundir.mkdir(parents=True)

    def prepare(self):
        self.make_rundir()
        if self.options.disk:
            shutil.copyfile(self.options.disk, self.rundir / "disk0")
        else:
            (self.rundir / "disk0").write_bytes(os.urandom(DISK_BYTES))
        for name in ("disk1", "disk2"):
            if self.scenario.names("{dir}/" + name):
                (self.rundir / name).write_bytes(os.urandom(DISK_BYTES))
        with (self.rundir / "swap").open("wb") as swap:
            swap.truncate(SWAP_BYTES)
        (self.rundir / "share").mkdir()
        (self.rundir / "share/known").write_bytes(os.urandom(SHARE_BYTES))
        scenario = self.scenario
        modules = initramfs.Modules(self.options.kernel and self.options.kernel / "lib/modules",
                                    self.options.modules)
        files = {path.name: path.read_bytes() for path in self.guest_dir.iterdir()
                 if path.is_file()}
        if self.options.script:
            files["script.sh"] = self.options.script.read_bytes()
        if self.options.after:
            files["after.sh"] = self.options.after.read_bytes()
        initramfs.build(self.rundir / "initrd", self.options.busybox, modules.closure(
            STOCK_GUEST_MODULES + scenario.modules + scenario.load), files,
            initramfs.programs(self.options.tools, scenario.tools))

    def initrd(self):
        return self.rundir / "initrd"

    def scripts(self):
        scripts = ("script.sh",) if self.options.script else self.scenario.scripts
        after = ("after.sh",) if self.options.after and not self.scenario.report else ()
        return scripts + after + (("shell",) if self.options.shell else ())

    def stated(self):
        return [] if self.options.script else tests.of_scenario(
            self.guest_dir, self.name, self.scenario)

    def words(self):
        """The words that begin all names of tests here, instead of "vis" if they are renamed"""
        return [word for word in (self.options.rename and self.options.suite,
                                  self.scenario.variant) if word]

    def shown(self, name):
        """A test's name in the results"""
        if name.startswith(tuple(self.options.group)):
            return name
        name = name.removeprefix("vis.") if self.options.rename else name
        return ".".join([*self.words(), name])

    def is_wanted(self, shown):
        only = self.options.only
        return only in self.options.group or bool(tests.selected([shown], only))

    def inner(self):
        """The word that selects the same tests in the guest"""
        prefix, only = ".".join([*self.words(), ""]), self.options.only
        whole = not only or prefix.startswith(only + ".") or only in self.options.group
        if whole or self.scenario.report:
            return ""
        word = only.removeprefix(prefix)
        if not self.options.rename or tests.selected(self.stated(), word):
            return word
        return "vis." + word

    def all_tests(self):
        return [self.shown(name) for name in self.stated()]

    def wanted_tests(self):
        """The tests of the scenario that the options select"""
        if not self.stated() and not self.options.script and not self.options.shell:
            raise tests.StatementError(f"the scenario {self.name} has no tests, give it --script")
        return [shown for shown in self.all_tests() if self.is_wanted(shown)]

    def stated_tests(self, script):
        """The tests of one script; None if the script does not state them."""
        path = self.guest_dir / script
        if script in SUPPORT_SCRIPTS or not path.is_file():
            return None
        return tests.selected(tests.of_script(path, self.scenario.smp), self.only)

    def clock_parameters(self):
        """Under -icount, the guest's time does not depend on how busy the host is."""
        if "-icount" in self.scenario.devices:
            return [f"tsc_early_khz={tsc_khz()}", "no_timer_check"]
        return self.board.clock_parameters()

    def kernel_parameters(self):
        # Without ACPI, a kernel that panics starts the firmware on the CPU that panicked, and the
        # other CPUs run on: the guest boots again and again, with fewer CPUs each time.
        reboot = "reboot=triple" if self.options.no_acpi else ""
        words = [f"console={self.board.console}", f"vis.host={self.board.host_line}",
                 "panic=-1", reboot, *self.clock_parameters(), "ipv6.disable=1",
                 self.scenario.append, *self.options.append,
                 "vis.stress=" + os.environ.get("VIS_STRESS", "1"),
                 f"vis.slow={self.options.slow}", f"vis.box={self.options.box}",
                 "vis.scenario=" + self.name,
                 "vis.scripts=" + ",".join(self.scripts()),
                 "vis.modules=" + ",".join(STOCK_GUEST_MODULES + self.scenario.modules),
                 "vis.only=" + self.only if self.only else ""]
        return " ".join(word for word in words if word)

    def qemu_args(self):
        scenario = self.scenario
        properties = ["force-legacy=false", *scenario.globals, f"vis={scenario.vis}",
                      f"vectors={scenario.vectors}"]
        variant = "hostile" if scenario.faults else self.options.variant
        if variant:
            properties.append(f"x-vis-variant={variant}")
        machine = self.board.machine + scenario.board
        if self.options.no_acpi:
            machine += ",acpi=off"
        args = ["-nodefaults", "-no-user-config", "-display", "none",
                "-action", "reboot=reset" if scenario.reboots else "reboot=shutdown",
                "-machine", machine, *self.board.accelerator(),
                "-smp", str(scenario.smp), "-m", self.memory,
                "-kernel", str(self.options.vmlinuz), "-initrd", str(self.initrd()),
                "-append", self.kernel_parameters(), *self.board.serial]
        if self.options.no_acpi or self.board.firmware:
            args += ["-bios", str(self.options.no_acpi or self.options.firmware)]
        for value in properties:
            args += ["-global", "virtio-mmio." + value]
        if scenario.faults:
            args += ["-global", "virtio-mmio-vis-hostile.faults=" + scenario.faults]
        return args + [self.place(value) for value in scenario.devices]

    def place(self, text):
        """Paths for the names that a scenario uses."""
        for name, path in (("dir", self.rundir), ("sockets", self.sockets),
                           ("programs", self.options.qemu.parent),
                           ("kernel", self.options.kernel), ("vmlinuz", self.options.vmlinuz),
                           ("tools", self.options.tools), ("vdpa", self.vdpa),
                           ("vduse", self.sockets and self.sockets.name)):
            text = text.replace("{" + name + "}", str(path))
        return text

    def run(self):
        for _ in range(STARTS):
            self.prepare()
            problem = self.start()
            if problem != STARVED:
                break
            self.tap.note(problem)
        self.judge(problem)
        if self.scenario.report:
            self.judge_planted(self.outer)

    def start(self):
        """One boot, with what serves its devices; returns what went wrong."""
        with tempfile.TemporaryDirectory(prefix="vis.") as sockets:
            self.sockets = Path(sockets)
            daemons = hostside.Daemons(self.rundir / "daemons.log", self.sockets)
            try:
                # Only the host's own network namespace has the management of vDPA devices.
                with hostside.vdpa(daemons, [self.place(word) for word in self.scenario.vdpa],
                                   VDPA_TIMEOUT * self.options.slow) as \
                        (self.vdpa, self.daemon), \
                        hostside.network(self.scenario.taps), \
                        hostside.entropy(self.rundir / "rng") as self.entropy:
                    for name, command in self.scenario.daemons.items():
                        daemons.start(name, [self.place(word) for word in command])
                    return self.run_machine()
            except (MachineError, OSError, subprocess.CalledProcessError) as error:
                return f"{error}"
            finally:
                daemons.stop()

    def run_machine(self):
        problem = None
        counting = contextlib.nullcontext()
        if self.board.uses_kvm():
            counting = kvm.counter("kvm_msi_set_irq")
        with counting as messages:
            self.machine = Machine(self.options.qemu, self.rundir, self.sockets,
                                   self.qemu_args(), self.scenario.trace, messages,
                                   self.options.slow)
            try:
                self.machine.start()
                problem = self.converse_or_save_cpus()
            except (MachineError, OSError, TimeoutError) as error:
                problem = f"{error}"
            except BaseException:
                # Ended from outside. What feeds the machine does not end before it.
                self.machine.stop()
                raise
        if not self.machine.stop():
            problem = "QEMU failed: " + self.machine.stderr()
        return problem

    def converse_or_save_cpus(self):
        try:
            return self.converse()
        except TimeoutError:
            self.machine.save_cpus()
            raise

    def converse(self):
        """Serve the guest until it says that all is done; returns what went wrong."""
        line = self.machine.lines["host"]
        services = self.services(self.machine, self.rundir,
                                 "" if self.scenario.taps else LOOPBACK, self.options.slow,
                                 self.entropy, self.daemon)
        deadline = time.monotonic() + self.timeout
        self.await_init(line, deadline)
        guest_tap = None
        with (self.rundir / "transcript").open("w", encoding="utf-8") as transcript:
            while True:
                left = max(0, deadline - time.monotonic())
                text = line.read_line(left)
                if text is None:
                    return f"the guest ended before its tests: {self.machine.end_reason()}"
                print(text, file=transcript, flush=True)
                verb, _, rest = text.partition(" ")
                if verb == "@host":
                    reply = services.answer(rest)
                    print(reply, file=transcript, flush=True)
                    line.send(reply + "\n")
                elif verb == "@shell":
                    terminal.join(line)
                    deadline = time.monotonic() + self.timeout
                elif verb == "@script":
                    guest_tap = verdict.GuestTap(self.tap, self.stated_tests(rest), self.shown)
                elif verb == "@exit":
                    script, status = rest.split()
                    problem = guest_tap.problem_at_exit(int(status))
                    if problem:
                        return f"{script}: {problem} (exit {status})"
                elif verb == "@end":
                    self.done = True
                    return self.await_log()
                elif guest_tap:
                    guest_tap.line(text)

    def await_init(self, line, deadline):
        """A kernel without a timer never gets there."""
        while not line.is_ready(POLL) and time.monotonic() < deadline:
            if verdict.NO_TIMER in self.klog():
                raise MachineError(STARVED)

    def klog(self):
        return verdict.klog(self.rundir)

    def await_log(self):
        """The kernel log ends with the init's own line once the console has caught up."""
        deadline = time.monotonic() + LOG_TIMEOUT * self.options.slow
        while verdict.END_OF_LOG not in self.klog():
            if time.monotonic() > deadline:
                return "the kernel log has no end"
            time.sleep(0.01)
        return None

    def judge_planted(self, tap):
        """A guest that commits a fault fails, and its kernel or its tests have reported that."""
        text = "".join((self.rundir / name).read_text("utf-8", "replace")
                       for name in ("klog", "transcript"))
        found = re.search(f"^.*{self.scenario.report}.*$", text, re.M)
        tap.note(found[0] if found else f"no report of it, see {self.rundir}")
        tap.result(bool(found) and not self.tap.passed(), *map(self.shown, self.stated()))

    def judge(self, problem):
        prefix = f"{self.options.suite}.{self.name}"
        if problem:
            self.tap.note(f"{problem}\nlogs: {self.rundir}")
            self.tap.note(verdict.last_words(self.klog()))
        for name in () if self.scenario.report else self.wanted_tests():
            if name not in self.tap.results:
                self.tap.result(False, name)
        self.tap.result(problem is None and self.done, prefix + ".complete")
        reports = [report for report in verdict.kernel_reports(self.klog())
                   if not re.search(self.scenario.expected, report)]
        for report in reports[:10]:
            self.tap.note(report)
        for title, count in Counter(race[2] for race in verdict.foreign_races(self.klog())).items():
            self.tap.note(f"not ours, {count} times: {title}")
        self.tap.result(not reports, prefix + ".kernel_log")
        if not self.options.keep:
            shutil.rmtree(self.rundir / "share", ignore_errors=True)
            for name in ("disk0", "disk1", "disk2", "rng", "initrd", "swap", "wav", "scratch"):
                (self.rundir / name).unlink(missing_ok=True)


def parse(arguments=None, kind=Guest):
    parser = Parser(kind.program)
    for name in ("nested", "prepared", "list", "rename", "shell", "plain", "keep"):
        parser.add_argument(f"--{name}", action="store_true")
    for name in ("group", "append"):
        parser.add_argument(f"--{name}", action="append", default=[])
    for name in ("disk", "script", "after", "no-acpi", "vmlinuz", "modules", "qemu", "tools",
                 "busybox"):
        parser.add_argument(f"--{name}", type=existing)
    parser.add_argument("--suite", default="vm")
    parser.add_argument("--only", default=os.environ.get("VIS_ONLY", ""))
    parser.add_argument("--timeout", type=positive)
    parser.add_argument("--slow", type=positive, default=os.environ.get("VIS_SLOW") or None)
    parser.add_argument("--box", type=positive, default=0)
    parser.add_argument("--variant", choices=("small", "supplied", "odd"))
    parser.add_argument("--board", choices=BOARDS, default="x86")
    parser.add_argument("--kernel", type=kernel)
    parser.add_argument("scenarios", nargs="*")
    options = parser.parse_intermixed_args(arguments)
    unknown = [name for name in options.scenarios if name not in kind.scenarios]
    if unknown:
        parser.error("no such scenario: " + " ".join(unknown))
    stress = os.environ.get("VIS_STRESS", "1")
    if not stress.isdecimal() or not 1 <= int(stress) <= 10:
        parser.error(f"VIS_STRESS={stress}: must be 1 to 10")
    if options.shell and not sys.stdin.isatty():
        parser.error("--shell needs a terminal")
    options.firmware = None
    options.slow = options.slow or BOARDS[options.board].slow
    if not BOARDS[options.board].arch:
        options.busybox = options.busybox or Path("/bin/busybox")
    return options


def lock(path, program):
    """One run at a time of those that share a directory; held as long as the result is open."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        print(f"{program}: waiting for another run (pid {file.read().strip()}) that holds {path}",
              file=sys.stderr, flush=True)
        fcntl.flock(file, fcntl.LOCK_EX)
    file.truncate(0)
    print(os.getpid(), file=file, flush=True)
    return file


def end_with_reader():
    """A list ends without a word when nobody reads on. Other work must not: Python's sockets report
    that a guest is gone."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def tests_of_suite(root, name, arguments):
    """All that the guests of a suite, which has these arguments, have results of"""
    options = parse(["--root", str(root), "--suite", name, "--only", "", *shlex.split(arguments)])
    guests = [Guest(options, scenario, Quiet()) for scenario in options.scenarios]
    groups = [guests[0].shown(group) for group, scenarios in GROUPS.items()
              if set(options.scenarios).issuperset(scenarios)]
    return options.group + groups + [test for guest in guests for test in guest.all_tests()]


def list_tests(directory):
    end_with_reader()
    tests.check(directory)
    for name, scenario in SCENARIOS.items():
        print(name, *tests.of_scenario(directory, name, scenario))


def run_guests(options, kind):
    """Returns whether all went well. The word that selects tests may leave scenarios out, but not
    all of them."""
    tap = Story() if options.plain or options.shell else Tap()
    guests = [kind(options, name, tap) for name in options.scenarios]
    started = [guest for guest in guests
               if options.script or options.shell or guest.wanted_tests()]
    for guest in started:
        guest.options = prepare.for_scenario(options, guest.scenario)
    for guest in started:
        guest.run()
    names = {guest.name for guest in started}
    for group, scenarios in GROUPS.items():
        group = guests[0].shown(group)
        if names.issuperset(scenarios) and options.only in ("", group):
            tap.group(group, len(scenarios))
    for group in options.group:
        if started and options.only in ("", group):
            tap.group(group)
    if not started:
        tap.note(f"no scenario has a test {options.only}, see scripts/vm --list")
    elif not tap.passed():
        tap.note(f"logs: {options.root / 'build/vm' / options.suite}")
    return tap.finish()


def main(kind=Guest):
    options = parse(kind=kind)
    try:
        if options.list:
            list_tests(options.root / "selftests/vis")
            return 0
        if not options.scenarios:
            raise tests.StatementError("no scenario named, see scripts/vm --list")
        if options.nested:
            prepare.run_nested(options, [word for word in sys.argv[1:] if word != "--nested"])
        # Ended from outside, it still ends what it started.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("scripts/vm: terminated"))
        with lock(options.root / "build/vm" / (options.suite + ".lock"), "scripts/vm"):
            return 0 if run_guests(options, kind) else 1
    except tests.StatementError as error:
        sys.exit(f"vm: error: {error}")


if __name__ == "__main__":
    sys.exit(main())
