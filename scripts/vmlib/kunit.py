# SPDX-License-Identifier: GPL-2.0-only
"""Prints "STATUS dotted.name" for each case in the results of the kernel's KUnit parser."""

import json
import sys
from pathlib import Path


def cases(group, path=()):
    """Results of a case with parameters are below its name."""
    for case in group["test_cases"]:
        yield case["status"], ".".join((*path, case["name"]))
    for sub_group in group["sub_groups"]:
        yield from cases(sub_group, (*path, sub_group["name"]))


if __name__ == "__main__":
    for result in cases(json.loads(Path(sys.argv[1]).read_text("utf-8"))):
        print(*result)
