"""Whatever a chapter says or shows is in the PDF and on the page, or an error names its line.

Every piece has words of its own, which are looked for in what came out. VANISH_EXAMPLES=1000 tries more.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
import re
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from fake_report import Fake
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pieces import Piece, Words, put_out, written
from woven import Strand, Woven, build, errors_of, letters_of_html, letters_of_pdf, weave

from reporting.errors import ReportError, ReportErrors

REAL = Path(__file__).with_name("pieces.py.txt")
PIECES = [*written(), *put_out()]
GOOD = [piece for piece in PIECES if piece.fate == "="]
OPEN = [piece for piece in PIECES if piece.fate == "?"]
REFUSED = [piece for piece in PIECES if piece.fate in "!~"]
# Within a paragraph a picture has no caption.
CLOSE = [piece for piece in GOOD if "picture" not in piece.sort]
SEEN: Counter = Counter()

woven = settings(
    max_examples=int(os.environ.get("VANISH_EXAMPLES") or 10),
    deadline=None,
    database=None,
    phases=[Phase.generate],  # what is lost is named; to shrink the example would take minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def plans(pieces: list[Piece]):
    """Sixty pieces in any order, in one to three chapters."""
    return st.tuples(st.permutations(pieces), st.integers(1, 3)).map(
        lambda drawn: [drawn[0][i:60:drawn[1]] for i in range(drawn[1])])


def counted() -> str:
    return f"{len(SEEN)} sorts of pieces, {SEEN.total()} pieces so far"


def woven_into(folder: Path, plan: list[list[Piece]], apart: str = "\n\n") -> Woven:
    chapters = weave(folder, plan, apart)
    SEEN.update(strand.piece.sort for strand in chapters.strands)
    return chapters


def check(plan: list[list[Piece]], apart: str = "\n\n", may_refuse=lambda strand, error: False) -> None:
    """Build chapters; every word is in both files. What may be refused is left out then."""
    with tempfile.TemporaryDirectory() as name:
        chapters = woven_into(Path(name), plan, apart)
        try:
            pdf, page = build(chapters)
        except (ReportError, ReportErrors) as error:
            out = {id(strand) for one in errors_of(error) for strand in chapters.strands if may_refuse(strand, one)}
            told = all(any(may_refuse(strand, one) for strand in chapters.strands) for one in errors_of(error))
            assert told, f"refused: {error}\n{counted()}\n{text_of(chapters)}"
            left = [[strand.piece for strand in chapters.strands if strand.path == chapter.path and id(strand) not in out]
                    for chapter in chapters.chapters]
            check(left, apart, may_refuse)
            return
        lost = [f"{strand.path.name}:{strand.lines[0][0]}: {strand.piece.sort}: word {number} is not in the {where}"
                for strand in chapters.strands for number, word in enumerate(strand.words, 1)
                for where, letters in (("PDF", pdf), ("HTML", page)) if word not in letters]
        assert not lost, "\n".join([*lost, counted(), text_of(chapters)])


def text_of(chapters: Woven) -> str:
    return "\n\n".join(chapter.text for chapter in chapters.chapters)


@woven
@given(plans(GOOD))
def test_every_word_is_printed(plan):
    check(plan)


@woven
@given(plans(CLOSE))
def test_every_word_is_printed_where_no_empty_line_parts_the_pieces(plan):
    """What now belongs to the piece above may be refused, with its line: notes within notes, long rows."""
    check(plan, "\n", Strand.holds)


@pytest.mark.parametrize("piece", OPEN, ids=lambda piece: piece.sort)
def test_what_is_left_open_is_printed_or_refused(piece):
    """jupytext takes cells for a part of a fence that is closed in another cell."""
    fences = [one for one in GOOD if "fence" in one.sort]

    def is_above(strand: Strand, error: ReportError) -> bool:
        return strand.piece is piece and error.path == strand.path and strand.lines[0][0] <= error.line

    shown = next(one for one in GOOD if one.kind == "code" and one.outputs)
    check([[GOOD[0], piece, shown, GOOD[0]]], may_refuse=is_above)
    check([[GOOD[0], piece, shown, GOOD[0], *fences]], may_refuse=is_above)


def test_every_piece_is_printed_in_a_report_of_all():
    """Each chapter has all of them, so the names that pieces give are given in both."""
    check([GOOD, GOOD[::-1]])


def test_what_is_refused_is_named_with_its_line():
    for piece in REFUSED:
        with tempfile.TemporaryDirectory() as name:
            chapters = woven_into(Path(name), [[GOOD[0], piece, GOOD[0]]])
            with pytest.raises((ReportError, ReportErrors)) as caught:
                build(chapters)
                pytest.fail(f"{piece.sort} was not refused; {counted()}")
            for error in errors_of(caught.value):
                assert chapters.strands[1].holds(error), f"{piece.sort}: {error}\n{counted()}\n{text_of(chapters)}"


def test_what_cells_really_put_out_is_printed(tmp_path):
    fake, words = Fake(tmp_path), []
    text = Words().fill(REAL.read_text(encoding="utf-8"), "named", words)
    fake.write("chapters/01_squares.py", text)
    fake.write("chapters/02_table.py", "# %% [markdown]\n# # Nothing\n")
    fake.write("chapters/report.toml", 'bibliography = "refs.bib"\nprovenance = false\n')
    assert fake.build() == 0, fake.said
    found = (letters_of_pdf(fake.pdf.read_bytes()), letters_of_html((fake.out / "report.html").read_text(encoding="utf-8")))
    (over,) = re.findall(r'"(qz\w+) of a line"', text)  # and written over
    words.remove(over)
    lost = [f"{text[:text.index(word)].count(chr(10)) + 1}: {word} is not in the {where}" for word in words
            for where, letters in zip(("PDF", "HTML"), found, strict=True) if word not in letters]
    assert not lost, "\n".join([*lost, text])
    assert len(words) > 70
