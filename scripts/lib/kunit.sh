# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The results of KUnit

# kunit_cases FILE: prints "STATUS dotted.name" for each case in the results of the kernel's KUnit
# parser. Those of a case with parameters are below its name.
kunit_cases()
{
	jq -r 'def cases($path): (.test_cases[] | "\(.status) \($path)\(.name)"),
		(.sub_groups[] | cases("\($path)\(.name).")); cases("")' "$1"
}

# kunit_report PREFIX RESULTS LOG [PARSED]: a result for each "STATUS case". LOG has the messages of
# a case that has failed, or else the end of PARSED explains it. The suite's function
# kunit_skipped NAME judges a case that was skipped.
kunit_report()
{
	local case name status

	while read -r status case; do
		name=$1.$case
		tap_wanted "$name" || continue
		case $status in
		PASS) tap_result ok "$name" ;;
		SKIP) kunit_skipped "$name" ;;
		*) tap_not_ok "$name" "$(grep -A 4 -F "# ${case##*.}: " "$3" ||
			tail -n 20 "${4-$3}")" ;;
		esac
	done <<<"$2"
}
