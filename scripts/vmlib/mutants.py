# SPDX-License-Identifier: GPL-2.0-only
"""Mutants of C sources, all in one build: each has a number, which selects it at run
time. vmlib.mutants FILE... rewrites the files, and prints "FILE FUNCTION KIND ORDINAL NUMBER
KEY" for each mutant.

Kinds: negate (a condition of an if), call (a call whose result nobody uses is left out), unwind
(the same where a function undoes something). The chosen number is vis_mutant_FILE, a parameter of
the module of KUnit's tests, which include FILE; it can be written at any time. FILE and ORDINAL
(that of the kind in the function) name a mutant for as long as the function stays as it is; KEY is
a hash of the function."""

import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'',
                               re.S)
BODY = re.compile(r"^\{\n(.*?)^\}", re.M | re.S)
CONDITION = re.compile(r"\bif \(")
CALL = re.compile(r"^\t+([a-z_]\w*(?:(?:->|\.)\w+)*)\(", re.M)
STATEMENT_FOLLOWS = re.compile(r"[;{})]$|\b(else|do)$|\n\t*(case [^\n]*|\w+):$")
LABEL = re.compile(r"^[a-z]\w*:$", re.M)
UNDOES = re.compile(r"_(destroy|free|remove|teardown|release|undo|unmap|put|del|exit|fini)")
# Messages, the kernel's own debugging checks, declarations and control flow
NOT_A_STEP = re.compile(r"(dev|pr|netdev)_(err|warn|info|notice|dbg)|WARN|BUG|BUILD_BUG|lockdep_|"
                        r"might_|(scoped_)?guard\b|trace_|seq_|"
                        r"(if|for|while|switch|return\w*|sizeof)$")
SUPPORT = """#include <linux/moduleparam.h>
#undef VIS_MUTANT
#ifdef _KUNIT_TEST_H
static unsigned int vis_mutant_{stem};
module_param(vis_mutant_{stem}, uint, 0644);
#define VIS_MUTANT(n)	(vis_mutant_{stem} == (n))
#else
#define VIS_MUTANT(n)	false
#endif
"""


@dataclass
class Mutant:
    """start and end are of the condition between its parentheses, or of the statement."""

    function: str
    kind: str
    ordinal: int
    start: int
    end: int
    key: str


def stem_of(path):
    return re.sub(r"\W", "_", Path(path).stem)


def masked(text):
    """The text at the same length, with blanks in place of comments and strings."""
    return COMMENT_OR_STRING.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def closing(code, opening):
    depth = 0
    for position in range(opening, len(code)):
        depth += {"(": 1, ")": -1}.get(code[position], 0)
        if not depth:
            return position
    raise ValueError("a parenthesis is not closed")


def functions(code):
    """Name, start and end of each body."""
    for body in BODY.finditer(code):
        head = re.split(r"\n\s*\n|[;}]\n", code[:body.start()])[-1]
        name = re.search(r"(\w+)\s*\(", head)
        if name and "=" not in head.split("(")[0]:
            yield name[1], body.start(1), body.end(1)


def conditions(code, start, end):
    for found in CONDITION.finditer(code, start, end):
        last = closing(code, found.end() - 1)
        if "IS_ENABLED" not in code[found.end():last]:
            yield "negate", found.end(), last


def calls(code, start, end, name):
    for found in CALL.finditer(code, start, end):
        before = code[:found.start()].rstrip()
        last = closing(code, found.end() - 1)
        if code[last + 1:last + 2] != ";" or NOT_A_STEP.match(found[1]) or \
                not STATEMENT_FOLLOWS.search(before):
            continue
        undoes = UNDOES.search(name) or LABEL.search(code, start, found.start())
        yield "unwind" if undoes else "call", found.start(1), last + 2


def mutants(text):
    code = masked(text)
    for name, start, end in functions(code):
        count = {}
        key = hashlib.sha256(text[start:end].encode()).hexdigest()[:16]
        for kind, first, last in sorted((*conditions(code, start, end),
                                         *calls(code, start, end, name)), key=lambda m: m[1]):
            count[kind] = count.get(kind, 0) + 1
            yield Mutant(name, kind, count[kind], first, last, key)


def instrumented(text, found, stem):
    for number, mutant in reversed(list(enumerate(found, 1))):
        inner = text[mutant.start:mutant.end]
        inner = f"VIS_MUTANT({number}) ^ !!({inner})" if mutant.kind == "negate" else \
            f"do {{ if (!VIS_MUTANT({number})) {inner} }} while (0);"
        text = text[:mutant.start] + inner + text[mutant.end:]
    first = text.index("#include ")
    return text[:first] + SUPPORT.format(stem=stem) + text[first:]


def instrument(*paths):
    for path in map(Path, paths):
        text = path.read_text("utf-8")
        found = list(mutants(text))
        path.write_text(instrumented(text, found, stem_of(path)), "utf-8")
        for number, mutant in enumerate(found, 1):
            print(path.name, mutant.function, mutant.kind, mutant.ordinal, number, mutant.key)


if __name__ == "__main__":
    instrument(*sys.argv[1:])
