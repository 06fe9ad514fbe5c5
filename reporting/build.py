"""The build: read, check, run what must run, stitch, typeset.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from reporting.errors import ReportError, ReportErrors, set_root, shown
from reporting.parse import Chapter, find_chapters, read_chapter
from reporting.preflight import preflight
from reporting.progress import Progress
from reporting.settings import Settings, read_settings
from reporting.stitch import Part, stitch
from reporting.store import Store, write_atomically
from reporting.typeset import Typeset, typeset


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
        Names of the chapters to run; empty for all.
    draft : bool
        Asserts off, every page stamped.
    """

    root: Path
    chapters: Path
    out: Path
    only: tuple[str, ...] = ()
    draft: bool = False
    parameters: dict = field(default_factory=dict)


def build(options: Options, progress: Progress | None = None) -> int:
    """Build the report; return the exit code, 0 only if all of it is good."""
    progress = progress or Progress()
    set_root(options.root)
    try:
        return _build(options, progress)
    except (ReportError, ReportErrors) as error:
        progress.say(str(error))
        pdf = options.out / "report.pdf"
        if pdf.exists():
            progress.say(f"{shown(pdf)} is left as it was")
        return 1


def _build(options: Options, progress: Progress) -> int:
    settings = read_settings(options.chapters)
    chapters = [read_chapter(path) for path in find_chapters(options.chapters)]
    bibliography = options.chapters / settings.bibliography if settings.bibliography else None
    preflight(chapters, bibliography)
    store = Store(options.out / "results")
    for chapter in _chosen(chapters, options.only):
        _run(chapter, options, store, progress)
    parts = [Part(chapter, _stored(chapter, store)) for chapter in chapters]
    made = typeset(stitch(parts, settings, store), settings, options.chapters,
                   "draft" if options.draft else "")
    return _publish(made, settings, options, progress)


def _chosen(chapters: list[Chapter], only: tuple[str, ...]) -> list[Chapter]:
    names = [chapter.name for chapter in chapters]
    for name in only:
        if not any(n == name or n.startswith(name) for n in names):
            raise ReportError(f"--only {name}: there is no such chapter",
                              remedy="chapters are " + ", ".join(names))
    return [c for c in chapters if not only or c.name.startswith(tuple(only))]


def _run(chapter: Chapter, options: Options, store: Store, progress: Progress) -> None:
    from reporting.run import execute

    progress.say(f"{chapter.name}: running")
    progress.start(chapter.name)
    try:
        result = execute(chapter, options.root, options.parameters, options.draft,
                         progress=lambda *where: progress.cell(chapter.name, *where))
    finally:
        progress.end(chapter.name)
    store.save(chapter.name, result)
    progress.say(f"{chapter.name}: done in {result['seconds']:.0f} s")


def _stored(chapter: Chapter, store: Store) -> dict:
    result = store.load(chapter.name)
    if result is None:
        raise ReportError("this chapter has no stored results", chapter.path,
                          remedy="build without --only")
    return result


def _publish(made: Typeset, settings: Settings, options: Options, progress: Progress) -> int:
    """Put the PDF in its place, or beside it if it is too long."""
    options.out.mkdir(parents=True, exist_ok=True)
    pdf, too_long = options.out / "report.pdf", options.out / "report-too-long.pdf"
    if settings.max_pages and made.pages > settings.max_pages:
        write_atomically(too_long, made.pdf)
        lengths = "\n".join(f"    {name}: {length:.1f} pages, from page {page}"
                            for name, page, length in made.chapters)
        raise ReportError(f"the report has {made.pages} pages, {settings.max_pages} are allowed\n"
                          + lengths, remedy=f"shorten it; it is in {shown(too_long)}")
    write_atomically(pdf, made.pdf)
    too_long.unlink(missing_ok=True)
    progress.say(f"{shown(pdf)}: {made.pages} pages")
    return 0
