# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Guests of other kernels than the cloud one, and with other programs than busybox.

# on_generic_kernel ARG...: scripts/vm on Debian's generic kernel, which has what the cloud
# kernel has not: 9P, sound, DRM, the crypto device, hibernation
on_generic_kernel()
{
	local headers kernel modules

	kernel=$("$ROOT/scripts/fetch" kernel amd64)
	headers=$("$ROOT/scripts/fetch" headers amd64)
	modules=$("$ROOT/scripts/build-modules" "$headers")
	with_tools --kernel "$kernel" --modules "$modules" "$@"
}

# with_tools ARG...: scripts/vm, with Debian's programs for the guest, and taps
with_tools()
{
	local tools

	need_root "to make a network namespace"
	need_packages iproute2
	tools=$("$ROOT/scripts/fetch" guest-tools)
	"$ROOT/scripts/vm" --tools "$tools" "$@"
}
