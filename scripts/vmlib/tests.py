# SPDX-License-Identifier: GPL-2.0-only
"""The tests that guest scripts state: between tests=" and " a line "name function" for each, with
"host" if it cannot do without the host, or with arguments."""

import re

from .scenarios import SCENARIOS, SUPPORT_SCRIPTS

TABLE = re.compile(r'^tests="\n(.*?)^"$', re.M | re.S)
ENTRY = re.compile(r"([a-z0-9_]+(?:\.[a-z0-9_]+)+)\s+[a-z]\w*(?:\s+\w+)*")


class StatementError(Exception):
    """A script does not state its tests as the guest's vis_run reads them."""


def of_script(path, cpus=0):
    """The names that a script states. It must state one at least, and none twice."""
    table = TABLE.search(path.read_text("utf-8"))
    if not table:
        raise StatementError(f'{path}: states no tests, add a table tests="..."')
    names = []
    for line in filter(None, table[1].replace("$(nproc)", str(cpus)).splitlines()):
        entry = ENTRY.fullmatch(line)
        if not entry:
            raise StatementError(f'{path}: "{line}" is not "group.name function"')
        if entry[1] in names:
            raise StatementError(f"{path}: states {entry[1]} twice")
        names.append(entry[1])
    if not names:
        raise StatementError(f"{path}: its table of tests is empty")
    return names


def of_scenario(directory, name, scenario):
    if scenario.report:
        return [name.replace("_", ".", 1)]
    return [test for script in scenario.scripts
            for test in of_script(directory / script, scenario.smp)]


def selected(names, only):
    """The tests that a word selects: all for an empty one, else those of that name or group."""
    return [name for name in names if only in ("", name) or name.startswith(only + ".")]


def check(directory):
    """Each script with tests runs: in a scenario, or because a suite passes it to the runner."""
    run = {script for scenario in SCENARIOS.values() for script in scenario.scripts}
    for path in sorted(directory.glob("*.sh")):
        if TABLE.search(path.read_text("utf-8")) and path.name not in run | SUPPORT_SCRIPTS:
            raise StatementError(f"{path}: no scenario runs it, add it to one in scenarios.py")
