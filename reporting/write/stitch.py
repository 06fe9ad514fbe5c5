"""Chapters and their results as one document, piece by piece, ready for pandoc.

Every piece carries the number of its source, so that whatever fails later is still reported at
the chapter's own line.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from reporting.errors import ReportError, ReportErrors
from reporting.pandoc import MARKDOWN, Fault
from reporting.progress import duration
from reporting.read.calls import read_calls
from reporting.read.definitions import with_definitions
from reporting.read.dialect import as_written, in_blocks
from reporting.read.markdown import TOKENS, fill, line_of, read_prose
from reporting.read.percent import Cell, Chapter
from reporting.read.wording import faults, found, targets
from reporting.run.html_outputs import obstacle, plain_text
from reporting.run.outputs import PICTURES, STILL
from reporting.settings import FILE, Settings, line_in
from reporting.store import Store
from reporting.write.printed import as_shown
from reporting.write.tables import laid_out

LINKED = re.compile(r"<(?:image|use|feImage)\b[^<>]*?\bhref\s*=\s*[\"'](?!data:|#)([^\"']*)", re.I)

IN_LINE = "\ue005"  # before words that are no block, whatever they begin with; document.lua takes it away


@dataclass(frozen=True)
class Part:
    """One chapter of the report, with the result that its prose is filled from."""

    chapter: Chapter
    result: dict
    note: str = ""


class Source(NamedTuple):
    """Where a piece comes from: its chapter's line, its text, and which line of the chapter each of these was."""

    path: Path
    line: int
    text: str = ""
    lines: tuple[int, ...] = ()

    def at(self, fault: Fault) -> int:
        """Return the chapter's line of a fault in this piece; what a cell put out is its cell's."""
        if not self.lines:
            return self.line
        within = fault.line
        if not within and fault.sought in self.text:
            within = line_of(self.text, self.text.index(fault.sought))
        return self.line + (self.lines[within - 1] if 0 < within <= len(self.lines) else 0)


@dataclass
class Stitched:
    """The report's pieces.

    Attributes
    ----------
    chapters : list of dict
        "name", "folder" and "items" of each, as ``document.lua`` reads them.
    sources : list of Source
        What stands behind the number that each item has as its "source".
    absent : list of str
        Labels of chapters that are left out.
    pictures : list of Path
        Files that the prose shows.
    """

    chapters: list[dict] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)

    def to_json(self, target: str, meta: dict[str, str], work: str = "") -> str:
        """Return what ``document.lua`` reads.

        Parameters
        ----------
        target : str
            "typst" or "html".
        meta : dict of str to str
            Markdown for the places of the page's template.
        work : str
            A folder for pictures that come within HTML.
        """
        return json.dumps({"target": target, "reader": MARKDOWN, "meta": meta, "work": work, "absent": self.absent,
                           "chapters": self.chapters}, ensure_ascii=False)


def refuse(found: list[Fault], document: Stitched, chapters: Path) -> None:
    """Raise what pandoc and typst could not print as errors of the chapters' lines.

    Parameters
    ----------
    found : list of Fault
        Of the document's pieces.
    document : Stitched
        Which knows where they come from.
    chapters : Path
        The folder with ``report.toml``.

    Raises
    ------
    ReportErrors
        If there is any.
    """
    errors = []
    for fault in dict.fromkeys(found):
        if fault.source < 0:
            path = chapters / FILE
            name = "author" if fault.sought == "byline" else fault.sought
            errors.append(ReportError(f"{name}: {fault.message}", path, line_in(path, name)))
        else:
            source = document.sources[fault.source]
            errors.append(ReportError(fault.message, source.path, source.at(fault)))
    if errors:
        raise ReportErrors(errors)


def stitch(parts: list[Part], settings: Settings, store: Store,
           missing: list[Chapter] = ()) -> Stitched:
    """Join chapters, outputs and values.

    Parameters
    ----------
    parts : list of Part
        In the report's order.
    settings : Settings
        Of the whole report.
    store : Store
        Holds the results' files.
    missing : list of Chapter
        Left out for want of results; what refers to them becomes "??".

    Raises
    ------
    ReportError, ReportErrors
        If a template cannot be filled, or outputs cannot be printed.
    """
    document = Stitched(absent=[label for chapter in missing for label in _labels(chapter)])
    values = {part.chapter.name: part.result["values"] for part in parts}
    values |= {chapter.name: None for chapter in missing}
    errors = [error for part in parts
              for error in _Stitching(part, values, document, settings, store).run()]
    if errors:
        raise ReportErrors(errors)
    if settings.provenance and any("environment" in part.result for part in parts):
        provenance = {"kind": "markdown", "text": _provenance(parts), "source": 0}
        document.chapters.append({"name": "", "folder": "", "items": [provenance]})
    return document


def _labels(chapter: Chapter) -> list[str]:
    """Every label that a chapter gives, as far as its text tells."""
    labels = []
    for cell in chapter.cells:
        if cell.kind == "markdown":
            labels += [label for _, label in read_prose(cell.source).labels]
        elif cell.kind == "code":
            labels += read_calls(cell.source).labels
    return labels


class _Stitching:
    """One chapter on its way into the document."""

    def __init__(self, part: Part, values: dict, document: Stitched, settings: Settings, store: Store):
        self.part, self.chapter, self.values = part, part.chapter, values
        self.document, self.settings, self.store = document, settings, store
        self.name, self.path = part.chapter.name, part.chapter.path
        self.folder = self.path.parent.resolve()
        self.items: list[dict] = []
        self.errors: list[ReportError] = []
        self.labels: dict[str, int] = {}

    def run(self) -> list[ReportError]:
        """Append the chapter; return all that is wrong with it."""
        if self.part.note:
            self.add(1, kind="markdown", text=f"::: report-note\n{self.part.note}\n:::")
        prose = iter(with_definitions([as_written(cell.source) for cell in self.chapter.cells
                                       if cell.kind == "markdown"]))
        outputs = iter(self.part.result["outputs"])
        for cell in self.chapter.cells:
            if cell.kind == "markdown":
                self.prose(next(prose), cell.line)
            elif cell.kind == "raw":
                self.raw(cell)
            else:
                self.code(cell, next(outputs, []))
        self.document.chapters.append({"name": self.name, "folder": self.folder.as_posix(), "items": self.items})
        return self.errors

    def add(self, line: int, lines: tuple[int, ...] = (), **item) -> None:
        """Append a piece that stands at a line of the chapter."""
        self.document.sources.append(Source(self.path, line, item.get("text", ""), lines))
        self.items.append({**item, "source": len(self.document.sources) - 1})

    def refuse(self, line: int, message: str, remedy: str) -> None:
        """Note what cannot be printed."""
        self.errors.append(ReportError(message, self.path, line, remedy))

    def prose(self, text: str, line: int) -> None:
        """A cell's Markdown."""
        text = fill(text, self.values, self.name, self.path, line)
        self.document.pictures += [file for _, target in targets(text) if (file := found(self.folder, target))]
        apart, lines = in_blocks(text)
        self.add(line, lines, kind="markdown", text=apart)

    def raw(self, cell: Cell) -> None:
        """A raw cell is printed as it is, unless it is meant for one format."""
        if cell.format in ("text/markdown", "md", "markdown"):
            self.prose(as_written(cell.source), cell.line)
        elif cell.format in ("", "text/plain"):
            if cell.source.strip():
                self.add(cell.line, kind="code", language="text", text=cell.source)
        else:
            self.refuse(cell.line, f"a raw cell of {cell.format} is printed in one format and lost in the others",
                        "say it in Markdown")

    def code(self, cell: Cell, outputs: list[dict]) -> None:
        """A cell's code, as far as it is shown, and what came of it."""
        shown = "show-input" in cell.tags or (self.settings.show_code and "hide-input" not in cell.tags)
        if cell.source.strip() and (shown or "hide-input" not in cell.tags):
            self.add(cell.line, kind="code", language="python", text=cell.source, folded=not shown)
        calls = read_calls(cell.source)
        for item in outputs:
            label = item.get("label")
            line = cell.line + calls.labels.get(label, item.get("line") or 1) - 1
            if label is None:
                if "hide-output" not in cell.tags:
                    self.output(item, cell, line)
                continue
            wording = {**item, **calls.prose.get(label, {})}
            if label in self.labels:
                self.refuse(line, f"{label} is shown twice, first in line {self.labels[label]}",
                            "give each its own label, as in f\"{label}-{{i}}\"")
                continue
            self.labels[label] = line
            caption = as_written(wording["caption"])
            wording["caption"], _ = in_blocks(fill(caption, self.values, self.name, self.path, line))
            if label not in calls.labels or "caption" not in calls.prose.get(label, {}):
                self.check(caption, line, "its caption")  # known only since the chapter ran
            self.numbered(wording, line)

    def numbered(self, item: dict, line: int) -> None:
        """A figure or a table."""
        if item["kind"] == "figure":
            self.drawn(item, line)
            self.add(line, **_figure(item, self.name, self.store))
            return
        try:
            laid = laid_out(item)
            head = [[{**cell, "text": _name(cell["text"])} for cell in level] for level in laid["head"]]
            self.add(line, kind="table", label=item["label"], caption=item["caption"], **{**laid, "head": head})
        except ValueError as error:
            self.refuse(line, f"{item['label']}: {error}", 'formats are such as {"column": "{:.1%}"}')

    def output(self, item: dict, cell: Cell, line: int) -> None:
        """What a cell showed without a label."""
        kind = item["kind"]
        if kind == "html":  # stored before a builder looked into it
            text, hurdle = plain_text(item["data"]), obstacle(item["data"])
            if text is not None:
                item, kind = {"kind": "text", "data": text}, "text"
            elif hurdle:
                item, kind = {"what": hurdle, "remedy": STILL}, "refused"
        if kind == "refused":
            self.refuse(line, f"an output of this cell cannot be printed: {item['what']}", item["remedy"])
        elif kind in PICTURES:
            self.drawn(item, line)
            self.add(line, kind="picture", file=self.store.file(self.name, item[kind + "_file"]).as_posix())
        elif kind == "markdown":
            text = as_written(item["data"])
            self.check(text, line, "its output")
            self.add(line, kind="markdown", text=in_blocks(text)[0])
        elif kind == "html":
            self.add(line, kind="html", text=item["data"])
        elif "show-output" in cell.tags and as_shown(item["data"]):
            self.add(line, kind="code", language="text", text=as_shown(item["data"]))

    def drawn(self, item: dict, line: int) -> None:
        """Hold a drawing to what it holds itself: typst would look for what it links to."""
        if "svg_file" in item:
            linked = LINKED.search(self.store.file(self.name, item["svg_file"]).read_text(encoding="utf-8"))
            if linked:
                self.refuse(line, f"a drawing links to {linked[1]}", "embed the picture in the drawing")

    def check(self, text: str, line: int, whose: str) -> None:
        """Hold Markdown that a cell has made to what prose is held to."""
        for _, message, remedy in faults(text, read_prose(text), self.folder):
            self.refuse(line, f"{whose}: {message}", remedy)


def _name(text: str) -> str:
    """Return a column's name as Markdown in which no sign at the start makes a block, and no tag is a tag."""
    written, pieces, at = as_written(IN_LINE + " ".join(text.split())), [], 0
    kept = (match for match in TOKENS.finditer(written) if not match["comment"])
    for match in kept:
        pieces += [_untagged(written[at:match.start()]), match[0]]
        at = match.end()
    return re.sub(r"(?<!\\)((?:\\\\)*)\\$", r"\1\\\\", "".join([*pieces, _untagged(written[at:])]))


def _untagged(text: str) -> str:
    return re.sub(r"<(?=[A-Za-z/!?])", r"\\<", text)


def _figure(item: dict, name: str, store: Store) -> dict:
    figure = {"kind": "figure", "label": item["label"], "caption": item["caption"],
              "width": f"{100 * item['width']:g}%", "file": store.file(name, item["svg_file"]).as_posix()}
    if item.get("place", "here") != "here":
        figure["place"] = item["place"]
    if "interactive_file" in item:
        figure["interactive"] = store.file(name, item["interactive_file"]).as_posix()
    return figure


def _provenance(parts: list[Part]) -> str:
    """Return a paragraph: when, where and from what the results were made."""
    runs, packages = [], {}
    inputs: dict[str, dict[tuple[str, str], list[str]]] = {}  # name → called so, fingerprint → chapters
    for part in parts:
        result = part.result
        if "environment" not in result:
            continue  # a chapter without code
        env = result["environment"]
        runs.append(f"{part.chapter.name.replace('_', ' ')} ({result['date'][:10]}, "
                    f"{env['device']}, {duration(result['seconds'])})")
        packages |= {"Python": env["python"], **env["packages"]}
        for item in result["depends"]:
            version = item.get("copy", item["name"]), item["fingerprint"]
            inputs.setdefault(item["name"], {}).setdefault(version, []).append(part.chapter.name)
    text = "**Provenance.** Runs: " + "; ".join(runs) + "."
    if inputs:
        text += " Inputs, with the start of their sha256: " + "; ".join(
            _input(*version, names if len(versions) > 1 else [])
            for _, versions in sorted(inputs.items()) for version, names in versions.items()) + "."
    if packages:
        text += " Software: " + ", ".join(f"{n} {v}" for n, v in packages.items()) + "."
    return "::: report-provenance\n" + text.replace("@", "\\@") + "\n:::"


def _input(name: str, fingerprint: str, chapters: list[str]) -> str:
    """Name an input; of one that was not the same for all, also whose it was."""
    whose = " for " + ", ".join(one.replace("_", " ") for one in chapters) if chapters else ""
    return f"{name} (`{fingerprint[:12]}`){whose}"
