# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Which tests the sources state, whether or not they have run

# "SUITE TEST" for each test that the guests of all suites state, as the results name them
guest_tests()
{
	PYTHONPATH=$ROOT/scripts python3 -B -c '
import sys
from vmlib.__main__ import tests_of_suite
from vmlib.suites import SUITES
for name, suite in SUITES.items():
    for test in tests_of_suite(sys.argv[1], name, suite.vm):
        print(name, test)' "$ROOT"
}

# is_written TEST [SUITE]: KUnit has it, or a qtest, a guest, or the program of the suite
is_written()
{
	local name=$1

	: "${GUEST_TESTS:=$(guest_tests)}"
	case $name in
	mutants.*) [ -e "$ROOT/selftests/mutants/${name#mutants.}.patch" ] ;;
	kunit.*.*)
		name=${name#kunit.*.}
		grep -rqE "KUNIT_CASE[A-Z_]*\(${name%%.*}\>" "$ROOT/drivers" "$ROOT/compat"
		;;
	model.*) grep -rqsw -- "${name##*.}" "$ROOT/model" ;;
	*.qtest.*)
		name=${name#*.qtest.}
		grep -rqwE "test_${name%%.*}|[A-Z_]+\(${name%%.*}\)" "$ROOT/qemu/tests"
		;;
	*)
		grep -qE -- "^${2-[^ ]+} ${name//./[.]}$" <<<"$GUEST_TESTS" ||
			grep -qsw -- "$name" "$ROOT/scripts/suites/${2-}"
		;;
	esac
}
