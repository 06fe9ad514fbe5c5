"""Data sets in several copies: another copy makes nothing due, and what it means is said.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import pytest
from fake_report import SETTINGS

from reporting.handin.checks import one_copy
from reporting.plan.plan import NOTHING, Step
from reporting.settings import read_settings

FIRST, SECOND = "chapters/01_squares.py", "chapters/02_table.py"
USES = '''

# %%
from pathlib import Path
from reporting import depends

name, fingerprint = Path("../copy.txt").read_text().split()
depends("images", fingerprint=fingerprint, copy=name)
'''
TELL = '''\
import json
from pathlib import Path

name, fingerprint = Path("copy.txt").read_text().split()
print(json.dumps({"name": name, "fingerprint": fingerprint}))
'''


@pytest.fixture
def measured(fake):
    """Two chapters that were measured on the copy "jpeg", and a command that tells which is here."""
    fake.lighten()
    for name in (FIRST, SECOND):
        fake.write(name, (fake.root / name).read_text() + USES)
    fake.write("tell.py", TELL)
    fake.write("chapters/report.toml", SETTINGS + '\n[copies]\nimages = "python tell.py"\n')
    fake.write("copy.txt", "jpeg 1111111111111111")
    assert fake.build() == 0, fake.said
    assert "images" not in fake.said
    return fake


def run(fake):
    """The chapters that a build runs."""
    return [line.split(":")[0] for line in fake.said.splitlines() if ": done in" in line]


def test_another_copy_makes_nothing_due_and_is_told(measured):
    measured.write("copy.txt", "official 2222222222222222")
    for options in ({"plan": True}, {}):
        assert measured.build(**options) == 0
        assert run(measured) == [] and "changed" not in measured.said
        assert ("images: the results were measured on jpeg (111111111111), here is official (222222222222); "
                "they stay good, and --force measures them here") in measured.said


def test_a_chapter_that_runs_on_another_copy_forces_no_other_and_both_are_told(measured):
    measured.write("copy.txt", "official 2222222222222222")
    measured.edit(SECOND, "0.25", "0.35")
    mixed = "images: two copies are mixed: jpeg (111111111111): 01_squares; official (222222222222): 02_table."
    assert measured.build(plan=True) == 0
    assert mixed in measured.said, "it is told before anything runs"
    assert measured.build() == 0, measured.said
    assert run(measured) == ["02_table"] and mixed in measured.said and "--force" in measured.said
    assert measured.build() == 0 and run(measured) == [] and mixed in measured.said, "and later, too"
    page = (measured.out / "report.html").read_text(encoding="utf-8")
    assert page.count("Another copy of images.") == 1
    assert "jpeg" in page and "for 01 squares" in page and "for 02 table" in page

    assert measured.build(force=True) == 0 and run(measured) == ["01_squares", "02_table"]
    assert "mixed" not in measured.said and "stay good" not in measured.said
    assert "Another copy" not in (measured.out / "report.html").read_text(encoding="utf-8")


def test_the_commonest_copy_is_the_reports(measured):
    measured.write("chapters/03_more.py", (measured.root / SECOND).read_text().replace("Q2", "Q3").replace("0.25", "0.75"))
    measured.write("copy.txt", "official 2222222222222222")
    measured.edit(SECOND, "0.25", "0.35")
    assert measured.build() == 0, measured.said
    page = (measured.out / "report.html").read_text(encoding="utf-8")
    assert page.count("Another copy of images.") == 1
    assert "measured on jpeg (111111111111), most of the report on official (222222222222)" in page


def test_a_copy_that_is_not_here_or_cannot_be_told_stops_nothing(measured):
    measured.write("tell.py", "print('null')\n")
    assert measured.build() == 0 and "images" not in measured.said
    for program, says in (("import sys; sys.exit(3)", "exit code 3"), ("print('jpeg')", "Expecting value"),
                          ("print('[1]')", "indices")):
        measured.write("tell.py", program + "\n")
        assert measured.build() == 0 and run(measured) == []
        assert "images: `python tell.py` does not tell which copy is here" in measured.said
        assert says in measured.said


def step(name, *copies):
    class Chapter:
        pass

    chapter = Chapter()
    chapter.name = name
    depends = [{"name": "images", "file": False, "fingerprint": c * 64, "copy": c} for c in copies]
    return Step(chapter, {}, result={"depends": depends})


def test_a_submission_is_of_one_copy():
    assert not one_copy([step("a", "x"), step("b", "x"), step("c"), Step(None, {}, result=NOTHING)]).fault
    fault = one_copy([step("a", "x"), step("b", "y")]).fault
    assert "x (xxxxxxxxxxxx): a" in fault and "y (yyyyyyyyyyyy): b" in fault


@pytest.mark.parametrize("entry", ["images = 3", 'images = ""', "images = \"unclosed '\""])
def test_unusable_commands_are_refused_at_their_line(fake, entry):
    fake.write("chapters/report.toml", SETTINGS + f"\n[copies]\n{entry}\n")
    with pytest.raises(Exception, match=r"report\.toml:\d+: "):
        read_settings(fake.chapters)
