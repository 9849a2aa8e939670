# SPDX-License-Identifier: GPL-2.0-only
"""Common parts of the scripts' command lines; the usage of each script is in its own comment."""

import argparse
import signal
import sys
from pathlib import Path

from .suites import SUITES


class Parser(argparse.ArgumentParser):
    """Reports an error in one line, as the shell scripts do."""

    def __init__(self, script):
        super().__init__(prog=script, add_help=False, allow_abbrev=False)
        self.add_argument("--root", type=Path)

    def error(self, message):
        sys.exit(f"{self.prog}: error: {message}, see scripts/{self.prog} --help")


def of_suite(name, words):
    """A suite of scripts/suites takes no arguments, but explains itself."""
    if words[:1] in (["-h"], ["--help"]):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        print(f"usage: scripts/suites/{name}\n\nRuns the tests of {name}: {SUITES[name].about}.\n"
              f"scripts/check {name} does the same, and keeps the results and the logs.")
        sys.exit()
    if words:
        sys.exit(f"{name}: error: unknown argument '{words[0]}', see scripts/suites/{name} --help")


def existing(text):
    """The type of a file or a directory that is there"""
    if not Path(text).exists():
        raise argparse.ArgumentTypeError(f"{text}: no such file or directory")
    return Path(text)


def kernel(text):
    """The type of a kernel's name, or of a directory that has one"""
    if "/" in text and not any(Path(text).glob("boot/vmlinu[xz]-*")):
        raise argparse.ArgumentTypeError(f"{text}: has no boot/vmlinuz-*")
    return Path(text) if "/" in text else text


def positive(text):
    """The type of a number above 0"""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text}: must be a number above 0")
    return int(text)


if __name__ == "__main__":
    of_suite(sys.argv[1], sys.argv[2:])
