"""What a page does with what is too long, too wide or too tall for it, and with rare characters.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import re
from pathlib import Path

import matplotlib
import pypdf
import pytest
import typst

from reporting.errors import ReportError, ReportErrors
from reporting.read.percent import parse_chapter
from reporting.settings import Settings
from reporting.store import Store
from reporting.write.fonts import COMMON
from reporting.write.pdf import typeset
from reporting.write.pieces import Part
from reporting.write.stitch import stitch

DEJAVU = Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}"><text y="10">top</text><rect y="{}" width="9" height="9"/></svg>'


@pytest.fixture
def page(tmp_path):
    """Set one chapter's Markdown, and what its one code cell put out."""

    def page(text="", outputs=(), tags="", settings=None):
        source = f"# %% [markdown]\n# # Title\n# {text}\n\n# %% {tags}\nmake()\n"
        chapter = parse_chapter(tmp_path / "01_a.py", source)
        (tmp_path / "01_a.py").write_text(source, encoding="utf-8")
        store = Store(tmp_path)
        store.save("01_a", {"outputs": [list(outputs)]})
        result = {**store.load("01_a"), "values": {}, "depends": []}
        return typeset(stitch([Part(chapter, result)], Settings(), store), settings or Settings(), tmp_path)

    return page


def texts(made) -> list[str]:
    return [one.extract_text() for one in pypdf.PdfReader(io.BytesIO(made.pdf)).pages]


def table(columns, rows):
    return {"kind": "table", "label": "tbl-a", "caption": "A table.", "formats": {}, "columns": columns, "rows": rows}


def test_a_long_table_breaks_and_repeats_its_head(page):
    made = page(outputs=[table(["country", "value"], [[f"Country{i}", i] for i in range(150)])])
    pages = texts(made)
    assert made.pages >= 3 and all("country" in one and "value" in one for one in pages)
    rows = re.findall(r"Country(\d+)", "".join(pages))
    assert [int(row) for row in rows] == list(range(150))
    assert pages[0].index("A table.") < pages[0].index("Country0")


def test_a_short_table_stays_in_one_piece_with_its_caption(page):
    text = "Words. " * 760
    made = page(text, [table(["n"], [[i] for i in range(20)])])
    (whole,) = [one for one in texts(made) if "A table." in one]
    assert re.search(r"\n18\n19\n", whole + "\n")


def sizes(made) -> set[float]:
    """Sizes of type on all pages, in points."""
    found = set()
    for one in pypdf.PdfReader(io.BytesIO(made.pdf)).pages:
        one.extract_text(visitor_text=lambda text, cm, tm, font, size: found.add(round(size, 1)) if text.strip() else None)
    return found


@pytest.mark.parametrize("columns, smallest", [(5, 9.5), (12, 6.5)])
def test_a_wide_table_is_made_smaller(page, columns, smallest):
    made = page(outputs=[table([f"measure{i}" for i in range(columns)], [[1.5] * columns])])
    assert min(sizes(made)) == pytest.approx(smallest, abs=0.55)
    assert f"measure{columns - 1}" in texts(made)[0]


def test_what_is_too_wide_even_so_is_refused_with_its_width(page):
    with pytest.raises(ReportErrors, match=r"01_a\.py:6: a table is too wide: [\d.]+ cm in type of 6 pt, where 16.4 cm fit"):
        page(outputs=[table([f"measure_{i}" for i in range(24)], [[1.5] * 24])])
    wide = "<table><tr>" + "".join(f"<td>measure_{i}</td>" for i in range(24)) + "</tr></table>"
    with pytest.raises(ReportErrors, match=r"01_a\.py:6: a table is too wide"):
        page(outputs=[{"kind": "html", "data": wide}])


def test_long_cells_are_broken_where_short_ones_are_not(page):
    long = "many words that fill a line and more " * 8
    made = page(outputs=[table(["a_name_that_may_not_break", "text"], [["value_without_a_space", long]])])
    assert "value_without_a_space" in texts(made)[0] and min(sizes(made)) > 9


@pytest.mark.parametrize("tall", [200, 2000, 20000])
def test_a_tall_figure_is_shown_whole(page, tall):
    figure = {"kind": "figure", "label": "fig-a", "caption": "All of it.", "width": 1, "svg": SVG.format(100, tall, tall - 9)}
    made = page(outputs=[figure])
    assert made.pages <= 2 and "All of it." in "".join(texts(made))
    bare = page(outputs=[{"kind": "svg", "data": SVG.format(100, tall, tall - 9)}])
    assert "top" in "".join(texts(bare))


def test_a_damaged_picture_is_named_with_its_line(page, tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    with pytest.raises(ReportError, match=r"01_a\.py:4: the picture a\.png is damaged"):
        page("text\n# ![a](a.png)")


def test_a_citation_that_code_puts_out_is_named(page):
    with pytest.raises(ReportError, match=r"01_a\.py:6: citation of nobody, which the bibliography does not hold"):
        page(outputs=[{"kind": "markdown", "data": "See [@nobody]."}])


def test_names_of_columns_are_words_whatever_they_begin_with(page):
    names = [">50K", "1. Quarter", "- x", "<pad>", "<s>", "::: x", "``` y", "# of", "end\\"]
    text = " ".join(texts(page(outputs=[table([[name] for name in names], [list(range(9))])])))
    assert re.sub(r"\s+", "", "".join(names)) in re.sub(r"\s+", "", text)
    assert "𝑥" in texts(page(outputs=[table([["$x$"]], [["1"]])]))[0]


def test_a_title_may_begin_with_a_number(page):
    assert "2. Results" in texts(page(settings=Settings(title="2. Results", author="1. Author")))[0].replace("\n", " ")


def test_a_caption_that_leaves_no_room_is_refused(page):
    figure = {"kind": "figure", "label": "fig-a", "caption": "Words upon words. " * 600, "width": 1, "svg": SVG.format(9, 9, 0)}
    with pytest.raises(ReportErrors, match=r"01_a\.py:6: a caption of [\d.]+ cm leaves no room for its figure"):
        page(outputs=[figure])


def test_a_wide_formula_is_made_smaller_or_refused(page):
    made = page("$$" + " + ".join(f"x_{{{i}}}" for i in range(25)) + "$$")
    assert made.pages == 1 and min(sizes(made)) < 6.9
    with pytest.raises(ReportErrors, match=r"01_a\.py:2: a formula is too wide"):
        page("$$" + " + ".join(f"x_{{{i}}}" for i in range(400)) + "$$")


def test_code_without_a_space_stays_on_its_page(page):
    word = "".join(f"part{i}/" for i in range(40))
    made = page(outputs=[{"kind": "stdout", "data": word}], tags='tags=["show-output"]')
    assert word in re.sub(r"[\s\u200b]", "", texts(made)[0])
    lines = [line for line in texts(made)[0].replace("\u200b", "").split("\n") if "part" in line]
    assert len(lines) > 2 and max(map(len, lines)) < 110


def test_characters_that_no_font_has_are_told_with_their_line(page, tmp_path):
    (said,) = page("One 北京 and 🚀.").remarks
    assert said.startswith("01_a.py:3: ") or "/01_a.py:3: " in said
    assert "北 (U+5317)" in said and "fonts = [" in said
    (said,) = page("One a\u200d\N{GIRL}.").remarks
    assert "U+200D" in said and "U+005C" not in said
    (tmp_path / "report.toml").write_text('author = "A"\ntitle = "北"\n', encoding="utf-8")
    (said,) = page("京", settings=Settings(title="北")).remarks
    assert "/report.toml:2: no font has 北" in said
    assert page("Ünïcödé, γειά, Привет, – “a” → ≤ ∞ €.").remarks == ()


def test_a_font_that_is_named_is_used(page, tmp_path):
    rare = "ⴲ"  # of Tifinagh, which DejaVu Sans has
    assert page(rare).remarks
    (tmp_path / "mine.ttf").write_bytes(DEJAVU.read_bytes())
    made = page(rare, settings=Settings(fonts=("mine.ttf",)))
    assert not made.remarks and b"DejaVuSans" in made.pdf.replace(b"DejaVuSansMono", b"")


@pytest.mark.parametrize("name, words", [("none.ttf", "there is no font none.ttf"), ("No Such Family", "this system has no font"),
                                         ("01_a.ttf", "no font that typst can read")])
def test_a_font_that_is_not_there(page, tmp_path, name, words):
    (tmp_path / "01_a.ttf").write_text("no font")
    (tmp_path / "report.toml").write_text(f'title = "A"\nfonts = ["{name}"]\n')
    with pytest.raises(ReportError, match=r"report\.toml:2: .*" + words):
        page("x", settings=Settings(fonts=(name,)))


@pytest.mark.parametrize("font", ["Libertinus Serif", "DejaVu Sans Mono"])
def test_common_characters_have_a_shape_in_the_fonts_that_come_with_typst(font):
    """Those that are never looked for have one."""
    common = [chr(i) for i in range(0x20, 0x3000) if not COMMON.search(chr(i)) and chr(i).isprintable()]
    assert len(common) > 400
    text = "".join(f'#"\\u{{{ord(one):x}}}" ' for one in common)
    source = f'#set text(font: "{font}", fallback: false)\n{text}'
    typst.Compiler(source.encode(), ignore_system_fonts=True).compile(format="pdf", pdf_standards=["a-2b"])
