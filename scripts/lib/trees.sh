# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Copies of sources that stay, in which only what has changed is built again.

# copy_changed FILE... DIRECTORY: what is unchanged keeps its time.
copy_changed()
{
	local directory=${!#} file

	mkdir -p "$directory"
	for file in "${@:1:$#-1}"; do
		cmp -s "$file" "$directory/${file##*/}" ||
			cp --remove-destination "$file" "$directory"
	done
}

# link_tree TREE SOURCE: links cost no space, and no build writes to them.
link_tree()
{
	cp -al "$2/." "$1"
}

# sync_tree FROM TREE [SOURCE]: TREE gets the files of FROM whose names are on stdin. Those that it
# has from an earlier call become as in SOURCE, or go.
sync_tree()
{
	local file from=$1 source=${3-} tree=$2

	sort >"$tree.files.new"
	touch "$tree.files"
	sort -u -o "$tree.files" "$tree.files" "$tree.files.new"
	while read -r file; do
		copy_changed "$from/$file" "$(dirname "$tree/$file")"
	done <"$tree.files.new"
	comm -23 "$tree.files" "$tree.files.new" | while read -r file; do
		rm -f "$tree/$file"
		[ ! -e "$source/$file" ] || cp -al "$source/$file" "$tree/$file"
	done
	mv "$tree.files.new" "$tree.files"
}
