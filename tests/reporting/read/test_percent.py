"""Cells keep their lines, whatever the author writes into them.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reporting.errors import ReportError
from reporting.read.calls import read_calls
from reporting.read.percent import find_chapters, parse_chapter, read_chapter


def cells(text):
    return [(c.kind, c.line, c.source) for c in parse_chapter(Path("c.py"), text).cells]


def test_lines_of_cells():
    text = "# %% [markdown]\n# # Title\n#\n# text\n\n# %%\n\n\nx = 1\n\n# %%\ny = 2\n"
    assert cells(text) == [("markdown", 2, "# Title\n\ntext"), ("code", 7, "\n\nx = 1"),
                           ("code", 12, "y = 2")]


def test_twin_cells_have_lines_of_their_own():
    assert [line for _, line, _ in cells("# %%\nx = 1\n\n# %%\nx = 1\n")] == [2, 5]


def test_header_quotes_and_magics():
    text = ('# ---\n# title: x\n# ---\n\n# %% [markdown]\n"""\nquoted\n"""\n\n# %%\n'
            "# %matplotlib inline\nx = 1\n")
    found = cells(text)
    assert found[-2][2] == "quoted" and found[-2][1] == 7
    assert found[-1] == ("code", 11, "%matplotlib inline\nx = 1")


def test_tags():
    text = '# %% tags=["parameters", "hide-input"]\nx = 1\n'
    assert parse_chapter(Path("c.py"), text).cells[0].tags == ("parameters", "hide-input")


def test_not_utf8_names_the_line(tmp_path):
    path = tmp_path / "c.py"
    path.write_bytes(b"# %%\nx = 1\n# \xff\n")
    with pytest.raises(ReportError, match=r"c\.py:3: .*UTF-8"):
        read_chapter(path)


def test_chapters_in_order_and_none_is_an_error(tmp_path):
    with pytest.raises(ReportError, match="no chapter"):
        find_chapters(tmp_path)
    for name in ("02_b.py", "01_a.py", "_not.py", "notes.txt"):
        (tmp_path / name).write_text("")
    assert [p.name for p in find_chapters(tmp_path)] == ["01_a.py", "02_b.py"]


SHOW = 'show(fig, label="fig-a", caption="{}", width={})  # {}\n'


def test_captions_and_formats_are_prose():
    one, two = (read_calls(SHOW.format(text, 1, "x")) for text in ("é one", "two"))
    assert one.code == two.code
    assert one.prose == {"fig-a": {"caption": "é one", "place": "here"}}
    table = 'table(f, "tbl-a", "cap", {"x": "{:.1f}"})'
    assert read_calls(table).prose == {"tbl-a": {"caption": "cap", "formats": {"x": "{:.1f}"}}}
    assert read_calls(table).code == read_calls(table.replace(".1f", ".2f")).code


BARE = 'show(fig, label="fig-a", caption="one")'


@pytest.mark.parametrize("before, after", [
    (BARE, 'show(fig, label="fig-a", caption="one", place="top")'),
    (BARE, 'show(fig, place="top", label="fig-a", caption="one")'),
    (BARE, 'show(fig, label="fig-a", caption="é",\n     place="top")'),
    ('show(\n    fig,\n    label="fig-a",\n    caption="one",  # a note\n)',
     'show(\n    fig,\n    label="fig-a",\n    caption="one",  # a note\n    place="top",\n)'),
    ('show(\n    fig,\n    label="fig-a",\n    caption="one",\n)',
     'show(\n    fig,\n    label="fig-a",\n    caption="one",\n    place="top"\n)'),
    ('show(fig, label="fig-a", caption=("one"))',
     'show(fig, label="fig-a", caption=("two"), place="auto")'),
    ('table(f, "tbl-a", "cap")', 'table(f, "tbl-a", "cap", formats={"x": "{:.1f}"})'),
    ('table(f, label="tbl-a", caption="cap")',
     'table(f, label="tbl-a", formats={"x": "{:.1f}", "y": "{}"}, caption="cap")'),
    ('%matplotlib inline\n' + BARE, '%matplotlib inline\n' + BARE[:-1] + ', place="top")'),
])
def test_optional_prose_may_be_given_or_not(before, after):
    assert read_calls(before).code == read_calls(after).code


def test_a_place_that_only_a_run_knows_is_code():
    assert read_calls(BARE).code != read_calls(BARE[:-1] + ", place=where)").code


@pytest.mark.parametrize("changed", [SHOW.format("a", 0.5, "x"), SHOW.format("a", 1, "x").strip() + "\n;",
                                     SHOW.format("a", 1, "x").replace("fig-a", "fig-b")])
def test_the_rest_of_the_call_is_code(changed):
    assert read_calls(SHOW.format("a", 1, "x")).code != read_calls(changed).code


def test_a_caption_over_several_lines_is_cut_whole():
    text = 'x = 1\nshow(fig, label="fig-a", caption="one "\n    "two")\ny = 2\n'
    other = 'x = 1\nshow(fig, label="fig-a", caption="three")\ny = 2\n'
    assert read_calls(text).code == read_calls(other).code


def test_computed_captions_and_labels_are_code():
    text = 'show(fig, label="fig-a", caption=f"{x}")'
    assert read_calls(text).code != read_calls(text.replace("{x}", "{y}")).code
    assert not read_calls("show(fig, label=name, caption='x')").complete


def test_recorded_names():
    assert read_calls("record(a=1, b=2)").recorded == {"a", "b"}
    assert not read_calls("record(**values)").complete


def test_reading_a_chapter_compiles_no_grammars(tmp_path):
    (tmp_path / "rfc3987_syntax.py").write_text("raise SystemExit('compiled')\n")
    code = "from pathlib import Path; from reporting.read.percent import parse_chapter\n" \
           "parse_chapter(Path('c.py'), '# %%\\nx = 1\\n')\n" \
           "import sys; sys.exit('rfc3987_syntax' in sys.modules)"
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", code], check=True,
                   env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"})
