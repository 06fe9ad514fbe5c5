"""Formulas that pandoc would drop or spoil on the way to typst, and what to write instead.

What can be repaired without loss is repaired by ``document.lua``; the rest is refused here.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import json
import re

from reporting.errors import ReportError
from reporting.pandoc import pandoc

REFUSED = (
    (r"\\tag\b", "label the formula: $$ … $$ {#eq-name}, cited as [@eq-name]"),
    (r"\\label\b", "label the formula after it: $$ … $$ {#eq-name}"),
    (r"\\(?:eq)?ref\b", "refer from the text: [@eq-name]"),
    (r"\\(?:text|math)?color\b", "pandoc loses colours; leave it out"),
    (r"\\(?:smash|phantom|vphantom|hphantom|raisebox)\b", "typst has no such box; leave it out"),
    (r"\\(?:hline|cline)\b|\\begin\{(?:array|tabular)\}\s*\{[^{}]*\|[^{}]*\}",
     "the rules of an array are lost; write it as a table, or without rules"),
    (r"\\(?:intertext|shortintertext)\b", "use two formulas with text between them"),
)


def unconvertible(formulas: list) -> list[ReportError]:
    """Return the faults of formulas that pandoc cannot convert, from one run of it.

    Parameters
    ----------
    formulas : list of (path, line, tex)
        As they stand between dollar signs.
    """
    passed = [one for one in formulas if not any(re.search(pattern, one[2]) for pattern, _ in REFUSED)]
    if not passed:
        return []
    items = [{"kind": "formula", "source": i, "text": tex} for i, (_, _, tex) in enumerate(passed)]
    document = {"target": "typst", "absent": [], "meta": {}, "chapters": [
        {"name": "", "folder": "", "items": items}]}
    _, faults = pandoc(json.dumps(document), "-t", "typst")
    return [ReportError(fault.message, *passed[fault.source][:2], _remedy(passed[fault.source][2]))
            for fault in faults]


def _remedy(tex: str) -> str:
    if "\\\\" in tex and "\\begin" not in tex:
        return r"write lines between \begin{aligned} and \end{aligned}"
    return "use plain LaTeX mathematics without own macros"
