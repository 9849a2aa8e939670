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

# sources_key: of a result that depends on the kernel's sources at each commit of the series
sources_key()
{
	local commit sources

	sources=$(for commit in $(series_git rev-list base..series); do
		series_git ls-tree -r "$commit" -- arch drivers include
	done)
	content_key "=$SOURCE" "=$sources" "=$(kernel_options kunit)" "scripts/suites/$PROGRAM" \
		scripts/lib/series.sh scripts/lib/kernel.sh
}

series_git()
{
	git -C "$REPO" "$@"
}

# fails COMMAND...: bash does not stop at a command that "!" inverts
fails()
{
	! "$@"
}

# A tree until the check ends, apart from that of the kernels: it goes through the commits and
# has errors planted.
enter_tree()
{
	cache_lock series-tree
	TREE=$(cached "series-tree/${SOURCE##*/}" link_tree "$SOURCE")
	sync_tree "$REPO" "$TREE" "$SOURCE"
}
