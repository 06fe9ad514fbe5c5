r"""Formulas that pandoc alone would misprint, repaired on the way to typst.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import json
import re

import pytest
import typst
from matplotlib._mathtext_data import tex2uni

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
    (r"A \cap B \otimes \text{sect}", 'A inter B times.o upright("sect")'),
    (r"\llbracket x \rrbracket", "bracket.l.stroked x bracket.r.stroked"),
    (r"\begin{vmatrix} a \end{vmatrix} \begin{Vmatrix} b \end{Vmatrix}",
     'mat(delim: "|", a) mat(delim: "‖", b)'),
    (r"R \& D", r"R \& D"),
    (r"a = \begin{cases} 1 \\ 2 \end{cases} + b", 'a = cases(delim: "{", 1 & , 2) + b'),
    (r"\begin{cases} 1 & \text{a \& b} \\ 2 & y \\ \end{cases}",
     'cases(delim: "{", 1 & quad upright("a & b"), 2 & quad y)'),
    (r"\left\{\begin{aligned}[t] a &= b \\[2pt] &= \begin{pmatrix} c & d \end{pmatrix} \end{aligned}\right.",
     r'mat(delim: #("{", none), row-gap: #0.65em, display(a) & display(= b); & display(= mat(delim: "(", c, d)))'),
    (r"x = \begin{aligned} a \\ b \end{aligned} + c", "x = mat(delim: #none, row-gap: #0.65em, display(a); display(b)) + c"),
    (r"\begin{aligned} a &= b \\ &= c \end{aligned}.", "a & = b\\\n & = c ."),
    (r"\begin{aligned} a &= b, & c &= d \\ e &= \& & f &= g, && h \end{aligned}",
     "a & = b \\, #h(2em) & c & = d\\\ne & = \\& #h(2em) & f & = g \\, #h(2em) &  & h"),
    (r"x = \begin{aligned} a &= \begin{pmatrix} 1 & 2 & 3 \end{pmatrix} & b &= {c} \end{aligned}",
     'x = mat(delim: #none, row-gap: #0.65em, display(a) & display(= mat(delim: "(", 1, 2, 3) #h(2em)) & display(b) & display(= c))'),
    (r"\begin{alignedat}{2} a &= b, &\quad c &= d \end{alignedat}", "a & = b \\, & quad c & = d"),
    (r"\left. \begin{array}{lr} a & b \\ c & d \end{array} \right| e",
     'mat(delim: #(none, "|"), column-gap: #1em, & a, b &; & c, d &) e'),
    (r"\begin{matrix} & 1 \\ 2 & \end{matrix}", 'mat(delim: #none, "", 1; 2, )'),
    (r"\begin{aligned} a &= b \\ &= \begin{matrix} c \\ d \end{matrix} \end{aligned}",
     "a & = b\\\n & = mat(delim: #none, c; d)"),
]


def to_typst(formulas: list[str]) -> tuple[list[str], set[int]]:
    """Return each formula as pandoc writes it, and which ones it cannot convert."""
    items = [{"kind": "formula", "source": i, "text": tex} for i, tex in enumerate(formulas)]
    chapter = {"name": "", "folder": "", "items": items}
    document = {"target": "typst", "absent": [], "meta": {}, "chapters": [chapter]}
    out, faults = pandoc(json.dumps(document), "-t", "typst", "--wrap=none")
    pieces = re.split(r"#metadata\(\d+\) <source>\n", out)[1:]
    return [piece.strip() for piece in pieces], {fault.source for fault in faults}


@pytest.fixture(scope="module")
def converted():
    out, refused = to_typst([tex for tex, _ in REPAIRED])
    assert not refused
    return out


@pytest.mark.parametrize("number", range(len(REPAIRED)), ids=[tex for tex, _ in REPAIRED])
def test_repaired(converted, number):
    assert converted[number] == f"${REPAIRED[number][1]}$"


def test_typst_takes_them(converted, tmp_path):
    path = tmp_path / "formulas.typ"
    path.write_text("\n\n".join(converted), encoding="utf-8")
    assert typst.compile(str(path), format="pdf").startswith(b"%PDF")


def test_typst_knows_every_sign_that_pandoc_writes():
    names = sorted(name for name in tex2uni if re.fullmatch("[A-Za-z]+", name))
    assert len(names) > 500
    out, refused = to_typst([rf"\{name}{{x}}" for name in names])
    assert len(refused) < len(names) / 4
    typst.compile("\n\n".join(text for i, text in enumerate(out) if i not in refused).encode(), format="pdf")
