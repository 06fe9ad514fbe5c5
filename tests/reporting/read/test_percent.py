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


@pytest.mark.parametrize("written", ['tags="hide-input"', "tags='hide-input, '", '{"tags": "hide-input"}'])
def test_one_tag_needs_no_list(written):
    cell = parse_chapter(Path("c.py"), f"# %%\nx = 1\n\n# %% {written}\nx = 1\n").cells[1]
    assert cell.tags == ("hide-input",)


@pytest.mark.parametrize("text, line, words", [
    ("# %%\nx = 1\n\n# %% tags=[1]\ny = 2\n", 4, "behind # %% cannot be read"),
    ('# %%\nx = 1\n\n# %% {"tags": null}\ny = 2\n', 4, "behind # %% cannot be read"),
    ("#!/usr/bin/python\n# -*- coding: latin-1 -*-\n\n# %%\n", 2, "another encoding"),
    ("# ---\n# title: A\n# jupyter:\n#   kernelspec:\n#     name: x\n# ---\n\n# %%\n", 3, "header"),
])
def test_what_jupytext_cannot_read_is_told_at_its_line(text, line, words):
    with pytest.raises(ReportError, match=rf"^c\.py:{line}: [^\n]*{words}[^\n]*\n    → [^\n]*$"):
        parse_chapter(Path("c.py"), text)


@pytest.mark.parametrize("name", ["utf8", "UTF-8", "utf_8_sig"])
def test_any_name_of_utf8_will_do(name):
    assert cells(f"# vim: fileencoding={name}\n# %%\nx = 'ä'\n") == [("code", 3, "x = 'ä'")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_files_of_other_systems(tmp_path, mark, end):
    path = tmp_path / "01 mein Käpitel.py"
    text = mark + "# %%\nx = 1\n\n# %% [markdown]\n# # Käse\n"
    path.write_bytes(text.replace("\n", end).encode())
    chapter = read_chapter(path)
    assert chapter.name == "01 mein Käpitel"
    assert [(c.kind, c.line, c.source) for c in chapter.cells] == [
        ("code", 2, "x = 1"), ("markdown", 5, "# Käse")]


def test_what_ends_no_line_in_python_shifts_none():
    odd = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
    text = f"# %%\nx = 'a{odd}b'\n\x0c\ny = 2\n\n\x0c\n# %% [markdown]\n# one{odd}two\n"
    assert cells(text) == [("code", 2, f"x = 'a{odd}b'\n\ny = 2"), ("markdown", 8, f"one{odd}two")]


def test_null_characters_are_refused(tmp_path):
    path = tmp_path / "c.py"
    path.write_bytes(b"# %%\r\nx = '\0'\r\n")
    with pytest.raises(ReportError, match=r"c\.py:2: .*null"):
        read_chapter(path)


def test_a_header_is_kept_and_shifts_no_line():
    text = ("# ---\n# title: A\n# jupyter:\n#   kernelspec:\n#     name: x\n#     display_name: x\n"
            "#     language: python\n# author: B\n# ---\n\n# %%\nx = 1\n\n# %%\ny = 2\n")
    assert cells(text) == [("raw", 1, "---\ntitle: A\nauthor: B\n---"), ("code", 12, "x = 1"),
                           ("code", 15, "y = 2")]


def test_cells_of_another_language_and_raw_cells():
    text = ('# %% language="bash"\n# echo one\n# echo two\n\n# %%\nx = 1\n\n'
            '# %% [raw] format="text/latex"\n# x\n\n# %% [raw] raw_mimetype="text/html"\n"""\nx\n"""\n')
    found = parse_chapter(Path("c.py"), text).cells
    assert [(c.kind, c.line, c.source, c.format) for c in found] == [
        ("code", 1, "%%bash\necho one\necho two", ""), ("code", 6, "x = 1", ""),
        ("raw", 9, "x", "text/latex"), ("raw", 13, "x", "text/html")]


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
