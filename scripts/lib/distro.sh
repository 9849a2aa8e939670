# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Root file systems of Debian 13 with its own kernel, and disk images made of them.

DISTRO_SUITE=trixie
DISTRO_BACKPORTS=trixie-backports
DISTRO_KERNEL=(linux-image-cloud-amd64 linux-headers-cloud-amd64)
DISTRO_PACKAGES=("${DISTRO_KERNEL[@]}" systemd-sysv udev kmod dbus iproute2 iputils-ping procps zstd
	initramfs-tools dkms openssl busybox ethtool fio iperf3 irqbalance irqtop util-linux-extra)
# Packages that later images add, each set installed from debs/NAME
DISTRO_FOREIGN=(stress-ng e2fsprogs fdisk)
DISTRO_CLOUD=(cloud-init cloud-guest-utils e2fsprogs)
# A source package whose tests run on the system's programs
DISTRO_TESTS=util-linux
# Files that nobody reads in a test guest
DISTRO_WITHOUT=(/usr/share/man /usr/share/doc /usr/share/locale /usr/share/i18n)

# The cache keeps nothing of a failed step, so the logs are elsewhere.
DISTRO_LOGS=$BUILD/log/distro

# in_new_mounts COMMAND...: the mounts of the command end with it, even if it is killed
in_new_mounts()
{
	unshare --mount --propagation private "$@" </dev/null
}

# in_root DIRECTORY COMMAND...: runs it on the system whose root this is, without starting services,
# and with the directory ROOT_MNT, if it is set, as /mnt
in_root()
{
	local dir=$1

	shift
	# shellcheck disable=SC2016 # for the inner shell
	in_new_mounts sh -c 'root=$1 && shift &&
		mount -t proc proc "$root/proc" && mount -t sysfs -o ro sysfs "$root/sys" &&
		mount --bind /dev "$root/dev" &&
		{ [ -z "$ROOT_MNT" ] || mount --bind "$ROOT_MNT" "$root/mnt"; } &&
		exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin HOME=/ LC_ALL=C \
			DEBIAN_FRONTEND=noninteractive "$@"' sh "$dir" "$@"
}

# apt_in DIRECTORY ARG...: runs apt-get with these arguments in that root
apt_in()
{
	local dir=$1

	shift
	in_root "$dir" apt-get -qq -o Dpkg::Use-Pty=0 "$@"
}

# backported_kernels DIRECTORY: image and headers of the newest kernel of each tested series that
# has both, except for the series of its own kernel
backported_kernels()
{
	local kind

	for kind in image headers; do
		in_root "$1" apt-cache pkgnames "linux-$kind-" |
			sed -nE "s/^linux-$kind-($ANY_RELEASE-$NEWEST_FLAVOUR)\$/\\1/p"
	done | sort | uniq -d | tested_releases | newest_of_series | grep -v "^$FIRST_SERIES\\." |
		sed 's/.*/linux-image-& linux-headers-&/'
}

# download_in DIRECTORY DEBS ARG...: the packages that apt-get install ARG... would install there
download_in()
{
	local debs=$2 dir=$1

	shift 2
	mkdir -p "$debs"
	apt_in "$dir" install -y --download-only "$@"
	mv "$dir"/var/cache/apt/archives/*.deb "$debs/"
}

# download_tests DIRECTORY TESTS: puts the directory tests of the source package into TESTS
download_tests()
{
	local dir=$1 sources=$1/etc/apt/sources.list.d/sources.list

	sed 's/^deb /deb-src /' "$dir/etc/apt/sources.list" >"$sources"
	apt_in "$dir" update
	mkdir -p "$2" "$dir/tmp/source"
	# shellcheck disable=SC2016 # for the inner shell
	in_root "$dir" sh -c 'cd /tmp/source &&
		apt-get -qq -o APT::Sandbox::User=root source --download-only "$1"' sh $DISTRO_TESTS
	tar -C "$2" --strip-components 1 --wildcards -xf "$dir"/tmp/source/*.orig.tar.* '*/tests'
	rm -r "$dir/tmp/source" "$sources"
}

# Downloads the packages that are installed later, without the network
fill_distro_debs()
{
	local debs=$1/debs dir=$1/root kernels=()
	local list=$dir/etc/apt/sources.list.d/backports.list

	cp --remove-destination -L /etc/resolv.conf "$dir/etc/resolv.conf"
	sed "s/ $DISTRO_SUITE / $DISTRO_BACKPORTS /" "$dir/etc/apt/sources.list" >"$list"
	apt_in "$dir" update
	mapfile -t kernels < <(backported_kernels "$dir" | tr ' ' '\n')
	[ ${#kernels[@]} -gt 0 ] || die "$DISTRO_BACKPORTS has no kernel with image and headers"
	download_in "$dir" "$debs/kernels" --target-release "$DISTRO_BACKPORTS" "${kernels[@]}"
	download_in "$dir" "$debs/dracut" dracut initramfs-tools-
	download_in "$dir" "$debs/foreign" "${DISTRO_FOREIGN[@]}"
	download_in "$dir" "$debs/cloud" "${DISTRO_CLOUD[@]}"
	download_tests "$dir" "$1/$DISTRO_TESTS"
	rm -rf "$list" "$dir"/var/lib/apt/lists/* "$dir"/var/cache/apt/*.bin
}

# make_root DIRECTORY OPTION...: a small Debian 13, extended by these options of mmdebstrap
make_root()
{
	local mirror

	need_root "to make a root file system"
	need_packages mmdebstrap debian-archive-keyring
	mirror=$(system_mirror)
	[ -n "$mirror" ] || die "no Debian mirror in the system's apt sources"
	run_logged "$DISTRO_LOGS/mmdebstrap.log" mmdebstrap \
		in_new_mounts mmdebstrap --quiet --mode=root --variant=minbase \
		--aptopt='APT::Install-Recommends "false"' "${@:2}" "$DISTRO_SUITE" "$1" \
		"deb [signed-by=$APT_KEYRING] $mirror $DISTRO_SUITE main"
}

fill_distro_base()
{
	local without=("${DISTRO_WITHOUT[@]/#/--dpkgopt=path-exclude=}")

	need_disk 4 "$VIS_CACHE"
	progress 180 "making a root file system of Debian 13"
	make_root "$1/root" --include="$(IFS=, && echo "${DISTRO_PACKAGES[*]}")" \
		"${without[@]/%//*}"
	progress 60 "downloading packages for later images"
	run_logged "$DISTRO_LOGS/downloads.log" "the download of packages for a Debian 13" \
		fill_distro_debs "$1"
}

# distro_base: a directory with "root", which is the root file system without our package, with
# "debs": the packages of later kernels, and those of the images that have more programs, and with
# the tests of util-linux
distro_base()
{
	local key

	key="=$DISTRO_SUITE $FIRST_SERIES $LAST_SERIES ${DISTRO_PACKAGES[*]} ${DISTRO_WITHOUT[*]}"
	key+=" ${DISTRO_FOREIGN[*]} ${DISTRO_CLOUD[*]} $DISTRO_TESTS"
	key=$(content_key "$key")
	cached "distro-base/$key" fill_distro_base
}

# Makes the system a guest for tests: root has no password, there are no timers, and nobody logs in
# on the virtio console, which the tests use. A service runs the tests of the disk whose serial
# number is "tests", if there is one.
distro_configure()
{
	local dir=$1 units=$1/etc/systemd/system

	echo vis >"$dir/etc/hostname"
	echo 'LABEL=vis-root / ext4 defaults 0 0' >"$dir/etc/fstab"
	sed -i 's/^root:[^:]*:/root::/' "$dir/etc/shadow"
	install -m 644 "$ROOT/selftests/distro/tests.service" "$units/vis-tests.service"
	install -m 644 "$ROOT/selftests/distro/eth0.network" "$dir/etc/systemd/network/"
	in_root "$dir" systemctl --quiet enable vis-tests.service systemd-networkd.service
	in_root "$dir" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer \
		dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
		systemd-networkd-wait-online.service serial-getty@hvc0.service
	# Otherwise the first boot would repeat work of an installer.
	tr -d - </proc/sys/kernel/random/uuid >"$dir/etc/machine-id"
	touch -r "$dir/usr" "$dir/etc/.updated" "$dir/var/.updated"
}

# distro_guest SUITE VARIANT SCENARIO TEST...: runs the scenario if one of its tests is wanted
distro_guest()
{
	local scenario=$3 suite=$1 test variant=$2

	shift 3
	for test; do
		if tap_wanted "$test" || [[ $test = "${VIS_ONLY-}".* ]]; then
			tap_program "$ROOT/scripts/distro" --suite "$suite" "$variant" "$scenario"
			return
		fi
	done
}
