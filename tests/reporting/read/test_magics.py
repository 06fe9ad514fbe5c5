"""Magics are told from comments, and the code that they hold is code.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import ast
from pathlib import Path

import pytest

from reporting.errors import ReportErrors
from reporting.plan.imports import read_imports
from reporting.read.calls import read_calls
from reporting.read.magics import Misplaced, parse_cell, uncommented
from reporting.read.percent import parse_chapter
from reporting.read.preflight import preflight


def cell(*lines):
    return "\n".join(lines)


@pytest.mark.parametrize("source, line", [
    (cell("%%time", "", 'show(fig, "fig-a", "c")'), 3),
    (cell("", "%%capture kept", "%%prun -s cumulative", "x = 1", 'show(fig, "fig-a", "c")'), 5),
    (cell("%%nobody_knows it", 'show(fig, "fig-a", "c")'), 2),
    (cell("%%timeit -n 3 -r 1 fig = draw()", "pass", "if fig:", '    show(fig, "fig-a", "c")'), 4),
    (cell("", "%timeit -n 1 pass", '%time show(fig, "fig-a", "c")'), 3),
    (cell("with x:", '    y = %time show(fig, "fig-a", "c")'), 2),
    (cell('%lprun -f show show(fig, "fig-a", "c")'), 1),
    (cell("!ls \\", "  -l", "files = !ls", 'show(fig, "fig-a", "c")'), 4),
    (cell("x = 1", "get_ipython().run_cell_magic('time', '', 'y = 2\\nshow(1, \"fig-a\", \"c\")')"), 2),
    (cell("get_ipython().run_line_magic(x, y)", "%run", 'show(1, "fig-a", "c")'), 3),
    (cell("%matplotlib inline", 'show(fig, "fig-a", "c")'), 2),
])
def test_labels_below_and_behind_magics_are_found_at_their_lines(source, line):
    assert read_calls(source).labels == {"fig-a": line}


def test_prose_below_a_magic_is_prose_and_the_magic_counts():
    source = cell("%%time", 'show(fig, "fig-a", "one")', "record(top=3)")
    calls = read_calls(source)
    assert calls.recorded == {"top"} and calls.prose["fig-a"]["caption"] == "one"
    assert calls.code == read_calls(source.replace("one", "two")).code
    assert calls.code == read_calls(source.replace("record", "# a note\nrecord")).code
    for changed in (source.replace("%%time", "%%timeit"), source.replace("%%time", "%%time -x"),
                    source.replace("3", "4"), source.replace("%%time\n", "")):
        assert calls.code != read_calls(changed).code
    timed = '%time show(fig, "fig-a", "one")'
    assert read_calls(timed).code == read_calls(timed.replace("one", "two")).code


@pytest.mark.parametrize("source", [
    cell("%%time", "import helped"), cell("%%timeit -n 2 import helped", "helped.f()"),
    cell("%time import helped"), cell("%%capture", "%%time", "from helped import f"),
    cell("%run helped.py"), cell("%run -i 'helped.py' --fast"), cell("%run -m helped")])
def test_modules_in_magics_are_followed(tmp_path, source):
    (tmp_path / "helped.py").write_text("x = 1\n")
    chapter = parse_chapter(tmp_path / "01_a.py", "# %%\n" + source + "\n")
    assert list(read_imports(chapter, tmp_path).modules) == [tmp_path / "helped.py"]


@pytest.mark.parametrize("name", ["bash", "html", "javascript", "writefile a.py", "python3", "sql"])
def test_text_of_other_languages_counts_as_text(name):
    source = cell(f"%%{name}", "record(a=1)")
    assert not read_calls(source).recorded
    assert read_calls(source).code != read_calls(source + "  # a note").code
    assert read_calls(source).code != read_calls(source.replace(name, "perl")).code


def test_what_is_no_python_below_an_unknown_magic_is_text():
    source = cell("%%of_another_tongue", "select * from there")
    assert isinstance(parse_cell(source).body[0].value, ast.Call)


def test_bad_syntax_below_a_magic_is_told_at_its_line():
    with pytest.raises(SyntaxError) as told:
        parse_cell(cell("", "%%time", "x = 1", "y = = 2"))
    assert told.value.lineno == 4


@pytest.mark.parametrize("source, line", [
    (cell("# a note", "%%time", "x = 1"), 2), (cell("%%capture", "x = 1", "%%time", "y = 1"), 3),
    (cell("x = 1", "", "%%bash", "ls -l"), 3)])
def test_a_cells_magic_further_down_is_refused(source, line):
    with pytest.raises(Misplaced) as told:
        parse_cell(source)
    assert told.value.lineno == line
    chapter = parse_chapter(Path("c.py"), "# %%\nz = 0\n\n# %%\n" + source + "\n")
    with pytest.raises(ReportErrors, match=rf"c\.py:{line + 4}: UsageError: Line magic function `%%\w+` "
                                           r"not found\.\n    → a magic with %% stands on"):
        preflight([chapter], None)


@pytest.mark.parametrize("source", [
    cell("x = (5", "%3)"), cell("text = '''", "%%time", "!ls", "'''"), cell("x = 1", "y = x != 2")])
def test_python_is_left_as_it_is(source):
    assert ast.dump(parse_cell(source)) == ast.dump(ast.parse(source))


@pytest.mark.parametrize("comment, magic", [
    ("# %matplotlib inline", "%matplotlib inline"), ("#%time f()", "%time f()"),
    ("# %%time", "%%time"), ("    # %timeit -n 1 f()", "    %timeit -n 1 f()"),
    ("# !ls -l", "!ls -l"), ("# files = !ls", "files = !ls"), ("# t = %timeit -o f()", "t = %timeit -o f()"),
    ("# !ls \\\n#   -l\n# a note", "!ls \\\n  -l\n# a note"),
    ("x = [f()]\n# %time f(\n", "x = [f()]\n# %time f(\n"), ("x = [f()]\n# %time f()", "x = [f()]\n%time f()"),
    ("x = [\n    f()]\n# !ls", "x = [\n    f()]\n!ls"),
    ("# %%bash\n# !see below\nls", "%%bash\n# !see below\nls")])
def test_commented_magics_are_magics(comment, magic):
    assert uncommented(comment) == magic


@pytest.mark.parametrize("comment", [
    "# copy the frame, so that the raw one stays", "# ls", "# cd into the folder", "# echo", "# what?",
    "# ?", "# %timeit is what we use here", "# %d is the day", "# %Y-%m-%d", "# % of all", "# %",
    "# ! not this", "# 5 %time", "x = 1  # %time f()", "# %% a title", "# # %time f()",
    "f(\n    # %time f()\n    1)", "text = '''\n# %time f()\n# !ls\n'''", "# !", "x = '# !ls'"])
def test_other_comments_stay_comments(comment):
    assert uncommented(comment) == comment


def test_a_header_may_say_that_comments_are_no_magics():
    text = "# ---\n# jupyter:\n#   jupytext:\n#     comment_magics: {}\n# ---\n\n# %%\n# %time f()\n"
    sources = [parse_chapter(Path("c.py"), text.format(said)).cells[-1].source
               for said in ("true", "false")]
    assert sources == ["%time f()", "# %time f()"]
