# SPDX-License-Identifier: GPL-2.0-only
"""coverage.py JSON SOURCES PERCENT FILE...: prints, from gcovr's JSON, the share of lines that was
executed of each file, and the other lines; fails if a share is less than PERCENT."""

import json
import sys
from pathlib import Path


def main(report, sources, wanted, *names):
    files = {Path(file["file"]).name: {line["line_number"]: line["count"]
                                       for line in file["lines"]
                                       if not line.get("gcovr/noncode")}
             for file in json.loads(Path(report).read_text("utf-8"))["files"]}
    enough = True
    for name in names:
        text = Path(sources, name).read_text("utf-8").splitlines()
        # The head of a function counts only the calls that are not inlined.
        lines = {number: count for number, count in files.get(name, {}).items()
                 if text[number - 1][:1].isspace()}
        if not lines:
            print(f"{name}: nothing was counted")
            enough = False
            continue
        missed = [number for number, count in lines.items() if not count]
        share = 100 * (1 - len(missed) / len(lines))
        enough = enough and share >= float(wanted)
        print(f"{name}: {share:.1f}% of {len(lines)} lines")
        for number in missed:
            print(f"{name}:{number}: {text[number - 1]}")
    return enough


if __name__ == "__main__":
    sys.exit(not main(*sys.argv[1:]))
