# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A tree of Linux 7.3 with the patch series, and how kernels are configured and built from it.

CONFIGS=$ROOT/selftests/kernels
# shellcheck disable=SC2034 # for the scripts that source this file
KERNEL_PACKAGES=(bc bison flex gcc libelf-dev libssl-dev make python3)

# kernel_options NAME: prints the options of selftests/kernels/NAME.config, after those of its base
kernel_options()
{
	local base

	base=$(sed -n '1,3s/^# base: //p' "$CONFIGS/$1.config")
	[ -z "$base" ] || kernel_options "$base"
	grep '^CONFIG_' "$CONFIGS/$1.config"
}

# set_arch ARCH: sets KMAKE_ARCH to the arguments that kmake needs to build for ARCH, the kernel's
# name of an architecture, and installs the compiler
set_arch()
{
	local compiler

	KMAKE_ARCH=("ARCH=$1")
	case $1 in
	x86_64 | i386) return ;;
	arm64) compiler=aarch64-linux-gnu ;;
	powerpc) compiler=powerpc64-linux-gnu ;;
	riscv) compiler=riscv64-linux-gnu ;;
	*) die "no compiler is known for the architecture $1" ;;
	esac
	need_packages "gcc-$compiler"
	KMAKE_ARCH+=("CROSS_COMPILE=$compiler-")
}

# kernel_arch NAME: the same for the architecture of NAME.config; sets IMAGE and IMAGE_FILE to the
# target that boots and to its file
# shellcheck disable=SC2034 # for the scripts that source this file
kernel_arch()
{
	local arch

	arch=$(sed -n '1,3s/^# arch: //p' "$CONFIGS/$1.config")
	case $arch in
	'') IMAGE=bzImage IMAGE_FILE=arch/x86/boot/bzImage ;;
	arm64) IMAGE=Image IMAGE_FILE=arch/arm64/boot/Image ;;
	*) IMAGE=vmlinux IMAGE_FILE=vmlinux ;;
	esac
	KMAKE_ARCH=()
	[ -z "$arch" ] || set_arch "$arch"
}

# kmake TREE OUTPUT ARG...: the result depends on neither time nor machine. With KMAKE_VERBOSE, make
# names each file.
kmake()
{
	local tree=$1 output=$2

	shift 2
	make "${KMAKE_VERBOSE:--s}" -C "$tree" O="$output" \
		KBUILD_BUILD_TIMESTAMP='Thu Jan 1 00:00:00 UTC 1970' \
		KBUILD_BUILD_USER=vis KBUILD_BUILD_HOST=vis -j"$(nproc)" "$@" </dev/null
}

# kconfig drops an option whose dependencies are off, which is an error.
check_options()
{
	local option

	tac "$1" | awk -F = '!seen[$1]++' | while read -r option; do
		case $option in
		*=n) ! grep -q "^${option%n}" "$2" ;;
		*) grep -qxF "$option" "$2" ;;
		esac || die "kconfig does not accept $option"
	done
}

# configure_kernel TREE OUTPUT [ARG...]: the options are on stdin, all others are off
configure_kernel()
{
	local tree=$1 output=$2

	shift 2
	mkdir -p "$output"
	cat >"$output/.options.new"
	if cmp -s "$output/.options.new" "$output/.options"; then
		kmake "$tree" "$output" "$@" olddefconfig
		return
	fi
	rm -f "$output/.options"
	kmake "$tree" "$output" KCONFIG_ALLCONFIG="$output/.options.new" "$@" allnoconfig
	check_options "$output/.options.new" "$output/.config"
	mv "$output/.options.new" "$output/.options"
}
