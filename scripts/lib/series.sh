# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The patch series under test, and a kernel tree with it.

SIGNOFF='Test Author <test@example.org>'
# Placeholders, which finished text never contains
UNFINISHED='\*\*\*|@[A-Z]+@|TBD'
# shellcheck disable=SC2034 # for the suites
WORK=$VIS_CACHE/kernel-work/series

# make_series [qemu [newest]]: sets PATCHES, a directory, SERIES, its files except the cover letter,
# and REPO, which has a commit for each patch; they last until the suite ends
make_series()
{
	need_packages git patch
	SOURCE=$("$ROOT/scripts/fetch" "${1:+$1-}source" "${@:2}")
	TMP=$(mktemp -d)
	trap 'rm -rf "$TMP"' EXIT
	REPO=$TMP/repo
	PATCHES=$TMP/patches
	"$ROOT/scripts/series" ${1+"$1"} --signoff "$SIGNOFF" --repo "$REPO" --output "$PATCHES" \
		"$SOURCE" >/dev/null
	mapfile -t SERIES < <(find "$PATCHES" -name '*.patch' ! -name '0000-*' | sort)
}

series_git()
{
	git -C "$REPO" -c user.name=Test -c user.email=test@example.org "$@"
}

# at_commits COMMAND DIRECTORY...: runs it at each commit that changes one of these
at_commits()
{
	local commit

	for commit in $(series_git rev-list --reverse base..series -- "${@:2}"); do
		series_git checkout -q "$commit"
		echo "# $(series_git log -1 --format=%s)"
		"$1"
	done
	series_git checkout -q series
}

# check_signatures UNSIGNED: the patches are signed, those in the directory UNSIGNED are marked as
# unsigned, and the cover letter is complete
check_signatures()
{
	local patch

	for patch in "${SERIES[@]}"; do
		grep -qxF "Signed-off-by: $SIGNOFF" "$patch"
		grep -qxF "From: $SIGNOFF" "$patch"
	done
	fails grep -l Signed-off-by "$1"/*.patch
	[ "$(grep -l '^Subject: \[RFC PATCH UNSIGNED ' "$1"/*.patch | wc -l)" = \
		$((${#SERIES[@]} + 1)) ]
	fails grep -nE "$UNFINISHED" "$PATCHES"/0000-*
}

# The checks have a tree of their own until they end, because they check out each commit and plant
# errors.
enter_tree()
{
	cache_lock series-tree
	TREE=$(cached "series-tree/${SOURCE##*/}" link_tree "$SOURCE")
	sync_series
}

# sync_series: brings the tree to the commit of REPO, and removes planted errors
sync_series()
{
	series_git ls-files | sync_tree "$REPO" "$TREE" "$SOURCE"
}
