"""Run one chapter in a kernel of this very interpreter, and collect what it hands over.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import tempfile
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from reporting.kernel.environment import distributions
from reporting.kernel.protocol import BUILDING
from reporting.plan.imports import place
from reporting.read.percent import Chapter
from reporting.run.outputs import collect
from reporting.run.tracebacks import locate

KERNEL = "reporting-this-python"
# Runs last in every kernel: only the kernel knows its device and its packages' versions.
ENVIRONMENT = "from reporting.kernel.environment import emit; emit({names!r})"
# What ipykernel says at every start, and now and then when it is told to end.
NOISE = re.compile(r"Kernel is running over TCP without encryption"
                   r"|\[IPKernelApp\].*KeyboardInterrupt caught in kernel")


def execute(chapter: Chapter, root: Path, parameters: dict | None = None, draft: bool = False,
            modules: tuple[str, ...] = (), progress=None) -> dict:
    """Run a chapter from its first cell to its last.

    Parameters
    ----------
    chapter : Chapter
        What to run; its folder is the kernel's working directory.
    root : Path
        The project's folder, put on the kernel's PYTHONPATH.
    parameters : dict, optional
        Replace values of the cell tagged "parameters".
    draft : bool
        Switch asserts off.
    modules : tuple of str
        Top-level imports whose versions are wanted.
    progress : callable, optional
        Called with (number of the code cell, of how many, its line, latest line of output).

    Returns
    -------
    dict
        The run's "outputs" (one list for each code cell), "values", "depends",
        "environment", "sources" (paths of imported modules), "date" (UTC), "seconds", "draft" and
        the chapter's "text".

    Raises
    ------
    ReportError
        If a cell raises, exits or kills its kernel.
    """
    started, clock = datetime.now(UTC), time.monotonic()
    notebook, origin = _notebook(chapter, modules)
    with tempfile.TemporaryDirectory(prefix="reporting-") as folder:
        _write_kernelspec(Path(folder), root, draft, chapter.path)
        watcher = _Watcher(chapter, progress)
        done, failure = _papermill(notebook, Path(folder), chapter.path.parent, parameters, watcher)
    ran = [cell for cell in done if cell.metadata.get("origin") is not None]
    if failure is not None:
        raise locate(failure, chapter, done, root, watcher.at)
    for cell in ran:  # papermill takes an exit for a good end
        for output in cell.outputs:
            if output.output_type == "error":
                failure = SimpleNamespace(**output, exec_count=cell.execution_count)
                raise locate(failure, chapter, done, root, watcher.at)
    by_origin = {cell.metadata["origin"]: cell for cell in ran}
    result = collect([by_origin[i].outputs for i in origin])
    environment = collect([by_origin[-1].outputs])["environment"]
    return {**result, "depends": _portable(result["depends"], chapter.path.parent.resolve()),
            "sources": environment.pop("sources"), "environment": environment,
            "date": f"{started:%Y-%m-%d %H:%M:%S}", "seconds": round(time.monotonic() - clock, 1),
            "draft": draft, "text": chapter.text}


def _notebook(chapter: Chapter, modules):
    """Build the notebook of a chapter; every code cell carries its place in the chapter."""
    from nbformat import v4

    cells, origin = [], []
    for i, cell in enumerate(chapter.cells):
        if cell.kind == "code":
            tags = [tag for tag in cell.tags if tag == "parameters"]  # others would skip cells
            cells.append(v4.new_code_cell(cell.source, metadata={"tags": tags, "origin": i}))
            origin.append(i)
    closing = ENVIRONMENT.format(names=distributions(modules))
    cells.append(v4.new_code_cell(closing, metadata={"tags": [], "origin": -1}))
    metadata = {"kernelspec": {"name": KERNEL, "display_name": KERNEL, "language": "python"},
                "language_info": {"name": "python"}}
    return v4.new_notebook(cells=cells, metadata=metadata), origin


def _portable(depends: list[dict], folder: Path) -> list[dict]:
    """Say of every file where it lies as seen from the chapters' folder."""
    kept = {}
    for item in depends:
        item = {**item, "file": "path" in item}
        if item["file"]:
            item["path"] = place(Path(item["path"]), folder)
        kept[item["name"], item.get("path")] = item
    return sorted(kept.values(), key=lambda item: (item["name"], item.get("path", "")))


def _kernel_environment(root: Path, draft: bool) -> dict[str, str]:
    here = Path(__file__).resolve().parents[2]  # chapters of any project import `reporting`
    paths = dict.fromkeys([str(root), str(here), os.environ.get("PYTHONPATH", "")])
    path = os.pathsep.join(filter(None, paths))
    return {"PYTHONPATH": path, "PYTHONHASHSEED": "0", BUILDING: "1",
            "PYTHONOPTIMIZE": "1" if draft else "", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def _write_kernelspec(folder: Path, root: Path, draft: bool, chapter: Path) -> None:
    """Describe a kernel that is this interpreter, whatever kernels the user has installed."""
    launcher = str(Path(__file__).resolve().parents[1] / "kernel" / "__main__.py")
    spec = {"argv": [sys.executable, launcher, str(chapter.resolve()), "-f", "{connection_file}"],
            "display_name": KERNEL, "language": "python", "interrupt_mode": "signal",
            "env": _kernel_environment(root, draft)}
    home = folder / "jupyter" / "kernels" / KERNEL
    home.mkdir(parents=True)
    (home / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def _papermill(notebook, folder: Path, home: Path, parameters: dict | None, watcher: _Watcher):
    """Execute a notebook at home; return its cells and the exception that ended it, if one did."""
    import nbformat
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import papermill
        from papermill.exceptions import PapermillExecutionError

        from reporting.run.client import NAME, register
    from nbclient.exceptions import DeadKernelError

    register()
    logging.getLogger("papermill").setLevel(logging.ERROR)
    source, target, failure = folder / "in.ipynb", folder / "out.ipynb", None
    nbformat.write(notebook, source)
    with (folder / "stderr.txt").open("w+") as errors:
        try:
            papermill.execute_notebook(
                str(source), str(target), parameters=parameters or {}, engine_name=NAME,
                kernel_name=KERNEL, progress_bar=False, watcher=watcher, errors=errors,
                kernel_path=str(folder / "jupyter"), folder=str(home.resolve()))
        except (PapermillExecutionError, DeadKernelError) as error:
            failure = error
        finally:
            errors.seek(0)
            sys.stderr.writelines(line for line in errors if not NOISE.search(line))
    return nbformat.read(target, 4).cells if target.exists() else [], failure


class _Watcher:
    """Told of every cell and every line of output of a running chapter."""

    def __init__(self, chapter: Chapter, progress):
        self.chapter, self.progress = chapter, progress
        self.number, self.at, self.last = 0, None, ""

    def cell(self, cell) -> None:
        origin = cell.metadata.get("origin")
        if origin is None or origin < 0:
            return
        self.number, self.at, self.last = self.number + 1, self.chapter.cells[origin].line, ""
        self.tell()

    def output(self, text: str) -> None:
        lines = [line for line in text.replace("\r", "\n").split("\n") if line.strip()]
        if lines:
            self.last = lines[-1].strip()
            self.tell()

    def tell(self) -> None:
        if self.progress is not None and self.at is not None:
            self.progress(self.number, len(self.chapter.code), self.at, self.last)
