"""Formulas that pandoc would drop or spoil on the way to typst, and what to write instead.

What can be repaired without loss is repaired by ``filter.lua``; the rest is refused here.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import json
import re

from reporting.errors import ReportError
from reporting.pandoc import FILTER, pandoc

REFUSED = (
    (r"\\tag\b", "label the formula: $$ … $$ {#eq-name}, cited as [@eq-name]"),
    (r"\\label\b", "label the formula after it: $$ … $$ {#eq-name}"),
    (r"\\(?:eq)?ref\b", "refer from the text: [@eq-name]"),
    (r"\\(?:text|math)?color\b", "pandoc loses colours; leave it out"),
    (r"\\(?:smash|phantom|vphantom|hphantom|raisebox)\b", "typst has no such box; leave it out"),
    (r"\\(?:intertext|shortintertext)\b", "use two formulas with text between them"),
)
MARK = "formula-number-"


def check_formulas(formulas: list) -> list[ReportError]:
    """Return the faults of all formulas, from one run of pandoc.

    Parameters
    ----------
    formulas : list of (path, line, tex)
        As they stand between dollar signs.
    """
    errors, passed = [], []
    for path, line, tex in formulas:
        for pattern, remedy in REFUSED:
            found = re.search(pattern, tex)
            if found:
                at = line + tex[: found.start()].count("\n")
                errors.append(ReportError(f"{found[0]} in a formula would be lost or misprinted",
                                          path, at, remedy))
                break
        else:
            passed.append((path, line, tex))
    return errors + _unconvertible(passed)


def _unconvertible(formulas: list) -> list[ReportError]:
    """Let pandoc try every formula; it leaves as TeX what it cannot convert."""
    if not formulas:
        return []
    blocks = [{"t": "Para", "c": [{"t": "Str", "c": f"{MARK}{i};"},
                                  {"t": "Math", "c": [{"t": "InlineMath"}, tex]}]}
              for i, (_, _, tex) in enumerate(formulas)]
    document = {"pandoc-api-version": [1, 23, 1], "meta": {}, "blocks": blocks}
    text, warnings = pandoc(json.dumps(document), "-f", "json", "-t", "typst", "--wrap=none",
                            "--lua-filter", str(FILTER))
    errors = []
    for piece in text.split(MARK)[1:]:
        number, _, typst = piece.partition(";")
        if typst.lstrip().startswith("$"):
            continue
        path, line, tex = formulas[int(number)]
        errors.append(ReportError(f"pandoc cannot convert {_short(tex)} ({_reason(tex, warnings)})",
                                  path, line, "use plain LaTeX mathematics without own macros"))
    return errors


def _short(tex: str) -> str:
    flat = " ".join(tex.split())
    return flat if len(flat) < 50 else flat[:47] + "…"


def _reason(tex: str, warnings: str) -> str:
    """pandoc's own words about this formula, from its warnings."""
    head = "Could not convert TeX math " + tex.split("\n")[0].strip()[:20]
    after = warnings.partition(head)[2]
    found = re.search(r"unexpected [^\n]*", after)
    return found[0] if found else "unknown TeX"
