# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The architectures of guests: what Debian, the kernel and QEMU call each.

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
