"""One chapter as pieces of the report: its prose, its code, and what came of it.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reporting.errors import ReportError
from reporting.read.calls import read_calls
from reporting.read.definitions import with_definitions
from reporting.read.dialect import as_written, in_blocks
from reporting.read.markdown import TOKENS, fill, read_prose
from reporting.read.percent import Cell, Chapter
from reporting.read.wording import faults, found, targets
from reporting.run.html_outputs import obstacle, plain_text
from reporting.run.outputs import PICTURES, STILL
from reporting.settings import Settings
from reporting.store import Store
from reporting.write.document import Source, Stitched
from reporting.write.printed import as_shown
from reporting.write.tables import laid_out

IN_LINE = "\ue005"  # before words that are no block, whatever they begin with; document.lua takes it away


@dataclass(frozen=True)
class Part:
    """One chapter of the report, with the result that its prose is filled from."""

    chapter: Chapter
    result: dict
    note: str = ""


class Pieces:
    """A chapter's cells and results on their way into the document.

    Parameters
    ----------
    part : Part
        The chapter with its result.
    values : dict of str to dict
        For every chapter its recorded values, as `fill` takes them.
    document : Stitched
        To which the chapter is appended.
    settings : Settings
        Of the whole report.
    store : Store
        Holds the results' files.
    """

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
        note = {"note": self.part.note} if self.part.note else {}
        if note and all(cell.kind != "markdown" for cell in self.chapter.cells):
            self.add(1, kind="markdown", text="", **note)
        prose = iter(with_definitions([as_written(cell.source) for cell in self.chapter.cells
                                       if cell.kind == "markdown"]))
        outputs = iter(self.part.result["outputs"])
        for cell in self.chapter.cells:
            if cell.kind == "markdown":
                self.prose(next(prose), cell.line, **note)  # below its heading, if it has one
                note = {}
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

    def prose(self, text: str, line: int, **note: str) -> None:
        """A cell's Markdown, in the first one of a chapter with what the builder has to say of it."""
        text = fill(text, self.values, self.name, self.path, line)
        self.document.pictures += [file for _, target in targets(text) if (file := found(self.folder, target))]
        apart, lines = in_blocks(text)
        self.add(line, lines, kind="markdown", text=apart, **note)

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
            self.add(cell.line, kind="code", language="python", text=cell.source + self.given(cell), folded=not shown)
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

    def given(self, cell: Cell) -> str:
        """The values that -p has set in place of the ones that a cell of parameters gives."""
        values = self.part.result.get("key", {}).get("parameters") if "parameters" in cell.tags else None
        lines = [f"{name} = {value!r}" for name, value in (values or {}).items()]
        return "\n".join(["", "", "# Set for this report:", *lines]) if lines else ""

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
        if "linked" in item:
            self.refuse(line, f"a drawing links to {item['linked']}", "embed the picture in the drawing")

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
