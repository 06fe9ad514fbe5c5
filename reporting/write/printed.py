"""Printed text as a terminal would have shown it in the end.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re

# Colours and movements, titles and links, and the short ones.
ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


ERASED = re.compile(r"\x1b\[[0-2]?K")


def as_shown(text: str) -> str:
    """Return text without control codes; of a line that was written over, what stood there last."""
    lines = (_line(line).expandtabs(8).rstrip() for line in text.replace("\r\n", "\n").split("\n"))
    return "\n".join(lines).strip("\n")


def _line(line: str) -> str:
    seen = ""
    for state in line.split("\r"):
        if ERASED.search(state):
            seen = ""
        state = ESCAPE.sub("", state)
        while "\x08" in state:
            state = re.sub(r"[^\x08]\x08|^\x08+", "", state)
        state = CONTROL.sub("", state)
        seen = state + seen[len(state):]
    return seen
