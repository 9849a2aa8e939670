# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The architectures of guests: their names in Debian, the kernel and QEMU.

# Besides this machine's: Debian's name, QEMU's, and the word for it in the names of kernel flavours
FOREIGN_ARCHES=(arm64:aarch64:arm64 riscv64:riscv64:riscv64)

# qemu_arch ARCH: QEMU's name of a foreign architecture
qemu_arch()
{
	local arch names qemu

	for names in "${FOREIGN_ARCHES[@]}"; do
		IFS=: read -r arch qemu _ <<<"$names"
		[ "$arch" != "$1" ] || { echo "$qemu" && return; }
	done
	die "there are no guests of the architecture '$1', only of ${FOREIGN_ARCHES[*]%%:*}"
}

# qemu_arches: QEMU's names of all of them
qemu_arches()
{
	printf '%s\n' "${FOREIGN_ARCHES[@]}" | cut -d : -f 2
}

# arch_of_flavour FLAVOUR: Debian's architecture of a kernel flavour, such as cloud-arm64
arch_of_flavour()
{
	local names

	for names in amd64 "${FOREIGN_ARCHES[@]}"; do
		[[ -$1- != *-${names##*:}-* ]] || { echo "${names%%:*}" && return; }
	done
	die "no kernel flavour '$1': it names amd64 or one of ${FOREIGN_ARCHES[*]##*:}"
}

# cross_prefix KDIR: the prefix of the compiler's name in Debian's headers; nothing for other trees
# and for this machine's architecture
cross_prefix()
{
	sed -n 's/^override CROSS_COMPILE = //p' "$1/.kernelvariables" 2>/dev/null |
		grep -v '^x86_64-' || true
}
