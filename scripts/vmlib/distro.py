# SPDX-License-Identifier: GPL-2.0-only
"""Guests that are a whole Debian 13, booted from its root disk; see scripts/distro --help."""

import re
import subprocess
import tarfile

from . import __main__ as runner
from . import verdict
from .scenarios import CONSOLE, DISK_BYTES, NET, READONLY, RNG, Scenario, drive, tap
from .services import Services

MEMORY_MIB = "1024"
GUEST_DIR = "selftests/distro"
# Files shared with the scripts of the small guests, which run nothing but the tests
SHARED_FILES = ("selftests/vis/vis_lib.sh", "selftests/vis/parity_lib.sh",
                "selftests/vis/demo_lib.sh")
# An emulated CPU takes 20 s to verify systemd's BPF programs, so the LSM bpf is off.
PARAMETERS = ("root=LABEL=vis-root rw net.ifnames=0 systemd.show_status=0 lsm=yama audit=0"
              " modprobe.blacklist=kvm_amd,kvm_intel,powernow_k8,acpi_cpufreq")


def disk(name, path, queues, options=""):
    return drive(name, path, f"virtio-blk-device,num-queues={queues},serial={name}", options)


def rng(number):
    return ["-object", f"rng-random,id=rng{number},filename=/dev/urandom",
            "-device", f"virtio-rng-device,rng=rng{number}"]


# The guest's writes to its root disk last for this boot only.
DISKS = (disk("root", "{kernel}/disk", 4, ",snapshot=on") +
         disk("tests", "{dir}/tests", 1, READONLY) + disk("scratch", "{dir}/scratch", 2))
# The host's side of the network runs the guest's iperf3.
IPERF = ["{tools}/usr/lib64/ld-linux-x86-64.so.2", "--library-path",
         "{tools}/usr/lib/x86_64-linux-gnu", "{tools}/usr/bin/iperf3", "--server"]
# The transports are filled from the last, which is that of bit 23. This device is the eighth.
PLAIN_RNG = rng(1)
BALLOON = ["-device", "virtio-balloon-device"]
WITHOUT_VIS = "x-vis-skip=0x10000"
DEVICES = RNG + CONSOLE + BALLOON + PLAIN_RNG
ALL_ON_VIS = DISKS + NET + RNG + CONSOLE + BALLOON
# The seed disk of cloud-init's data source NoCloud, and its files
SEED = disk("seed", "{dir}/seed", 1, READONLY)
SEED_FILES = ("user-data", "meta-data")
SEED_LABEL = "cidata"


def on_pci(devices):
    """The same devices on virtio-pci"""
    return [re.sub("^(virtio-[a-z]+)-device", r"\1-pci,romfile=", word) for word in devices]


def system(scripts, **changes):
    """A scenario of the devices that a server has, one of them without VIS."""
    settings = {"devices": DISKS + NET + DEVICES, "globals": (WITHOUT_VIS,), "timeout": 900,
                "modules": (), "append": PARAMETERS}
    return Scenario(scripts, **{**settings, **changes})


# Each of three tests takes 5 minutes with VIS_STRESS=5.
STRESS = {"globals": (), "timeout": 1800, "trace": ()}
SCENARIOS = {
    "demo": system(("demo.sh",)),
    "package": system(("rootdisk.sh", "tools.sh"), taps=1, vectors=32,
                      devices=DISKS + tap(0) + DEVICES + rng(2) + rng(3),
                      append=PARAMETERS + " isolcpus=managed_irq,3",
                      daemons={"iperf": IPERF}),
    "fallback": system(("fallback.sh",), vis="off"),
    "enforced": system(("enforced.sh",), append=PARAMETERS + " module.sig_enforce=1"),
    "dracut": system(("dracut.sh",)),
    "upgraded": system(("upgraded.sh",)),
    "removed": system(("removed.sh",)),
    "cloud": system(("cloud.sh",), devices=DISKS + NET + DEVICES + SEED),
    "source": system(("source.sh",)),
    "stress": system(("foreign.sh",), devices=ALL_ON_VIS, **STRESS),
    "stress_pci": system(("foreign_pci.sh",), devices=on_pci(ALL_ON_VIS), board=",pcie=on",
                         **STRESS),
}


class SystemServices(Services):
    """Further verbs for the guest"""

    def do_reports(self):
        """The number of faults that the kernel has reported"""
        return len(verdict.kernel_reports(verdict.klog(self.rundir)))


class DistroGuest(runner.Guest):
    """One boot from the root disk."""

    program = "distro"
    services = SystemServices
    scenarios = SCENARIOS
    guest_scripts = GUEST_DIR
    memory = MEMORY_MIB

    def prepare(self):
        self.make_rundir()
        with (self.rundir / "scratch").open("wb") as scratch:
            scratch.truncate(DISK_BYTES)
        if SEED[1] in self.scenario.devices:
            self.make_seed()
        with tarfile.open(self.rundir / "tests", "w") as archive:
            for path in (*self.guest_dir.iterdir(),
                         *(self.options.root / name for name in SHARED_FILES)):
                archive.add(path, path.name)
            if self.options.script:
                archive.add(self.options.script, "script.sh")

    def make_seed(self):
        """Makes the seed disk as in cloud-init's documentation."""
        subprocess.run(
            ["xorriso", "-as", "genisoimage", "-quiet", "-output", self.rundir / "seed", "-volid",
             SEED_LABEL, "-rational-rock", "-joliet",
             *(self.guest_dir / "seed" / name for name in SEED_FILES)], check=True)

    def initrd(self):
        return next(self.options.kernel.glob("boot/initrd.img-*"))


if __name__ == "__main__":
    runner.main(DistroGuest)
