"""What of a cell and of its outputs reaches the page.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from pathlib import Path

import pytest

from reporting.errors import ReportError
from reporting.read.percent import parse_chapter
from reporting.settings import Settings
from reporting.store import Store
from reporting.write.stitch import Part, stitch

OUTPUTS = [{"kind": "stdout", "data": "printed\n"}, {"kind": "text", "data": "repr"},
           {"kind": "markdown", "data": "said **so**"}]
ENVIRONMENT = {"python": "3.11.7", "device": "A device", "packages": {"torch": "2.15.0"}}
TABLE = {"kind": "table", "label": "tbl-a", "caption": "old", "formats": {"share": "{:.0%}"},
         "columns": ["name", "share", "n"],
         "rows": [["a|b", 0.25, 3], ["c", {"float": "nan"}, -1], ["d", {"float": "inf"}, None]]}


def stitched(text, outputs, settings=None, tmp_path=None, **result):
    chapter = parse_chapter(Path("01_a.py"), text)
    result = {"outputs": [outputs], "values": {"x": 0.5}, "depends": [], "date": "2026-01-02 03:04",
              "seconds": 61, "environment": ENVIRONMENT, **result}
    return stitch([Part(chapter, result)], settings or Settings(), Store(Path("results"))).markdown


@pytest.mark.parametrize("tags, show_code, seen, unseen", [
    ("", False, ["said **so**", "report-code"], ["printed", "repr"]),
    ('tags=["show-output"]', False, ["printed", "repr"], []),
    ('tags=["hide-output"]', False, [], ["said", "printed"]),
    ('tags=["show-input"]', False, ["```python\nx = 1"], ["report-code"]),
    ('tags=["hide-input"]', False, ["said"], ["x = 1"]),
    ("", True, ["```python\nx = 1"], ["report-code"]),
    ('tags=["hide-input"]', True, ["said"], ["x = 1"]),
])
def test_tags(tags, show_code, seen, unseen):
    text = stitched(f"# %% {tags}\nx = 1\n", OUTPUTS, Settings(show_code=show_code))
    assert all(piece in text for piece in seen)
    assert not any(piece in text for piece in unseen)


def test_tables():
    text = stitched("# %%\nmake()\n", [TABLE])
    assert r"""::: {#tbl-a .report-table}
old

| name | share | n |
|:--|--:|--:|
| a\|b | 25% | 3 |
| c | – | −1 |
| d | ∞ | – |
:::""" in text


def test_captions_and_formats_come_from_the_text():
    call = 'table(f, label="tbl-a", caption="now {{ x:.1f}}", formats={"share": "{:.2f}"})'
    text = stitched(f"# %%\n{call}\n", [TABLE])
    assert "\nnow 0.5\n" in text and "| 0.25 |" in text and "old" not in text.split(":::")[1]


def test_what_the_text_does_not_say_any_more_is_forgotten():
    call = 'table(f, label="tbl-a", caption="now")'
    assert "| 0.25 |" in stitched(f"# %%\n{call}\n", [TABLE])
    figure = {"kind": "figure", "label": "fig-a", "caption": "", "width": 1, "svg_file": "a.svg",
              "place": "top"}
    for call, place in (('show(f, "fig-a", "")', False), ('show(f, "fig-a", "", **more)', True)):
        assert ('place="top"' in stitched(f"# %%\n{call}\n", [figure])) == place


@pytest.mark.parametrize("formats, words", [
    ('{"share": "{:.0q}"}', "format '{:.0q}' does not fit 0.25"),
    ('{"share": "{:.0%"}', "does not fit 0.25"),
    ('{"name": "{:.1f}"}', "does not fit 'a|b'"),
    ('{"size": "{:.1f}"}', "formats names 'size', the columns are name, share, n"),
])
def test_formats_that_do_not_fit(formats, words):
    with pytest.raises(ReportError) as caught:
        stitched(f'# %%\nx = 1\ntable(f, label="tbl-a", caption="c", formats={formats})\n', [TABLE])
    assert "01_a.py:3: tbl-a: " in str(caught.value) and words in str(caught.value)


def test_provenance():
    depends = [{"name": "w.pt", "file": True, "fingerprint": "0123456789abcdef"}]
    text = stitched("# %%\nx = 1\n", [], depends=depends)
    assert "01 a (2026-01-02, A device, 1 min)" in text
    assert "w.pt (`0123456789ab`)" in text and "torch 2.15.0" in text
    assert "Provenance" not in stitched("# %%\nx = 1\n", [], Settings(provenance=False))


def test_every_cell_leads_back_to_its_line():
    chapter = parse_chapter(Path("01_a.py"), "# %% [markdown]\n# One\n\n# %% [markdown]\n# Two\n")
    document = stitch([Part(chapter, {"outputs": [], "values": {}, "depends": []})], Settings(),
                      Store(Path("results")))
    assert document.sources == [(Path("01_a.py"), 2), (Path("01_a.py"), 5)]
    assert document.markdown.index("// source 1") < document.markdown.index("Two")
