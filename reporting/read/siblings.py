"""Chapters that import another chapter whose results would be made once more.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reporting.errors import ReportError
from reporting.read.magics import parse_cell, run_by
from reporting.read.percent import Chapter

RESULTS = {"show", "table", "record", "depends"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def check_siblings(chapters: list[Chapter]) -> Iterator[ReportError]:
    """Yield an error for every import of a chapter that hands over results while it is imported."""
    named = [chapter for chapter in chapters if any(chapter.name in cell.source for other in chapters
                                                    if other is not chapter for cell in other.code)]
    if not named:
        return  # what most reports are spared: to look into every cell
    lines = {chapter.name: _first_result(chapter) for chapter in named}
    for chapter in chapters:
        for name, line in imported_names(chapter):
            result = lines.get(name)
            if result is not None and name != chapter.name:
                yield ReportError(
                    f"importing the chapter {name} would make its results a second time, here",
                    chapter.path, line,
                    f"move what both need into a module whose name starts with _, such as "
                    f"_{name}.py, or take a number with {{{{ {name}.value}}}} "
                    f"(its first result is on line {result})")


def _trees(chapter: Chapter) -> Iterator[tuple[ast.Module, int]]:
    for cell in chapter.code:
        try:
            yield parse_cell(cell.source), cell.line - 1
        except SyntaxError:
            continue  # told elsewhere


def imported_names(chapter: Chapter) -> Iterator[tuple[str, int]]:
    """Top-level names that a chapter imports, and where."""
    for tree, above in _trees(chapter):
        for node in ast.walk(tree):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            elif run_by(node):
                names = [run_by(node).rpartition("/")[2]]
            elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__"):
                names = [a.value for a in node.args[:1] if isinstance(a, ast.Constant)]
            for name in names:
                yield str(name).partition(".")[0], above + node.lineno


def _first_result(chapter: Chapter) -> int | None:
    """Line of the first call that hands over a result when the chapter is imported."""
    trees = list(_trees(chapter))
    bodies = {node.name: [(node, above)] for tree, above in trees for node in ast.walk(tree)
              if isinstance(node, FUNCTIONS)}
    waiting, found = trees, []
    while waiting:
        node, above = waiting.pop()
        if isinstance(node, ast.If) and "__name__" in ast.dump(node.test):
            waiting += [(child, above) for child in node.orelse]
            continue
        if isinstance(node, ast.Call):
            if _called(node) in RESULTS:
                found.append(above + node.lineno)
            waiting += bodies.pop(_called(node), [])  # a function's body runs where it is called
        children = node.decorator_list if isinstance(node, FUNCTIONS) and \
            node.name in bodies else ast.iter_child_nodes(node)
        waiting += [(child, above) for child in children]
    return min(found, default=None)


def _called(node: ast.Call) -> str:
    return getattr(node.func, "id", getattr(node.func, "attr", ""))
