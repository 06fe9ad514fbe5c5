"""Pieces woven into chapters, and built without a kernel.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import html
import io
import json
import re
import unicodedata
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pypdf
from pieces import PNG, Piece, Words

from reporting.errors import ReportError, ReportErrors
from reporting.read.percent import parse_chapter
from reporting.read.preflight import preflight
from reporting.run.outputs import collect
from reporting.settings import Settings
from reporting.store import Store
from reporting.write.html import to_html
from reporting.write.pdf import typeset
from reporting.write.pieces import Part
from reporting.write.stitch import stitch

BIB = """@book{euclid, title={Elements}, author={Euclid}, year={1900}}
@book{gauss, title={Disquisitiones}, author={Gauss}, year={1801}}
"""
SETTINGS = Settings(title="Woven", bibliography="refs.bib", provenance=False)
MARKERS = {"markdown": "# %% [markdown]", "raw": "# %% [raw]", "code": "# %%"}
FOLDED = "<details><summary>code</summary>.*?</details>"
VALUES = {"word": "recorded"}


@dataclass
class Strand:
    """One piece in its place: the lines that it takes, its words, the first lines of its cells."""

    piece: Piece
    path: Path
    lines: list[tuple[int, int]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    starts: list[int] = field(default_factory=list)

    def holds(self, error: ReportError) -> bool:
        """Whether an error names its file and one of its lines, or where its fate says so, its cell's first."""
        if error.path != self.path or error.line is None:
            return False
        return (any(first <= error.line <= last for first, last in self.lines)
                or (self.piece.fate == "~" and error.line in self.starts))


@dataclass
class Woven:
    """Chapters in a folder with what came of their cells, and the strands that they are made of."""

    folder: Path
    chapters: list
    results: list[dict]
    strands: list[Strand]


def weave(folder: Path, plan: list[list[Piece]], apart: str = "\n\n") -> Woven:
    """Write chapters.

    Parameters
    ----------
    folder : Path
        Where they are written.
    plan : list of list of Piece
        The pieces of each chapter.
    apart : str
        Between two pieces of prose in one cell.
    """
    words, woven = Words(), Woven(folder, [], [], [])
    (folder / "refs.bib").write_text(BIB, encoding="utf-8")
    for name in ("dot.png", "a dot.png"):
        (folder / name).write_bytes(b64decode(PNG))
    store = Store(folder / "results")
    for number, pieces in enumerate(plan, 1):
        path = folder / f"{number:02}_woven.py"
        lines, outputs = ["# %%", "record(word=1)"], [[]]
        cell = start = None  # the kind of the open cell, its first line
        for piece in pieces:
            strand, name = Strand(piece, path), words.new()
            woven.strands.append(strand)
            for text in piece.cells:
                if cell == piece.kind == "markdown" and not strand.lines:
                    lines += ["#"] * (len(apart) - 1)
                else:
                    tags = f" tags={json.dumps(piece.tags)}" if piece.tags else ""
                    lines += ["", MARKERS[piece.kind] + tags]
                    cell, start = piece.kind, len(lines) + 1
                first = len(lines) + 1
                text = words.fill(text, name, strand.words).split("\n")
                lines += text if cell == "code" else [f"# {line}" if line else "#" for line in text]
                strand.lines.append((first, len(lines)))
                strand.starts.append(start)
            if piece.kind == "code":
                made = words.fill(list(piece.outputs), name, strand.words)
                outputs.append([nbformat.from_dict(one) for one in made])
        text = "\n".join(lines) + "\n"
        path.write_text(text, encoding="utf-8")
        store.save(path.stem, {**collect(outputs), "values": VALUES, "text": text})
        woven.chapters.append(parse_chapter(path, text))
        woven.results.append(store.load(path.stem))
    return woven


def build(woven: Woven) -> tuple[str, str]:
    """Return the letters of the PDF and of the page."""
    folder, store = woven.folder, Store(woven.folder / "results")
    preflight(woven.chapters, folder / SETTINGS.bibliography)
    document = stitch(parts_of(woven), SETTINGS, store)
    with ThreadPoolExecutor(max_workers=1) as side:
        waiting = side.submit(to_html, document, SETTINGS, folder)
        made = typeset(document, SETTINGS, folder)
    return letters_of_pdf(made.pdf), letters_of_html(waiting.result().decode())


def parts_of(woven: Woven) -> list[Part]:
    """Return the chapters with what came of them."""
    return [Part(*pair) for pair in zip(woven.chapters, woven.results, strict=True)]


def letters_of_pdf(pdf: bytes) -> str:
    """Return all the letters of a PDF in a row, whatever hyphens, lines and pages are between them."""
    return letters("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages))


def letters_of_html(page: str) -> str:
    """Return the letters that a page shows; what an author folds counts, attributes and folded code do not."""
    body = re.sub(FOLDED + r"|<(script|style|annotation)\b.*?</\1>|<!--.*?-->", "", page.split("<body", 1)[1], flags=re.S)
    return letters(html.unescape(re.sub(r"<[^>]*>", "", body)))


def letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", unicodedata.normalize("NFKC", text).lower())


def errors_of(error: Exception) -> list[ReportError]:
    return error.errors if isinstance(error, ReportErrors) else [error]
