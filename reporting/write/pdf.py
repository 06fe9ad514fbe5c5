"""Markdown to PDF: pandoc's typst writer, then typst; both come with pip.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from reporting.errors import ReportError, shown
from reporting.layout import MARGIN_MM
from reporting.pandoc import TEMPLATES, Fault, pandoc
from reporting.settings import FILE, Settings
from reporting.write.bibliography import for_typst
from reporting.write.document import Stitched, refuse
from reporting.write.fonts import Fonts, lacking

SOURCE = re.compile(r"#metadata\((\d+)\) <source>")
BIBLIOGRAPHY = "references.bib"
PLACES = "places.json"
ROUNDS = 12
UNKNOWN = re.compile(r"label `<(?P<key>[^>]+)>` does not exist")
DAMAGED = "failed to decode image"
PICTURE = re.compile(r'"(?P<path>(?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Typeset:
    """A finished PDF, its number of pages, (name, first page, length) of each chapter, and what to say."""

    pdf: bytes
    pages: int
    chapters: list[tuple[str, int, float]]
    remarks: tuple[str, ...] = ()


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
        others = [folder / name for name in (FILE, settings.bibliography) if name]
        return _compile(source, document, Fonts(settings.fonts, folder, work), others)


def to_typst(document: Stitched, settings: Settings, folder: Path, work: Path, stamp: str) -> str:
    """Return the typst source; the bibliography is copied into ``work``."""
    byline = settings.author + (f" ({settings.username})" if settings.username else "")
    meta = {"title": settings.title, "byline": byline, "abstract": settings.abstract, "stamp": stamp}
    variables = {"margin": str(MARGIN_MM), "author-plain": re.sub(r'["\\]', "", settings.author)}
    text = document.to_json("typst", meta, work.as_posix())
    if settings.bibliography and "@" in text:
        words = (folder / settings.bibliography).read_text(encoding="utf-8-sig", errors="replace")
        (work / BIBLIOGRAPHY).write_text(for_typst(words), encoding="utf-8")
        variables["bibliography-file"] = BIBLIOGRAPHY
    given = [word for name, value in variables.items() for word in ("--variable", f"{name}={value}")]
    source, faults = pandoc(text, "-t", "typst-smart", "--columns=10000", "--wrap=none", "--syntax-highlighting=idiomatic",
                            "--template", str(TEMPLATES / "template.typ"), *given)
    refuse(faults, document, folder)
    return source


def _place(text: str, document: Stitched) -> tuple[Path | None, int | None]:
    """Path and line of the last piece that begins in a text."""
    numbers = SOURCE.findall(text)
    return document.sources[int(numbers[-1])][:2] if numbers else (None, None)


def _compile(source: Path, document: Stitched, fonts: Fonts, others: list[Path]) -> Typeset:
    import typst

    text = source.read_text(encoding="utf-8")
    try:
        compiler, pdf, missing = _set(source, text, fonts, system=False)
        remarks = []
        if missing and not fonts.system:
            compiler, pdf, still = _set(source, text, fonts, system=True)
            helped = [one for one in missing if one not in still]
            remarks = [_told(helped, text, document, others, "a font of this system has {}, the report's own have not",
                             "for the same PDF elsewhere name")] if helped else []
            missing = still
        if missing:
            remarks.append(_told(missing, text, document, others, "no font has {}, so a box is printed", "name"))
        misfits = json.loads(compiler.query("<misfit>", field="value"))
        layout = json.loads(compiler.query("<layout>", field="value", one=True))
    except typst.TypstError as error:
        raise _refused(error, source, document, others) from None
    refuse([Fault(int(one["source"]), 1, "", one["message"]) for one in misfits], document, source.parent)
    starts = [(c["name"], c["page"], c["page"] + _ratio(c["height"])) for c in layout["chapters"]]
    ends = [at for *_, at in starts[1:]] + [layout["end"]["page"] + _ratio(layout["end"]["height"])]
    chapters = [(name, page, end - at)
                for (name, page, at), end in zip(starts, ends, strict=True)]
    return Typeset(pdf, layout["pages"], chapters, tuple(remarks))


def _set(source: Path, text: str, fonts: Fonts, system: bool) -> tuple:
    """Return a compiler, what it made, and the characters that its fonts lack."""
    import typst

    # The figures lie in the store, so typst may read from anywhere.
    compiler = typst.Compiler(str(source), root=source.anchor, font_paths=fonts.for_typst(system),
                              sys_inputs={"fonts": json.dumps(fonts.families)})
    _settle(compiler, source.with_name(PLACES))
    return compiler, compiler.compile(format="pdf"), lacking(compiler, text)


def _settle(compiler, places: Path) -> None:
    """Write down which of the figures that may move stand in the text, until none is to be moved any more.

    A figure's place hangs on those before it alone, so every round settles one at least; mostly two rounds
    settle all. They are cheap: typst sets again only the pages that change, and draws none. It would set all
    again if the places came with ``sys_inputs`` and not in a file.
    """
    chosen: list[str] = []
    for _ in range(ROUNDS):
        places.write_text(json.dumps(chosen), encoding="utf-8")
        try:
            figures = json.loads(compiler.query("<figures>", field="value", one=True))
        except RuntimeError:
            return  # compile says it again, and where
        before, chosen = chosen, [one["name"] for one in figures if _stays(one, chosen)]
        if chosen == before:
            return
    places.write_text(json.dumps([one["name"] for one in figures]), encoding="utf-8")


def _stays(figure: dict, chosen: list[str]) -> bool:
    """Whether a figure is to stand where its cell is, by the page on which it landed."""
    if figure["wish"] == "auto":
        return figure["landed"] == figure["source"]  # it fits
    # At the top of this page it would stand above its section's heading, at the bottom below the next one's.
    edge = figure["start" if figure["wish"] == "top" else "next"]
    return figure["landed"] == edge or figure["name"] in chosen


def _told(characters: list[tuple[str, int]], text: str, document: Stitched, others: list[Path], what: str,
          remedy: str) -> str:
    """Say which characters it is about, and where the first stands."""
    character, at = characters[0]
    path, line = _place("\n".join(text.split("\n")[:at]), document)
    # What is in no line of the chapter's may come from the settings or the bibliography.
    found = (_line_of(character[0], one, line if one == path else 1) for one in (path, *others) if one)
    place = next(filter(None, found), f"{shown(path)}:{line}: " if path else "")
    names = list(dict.fromkeys(f"{one} (U+{ord(one[0]):04X})" if one.isprintable() else f"U+{ord(one[0]):04X}"
                               for one, _ in characters))
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return (place + what.format(", ".join(names[:5]) + more)
            + f"; {remedy} a font in report.toml: fonts = [\"file.ttf\"]")


def _line_of(character: str, path: Path, start: int) -> str:
    """Where a character first stands in a file, from a line on; empty if nowhere."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    line = next((i for i, one in enumerate(lines, 1) if i >= start and character in one), None)
    return f"{shown(path)}:{line}: " if line else ""


def _ratio(value) -> float:
    return float(str(value).removesuffix("%"))


def _refused(error, source: Path, document: Stitched, others: list[Path]) -> ReportError:
    """Translate typst's complaint into one about the chapter's cell."""
    diagnostic = str(getattr(error, "diagnostic", "") or error)
    entry = re.search(re.escape(BIBLIOGRAPHY) + r":(\d+)", diagnostic)
    if entry:
        return ReportError(f"{error}", others[-1], int(entry[1]),
                           "write years in digits" if "digits" in str(error) else "mend the entry")
    found = re.search(r"report\.typ:(\d+):(\d+)", diagnostic)
    path, line = None, None
    if found:
        lines = source.read_text(encoding="utf-8").split("\n")[: int(found[1])]
        path, line = _place("\n".join(lines), document)
        picture = PICTURE.search(lines[-1], int(found[2]) - 2)
        if path and picture and DAMAGED in str(error):
            name = Path(picture["path"]).name
            text = path.read_text(encoding="utf-8", errors="replace").splitlines()
            line = next((i for i, one in enumerate(text, 1) if i >= line and name in one), line)
            return ReportError(f"the picture {name} is damaged: {error}", path, line, "save it anew")
    unknown = UNKNOWN.search(str(error))
    if unknown:
        return ReportError(f"citation of {unknown['key']}, which the bibliography does not hold", path, line)
    return ReportError(f"typst: {error}", path, line)
