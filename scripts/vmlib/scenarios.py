# SPDX-License-Identifier: GPL-2.0-only
"""The guests that the tests run in: devices, kernel parameters, modules, scripts."""

from dataclasses import dataclass, field

DISK_BYTES = 32 << 20
RNG_BYTES = 1 << 20


def disk(name, queues=4):
    return ["-drive", f"if=none,id={name},file={{dir}}/{name},format=raw",
            "-device", f"virtio-blk-device,drive={name},num-queues={queues}"]


NET = ["-netdev", "user,id=net0,ipv6=off", "-device", "virtio-net-device,netdev=net0"]
RNG = ["-object", "rng-random,id=rng0,filename={dir}/rng",
       "-device", "virtio-rng-device,rng=rng0"]
CONSOLE = ["-device", "virtio-serial-device,max_ports=1",
           "-device", "virtconsole,chardev=console"]
ALL_DEVICES = disk("disk0") + NET + RNG + CONSOLE

# Devices are plugged into the transports from the last of 24, the disk's is bit 23.
NET_AND_RNG = "0x600000"

VIS_MODULES = ("virtio_mmio_vis",)
STOCK_MODULES = ("virtio_mmio",)
TEST_MODULES = ("vis_test",)


# Without a local APIC only the PIC's interrupts exist. The board wires its transports to them
# when it has no ACPI, and then the driver is told of them: the last four, used from the end.
PIC_DEVICES = " ".join(f"virtio_mmio_vis.device=512@{0xfeb00000 + slot * 512:#x}:{5 + slot}"
                       for slot in range(4, 8))


@dataclass(frozen=True)
class Scenario:
    """One boot. modules are inserted in order by the guest's init; `load` only packs them."""

    scripts: tuple
    devices: list = field(default_factory=lambda: ALL_DEVICES)
    vis: str = "on"
    vectors: int = 0
    globals: tuple = ()
    append: str = ""
    board: str = ""
    modules: tuple = VIS_MODULES
    load: tuple = ()
    timeout: int = 120


SCENARIOS = {
    "main": Scenario(("probe.sh", "setup.sh", "data.sh", "irq.sh", "config.sh", "mask.sh",
                      "enable.sh", "affinity.sh"), load=TEST_MODULES, timeout=240),
    "shared": Scenario(("policy_shared.sh",), vectors=2),
    "line1": Scenario(("policy_line_vectors1.sh",), vectors=1),
    "visoff": Scenario(("policy_line_visoff.sh",), vis="off",
                       modules=VIS_MODULES + STOCK_MODULES),
    "nolapic": Scenario(("policy_line_nolapic.sh",), append="nolapic " + PIC_DEVICES,
                        board=",acpi=off", devices=ALL_DEVICES + ["-bios", "bios-microvm.bin"]),
    "coexist": Scenario(("coexist.sh",), globals=("x-vis-skip=" + NET_AND_RNG,), modules=VIS_MODULES + STOCK_MODULES),
    "reload": Scenario(("reload.sh",), modules=(), load=VIS_MODULES, timeout=240),
    "migrate": Scenario(("migrate.sh",)),
    "demo": Scenario(("demo.sh",), modules=(), load=VIS_MODULES),
}

# Names that stand for their sub-cases, one in each of these scenarios.
GROUPS = {"vis.policy.line": ("line1", "visoff", "nolapic")}
