# SPDX-License-Identifier: GPL-2.0-only
"""Counts the instructions of one read for each function, from QEMU's log of all instructions."""

import re
from collections import Counter

# One line for each instruction
COMMANDS_START = ("one-insn-per-tb on", "log exec,nochain")
COMMANDS_END = ("log none", "one-insn-per-tb off")
INSTRUCTION = re.compile(r"^Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]{16})/")
KERNEL = "ffffffff"
# Functions start at multiples of this.
BLOCK = 16
PAGE = 4096

CALLER, CALL = "bench_read_start", "submit_bio"
STUB, ENTRY = "irq_entries_start", "asm_common_interrupt"
HANDLER = "vring_interrupt"


def last(functions, before, name, outside):
    """The place where control last entered a function from outside."""
    return next(number for number in range(before - 1, 0, -1)
                if functions[number] == name and functions[number - 1] in outside)


class Profile:
    """The instructions of a period, and the names of their functions."""

    def __init__(self, lines):
        found = (INSTRUCTION.match(line) for line in lines)
        self.blocks = [int(match[1], 16) // BLOCK * BLOCK for match in found
                       if match and match[1].startswith(KERNEL)]

    def addresses(self):
        """The addresses whose names are needed, in hexadecimal, and the pages before them, because
        the lookup covers only symbols of the same pages."""
        pages = {address // PAGE * PAGE - PAGE for address in self.blocks}
        return [f"{address:016x}" for address in sorted(pages.union(self.blocks))]

    def paths(self, names):
        """{path: Counter of functions} of the last read."""
        functions = [names[f"{block:016x}"] for block in self.blocks]
        handled = len(functions) - functions[::-1].index(HANDLER)
        call = last(functions, handled, CALL, [CALLER])
        entry = last(functions, handled, ENTRY, [STUB]) - 1
        while functions[entry - 1] == STUB:
            entry -= 1
        end = functions.index(functions[entry - 1], handled)
        # The interrupt may come before the driver has returned.
        interrupt = functions[entry:end]
        functions[entry:end] = []
        return {"submission": Counter(functions[call:functions.index(CALLER, call)]),
                "interrupt": Counter(interrupt)}
