"""Footnotes and addresses that a chapter defines in one cell and uses in another.

Every cell is read by itself, so two chapters may call different things by one name.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re

from reporting.read.markdown import TOKENS

DEFINITION = re.compile(r"^ {0,3}\[(?P<name>\^?[^\]\n]+)\]:[^\n]*(?:\n(?:[ \t]+\S[^\n]*|[ \t]*(?=\n[ \t]{4,}\S)))*", re.M)
USED = re.compile(r"\[(?P<name>\^?[^\[\]\n]+)\]")


def with_definitions(cells: list[str]) -> list[str]:
    """Return the Markdown cells of a chapter, each with the definitions that it uses of the others'."""
    # Code names nothing, but its lines may be a note's.
    bare = [TOKENS.sub(lambda m: re.sub(r"\S", "0", m[0]) if m["fence"] or m["code"] else m[0], cell)
            for cell in cells]
    found = [{_key(m): cell[m.start():m.end()] for m in DEFINITION.finditer(text)}
             for cell, text in zip(cells, bare, strict=True)]
    known = {}
    for own in reversed(found):
        known |= own
    uses = [{_key(m) for m in USED.finditer(DEFINITION.sub("", text))} for text in bare]
    out = []
    for number, (cell, own) in enumerate(zip(cells, found, strict=True)):
        wanted, waiting = {}, uses[number] - own.keys()
        while waiting:
            new = {name: known[name] for name in waiting & known.keys() - wanted.keys() - own.keys()}
            wanted |= new
            waiting = {_key(m) for one in new.values() for m in USED.finditer(one)} - wanted.keys()
        elsewhere = set().union(*(used for i, used in enumerate(uses) if i != number))
        for name, definition in own.items():
            if name.startswith("^") and name in elsewhere - uses[number]:
                cell = cell.replace(definition, "")  # here pandoc would miss its use
        out.append("\n\n".join([cell, *(wanted[name] for name in sorted(wanted))]))
    return out


def _key(match: re.Match) -> str:
    return " ".join(match["name"].lower().split())
