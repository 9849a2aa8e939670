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
REGISTERS_SIZE = 512
VECTORS = 40
TICK_NS = 1000000
RESET_READS = 100
RAM_SIZE = 32 << 20

DEVICE_FEATURES_SEL, DRIVER_FEATURES, DRIVER_FEATURES_SEL = 0x14, 0x20, 0x24
QUEUE_SEL, QUEUE_NUM, QUEUE_READY, QUEUE_NOTIFY = 0x30, 0x38, 0x44, 0x50
INTERRUPT_ACK, STATUS = 0x64, 0x70
QUEUE_RESET, NUM_VECTORS, CONTROL, CONFIG_VECTOR, QUEUE_VECTOR = 0xc0, 0xc4, 0xc8, 0xcc, 0xd0
TABLE, MASK, PENDING = 0xd8, 0xe0, 0xe8
VERSION_1_AND_VIS = 1 << (32 - 32) | 1 << (49 - 32)
MSI = 0xfee00000
# Kinds of QEMU's own findings; guest errors go to its log, which is off.
FINDING = re.compile(r"runtime error|Sanitizer|Assertion|assert", re.I)


class Qtest:
    """A QEMU that runs no CPU and does what its qtest line says."""

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
             "-global", "virtio-mmio.ioeventfd=off",
             "-global", f"virtio-mmio.vectors={VECTORS}",
             *(["-global", f"virtio-mmio.vis-variant={variant}"] if variant else []),
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
        """What QEMU said, after it was told to end."""
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
        """Any width, any value; qtest wants one that fits."""
        width, size = self.random.choice((("b", 1), ("w", 2), ("l", 4), ("l", 4), ("q", 8)))
        if self.random.random() < 0.3:
            return f"read{width} {address:#x}"
        return f"write{width} {address:#x} {self.value() & ((1 << 8 * size) - 1):#x}"

    def register(self):
        offset = self.random.choice((self.random.randrange(0xc0, 0xf4), self.random.randrange(
            0xc0, 0xf4, 4), CONTROL, CONFIG_VECTOR, QUEUE_VECTOR, QUEUE_RESET))
        return [self.access(REGISTERS + offset)]

    def select(self):
        queue = self.random.choice((0, 1, 2, 3, 4, 1023, 1024, 0xffffffff))
        return [f"writel {REGISTERS + QUEUE_SEL:#x} {queue:#x}"]

    def notify(self):
        register, value = self.random.choice((
            (QUEUE_NOTIFY, self.random.randrange(5)), (INTERRUPT_ACK, 3),
            (STATUS, self.random.getrandbits(8)), (QUEUE_READY, self.random.getrandbits(1))))
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
        """What a device leaves for later comes."""
        return [f"clock_step {TICK_NS}"]

    def message(self):
        entry = self.table + self.random.randrange(VECTORS) * 16
        return [f"writel {entry:#x} {MSI | self.random.getrandbits(20):#x}",
                f"writel {entry + 4:#x} 0",
                f"writel {entry + 8:#x} {self.random.getrandbits(16):#x}"]

    def set_up(self):
        """A reset, then what a driver does, each step of it now and then left out."""
        steps = [(STATUS, 0), (STATUS, 1), (STATUS, 3), (DRIVER_FEATURES_SEL, 1),
                 (DRIVER_FEATURES, VERSION_1_AND_VIS), (DRIVER_FEATURES_SEL, 0),
                 (DRIVER_FEATURES, 0), (STATUS, 0xb), (QUEUE_SEL, 0), (QUEUE_NUM, 4),
                 (QUEUE_READY, 1), (QUEUE_VECTOR, 1), (CONFIG_VECTOR, 0), (CONTROL, 1),
                 (STATUS, 0xf)]
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

    return [address(low) for low in (TABLE, MASK, PENDING)]


def check(qtest, tables):
    """The device is what it was, and comes up once more."""
    qtest.run([f"writel {REGISTERS + STATUS:#x} 0"])
    status = qtest.run([f"readl {REGISTERS + STATUS:#x}"] * RESET_READS)[-1]
    number, enabled, word = qtest.run([f"readl {REGISTERS + NUM_VECTORS:#x}",
                                       f"readl {REGISTERS + CONTROL:#x}",
                                       f"readl {tables[1]:#x}"])
    if (status, number & 0xffff, enabled, word) != (0, VECTORS, 0, 0xffffffff):
        raise ValueError(f"after a reset: Status {status:#x}, N {number:#x}, ENABLE {enabled}, mask {word:#x}")
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
