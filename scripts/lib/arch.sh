# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The architectures of guests: what Debian, the kernel and QEMU call each.

OPENSBI=usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin
# Emulated, and its code translated anew by each guest
FOREIGN_SLOW=4

# arch_of_flavour FLAVOUR: Debian's architecture of a kernel flavour, such as cloud-arm64
arch_of_flavour()
{
	case -$1- in
	*-amd64-*) echo amd64 ;;
	*-arm64-*) echo arm64 ;;
	*-riscv64-*) echo riscv64 ;;
	*) die "no kernel flavour '$1': it names amd64, arm64 or riscv64" ;;
	esac
}

# cross_prefix KDIR: of the compiler's name, as Debian's headers give it; nothing of other trees,
# and of this machine's architecture
cross_prefix()
{
	sed -n 's/^override CROSS_COMPILE = //p' "$1/.kernelvariables" 2>/dev/null |
		grep -v '^x86_64-' || true
}

# on_board BOARD ARG...: scripts/vm on a board of another architecture, with Debian's kernel for it
# (or that of the flavour $VIS_FLAVOUR)
on_board()
{
	local arch board=$1 busybox flavour headers kernel modules qemu firmware=()

	shift
	case $board in
	its | v2m) flavour=cloud-arm64 ;;
	imsic)
		flavour=riscv64
		firmware=(--firmware "$("$ROOT/scripts/fetch" opensbi)/$OPENSBI")
		;;
	esac
	flavour=${VIS_FLAVOUR:-$flavour}
	arch=$(arch_of_flavour "$flavour")
	kernel=$("$ROOT/scripts/fetch" kernel "$flavour")
	headers=$("$ROOT/scripts/fetch" headers "$flavour")
	busybox=$("$ROOT/scripts/fetch" busybox "$arch")
	modules=$("$ROOT/scripts/build-modules" "$headers")
	qemu=$("$ROOT/scripts/build-qemu" --arch "$arch")
	"$ROOT/scripts/vm" --board "$board" --qemu "$qemu" --kernel "$kernel" \
		--modules "$modules" --busybox "$busybox/usr/bin/busybox" "${firmware[@]}" \
		--slow $FOREIGN_SLOW "$@"
}

# board_suite ARCH BOARD SCENARIO...: the guest tests; vis.TEST becomes arch.ARCH.BOARD.TEST
board_suite()
{
	local board=$2 suite=arch.$1.$2

	shift 2
	export VIS_ONLY=${VIS_ONLY-}
	[ "$VIS_ONLY" != "$suite" ] || VIS_ONLY=
	VIS_ONLY=${VIS_ONLY/#"$suite."/vis.}
	on_board "$board" --suite "$suite" "$@" |
		sed -uE "s/^((not )?ok [0-9]+) vis\\./\\1 $suite./"
}
