# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Every script starts with this: paths, messages and checks of the machine.

set -euo pipefail
shopt -s inherit_errexit

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# shellcheck disable=SC2034 # for the scripts that source this file
BUILD=$ROOT/build
PROGRAM=${0##*/}
SCRIPT=$(readlink -f "$0")
SCRIPT=${SCRIPT#"$ROOT"/}

# use LIBRARY...: sources files beside this one.
use()
{
	local library

	for library; do
		# shellcheck source=/dev/null
		. "$ROOT/scripts/lib/$library.sh"
	done
}

say()
{
	printf '%s: %s\n' "$PROGRAM" "$*" >&2
}

die()
{
	say "error: $*"
	exit 1
}

# usage_if_asked "$@": a script's usage is the comment block that follows its SPDX line.
usage_if_asked()
{
	case ${1-} in
	-h | --help)
		sed -n '3,/^$/ s/^# \{0,1\}//p' "$0"
		exit 0
		;;
	esac
}

# no_more_arguments "$@": refuses the arguments that are left once a script has taken those it knows
no_more_arguments()
{
	[ $# = 0 ] || die "unknown argument '$1', see $SCRIPT --help"
}

# suite_arguments "$@": a suite has a usage of its own, or takes no arguments.
suite_arguments()
{
	! sed -n 3p "$0" | grep -q '^# usage: ' || return 0
	case ${1-} in
	-h | --help)
		need_packages python3
		PYTHONPATH=$ROOT/scripts exec python3 -B -m vmlib.arguments "$PROGRAM" "$1"
		;;
	esac
	no_more_arguments "$@"
}

# need_value WHAT "$@": checks that the option in the first argument has a value in the second
need_value()
{
	[ -n "${3-}" ] || die "$2 needs $1"
}

duration()
{
	if [ "$1" -ge 90 ]; then
		echo "$((($1 + 59) / 60)) minutes"
	else
		echo "$1 s"
	fi
}

# progress SECONDS TEXT: announces a step, and how long it takes on 2 cores.
progress()
{
	local seconds=$1

	shift
	say "$* (about $(duration "$seconds"))"
}

# try COMMAND...: sets STATUS to the command's. In a condition, bash would ignore a failing command
# of a function.
try()
{
	set +e
	(set -e && "$@")
	STATUS=$?
	set -e
}

# run_logged LOG WHAT COMMAND...: writes all output of the command to LOG. If it fails, the error
# shows the end of that output and names LOG.
run_logged()
{
	mkdir -p "${1%/*}"
	try "${@:3}" >"$1" 2>&1
	[ "$STATUS" = 0 ] || {
		tail -n 30 "$1" >&2
		die "$2 failed, see $1"
	}
}

# run_shown LOG WHAT COMMAND...: the same, but also shows the output as it comes
run_shown()
{
	try show_logged "$1" "${@:3}"
	[ "$STATUS" = 0 ] || die "$2 failed, see $1"
}

show_logged()
{
	"${@:2}" 2>&1 | tee "$1" >&2
}

need_amd64()
{
	local cpu

	cpu=$(uname -m)
	[ "$cpu" = x86_64 ] || die "needs an amd64 CPU, this one is $cpu"
}

need_root()
{
	[ "$(id -u)" = 0 ] || die "needs root $*"
}

# need_disk GIB DIRECTORY
need_disk()
{
	local have

	mkdir -p "$2" 2>/dev/null || die "cannot create $2"
	have=$(df --output=avail -BM "$2" | tail -n 1 | tr -dc 0-9)
	[ "$have" -ge $(($1 * 1024)) ] ||
		die "needs $1 GiB of disk space in $2, which has $((have / 1024)) GiB"
}

# Every script needs these.
use cache packages

[[ $SCRIPT != scripts/suites/* ]] || suite_arguments "$@"
