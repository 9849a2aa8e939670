# SPDX-License-Identifier: GPL-2.0-only
"""The guests that the tests run in: devices, kernel parameters, modules, scripts."""

from dataclasses import dataclass, field

from .machine import TRACE_EVENTS

# Debian's kernel for clouds, and its generic kernel, which also has 9P, sound, DRM, the crypto
# device and hibernation
CLOUD, GENERIC = "cloud-amd64", "amd64"
DISK_BYTES = 32 << 20


READONLY = ",readonly=on"


def drive(name, path, device, options=""):
    return ["-drive", f"if=none,id={name},file={path},format=raw{options}",
            "-device", f"{device},drive={name}"]


def disk(name, queues=4, iothread=False):
    device = f"virtio-blk-device,num-queues={queues}"
    if iothread:
        return ["-object", f"iothread,id=io.{name}",
                *drive(name, f"{{dir}}/{name}", f"{device},iothread=io.{name}")]
    return drive(name, f"{{dir}}/{name}", device)


NET = ["-netdev", "user,id=net0,ipv6=off", "-device", "virtio-net-device,netdev=net0"]
RNG = ["-object", "rng-random,id=rng0,filename={dir}/rng",
       "-device", "virtio-rng-device,rng=rng0"]
# The driver polls for the end of its output. With EVENT_IDX, the device does not interrupt for
# buffers that the driver has seen before the device looks.
CONSOLE = ["-device", "virtio-serial-device,max_ports=1,event_idx=off",
           "-device", "virtconsole,chardev=console"]
ALL_DEVICES = disk("disk0") + NET + RNG + CONSOLE
# A console, and a port whose queues come after it
TWO_PORTS = ["-device", "virtio-serial-device,max_ports=4",
             "-device", "virtconsole,chardev=console", "-device", "virtserialport,chardev=port"]

# Devices are plugged into the transports from the last, which is the disk's: bit 23 of microvm, 31
# of arm64, 7 of riscv64 and of microvm without ACPI.
NET_AND_RNG = "0x60600060"

# The faults of hostile devices; see qemu/hw/virtio/virtio-mmio-vis-hostile.c
HOSTILE_TABLES = (
    "draft_zero", "draft_unknown", "table_misaligned", "mask_misaligned", "pending_misaligned",
    "table_wraps", "mask_wraps", "pending_wraps", "mask_on_table", "pending_on_table",
    "mask_shares_block", "table_on_registers", "mask_on_registers", "mask_on_device",
    "table_in_ram", "table_in_reserved_ram", "mask_in_ram", "pending_in_ram",
    "table_on_lapic", "mask_on_ioapic", "table_past_cpu", "table_of_other")
HOSTILE_LIFE = (
    "flags", "n_zero", "n_max", "changing", "no_version_1", "no_features_ok", "no_reset",
    "slow_reset", "queue_of_0", "queue_of_3", "queue_huge", "generation", "enable_dropped",
    "queue_vector_dropped", "mask_garbage", "table_garbage", "pending_garbage", "before_enable",
    "after_mask", "after_reset", "unasked")
HOSTILE_STORM = ("no_handler", "storm")
# Devices for the conformance run, by scenarios; see qemu/hw/virtio/virtio-mmio-vis-broken.c
BROKEN = {
    "places":
        "no_mask table_misaligned mask_misaligned pending_misaligned table_on_registers "
        "mask_shares_block pending_on_table pending_by_mask pending_by_registers",
    "registers":
        "flags draft_unknown n_zero changing no_version_1 features_ok one_vector many_vectors "
        "unreadable early_mapping early_enable control_bits_read control_bits num_writable "
        "reserved_writable reserved_reads enable_dropped",
    "tables":
        "slow_table entries_shared entries_locked entries_short entry_reserved unaligned_sent "
        "table_garbage mask_words mask_flips mask_void_zero mask_void_stored mask_garbage "
        "masked_sent mask_reads_early mask_early pending_shifted pending_blank pending_stays "
        "pending_void pending_writable pending_garbage masked_forgotten",
    "commits":
        "unmask_silent old_and_new old_at_commit entry_sent latch_once latch_late commit_sends "
        "all_unmasked after_mask shared_dropped vectors_clamped vector_high vector_refused "
        "map_clears map_moves map_locked map_no_queue read_no_queue queue_sel_half ready_unmaps "
        "queue_vector_dropped",
    "events":
        "late_enable enable_cleared enable_hidden later_lost config_silent silent unmapped_sent "
        "spurious twice early_message narrow_registers narrow_mask narrow_kills status_zero "
        "line_raised status_shown ack_clears bad_entry_kills",
    "reset":
        "enable_kept pending_kept mapping_kept before_enable reset_sends queue_kept queue_clears "
        "queue_masks reset_no_queue reset_put_off reset_never no_reset request_kept",
    "supplied":
        "tables_claimed tables_hidden supplied supplied_early supplied_late supplied_unread "
        "supplied_kept supplied_unused supplied_unmasked supplied_blank supplied_and_own "
        "supplied_lost supplied_overrun supplied_after",
}


# Together they have more vectors than the 64 of a GICv2m frame.
RUNGS = [word for number in range(15) for word in drive(
    f"rung{number}", "{dir}/disk0", "virtio-blk-device,num-queues=4", READONLY)]

# 1,024 queues, and fewer
CONSOLES = ["-device", "virtio-serial-device,max_ports=31",
            "-device", "virtio-serial-device,max_ports=127",
            "-device", "virtio-serial-device,max_ports=255",
            "-device", "virtio-serial-device,id=large,max_ports=511",
            "-device", "virtserialport,bus=large.0,nr=1,chardev=console",
            "-device", "virtserialport,bus=large.0,nr=510,chardev=port"]


def crowd(bus, device, number):
    """A console of 64 queues with a port that discards all data written to it"""
    name = f"{bus}{number}"
    return ["-device", f"{device},id={name},max_ports=31",
            "-chardev", f"file,id={name},path=/dev/null",
            "-device", f"virtserialport,bus={name}.0,nr=1,chardev={name}"]


CROWD = [word for number in range(4)
         for bus, device in (("vis", "virtio-serial-device"),
                             ("pci", "virtio-serial-pci,vectors=65"))
         for word in crowd(bus, device, number)]


# Where the tables of all devices are, the memory map has a reserved range.
RESERVED = "memmap=128M$0xf0000000"
# A piece of RAM that is reserved, as firmware keeps some
RESERVED_RAM = "memmap=1M$0x8000000"


def own_disk(name, place):
    return drive(name, "{dir}/disk0", "virtio-blk-device" + place, READONLY)


def hostile(faults, disks=True, append="", disk_of=own_disk):
    """Fields of a scenario that has a device with each fault and, in the last slot, an honest disk.

    Those with faults are disks, too, or else entropy devices. The guest probes the last slot first.
    """
    slots = {fault: slot for slot, fault in enumerate((*faults, "honest"), 1)}
    items = ",".join(f"{fault}@{slot}" for fault, slot in slots.items())
    devices = []
    for fault, slot in slots.items():
        # A disk whose first read gets no interrupt could not be taken away.
        is_disk = fault == "honest" or disks and not fault.endswith("_dropped")
        place = f",bus=virtio-mmio-bus.{slot}"
        devices += (disk_of(fault, place) if is_disk
                    else ["-device", "virtio-rng-device" + place])
    return {"faults": items, "append": f"{append} vis.faults={items}", "devices": devices}


def tap(number, device="virtio-net-device", queues=4, options=""):
    name = f"tap{number}"
    return ["-netdev",
            f"tap,id={name},ifname={name},queues={queues},script=no,downscript=no{options}",
            "-device", f"{device},netdev={name},mq=on"]


# One pair of queues. The host's end has several, and the network card uses the first.
VHOST_NET = ["-netdev", "tap,id=net0,ifname=tap0,queues=2,script=no,downscript=no,vhost=on",
             "-device", "virtio-net-device,netdev=net0"]
# A vhost-user backend sees the guest's memory.
SHARED_MEMORY = ["-object", "memory-backend-memfd,id=ram,size=512M,share=on"]
VHOST_USER_DISK = ["-chardev", "socket,id=vub,path={sockets}/vub",
                   "-device", "vhost-user-blk,chardev=vub,num-queues=4"]
# A daemon that serves a vDPA device through VDUSE sees it, too.
VDPA_DISK = ["-device", "vhost-vdpa-device,vhostdev={vdpa}"]
CLASSES = SHARED_MEMORY + disk("disk0") + tap(0) + RNG + CONSOLE + [
    "-device", "virtio-scsi-device,num_queues=4",
    *drive("disk2", "{dir}/disk2", "scsi-hd"),
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
    "-device", "virtio-sound-device,audiodev=sound"] + VHOST_USER_DISK
CLASS_MODULES = (
    "virtio_scsi", "sd_mod", "virtio_balloon", "9p", "9pnet_virtio", "virtiofs", "virtio_input",
    "evdev", "virtio_gpu", "virtio_crypto", "crypto_user", "algif_skcipher", "virtio_snd",
    "snd_pcm_oss")
# The daemon is from the same release as the guest's tools.
FS_DAEMON = [
    "{tools}/usr/lib64/ld-linux-x86-64.so.2", "--library-path",
    "{tools}/usr/lib/x86_64-linux-gnu", "{tools}/usr/libexec/virtiofsd", "--fd", "{fd}",
    "--shared-dir", "{dir}/share", "--sandbox", "none", "--rlimit-nofile", "0"]


def vub_daemon(disk, export, options=""):
    """The firmware leaves disks of such large blocks alone."""
    return ["{programs}/qemu-storage-daemon", "--blockdev",
            f"driver=file,node-name=disk,filename={{dir}}/{disk}{options}", "--export",
            f"type=vhost-user-blk,id=vub,node-name=disk,{export},logical-block-size=4096,"
            "addr.type=fd,addr.str={fd}"]


VUB_DAEMON = vub_daemon("disk1", "writable=on,num-queues=4")
READONLY_DAEMON = vub_daemon("disk0", "num-queues=1", ",read-only=on")
VDPA_DAEMON = (
    "{programs}/qemu-storage-daemon", "--blockdev",
    "driver=file,node-name=disk0,filename={dir}/disk0", "--export",
    "type=vduse-blk,id=vdpa,name={vduse},node-name=disk0,writable=on,num-queues=4,"
    "logical-block-size=4096",
    "--chardev", "socket,id=qmp,path={sockets}/vdpa", "--monitor", "chardev=qmp")

def managed_pair(number, kind, queues):
    """A disk, a SCSI controller or a file system on VIS, and another on virtio-pci."""
    args = []
    for bus, device in (("mmio", f"{kind}-device"),
                        ("pci", f"{kind}-pci,romfile=,vectors={queues + 4}")):
        name = f"{kind}-{bus}{number}"
        if kind == "virtio-blk":
            args += drive(name, "{dir}/disk0", f"{device},num-queues={queues}", READONLY)
        elif kind == "virtio-scsi":
            args += ["-device", f"{device},num_queues={queues}"]
        else:
            args += ["-chardev", f"socket,id={name},path={{sockets}}/{name}",
                     "-device", f"{device},chardev={name},tag={name}"]
    return args


MANAGED = SHARED_MEMORY + [
    word for number, (kind, queues) in enumerate(
        [("virtio-blk", queues) for queues in (1, 2, 3, 5, 8, 16)] +
        [("virtio-scsi", queues) for queues in (1, 4, 16)] + [("vhost-user-fs", 1)])
    for word in managed_pair(number, kind, queues)]

# A program in Ruby, and the files that it loads
IRQTOP = ("irqtop", "ruby3.3", *(f"usr/lib/{path}" for path in (
    "ruby/*/getoptlong.rb", "ruby/vendor_ruby/curses.rb", "x86_64-linux-gnu/ruby/*/stringio.so",
    "x86_64-linux-gnu/ruby/*/enc/encdb.so", "x86_64-linux-gnu/ruby/*/enc/trans/transdb.so",
    "x86_64-linux-gnu/ruby/vendor_ruby/*/curses.so")))

VIS_MODULES = ("virtio_mmio_vis",)
STOCK_MODULES = ("virtio_mmio",)
TEST_MODULES = ("vis_test",)
KUNIT_MODULES = ("compat_test", "virtio_mmio_transport_test")


# Without a local APIC only the PIC's interrupts exist. The board wires its transports to them
# when it has no ACPI, and then a parameter describes them to the driver: the last four, used from
# the end.
PIC_DEVICES = " ".join(f"virtio_mmio_vis.device=512@{0xfeb00000 + slot * 512:#x}:{5 + slot}"
                       for slot in range(4, 8))
# The first transport, which has no device, and an address without a transport
NO_DEVICE = "0xfeb00000"
NO_TRANSPORT = "0xfea00000"


@dataclass(frozen=True)
class Scenario:
    """One boot. modules are inserted in order by the guest's init; `load` only packs them.

    kernel is what it boots unless told otherwise: a flavour of scripts/fetch, or a kernel of
    selftests/kernels. faults names the faults of devices, and their slots. expected matches
    reports of the kernel that are not failures; report matches the report that must follow when the
    guest commits a fault. trace are QEMU's events. tools are the guest's programs (and files, by
    patterns of paths) from scripts/fetch guest-tools. daemons serve devices, each on its socket
    {sockets}/NAME; the daemon vdpa makes the VDUSE device {vduse}, which is the vDPA device {vdpa}.
    With taps, the host's side is a network namespace with that many taps. The results of a variant
    have its name before theirs.
    """

    scripts: tuple
    kernel: str = CLOUD
    devices: list = field(default_factory=lambda: ALL_DEVICES)
    vis: str = "on"
    vectors: int = 0
    globals: tuple = ()
    faults: str = ""
    append: str = ""
    board: str = ""
    modules: tuple = VIS_MODULES
    load: tuple = TEST_MODULES
    timeout: int = 120
    expected: str = "$^"
    report: str = ""
    trace: tuple = TRACE_EVENTS
    smp: int = 4
    tools: tuple = ()
    taps: int = 0
    reboots: bool = False
    daemons: dict = field(default_factory=dict)
    vdpa: tuple = ()
    variant: str = ""

    def names(self, place):
        """Whether a device or a daemon has this place in its arguments"""
        return any(place in word for words in (self.devices, *self.daemons.values())
                   for word in words)

    def needs_tools(self):
        return bool(self.tools) or self.names("{tools}")


# A fault that a guest commits, the report that must follow, and the scripts that look for it
PLANTED = {
    "uaf": ("BUG: KASAN: slab-use-after-free in vis_planted",),
    "sleep": ("BUG: (sleeping function called from invalid context|scheduling while atomic)",),
    "nest": ("BUG: Invalid wait context",),
    "race": ("BUG: KCSAN: data-race in vis_planted",),
    "leak": ("unreferenced object", "leaks.sh"),
}


def planted(fault, report, *scripts):
    return Scenario(("planted.sh", *scripts), load=("vis_planted",), report=report,
                    append=f"vis.planted={fault}")


def hostile_tables(disk_of=own_disk, objects=(), board="", **fields):
    """All tables are in a range that firmware reserves, which x86 shows to drivers if there is
    PCI."""
    devices = hostile(HOSTILE_TABLES, append=f"{RESERVED} {RESERVED_RAM}", disk_of=disk_of)
    devices["devices"][:0] = objects
    return Scenario(("hostile_tables.sh",), modules=(), load=VIS_MODULES,
                    board=",pcie=on" + board, **devices, **fields)


def thread_disk(name, place):
    """All of them in one thread"""
    return drive(name, "{dir}/disk0", f"virtio-blk-device{place},iothread=io", READONLY)


def vhost_user_disk(name, place):
    return ["-chardev", f"socket,id={name},path={{sockets}}/{name}",
            "-device", f"vhost-user-blk{place},chardev={name}"]


MSI = {"vis": "off", "globals": ("msi=dragonball", "x-msi-forgets=on"), "variant": "dragonball"}
IOTHREAD = {"variant": "iothread",
            "devices": disk("disk0", iothread=True) + NET + RNG + CONSOLE}
VHOST_ONE = {"variant": "vhost_one", "taps": 1,
             "devices": disk("disk0") + VHOST_NET + RNG + CONSOLE}
# Its tests insert the modules.
RELOAD = {"modules": (), "load": VIS_MODULES, "timeout": 240}
# Other events would slow down moves and masks under load.
STORM_TRACE = tuple(f"virtio_mmio_vis_{event}" for event in ("mask_write", "pend", "send"))
MAIN_SCRIPTS = ("probe.sh", "setup.sh", "data.sh", "irq.sh", "config.sh", "mask.sh", "enable.sh",
                "affinity.sh")
IDLE_SCRIPTS = ("idle.sh", "parked.sh")
SCENARIOS = {
    "main": Scenario(MAIN_SCRIPTS, timeout=240),
    "alone": Scenario(("alone.sh",)),
    "idle": Scenario(IDLE_SCRIPTS, timeout=240),
    "shared": Scenario(("policy_shared.sh",), vectors=2),
    "platform": Scenario(("platform.sh", "data.sh", "irq.sh", "mask.sh", "affinity.sh"),
                         devices=ALL_DEVICES + ["-global", "virtio-device.iommu_platform=on"]),
    "some": Scenario(("policy_some.sh",), vectors=4,
                     devices=disk("disk0") + NET + RNG + TWO_PORTS),
    "rungs": Scenario(("policy_rungs.sh",), devices=RUNGS),
    "line1": Scenario(("policy_line_vectors1.sh",), vectors=1),
    "visoff": Scenario(("policy_line_visoff.sh",), vis="off",
                       modules=VIS_MODULES + STOCK_MODULES),
    "nolapic": Scenario(("policy_line_nolapic.sh",), append="nolapic " + PIC_DEVICES,
                        board=",acpi=off", devices=ALL_DEVICES + ["-bios", "bios-microvm.bin"]),
    "param": Scenario(("policy_param.sh",), globals=("x-vis-skip=" + NET_AND_RNG,), smp=1,
                      append=f"{PIC_DEVICES} virtio_mmio_vis.device=512@{NO_DEVICE}:5 "
                             f"virtio_mmio_vis.device=512@{NO_TRANSPORT}:5",
                      board=",acpi=off", devices=ALL_DEVICES + ["-bios", "bios-microvm.bin"]),
    "exhausted": Scenario(("policy_exhausted.sh",), smp=1, vectors=128,
                          devices=8 * ["-device", "virtio-serial-device,max_ports=31"]),
    "coexist": Scenario(("coexist.sh",), globals=("x-vis-skip=" + NET_AND_RNG,),
                        modules=VIS_MODULES + STOCK_MODULES),
    "firmware": Scenario(("firmware.sh",)),
    "devicetree": Scenario(("devicetree.sh",)),
    # Without PCI, the memory map does not contain reserved ranges.
    "reserved": Scenario(("reserved.sh",), board=",pcie=on", append=RESERVED),
    # Where the disk and the network interrupt by irqfd, if the host has KVM
    "iothread": Scenario((*MAIN_SCRIPTS, "irqfd_disk.sh"), **IOTHREAD, timeout=240),
    "iothread_idle": Scenario(IDLE_SCRIPTS, **IOTHREAD, timeout=240),
    "iothread_reload": Scenario(("reload.sh",), **IOTHREAD, **RELOAD),
    "iothread_migrate": Scenario(("migrate.sh",), **IOTHREAD),
    # Where the disk's thread hands its interrupts to the main loop
    "notifier": Scenario((*MAIN_SCRIPTS, "needs_reset.sh"), **IOTHREAD, timeout=240),
    # All interrupt controllers in KVM; QEMU's default for this board leaves it the local APICs.
    "irqchip_on": Scenario(("data.sh", "irqfd_disk.sh"), variant="irqchip_on",
                           board=",kernel-irqchip=on",
                           devices=disk("disk0", iothread=True) + NET + RNG + CONSOLE),
    "vhost": Scenario(("irqfd_net.sh",), taps=1, vectors=32, timeout=240, variant="vhost",
                      devices=tap(0, options=",vhost=on")),
    "vhost_one": Scenario(MAIN_SCRIPTS, **VHOST_ONE, timeout=240),
    "vhost_idle": Scenario(IDLE_SCRIPTS, **VHOST_ONE, timeout=240),
    "vhost_reload": Scenario(("reload.sh",), **VHOST_ONE, **RELOAD),
    "vhost_migrate": Scenario(("migrate.sh",), **VHOST_ONE),
    "vhost_user": Scenario(("irqfd_disk.sh",), board=",memory-backend=ram", variant="vhost_user",
                           daemons={"vub": VUB_DAEMON}, devices=SHARED_MEMORY + VHOST_USER_DISK),
    "vdpa": Scenario(("config.sh", "irqfd_disk.sh", "irqfd_storm.sh"), tools=("fio",),
                     taps=1, vectors=32, timeout=1800, variant="vdpa",
                     board=",memory-backend=ram", vdpa=VDPA_DAEMON,
                     devices=SHARED_MEMORY + VDPA_DISK + tap(0, options=",vhost=on"),
                     trace=STORM_TRACE),
    "storm": Scenario(("irqfd_storm.sh",), tools=("fio",), taps=1, vectors=32, timeout=1800,
                      variant="storm",
                      devices=disk("disk0", iothread=True) + tap(0, options=",vhost=on"),
                      trace=STORM_TRACE),
    "storm_torn": Scenario(("stress_torn.sh",), tools=("fio",), timeout=1800, variant="torn",
                           devices=disk("disk0", iothread=True),
                           faults="torn@23,torn@7", trace=("virtio_mmio_vis_hostile",)),
    # Where the devices have MSI registers, and drop events of masked vectors
    "msi": Scenario(("probe.sh", "data.sh", "irq.sh", "config.sh", "affinity.sh", "registers.sh"),
                    **MSI, timeout=240),
    "msi_reload": Scenario(("reload.sh",), **MSI, **RELOAD),
    "msi_migrate": Scenario(("migrate.sh",), **MSI),
    "msi_line": Scenario(("policy_line_msi.sh",), **{**MSI, "globals": (*MSI["globals"],
                                                                    "x-msi-lies=on")}),
    "reload": Scenario(("reload.sh",), **RELOAD),
    "migrate": Scenario(("migrate.sh",)),
    "hostile_tables": hostile_tables(),
    "iothread_tables": hostile_tables(thread_disk, ["-object", "iothread,id=io"],
                                      variant="iothread"),
    "vhost_tables": hostile_tables(vhost_user_disk, SHARED_MEMORY, ",memory-backend=ram",
                                   variant="vhost_user", daemons={
                                       fault: READONLY_DAEMON
                                       for fault in (*HOSTILE_TABLES, "honest")}),
    "hostile_life": Scenario(("hostile_life.sh",), modules=(), load=VIS_MODULES + TEST_MODULES,
                             timeout=180, expected="No irq handler for",
                             **hostile(HOSTILE_LIFE)),
    "hostile_storm": Scenario(("hostile_storm.sh",), modules=(), load=VIS_MODULES,
                              expected="nobody cared|Call Trace|No irq handler for",
                              **hostile(HOSTILE_STORM)),
    "stress_moves": Scenario(("stress_moves.sh",), tools=("fio",), timeout=1800,
                             trace=("virtio_mmio_vis_mask_write",)),
    "stress_torn": Scenario(("stress_torn.sh",), tools=("fio",), timeout=1800,
                            devices=disk("disk0"), faults="torn@23,torn@7",
                            trace=("virtio_mmio_vis_hostile",)),
    "latency": Scenario(("latency.sh",), "rt-amd64", faults="slow_mask@22",
                        devices=disk("disk0") + NET),
    "net_cycles": Scenario(("stress_net.sh",), board=",pcie=on", taps=2, tools=("ethtool",),
                           vectors=32, devices=tap(0) + tap(1, "virtio-net-pci,romfile="),
                           trace=(), timeout=1800, expected="lib/refcount.c|Call Trace"),
    "hints": Scenario(("hints.sh",), GENERIC, board=",pcie=on", taps=2, vectors=32,
                      tools=("ethtool",), devices=tap(0) + tap(1, "virtio-net-pci,romfile=")),
    "rebind": Scenario(("rebind.sh",), GENERIC, load=STOCK_MODULES + TEST_MODULES, timeout=240),
    "rings": Scenario(("rings.sh",), GENERIC, taps=1, vectors=32, tools=("ethtool",),
                      devices=tap(0), timeout=240),
    "poweroff": Scenario(("poweroff.sh",), GENERIC, reboots=True,
                         devices=ALL_DEVICES + ["-action", "shutdown=pause"]),
    "reboot": Scenario(("reboot.sh",), GENERIC, reboots=True),
    "suspend": Scenario(("suspend.sh",), GENERIC, devices=ALL_DEVICES + disk("swap"),
                        append="suspend.pm_test_delay=1 no_console_suspend loglevel=8",
                        timeout=240),
    "observe": Scenario(("observe.sh",), tools=("lsirq",) + IRQTOP),
    "debugfs": Scenario(("debugfs.sh",), "nopci"),
    "kexec": Scenario(("kexec.sh",), GENERIC, tools=("kexec",), devices=[
        *ALL_DEVICES, *drive("kernel", "{vmlinuz}", "virtio-blk-device,serial=kernel", READONLY),
        *drive("initrd", "{dir}/initrd", "virtio-blk-device,serial=initrd", READONLY)]),
    **{f"managed{cpus}": Scenario(
        ("managed.sh",), GENERIC, board=",pcie=on,memory-backend=ram", vectors=32, smp=cpus,
        devices=MANAGED, load=("virtio_scsi",), timeout=240, daemons={
            name: FS_DAEMON for name in ("vhost-user-fs-mmio9", "vhost-user-fs-pci9")})
       for cpus in range(1, 9)},
    "scale_exhaust": Scenario(("scale_exhaust.sh",), devices=CROWD, board=",pcie=on",
                              smp=2, vectors=128, timeout=240),
    "scale65535": Scenario(("scale_65535.sh",), devices=disk("disk0"), vectors=65535),
    "scale_dynamic": Scenario(("scale_dynamic.sh",), devices=disk("disk0"), vectors=1100,
                              load=TEST_MODULES + ("vis_dynamic",), timeout=240,
                              trace=("virtio_mmio_vis_*", "virtio_mmio_read")),
    **{f"scale4096_{cpus}": Scenario(("scale_4096.sh",), devices=CONSOLES, vectors=4096, smp=cpus)
       for cpus in (4, 8)},
    "classes": Scenario(("classes.sh",), GENERIC, devices=CLASSES, board=",memory-backend=ram",
                        taps=1, vectors=32, load=CLASS_MODULES, tools=("kcapi-enc",), timeout=240,
                        daemons={"fs": FS_DAEMON, "vub": VUB_DAEMON}),
    **{f"planted_{fault}": planted(fault, *report) for fault, report in PLANTED.items()},
    "bare": Scenario(()),
    "kunit": Scenario((), modules=VIS_MODULES + KUNIT_MODULES),
    **{f"conformance_{name}": Scenario(
        (f"conformance_{name}.sh",), modules=(), load=("vis_conform",), timeout=240,
        **hostile(faults.split(), disks=False)) for name, faults in BROKEN.items()},
    "demo": Scenario(("demo.sh",), modules=(), load=VIS_MODULES),
}

# Suites and tests name these to the runner or to a guest; no scenario has them.
SUPPORT_SCRIPTS = {"gcov.sh", "kexec_second.sh", "leaks.sh", "planted.sh"}

# Names that stand for their sub-cases, one in each of these scenarios.
GROUPS = {"scale.4096": ("scale4096_4", "scale4096_8"),
          "parity.managed": tuple(f"managed{cpus}" for cpus in range(1, 9)),
          "vis.policy.line": ("line1", "visoff", "nolapic")}
