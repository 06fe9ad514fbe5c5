"""Markdown to PDF: pandoc's typst writer, then typst; both come with pip.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from reporting.errors import ReportError
from reporting.layout import MARGIN_MM
from reporting.pandoc import FILTER, READER, TEMPLATES, pandoc
from reporting.settings import Settings
from reporting.write.stitch import Stitched


@dataclass(frozen=True)
class Typeset:
    """A finished PDF, its number of pages, and (name, first page, length) of each chapter."""

    pdf: bytes
    pages: int
    chapters: list[tuple[str, int, float]]


def typeset(document: Stitched, settings: Settings, folder: Path, stamp: str = "") -> Typeset:
    """Turn a stitched document into a PDF.

    Parameters
    ----------
    document : Stitched
        Markdown with the sources it came from.
    settings : Settings
        Title, author and so on.
    folder : Path
        The chapters' folder, in which the bibliography lies.
    stamp : str
        Printed across every page, such as "draft".

    Raises
    ------
    ReportError
        At the chapter's line where pandoc or typst refuses something.
    """
    with tempfile.TemporaryDirectory(prefix="reporting-") as name:
        work = Path(name).resolve()
        source = work / "report.typ"
        source.write_text(to_typst(document, settings, folder, work, stamp), encoding="utf-8")
        return _compile(source, document)


def to_typst(document: Stitched, settings: Settings, folder: Path, work: Path, stamp: str) -> str:
    """Return the typst source; the bibliography is copied into ``work``."""
    byline = settings.author + (f" ({settings.username})" if settings.username else "")
    metadata = {"title": settings.title, "byline": byline, "abstract": settings.abstract,
                "stamp": stamp, "margin": str(MARGIN_MM),
                "author-plain": re.sub(r'["\\]', "", settings.author), "contents": True,
                "absent": document.absent}
    if settings.bibliography and "@" in document.markdown:
        shutil.copy(folder / settings.bibliography, work / "references.bib")
        metadata["bibliography-file"] = "references.bib"
    (work / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    text, warnings = pandoc(
        document.markdown, "-f", READER, "-t", "typst", "--columns=10000", "--wrap=none",
        "--syntax-highlighting=idiomatic", "--template", str(TEMPLATES / "template.typ"),
        "--metadata-file", str(work / "metadata.json"), "--lua-filter", str(FILTER))
    if warnings.strip():
        raise _warned(warnings, document)
    return text


def _warned(warnings: str, document: Stitched) -> ReportError:
    """What pandoc only warns of would be missing from the page: make it an error."""
    message = " ".join(warnings.replace("[WARNING]", "").split())
    found = re.search(r"line (\d+)", message)
    path, line = None, None
    if found:
        lines = document.markdown.split("\n")[: int(found[1])]
        path, line = _place("\n".join(lines), document)
        if path is not None:
            # Prose has as many lines here as in its cell, which starts three after the comment.
            since = next(i for i, text in enumerate(reversed(lines)) if text.startswith("// source"))
            last = path.read_text(encoding="utf-8").count("\n") + 1
            line = min(line + max(0, since - 3), last)
            message = message.replace(f" at line {found[1]} column", ", column")
    return ReportError(f"pandoc: {message}", path, line)


def _place(text: str, document: Stitched) -> tuple[Path | None, int | None]:
    """Path and line of the last comment in a text."""
    numbers = re.findall(r"// source (\d+)", text)
    return document.sources[int(numbers[-1])] if numbers else (None, None)


def _compile(source: Path, document: Stitched) -> Typeset:
    import typst

    # The figures lie in the store, so typst may read from anywhere.
    compiler = typst.Compiler(str(source), root=source.anchor, ignore_system_fonts=True)
    try:
        pdf = compiler.compile(format="pdf")
        layout = json.loads(compiler.query("<layout>", field="value", one=True))
    except typst.TypstError as error:
        raise _refused(error, source, document) from None
    starts = [(c["name"], c["page"], c["page"] + _ratio(c["height"])) for c in layout["chapters"]]
    ends = [at for *_, at in starts[1:]] + [layout["end"]["page"] + _ratio(layout["end"]["height"])]
    chapters = [(name, page, end - at)
                for (name, page, at), end in zip(starts, ends, strict=True)]
    return Typeset(pdf, layout["pages"], chapters)


def _ratio(value) -> float:
    return float(str(value).removesuffix("%"))


def _refused(error, source: Path, document: Stitched) -> ReportError:
    """Translate typst's complaint into one about the chapter's cell."""
    diagnostic = str(getattr(error, "diagnostic", "") or error)
    found = re.search(r"report\.typ:(\d+)", diagnostic)
    path, line = None, None
    if found:
        lines = source.read_text(encoding="utf-8").split("\n")[: int(found[1])]
        path, line = _place("\n".join(lines), document)
    return ReportError(f"typst: {error}", path, line)
