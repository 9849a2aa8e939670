# SPDX-License-Identifier: GPL-2.0-only
"""The guests to measure: the same devices and work over each transport."""

import socket
import statistics
import threading
import time
from collections import Counter

from vmlib import __main__ as vm, prepare
from vmlib.scenarios import CLOUD, SCENARIOS, VHOST_NET, Scenario
from vmlib.services import Services
from vmlib.tap import Quiet

from . import exits, profile

TRANSPORTS = ("legacy", "pci", "vis")
# Only its trapped accesses are of interest: otherwise, its driver is that of VIS.
MSI = "mmio_msi"
VIRTIO_MODULES = {"legacy": "virtio_mmio", "pci": "virtio_pci", "vis": "virtio_mmio_vis",
                  MSI: "virtio_mmio_vis"}
CPUS = 4
# Without any event at the start, QEMU would not log an event that is switched on later.
RARE_EVENTS = ("virtio_mmio_vis_reset",)
DISK_BYTES = 8 << 30
ROUTE_EVENTS = ("kvm_irqchip_add_msi_route", "kvm_irqchip_release_virq")
# One instruction is one nanosecond, and one tick of the TSC.
COUNT_INSTRUCTIONS = ["-icount", "shift=0,sleep=off"]
ONE_GIGAHERTZ = "tsc_early_khz=1000000"
PACKET_BYTES = 2048
# The function of the guest's kernel that moves an interrupt; for the line and MSI-X, the next
# interrupt calls it
MOVERS = {"legacy": "ioapic_ack_level", "pci": "__irq_move_irq", "vis": "irq_do_set_affinity"}


def device(transport, name, options=""):
    """A virtio device of the transport, with a vector per queue where it has vectors."""
    bus = "pci" if transport == "pci" else "device"
    modern = ",disable-legacy=on" if transport == "pci" else ""
    modern += ",romfile=" if transport == "pci" and name == "net" else ""
    return ["-device", f"virtio-{name}-{bus}{options}{modern}"]


def null_disk(transport, number, queues, options=""):
    """A read costs the host nothing."""
    node = f"null{number}"
    return ["-blockdev", f"driver=null-co,node-name={node},size={DISK_BYTES},read-zeroes=off",
            *device(transport, "blk", f",drive={node},num-queues={queues}{options}")]


def rng(transport):
    return ["-object", "rng-random,id=rng0,filename=/dev/urandom",
            *device(transport, "rng", ",rng=rng0")]


def serial(transport, queues):
    """Two queues for each port, and two for the control of the ports."""
    vectors = f",vectors={queues + 1}" if transport == "pci" else ""
    return device(transport, "serial", f",max_ports={queues // 2 - 1}{vectors}")


def net_vectors(queues):
    """A pair of queues each, one for control, and configuration."""
    return 2 * queues + 2


def net(transport, queues, number=0):
    if queues == 1:
        return ["-netdev", f"user,id=net{number},ipv6=off",
                *device(transport, "net", f",netdev=net{number}")]
    vectors = f",vectors={net_vectors(queues)}" if transport == "pci" else ""
    return ["-netdev", f"tap,id=net{number},ifname=tap{number},queues={queues},script=no,"
            "downscript=no", *device(transport, "net", f",netdev=net{number},mq=on{vectors}")]


def scenario(transport, parts, devices, **options):
    """parameters are the guest script's, by name."""
    parameters = {"run": ",".join(parts), **options.pop("parameters")}
    words = [f"bench.{name}={value}" for name, value in parameters.items()]
    # The self-tests of the crypto code run for a while after boot.
    words += ["cryptomgr.notests", *options.pop("append", [])]
    return Scenario(("bench.sh",), devices=devices, vis="on" if transport == "vis" else "off",
                    globals=("msi=dragonball",) if transport == MSI else (),
                    board=",pcie=on" if transport == "pci" else "", append=" ".join(words),
                    **{"trace": RARE_EVENTS, "modules": (VIRTIO_MODULES[transport],),
                       "load": ("vis_bench",), **options})


def exits_scenario(transport, interrupts, moves):
    """The disks are first: the guest numbers them in the order of their slots."""
    disks = [word for number, queues in enumerate((1, 2, CPUS))
             for word in null_disk(transport, number, queues)]
    ports = [word for queues in (8, 16, 64) for word in serial(transport, queues)]
    return scenario(transport, ("interrupts", "moves", "masks", "setup"),
                    disks + rng(transport) + ports, smp=CPUS, timeout=300,
                    parameters={"count": interrupts, "moves": moves})


def kvm_scenario(transport, interrupts, moves):
    """Where the transport has irqfds, they send the interrupts that the iothread signals."""
    disks = [word for number, queues in enumerate((1, CPUS))
             for word in null_disk(transport, number, queues, ",iothread=io")]
    return scenario(transport, ("booted", "interrupts", "live", "masks", "setup"),
                    ["-object", "iothread,id=io"] + disks + rng(transport), smp=CPUS, timeout=300,
                    parameters={"count": interrupts, "moves": moves},
                    trace=(*RARE_EVENTS, *ROUTE_EVENTS))


def path_scenario(transport, part, **parameters):
    """Where the transport has irqfds, they send the interrupts that the iothread or vhost signals.
    The guest has one CPU, like its host: of two, one would spin for locks while the other cannot
    run. The iothread does not poll before it waits, because the polling time differs from read to
    read, and time is a number of instructions here."""
    disk = ["-object", "iothread,id=io,poll-max-ns=0", *null_disk(transport, 0, 1, ",iothread=io")]
    card = [*VHOST_NET[:2], *device(transport, "net", ",netdev=net0")]
    with_card = {"devices": card, "taps": 1, "vectors": net_vectors(1)}
    devices = with_card if part == "path_packets" else {"devices": disk}
    return scenario(transport, (part,), **devices, smp=1, timeout=900,
                    append=[ONE_GIGAHERTZ, "tsc=reliable"], parameters=parameters)


def moves_scenario(transport, moves):
    """The second CPU is the target, and idle."""
    return scenario(transport, ("path_moves",), rng(transport), smp=2, timeout=900,
                    append=[ONE_GIGAHERTZ, "tsc=reliable"],
                    parameters={"moves": moves, "mover": MOVERS[transport]})


def insns_scenario(transport, queues, count):
    return scenario(transport, ("insns",), null_disk(transport, 0, queues) +
                    net(transport, queues) + COUNT_INSTRUCTIONS,
                    smp=queues, timeout=300, taps=int(queues > 1), vectors=net_vectors(queues),
                    append=[ONE_GIGAHERTZ], parameters={"count": count})


def profile_scenario(transport):
    return scenario(transport, ("profile",), null_disk(transport, 0, 1) + COUNT_INSTRUCTIONS,
                    smp=1, append=[ONE_GIGAHERTZ], parameters={})


def boot_scenario(transport, kernel=CLOUD):
    return scenario(transport, ("boot",), null_disk(transport, 0, 1) + COUNT_INSTRUCTIONS, smp=1,
                    kernel=kernel, append=[ONE_GIGAHERTZ], modules=(), load=(), parameters={})


def density_scenario(transport, number):
    """As many disks, each of which has a queue and a vector for each CPU."""
    return scenario(transport, (), [word for disk in range(number)
                                    for word in null_disk(transport, disk, CPUS)],
                    smp=CPUS, vectors=CPUS + 1, parameters={})


def rates_scenario(transport, count, seconds, cpus=CPUS):
    """The device with one queue, and with one for each CPU; only the latter if the number of CPUs
    is not the usual one."""
    devices, queues_of_each = [], (1, CPUS) if cpus == CPUS else (cpus,)
    for number, queues in enumerate(queues_of_each):
        devices += [*null_disk(transport, number, queues), *net(transport, queues, number)]
    return scenario(transport, ("rates",), devices, smp=cpus, taps=len(queues_of_each),
                    timeout=180, vectors=net_vectors(cpus), load=("pktgen", "vis_bench"),
                    tools=("fio",), parameters={"count": count, "seconds": seconds})


class Rows:
    """Makes rows from the guest's output and the traces."""

    def __init__(self, transport, scale=None):
        self.transport = transport
        self.scale = scale or {}
        self.rows = []
        self.windows = {}
        self.sampled = {}
        self.masks = exits.Masks()

    def add(self, metric, unit, value, low=None, high=None, kind="counted", transport=None,
            **params):
        self.rows.append({"metric": metric, "unit": unit, "kind": kind,
                          "transport": transport or self.transport, "params": params,
                          "value": value,
                          "low": value if low is None else low,
                          "high": value if high is None else high})

    def window(self, name, params, lines):
        accesses, broadcasts = exits.parse(lines)
        take = getattr(self, "take_" + name, None)
        if take:
            take(accesses, broadcasts, **params)
        else:
            self.windows.setdefault(name, []).append(self.moving(accesses))
            self.masks.steps(accesses)

    def take_interrupts(self, accesses, broadcasts, queues, n, **params):
        kinds = exits.count(accesses)
        kinds["eoi_ioapic"] = broadcasts
        for name in ("status_read", "ack", "eoi_ioapic", "mask_table", "msi_register",
                     "msix_table", "ioapic", "register", "vis_register"):
            if kinds[name]:
                self.add("exits_per_interrupt", "exits", kinds[name] / n, queues=queues,
                         kind_of_exit=name, interrupts=n)
        self.add("exits_per_interrupt", "exits", sum(kinds.values()) / n, queues=queues,
                 kind_of_exit="all", interrupts=n)
        lapic = sum(exits.is_lapic_eoi(access) for access in accesses)
        self.add("lapic_eoi_per_interrupt", "writes", lapic / params["all"], queues=queues)

    @staticmethod
    def moving(accesses):
        """The accesses that concern messages and masks."""
        kinds = exits.count(accesses)
        return (kinds["mask_table"] + kinds["msi_register"] + kinds["msix_table"] +
                kinds["ioapic"])

    def take_move(self, accesses, _, mode, **__):
        window = self.windows.setdefault(mode, Counter())
        window["moves"] += 1
        window["at_once"] += self.moving(accesses) > 0
        window["exits"] += self.moving(accesses)
        window.update(self.masks.steps(accesses))

    def take_moved(self, accesses, _, mode, **__):
        self.windows[mode]["exits"] += self.moving(accesses)
        self.windows[mode].update(self.masks.steps(accesses))

    def take_setup(self, accesses, _, **__):
        probe = exits.until_driver_ok(accesses)
        params = {"device": exits.device(probe), "queues": exits.queues_enabled(probe)}
        self.add("exits_vector_setup", "exits", exits.vector_setup(probe), **params)
        self.add("exits_probe", "exits", sum(exits.count(probe).values()), **params)

    # The kinds of figures, by the name that the guest gives them

    def insns(self, metric, params):
        insns, n = params.pop("insns"), params.pop("n")
        self.add(metric, "instructions", insns / n, **params, n=n)

    def rate(self, metric, params):
        self.add(metric, "1/s", params.pop("per_second"), kind="timed", **self.scale, **params)

    def share(self, metric, params):
        self.add(metric, "share of the busiest CPU", params["most"] / params["n"],
                 kind="timed", queues=params["queues"], **self.scale)

    def samples(self, metric, params):
        """The samples of one CPU; each is of that many parts."""
        parts = params.pop("parts", 1)
        counts = [tuple(map(int, pair.split("x"))) for pair in params.pop("values").split(",")]
        values = [value / parts for number, value in counts for _ in range(number)]
        self.sampled.setdefault((metric, *params.items()), []).append(values)

    def finish_samples(self, metric, params, cpus):
        """The median over the CPUs of the median and the 99th percentile, the least, the most."""
        transport = self.transport
        if params.get("scope") == "floor":
            transport, params = "floor", {**params, "beside": transport}
        for stat, share in (("median", 0.5), ("p99", 0.99)):
            value = statistics.median(values[int(len(values) * share)] for values in cpus)
            self.add(metric, "instructions", value, min(map(min, cpus)), max(map(max, cpus)),
                     transport=transport, stat=stat, **params, n=sum(map(len, cpus)))

    def finish(self):
        """Rows of the counts collected over several windows."""
        for (metric, *params), cpus in self.sampled.items():
            self.finish_samples(metric, dict(params), cpus)
        for mode in ("quiet", "busy", "colliding"):
            if mode in self.windows:
                self.finish_moves(mode, self.windows[mode])
        if "parked" in self.windows and self.transport == "vis":
            values = [value - 1 for value in self.windows["parked"]]
            self.add("exits_per_parked_move", "exits", statistics.median(values), min(values),
                     max(values), moves=len(values))
        for name in ("mask", "unmask"):
            if name in self.windows:
                values = self.windows[name]
                self.add(f"exits_per_{name}", "exits", sum(values) / len(values), min(values),
                         max(values))
        return self.rows

    def finish_moves(self, mode, window):
        moves = window["moves"]
        collisions = 0
        if self.transport in ("vis", MSI):
            collisions = 2 * min(window["mask"], window["unmask"])
            self.add("exits_in_progress", "exits", collisions / moves, queue=mode, moves=moves)
        self.add("exits_per_affinity_change", "exits", (window["exits"] - collisions) / moves,
                 queue=mode, moves=moves)
        if mode == "quiet":
            self.add("moves_effective_at_once", "share", window["at_once"] / moves, moves=moves)


class Echo:
    """Sends each packet back, after a while."""

    def __init__(self, address, delay_s):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.port = self.socket.getsockname()[1]
        self.delay_s = delay_s
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            packet, sender = self.socket.recvfrom(PACKET_BYTES)
            # Even a sleep of length 0 takes as long as timers are late.
            if self.delay_s:
                time.sleep(self.delay_s)
            self.socket.sendto(packet, sender)


class BenchServices(Services):
    """The verbs of the bench, in addition to those of the tests."""

    rows = None
    profile = None

    def trace_exits(self, enable):
        for event in exits.EVENTS:
            self.machine.qmp("trace-event-set-state", name=event, enable=enable)

    def do_trap_start(self):
        self.trace_exits(True)
        self.machine.trace.mark()

    def do_trap_end(self, name, *words):
        self.trace_exits(False)
        self.rows.window(name, parameters(words),
                         self.machine.trace.lines("|".join(exits.EVENTS)))

    def monitor(self, commands):
        for command in commands:
            self.machine.qmp("human-monitor-command", **{"command-line": command})

    def do_profile_start(self):
        self.machine.trace.mark()
        self.monitor(profile.COMMANDS_START)

    def do_profile_end(self):
        self.monitor(profile.COMMANDS_END)
        self.profile = profile.Profile(self.machine.trace.lines("Trace"))
        return " ".join(self.profile.addresses())

    def do_profile(self, *names):
        paths = self.profile.paths(dict(name.split("=") for name in names))
        for path, counts in paths.items():
            for function, count in counts.items():
                self.rows.add("insns_by_function", "instructions", count, path=path,
                              function=function)

    def do_echo_port(self, delay_ms):
        return Echo(self.address, int(delay_ms) / 1000).port

    def do_figure(self, kind, metric, *words):
        getattr(self.rows, kind)(metric, parameters(words))


def parameters(words):
    pairs = (word.split("=") for word in words)
    return {name: int(value) if value.isdigit() else value for name, value in pairs}


class BenchError(Exception):
    """A guest did not do all of its work."""


def prepared(options):
    """The options of a guest with the kernel that most guests have"""
    return prepare.for_scenario(options, Scenario(()))


def run(options, name, transport, wanted, scale=None, rows=None, verbs=BenchServices):
    """Boots one guest and returns its rows. scale has parameters of all timed figures."""
    SCENARIOS[name] = wanted
    tap = Quiet()
    guest = vm.Guest(prepare.for_scenario(options, wanted), name, tap)
    rows = rows or Rows(transport, scale)
    guest.services = type("Verbs", (verbs,), {"rows": rows})
    guest.rundir = options.root / "build/bench/guests" / name
    guest.run()
    if tap.failure():
        raise BenchError(f"{name}: {tap.failure()}, see {guest.rundir}")
    return rows.finish()
