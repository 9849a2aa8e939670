# SPDX-License-Identifier: GPL-2.0-only
"""One guest: the QEMU process, its QMP, its serial lines and its trace log."""

import contextlib
import json
import re
import select
import socket
import subprocess
import time

# Accesses to a GICv2's distributor, or to a GICv3's and its redistributors and ITS
GIC_EVENTS = ("gic_dist_read", "gic_dist_write", *(
    f"gicv3_{part}_{access}" for part in ("dist", "redist", "its") for access in ("read", "write")))
TRACE_EVENTS = ("virtio_mmio_vis_*", "virtio_mmio_msi_*", "virtio_mmio_read",
                "virtio_mmio_write_offset", "virtio_mmio_setting_irq", *GIC_EVENTS)
OWN_LINES = ("qmp", "host")
CONNECT_TIMEOUT = 20
MIGRATE_TIMEOUT = 60


class MachineError(Exception):
    """The guest or QEMU has failed in a way that ends the run."""


class Line:
    """The host's end of a chardev: a socket that QEMU connects to."""

    def __init__(self, path):
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(path))
        self.server.listen(1)
        self.sock = None
        self.buffer = b""

    def accept(self, timeout):
        if self.sock:
            self.sock.close()
        self.server.settimeout(timeout)
        self.sock, _ = self.server.accept()

    def fileno(self):
        return self.sock.fileno()

    def is_ready(self, timeout):
        """Whether there is anything to read."""
        return bool(self.buffer or select.select([self], [], [], timeout)[0])

    def send(self, text):
        self.sock.sendall(text.encode())

    def read_line(self, timeout):
        """The next line, or None at the end of the stream; TimeoutError past the deadline."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self], [], [], left)[0]:
                raise TimeoutError("no line from the guest")
            data = self.sock.recv(65536)
            if not data:
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode(errors="replace").rstrip("\r")


def ask(line, timeout, command, **arguments):
    """The result of a QMP command."""
    request = {"execute": command, **({"arguments": arguments} if arguments else {})}
    line.send(json.dumps(request) + "\n")
    while True:
        text = line.read_line(timeout)
        if text is None:
            raise MachineError("QEMU closed its monitor")
        reply = json.loads(text)
        if "error" in reply:
            raise MachineError(f"{command}: {reply['error']['desc']}")
        if "return" in reply:
            return reply["return"]


class Trace:
    """QEMU's trace log. The log is line buffered, so it is complete whenever the guest asks."""

    def __init__(self, kvm=None):
        self.files = []
        self.offsets = {}
        self.kvm = kvm
        self.kvm_marked = 0

    def open(self, path):
        self.files.append(path)
        self.offsets[path] = 0

    def mark(self):
        self.offsets = {path: path.stat().st_size for path in self.files}
        self.kvm_marked = self.kvm.count() if self.kvm else 0

    def messages(self):
        """Number of messages sent since the mark: by QEMU, or by KVM, which sends QEMU's, too."""
        if self.kvm:
            return self.kvm.count() - self.kvm_marked
        return len(self.lines("virtio_mmio_(vis|msi)_send(_extra)?"))

    def lines(self, event, pattern="", past=False):
        """Lines of an event whose arguments match a regular expression: those since the mark, or
        those before it."""
        line_re = re.compile(rf"(?:^|[:\s])(?:{event})\s.*{pattern}")
        found = []
        for path in self.files:
            mark = self.offsets.get(path, 0)
            with path.open("rb") as log:
                log.seek(0 if past else mark)
                text = log.read(mark if past else -1).decode(errors="replace")
            found += [line for line in text.splitlines() if line_re.search(line)]
        return found


class Machine:
    """A guest that can be started, asked through QMP, and moved to a second QEMU process."""

    def __init__(self, qemu, rundir, sockdir, args, events=TRACE_EVENTS, kvm=None,
                 slow=1):
        self.qemu = qemu
        self.events = events
        self.slow = slow
        self.rundir = rundir
        self.args = args
        self.process = None
        self.generation = 0
        self.trace = Trace(kvm)
        self.lines = {name: Line(sockdir / name) for name in (*OWN_LINES, "console", "port")}
        self.sockdir = sockdir

    def chardevs(self):
        args = []
        for name in self.lines:
            args += ["-chardev", f"socket,id={name},path={self.sockdir / name}"]
        args += ["-mon", "chardev=qmp,mode=control"]
        args += ["-chardev", f"file,id=klog,path={self.rundir / 'klog'},append=on"]
        return args

    def start(self, incoming=None):
        self.generation += 1
        trace = self.rundir / f"trace.{self.generation}"
        trace.write_bytes(b"")
        self.trace.open(trace)
        # If the runner is killed, its guest ends, too.
        command = ["setpriv", "--pdeathsig", "KILL", str(self.qemu), *self.args,
                   *self.chardevs(), "-D", str(trace), "-msg", "timestamp=on"]
        for event in self.events:
            command += ["-trace", event]
        if incoming:
            command += ["-incoming", incoming]
        (self.rundir / "command").write_text(" ".join(command) + "\n", "utf-8")
        with (self.rundir / "qemu.stderr").open("ab") as stderr:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stderr,
                                            stderr=stderr)
        try:
            for name in self.lines:
                if name in OWN_LINES or f"chardev={name}" in " ".join(self.args):
                    self.lines[name].accept(CONNECT_TIMEOUT * self.slow)
        except TimeoutError as error:
            raise MachineError("QEMU did not start: " + self.stderr()) from error
        self.lines["qmp"].read_line(CONNECT_TIMEOUT * self.slow)
        self.qmp("qmp_capabilities")

    def stderr(self):
        text = (self.rundir / "qemu.stderr").read_text("utf-8", "replace")
        return " ".join(text.split("\n")[-4:])

    def qmp(self, command, **arguments):
        return ask(self.lines["qmp"], MIGRATE_TIMEOUT * self.slow, command, **arguments)

    def end_reason(self):
        """QEMU's reason for closing its lines: guest-reset after a CPU's triple fault."""
        reason = "QEMU does not say why"
        with contextlib.suppress(TimeoutError):
            while (text := self.lines["qmp"].read_line(CONNECT_TIMEOUT * self.slow)) is not None:
                event = json.loads(text)
                if event.get("event") == "SHUTDOWN":
                    reason = event["data"]["reason"]
        return reason

    def save_cpus(self):
        """Saves the state of each CPU, to help find out why a guest hangs."""
        commands = ["info registers -a", "info pic"] + [
            f"info lapic {cpu['cpu-index']}" for cpu in self.qmp("query-cpus-fast")]
        (self.rundir / "cpus").write_text("\n".join(
            self.qmp("human-monitor-command", **{"command-line": command})
            for command in commands), "utf-8")

    def wait_migration(self):
        deadline = time.monotonic() + MIGRATE_TIMEOUT * self.slow
        while time.monotonic() < deadline:
            status = self.qmp("query-migrate").get("status")
            if status == "completed":
                return
            if status == "failed":
                raise MachineError("migration failed: " + self.stderr())
            time.sleep(0.02)
        raise MachineError("migration did not complete")

    def revive(self):
        """Start a guest again that has powered off, which -action shutdown=pause allows."""
        while self.qmp("query-status")["status"] != "shutdown":
            time.sleep(0.02)
        self.qmp("system_reset")
        self.qmp("cont")

    def migrate(self):
        """Save the running guest to a file and continue it in a new QEMU process."""
        state = self.rundir / "state"
        self.qmp("migrate", uri=f"exec:cat > {state}")
        self.wait_migration()
        self.stop()
        self.start(incoming=f"exec:cat {state}")
        self.wait_migration()
        self.qmp("cont")
        state.unlink()

    def stop(self):
        """End QEMU; False if it had already died with a failure."""
        if self.process is None:
            return True
        clean = self.process.poll() in (None, 0)
        if self.process.poll() is None:
            try:
                self.qmp("quit")
                self.process.wait(CONNECT_TIMEOUT * self.slow)
            except (MachineError, OSError, TimeoutError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        self.process = None
        return clean
