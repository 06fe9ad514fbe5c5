"""Apostrophes and quotes, the same in PDF and page: none is a prime, and none opens what closes nowhere.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import re

import pypdf
import pytest

from reporting.read.percent import parse_chapter
from reporting.settings import Settings
from reporting.store import Store
from reporting.write.html import to_html
from reporting.write.pdf import typeset
from reporting.write.pieces import Part
from reporting.write.stitch import stitch

# Most stand before the end of "the dogs'", which pandoc alone would take for a closing quote.
KINDS = [
    ("CIFAR-10's", "CIFAR-10’s"), ("50%'s dogs'", "50%’s dogs’"), ("(them)'s dogs'", "(them)’s dogs’"),
    ("*it*'s dogs'", "it’s dogs’"), ("**it**'s dogs'", "it’s dogs’"), ("__it__'s dogs'", "it’s dogs’"),
    ("`code`'s dogs'", "code’s dogs’"), ("{{ n}}'s dogs'", "7’s dogs’"), ("{{ n:.1f}}'s dogs'", "7.0’s dogs’"),
    ("{{ s}}'s dogs'", "R-18’s dogs’"), ("$10$'s dogs'", "10’s dogs’"), ("[@eq-a]'s dogs'", "Eq. 1’s dogs’"),
    ("[@sec-a]'s dogs'", "A title’s dogs’"), ("[link](https://e.org/a's)'s dogs'", "link’s dogs’"), ("H~2~'s dogs'", "H2’s dogs’"),
    ("x^2^'s dogs'", "x2’s dogs’"), ("the '90s dogs'", "the ’90s dogs’"), ("'90s alone", "’90s alone"),
    ("'tis the dogs'", "’tis the dogs’"), ("O'Neil's dogs'", "O’Neil’s dogs’"),
    ('"10" and "3.5"', "“10” and “3.5”"), ("'10' and '3.5'", "‘10’ and ‘3.5’"), ('the "10"s', "the “10”s"),
    ('("10")', "(“10”)"), ('*"10"* and *\'10\'*', "“10” and ‘10’"), ('"{{ n}}" and "$10$"', "“7” and “10”"),
    ("\"10's of '20'\"", "“10’s of ‘20’”"), ("VICReg's 'own *one*'", "VICReg’s ‘own one’"), ("10's and '20'", "10’s and ‘20’"),
    (r"5\' 6\"", "5' 6\""), ("`it's 10's`", "it's 10's"), ("{{ straight}}", "5' --x"), (r"$\text{10's}$", "10’s"),
    # What typst would draw together in their stead.
    ("use --watch", "use --watch"), (r"\-\-- x", "--- x"), (r"\.\.\.", "..."), ("a-?b", "a-?b"), ("3--4 -- 5...", "3–4 – 5…"),
]  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A chapter of all kinds as PDF and as page, both as one line of text."""
    folder = tmp_path_factory.mktemp("report")
    lines = [f"{i:02}( {text} ){i:02}\n#" for i, (text, _) in enumerate(KINDS)]
    text = "# %% [markdown]\n# # A title {#sec-a}\n# $$ x = 1 $$ {#eq-a}\n#\n# " + "\n# ".join(lines) + "\n\n# %%\nmake()\n"
    path = folder / "01_a.py"
    path.write_text(text, encoding="utf-8")
    figure = {"kind": "table", "label": "tbl-a", "caption": "caption( `a`'s 10's dogs' )caption", "formats": {},
              "columns": ["head( 10's )head", "--first"], "rows": [["cell( --x 10's )cell", 1]]}
    values = {"n": 7, "s": "R-18", "straight": "5' --x"}
    settings = Settings(title="title( *A*'s 10's dogs' )title", abstract="abstract( `A`'s 10's dogs' )abstract", provenance=False)
    store = Store(folder)
    document = stitch([Part(parse_chapter(path, text), {"outputs": [[figure]], "values": values, "depends": []})], settings, store)
    made = typeset(document, settings, folder)
    pdf = " ".join(one.extract_text() for one in pypdf.PdfReader(io.BytesIO(made.pdf)).pages)
    page = to_html(document, settings, folder).decode().partition("<body>")[2]
    page = re.sub(r"<annotation.*?</annotation>|<[^>]*>", "", page).replace("&quot;", '"').replace("&#39;", "'")
    return [re.sub(r"\s+", " ", text) for text in (pdf, page)]


@pytest.mark.parametrize("number", range(len(KINDS)), ids=[text for text, _ in KINDS])
def test_prose(report, number):
    for text in report:
        found = re.search(rf"{number:02}\( (.*?) \){number:02}", text)[1]
        assert re.sub(r"[\u200b\u2060\xa0]", " ", found) == KINDS[number][1]


@pytest.mark.parametrize("place, shown", [("caption", "a’s 10’s dogs’"), ("title", "A’s 10’s dogs’"), ("abstract", "A’s 10’s dogs’"),
                                          ("head", "10’s"), ("cell", "--x 10's")])
def test_elsewhere(report, place, shown):
    """Data are shown as they are."""
    for text in report:
        assert "--first" in text and "\ue005" not in text
        assert re.search(rf"{place}\( (.*?) \){place}", text)[1] == shown
