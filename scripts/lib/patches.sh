# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Patches for the tree of another project, made in a repository of the files that they touch

NUMBERS=$ROOT/Documentation/results/cover-letter.txt
NOBODY='Unsigned <unsigned@example.invalid>'
SIGNOFF=$NOBODY
REPO=
# The mailing list and the files of our entry in MAINTAINERS
LIST=
MAINTAINED=()

repo_git()
{
	git -C "$REPO" -c user.name="${SIGNOFF% <*}" -c user.email="${SIGNOFF#*<}" \
		-c core.autocrlf=false -c commit.gpgSign=false "$@"
}

# parse_arguments OPTIONS PROJECT ARG...: sets the variables of the options, and TREE, a tree of
# PROJECT; the script takes only OPTIONS
# shellcheck disable=SC2034 # for the scripts that use this
parse_arguments()
{
	local name options=$1 project=$2 value

	shift 2
	usage_if_asked "$@"
	while [[ ${1-} == -* ]]; do
		[[ " $options " == *" $1 "* ]] || no_more_arguments "$@"
		[ "$1" != --apply ] || { APPLY=1 && shift && continue; }
		need_value 'a value' "$@"
		name=${1#--} value=$2
		if [[ $1 == --output || $1 == --repo ]]; then
			[ -z "$(ls -A "$2" 2>/dev/null)" ] ||
				die "$1 $2: is not empty, give a new directory"
			value=$(realpath -m "$2")
		fi
		declare -g "${name^^}=$value"
		shift 2
	done
	no_more_arguments "${@:2}"
	[[ $SIGNOFF =~ ^[^\<\>]+\ \<[^\<\>\ ]+@[^\<\>\ ]+\>$ ]] ||
		die "--signoff needs 'Name <mail>'"
	[ -n "${1-}" ] || die "needs a tree of $project, see scripts/$PROGRAM --help"
	[ -d "$1" ] || die "'$1' is not a directory"
	TREE=$1
}

# start_repo PROJECT FILE...: puts these files of TREE into a new repository
start_repo()
{
	local file project=$1

	shift
	for file; do
		[ -e "$TREE/$file" ] || die "'$TREE' is not a tree of $project: it has no $file"
	done
	if [ -z "$REPO" ]; then
		REPO=$(mktemp -d)
		trap 'rm -rf "$REPO"' EXIT
	fi
	mkdir -p "$REPO"
	(cd "$TREE" && cp --parents -t "$REPO" "$@")
	repo_git init -q -b series
	repo_git add -A
	repo_git commit -q -m base
	repo_git tag base
}

# maintain PATTERN: extends the entry TITLE of MAINTAINERS, which follows that of NEIGHBOUR. GAP
# separates the letter of a line from its value.
maintain()
{
	local entry file=$REPO/MAINTAINERS

	MAINTAINED+=("$1")
	entry=$({
		echo "$TITLE"
		[ "$SIGNOFF" = "$NOBODY" ] || echo "M: $SIGNOFF"
		[ -z "$LIST" ] || echo "L: $LIST"
		echo 'S: Maintained'
		printf 'F: %s\n' "${MAINTAINED[@]}" | LC_ALL=C sort
	} | sed "s/: /:$GAP/")
	awk -v title="$TITLE" -v entry="$entry" -v neighbour="$NEIGHBOUR" '
		$0 == title { old = 1 }
		old { old = !/^$/; next }
		{ print }
		$0 == neighbour { here = 1 }
		here && /^$/ { print entry "\n"; here = 0 }' "$file" >"$file.new"
	mv "$file.new" "$file"
	grep -qx "$TITLE" "$file" || die "no place for an entry in MAINTAINERS of $TREE"
}

# words FILE: series/FILE with the figures of the last published run of the bench
words()
{
	sed -e "/^@NUMBERS@$/{r $NUMBERS" -e 'd}' "$ROOT/series/$1"
}

# commit: commits all changes, with the message on stdin
commit()
{
	local options=()

	[ "$SIGNOFF" = "$NOBODY" ] || options=(--signoff)
	repo_git add -A
	repo_git commit -q "${options[@]}" -F -
}

# make_patches LIST WORDS: commits the patches of series/LIST, each with the words of its name in
# series/WORDS. The script has the functions "add" and "change".
make_patches()
{
	local destination name patch word

	# A line that ends in a backslash goes on.
	# shellcheck disable=SC2162
	while read -a patch <&3; do
		name=${patch[0]}
		for word in "${patch[@]:1}"; do
			if [[ $word == F:* ]]; then
				maintain "${word#F:}"
				continue
			fi
			destination=${word#*=}
			[[ $word != *[^/]=*/ ]] || destination+=$(basename "${word%=*}")
			add "${word%=*}" "$destination"
		done
		change "$name"
		words "$2/$name" | commit
	done 3< <(grep -v '^#' "$ROOT/series/$1")
}

# format_patches ARG...: writes a patch for each commit to OUTPUT
format_patches()
{
	local prefix='RFC PATCH'

	[ "$SIGNOFF" != "$NOBODY" ] || prefix+=' UNSIGNED'
	mkdir -p "$OUTPUT"
	rm -f "$OUTPUT"/*.patch
	repo_git format-patch -q --no-signature --subject-prefix="$prefix" -o "$OUTPUT" "$@" \
		base..series
}

# format_series COVER: the same, with a cover letter, which is the description of the branch
format_series()
{
	repo_git config branch.series.description "$(words "$1")"
	format_patches --cover-letter --cover-from-description=subject -M
	sed -i '/^ create mode /d' "$OUTPUT/0000-cover-letter.patch"
}
