# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The revision of the sources that a result belongs to

git_here()
{
	git -C "$ROOT" -c safe.directory="$ROOT" "$@"
}

# source_files: the files of the checkout, null-terminated and relative to ROOT.
source_files()
(
	cd "$ROOT" || exit
	if [ -e .git ]; then
		git_here ls-files -z --cached --others --exclude-standard --deduplicate
	else
		find . -path ./build -prune -o -type f -printf '%P\0'
	fi | while read -rd '' file; do
		[ ! -f "$file" ] || printf '%s\0' "$file"
	done
)

# copy_sources DIRECTORY: copies those files, and nothing else
copy_sources()
{
	local copy=$1

	rm -rf "$copy"
	mkdir -p "$copy"
	source_files | tar -C "$ROOT" --null -T - -cf - | tar -C "$copy" -xf -
}

sources_hash()
{
	source_files | LC_ALL=C sort -z | (cd "$ROOT" && xargs -0r sha256sum) |
		sha256sum | cut -c 1-12
}

# revision: HEAD's id, with a hash of the sources when they differ from it.
revision()
{
	local head

	head=$( (git_here rev-parse -q --verify HEAD) 2>/dev/null || echo none)
	if [ "$head" = none ] || [ -n "$(git_here status --porcelain)" ]; then
		echo "$head+$(sources_hash)"
	else
		echo "$head"
	fi
}
