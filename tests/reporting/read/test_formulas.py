r"""Formulas that pandoc alone would misprint, repaired on the way to typst.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import json

import pytest
import typst

from reporting.pandoc import pandoc

REPAIRED = [
    (r"|B|", "lr(|B|)"),
    (r"\mathbb{R}^{|B|\times d}", "bb(R)^(lr(|B|) times d)"),
    (r"\lvert x\rvert", "lr(|x|)"),
    (r"p(a|b)p(c|d)", r"p \( a \| b \) p \( c \| d \)"),
    (r"\frac{p(a|b)}{p(c|d)}", r"frac(p \( a \| b \), p \( c \| d \))"),
    (r"\|x\|_F", "lr(bar.v.double x bar.v.double)_F"),
    (r"\mathrm{KL}(p\,\|\,q)", r"upright(K L) \( p thin parallel thin q \)"),
    (r"a\;b\!c", "a thin thin b c"),
    (r"\bigl(a\bigr)", "(a)"),
    (r"\Bigl(\frac{a}{b}\Bigr)", "(a / b)"),
    (r"\operatorname{Var}(x)", r'op("Var") \( x \)'),
    (r"\operatorname*{arg\,min}_x f", 'op("arg min", limits: #true)_x f'),
    (r"\mathbbm{1}", "bb(1)"),
]


@pytest.fixture(scope="module")
def converted():
    items = [{"kind": "formula", "source": i, "text": tex} for i, (tex, _) in enumerate(REPAIRED)]
    chapter = {"name": "", "folder": "", "items": items}
    document = {"target": "typst", "absent": [], "meta": {}, "chapters": [chapter]}
    out, faults = pandoc(json.dumps(document), "-t", "typst", "--wrap=none")
    assert not faults
    return [line for line in out.split("\n") if line.startswith("$")]


@pytest.mark.parametrize("number", range(len(REPAIRED)), ids=[tex for tex, _ in REPAIRED])
def test_repaired(converted, number):
    assert converted[number] == f"${REPAIRED[number][1]}$"


def test_typst_takes_them(converted, tmp_path):
    path = tmp_path / "formulas.typ"
    path.write_text("\n\n".join(converted), encoding="utf-8")
    assert typst.compile(str(path), format="pdf").startswith(b"%PDF")
