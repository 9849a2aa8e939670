# SPDX-License-Identifier: GPL-2.0-only
"""TAP, the form of every test result: classes that read, write and judge it."""

import re
import sys

RESULT = re.compile(r"(not )?ok\b *\d* *(?:- )?((?!#)\S*)\s*(.*)")
PLAN = re.compile(r"1\.\.(\d+)")
SKIP = re.compile(r"# SKIP\b *((?:kvm|budget|never): )?")


class Reader:
    """Reads the output of a program line by line, and checks that it is complete. It may consist of
    several streams."""

    def __init__(self):
        self.planned = None
        self.bailed = False
        self.names = []

    def line(self, text):
        """(passed, name, rest) of a result, the text of a note, or None."""
        plan, result = PLAN.match(text), RESULT.match(text)
        if plan:
            self.planned = (self.planned or 0) + int(plan[1])
        elif result:
            self.names.append(result[2])
            return not result[1], result[2], result[3]
        elif not text.startswith("TAP version"):
            self.bailed |= text.startswith("Bail out!")
            return re.sub("^# ?", "", text)
        return None

    def problem(self):
        """The reason why the results are incomplete, or None."""
        if self.planned is None:
            return "it printed no plan"
        if self.planned != len(self.names):
            return f"its plan is {self.planned}, its results are {len(self.names)}"
        return "it bailed out" if self.bailed else None


class Tap:
    """A flat TAP stream, numbered as it goes."""

    def __init__(self, out=sys.stdout):
        self.out = out
        self.count = 0
        self.results = {}
        self.begin()

    def begin(self):
        self.print("TAP version 13")

    def print(self, text):
        print(text, file=self.out, flush=True)

    def result(self, passed, name, rest=""):
        self.count += 1
        self.results[name] = self.results.get(name, True) and passed
        self.print(f"{'ok' if passed else 'not ok'} {self.count} {name} {rest}".rstrip())

    def note(self, text):
        self.print("\n".join(f"# {line}" for line in text.split("\n")))

    def take(self, event):
        """A Reader's result or note, passed on."""
        if isinstance(event, tuple):
            self.result(*event)
        elif event is not None:
            self.note(event)

    def group(self, name, minimum=1):
        """One result for all the sub-cases of a name."""
        cases = [passed for case, passed in self.results.items() if case.startswith(name + ".")]
        if len(cases) < minimum:
            self.note(f"{name}: {len(cases)} of {minimum} sub-cases have a result")
        self.result(len(cases) >= minimum and all(cases), name)

    def passed(self):
        return all(self.results.values()) and len(self.results) > 0

    def finish(self):
        self.print(f"1..{self.count}")
        return self.passed()


class Story(Tap):
    """The output for people: everything that the guest prints, and the failed tests."""

    def begin(self):
        pass

    def result(self, passed, name, rest=""):
        self.results[name] = passed
        if not passed:
            self.print(f"FAILED: {name} {rest}".rstrip())

    def note(self, text):
        self.print(text)

    def finish(self):
        return self.passed()


class Quiet(Tap):
    """Prints nothing, and remembers the failures."""

    def __init__(self):
        self.results = {}
        self.notes = []

    def result(self, passed, name, rest=""):
        self.results[name] = passed

    def note(self, text):
        self.notes.append(text)

    def failure(self):
        failed = [name for name, passed in self.results.items() if not passed]
        return "; ".join(failed + self.notes[-5:]) if failed else None


def judge(lines, status, suite, tap, empty="it has no results"):
    """Passes on the output of a suite. It is a failure if that is cut short, if a test is skipped
    without an allowed reason, or if the suite fails but no test does. Returns the lines that say
    so. empty is the error if the suite has no results, or None."""
    reader, why = Reader(), []
    for text in lines:
        event = reader.line(text.rstrip("\n"))
        if isinstance(event, tuple):
            passed, name, rest = event
            skip = SKIP.match(rest)
            if skip and not skip[1]:
                passed, rest = False, f"- skipped without an allowed reason: {rest[skip.end():]}"
                why.append(f"{name} {rest}")
            event = passed, name, rest
        tap.take(event)
    problem = reader.problem() or (None if reader.names else empty)
    if not problem and status and all(tap.results.values()):
        problem = f"exit status {status} and no failed test"
    if problem:
        why.append(f"{suite}.complete - {problem}")
        tap.result(False, f"{suite}.complete", f"- {problem}")
    return why
