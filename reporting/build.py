"""The build: read, check, plan, run what must run, publish.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import errno
import os
import tempfile
from dataclasses import replace

from reporting.errors import ReportError, ReportErrors, set_root, shown
from reporting.handin.archive import submit
from reporting.lock import locked
from reporting.plan.copies import Asked, remarks
from reporting.plan.plan import NOTHING, Step, make_plan
from reporting.progress import Progress
from reporting.read.percent import find_chapters, read_chapter
from reporting.read.preflight import check_top, preflight
from reporting.report import Options, Report
from reporting.run.retrain import prices, retrain, run_commands
from reporting.run.schedule import run_all
from reporting.settings import FILE, read_settings
from reporting.store import Store
from reporting.write.publish import PDF, publish


def build(options: Options, progress: Progress | None = None) -> int:
    """Build the report; return the exit code, 0 only if all of it is good."""
    progress = progress or Progress()
    set_root(options.root)
    try:
        if options.plan:
            return _say_plan(options, progress)
        if options.submission:
            return submit(*_as_stored(_prepare(options, progress)))
        if options.retrain:
            _, report = _prepare(options, progress)  # what cannot be built is not worth hours of training
            retrain(report.settings.retrain, options.root, options.chapters, options.yes, progress)
        if options.sample:
            return _build_sample(options, progress)
        return _build_locked(options, progress)
    except (ReportError, ReportErrors) as error:
        progress.say(str(error))
    except OSError as error:
        progress.say(_told(error))
    pdf = options.out / PDF
    if pdf.exists():
        progress.say(f"{shown(pdf)} is left as it was")
    return 1


def _build_locked(options: Options, progress: Progress) -> int:
    options.out.mkdir(parents=True, exist_ok=True)
    with locked(options.out):
        return _build(options, progress)


def _build_sample(options: Options, progress: Progress) -> int:
    """Let the commands of ``[sample]`` prepare what the chapters need, and build a draft from it."""
    settings = _prepare(options, progress)[1].settings
    if settings.sample is None:
        raise ReportError("--sample: nothing says what it is to do", options.chapters / FILE,
                          remedy="write [sample] with commands = […] and environment = {…} there")
    with tempfile.TemporaryDirectory(prefix="report-sample-") as scratch:
        places = {"{root}": str(options.root), "{scratch}": scratch}
        for name, value in settings.sample.environment.items():
            for place, folder in places.items():
                value = value.replace(place, folder)
            os.environ[name] = value
        run_commands(settings.sample.commands, options.root, options.chapters / FILE, progress)
        # Little data: chapters side by side, a core each, end sooner than one after the other.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        jobs = max(options.jobs, min(os.cpu_count() or 1, 4))
        return _build_locked(replace(options, sample=False, draft=True, jobs=jobs), progress)


def _told(error: OSError) -> str:
    place = shown(error.filename) if error.filename else "writing"
    remedy = {errno.ENOSPC: "\n    → make room on the disk, then build again"}
    return f"{place}: {error.strerror or error}{remedy.get(error.errno, '')}"


def _prepare(options: Options, progress: Progress) -> tuple[list[Step], Report]:
    """Read and check everything; nothing is written, nothing runs."""
    settings = read_settings(options.chapters)
    chapters = [read_chapter(path) for path in find_chapters(options.chapters)]
    bibliography = options.chapters / settings.bibliography if settings.bibliography else None
    preflight(chapters, bibliography)
    check_top({name: getattr(settings, name) for name in ("title", "author", "abstract")}, options.chapters / FILE)
    report = Report(options, settings, Store(options.out / "results"), progress)
    steps = make_plan(chapters, report)
    for step in steps:
        if options.force and not step.reason and step.chapter.code:
            step.reason = "forced"
    return steps, report


def _as_stored(prepared: tuple[list[Step], Report]) -> tuple[list[Step], Report]:
    """Count results under a former name as missing: what is handed in has those of the names that it has."""
    for step in prepared[0]:
        step.reason = step.reason or (f"stored under its former name, {step.formerly}" if step.formerly else "")
    return prepared


def _chosen(steps: list[Step], only: tuple[str, ...]) -> list[Step]:
    """Return the steps that must run and may."""
    names = [step.chapter.name for step in steps]
    for name in only:
        if not any(known.startswith(name) for known in names):
            raise ReportError(f"--only {name}: there is no such chapter",
                              remedy="chapters are " + ", ".join(names))
    return [step for step in steps
            if step.reason and (not only or step.chapter.name.startswith(only))]


def _say_plan(options: Options, progress: Progress) -> int:
    asked = Asked(read_settings(options.chapters).copies, options.root)
    steps, report = _prepare(options, progress)
    for line in prices(report.settings.retrain, options.chapters) if options.retrain else ():
        progress.say(line)
    chosen = _chosen(steps, options.only)
    for step in steps:
        progress.say(_line(step, step in chosen))
    _say_absent(steps, chosen, progress)
    _say_copies(steps, chosen, asked, progress)
    return 0


def _say_copies(steps: list[Step], chosen: list[Step], asked: Asked, progress: Progress) -> None:
    here, troubles = asked.answers()
    for line in (*troubles, *remarks(steps, chosen, here)):
        progress.say(line)


def _say_absent(steps: list[Step], chosen: list[Step], progress: Progress) -> None:
    absent = dict.fromkeys(name for step in steps if step not in chosen for name in step.absent)
    if absent:
        progress.say("not found, so assumed unchanged: " + ", ".join(absent))


def _line(step: Step, runs: bool) -> str:
    """One chapter's line of the plan."""
    name, result = step.chapter.name, step.result
    if runs:
        return f"{name}: {step.reason}"
    if result is None:
        return f"{name}: {step.reason}, not chosen"
    if result is NOTHING:
        return f"{name}: no code"
    kept = f"{name}: results of {result['date'][:16]} ({result['environment']['device']})"
    kept += f", taken over from {step.formerly}" if step.formerly else ""
    return f"{kept}, stale: {step.reason}" if step.reason else kept


def _build(options: Options, progress: Progress) -> int:
    asked = Asked(read_settings(options.chapters).copies, options.root)
    steps, report = _prepare(options, progress)
    store = report.store
    for path in options.out.glob(".*.tmp"):
        path.unlink(missing_ok=True)
    store.sweep()
    store.take_over({step.chapter.name: step.formerly for step in steps if step.formerly})
    for name in store.strangers({step.chapter.name for step in steps}):
        progress.say(f"{shown(store.folder / name)} belongs to no chapter; delete it at will")
    chosen = _chosen(steps, options.only)
    for step in steps:
        if step not in chosen:
            progress.say(_line(step, False))
    _say_absent(steps, chosen, progress)
    _say_copies(steps, chosen, asked, progress)
    failed = run_all(chosen, report)
    if chosen:
        steps = make_plan([step.chapter for step in steps], report)
    if chosen and not options.only:
        # A run may have met other data than the results of chapters that were not due.
        done = {step.chapter.name for step in chosen}
        due = [step for step in steps if step.reason and step.chapter.name not in done]
        failed |= run_all(due, report)
        if due:
            steps = make_plan([step.chapter for step in steps], report)
    for step in steps:
        step.reason = failed.get(step.chapter.name, step.reason)
    code = publish(steps, report, failed)
    if failed:
        progress.say("failed: " + ", ".join(sorted(failed)))
    return 1 if failed else code
