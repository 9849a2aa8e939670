# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The cache: directories that appear complete or not at all, keyed by what made them.

VIS_CACHE=${VIS_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/virtio-vis}
export VIS_CACHE

# content_key [FILE|DIRECTORY|=WORD]...: one hash over names, contents and words.
content_key()
{
	local input

	for input; do
		case $input in
		=*) printf '%s\n' "$input" ;;
		*) (cd "$ROOT" && find "$input" -type f -print0 | LC_ALL=C sort -z |
			xargs -0r sha256sum) ;;
		esac
	done | sha256sum | cut -c 1-24
}

# take_lock FILE WHAT: the calling (sub)shell holds it until it ends. LOCK is its descriptor.
take_lock()
{
	local file=$1

	{ mkdir -p "${file%/*}" && touch "$file"; } 2>/dev/null || die "cannot write to $file"
	exec {LOCK}>>"$file"
	if ! flock -n "$LOCK"; then
		say "waiting for another run (pid $(tail -n 1 "$file")) that holds $2"
		flock "$LOCK"
	fi
	echo "$BASHPID" >"$file"
}

cache_lock()
{
	local name=${1//\//.}

	# A file's name has 255 characters at most.
	[ ${#name} -lt 200 ] || name=${name:0:100}.$(content_key "=$name")
	take_lock "$VIS_CACHE/lock/$name" "$1"
}

# cached NAME FUNCTION ARG...: prints the directory NAME of the cache. If it is missing,
# FUNCTION DIRECTORY ARG... fills it first; a failure leaves nothing behind.
cached()
(
	dir=$VIS_CACHE/$1
	function=$2
	shift 2
	if ! [ -d "$dir" ]; then
		cache_lock "${dir#"$VIS_CACHE"/}"
		if ! [ -d "$dir" ]; then
			tmp=$dir.tmp.$BASHPID
			trap 'rm -rf "$tmp" "$tmp".*' EXIT
			rm -rf "$dir".tmp.*
			mkdir -p "$tmp"
			"$function" "$tmp" "$@" >&2
			mv -T "$tmp" "$dir"
		fi
	fi
	echo "$dir"
)

# forget_old DIRECTORY COUNT: removes all entries except the COUNT newest, but none that a run may
# still use, because it is newer than an hour. Another run may remove the same ones.
forget_old()
{
	find "$VIS_CACHE/$1" -ignore_readdir_race -mindepth 1 -maxdepth 1 -type d -mmin +60 \
		-printf '%T@ %p\n' | sort -rn | tail -n +$(($2 + 1)) | cut -d ' ' -f 2- |
		xargs -r rm -rf
}

# cached_newest DIRECTORY: the entry of the highest version, nothing if there is none.
cached_newest()
{
	[ -d "$VIS_CACHE/$1" ] || return 0
	find "$VIS_CACHE/$1" -mindepth 1 -maxdepth 1 -type d ! -name '*.tmp.*' |
		sort -V | tail -n 1
}
