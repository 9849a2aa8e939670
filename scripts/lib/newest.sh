# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The stock kernels that the modules support. The programs in the newest one's headers and its
# compiler are from Debian 13, so they bring that release's libraries with them.

# The stock kernels that every check compiles the modules for and loads them into, the oldest first,
# by the flavours of scripts/fetch
# shellcheck disable=SC2034 # for the suites
STOCK_KERNELS=(cloud-amd64 newest)

# The series that the tests run on, the first and the last; documents say the same
FIRST_SERIES=6.12
LAST_SERIES=7.3
# Series of the archive that they do not run on, and why: "SERIES REASON"
# shellcheck disable=SC2034 # for the suites
UNTESTED_SERIES=('6.1 the modules need functions of 6.12')

# A kernel's release without its flavour, of any series
# shellcheck disable=SC2034 # for other libraries
ANY_RELEASE='[0-9]+\.[0-9]+\.[0-9]+[a-z0-9.+-]*'
OLDEST_SERIES='6\.12\.[0-9]+'
NEWEST_SUITE=trixie-backports
NEWEST_SERIES='7\.[0-3]\.[0-9]+'
NEWEST_FLAVOUR=cloud-amd64
NEWEST_COMPILER=x86_64-linux-gnu-gcc-14
NEWEST_TOOLS=(gcc-14-x86-64-linux-gnu cpp-14-x86-64-linux-gnu libgcc-14-dev libc6 libgcc-s1
	libstdc++6 libgmp10 libisl23 libmpc3 libmpfr6 libzstd1 zlib1g libelf1t64 libssl3t64
	pahole libbpf1 libdw1t64 liblzma5 libbz2-1.0)

# newest_of_series: prints the newest release of each series on stdin
newest_of_series()
{
	sort -V | awk -F . '{ newest[$1 "." $2] = $0 }
		END {
			for (s in newest)
				print newest[s]
		}' | sort -V
}

# tested_releases: prints those releases on stdin whose series the tests run on
tested_releases()
{
	awk -F . -v first="$FIRST_SERIES" -v last="$LAST_SERIES" '
		function number(series,   part) {
			split(series, part, ".")
			return part[1] * 1000 + part[2]
		}
		number($1 "." $2) >= number(first) && number($1 "." $2) <= number(last)'
}

# bind_programs DIRECTORY: makes its programs use the loader and libraries at their final place
bind_programs()
{
	local dir=$1 program place=${1%.tmp.*}

	find "$dir/usr/lib/linux-kbuild-"* "$dir/usr/bin" "$dir/usr/libexec/gcc" \
		-type f -executable |
		while read -r program; do
			patchelf --print-interpreter "$program" >/dev/null 2>&1 || continue
			patchelf --set-interpreter "$place/usr/lib64/ld-linux-x86-64.so.2" \
				--force-rpath --set-rpath "$place/usr/lib/x86_64-linux-gnu" \
				"$program"
		done
}

# arrange_newest DIRECTORY RELEASE BASE: puts files where scripts/vm and kbuild expect them
arrange_newest()
{
	local dir=$1 release=$2 headers=$1/usr/src/linux-headers-$2 programs=${1%.tmp.*}/usr/bin

	mkdir -p "$dir/boot" "$dir/lib"
	mv "$dir/usr/lib/modules" "$dir/lib"
	mv "$dir/lib/modules/$release/vmlinuz" "$dir/boot/vmlinuz-$release"
	relocate_kernel "$dir" "$release" "linux-headers-$3-common"
	# shellcheck disable=SC2016 # for make to expand
	sed -i '1i KBUILD_OUTPUT := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))' \
		"$headers/Makefile"
	sed -i -E "s|^CC = .*|CC = $programs/$NEWEST_COMPILER\nPAHOLE = $programs/pahole|" \
		"$headers/.kernelvariables"
}

# fill_newest DIRECTORY RELEASE VERSION
fill_newest()
{
	local base=${2%"-$NEWEST_FLAVOUR"} debs=() dir=$1 package release=$2 version=$3

	need_packages patchelf
	for package in "${NEWEST_TOOLS[@]}"; do
		debs+=("$package=$(apt_version trixie "$package")")
	done
	unpack_debs "$dir" "${debs[@]}" "linux-binary-$release=$version" \
		"linux-modules-$release=$version" "linux-headers-$release=$version" \
		"linux-headers-$base-common=$version" "linux-kbuild-$base=$version"
	arrange_newest "$dir" "$release" "$base"
	bind_programs "$dir"
}

# resolve_newest NAME: the newest of those whose image and headers are both in the archive
resolve_newest()
{
	local found kind

	found=$(for kind in linux-binary linux-headers; do
		apt_all "$NEWEST_SUITE" "$kind-$NEWEST_SERIES\+[a-z0-9.]+-$NEWEST_FLAVOUR" \
			"$kind-7." |
			sed "s/^$kind-//"
	done | sort -V | uniq -d | tail -n 1)
	[ -n "$found" ] ||
		die "$NEWEST_SUITE has no kernel of 7.0 to $LAST_SERIES with image and headers"
	cached "$1/${found#* }" fill_newest "${found% *}" "${found#* }"
}
