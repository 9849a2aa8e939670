# SPDX-License-Identifier: GPL-2.0-only
"""Which tests the sources state, whether or not they have run"""

import functools
import re

from . import __main__ as vm
from .suites import SUITES


@functools.cache
def guest_tests(root):
    """(suite, test) for each that its guests state, as the results name it"""
    return {(name, test) for name, suite in SUITES.items() if suite.vm
            for test in vm.tests_of_suite(root, name, suite.vm)}


@functools.cache
def sources(root, *directories):
    return "\n".join(path.read_text("utf-8", "replace") for directory in directories
                     for path in (root / directory).rglob("*") if path.is_file())


def is_written(root, test, suite=""):
    """KUnit has it, or the model, a qtest, a guest, or the program of the suite"""
    words = test.split(".")
    if words[0] == "mutants":
        return (root / "selftests/mutants" / f"{words[1]}.patch").exists()
    if words[0] == "kunit" and len(words) > 2:
        where, pattern = ("drivers", "compat"), rf"KUNIT_CASE[A-Z_]*\({words[2]}\b"
    elif words[0] == "model":
        where, pattern = ("model",), rf"\b{words[-1]}\b"
    elif "qtest" in words[1:-1]:
        name = words[words.index("qtest") + 1]
        where, pattern = ("qemu/tests",), rf"\btest_{name}\b|\b[A-Z_]+\({name}\)"
    else:
        program = root / "scripts/suites" / suite
        return any(stated == test and suite in ("", name) for name, stated in guest_tests(root)) \
            or program.is_file() and test in re.findall(r"[\w.]+", program.read_text("utf-8"))
    return bool(re.search(pattern, sources(root, *where)))
