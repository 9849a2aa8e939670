# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# QEMU's sources, with the additions of qemu/

UAPI=(include/uapi/linux/virtio_vis.h include/uapi/linux/virtio_mmio_msi.h)

# qemu_patches TREE: the patches of the device and the boards, which guests see, and of QEMU's tests
qemu_patches()
{
	printf '%s\n' "$1"/qemu/{patches,test-patches}/*.patch
}

# qemu_paths SOURCE: turns paths on stdin from those of the newest QEMU into those of SOURCE
qemu_paths()
{
	case $(<"$1/VERSION") in
	10.0.*) sed 's#tests/functional/x86_64/#tests/functional/#' ;;
	*) cat ;;
	esac
}

# patched_files TREE SOURCE: those of QEMU's files that the patches of a checkout change
patched_files()
{
	local file

	qemu_patches "$1" | xargs sed -n 's#^+++ b/##p' | sort -u | while read -r file; do
		[ -e "$1/qemu/$file" ] || echo "$file"
	done | qemu_paths "$2"
}

# qemu_patch DIRECTORY PATCH SOURCE: applies it without fuzz
qemu_patch()
{
	qemu_paths "$3" <"$2" | patch -s -p1 -F0 -N --no-backup-if-mismatch -d "$1" >&2 ||
		die "$2 does not apply to this QEMU"
}

# qemu_names TREE SOURCE FILE...: replaces the names of the newest QEMU in these files by those of
# SOURCE
qemu_names()
{
	local source=$2 tree=$1

	case $(<"$source/VERSION") in
	10.0.*) sed -i -f "$tree/qemu/patches/10.0.sed" "${@:3}" ;;
	esac
}

# standard_header FILE: the transformations of QEMU's scripts/update-linux-headers.sh that it needs
standard_header()
{
	sed -e 's/__le\([0-9][0-9]*\)/uint\1_t/g' \
		-e 's#<linux/\([^>]*\)>#"standard-headers/linux/\1"#' "$1"
}

# qemu_overlay TREE SOURCE DIRECTORY: the files that a checkout adds to QEMU's, or changes
qemu_overlay()
{
	local file files headers=$3/include/standard-headers/linux overlay=$3 source=$2 tree=$1

	(cd "$tree/qemu" && find . -type f ! -path './*patches/*') | while read -r file; do
		install -D -m 644 "$tree/qemu/$file" "$overlay/$(qemu_paths "$source" <<<"$file")"
	done
	mapfile -t files < <(find "$overlay" -type f)
	qemu_names "$tree" "$source" "${files[@]}"
	patched_files "$tree" "$source" | while read -r file; do
		install -D -m 644 "$source/$file" "$overlay/$file"
	done
	qemu_patches "$tree" | while read -r file; do
		qemu_patch "$overlay" "$file" "$source"
	done
	mkdir -p "$headers"
	for file in "${UAPI[@]}"; do
		standard_header "$tree/$file" >"$headers/${file##*/}"
	done
}
