# SPDX-License-Identifier: GPL-2.0-only
"""Random accesses to the VIS registers and tables of QEMU's device, by QEMU's qtest protocol.

usage: vis_fuzz.py QEMU ACCESSES SEED [VARIANT]

Fails if QEMU ends, reports an error of its own, or no longer answers as the device should.
"""

import random
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

BATCH = 256
TIMEOUT = 60
REGISTERS = 0xfeb00000
VECTORS = 40
TICK_NS = 1000000
RESET_READS = 100
RAM_SIZE = 32 << 20

# The names of the headers without VIRTIO_
MMIO_DRIVER_FEATURES = 0x020
MMIO_DRIVER_FEATURES_SEL = 0x024
MMIO_QUEUE_SEL = 0x030
MMIO_QUEUE_NUM = 0x038
MMIO_QUEUE_READY = 0x044
MMIO_QUEUE_NOTIFY = 0x050
MMIO_INTERRUPT_ACK = 0x064
MMIO_STATUS = 0x070
MMIO_QUEUE_RESET = 0x0c0
MMIO_VIS_NUM_VECTORS = 0x0c4
MMIO_VIS_CONTROL = 0x0c8
MMIO_VIS_CONFIG_VECTOR = 0x0cc
MMIO_VIS_QUEUE_VECTOR = 0x0d0
MMIO_VIS_TABLE_LOW = 0x0d8
MMIO_VIS_MASK_LOW = 0x0e0
MMIO_VIS_PENDING_LOW = 0x0e8
# All features of VIS, and some that do not exist
OFFSETS = (MMIO_QUEUE_RESET, MMIO_VIS_PENDING_LOW + 12)
VERSION_1_AND_VIS = 1 << (32 - 32) | 1 << (49 - 32)
MSI = 0xfee00000
# QEMU reports its own faults like this; guest errors go to its log, which is off.
FINDING = re.compile(r"runtime error|Sanitizer|Assertion|assert", re.I)


class Qtest:
    """A QEMU that runs no CPU and obeys its qtest line."""

    def __init__(self, qemu, directory, variant):
        server = socket.socket(socket.AF_UNIX)
        server.bind(f"{directory}/qtest")
        server.listen(1)
        server.settimeout(TIMEOUT)
        (directory / "disk").write_bytes(bytes(1 << 20))
        self.errors = (directory / "stderr").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [qemu, "-machine", "microvm", "-accel", "qtest", "-m", str(RAM_SIZE >> 20),
             "-nodefaults", "-display", "none", "-qtest", f"unix:{directory}/qtest",
             "-global", "virtio-mmio.force-legacy=false", "-global", "virtio-mmio.vis=on",
             # Each access has its effect before the reply to it, so a finding repeats.
             "-global", "virtio-mmio.ioeventfd=off",
             "-global", f"virtio-mmio.vectors={VECTORS}",
             *(["-global", f"virtio-mmio.x-vis-variant={variant}"] if variant else []),
             "-drive", f"if=none,id=disk,file={directory}/disk,format=raw",
             "-device", "virtio-blk-device,drive=disk,num-queues=4,bus=virtio-mmio-bus.0"],
            stdout=self.errors, stderr=self.errors)
        self.sock, _ = server.accept()
        self.sock.settimeout(TIMEOUT)
        self.lines = self.sock.makefile("r", encoding="ascii")

    def run(self, commands):
        """The replies to commands sent at once."""
        self.sock.sendall("".join(command + "\n" for command in commands).encode())
        return [self.reply(command) for command in commands]

    def reply(self, command):
        while True:
            line = self.lines.readline()
            if not line:
                raise EOFError(f"QEMU ended at or after '{command}'")
            if not line.startswith("IRQ"):
                break
        if not line.startswith("OK"):
            raise ValueError(f"'{command}': {line.strip()}")
        return int(line.split()[1], 0) if len(line.split()) > 1 else None

    def end(self):
        """Ends QEMU, and returns its output."""
        self.process.terminate()
        status = self.process.wait(TIMEOUT)
        self.errors.seek(0)
        text = self.errors.read()
        if status:
            raise ValueError(f"QEMU ended with status {status}: {text[-2000:]}")
        return text


class Fuzzer:
    """Makes commands: mostly wild ones, and whole set-ups so that the wild ones get far."""

    def __init__(self, seed, tables):
        self.random = random.Random(seed)
        self.table, self.mask, self.pending = tables

    def value(self):
        choose = self.random
        return choose.choice((0, 1, 0xffff, 0xffffffff, 0xfffffffffffffffe,
                              1 << choose.randrange(64), choose.randrange(VECTORS),
                              choose.getrandbits(64)))

    def access(self, address):
        """An access of any width, with any value that fits, as qtest demands."""
        width, size = self.random.choice((("b", 1), ("w", 2), ("l", 4), ("l", 4), ("q", 8)))
        if self.random.random() < 0.3:
            return f"read{width} {address:#x}"
        return f"write{width} {address:#x} {self.value() & ((1 << 8 * size) - 1):#x}"

    def register(self):
        offset = self.random.choice((
            self.random.randrange(*OFFSETS), self.random.randrange(*OFFSETS, 4), MMIO_QUEUE_RESET,
            MMIO_VIS_CONTROL, MMIO_VIS_CONFIG_VECTOR, MMIO_VIS_QUEUE_VECTOR))
        return [self.access(REGISTERS + offset)]

    def select(self):
        queue = self.random.choice((0, 1, 2, 3, 4, 1023, 1024, 0xffffffff))
        return [f"writel {REGISTERS + MMIO_QUEUE_SEL:#x} {queue:#x}"]

    def notify(self):
        register, value = self.random.choice((
            (MMIO_QUEUE_NOTIFY, self.random.randrange(5)), (MMIO_INTERRUPT_ACK, 3),
            (MMIO_STATUS, self.random.getrandbits(8)),
            (MMIO_QUEUE_READY, self.random.getrandbits(1))))
        return [f"writel {REGISTERS + register:#x} {value:#x}"]

    def mask_word(self):
        offset = self.random.choice((0, 0, 4, 4, self.random.randrange(32), 0xfffc))
        return [self.access(self.mask + offset)]

    def pending_word(self):
        return [self.access(self.pending + self.random.randrange(32))]

    def wild_entry(self):
        return [self.access(self.table + self.random.randrange(VECTORS * 16))]

    @staticmethod
    def tick():
        """Lets the device do its delayed work."""
        return [f"clock_step {TICK_NS}"]

    def message(self):
        entry = self.table + self.random.randrange(VECTORS) * 16
        return [f"writel {entry:#x} {MSI | self.random.getrandbits(20):#x}",
                f"writel {entry + 4:#x} 0",
                f"writel {entry + 8:#x} {self.random.getrandbits(16):#x}"]

    def set_up(self):
        """A reset and the steps of a driver, some of which are left out now and then."""
        steps = [(MMIO_STATUS, 0), (MMIO_STATUS, 1), (MMIO_STATUS, 3),
                 (MMIO_DRIVER_FEATURES_SEL, 1), (MMIO_DRIVER_FEATURES, VERSION_1_AND_VIS),
                 (MMIO_DRIVER_FEATURES_SEL, 0), (MMIO_DRIVER_FEATURES, 0), (MMIO_STATUS, 0xb),
                 (MMIO_QUEUE_SEL, 0), (MMIO_QUEUE_NUM, 4), (MMIO_QUEUE_READY, 1),
                 (MMIO_VIS_QUEUE_VECTOR, 1), (MMIO_VIS_CONFIG_VECTOR, 0), (MMIO_VIS_CONTROL, 1),
                 (MMIO_STATUS, 0xf)]
        return [f"writel {REGISTERS + register:#x} {value:#x}" for register, value in steps
                if self.random.random() > 0.02]

    def commands(self, number):
        makers = (self.register, self.select, self.notify, self.mask_word, self.pending_word,
                  self.wild_entry, self.message, self.set_up, self.tick)
        weights = (30, 3, 3, 25, 5, 10, 10, 2, 2)
        made = []
        while len(made) < number:
            made += self.random.choices(makers, weights)[0]()
        return made


def read_tables(qtest):
    def address(low):
        low, high = qtest.run([f"readl {REGISTERS + low + half:#x}" for half in (0, 4)])
        return high << 32 | low

    return [address(low) for low in (MMIO_VIS_TABLE_LOW, MMIO_VIS_MASK_LOW, MMIO_VIS_PENDING_LOW)]


def check(qtest, tables):
    """The device has not changed, and comes up once more."""
    qtest.run([f"writel {REGISTERS + MMIO_STATUS:#x} 0"])
    status = qtest.run([f"readl {REGISTERS + MMIO_STATUS:#x}"] * RESET_READS)[-1]
    number, enabled, word = qtest.run([f"readl {REGISTERS + MMIO_VIS_NUM_VECTORS:#x}",
                                       f"readl {REGISTERS + MMIO_VIS_CONTROL:#x}",
                                       f"readl {tables[1]:#x}"])
    if (status, number & 0xffff, enabled, word) != (0, VECTORS, 0, 0xffffffff):
        raise ValueError(f"after a reset: Status {status:#x}, N {number:#x}, ENABLE {enabled}, "
                         f"mask {word:#x}")
    if read_tables(qtest) != tables:
        raise ValueError("the tables have moved")


def fuzz(qemu, accesses, seed, variant):
    with tempfile.TemporaryDirectory(prefix="vis-fuzz.") as name:
        qtest = Qtest(qemu, Path(name), variant)
        tables = read_tables(qtest)
        fuzzer = Fuzzer(seed, tables)
        done = 0
        try:
            while done < accesses:
                commands = fuzzer.commands(BATCH)
                qtest.run(commands)
                done += len(commands)
            check(qtest, tables)
            text = qtest.end()
        except (EOFError, OSError) as error:
            qtest.errors.seek(0)
            raise ValueError(f"{error}: {qtest.errors.read()[-4000:]}") from error
        finally:
            qtest.process.kill()
    findings = [line for line in text.splitlines() if FINDING.search(line)]
    if findings:
        raise ValueError("\n".join(findings[:20]))
    print(f"{done} accesses")


def main():
    qemu, accesses, seed, *variant = sys.argv[1:]
    print(f"seed {seed}", flush=True)
    fuzz(qemu, int(accesses), int(seed), variant[0] if variant else None)


if __name__ == "__main__":
    main()
