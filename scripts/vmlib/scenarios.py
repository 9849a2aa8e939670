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

# Devices are plugged into the transports from the last, which is the disk's: bit 23, or 7 of
# a machine without ACPI.
NET_AND_RNG = "0x600060"

# What a hostile device does wrong, each in a slot of its own; qemu/hw/virtio/virtio-mmio-vis-hostile.c
HOSTILE_TABLES = (
    "n_zero", "draft_zero", "draft_unknown", "table_misaligned", "mask_misaligned",
    "pending_misaligned", "table_wraps", "mask_wraps", "pending_wraps", "mask_on_table",
    "pending_on_table", "mask_shares_block", "table_on_registers", "mask_on_registers",
    "table_on_device", "table_in_ram", "mask_in_ram", "pending_in_ram", "table_on_lapic", "mask_on_ioapic",
    "table_past_cpu", "table_of_other")
HOSTILE_LIFE = (
    "flags", "n_max", "changing", "no_version_1", "no_features_ok", "no_reset", "queue_of_0",
    "queue_of_3", "queue_huge", "generation", "enable_dropped", "queue_vector_dropped",
    "mask_garbage", "table_garbage", "pending_garbage", "before_enable", "after_mask",
    "after_reset", "unasked")
HOSTILE_STORM = ("no_handler", "storm")


def shared_disk(name, slot):
    return ["-drive", f"if=none,id={name},file={{dir}}/disk0,format=raw,readonly=on",
            "-device", f"virtio-blk-device,drive={name},bus=virtio-mmio-bus.{slot}"]


def hostile(faults):
    """Of a scenario: a device with each fault and, in the last slot, an honest disk.

    The guest finds the last one first.
    """
    slots = {fault: slot for slot, fault in enumerate((*faults, "honest"), 1)}
    items = ",".join(f"{fault}@{slot}" for fault, slot in slots.items())
    devices = []
    for fault, slot in slots.items():
        # A disk whose first read gets no interrupt could not be taken away.
        devices += (["-device", f"virtio-rng-device,bus=virtio-mmio-bus.{slot}"]
                    if fault.endswith("_dropped") else shared_disk(fault, slot))
    return {"globals": (f"x-vis-fault={items}",), "append": f"vis.faults={items}",
            "devices": devices}


def tap(number, device="virtio-net-device", queues=4):
    name = f"tap{number}"
    return ["-netdev", f"tap,id={name},ifname={name},queues={queues},script=no,downscript=no",
            "-device", f"{device},netdev={name},mq=on"]


# A vhost-user backend sees the guest's memory.
SHARED_MEMORY = ["-object", "memory-backend-memfd,id=ram,size=512M,share=on"]
CLASSES = SHARED_MEMORY + disk("disk0") + tap(0) + RNG + CONSOLE + [
    "-device", "virtio-scsi-device,num_queues=4",
    "-drive", "if=none,id=disk2,file={dir}/disk2,format=raw", "-device", "scsi-hd,drive=disk2",
    "-device", "virtio-balloon-device",
    "-device", "virtio-serial-device,id=ports,max_ports=2",
    "-device", "virtserialport,bus=ports.0,chardev=port,name=port",
    "-fsdev", "local,id=share,path={dir}/share,security_model=none",
    "-device", "virtio-9p-device,fsdev=share,mount_tag=share",
    "-chardev", "socket,id=fs,path={sockets}/fs",
    "-device", "vhost-user-fs-device,chardev=fs,tag=share",
    "-device", "virtio-keyboard-device",
    "-device", "virtio-gpu-device,id=gpu",
    "-object", "cryptodev-backend-builtin,id=crypto",
    "-device", "virtio-crypto-device,cryptodev=crypto",
    "-audiodev", "wav,id=sound,path={dir}/wav",
    "-device", "virtio-sound-device,audiodev=sound",
    "-chardev", "socket,id=vub,path={sockets}/vub",
    "-device", "vhost-user-blk,chardev=vub,num-queues=4"]
CLASS_MODULES = (
    "virtio_scsi", "sd_mod", "virtio_balloon", "9p", "9pnet_virtio", "virtiofs", "virtio_input",
    "evdev", "virtio_gpu", "virtio_crypto", "crypto_user", "algif_skcipher", "virtio_snd",
    "snd_pcm_oss")
# The daemon is of the release that the guest's tools are of.
FS_DAEMON = [
    "{tools}/usr/lib64/ld-linux-x86-64.so.2", "--library-path",
    "{tools}/usr/lib/x86_64-linux-gnu", "{tools}/usr/libexec/virtiofsd", "--fd", "{fd}",
    "--shared-dir", "{dir}/share", "--sandbox", "none", "--rlimit-nofile", "0"]
VUB_DAEMON = [
    "{programs}/qemu-storage-daemon", "--blockdev",
    "driver=file,node-name=disk1,filename={dir}/disk1", "--export",
    "type=vhost-user-blk,id=vub,node-name=disk1,writable=on,num-queues=4,logical-block-size=4096,"
    "addr.type=fd,addr.str={fd}"]

VIS_MODULES = ("virtio_mmio_vis",)
STOCK_MODULES = ("virtio_mmio",)
TEST_MODULES = ("vis_test",)


# Without a local APIC only the PIC's interrupts exist. The board wires its transports to them
# when it has no ACPI, and then the driver is told of them: the last four, used from the end.
PIC_DEVICES = " ".join(f"virtio_mmio_vis.device=512@{0xfeb00000 + slot * 512:#x}:{5 + slot}"
                       for slot in range(4, 8))


@dataclass(frozen=True)
class Scenario:
    """One boot. modules are inserted in order by the guest's init; `load` only packs them.

    expected matches the kernel's reports that are no failure. tools are the guest's programs
    from scripts/fetch guest-tools; daemons serve devices, each on its socket {sockets}/NAME; with
    taps the host's side is a network namespace that has that many.
    """

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
    expected: str = "$^"
    smp: int = 0
    tools: tuple = ()
    taps: int = 0
    daemons: dict = field(default_factory=dict)


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
    "hostile_tables": Scenario(("hostile_tables.sh",), **hostile(HOSTILE_TABLES)),
    "hostile_life": Scenario(("hostile_life.sh",), **hostile(HOSTILE_LIFE), load=TEST_MODULES, timeout=180),
    "hostile_storm": Scenario(("hostile_storm.sh",), **hostile(HOSTILE_STORM),
                              expected="nobody cared|Call Trace|No irq handler for"),
    "hints": Scenario(("hints.sh",), board=",pcie=on", taps=2, vectors=32, tools=("ethtool",),
                      devices=tap(0) + tap(1, "virtio-net-pci,romfile=")),
    "classes": Scenario(("classes.sh",), devices=CLASSES, board=",memory-backend=ram", taps=1,
                        vectors=32,
                        load=CLASS_MODULES, tools=("kcapi-enc",), timeout=120,
                        daemons={"fs": FS_DAEMON, "vub": VUB_DAEMON}),
    "bare": Scenario(()),
    "demo": Scenario(("demo.sh",), modules=(), load=VIS_MODULES),
}

# Names that stand for their sub-cases, one in each of these scenarios.
GROUPS = {"vis.policy.line": ("line1", "visoff", "nolapic")}
