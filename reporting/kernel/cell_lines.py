"""Lines of a cell from the lines that IPython tells.

IPython leaves out the blank lines at a cell's top, and what a cell's magic runs is counted from
the line below the magic.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import sys


class CellLines:
    """Follows the frames of one traceback or stack through a cell, from the outermost inwards.

    Parameters
    ----------
    source : str
        The cell, as it was sent to the kernel.
    """

    def __init__(self, source: str):
        self.lines = source.split("\n")
        self.entered = False
        """Whether the last frame was a cell's magic, so that those to come are of what it runs."""
        self._begin(0)

    def _begin(self, above: int) -> None:
        while above < len(self.lines) and not self.lines[above].strip():
            above += 1
        self.above = above

    def at(self, number: int) -> int:
        """Return the line of the cell, counted from 1, for that of the next frame."""
        line = self.above + number
        self.entered = number == 1 and "".join(self.lines[self.above:line]).startswith("%%")
        if self.entered:
            self._begin(line)
        return line


def line_of_call(shell) -> int | None:
    """Return the line, counted from 1, of the running cell from which the builder was called.

    That is the innermost of this cell's own code: the call itself, or the call of a function of
    an earlier cell or of a module that makes it. None where the cell is not known.
    """
    if shell is None:
        return None
    frame, calls = sys._getframe(1), []
    while frame is not None:
        if frame.f_globals is shell.user_ns:
            calls.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back
    try:
        source = shell.kernel.get_parent()["content"]["code"]
    except (AttributeError, KeyError):
        return None
    lines, own, line = CellLines(source), shell.compile.get_code_name(source, source, 0), None
    for file, number in reversed(calls):
        if own in (file, None):
            line = lines.at(number)
            own = None if lines.entered else file  # else the next frame is of what a magic runs
    return line
