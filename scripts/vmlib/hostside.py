# SPDX-License-Identifier: GPL-2.0-only
"""The guest's surroundings: a network of its own, and daemons that serve or make its devices."""

import contextlib
import ctypes
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

from .machine import Line, ask

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
END_TIMEOUT = 10
END_POLL = 0.05
# A pipe takes this much in one write, which keeps the records that are read from it aligned.
FEED_BYTES = 4096


def check(status):
    if status:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def add_tap(number):
    """The host's end of the guest's network number, with several queues."""
    name = f"tap{number}"
    for words in (f"tuntap add dev {name} mode tap multi_queue",
                  f"addr add 10.0.{2 + number}.2/24 dev {name}", f"link set {name} up"):
        subprocess.run(["ip", *words.split()], check=True)


@contextlib.contextmanager
def network(taps):
    """Puts this thread and its children into a network namespace that has only these taps."""
    if not taps:
        yield
        return
    with open("/proc/thread-self/ns/net", encoding="ascii") as before:
        check(LIBC.unshare(CLONE_NEWNET))
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            for number in range(taps):
                add_tap(number)
            yield
        finally:
            check(LIBC.setns(before.fileno(), CLONE_NEWNET))


@contextlib.contextmanager
def entropy(path):
    """Feeds a FIFO without end, for any reader; yields all data that it has been given."""
    fed = bytearray()
    ended = threading.Event()

    def feed():
        while not ended.is_set():
            with contextlib.suppress(BrokenPipeError), path.open("wb", buffering=0) as fifo:
                while True:
                    data = os.urandom(FEED_BYTES)
                    fed.extend(data)
                    fifo.write(data)

    os.mkfifo(path)
    thread = threading.Thread(target=feed, daemon=True)
    thread.start()
    try:
        yield fed
    finally:
        ended.set()
        # A reader that opens the FIFO and closes it ends the wait for one, if the thread has begun
        # that wait.
        while thread.is_alive():
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
            thread.join(END_POLL)


class Daemons:
    """Processes that each serve one device, mostly over a listening socket, which they inherit."""

    def __init__(self, log, sockdir):
        self.log = log
        self.sockdir = sockdir
        self.processes = []

    def start(self, name, command):
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(self.sockdir / name))
            server.listen(1)
            descriptor = server.fileno()
            self.spawn([word.replace("{fd}", str(descriptor)) for word in command], descriptor)

    def spawn(self, command, *descriptors):
        with self.log.open("ab") as log:
            self.processes.append(subprocess.Popen(
                command, pass_fds=descriptors, stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def stop(self):
        """Some end with their client; none outlives the guest."""
        deadline = time.monotonic() + END_TIMEOUT
        for process in self.processes:
            process.terminate()
            try:
                process.wait(max(0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def vdpa(daemons, command, timeout):
    """Has a daemon make a VDUSE device, and vhost take it; yields vhost's file and the daemon's
    QMP."""
    if not command:
        yield None, None
        return
    name = daemons.sockdir.name
    monitor = Line(daemons.sockdir / "vdpa")
    subprocess.run(["modprobe", "-a", "vduse", "vhost_vdpa"], check=True)
    daemons.spawn(command)
    # It connects once it has made the device.
    monitor.accept(timeout)
    ask(monitor, timeout, "qmp_capabilities")
    subprocess.run(["vdpa", "dev", "add", "name", name, "mgmtdev", "vduse"], check=True)
    try:
        node, = Path("/sys/bus/vdpa/devices", name).glob("vhost-vdpa-*")
        yield Path("/dev", node.name), monitor
    finally:
        subprocess.run(["vdpa", "dev", "del", name], check=True)
