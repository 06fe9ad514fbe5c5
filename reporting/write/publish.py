"""From results to the files of the report: stitched, typeset, and put in their place if good.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

from collections.abc import Container
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from reporting.errors import ReportError, shown
from reporting.plan.copies import measured, odd_one_out
from reporting.plan.plan import Step, cell_keys, stored_keys
from reporting.progress import Progress
from reporting.read.percent import parse_chapter
from reporting.read.remarks import remarks, remarks_of_run, unread_bibliographies
from reporting.report import Report
from reporting.settings import Settings
from reporting.store import write_atomically
from reporting.write.document import Stitched
from reporting.write.freshness import is_current, made_from, marked
from reporting.write.html import to_html
from reporting.write.pdf import Typeset, typeset
from reporting.write.pieces import Part
from reporting.write.stitch import stitch

PDF, HTML = "report.pdf", "report.html"
TOO_LONG, PARTIAL = "report-too-long.pdf", "report-partial.pdf"


def publish(steps: list[Step], report: Report, failed: Container[str] = ()) -> int:
    """Make the report from the chapters that have results; return the exit code.

    Parameters
    ----------
    steps : list of Step
        In the report's order; those with a reason are stale.
    report : Report
        What the files are made for.
    failed : container of str
        Names of chapters whose results are not the last run's, and neither is what that noticed.

    Raises
    ------
    ReportError
        If no chapter has results, something cannot be typeset, or the report is too long or
        too large; the last good files stay.
    """
    missing = [step.chapter for step in steps if step.result is None]
    if len(missing) == len(steps):
        raise ReportError("no report yet: no chapter has results")
    options, settings, progress = report.options, report.settings, report.progress
    stamp = "draft" if options.draft else "partial" if missing else ""
    document = _document(steps, report)
    present = [step.chapter for step in steps if step.result is not None]
    said = [remarks_of_run(step.chapter, step.result) for step in steps
            if step.result is not None and step.chapter.name not in failed]
    for line in chain(unread_bibliographies(options.chapters, settings.bibliography), remarks(present), *said):
        progress.say(line)
    pdf, page = options.out / PDF, options.out / HTML
    state = made_from(document, settings, options.chapters, options.out, stamp)
    if not missing and is_current(pdf, page, state):
        progress.say(f"{shown(pdf)} is up to date")
        return 0
    if missing:
        made = typeset(document, settings, options.chapters, stamp)
        for line in made.remarks:
            progress.say(line)
        _put_partial(made, missing, options.out, progress)
        return 0
    with ThreadPoolExecutor(max_workers=1) as side:  # what both wait for are other programs
        waiting = side.submit(to_html, document, settings, options.chapters, stamp)
        made = typeset(document, settings, options.chapters, stamp)
    for line in made.remarks:
        progress.say(line)
    text = marked(waiting.result(), state, made.pdf)
    _check_size(text, settings)
    _put_pdf(made, settings, options.out, progress)
    write_atomically(page, text)
    progress.say(f"{shown(page)}: {len(text) / 1e6:.1f} MB")
    return 0


def is_published(steps: list[Step], report: Report) -> bool:
    """Tell whether PDF and HTML are what a build would make now, complete and without a stamp."""
    if any(step.result is None for step in steps):
        return False
    options = report.options
    state = made_from(_document(steps, report), report.settings, options.chapters, options.out, "")
    return is_current(options.out / PDF, options.out / HTML, state)


def _document(steps: list[Step], report: Report) -> Stitched:
    missing = [step.chapter for step in steps if step.result is None]
    groups = measured(steps)
    parts = [_part(step, groups) for step in steps if step.result is not None]
    return stitch(parts, report.settings, report.store, missing)


def _part(step: Step, groups: dict) -> Part:
    """Pair a chapter with its result; a stale result brings the text that it was made with."""
    chapter, result = step.chapter, step.result
    odd = odd_one_out(step, groups)
    if not step.reason:
        return Part(chapter, result, _plain(odd))
    if cell_keys(chapter) != stored_keys(chapter, result):
        chapter = parse_chapter(chapter.path, result["text"])
    note = f"**{chapter.name} is stale.** Text and results are those of {result['date'][:16]}: {step.reason}. {odd}"
    return Part(chapter, result, _plain(note))


def _plain(note: str) -> str:
    return note.strip().replace("@", "\\@").replace("_", "\\_")


def _put_partial(made: Typeset, missing: list, out: Path, progress: Progress) -> None:
    partial = out / PARTIAL
    write_atomically(partial, made.pdf)
    names = ", ".join(chapter.name for chapter in missing)
    progress.say(f"{shown(partial)}: {_pages(made)}, without {names} (no results yet)")


def _check_size(text: bytes, settings: Settings) -> None:
    if settings.max_html_mb and len(text) > settings.max_html_mb * 1e6:
        raise ReportError(f"report.html would have {len(text) / 1e6:.1f} MB, "
                          f"{settings.max_html_mb} are allowed",
                          remedy="show fewer or smaller images: sprite(images, quality=…)")


def _put_pdf(made: Typeset, settings: Settings, out: Path, progress: Progress) -> None:
    """Put the PDF in its place, or beside it if it is too long."""
    pdf, too_long = out / PDF, out / TOO_LONG
    if settings.max_pages and made.pages > settings.max_pages:
        write_atomically(too_long, made.pdf)
        lengths = "\n".join(f"    {name}: {length:.1f} pages, from page {page}"
                            for name, page, length in made.chapters)
        raise ReportError(f"the report has {made.pages} pages, {settings.max_pages} are allowed\n"
                          + lengths, remedy=f"shorten it; it is in {shown(too_long)}")
    write_atomically(pdf, made.pdf)
    too_long.unlink(missing_ok=True)
    (out / PARTIAL).unlink(missing_ok=True)
    limit = f" of {settings.max_pages}" if settings.max_pages else ""
    progress.say(f"{shown(pdf)}: {_pages(made)}{limit}")


def _pages(made: Typeset) -> str:
    return f"{made.pages} page{'s' * (made.pages > 1)}"
