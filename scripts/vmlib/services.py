# SPDX-License-Identifier: GPL-2.0-only
"""What the host does for a guest test: one method per verb of `@host VERB ARGUMENTS`."""

import hashlib
import os
import socket
import threading

IO_TIMEOUT = 20
RNG_RECORD = 64


class NetPeer:
    """A TCP server for the guest: `PUT` stores what follows, `GET n` sends n random bytes."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.digest = None
        self.done = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            sock, _ = self.server.accept()
            with sock, sock.makefile("rb") as stream:
                verb, *arguments = stream.readline().decode().split()
                if verb == "GET":
                    data = os.urandom(int(arguments[0]))
                    sock.sendall(data)
                else:
                    data = stream.read()
                self.digest = hashlib.sha256(data).hexdigest()
                self.done.set()


class Services:
    """Verbs return the text of the reply; ValueError and OSError become an @err reply."""

    def __init__(self, machine, rundir):
        self.machine = machine
        self.rundir = rundir
        self.net = None

    def answer(self, request):
        verb, _, arguments = request.partition(" ")
        method = getattr(self, "do_" + verb.replace("-", "_"), None)
        try:
            if method is None:
                raise ValueError(f"no verb {verb}")
            return f"@ok {method(*arguments.split())}"
        except (ValueError, TypeError, OSError) as error:
            return f"@err {error}"

    def do_mark(self):
        """Start counting trace lines from here."""
        self.machine.trace.mark()
        return ""

    def do_count(self, event, *pattern):
        """Lines of a trace event since the mark whose arguments match the pattern."""
        return len(self.machine.trace.lines(event, " ".join(pattern)))

    def do_last(self, event, *pattern):
        """The last such line."""
        return (self.machine.trace.lines(event, " ".join(pattern)) or [""])[-1]

    def do_trapped(self):
        """What trapped since the mark, in words."""
        count = self.do_count
        notify, registers = count("virtio_mmio_write_offset", "offset 0x50\\b"), sum(
            count(event) for event in ("virtio_mmio_read", "virtio_mmio_write_offset"))
        status = (count("virtio_mmio_read", "offset 0x60\\b") +
                  count("virtio_mmio_write_offset", "offset 0x64\\b"))
        masks = count("virtio_mmio_vis_mask_write") + count("virtio_mmio_vis_mask_read")
        return (f"mask table {masks}, InterruptStatus and InterruptACK {status}, "
                f"QueueNotify {notify}, other registers {registers - notify - status}")

    def do_delay(self, event, *pattern):
        """Milliseconds from the mark to the first such line."""
        return round(self.machine.trace.delay(event, " ".join(pattern)) * 1000)

    def do_line(self):
        """The level of an interrupt line that changed last."""
        lines = self.machine.trace.lines("virtio_mmio_setting_irq")
        return lines[-1].split()[-1] if lines else "unknown"

    def do_link(self, device, up):
        self.machine.qmp("set_link", name=device, up=up == "1")
        return ""

    def do_resize(self, device, size):
        self.machine.qmp("block_resize", device=device, size=int(size))
        return ""

    def do_hash(self, name, offset="0", length="-1"):
        """The SHA-256 of a part of a file that the guest sees as a disk."""
        with (self.rundir / name).open("rb") as file:
            file.seek(int(offset))
            return hashlib.sha256(file.read(int(length))).hexdigest()

    def do_rng(self, text):
        """True if the bytes are records of the entropy file, in the file's order."""
        known = (self.rundir / "rng").read_bytes()
        data = bytes.fromhex(text)
        position = -RNG_RECORD
        for start in range(0, len(data), RNG_RECORD):
            found = known.find(data[start:start + RNG_RECORD], position + RNG_RECORD)
            if found < 0 or found % RNG_RECORD:
                raise ValueError(f"record {start // RNG_RECORD} is not next in the file")
            position = found
        return len(data) // RNG_RECORD

    def do_console_send(self, nonce):
        self.machine.lines["console"].send(nonce + "\n")
        return ""

    def do_console_read(self):
        return self.machine.lines["console"].read_line(IO_TIMEOUT)

    def do_net_port(self):
        """The port, at the slirp gateway, of the peer."""
        self.net = self.net or NetPeer()
        self.net.done.clear()
        return self.net.port

    def do_net_digest(self):
        """The SHA-256 of what the last connection carried."""
        if not self.net.done.wait(IO_TIMEOUT):
            raise ValueError("the connection has not ended")
        return self.net.digest

    def do_migrate(self):
        self.machine.migrate()
        return self.machine.generation
