"""What has no effect is told of, once and at its line; what has one is not.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from pathlib import Path

import pytest

from reporting.errors import ReportErrors
from reporting.read.percent import parse_chapter
from reporting.read.preflight import preflight
from reporting.read.remarks import remarks


def said(text):
    return remarks([parse_chapter(Path("c.py"), "# %% [markdown]\n# Text.\n\n" + text)])


@pytest.mark.parametrize("text, words", [
    ("# %% [markdown]\n# ---\n# title: a\n# ---\n", "c.py:5: a header of YAML is printed as text"),
    ("# %% Load the data\nx = 1\n", "c.py:4: a title behind # %% is not printed"),
    ("# %% Load\nx = 1\n\n# %% [markdown] Say\n# y\n\n# %% Go tags=['hide-input']\nx = 2\n",
     "c.py: lines 4, 7 and 10: a title behind # %%"),
    ('# %% tags=["show_output"]\nx = 1\n', "c.py:4: there is no tag show_output; it is show-output"),
    ('# %% tags=["Show-Output"]\nx = 1\n', "it is show-output"),
    ('# %% tags=["hide_input"]\nx = 1\n', "it is hide-input"),
    ('# %% tags=["show-ouput"]\nx = 1\n', "it is show-output"),
    ('# %% tags=["parameter"]\nx = 1\n', "it is parameters"),
    ('# %% tags=["remove-input"]\nx = 1\n', "the tag remove-input has no effect here; write hide-input"),
    ('# %% tags=["remove_output"]\nx = 1\n', "no effect here; write hide-output"),
    ('# %% tags=["remove-cell"]\nx = 1\n', "no effect here; write hide-input and hide-output"),
    ('# %% tags=["skip-execution"]\nx = 1\n', "no effect here; take the cell out"),
    ('# %% tag=["show-output"]\nx = 1\n', "there is no option tag; it is tags"),
    ("# %% show-output=true\nx = 1\n", "show-output is no option; write show-output in tags=["),
    ("# %% tags=[show-output]\nx = 1\n", "c.py:4: 'tags=[show-output]' behind # %% is not understood"),
    ("# %% [Markdown]\n# prose\n", "c.py:4: this is a cell of code and its comments"),
    ("# %% markdown\n# prose\n", "c.py:4: this is a cell of code and its comments"),
    ("# %%\nx = 1\n# %%[markdown]\n# prose\n", "c.py:6: no cell starts here"),
    ("# %%\n#| echo: false\n#| fig-cap: A curve\nx = 1\n", "c.py: lines 5 and 6: options behind #|"),
])
def test_what_has_no_effect_is_told(text, words):
    (line,) = said(text)
    assert words in line


@pytest.mark.parametrize("text", [
    '# %% tags=["parameters", "show-input", "hide-output"]\nx = 1\n', '# %% tags="show-output"\nx = 1\n',
    '# %% name="one" tags=["slow", "show"]\nx = 1\n', "# %% [markdown]\n# | a | b |\n",
    "# %%\n# | not an option\nx = 1  #| nor: this\n", '# %% {"tags": ["hide-input"]}\nx = 1\n', "#%%\nx = 1\n"])
def test_what_is_in_order_is_not_told(text):
    assert said(text) == []


def test_a_chapter_that_no_braces_can_name():
    first = parse_chapter(Path("01 my chapter.py"), "# %%\nrecord(x=1)\n")
    second = parse_chapter(Path("02_b.py"), "# %% [markdown]\n# One.\n# Two {{ 01 my chapter.x:.1f}}.\n")
    with pytest.raises(ReportErrors, match=r"02_b\.py:3: \{\{ \}\} cannot name .*\n    → rename its file"):
        preflight([first, second], None)
