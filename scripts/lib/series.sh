# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The patch series under test, and a kernel tree with it.

SIGNOFF='Test Author <test@example.org>'
# shellcheck disable=SC2034 # for the suites
WORK=$VIS_CACHE/kernel-work/series

# make_series: the patches, and a repository with a commit for each, until the suite ends
make_series()
{
	need_packages git patch
	SOURCE=$("$ROOT/scripts/fetch" source)
	TMP=$(mktemp -d)
	trap 'rm -rf "$TMP"' EXIT
	REPO=$TMP/repo
	PATCHES=$TMP/patches
	"$ROOT/scripts/series" --signoff "$SIGNOFF" --repo "$REPO" --output "$PATCHES" \
		"$SOURCE" >/dev/null
}

series_git()
{
	git -C "$REPO" "$@"
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
