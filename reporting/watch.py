"""Build again whenever a file is saved on which the report depends.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import unquote

from reporting.errors import ReportError, ReportErrors
from reporting.plan.imports import read_imports
from reporting.read.percent import Chapter, read_chapter
from reporting.read.wording import targets
from reporting.report import Options
from reporting.store import Damaged, Store


def watched(options: Options) -> set[Path]:
    """Return what matters: the chapters' folder and all files in it; modules, declared files and pictures anywhere."""
    folder, store = options.chapters, Store(options.out / "results")
    files = {folder, *folder.iterdir()} if folder.is_dir() else set()
    for path in sorted(files):
        if path.suffix == ".py":
            with contextlib.suppress(Damaged):
                result = store.load(path.stem) or {}
                places = [*(item.get("path", "") for item in result.get("depends", ())), *result.get("imported", ())]
                files |= {folder / place for place in places if place}
            # Of half-typed code the build tells; what it imports is known once it is whole.
            with contextlib.suppress(ReportError, ReportErrors, SyntaxError):
                chapter = read_chapter(path)
                files |= {folder / name for name in _pictures(chapter)}
                files |= read_imports(chapter, options.root).modules.keys()
    return files


def _pictures(chapter: Chapter) -> set[str]:
    """Return the pictures that prose shows, whether they are there or not, with and without %20 for spaces."""
    named = {target for cell in chapter.cells if cell.kind == "markdown" for _, target in targets(cell.source)}
    return named | set(map(unquote, named))


def snapshot(paths: Iterable[Path]) -> dict[Path, tuple]:
    """Return what tells that a file was saved, or a chapter added to a folder."""
    seen: dict[Path, tuple] = {}
    for path in paths:
        try:
            if path.is_dir():
                seen[path] = tuple(sorted(child.name for child in path.glob("*.py")))
            else:
                stat = path.stat()
                seen[path] = (stat.st_mtime_ns, stat.st_size)
        except (OSError, ValueError):
            seen[path] = ()  # not there, or not yet
    return seen


def watch(build: Callable[[], object], files: Callable[[], set[Path]],
          pause: Callable[[], object] = lambda: time.sleep(0.3)) -> None:
    """Build, wait for a change, build again, until interrupted.

    Parameters
    ----------
    build : callable
        Builds once.
    files : callable
        Returns the paths that matter now.
    pause : callable
        Called between looks.
    """
    while True:
        # Taken before the build: what is saved while it runs is built next.
        before = snapshot(files())
        build()
        before = snapshot(files()) | before  # a run tells of more
        while snapshot(before) == before:
            pause()
