# SPDX-License-Identifier: GPL-2.0-only
"""The test suites: all that scripts/check knows of each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Suite:
    """With `vm`, which are arguments of scripts/vm, it boots guests; with `qtest`, which is a
    variant of the device, it runs QEMU's qtests of that; else it is the program
    scripts/suites/NAME. cost is in seconds on 2 cores. The tier "default" runs always, "all" with
    --all, "draft" only by name.

    inputs are what such a program reads besides scripts/: files and directories of the checkout,
    and @NAME, which is the newest version of NAME in the cache; without any, it is all files. Those
    of a suite of guests follow from its arguments. tests is how the names of its tests begin, if
    not with the name of the suite.
    """

    about: str
    cost: int
    vm: str = ""
    qtest: str = ""
    tier: str = "default"
    inputs: str = ""
    tests: str = ""


# The scenarios that must pass on any board and on any kernel
BOARD_GUESTS = "main coexist shared line1 visoff reload migrate"
SERIES_GUESTS = BOARD_GUESTS + " nolapic"
FOREIGN_GUESTS = BOARD_GUESTS + " alone some devicetree"
# The names of the tests include the scenario.
KVM = "--nested --suite kvm --rename"
# A kernel that looks for faults must report the planted ones, or its silence proves nothing. Each
# stress test lasts a minute there.
DEBUG = f"--rename --box 60 {SERIES_GUESTS} stress_moves stress_torn"
PANIC = "--append panic_on_warn=1"
# A slab allocator that checks has no arrays per CPU, where kmemleak would find the address of an
# object long after it was given out.
SLAB = "slab_debug=F,kmalloc-*"
SERIES = ("Documentation drivers include selftests/kernels selftests/vis selftests/test_modules"
          " series @source-7.3")
KERNEL = "compat drivers include series selftests/kernels @source-7.3"
MODULES = "Kbuild compat drivers include selftests/test_modules"
# The device under the guests: QEMU without its documents and qtests
DEVICE = "qemu/configs qemu/hw qemu/include qemu/patches @qemu-source @firmware"
PACKAGING = ("scripts/build-deb scripts/build-distro scripts/demo scripts/distro"
             " scripts/lib/distro.sh scripts/vmlib/distro.py")
# The files that debian/virtio-vis-dkms.docs names
GUIDES = " ".join(f"Documentation/{name}.rst" for name in (
    "user-guide", "driver-guide", "modules", "virtio-vis", "virtio-mmio-msi"))
SYSTEM = (f"Makefile VERSION {MODULES} {DEVICE} {PACKAGING} dkms.conf packaging debian"
          f" selftests/distro selftests/vis {GUIDES} @distro-base")
GUEST = f"{MODULES} {DEVICE} selftests/vis @kernel-cloud-amd64"

SUITES = {
    "static": Suite("checks of the sources that do not run them", 45),
    "shell": Suite("ShellCheck finds nothing in the scripts", 60, tier="all",
                   inputs=".ci .shellcheckrc bench debian packaging scripts selftests"),
    "rig": Suite("the scripts themselves: they report failures, and name what a machine lacks", 70,
                 tier="all"),
    "verdict": Suite("the VM runner fails when a guest reports nothing, too little, or its kernel"
                     " warns", 80, tier="all",
                     inputs=GUEST),
    "model": Suite("every interleaving of the protocol's model, and of variants that each break an"
                   " obligation", 60, inputs="model"),
    "build": Suite("the modules build against stock kernels, old, new and of each architecture,"
                   " without a warning", 120,
                   inputs=f"{MODULES} @kernel-cloud-amd64 @kernel-newest @kernel-cloud-arm64"
                          " @kernel-riscv64"),
    "kunit": Suite("KUnit of irqchip, VIS half (a kernel with the series), compat, and transport"
                   " (modules)", 60,
                   inputs=f"{KERNEL} {DEVICE} selftests/vis selftests/test_modules"),
    "kunit.coverage": Suite("lines of irqchip, VIS half, compat and transport that KUnit and the"
                            " guest tests execute together", 240, tier="all",
                            inputs=f"{KERNEL} {DEVICE} selftests/vis selftests/test_modules"),
    "vis.device.qtest": Suite("the device statements of the specification, by QEMU's qtest and"
                              " without a guest", 60, qtest="plain",
                              inputs="qemu include @qemu-source"),
    "variant.odd.device.qtest": Suite("the same on a device that is late, disorderly and as large"
                                      " as it likes", 20, qtest="odd",
                                      inputs="qemu include @qemu-source"),
    "variant.odd": Suite("the guest tests on that device", 100,
                         "--variant odd --rename main migrate"),
    # It may send a message twice, and the guest idle counts them.
    "variant.odd.more": Suite("the stock driver beside ours, and reloads, on that device", 40,
                              "--suite variant.odd --variant odd --rename alone coexist reload",
                              tier="all"),
    "variant.small.device.qtest": Suite("the same on the smallest device, which shares no memory"
                                        " with the driver", 20, qtest="small",
                                        inputs="qemu include @qemu-source"),
    "variant.small": Suite("the guest tests on that device", 100,
                           "--variant small --rename main migrate"),
    "variant.small.more": Suite("moves of idle vectors, the stock driver beside ours, and reloads,"
                                " on that device", 70,
                                "--suite variant.small --variant small --rename alone idle"
                                " coexist reload", tier="all"),
    "variant.supplied.device.qtest": Suite("the same on a device that works with the driver's"
                                           " tables", 20, qtest="supplied", tier="all",
                                           inputs="qemu include @qemu-source"),
    "conformance": Suite("the conformance run as shipped, and that it finds broken devices",
                         400, tier="all",
                         inputs=GUEST + " COPYING Documentation/virtio-vis.rst"
                         " Documentation/vmm-guide.rst"),
    "fuzz": Suite("random accesses to registers and tables of the device, with ASan and UBSan,"
                  " without a guest", 900, tier="draft",
                  inputs=f"{DEVICE} selftests/fuzz include"),

    "guest": Suite("a stock kernel on VIS: data, interrupts, affinity, masks, the selftests alone,"
                   " and the stock driver beside", 90, "main idle alone coexist"),
    "policy": Suite("fewer vectors than wanted, one, or none: shared vectors, and the line", 60,
                    "shared some line1 visoff nolapic param exhausted firmware reserved",
                    tier="all"),
    "scale": Suite("thousands of vectors, CPUs that have too few, and vectors added at run time",
                   180, "scale4096_4 scale4096_8 scale_exhaust scale65535 scale_dynamic",
                   tier="all"),
    "scale.driver_table": Suite("the guest tests with vector and pending tables in the driver's"
                                " memory", 150,
                                "--variant supplied --rename main platform some reload migrate"
                                " scale4096_4",
                                tier="all"),
    "iothread": Suite("the guest tests where a thread of QEMU's serves the disk, and its notifiers"
                      " tell the main loop of interrupts", 60, "notifier iothread_migrate"),
    "reload": Suite("the modules removed and inserted 20 times, nothing left behind", 60, "reload",
                    tier="all"),
    "migrate": Suite("the machine saved and restored while I/O runs", 30, "migrate", tier="all"),
    "hostile": Suite("devices that lie about their tables, send messages when they must not, or"
                     " never answer", 60, "hostile_tables hostile_life hostile_storm"),
    "observe": Suite("the views of the vectors: tracepoints, lsirq and irqtop", 20, "observe",
                     tier="all"),
    "observe.debugfs": Suite("the view of debugfs, in a kernel that has it", 20, "debugfs",
                             tier="all"),
    "newest": Suite("the guest tests on the newest stock kernel that the modules support", 100,
                    "--kernel newest --rename main"),
    "nopci": Suite("the guest tests on a kernel with the patch series and without PCI, VIS built"
                   " in", 150, f"--kernel nopci --rename {SERIES_GUESTS} alone idle scale_dynamic",
                   tier="all"),
    "parity.classes": Suite("each class of device on VIS, at work", 110, "classes", tier="all"),
    "parity": Suite("parity with virtio-pci: affinity, queue resets, rebinding, sleep, kexec,"
                    " reboot", 260,
                    "managed3 hints rings rebind reboot poweroff suspend kexec", tier="all"),
    "parity.managed": Suite("managed affinity beside virtio-pci's, on 1 to 8 CPUs", 320,
                            "managed1 managed2 managed3 managed4 managed5 managed6 managed7"
                            " managed8", tier="all"),
    "kvm.qtest": Suite("irqfds and routes of the device on KVM, by QEMU's qtest without a guest",
                       90, tier="all", qtest="kvm",
                       inputs="qemu include @qemu-source @kernel-cloud-amd64"),
    "msi.dragonball.qtest": Suite("the reference device with Dragonball's MSI registers, by QEMU's"
                                  " qtest and without a guest", 15, tier="all", qtest="msi",
                                  inputs="qemu include @qemu-source"),
    "msi": Suite("the guest tests on devices with Dragonball's MSI registers, which drop events"
                 " of masked vectors", 150,
                 "--rename msi msi_reload msi_migrate msi_line", tier="all"),
    "kvm.main": Suite("the guest tests on KVM, QEMU's main loop sending all interrupts", 420,
                      f"{KVM} main idle reload migrate hostile_tables", tier="draft"),
    "kvm.iothread": Suite("the same where irqfds send those of the disk", 540,
                          f"{KVM} iothread iothread_idle iothread_reload iothread_migrate"
                          " iothread_tables", tier="all"),
    "kvm.vhost": Suite("network cards and a disk on KVM whose interrupts vhost and vhost-user send"
                       " by irqfds, moves of vectors under traffic, and guest tests", 300,
                       f"{KVM} vhost vhost_one vhost_idle vhost_reload vhost_migrate"
                       " vhost_user vhost_tables", tier="draft"),
    "kvm.vdpa": Suite("a vDPA disk on KVM, made by VDUSE, whose interrupts are sent by irqfds, and"
                      " move and are masked under verified I/O", 300, f"{KVM} --box 30 vdpa",
                      tier="draft"),
    "kvm.irqchip_on": Suite("irqfds on KVM where it has all interrupt controllers", 90,
                            f"{KVM} irqchip_on", tier="all"),
    "kvm.storm": Suite("interrupts of irqfds that move 20,000 times and are masked under verified"
                       " I/O", 1100, f"{KVM} --box 1100 storm", tier="draft"),
    "kvm.torn": Suite("a device on KVM that reads the words of a message one by one while they"
                      " change", 330, f"{KVM} --box 10 storm_torn", tier="draft"),
    "stress": Suite("races, for as long as VIS_STRESS=1..10 says: moves, CPU hotplug, torn"
                    " messages, rings that change", 520, "stress_moves stress_torn net_cycles",
                    tier="all"),

    "debug.kasan": Suite("guest and stress tests under KASAN, UBSAN and lockdep, and what they"
                         " leak", 1500,
                         f"--kernel kasan --group debug.kasan {DEBUG} rings --slow 5 {PANIC}"
                         f" --append {SLAB} --group debug.leaks --after selftests/vis/leaks.sh"
                         " planted_uaf planted_sleep planted_nest planted_leak", tier="draft"),
    # Without panic_on_warn, because the kernel has races of its own.
    "debug.kcsan": Suite("guest and stress tests under KCSAN, which looks for data races", 1000,
                         f"--kernel kcsan --group debug.kcsan {DEBUG} --slow 5 planted_race",
                         tier="draft"),
    "debug.rt": Suite("guest and stress tests on Debian's PREEMPT_RT kernel", 560,
                      f"--kernel rt-amd64 --group debug.rt {DEBUG} latency {PANIC} planted_sleep",
                      tier="all"),

    "arch.arm64.refused": Suite("a board of arm64 where nothing takes the messages refuses VIS", 10,
                                tier="all", inputs=f"{DEVICE} include"),
    "arch.arm64.its": Suite("the guest tests on arm64, whose GICv3 ITS takes the messages", 450,
                            f"--board its --rename {FOREIGN_GUESTS} idle", tier="all"),
    "arch.arm64.v2m": Suite("the guest tests on arm64, whose GICv2m frame takes the messages", 500,
                            f"--board v2m --rename {FOREIGN_GUESTS} idle rungs", tier="all"),
    "arch.arm64.its16k": Suite("the guest tests on arm64 with pages of 16 KiB", 120,
                               "--board its16k --rename main", tier="all"),
    "arch.arm64.nopci": Suite("the guest tests on a kernel of arm64 with the patch series and"
                              " without PCI, VIS built in", 600,
                              "--board its --kernel nopci_arm64 --rename main", tier="draft"),
    "arch.bigendian": Suite("KUnit of irqchip and VIS half on a big-endian CPU, powerpc64", 240,
                            tier="all", inputs="drivers include series selftests/kernels"
                                               " @source-7.3"),
    # Without idle: Linux 6.12 refuses a move to which the IMSIC is not ready yet.
    "arch.riscv64.imsic": Suite("the guest tests on riscv64, whose IMSIC takes the messages", 260,
                                f"--board imsic --rename {FOREIGN_GUESTS}", tier="all"),

    "pkg": Suite("the Debian package, and a whole Debian 13 with its root disk on VIS", 480,
                 tier="all", inputs=SYSTEM),
    "pkg.variants": Suite("the same with dracut, newer kernels, cloud-init or no package: removed,"
                          " or installed by make", 900, tier="all", tests="pkg", inputs=SYSTEM),
    "foreign": Suite("stress-ng and tests of util-linux on that Debian 13, beside the same on"
                     " virtio-pci; VIS_STRESS=5 for 5 minutes each", 1000, tier="all",
                     inputs=SYSTEM),
    "kernels": Suite("the modules that the Debian package builds for each kernel of the archive",
                     800, tier="all",
                     inputs=f"{GUEST} {PACKAGING} VERSION dkms.conf packaging debian README.md"
                            " @distro-base"),

    "spec": Suite("the patch to the virtio specification says what the numbered statements say, and"
                  " no more", 150, tier="all",
                  inputs="Documentation/virtio-vis.rst Documentation/results/cover-letter.txt"
                         " series/spec"),
    "series": Suite("the patch series applies, and its words, comments and bindings satisfy the"
                    " kernel's tools", 300, tier="all",
                    inputs="Documentation drivers include selftests/vis selftests/test_modules"
                           " series @source-7.3 @dt-schema"),
    "series.analysis": Suite("sparse and Coccinelle find nothing in the sources of the patch"
                             " series", 350, tier="draft", inputs=SERIES),
    "series.build": Suite("each commit of the patch series builds, in every configuration it can"
                          " meet", 1900, tier="draft",
                          inputs=SERIES + " compat"),
    "series.qemu": Suite("the patch series for QEMU applies, its own tools find nothing, each patch"
                         " builds, and the qtests pass; so does the last on the newest QEMU", 900,
                         tier="all",
                         inputs="qemu include series Documentation/results @qemu-source"
                                " @qemu-source-newest"),
    "mutants": Suite("each patch of selftests/mutants breaks one obligation, and its test turns"
                     " red", 7800, tier="draft"),
    "mutants_generated": Suite("generated mutants of irqchip, compat, VIS half and transport: how"
                               " many the tests notice", 3600, tier="draft"),
    "bench": Suite("the counted part of the bench in small, against its targets, and the"
                   " published results", 300, tier="all"),
    "statements": Suite("the tests that the specification names exist", 1,
                        inputs="Documentation/virtio-vis.rst compat drivers model qemu/tests"
                               " scripts/suites selftests"),
}
