# SPDX-License-Identifier: GPL-2.0-only
"""Joining the terminal to a guest's serial line."""

import os
import select
import sys
import termios
import tty

CHUNK = 4096
END_OF_TRANSMISSION = b"\4"


def copy(terminal, line):
    sources = [terminal, line]
    while True:
        ready, _, _ = select.select(sources, [], [])
        if line in ready:
            data = line.sock.recv(CHUNK)
            shown, end, line.buffer = data.partition(END_OF_TRANSMISSION)
            os.write(sys.stdout.fileno(), shown)
            if end or not data:
                return
        if terminal in ready:
            data = os.read(terminal, CHUNK)
            line.sock.sendall(data or END_OF_TRANSMISSION)
            if not data:
                sources = [line]


def join(line):
    """Copy both ways until the guest sends an end of transmission."""
    terminal = sys.stdin.fileno()
    saved = termios.tcgetattr(terminal) if os.isatty(terminal) else None
    os.write(sys.stdout.fileno(), line.buffer)
    try:
        if saved:
            tty.setraw(terminal)
        copy(terminal, line)
    finally:
        if saved:
            termios.tcsetattr(terminal, termios.TCSADRAIN, saved)
