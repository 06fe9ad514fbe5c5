"""Templates, formulas and references are found where they are, and nowhere else.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from pathlib import Path

import pytest

from reporting.errors import ReportError
from reporting.read.markdown import fill, read_prose

VALUES = {"01_a": {"x": 0.5, "n": 3, "low": -2.5, "bad": {"float": "nan"}, "word": "cat"},
          "02_b": {"x": 2.0}}


def filled(text):
    return fill(text, VALUES, "01_a", Path("a.py"), 10)


@pytest.mark.parametrize("text, expected", [
    ("{{ x:.1%}} and {{ n }}", "50.0% and 3"),
    ("{{ 02_b.x:.1f}}", "2.0"),
    ("{{ low:.1f}} but $y = {{ low:.1f}}$", "−2.5 but $y = -2.5$"),
    (r"$\frac{{a}}{b}$", r"$\frac{{a}}{b}$"),
    ("`{{ x}}` and\n```\n{{ nothing}}\n```\n", "`{{ x}}` and\n```\n{{ nothing}}\n```\n"),
    ("{{ word}}", "cat"),
])
def test_fill(text, expected):
    assert filled(text) == expected


@pytest.mark.parametrize("text, message", [
    ("one\n{{ y}}", "a.py:11: .*no cell of 01_a recorded 'y'"),
    ("{{ bad:.1f}}", "a.py:10: .*is nan"),
    ("{{ word:.1%}}", "does not fit 'cat'"),
    ("{{ 03_c.x}}", "no chapter '03_c'"),
])
def test_what_cannot_be_filled(text, message):
    with pytest.raises(ReportError, match=message):
        filled(text)


def test_formulas_with_their_lines():
    text = "Costs \\$5 and $a$.\n\n$$\nb\n$$ {#eq-b}\n\n`$c$` 3$ and 4$\n"
    prose = read_prose(text)
    assert prose.formulas == [(1, "a"), (3, "\nb\n")]
    assert prose.labels == [(5, "eq-b")]


def test_addresses_hold_no_citations():
    text = ("[a](https://m.com/@b/c) <https://y.com/@d> https://z.org/@e. me@f.org [@g](u) [h]\n\n"
            "[h]: https://z.org/@i\n")
    assert [key for _, key in read_prose(text).references] == ["g"]


def test_references():
    text = "[@fig-a; see @tbl-b, p. 3] `@code` me@example.org $@math$ \\@plain @doe2020: yes."
    assert [key for _, key in read_prose(text).references] == ["fig-a", "tbl-b", "doe2020"]
