# SPDX-License-Identifier: GPL-2.0-only
"""Python's unittest with results in TAP: test_NAME of a suite is SUITE.NAME."""

import os
import sys
import traceback
import unittest

from .arguments import of_suite
from .tap import Tap


class Result(unittest.TestResult):
    """Reports each test as it ends."""

    def __init__(self, suite):
        super().__init__()
        self.suite = suite
        self.tap = Tap()

    def name(self, test):
        return f"{self.suite}.{test.id().rpartition('.test_')[2]}"

    def addSuccess(self, test):
        self.tap.result(True, self.name(test))

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.tap.result(False, self.name(test))
        self.tap.note("".join(traceback.format_exception(*error)).rstrip())

    addError = addFailure

    def addSubTest(self, test, subtest, error):
        if error:
            self.addFailure(test, error)
            self.tap.note(str(subtest))


def main(suite, *cases):
    """Runs all tests, or the one that $VIS_ONLY names, in the order of the file."""
    of_suite(suite, sys.argv[1:])
    result, only = Result(suite), os.environ.get("VIS_ONLY", "")
    for case in cases:
        for name in vars(case):
            if name.startswith("test_") and only in ("", f"{suite}.{name[5:]}"):
                case(name).run(result)
    sys.exit(not result.tap.finish())
