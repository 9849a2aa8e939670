# SPDX-License-Identifier: GPL-2.0-only
"""The host's services for guest tests: one method per verb of `@host VERB ARGUMENTS`."""

import array
import base64
import hashlib
import os
import re
import socket
import threading
import time

from . import verdict
from .machine import ask

IO_TIMEOUT = 20
DRIP_S = 0.001
RNG_RECORD = 64
WAV_HEADER = 44
ASLEEP = "PM: suspend-to-idle"
STARTED = r"\] Linux version "
HALF_SCALE = 1 << 14
MMIO_INTERRUPT_STATUS = 0x060
MMIO_INTERRUPT_ACK = 0x064
MASK_EVENTS = "virtio_mmio_vis_(mask_write|latch|reset)"
MASK_LINE = re.compile(
    r"virtio_mmio_vis_(\w+) mmio \S+(?: (word|vector) (\d+) (?:value )?(\S.*))?")
ALL_MASKED = "0xffffffff"


class NetPeer:
    """A TCP server for the guest: `PUT` stores the data after it, `GET n` sends n random bytes, and
    `DRIP n` sends them one by one, each in a packet."""

    def __init__(self, address):
        self.server = socket.create_server((address, 0))
        self.port = self.server.getsockname()[1]
        self.digest = None
        self.done = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            sock, _ = self.server.accept()
            with sock, sock.makefile("rb") as stream:
                verb, *arguments = stream.readline().decode().split()
                if verb == "PUT":
                    data = stream.read()
                else:
                    data = os.urandom(int(arguments[0]))
                    self.send(sock, data, 1 if verb == "DRIP" else len(data))
                self.digest = hashlib.sha256(data).hexdigest()
                self.done.set()

    @staticmethod
    def send(sock, data, size):
        """Sends this much at a time, at the host's pace."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(data), size):
            sock.sendall(data[start:start + size])
            time.sleep(DRIP_S)


class Masks:
    """The state of the mask words, from the trace: the bits of each, and the messages in force."""

    def __init__(self):
        self.state = {}

    def effects(self, lines):
        """For each write, whether it has changed any of that. The messages that it latches follow
        it in the trace. A reset masks all, and a commit then latches every message that it puts
        in force."""
        effects = []
        for line in lines:
            event, *key, value = MASK_LINE.search(line).groups()
            if event == "reset":
                self.state.clear()
                continue
            changed = self.state.get(tuple(key), ALL_MASKED) != value
            self.state[tuple(key)] = value
            if event == "mask_write":
                effects.append(changed)
            else:
                effects[-1] |= changed
        return effects


class Services:
    """Verbs return the reply, or nothing; ValueError and OSError become an @err reply."""

    def __init__(self, machine, rundir, address, slow=1, entropy=b"", daemon=None):
        self.machine = machine
        self.timeout = IO_TIMEOUT * slow
        self.address = address
        self.entropy = entropy
        self.daemon = daemon
        self.rundir = rundir
        self.net = None
        self.sleeps = 0

    def answer(self, request):
        verb, _, arguments = request.partition(" ")
        method = getattr(self, "do_" + verb.replace("-", "_"), None)
        try:
            if method is None:
                raise ValueError(f"no verb {verb}")
            reply = method(*arguments.split())
            return f"@ok {'' if reply is None else reply}"
        except (ValueError, TypeError, OSError) as error:
            return f"@err {error}"

    def do_mark(self):
        """Start counting trace lines from here."""
        self.machine.trace.mark()

    def do_count(self, event, *pattern):
        """Lines of a trace event since the mark whose arguments match the pattern."""
        return len(self.machine.trace.lines(event, " ".join(pattern)))

    def do_first(self, event, *pattern):
        """The first such line."""
        return (self.machine.trace.lines(event, " ".join(pattern)) or [""])[0]

    def do_last(self, event, *pattern):
        """The last such line."""
        return (self.machine.trace.lines(event, " ".join(pattern)) or [""])[-1]

    def do_commits(self, *pattern):
        """Writes of mask words since the mark: those that commit, and those that mask."""
        mask_bits = {}
        counts = [0, 0]
        for line in self.machine.trace.lines("virtio_mmio_vis_mask_write", " ".join(pattern)):
            word, value = re.search(r"(mmio \S+ word \d+) value (\S+)", line).groups()
            bits = int(value, 16)
            counts[bool(bits & ~mask_bits.get(word, bits))] += 1
            mask_bits[word] = bits
        return f"{counts[0]} {counts[1]}"

    def do_wasted(self, mmio):
        """Writes of a device's mask words since the mark that have left their masks and messages as
        they were."""
        masks, pattern = Masks(), rf"mmio {mmio}\b"
        masks.effects(self.machine.trace.lines(MASK_EVENTS, pattern, past=True))
        return masks.effects(self.machine.trace.lines(MASK_EVENTS, pattern)).count(False)

    def do_trapped(self):
        """The trapped accesses since the mark, in words. QueueNotify is an ioeventfd: no trap."""
        masks, reads, writes = (self.do_count(event) for event in (
            "virtio_mmio_vis_mask_(read|write)", "virtio_mmio_read", "virtio_mmio_write_offset"))
        status = (self.do_count("virtio_mmio_read", rf"offset {MMIO_INTERRUPT_STATUS:#x}\b") +
                  self.do_count("virtio_mmio_write_offset", rf"offset {MMIO_INTERRUPT_ACK:#x}\b"))
        return (f"mask table {masks}, InterruptStatus and InterruptACK {status}, "
                f"other registers {reads + writes - status}")

    def do_messages(self):
        """Number of messages that QEMU or KVM has sent since the mark."""
        return self.machine.trace.messages()

    def do_line(self):
        """The last level of an interrupt line."""
        return self.do_last("virtio_mmio_setting_irq").rpartition(" ")[2] or "unknown"

    def do_keep(self, name, text):
        """Keep a file of the guest's, in base64."""
        (self.rundir / os.path.basename(name)).write_bytes(base64.b64decode(text, validate=True))

    def do_link(self, device, up):
        self.machine.qmp("set_link", name=device, up=up == "1")

    def do_resize(self, device, size):
        """A disk of QEMU's, or that of the daemon"""
        if self.daemon:
            ask(self.daemon, self.timeout, "block_resize",
                **{"node-name": device, "size": int(size)})
        else:
            self.machine.qmp("block_resize", device=device, size=int(size))

    def do_hash(self, name, offset="0", length="-1"):
        """The SHA-256 of a part of a file that the guest sees as a disk."""
        with (self.rundir / name).open("rb") as file:
            file.seek(int(offset))
            return hashlib.sha256(file.read(int(length))).hexdigest()

    def do_rng(self, text):
        """True if the bytes are records that the device was fed with, in the same order."""
        data = bytes.fromhex(text)
        position = -RNG_RECORD
        for start in range(0, len(data), RNG_RECORD):
            found = self.entropy.find(data[start:start + RNG_RECORD], position + RNG_RECORD)
            if found < 0 or found % RNG_RECORD:
                raise ValueError(f"record {start // RNG_RECORD} is not next in what it was fed")
            position = found
        return len(data) // RNG_RECORD

    def do_console_send(self, nonce, line="console"):
        self.machine.lines[line].send(nonce + "\n")

    def do_console_read(self, line="console"):
        return self.machine.lines[line].read_line(self.timeout)

    def do_key(self, code):
        """Press and release a key of the keyboard."""
        key = {"type": "qcode", "data": code}
        self.machine.qmp("input-send-event", events=[
            {"type": "key", "data": {"down": down, "key": key}} for down in (True, False)])

    def do_balloon(self, mebibytes):
        """Leave the guest this much memory."""
        self.machine.qmp("balloon", value=int(mebibytes) << 20)

    def do_memory(self):
        """Mebibytes that the balloon has left to the guest."""
        return self.machine.qmp("query-balloon")["actual"] >> 20

    def do_pixel(self, device, x, y):
        """A pixel of the screen, as rrggbb."""
        path = self.rundir / "screen"
        self.machine.qmp("screendump", filename=str(path), device=device)
        header, size, _, pixels = path.read_bytes().split(b"\n", 3)
        if header != b"P6":
            raise ValueError("the screen is no PPM")
        start = 3 * (int(y) * int(size.split()[0]) + int(x))
        return pixels[start:start + 3].hex()

    def do_loud(self):
        """Number of samples played above half of full scale."""
        samples = array.array("h")
        data = (self.rundir / "wav").read_bytes()[WAV_HEADER:]
        samples.frombytes(data[:len(data) // 2 * 2])
        return sum(abs(sample) > HALF_SCALE for sample in samples)

    def do_net_port(self):
        """The port, at the slirp gateway, of the peer."""
        self.net = self.net or NetPeer(self.address)
        self.net.done.clear()
        return self.net.port

    def do_net_digest(self):
        """The SHA-256 of the data of the last connection."""
        if not self.net.done.wait(self.timeout):
            raise ValueError("the connection has not ended")
        return self.net.digest

    def do_wake(self):
        """Answers once the guest sleeps; the answer on its serial line wakes it."""
        self.sleeps += 1
        deadline = time.monotonic() + self.timeout
        while self.do_logged(ASLEEP) < self.sleeps:
            if time.monotonic() > deadline:
                raise ValueError("the guest does not sleep")
            time.sleep(0.01)

    def do_boots(self):
        """Number of times that a kernel has started."""
        return self.do_logged(STARTED)

    def do_logged(self, *pattern):
        """Lines of the kernel log, of all boots, that match."""
        return len(re.findall("^.*" + " ".join(pattern), verdict.klog(self.rundir), re.M))

    def do_revive(self):
        """Start the machine again once it is off."""
        threading.Thread(target=self.machine.revive, daemon=True).start()

    def do_migrate(self):
        self.machine.migrate()
        return self.machine.generation
