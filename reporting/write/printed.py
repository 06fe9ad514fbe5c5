"""Printed text as a terminal would have shown it in the end.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re

# Colours and movements, titles and links, and the short ones.
ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def as_shown(text: str) -> str:
    """Return text without control codes; of a line that was written over, what was written last."""
    lines = (_last(line) for line in ESCAPE.sub("", text.replace("\r\n", "\n")).split("\n"))
    return "\n".join(CONTROL.sub("", line).expandtabs(8).rstrip() for line in lines).strip("\n")


def _last(line: str) -> str:
    states = [state for state in line.split("\r") if state.strip()]
    line = states[-1] if states else ""
    while "\x08" in line:
        line = re.sub("[^\x08]\x08|^\x08+", "", line)
    return line
