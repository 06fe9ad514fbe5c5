"""A report far from the builder: what it rests on is followed wherever it lies, or told of.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from fake_report import Fake

from reporting.cli import main
from reporting.run.schedule import _imported
from reporting.store import Store

HEIGHTS = '''\
# %% [markdown]
# # Heights
# The mean is {{ mean:.2f}}.

# %%
import sys
from pathlib import Path

from reporting import depends, record

sys.path.append("..")
import analysis

# %run ../spoken.py

# %%
depends("heights.csv")
record(mean=analysis.mean(Path("heights.csv").read_text()))
'''
FILES = {
    "mine/chapters/01_heights.py": HEIGHTS,
    "mine/chapters/heights.csv": "1\n2\n",
    "mine/analysis.py": "from scaling import scaled\n\n\ndef mean(text):\n    return scaled(sum(map(float, text.split())))\n",
    "mine/spoken.py": "words = 1\n",
    "library/scaling.py": "def scaled(x):\n    return x / 2\n",
}


class Distant(Fake):
    """A report in one folder, the builder's project in another, a library in a third."""

    def __init__(self, root: Path):
        super().__init__(root, written=True)
        self.root, self.chapters, self.out = root / "builder", root / "mine/chapters", root / "mine/report"

    def write(self, name: str, text: str) -> None:
        super().write("../" + name, text)

    def edit(self, name: str, old: str, new: str) -> None:
        super().edit("../" + name, old, new)


@pytest.fixture(scope="module")
def distant(tmp_path_factory):
    report = Distant(tmp_path_factory.mktemp("distant"))
    for name, text in FILES.items():
        report.write(name, text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(report.root.parent / "library"))
        assert report.build() == 0, report.said
        yield report


def changed(report, name, old, new) -> str:
    """What a plan says while a file has other words."""
    report.edit(name, old, new)
    assert report.build(plan=True) == 0
    report.edit(name, new, old)
    return report.said


@pytest.mark.parametrize("name, old, new", [
    ("mine/chapters/heights.csv", "2", "4"), ("mine/analysis.py", "sum", "max"), ("mine/spoken.py", "1", "2"),
    ("library/scaling.py", "x / 2", "x / 4")])
def test_what_lies_outside_of_the_project_is_followed(distant, name, old, new):
    said = changed(distant, name, old, new)
    assert said.startswith("01_heights: ") and said.endswith(f"{Path(name).name} changed\n"), said
    assert distant.build(plan=True) == 0 and "01_heights: results of " in distant.said


def test_comments_count_for_nothing_there_either(distant):
    assert "results of" in changed(distant, "library/scaling.py", "x / 2", "x / 2  # half")


def test_results_name_no_folder_of_this_machine(distant):
    text = (distant.out / "results/01_heights/result.json").read_text(encoding="utf-8")
    assert str(distant.root.parent) not in text
    result = Store(distant.out / "results").load("01_heights")
    assert [item["path"] for item in result["depends"]] == ["heights.csv"]
    assert list(result["imported"]) == ["../../library/scaling.py", "../analysis.py"]
    assert list(result["key"]["modules"]) == ["../spoken.py"]


@pytest.mark.parametrize("name", ["mine/chapters/heights.csv", "library/scaling.py"])
def test_what_is_not_found_counts_as_unchanged_and_is_told(distant, name):
    path = distant.root.parent / name
    text = path.read_text(encoding="utf-8")
    path.unlink()
    assert distant.build() == 0
    path.write_text(text, encoding="utf-8")
    assert re.search(rf"^not found, so assumed unchanged: [./a-z]*{path.name}$", distant.said, re.M), distant.said
    assert "done" not in distant.said


def test_installed_packages_and_the_builder_are_no_files_of_the_report(distant):
    imported = Store(distant.out / "results").load("01_heights")["imported"]
    assert not [name for name in imported if "site-packages" in name or "reporting" in name]


def test_a_link_counts_by_what_it_leads_to(fake):
    fake.lighten()
    for year in ("2024", "2025"):
        fake.write(f"data/{year}.csv", year)
    link = fake.root / "data/latest.csv"
    link.symlink_to("2024.csv")
    fake.edit("chapters/02_table.py", "record(share", 'from reporting import depends\ndepends("../data/latest.csv")\nrecord(share')
    assert fake.build() == 0, fake.said
    link.unlink()
    link.symlink_to("2025.csv")
    assert fake.build(plan=True) == 0 and "02_table: data/latest.csv changed" in fake.said


def test_a_module_saved_while_its_chapter_runs_is_due(tmp_path):
    module, chapter = tmp_path / "a.py", tmp_path / "chapters/01.py"
    module.write_text("x = 1\n")
    os.utime(module, (100, 100))
    step = SimpleNamespace(chapter=SimpleNamespace(path=chapter), key={"modules": {}}, imported={})
    during, after = (_imported([str(module)], step, started) for started in (99, 101))
    assert during == {"../a.py": ""} and len(after["../a.py"]) == 64
    step.imported = {"../a.py": "what it meant before"}
    assert _imported([str(module)], step, 99) == step.imported
    packed = tmp_path / "library.zip"
    packed.write_bytes(b"an archive on sys.path")
    assert [*_imported([str(packed / "inside/b.py"), "no_file.py"], step, 0)] == ["../library.zip"]


def test_what_a_run_makes_for_itself_is_no_part_of_the_report(tmp_path, monkeypatch):
    made = tmp_path / "temporary/compiled.py"
    made.parent.mkdir()
    made.write_text("x = 1\n")
    step = SimpleNamespace(chapter=SimpleNamespace(path=tmp_path / "chapters/01.py"), key={"modules": {}}, imported={})
    assert [*_imported([str(made)], step, 0)] == ["../temporary/compiled.py"], "in a report among temporary files it is"
    monkeypatch.setattr("tempfile.tempdir", str(made.parent))
    assert _imported([str(made)], step, 0) == {}


# Parameters ------------------------------------------------------------------------------------


def test_other_parameters_make_a_report_of_their_own(fake, tmp_path_factory, monkeypatch, capsys):
    fake.write("chapters/report.toml", 'title = "A fake"\nbibliography = "refs.bib"\nshow_code = true\n')
    fake.lighten()
    assert fake.build() == 0, fake.said
    before = {path: path.read_bytes() for path in fake.out.rglob("*") if path.is_file()}
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    capsys.readouterr()
    assert main(fake.root, ["-p", "01.count=5", "--plan"]) == 0
    assert "01_squares: parameter count: 3 → 5\n02_table: results of" in capsys.readouterr().out
    assert main(fake.root, ["-p", "01.count=5"]) == 0
    said = capsys.readouterr().out
    assert {path: path.read_bytes() for path in fake.out.rglob("*") if path.is_file()} == before
    (folder,) = temporary.glob("report-with-parameters-*")
    assert f"{folder / 'report.pdf'}: " in said and "02_table: results of" in said
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "ended at 16" in page and "count = 5 in 01 squares" in page
    assert "Set for this report:" in page


def test_parameters_go_where_out_says(fake, tmp_path_factory):
    fake.lighten()
    out = tmp_path_factory.mktemp("chosen")
    assert main(fake.root, ["-p", "count=5", "--out", str(out)]) == 0
    assert (out / "report.pdf").exists() and not fake.out.exists()


# Chapters with other names -----------------------------------------------------------------------


def renamed(report, **names: str) -> None:
    """Give chapters other names, all at once."""
    texts = {new: (report.chapters / f"{old}.py").read_text(encoding="utf-8") for old, new in names.items()}
    for old in names:
        (report.chapters / f"{old}.py").unlink()
    for new, text in texts.items():
        report.write(f"chapters/{new}.py", text.replace("01_squares.last", f"{names.get('01_squares', '01_squares')}.last"))


def test_a_renamed_chapter_keeps_its_results(copy):
    renamed(copy, **{"02_table": "04_table"})
    before = {path: path.read_bytes() for path in copy.out.rglob("*") if path.is_file()}
    assert copy.build(plan=True) == 0 and "taken over from 02_table" in copy.said
    assert {path: path.read_bytes() for path in copy.out.rglob("*") if path.is_file()} == before
    assert copy.build() == 0, copy.said
    assert sorted(path.name for path in (copy.out / "results").iterdir() if path.is_dir()) == ["01_squares", "04_table"]
    assert copy.build() == 0 and "is up to date" in copy.said


def test_chapters_that_change_places_keep_their_results(copy):
    path = copy.chapters / "02_table.py"
    path.write_text(path.read_text(encoding="utf-8").replace("01_squares.last", "02_table.last"), encoding="utf-8")
    renamed(copy, **{"01_squares": "02_table", "02_table": "01_squares"})
    assert copy.build() == 0, copy.said
    assert Store(copy.out / "results").load("02_table")["values"] == {"last": 4}


def test_a_renamed_and_edited_chapter_runs(copy):
    renamed(copy, **{"02_table": "04_table"})
    copy.edit("chapters/04_table.py", "0.25", "0.35")
    assert copy.build(plan=True) == 0 and "04_table: no stored results" in copy.said


def test_two_chapters_with_the_same_cells_both_take_them_over(copy):
    renamed(copy, **{"02_table": "04_table"})
    copy.write("chapters/05_again.py", (copy.chapters / "04_table.py").read_text().replace("tbl-rows", "tbl-more"))
    assert copy.build(plan=True) == 0 and "05_again: no stored results" in copy.said, "its label is another"
    store = Store(copy.out / "results")
    store.take_over({"04_table": "02_table", "05_again": "02_table"})
    assert store.load("04_table") == store.load("05_again") and not store.load("02_table")


@pytest.mark.parametrize("moves", [1, 2, 3])
def test_results_on_their_way_to_another_name_are_not_lost(copy, monkeypatch, moves):
    path = copy.chapters / "02_table.py"
    path.write_text(path.read_text(encoding="utf-8").replace("01_squares.last", "02_table.last"), encoding="utf-8")
    renamed(copy, **{"01_squares": "02_table", "02_table": "01_squares"})
    real, calls = Path.rename, []

    def stopped(*arguments):
        calls.append(real(*arguments))
        if len(calls) == moves:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "rename", stopped)
    assert copy.build() == 1 and "Input/output error" in copy.said
    assert copy.build() == 0, copy.said
    assert Store(copy.out / "results").load("02_table")["values"] == {"last": 4}
    assert sorted(path.name for path in (copy.out / "results").iterdir() if path.is_dir()) == ["01_squares", "02_table"]


# Words -------------------------------------------------------------------------------------------


def test_what_lies_there_unread_is_told_with_what_to_write(copy):
    copy.write("chapters/report.toml", 'title = "A fake"\n')
    assert copy.build() == 1
    assert 'chapters/refs.bib is not read; write bibliography = "refs.bib" in report.toml' in copy.said
    copy.edit("chapters/01_squares.py", " [@euclid]", "")
    assert copy.build() == 0, copy.said
    assert copy.said.count("refs.bib is not read") == 1


def test_a_script_that_a_chapter_imports_is_probably_none(fake):
    fake.lighten()
    fake.write("chapters/helping.py", "half = 0.5\n")
    fake.edit("chapters/02_table.py", "record(share=0.25)", "import helping\n\nrecord(share=helping.half)")
    assert fake.build() == 0, fake.said
    assert "helping.py: 02_table.py imports this, which has no # %%; if it is no chapter, call it _helping.py" in fake.said


