# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Trees of sources that persist, so that a build compiles only changed files

# copy_changed FILE... DIRECTORY: an unchanged file keeps its time.
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

# sync_tree FROM TREE [SOURCE]: copies files of FROM, whose names are on stdin, to TREE. Others that
# an earlier call has copied become those of SOURCE again, or are removed. A link to SOURCE's file
# would have its old time, and no build would compile it again.
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
		[ ! -e "$source/$file" ] || cp "$source/$file" "$tree/$file"
	done
	mv "$tree.files.new" "$tree.files"
}
