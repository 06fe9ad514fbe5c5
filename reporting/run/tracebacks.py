"""From a kernel's traceback to file:line, with the frames that lie in project files.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re
from pathlib import Path

from reporting.errors import ReportError, shown
from reporting.kernel.cell_lines import CellLines
from reporting.read.percent import Cell, Chapter

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
FRAME = re.compile(r"^\s*(?:Cell In\[(?P<count>\d+)\], line (?P<cell_line>\d+)"
                   r"|File (?P<file>.+?):(?P<line>\d+))(?:, in (?P<name>[^\n]+?))?\s*$", re.M)
# Python prints first what was handled when the error arose; the error itself comes last.
CHAIN = re.compile(r"^(?:The above exception was the direct cause of the following exception"
                   r"|During handling of the above exception, another exception occurred):", re.M)
CAUSE = re.compile(r"^(?P<cause>\S[^\n]*)\s+^The above exception was the direct cause of the following exception:(?!.*^The "
                   r"above exception was)", re.M | re.S)
MOST = 12  # frames that are listed
MAGIC = re.compile(r"`(?P<magic>%+\w+)`|^%%(?P<cell>\w+) is a cell magic")
REMEDIES = (
    ("SystemExit", "", "a chapter runs to its last cell; take the exit out of this one"),
    ("UsageError", "not found", "load the extension that has it first, with %load_ext; in a "
                                    "comment, write a word before the %"),
    ("FileNotFoundError", "the shell finds no such command",
     "install it; in a comment, write a word before the !"),
    ("StdinNotImplementedError", "", "nobody is there to answer in a build: set the value in a cell tagged "
                                     '"parameters", for which -p NAME=VALUE can set another'),
    ("RuntimeError", "event loop is already running", "write await main(), or asyncio.run(main())"),
)
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
        Frames inside this folder or the chapter's are listed.
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
    ran = {cell.execution_count: chapter.cells[cell.metadata["origin"]]
           for cell in cells if cell.metadata.get("origin", -1) >= 0 and cell.execution_count}
    trace = COLOURS.sub("", "\n".join(error.traceback or ()))
    frames = _frames(CHAIN.split(trace)[-1], ran, chapter, root, error.exec_count)
    own = [line for path, line, _ in frames if path == chapter.path]
    line = own[-1] if own else _line_without_frames(error, ran.get(error.exec_count), last_line)
    told = [f"{shown(path)}:{line}" + (f" in {name}" if name else "")
            for path, line, name in frames]
    if len(told) > MOST:  # a recursion without an end
        told[MOST // 2:-MOST // 2] = [f"… {len(told) - MOST} more"]
    # The line itself is in the headline already.
    listed = told if len(told) > 1 else []
    cause = CAUSE.search(trace)
    if cause and not (error.evalue and error.evalue in cause["cause"]):
        listed = [*listed, f"because of {cause['cause']}"]
    message = f"{error.ename}: {error.evalue}" if error.evalue else error.ename
    remedy = next((remedy for name, words, remedy in REMEDIES
                   if error.ename == name and words in error.evalue), "")
    return ReportError(message, chapter.path, line, remedy, listed)


def _line_without_frames(error, cell: Cell | None, last_line) -> int | None:
    """The line of the magic of which IPython complains, or the cell's first."""
    if cell is None:
        return last_line
    found = MAGIC.search(error.evalue)
    sought = found and (found["magic"] or "%%" + found["cell"])
    lines = cell.source.split("\n")
    return cell.line + next((i for i, line in enumerate(lines) if sought and sought in line),
                            next((i for i, line in enumerate(lines) if line.strip()), 0))


def _frames(trace: str, ran: dict[int, Cell], chapter: Chapter, root: Path, failed: int) -> list:
    """The (path, line, function) of every project frame, outermost first."""
    found = []
    cells: dict[int, CellLines] = {}
    inner = None  # number of the cell whose magic runs what the frames to come tell of
    for match in sorted([*FRAME.finditer(trace), *PLAIN.finditer(trace)],
                        key=lambda m: m.start()):
        groups = match.groupdict()
        name = (groups.get("name") or "").split("(")[0]
        name = "" if name.startswith("<") else name
        if groups.get("count") or (inner and groups["file"].startswith("<")):
            count = int(groups.get("count") or inner)
            if count not in ran and failed in ran:  # %%capture counts what it runs as another cell
                count = failed
                if count not in cells:
                    cells[count] = CellLines(ran[count].source)
                    cells[count].at(1)
            if count in ran:
                lines = cells.setdefault(count, CellLines(ran[count].source))
                if lines.entered and inner == count:
                    found.pop()  # the magic's own line, above what it runs
                line = lines.at(int(groups.get("cell_line") or groups["line"]))
                inner = count if lines.entered else inner
                found.append((chapter.path, ran[count].line + line - 1, name))
            continue
        path = Path(groups["file"]).expanduser()
        path = path if path.is_absolute() else chapter.path.parent / path
        inside = any(path.resolve().is_relative_to(Path(folder).resolve()) for folder in (root, chapter.path.parent))
        if inside and "site-packages" not in path.parts and path.exists():
            found.append((path, int(groups["line"]), name))
    return found
