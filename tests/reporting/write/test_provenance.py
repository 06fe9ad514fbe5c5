"""When, where and from what the results were made: the last thing in PDF and page, in the text's own size.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io

import pypdf
import pytest

from reporting.read.percent import parse_chapter
from reporting.settings import Settings
from reporting.store import Store
from reporting.write.freshness import made_from
from reporting.write.html import to_html
from reporting.write.pdf import typeset
from reporting.write.pieces import Part
from reporting.write.stitch import stitch

SETTINGS = Settings(bibliography="refs.bib")
# The heights of a small x in an em: DejaVu Sans Mono's, and that of Libertinus Serif.
TALL, SMALL = 0.547, 0.429


@pytest.fixture
def part(tmp_path):
    def part(name="01_a", date="2026-01-02 03:04", seconds=61):
        chapter = parse_chapter(tmp_path / f"{name}.py", "# %% [markdown]\n# # Title\n# Words [@euclid].\n")
        result = {"outputs": [], "values": {}, "date": date, "seconds": seconds,
                  "environment": {"python": "3.11.7", "device": "A device", "packages": {"torch": "2.15.0"}},
                  "depends": [{"name": "w@x.pt", "file": True, "fingerprint": "abcdef0123456789"}]}
        return Part(chapter, result)

    return part


@pytest.fixture
def document(part, tmp_path):
    def document(seconds=61):
        (tmp_path / "refs.bib").write_text("@book{euclid, title={Elements}, author={Euclid}, year={1900}}\n")
        return stitch([part(seconds=seconds)], SETTINGS, Store(tmp_path))

    return document


def test_runs_of_one_day_and_device_are_told_together(part, tmp_path):
    parts = [part("01_a"), part("02_b", "2026-01-03 00:00"), part("03_c", "2026-01-02 23:59")]
    text = stitch(parts, SETTINGS, Store(tmp_path)).provenance
    assert "Runs of the chapters: 2026-01-02 on A device, 01 a (1 min), 03 c (1 min); 2026-01-03 on A device, 02 b (1 min). " in text


def test_it_stands_below_the_references(document, tmp_path):
    (page,) = pypdf.PdfReader(io.BytesIO(typeset(document(), SETTINGS, tmp_path).pdf)).pages
    pdf = page.extract_text()
    html = to_html(document(), SETTINGS, tmp_path).decode().partition("<body>")[2]
    for text in (pdf, html):
        assert text.index("Words") < text.rindex("References") < text.index("Elements") < text.index("Provenance.") \
            < text.index("w@x.pt") < text.index("abcdef012345") < text.index("torch 2.15.0")


def test_its_words_are_as_large_as_the_text_and_its_hashes_look_no_larger(document, tmp_path):
    (page,) = pypdf.PdfReader(io.BytesIO(typeset(document(), SETTINGS, tmp_path).pdf)).pages
    sizes = {}

    def note(text, _cm, _tm, _font, size):
        sizes.update((word, size) for word in ("Words", "Runs", "abcdef012345") if word in text)

    page.extract_text(visitor_text=note)
    assert sizes["Runs"] == sizes["Words"] == pytest.approx(10)
    assert 8 * SMALL < sizes["abcdef012345"] * TALL < 1.05 * sizes["Words"] * SMALL


def test_another_run_makes_another_report(document, tmp_path):
    states = {made_from(document(seconds), SETTINGS, tmp_path, tmp_path / "report", "") for seconds in (61, 61, 3600)}
    assert len(states) == 2
