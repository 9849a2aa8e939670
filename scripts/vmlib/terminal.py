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
    while True:
        ready, _, _ = select.select([terminal, line], [], [])
        if line in ready:
            data = line.sock.recv(CHUNK)
            shown, end, line.buffer = data.partition(END_OF_TRANSMISSION)
            os.write(sys.stdout.fileno(), shown)
            if end or not data:
                return
        if terminal in ready:
            line.sock.sendall(os.read(terminal, CHUNK) or END_OF_TRANSMISSION)


def join(line):
    """Copy both ways, the terminal in raw mode, until the guest sends an end of transmission."""
    terminal = sys.stdin.fileno()
    saved = termios.tcgetattr(terminal)
    os.write(sys.stdout.fileno(), line.buffer)
    try:
        tty.setraw(terminal)
        copy(terminal, line)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, saved)
