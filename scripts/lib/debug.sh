# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The guest tests and the stress tests on a kernel that looks for faults. It must make no report,
# and it must have reported a fault that is planted, else that says nothing. A suite defines
# debug_vm ARG..., which is scripts/vm on its kernel, with the suite's name as --suite.

DEBUG_SCENARIOS=(main coexist shared line1 visoff nolapic reload migrate stress_moves stress_torn)
# Of each stress test
STRESS_SECONDS=60

guests_wanted()
{
	[[ ${VIS_ONLY-} != *.planted* ]]
}

# run_guests SUITE ARG...
run_guests()
{
	local suite=$1 only=${VIS_ONLY-}

	shift
	case $only in
	"$suite" | debug.leaks) only= ;;
	esac
	debug_vm --only "${only#"$suite."}" --box $STRESS_SECONDS "$@" "${DEBUG_SCENARIOS[@]}"
}

# planted_is_seen SUITE FAULT REPORT ARG...: a guest that commits it fails, and the log of its
# kernel or of its tests has that report.
planted_is_seen()
{
	local suite=$1 fault=$2 report=$3 run=$BUILD/vm/$1/planted

	shift 3
	if debug_vm --only '' --append "vis.planted=$fault" \
		--script "$ROOT/selftests/vis/planted.sh" "$@" planted; then
		echo "$fault: nothing has failed"
		return 1
	fi
	grep -m 1 -ahE "$report" "$run/klog" "$run/transcript"
}
