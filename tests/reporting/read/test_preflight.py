"""Faults that are found before anything runs, each at its line.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from pathlib import Path

import pytest

from reporting.errors import ReportError, ReportErrors
from reporting.read.percent import parse_chapter
from reporting.read.preflight import preflight

GOOD = r"""# %% [markdown]
# # Title {#sec-a}
# See [@sec-a; @fig-a], [@tbl-w], [@euclid, p. 3] and @euclid; {{ value:.1f}}.
#
# $\operatorname*{arg\,min}_x \|x\|_F$, $\bigl(a\bigr)$, $\mathbb{1}$, $\text{if}$,
# $$ \begin{align} a &= b \\ c &= d \end{align} $$ {#eq-a}
#
# As in [@eq-a], 5 < 6 and a \\ b.
#
# | a |
# |---|
# | 1 |
#
# : Weights {#tbl-w}

# %%
record(value=1.0)
show(fig, label="fig-a", caption="See [@eq-a].")
"""


@pytest.fixture
def bibliography(tmp_path):
    path = tmp_path / "refs.bib"
    path.write_text("@book{euclid, title={Elements}}\n")
    return path


def check(text, bibliography):
    preflight([parse_chapter(Path("c.py"), text)], bibliography)


def test_a_good_chapter_passes(bibliography):
    check(GOOD, bibliography)


@pytest.mark.parametrize("old, new, line, words", [
    ("5 < 6", r"\emph{five}", 8, "outside of a formula"),
    ("5 < 6", r"$\textcolor{red}{x}$", 8, "color"),
    ("5 < 6", r"$\nosuchmacro x$", 8, "cannot convert"),
    ("5 < 6", r"$\frac{a}{b$", 8, "cannot convert"),
    ("5 < 6", r"$$a \\ b$$", 8, r"lines between \begin{aligned}"),
    (r"c &= d", r"c &= d \tag{1}", 6, "tag"),
    (r"c &= d", r"c &= d \label{x}", 6, "label"),
    ("@fig-a]", "@fig-b]", 3, "fig-b.*"),
    ("@eq-a], 5", "@eq-none], 5", 8, "eq-none"),
    ("[@euclid, p. 3]", "[@newton]", 3, "citation of newton"),
    ("value:.1f", "valve:.1f", 3, "records 'valve'"),
    ("{{ value:.1f}}", "{{value:.1f}}", 3, "space"),
    ("{{ value", "{{ 09_x.value", 3, "no chapter '09_x'"),
    ("Weights {#tbl-w}", "Weights {#tbl-w}\n# # Again {#sec-a}", 15, "sec-a is given twice"),
    ("[@eq-a].", "[@eq-b].", 18, "eq-b"),
    ("record(value=1.0)", "record(value=1.0\n", 17, "SyntaxError"),
    ("5 < 6", "![a](none.png)", 8, "no picture"),
    ("5 < 6", '<img src="x.png">', 8, "no picture x.png"),
    ("5 < 6", "<script>x</script>", 8, "<script> cannot be printed"),
    ("5 < 6", "![a](https://example.org/a.png)", 8, "not on this machine"),
    ("5 < 6", "`#panic()`{=typst}", 8, "lost in the others"),
    ("Title {#sec-a}", "Title {#sec-a} more", 2, "words behind {#sec-a}"),
    ("5 < 6", "\n#\n# :::\n#\n# 5", 10, "closes nothing"),
    ("5 < 6", "\n#\n# ::: {.callout-note}\n#\n# 5", 10, "not closed"),
    ("5 < 6", "<!-- 5", 8, "no end"),
    ("5 < 6", "$$ 5", 8, "no partner"),
    ("c &= d", r"c &= d \\ \hline", 6, "rules of an array"),
    ('label="fig-a"', 'label="figure-a"', 18, "starts with neither"),
    ('label="fig-a"', 'label="fig-a", place="left"', 18, "place 'left'"),
])
def test_faults(old, new, line, words, bibliography):
    assert GOOD.count(old) == 1
    with pytest.raises(ReportErrors) as caught:
        check(GOOD.replace(old, new), bibliography)
    told = str(caught.value)
    assert f"c.py:{line}: " in told and words.rstrip(".*") in told


@pytest.mark.parametrize("name, content, words", [
    ("a.png", b"", "a.png is empty"), ("a.tiff", b"II*\0", "a.tiff is no PNG, JPEG"), ("a.pdf", b"%PDF-1.7", "a.pdf is no PNG"),
    ("a.png", b"\xff\xd8\xff\xe0", "a.png holds a JPEG\n    → call it a.jpg"), ("a.svg", b"\xef\xbb\xbf <?xml", ""),
    ("A.JPG", b"\xff\xd8\xff\xe0", ""), ("a", b"GIF89a", ""),
])
def test_pictures_are_what_their_names_say(name, content, words, tmp_path):
    (tmp_path / name).write_bytes(content)
    chapter = parse_chapter(tmp_path / "c.py", f"# %% [markdown]\n# ![a]({name})\n")
    if words:
        with pytest.raises(ReportErrors, match=r"c\.py:2: " + words):
            preflight([chapter], None)
    else:
        preflight([chapter], None)


def test_a_bibliography_in_another_encoding(tmp_path):
    bibliography = tmp_path / "refs.bib"
    bibliography.write_bytes(b"@misc{a,\n title={M\xfcller}}")
    with pytest.raises(ReportError, match=r"refs\.bib:2: this line is not UTF-8\n    → save"):
        check(GOOD, bibliography)
    bibliography.write_bytes(b"\xef\xbb\xbf@misc{euclid,\n title={T}}")
    check(GOOD, bibliography)


def test_names_that_only_a_run_can_know_pass(bibliography):
    check(GOOD.replace("record(value=1.0)", "record(**values)"), bibliography)
    check(GOOD.replace('label="fig-a"', "label=name"), bibliography)
