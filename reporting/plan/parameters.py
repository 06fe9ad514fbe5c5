"""Values given on the command line for cells that are tagged "parameters".

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import ast

from reporting.errors import ReportError
from reporting.read.magics import parse_cell
from reporting.read.percent import Chapter


def read_values(texts: list[str]) -> dict:
    """Parse ``NAME=VALUE``; a value is a Python literal, or else a string.

    Raises
    ------
    ReportError
        If there is no ``=`` in one of them.
    """
    values = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise ReportError(f"--parameter {text}: this is not NAME=VALUE")
        try:
            values[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            values[name] = value
    return values


def for_chapters(chapters: list[Chapter], values: dict) -> dict[str, dict]:
    """Return chapter → the parameters meant for it: ``name`` or ``chapter.name``, of which the start will do.

    Raises
    ------
    ReportError
        If no chapter has such a parameter.
    """
    known = {chapter.name: written(chapter) for chapter in chapters}
    given: dict[str, dict] = {chapter.name: {} for chapter in chapters}
    for full, value in values.items():
        owner, _, name = full.rpartition(".")
        meant = [owner] if owner in known else [chapter for chapter in known if chapter.startswith(owner)]
        takers = [chapter for chapter in meant if name in known[chapter]]
        if not takers:
            there = sorted({f"{c}.{n}" for c, names in known.items() for n in names})
            raise ReportError(f"--parameter {full}: no chapter has it",
                              remedy="there are " + ", ".join(there) if there else
                              'tag a cell: # %% tags=["parameters"]')
        for chapter in takers:
            given[chapter][name] = value
    return given


def written(chapter: Chapter) -> dict[str, str]:
    """Names assigned in a chapter's cell of parameters → the code of their values."""
    return {target.id: ast.unparse(node.value) if node.value else "nothing"
            for cell in chapter.code if "parameters" in cell.tags
            for node in parse_cell(cell.source).body if isinstance(node, ast.Assign | ast.AnnAssign)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)}
