"""Pieces woven into chapters, and built without a kernel.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import html
import io
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
from reporting.write.stitch import Part, stitch

BIB = """@book{euclid, title={Elements}, author={Euclid}, year={1900}}
@book{gauss, title={Disquisitiones}, author={Gauss}, year={1801}}
"""
SETTINGS = Settings(title="Woven", bibliography="refs.bib", provenance=False)
VALUES = {"word": "recorded"}


@dataclass
class Strand:
    """One piece in its place: the lines that it takes, its words."""

    piece: Piece
    path: Path
    lines: list[tuple[int, int]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def holds(self, error: ReportError) -> bool:
        """Whether an error names its file and one of its lines."""
        return error.path == self.path and any(first <= (error.line or 0) <= last for first, last in self.lines)


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
        lines, outputs, own = ["# %%", "record(word=1)", "", "# %% [markdown]"], [[]], []
        before = "markdown"
        for piece in pieces:
            strand, name = Strand(piece, path), words.new()
            own.append(strand)
            for cell in piece.cells:
                cell = words.fill(cell, name, strand.words)
                if cell_is_new := (piece.kind != "markdown" or before != "markdown" or cell is not None and len(strand.lines) > 0):
                    tags = f' tags={list(piece.tags)}'.replace("'", '"') if piece.tags else ""
                    lines += ["", {"markdown": "# %% [markdown]", "raw": "# %% [raw]", "code": "# %%"}[piece.kind] + tags]
                elif lines[-1] != "# %% [markdown]":
                    lines += ["#"] * (len(apart) - 1)
                before = piece.kind
                first = len(lines) + 1
                lines += cell.split("\n") if piece.kind == "code" else [f"# {line}" if line else "#" for line in cell.split("\n")]
                strand.lines.append((first, len(lines)))
            if piece.kind == "code":
                made = words.fill(list(piece.outputs), name, strand.words)
                outputs.append([nbformat.from_dict(one) for one in made])
        text = "\n".join(lines) + "\n"
        path.write_text(text, encoding="utf-8")
        result = {**collect(outputs), "values": VALUES, "text": text}
        store.save(path.stem, result)
        woven.chapters.append(parse_chapter(path, text))
        woven.results.append(store.load(path.stem))
        woven.strands += own
    return woven


def build(woven: Woven) -> tuple[str, str, bytes]:
    """Return the letters of the PDF and of the page, and the PDF."""
    folder, store = woven.folder, Store(woven.folder / "results")
    preflight(woven.chapters, folder / SETTINGS.bibliography)
    document = stitch([Part(*pair) for pair in zip(woven.chapters, woven.results, strict=True)], SETTINGS, store)
    with ThreadPoolExecutor(max_workers=1) as side:
        waiting = side.submit(to_html, document, SETTINGS, folder)
        made = typeset(document, SETTINGS, folder)
    return letters_of_pdf(made.pdf), letters_of_html(waiting.result().decode()), made.pdf


def letters_of_pdf(pdf: bytes) -> str:
    """Return all the letters of a PDF in a row, whatever hyphens, lines and pages are between them."""
    return letters("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages))


def letters_of_html(page: str) -> str:
    """Return the letters that a page shows; what is folded away counts, attributes do not."""
    body = re.sub(r"<(script|style|annotation)\b.*?</\1>|<!--.*?-->", "", page.split("<body", 1)[1], flags=re.S)
    return letters(html.unescape(re.sub(r"<[^>]*>", "", body)))


def letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", unicodedata.normalize("NFKC", text).lower())


def errors_of(error: Exception) -> list[ReportError]:
    return error.errors if isinstance(error, ReportErrors) else [error]
