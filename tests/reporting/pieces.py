"""Pieces of chapters with words of their own: what people write, and what cells put out.

WORD stands for a word that is to be printed, a new one each time; NAME for one that is not, the same
throughout its piece. In ``write/pieces.txt`` a line +++ parts cells; the sign before its name is its fate.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reporting.kernel.frames import described
from reporting.kernel.protocol import MIME

FILE = Path(__file__).parent / "write" / "pieces.txt"
# A red dot, in base64 as notebooks have it.
PNG = ("iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO"
       "9TXL0Y4OHwAAAABJRU5ErkJggg==")  # fmt: skip
SVG = ('<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20" viewBox="0 0 20 20">'
       '<circle cx="10" cy="10" r="8"/></svg>')  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """One piece of a chapter.

    Attributes
    ----------
    sort : str
        What it is, in words.
    kind : str
        Of its cells: "markdown", "raw" or "code".
    cells : tuple of str
        Their text.
    outputs : tuple of dict
        What a code cell put out, as nbformat has it.
    tags : tuple of str
        Of a code cell.
    fate : str
        "=" for what is to be printed, "!" for what is to be refused at one of its lines, "~" at the start
        of its cell; "?" for either, depending on what stands below.
    """

    sort: str
    kind: str
    cells: tuple[str, ...]
    outputs: tuple[dict, ...] = ()
    tags: tuple[str, ...] = ()
    fate: str = "="


class Words:
    """Gives words that no hyphen and no ligature hides, and that nothing else holds."""

    def __init__(self):
        self.letters = map("".join, itertools.product("bcdghkmnps", repeat=4))

    def new(self) -> str:
        return f"qz{next(self.letters)}zq"

    def fill(self, given, name: str, found: list[str]):
        """Put words into text, or into all the texts of something; note them in ``found``."""
        if isinstance(given, str):
            def word(_match) -> str:
                found.append(self.new())
                return found[-1]

            return re.sub("WORD", word, given).replace("NAME", name)
        if isinstance(given, dict):
            return {self.fill(key, name, found): self.fill(value, name, found) for key, value in given.items()}
        if isinstance(given, list | tuple):
            return [self.fill(one, name, found) for one in given]
        return given


def written() -> list[Piece]:
    """Return the pieces of prose."""
    pieces = []
    for sign, sort, text in re.findall(r"^=([=!?~])= (.*)\n((?:(?!=[=!?~]= ).*\n)*)", FILE.read_text(encoding="utf-8"), re.M):
        cells = tuple(cell.strip("\n") for cell in text.split("\n+++\n"))
        pieces.append(Piece(sort, "markdown", cells, fate=sign))
    return pieces


def frame(kind: str):
    """Return a data frame or a series whose texts and names are words."""
    columns = pd.MultiIndex.from_tuples([("WORD", "WORD a"), ("WORD", "WORD b")], names=["WORD l", "WORD m"])
    rows = pd.MultiIndex.from_tuples([("WORD", "WORD a"), ("WORD", "WORD b")], names=["WORD r", "WORD s"])
    return {
        "plain": lambda: pd.DataFrame({"WORD": ["WORD a|b", "WORD *c*"], "WORD $x$": ["WORD", 1.5]}),
        "index": lambda: pd.DataFrame({"WORD": [1, 2]}, index=pd.Index(["WORD", "WORD x"], name="WORD i")),
        "levels": lambda: pd.DataFrame([["WORD", 1], ["WORD", 2]], index=rows, columns=columns),
        "series": lambda: pd.Series(["WORD", "WORD x"], name="WORD"),
        "empty": lambda: pd.DataFrame({"WORD": [], "WORD x": []}),
        "wide": lambda: pd.DataFrame([["WORD"] * 9] * 2, columns=[f"WORD {i}" for i in range(9)]),
        "styled": lambda: pd.DataFrame({"WORD": ["WORD", 1.5], "WORD x": [1, "WORD"]}, index=["WORD", "WORD y"]),
    }[kind]()  # fmt: skip


def shown(sort: str, *bundles: dict, tags: tuple[str, ...] = (), fate: str = "=", code: str = "make()") -> Piece:
    """Return a code cell that showed something."""
    outputs = tuple({"output_type": "display_data", "data": one, "metadata": {}} for one in bundles)
    return Piece(sort, "code", (code,), outputs, tags, fate)


def _printed(sort: str, text: str, name: str = "stdout") -> Piece:
    output = {"output_type": "stream", "name": name, "text": text}
    return Piece(sort, "code", ("make()",), (output,), ("show-output",))


def _table(kind: str) -> Piece:
    item = {"kind": "table", "label": "tbl-NAME", "caption": "WORD *WORD*", **described(frame(kind))}
    return shown(f"table: {kind}", {MIME: item}, code="table(frame, name, caption)")


def _figure(sort: str, caption: str, code: str, **more) -> Piece:
    item = {"kind": "figure", "label": "fig-NAME", "caption": caption, "width": 0.1, "interactive": None,
            "place": "here", **more}
    return shown(f"show: {sort}", {MIME: item, "image/svg+xml": SVG}, code=code)


def put_out() -> list[Piece]:
    """Return the pieces that are not prose."""
    with_output = {"tags": ("show-output",)}
    styled = frame("styled").style.set_caption("WORD").to_html()
    return [
        Piece("a raw cell", "raw", ("WORD **WORD**\n\n    WORD <b>",)),
        Piece("code that is shown", "code", ('x = "WORD"  # WORD\ny = """\nWORD\n"""',), tags=("show-input",)),
        Piece("parameters that are shown", "code", ("WORD = 1",), tags=("parameters", "show-input")),
        _printed("printed text", "WORD WORD\n\tWORD\n"),
        _printed("printed text with colours", "\x1b[31mWORD\x1b[0m \x1b[1;2mWORD\x1b[K\n\x1b]0;title\x07WORD\n"),
        _printed("printed text that is written over", "10%\r20%\rWORD\nWORD\r\nNAM\x08WORD\n"),
        _printed("printed text that looks like Markdown", "# WORD\n```\nWORD\n:::\n<b>WORD</b> [WORD] $WORD$\n---\nWORD\n"),
        shown("a text", {"text/plain": "WORD\nWORD [WORD]"}, **with_output),
        shown("Markdown", {"text/markdown": "WORD **WORD**\n\n- WORD\n  - WORD\n\n| WORD | WORD |\n|---|---|\n| WORD | WORD |"}),
        shown("Markdown with headings and notes", {"text/markdown": "WORD\n## WORD\nWORD[^NAME]\n\n[^NAME]: WORD\n"}),
        shown("Markdown with a fence left open", {"text/markdown": "WORD\n```\nWORD"}, {"text/markdown": "WORD"}),
        shown("LaTeX", {"text/latex": r"$\displaystyle \text{WORD} = x$"}, {"text/latex": "$$\n\\text{WORD}\n$$"}),
        shown("LaTeX, an environment", {"text/latex": "\\begin{equation*}\n\\text{WORD}\n\\end{equation*}"}),
        shown("LaTeX, a table", {"text/latex": "\\begin{tabular}{l}\nWORD\n\\end{tabular}"}, fate="!"),
        shown("JSON", {"application/json": {"WORD": ["WORD", 1]}}, **with_output),
        shown("HTML", {"text/html": "<p>WORD <b>WORD</b><br>WORD</p><ul><li>WORD</li></ul><hr>WORD<pre>WORD</pre>"}),
        shown("HTML of headings and divs", {"text/html": "<h2>WORD</h2><div><div>WORD</div>WORD</div><span>WORD</span>"}),
        shown("HTML with a picture", {"text/html": f'<img src="data:image/png;base64,{PNG}" alt="NAME"> WORD'}),
        shown("HTML with styles", {"text/html": "<style>.NAME {color: red}</style><p class='NAME'>WORD</p>"}),
        shown("HTML with a plain text beside it", {"text/html": "<style>a{}</style><div class='sk-text-repr-fallback'>"
               "<pre>NAME</pre><b>for eyes with styles</b></div>", "text/plain": "WORD"}, **with_output),
        shown("HTML with details and keys", {"text/html": "<details><summary>WORD</summary>WORD</details><kbd>WORD</kbd> "
               "<mark>WORD</mark> <u>WORD</u> <q>WORD</q> <section>WORD</section> <font color='red'>WORD</font>"}),
        shown("HTML with entities and signs", {"text/html": "WORD&nbsp;WORD &lt;WORD&gt; $WORD$ *WORD* # WORD @WORD {{ WORD}}"}),
        shown("HTML with a formula", {"text/html": "<p>$\\text{WORD}$</p>"}),
        shown("HTML with a form", {"text/html": "<p>WORD</p><input value='WORD'><button>WORD</button>"}, fate="!"),
        shown("HTML with a script", {"text/html": "<p>WORD</p><script>x()</script>"}, fate="!"),
        shown("HTML with a drawing", {"text/html": "<svg width='9'><text>NAME</text></svg> WORD"}),
        shown("a frame", {"text/html": frame("plain").to_html(), "text/plain": "x"}),
        shown("a frame with levels", {"text/html": frame("levels").to_html(), "text/plain": "x"}),
        shown("a styled frame", {"text/html": styled, "text/plain": "x"}),
        shown("a picture", {"image/png": PNG, "text/plain": "x"}, {"image/svg+xml": SVG}, {"text/markdown": "WORD"}),
        shown("a widget", {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "WORD"}, fate="!"),
        shown("JavaScript", {"application/javascript": "WORD"}, fate="!"),
        *map(_table, ("plain", "index", "levels", "series", "empty", "wide")),
        _figure("a caption of the code", "old", 'show(fig, label="fig-NAME", caption="WORD $\\\\text{WORD}$[^n]\\n\\n[^n]: WORD")'),
        _figure("a caption made at run time", "WORD **WORD** `WORD` [WORD](https://example.org) {{ word}}", "show(fig, name, caption)"),
        _figure("a place of its own", "WORD", "show(fig, name, caption)", place="top"),
        _figure("a long caption", " ".join(["WORD"] * 40), "show(fig, name, caption)"),
        _figure("a caption with a list", "WORD\n\n- WORD\n- WORD", "show(fig, name, caption)"),
    ]  # fmt: skip
