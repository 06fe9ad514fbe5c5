"""What of a cell and of its outputs reaches the page.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from pathlib import Path

import pytest
from fake_report import told

from reporting.errors import ReportErrors
from reporting.pandoc import Fault
from reporting.read.percent import parse_chapter
from reporting.settings import Settings
from reporting.store import Store
from reporting.write.document import refuse
from reporting.write.pieces import Part
from reporting.write.stitch import stitch

OUTPUTS = [{"kind": "stdout", "data": "printed\n"}, {"kind": "text", "data": "repr"},
           {"kind": "markdown", "data": "said **so**"}]
ENVIRONMENT = {"python": "3.11.7", "device": "A device", "packages": {"torch": "2.15.0"}}
TABLE = {"kind": "table", "label": "tbl-a", "caption": "old", "formats": {"share": "{:.0%}"},
         "columns": ["name", "share", "n"],
         "rows": [["a|b", 0.25, 3], ["c", {"float": "nan"}, -1], ["d", {"float": "inf"}, None]]}
FIGURE = {"kind": "figure", "label": "fig-a", "caption": "", "width": 1, "svg_file": "a.svg", "place": "top"}


def stitched(text, outputs, settings=None, **result):
    chapter = parse_chapter(Path("01_a.py"), text)
    result = {"outputs": [outputs], "values": {"x": 0.5}, "depends": [], "date": "2026-01-02 03:04",
              "seconds": 61, "environment": ENVIRONMENT, **result}
    return stitch([Part(chapter, result)], settings or Settings(), Store(Path("results")))


def items(document, kind):
    return [item for chapter in document.chapters for item in chapter["items"] if item["kind"] == kind]


def refused(*arguments):
    with pytest.raises(ReportErrors) as caught:
        stitched(*arguments)
    return str(caught.value)


@pytest.mark.parametrize("tags, show_code, seen, folded", [
    ("", False, ["said **so**"], [True]),
    ('tags=["show-output"]', False, ["printed", "repr", "said **so**"], [True]),
    ('tags=["hide-output"]', False, [], [True]),
    ('tags=["show-input"]', False, ["said **so**"], [False]),
    ('tags=["hide-input"]', False, ["said **so**"], []),
    ("", True, ["said **so**"], [False]),
    ('tags=["hide-input"]', True, ["said **so**"], []),
])
def test_tags(tags, show_code, seen, folded):
    document = stitched(f"# %% {tags}\nx = 1\n", OUTPUTS, Settings(show_code=show_code, provenance=False))
    code = [item for item in items(document, "code") if item["language"] == "python"]
    assert [item["folded"] for item in code] == folded and all(item["text"] == "x = 1" for item in code)
    assert [text for text in ("printed", "repr", "said **so**") if text in told(document)] == seen


def test_tables():
    (table,) = items(stitched("# %%\nmake()\n", [TABLE]), "table")
    assert table["caption"] == "old" and table["align"] == "lrr"
    assert table["rows"] == [["a|b", "25%", "3"], ["c", "–", "−1"], ["d", "∞", "–"]]


def test_captions_and_formats_come_from_the_text():
    call = 'table(f, label="tbl-a", caption="now {{ x:.1f}}", formats={"share": "{:.2f}"})'
    (table,) = items(stitched(f"# %%\n{call}\n", [TABLE]), "table")
    assert table["caption"] == "now 0.5" and table["rows"][0][1] == "0.25"


def test_what_the_text_does_not_say_any_more_is_forgotten():
    (table,) = items(stitched('# %%\ntable(f, label="tbl-a", caption="now")\n', [TABLE]), "table")
    assert table["rows"][0][1] == "0.25"
    for call, place in (('show(f, "fig-a", "")', None), ('show(f, "fig-a", "", **more)', "top")):
        (figure,) = items(stitched(f"# %%\n{call}\n", [FIGURE]), "figure")
        assert figure.get("place") == place


@pytest.mark.parametrize("formats, words", [
    ('{"share": "{:.0q}"}', "format '{:.0q}' does not fit 0.25"),
    ('{"share": "{:.0%"}', "does not fit 0.25"),
    ('{"name": "{:.1f}"}', "does not fit 'a|b'"),
    ('{"size": "{:.1f}"}', "size"),
])
def test_formats_that_do_not_fit(formats, words):
    said = refused(f'# %%\nx = 1\ntable(f, label="tbl-a", caption="c", formats={formats})\n', [TABLE])
    assert "01_a.py:3: tbl-a: " in said and words in said


def test_what_cannot_be_printed_is_told_all_at_once_and_a_tag_hides_it():
    outputs = [{"kind": "refused", "what": "<script>", "remedy": "show a picture"},
               {"kind": "html", "data": "<p>old</p><video src='a.mp4'></video>"},
               {"kind": "markdown", "data": "a\n\n\\emph{b} ![](https://example.org/a.png)"}]
    said = refused("# %%\nfilms()\n", outputs)
    assert said.count("01_a.py:2: ") == 4
    assert all(what in said for what in ("<script>", "<video a.mp4>", r"\emph", "https://example.org/a.png"))
    assert not items(stitched('# %% tags=["hide-output"]\nfilms()\n', outputs), "html")


def test_a_label_shown_twice_is_told_where_it_is_shown():
    said = refused('# %%\nfor x in y:\n    show(f, "fig-a", "")\n', [FIGURE, FIGURE])
    assert "01_a.py:3: fig-a is shown twice" in said
    said = refused("# %%\nfor x in y:\n    show(f, name, caption)\n", [{**FIGURE, "line": 3}] * 2)
    assert "01_a.py:4: fig-a is shown twice" in said


def test_a_caption_made_by_code_is_held_to_what_prose_is_held_to():
    said = refused("# %%\nshow(f, name, caption)\n", [{**FIGURE, "caption": "<iframe src='x'></iframe>"}])
    assert "01_a.py:2: its caption: <iframe" in said


def test_a_drawing_that_links_to_something_is_refused():
    said = refused('# %%\nx = 1\nshow(f, "fig-a", "")\n', [{**FIGURE, "linked": "http://x.org/a.png"}])
    assert "01_a.py:3: a drawing links to http://x.org/a.png" in said


def test_faults_are_told_at_the_line_of_the_chapter():
    text = "# %% [markdown]\n# a\n# ## b\n# c\n# ## d [@sec-none]\n# e\n"
    document = stitched(text, [], Settings(provenance=False))
    found = [Fault(0, 4, "", "by its line"), Fault(0, 0, "@sec-none", "by what it says"), Fault(0, 0, "none such", "by neither")]
    with pytest.raises(ReportErrors) as caught:
        refuse(found, document, Path("."))
    assert [(error.line, error.message) for error in caught.value.errors] == [
        (4, "by its line"), (5, "by what it says"), (2, "by neither")]


def test_provenance():
    depends = [{"name": "w.pt", "file": True, "fingerprint": "0123456789abcdef"}]
    text = stitched("# %%\nx = 1\n", [], depends=depends).provenance
    assert "2026-01-02 on A device, 01 a (1 min)" in text
    assert "w.pt (`0123456789ab`)" in text and "torch 2.15.0" in text
    assert not stitched("# %%\nx = 1\n", [], Settings(provenance=False)).provenance


def test_every_piece_leads_back_to_its_line():
    document = stitched("# %% [markdown]\n# One\n\n# %% [markdown]\n# Two\n", [], Settings(provenance=False))
    assert [document.sources[item["source"]][:2] for item in items(document, "markdown")] == \
        [(Path("01_a.py"), 2), (Path("01_a.py"), 5)]
