"""From chapters to a PDF, and what is left when something breaks.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import re

import pytest


def test_the_report_is_built(built):
    assert built.pdf.read_bytes().startswith(b"%PDF")
    assert "report.pdf: 1 page" in built.said


def test_nothing_is_left_behind(built):
    left = {p.relative_to(built.root).as_posix() for p in built.root.rglob("*") if p.is_file()}
    assert not [name for name in left if name.endswith((".ipynb", ".tmp"))]
    assert {name.split("/")[1] for name in left if name.startswith("report/")} == {
        "report.pdf", "results"}


FAULTS = [
    # name, (file, old, new), what is said
    ("in a cell", ("chapters/01_squares.py", "record(last", "nothing\nrecord(last"),
     r"chapters/01_squares\.py:15: NameError: name 'nothing'"),
    ("in a function of a cell",
     ("chapters/01_squares.py", "values = ",
      "def broken(x):\n    return 1 / x\n\nbroken(0)\nvalues = "),
     r"chapters/01_squares\.py:15: ZeroDivisionError[^→]*01_squares\.py:17\n[^→]*:15 in broken"),
    ("in a function of an earlier cell",
     ("chapters/01_squares.py", "import matplotlib.pyplot",
      "def broken(x):\n    return 1 / x\n\n# %%\nbroken(0)\nimport matplotlib.pyplot"),
     r"chapters/01_squares\.py:19: ZeroDivisionError[^→]*:22\n"),
    ("in a module", ("shapes/power.py", "return base", "return bass"),
     r"chapters/01_squares\.py:14: NameError: name 'bass'[^→]*shapes/curve\.py:7 in squares"
     r"[^→]*shapes/power\.py:5 in power"),
    ("a failed claim", ("chapters/01_squares.py", "record(last",
                        'assert count == 4, "the text says four"\nrecord(last'),
     r"chapters/01_squares\.py:15: AssertionError: the text says four"),
    ("a module's syntax", ("shapes/power.py", "return base", "return return base"),
     r"SyntaxError[^→]*shapes/power\.py:5"),
    ("a dead kernel", ("chapters/01_squares.py", "record(last",
                       "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\nrecord(last"),
     r"chapters/01_squares\.py:11: the kernel died"),
    ("an early end", ("chapters/01_squares.py", "record(last", "import sys; sys.exit()\nrecord(last"),
     r"chapters/01_squares\.py:11: SystemExit[^→]*→ a chapter runs"),
    ("a name that is not recorded after all",
     ("chapters/01_squares.py", "record(last=values[-1])", "if count > 9:\n    record(last=1)"),
     r"chapters/01_squares\.py:3: \{\{ last\}\}: no cell"),
    ("not a number", ("chapters/01_squares.py", "record(last=values[-1])",
                      'record(last=float("nan"))'), r"01_squares\.py:3: \{\{ last\}\} is nan"),
]


@pytest.mark.parametrize("edit, words", [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_fault_is_reported_at_its_line(fake, edit, words):
    fake.out.mkdir()
    fake.pdf.write_bytes(b"the last good one")
    (fake.chapters / "02_table.py").unlink()
    fake.edit(*edit)
    assert fake.build() == 1
    assert re.search(words, fake.said), fake.said
    assert "Traceback" not in fake.said
    assert fake.pdf.read_bytes() == b"the last good one"


def test_too_many_pages(fake):
    text = "\n".join(["# %% [markdown]", "# # Long", *["#\n# Words, words, words."] * 400])
    fake.write("chapters/03_long.py", text)
    assert fake.build() == 1
    assert re.search(r"the report has \d+ pages, 3 are allowed", fake.said)
    assert re.search(r"01_squares: 0\.\d pages, from page 1", fake.said)
    assert re.search(r"03_long: \d+\.\d pages, from page 1", fake.said)
    assert not fake.pdf.exists()
    assert (fake.out / "report-too-long.pdf").exists()
    fake.write("chapters/03_long.py", "# %% [markdown]\n# # Short\n")
    assert fake.build(only=("03",)) == 0, fake.said
    assert fake.pdf.exists() and not (fake.out / "report-too-long.pdf").exists()


def test_drafts_run_without_asserts_and_say_so(fake):
    fake.edit("chapters/01_squares.py", "record(last", "assert False\nrecord(last")
    assert fake.build() == 1
    assert fake.build(draft=True) == 0, fake.said
