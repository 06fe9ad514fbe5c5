"""The build: read, check, plan, run what must run, stitch, typeset.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from reporting.errors import ReportError, ReportErrors, set_root, shown
from reporting.html import to_html
from reporting.lock import locked
from reporting.parameters import for_chapters
from reporting.parse import find_chapters, parse_chapter, read_chapter
from reporting.plan import NOTHING, Step, cell_keys, make_plan
from reporting.preflight import preflight, unmentioned
from reporting.progress import Progress
from reporting.schedule import run_all
from reporting.settings import Settings, read_settings
from reporting.stitch import Part, stitch
from reporting.store import Store, digest, write_atomically
from reporting.typeset import Typeset, typeset
from reporting.uptodate import is_current, made_from

PDF, HTML = "report.pdf", "report.html"
TOO_LONG, PARTIAL = "report-too-long.pdf", "report-partial.pdf"


@dataclass(frozen=True)
class Options:
    """What the command line asks for.

    Attributes
    ----------
    root : Path
        The project: on the kernels' PYTHONPATH, and where imported modules are looked for.
    chapters, out : Path
        Folder of the percent-scripts; folder of the report and its stored results.
    only : tuple of str
        Starts of the names of the chapters that may run; empty for all.
    plan, force, draft, fail_fast : bool
        Only say what would run; run even what has not changed; asserts off and every page
        stamped; stop at the first failure.
    jobs : int
        How many chapters run side by side.
    parameters : dict
        Name, or chapter.name → value for cells tagged "parameters".
    """

    root: Path
    chapters: Path
    out: Path
    only: tuple[str, ...] = ()
    plan: bool = False
    force: bool = False
    draft: bool = False
    fail_fast: bool = False
    jobs: int = 1
    parameters: dict = field(default_factory=dict)


def build(options: Options, progress: Progress | None = None) -> int:
    """Build the report; return the exit code, 0 only if all of it is good."""
    progress = progress or Progress()
    set_root(options.root)
    try:
        if options.plan:
            return _say_plan(options, progress)
        options.out.mkdir(parents=True, exist_ok=True)
        with locked(options.out):
            return _build(options, progress)
    except (ReportError, ReportErrors) as error:
        progress.say(str(error))
    except OSError as error:
        progress.say(f"{error.filename or 'writing'}: {error.strerror or error}")
    pdf = options.out / PDF
    if pdf.exists():
        progress.say(f"{shown(pdf)} is left as it was")
    return 1


def _prepare(options: Options) -> tuple[Settings, list[Step], Store]:
    """Read and check everything; nothing is written, nothing runs."""
    settings = read_settings(options.chapters)
    chapters = [read_chapter(path) for path in find_chapters(options.chapters)]
    bibliography = options.chapters / settings.bibliography if settings.bibliography else None
    preflight(chapters, bibliography)
    store = Store(options.out / "results")
    return settings, _plan(chapters, settings, store, options), store


def _plan(chapters, settings: Settings, store: Store, options: Options) -> list[Step]:
    steps = make_plan(chapters, options.root, settings, store,
                      for_chapters(chapters, options.parameters), options.draft)
    for step in steps:
        if options.force and not step.reason and step.chapter.code:
            step.reason = "forced"
    return steps


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
    _, steps, _ = _prepare(options)
    chosen = _chosen(steps, options.only)
    for step in steps:
        progress.say(_line(step, step in chosen))
    return 0


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
    return f"{kept}, stale: {step.reason}" if step.reason else kept


def _build(options: Options, progress: Progress) -> int:
    settings, steps, store = _prepare(options)
    for path in options.out.glob(".*.tmp"):
        path.unlink(missing_ok=True)
    for name in store.sweep({step.chapter.name for step in steps}):
        progress.say(f"{shown(store.folder / name)} belongs to no chapter; delete it at will")
    chosen = _chosen(steps, options.only)
    for step in steps:
        if step not in chosen:
            progress.say(_line(step, False))
    failed = run_all(chosen, options, store, progress)
    if chosen and not options.only:
        # A run may have met other data than the results of chapters that were not due.
        done = {step.chapter.name for step in chosen}
        steps = _plan([step.chapter for step in steps], settings, store, options)
        due = [step for step in steps if step.reason and step.chapter.name not in done]
        failed |= run_all(due, options, store, progress)
    if chosen:
        fresh = _plan([step.chapter for step in steps], settings, store, options)
        steps = [_unforced(step, failed) for step in fresh]
    code = _typeset(steps, failed, settings, store, options, progress)
    if failed:
        progress.say("failed: " + ", ".join(sorted(failed)))
    return 1 if failed else code


def _unforced(step: Step, failed: dict[str, str]) -> Step:
    """After the runs, being forced is no reason any more, having failed is one."""
    if step.chapter.name in failed:
        step.reason = failed[step.chapter.name]
    elif step.reason == "forced":
        step.reason = ""
    return step


def _typeset(steps, failed, settings: Settings, store: Store, options: Options,
             progress: Progress) -> int:
    missing = [step.chapter for step in steps if step.result is None]
    if len(missing) == len(steps):
        raise ReportError("no report yet: no chapter has results")
    stamp = "draft" if options.draft else "partial" if missing else ""
    parts = [_part(step) for step in steps if step.result is not None]
    document = stitch(parts, settings, store, missing)
    for place in unmentioned([part.chapter for part in parts]):
        progress.say(f"{place} is mentioned nowhere in the text")
    pdf, page = options.out / PDF, options.out / HTML
    state = made_from(document, settings, options.chapters, options.out, stamp)
    if not missing and is_current(pdf, page, state):
        progress.say(f"{shown(pdf)} is up to date")
        return 0
    made = typeset(document, settings, options.chapters, stamp)
    if missing:
        partial = options.out / PARTIAL
        write_atomically(partial, made.pdf)
        names = ", ".join(chapter.name for chapter in missing)
        progress.say(f"{shown(partial)}: {_pages(made)}, without {names} (no results yet)")
        return 0
    _publish(made, settings, options, progress)
    text = to_html(document, settings, options.chapters, stamp, f"{state} {digest(made.pdf)}")
    write_atomically(page, text)
    progress.say(f"{shown(page)}: {len(text) / 1e6:.1f} MB")
    return 0


def _part(step: Step) -> Part:
    """Pair a chapter with its result; a stale result brings the text that it was made with."""
    chapter, result = step.chapter, step.result
    if not step.reason:
        return Part(chapter, result)
    if cell_keys(chapter) != result["key"]["cells"]:
        chapter = parse_chapter(chapter.path, result["text"])
    note = f"**Stale.** Text and results are those of {result['date'][:16]}: {step.reason}."
    return Part(chapter, result, note.replace("@", "\\@").replace("_", "\\_"))


def _publish(made: Typeset, settings: Settings, options: Options, progress: Progress) -> None:
    """Put the PDF in its place, or beside it if it is too long."""
    pdf, too_long = options.out / PDF, options.out / TOO_LONG
    if settings.max_pages and made.pages > settings.max_pages:
        write_atomically(too_long, made.pdf)
        lengths = "\n".join(f"    {name}: {length:.1f} pages, from page {page}"
                            for name, page, length in made.chapters)
        raise ReportError(f"the report has {made.pages} pages, {settings.max_pages} are allowed\n"
                          + lengths, remedy=f"shorten it; it is in {shown(too_long)}")
    write_atomically(pdf, made.pdf)
    too_long.unlink(missing_ok=True)
    (options.out / PARTIAL).unlink(missing_ok=True)
    limit = f" of {settings.max_pages}" if settings.max_pages else ""
    progress.say(f"{shown(pdf)}: {_pages(made)}{limit}")


def _pages(made: Typeset) -> str:
    return f"{made.pages} page{'s' * (made.pages > 1)}"
