"""Which modules that can be edited a chapter imports, directly or through others.

Those beside it and in the project are found without running it; a run tells of all others.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import ast
import os
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from reporting.errors import ReportError
from reporting.read.code_meaning import meaning_of_module
from reporting.read.magics import parse_cell, run_by
from reporting.read.percent import Chapter
from reporting.store import digest

# The builder is a tool and no part of a result; store.FORMAT says when its results change.
OWN = "reporting"
TYPES = "TYPE_CHECKING"
SCRIPT = "/"  # in the name of what %run runs, as in no module's


@dataclass
class Imports:
    """What a chapter imports.

    Attributes
    ----------
    modules : dict of Path to str
        Every file imported that lies beside the chapter or in the project → sha256 of what its source means.
    packages : set of str
        Top-level names that come from elsewhere, without the standard library's.
    """

    modules: dict[Path, str] = field(default_factory=dict)
    packages: set[str] = field(default_factory=set)


def read_imports(chapter: Chapter, root: Path) -> Imports:
    """Follow a chapter's imports through the project.

    Parameters
    ----------
    chapter : Chapter
        Its own folder is searched first, as Python does, then ``root``.
    root : Path
        The project's folder.

    Raises
    ------
    ReportError
        If an imported module of the project cannot be parsed.
    """
    found, seen = Imports(), set()
    roots = [chapter.path.parent.resolve(), Path(root).resolve()]
    waiting = []
    for cell in chapter.code:
        waiting += _names(parse_cell(cell.source), package="")
    while waiting:
        name = waiting.pop()
        for prefix in _prefixes(name):
            if prefix in seen:
                continue
            seen.add(prefix)
            path = _find(prefix, roots)
            if path is not None and path not in found.modules:
                found.modules[path], names = _read(path, path.read_bytes(), _package(prefix, path))
                waiting += names
    for top in {name.partition(".")[0] for name in seen if SCRIPT not in name}:
        if top not in sys.stdlib_module_names and _find(top, roots, folders=True) is None:
            found.packages.add(top)
    found.packages -= {OWN}
    return found


def place(path: Path, folder: Path) -> str:
    """Return where a file lies as results keep it: from the chapters' folder on, on another drive its name."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.name


def meaning_now(path: Path) -> str | None:
    """Return the sha256 of what a file that can be imported means, None where it is not there.

    Raises
    ------
    ReportError
        If it is Python and cannot be parsed.
    """
    return _read(path, path.read_bytes(), "")[0] if path.is_file() else None


@lru_cache(maxsize=1024)  # most chapters import the same modules
def _read(path: Path, source: bytes, package: str) -> tuple[str, tuple[str, ...]]:
    """Return the hash of what a module means, and the names that it imports; of what is not Python, that of its bytes."""
    if path.suffix != ".py":
        return digest(source), ()
    try:
        return digest(meaning_of_module(source)), tuple(_names(ast.parse(source), package))
    except SyntaxError as error:
        raise ReportError(f"SyntaxError: {error.msg}", path, error.lineno) from None


def _names(tree: ast.AST, package: str) -> list[str]:
    """Return the dotted names that a module imports; ``package`` is what a dot means.

    What is imported for the sake of types alone never is when it runs.
    """
    names, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and getattr(node.test, "id", getattr(node.test, "attr", "")) == TYPES:
            waiting += node.orelse
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(parents if node.level else []), *filter(None, [node.module])])
            # What is imported from a package may be one of its modules.
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
        elif run_by(node):
            names.append(run_by(node))
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                names.append(node.args[0].value)
    return [name for name in names if name and (SCRIPT in name or not name.startswith((OWN + ".", ".")))]


def _prefixes(name: str) -> list[str]:
    """a.b.c imports a, then a.b, then a.b.c; a script is run by itself."""
    if SCRIPT in name:
        return [name]
    parts = name.split(".")
    return [".".join(parts[: i + 1]) for i in range(len(parts))] if parts[0] != OWN else []


def _find(name: str, roots: list[Path], folders: bool = False) -> Path | None:
    if SCRIPT in name:
        path = Path(os.path.normpath(roots[0] / name))
        return next((file for file in (path, path.with_name(path.name + ".py")) if file.is_file()), None)
    for root in roots:
        base = root.joinpath(*name.split("."))
        for path in (base / "__init__.py", base.with_name(base.name + ".py")):
            if path.is_file():
                return path
        if folders and base.is_dir():
            return base
    return None


def _package(name: str, path: Path) -> str:
    return name if path.name == "__init__.py" else "" if SCRIPT in name else name.rpartition(".")[0]
