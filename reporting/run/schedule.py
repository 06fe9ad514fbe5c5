"""Chapters run one after the other or side by side; one that fails holds up no other.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import tempfile
import threading
import time
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path

from reporting.errors import ReportError
from reporting.plan.imports import meaning_now, place
from reporting.plan.plan import Step
from reporting.report import Report


def run_all(steps: list[Step], report: Report) -> dict[str, str]:
    """Run chapters and store their results.

    Parameters
    ----------
    steps : list of Step
        What to run, in order.
    report : Report
        Where results go, and who is told of starts, ends and errors.

    Returns
    -------
    dict of str to str
        Names of the chapters that failed → why, in a few words.
    """
    if not steps:
        return {}
    from reporting.run.client import kill_kernels

    failed: dict[str, str] = {}
    interrupted = threading.Event()
    pool = ThreadPoolExecutor(max(1, report.options.jobs))
    futures = [pool.submit(_run, step, report, failed, interrupted) for step in steps]
    try:
        wait(futures, return_when=FIRST_EXCEPTION)
    except KeyboardInterrupt:
        interrupted.set()
        pool.shutdown(wait=False, cancel_futures=True)
        kill_kernels()
        raise
    pool.shutdown(cancel_futures=True)
    for future in futures:
        if not future.cancelled():
            future.result()
    return failed


def _run(step: Step, report: Report, failed: dict[str, str], interrupted: threading.Event) -> None:
    """Run one chapter, unless another has failed and that is to end the build."""
    from reporting.run.chapter import execute

    name, options, progress = step.chapter.name, report.options, report.progress
    if failed and options.fail_fast:
        return
    progress.say(f"{name}: {step.reason}")
    progress.start(name)
    try:
        started = time.time()
        result = execute(step.chapter, options.root, step.key["parameters"], options.draft,
                         step.packages, lambda *where: progress.cell(name, *where))
        imported = _imported(result.pop("sources"), step, started)
        report.store.save(name, {**result, "key": step.key, "imported": imported})
    except ReportError as error:
        failed[name] = "the last run failed"
        progress.end(name)
        if not interrupted.is_set():  # else it only tells of the kernel that was killed
            progress.say(str(error))
    else:
        progress.end(name)
        progress.say(f"{name}: done in {result['seconds']:.0f} s")


def _imported(sources: list[str], step: Step, started: float) -> dict[str, str]:
    """Return the modules of a run that only the run could tell of: place → what they meant when it began.

    What one meant that was saved meanwhile is not known, and is no text's hash.
    """
    folder = step.chapter.path.parent.resolve()
    known = {(folder / name).resolve() for name in step.key["modules"]} | {step.chapter.path.resolve()}
    imported = {}
    for source in map(Path, sources):
        path = next((path for path in (source, *source.parents) if path.is_file()), source)  # an archive's module
        if path.is_file() and path.resolve() not in known and not _is_passing(path, folder):
            name = place(path, folder)
            changed = path.stat().st_mtime > started
            imported[name] = step.imported.get(name) or ("" if changed else meaning_now(path))
    return imported


def _is_passing(path: Path, folder: Path) -> bool:
    """Whether a file lies where programs put what they make for a run, such as compiled code."""
    temporary = Path(tempfile.gettempdir()).resolve()
    return path.resolve().is_relative_to(temporary) and not folder.is_relative_to(temporary)
