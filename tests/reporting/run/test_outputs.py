"""What is kept of printed text, and what is told of a run.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from pathlib import Path

import pytest
from nbformat.v4 import new_output

from reporting.read.percent import parse_chapter
from reporting.read.remarks import remarks_of_run
from reporting.run.outputs import collect

CHAPTER = parse_chapter(Path("c.py"), "# %%\nx = 1\n\n# %%\ny = 2\n")


def kept(*pieces):
    """Collect (stream, text) pairs of one cell."""
    outputs = [new_output("stream", name=name, text=text) for name, text in pieces]
    return [(item["kind"], item["data"]) for item in collect([outputs])["outputs"][0]]


def test_streams_are_kept_in_order_and_joined():
    assert kept(("stdout", "a"), ("stdout", "b\n"), ("stderr", "c\n"), ("stdout", "d")) == [
        ("stdout", "ab\n"), ("stderr", "c\n"), ("stdout", "d")]


@pytest.mark.parametrize("printed, stored", [
    ("x\r", "x\r"), ("10%\r20%\r", "20%\r"), ("10%\r20%", "10%\r20%"), ("100%\r20%\rx", "20%%\rx"),
    ("one\r\ntwo\r\n", "one\r\ntwo\r\n"), ("a\rb\rc\nd\re\rf\n", "b\rc\ne\rf\n")])
def test_of_a_rewritten_line_two_states_are_kept(printed, stored):
    assert kept(("stdout", printed)) == [("stdout", stored)]
    assert kept(*(("stdout", letter) for letter in printed))[0][1].rstrip("\r") == stored.rstrip("\r")


@pytest.mark.parametrize("place", ["/any/where/ipykernel_12/345.py:3: ", "/a b/site-packages/c.py:17: ",
                                   r"C:\Temp\ipykernel_1\2.py:3: ", "<timed exec>:2: "])
def test_where_a_warning_arose_is_left_out(place):
    text = "{}UserWarning: beware\n  f()\n{}MyWarning: y\n"
    assert kept(("stderr", text.format(place, place))) == [("stderr", text.format("", ""))]
    assert kept(("stdout", text.format(place, place))) == [("stdout", text.format(place, place))]
    assert kept(("stderr", f"{place}no such file\n")) == [("stderr", f"{place}no such file\n")]


def test_characters_that_fonts_lack_are_told_at_the_cells_line():
    warning = "/any/where/ipykernel_1/2.py:3: UserWarning: Glyph {} (\\N{{X}}) missing from font(s) {}.\n  f()\n"
    text = "".join(warning.format(*pair) for pair in [(26085, "A"), (26412, "A"), (26085, "A"), (960, "B, C")])
    result = collect([[], [new_output("stream", name="stderr", text=text)]])
    first, second = remarks_of_run(CHAPTER, result)
    assert first.startswith("c.py:5: a figure lacks 日 本, which the font A does not have")
    assert second.startswith("c.py:5: a figure lacks π, which the font B, C does not have")
    assert remarks_of_run(CHAPTER, {"outputs": []}) == []  # of an older builder
    assert remarks_of_run(parse_chapter(Path("c.py"), "# %%\nx = 1\n"), result) == []
