"""Build again whenever a file is saved on which the report depends.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from reporting.errors import ReportError, ReportErrors
from reporting.plan.imports import read_imports
from reporting.read.percent import read_chapter


def watched(root: Path, chapters: Path) -> set[Path]:
    """Return what matters: the chapters' folder, all files in it, and imported modules."""
    files = {chapters, *chapters.iterdir()} if chapters.is_dir() else set()
    for path in sorted(files):
        if path.suffix == ".py":
            try:
                files |= read_imports(read_chapter(path), root).modules.keys()
            except (ReportError, ReportErrors, SyntaxError):
                # Half-typed code: the build says so; what it imports is known once it is whole.
                continue
    return files


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
        except OSError:
            continue  # removed between listing and looking
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
        while snapshot(before) == before:
            pause()
