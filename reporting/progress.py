"""What a build says while it works: one live line on a terminal, few lines in a log.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time


def duration(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class Progress:
    """Lines on a stream, from any thread.

    Parameters
    ----------
    stream : file
        A terminal gets a line that is rewritten; anything else gets, of a running cell, one
        line every ``every`` seconds.
    every : float
        Seconds.
    clock : callable
        Replaced in tests.
    """

    def __init__(self, stream=None, every: float = 30.0, clock=time.monotonic):
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty()
        self.every, self.clock = every, clock
        self.running: dict[str, str] = {}
        self.told: dict[str, float] = {}
        self.lock = threading.Lock()

    def say(self, text: str) -> None:
        """Print a line that stays."""
        with self.lock:
            self._clear()
            self._print(text)
            self._draw()

    def start(self, name: str) -> None:
        """Begin to count a chapter's silence from now on."""
        self.told[name] = self.clock()

    def cell(self, name: str, number: int, count: int, line: int, latest: str) -> None:
        """Say where a chapter is: its cell, that cell's line, its latest line of output."""
        text = f"{name}  cell {number}/{count}, line {line}" + (f"  {latest}" if latest else "")
        with self.lock:
            self.running[name] = text
            if self.live:
                self._clear()
                self._draw()
            elif self.clock() - self.told.setdefault(name, self.clock()) >= self.every:
                self.told[name] = self.clock()
                self._print("  " + text)

    def end(self, name: str) -> None:
        """Forget a chapter that has ended."""
        with self.lock:
            self._clear()
            self.running.pop(name, None)
            self._draw()

    def _print(self, text: str) -> None:
        try:
            print(text, file=self.stream, flush=True)
        except BrokenPipeError:  # who listened, such as head, has left; the build goes on
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())

    def _clear(self) -> None:
        if self.live:
            self.stream.write("\r\x1b[K")

    def _draw(self) -> None:
        if self.live and self.running:
            width = shutil.get_terminal_size().columns - 1
            self.stream.write("  |  ".join(self.running.values())[:width])
            self.stream.flush()
