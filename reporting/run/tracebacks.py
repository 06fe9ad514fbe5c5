"""From a kernel's traceback to file:line, with the frames that lie in project files.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re
from pathlib import Path

from reporting.errors import ReportError, shown
from reporting.read.percent import Chapter

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
FRAME = re.compile(r"^\s*(?:Cell In\[(?P<count>\d+)\], line (?P<cell_line>\d+)"
                   r"|File (?P<file>.+?):(?P<line>\d+))(?:, in (?P<name>[^\n]+?))?\s*$", re.M)
# Python prints first what was handled when the error arose; the error itself comes last.
CHAIN = re.compile(r"^(?:The above exception was the direct cause of the following exception"
                   r"|During handling of the above exception, another exception occurred):", re.M)
# How CPython prints a frame of a file, which IPython falls back to at times.
PLAIN = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<name>\S+))?', re.M)


def locate(error, chapter: Chapter, cells: list, root: Path, last_line) -> ReportError:
    """Turn the exception that ended a run into one that names the chapter's line.

    Parameters
    ----------
    error : Exception
        papermill's, or nbclient's for a dead kernel.
    chapter : Chapter
        The chapter that ran.
    cells : list
        The executed notebook's cells; "origin" in their metadata is the chapter's cell.
    root : Path
        Frames inside this folder are listed.
    last_line : int or None
        Where the cell starts that ran last.

    Returns
    -------
    ReportError
        With the chapter's deepest line.
    """
    if not hasattr(error, "ename"):
        return ReportError("the kernel died while this cell ran", chapter.path, last_line,
                           "most often memory ran out; watch it, or run on fewer images")
    starts = {cell.execution_count: chapter.cells[cell.metadata["origin"]].line
              for cell in cells if cell.metadata.get("origin", -1) >= 0 and cell.execution_count}
    trace = COLOURS.sub("", "\n".join(error.traceback or ()))
    frames = _frames(CHAIN.split(trace)[-1], starts, chapter, root)
    own = [line for path, line, _ in frames if path == chapter.path]
    line = own[-1] if own else starts.get(error.exec_count, last_line)
    told = [f"{shown(path)}:{line}" + (f" in {name}" if name else "")
            for path, line, name in frames]
    # The line itself is in the headline already.
    listed = told if len(told) > 1 else []
    message = f"{error.ename}: {error.evalue}" if error.evalue else error.ename
    remedy = ("a chapter runs to its last cell; take the exit out of this one"
              if error.ename == "SystemExit" else "")
    return ReportError(message, chapter.path, line, remedy, listed)


def _frames(trace: str, starts: dict, chapter: Chapter, root: Path) -> list:
    """The (path, line, function) of every project frame, outermost first."""
    found = []
    for match in sorted([*FRAME.finditer(trace), *PLAIN.finditer(trace)],
                        key=lambda m: m.start()):
        groups = match.groupdict()
        name = (groups.get("name") or "").split("(")[0]
        name = "" if name.startswith("<") else name
        if groups.get("count"):
            start = starts.get(int(groups["count"]))
            if start is not None:
                found.append((chapter.path, start + int(groups["cell_line"]) - 1, name))
            continue
        path = Path(groups["file"]).expanduser()
        path = path if path.is_absolute() else chapter.path.parent / path
        inside = path.resolve().is_relative_to(Path(root).resolve())
        if inside and "site-packages" not in path.parts and path.exists():
            found.append((path, int(groups["line"]), name))
    return found
