"""Each rule of what runs again, both ways; no chapter is run for it.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import importlib.metadata
import json

import pytest

from reporting.errors import ReportError, set_root
from reporting.plan.parameters import read_values
from reporting.plan.plan import make_plan
from reporting.progress import Progress
from reporting.read.percent import find_chapters, read_chapter
from reporting.report import Options, Report
from reporting.settings import Settings
from reporting.store import Store, digest

FIRST, SECOND = "chapters/01_squares.py", "chapters/02_table.py"
RESULT = {"outputs": [], "values": {}, "depends": [], "draft": False, "text": "", "seconds": 1,
          "date": "2026-01-01 00:00:00",
          "environment": {"python": "3", "device": "CPU", "packages": {}}}


def plan(fake, search=(), draft=False, **parameters):
    """Chapter → reason to run."""
    set_root(fake.root)
    chapters = [read_chapter(path) for path in find_chapters(fake.chapters)]
    options = Options(fake.root, fake.chapters, fake.out, draft=draft, parameters=parameters)
    report = Report(options, Settings(search=search), Store(fake.out / "results"), Progress())
    return make_plan(chapters, report)


def reasons(fake, **options):
    return {step.chapter.name: step.reason for step in plan(fake, **options) if step.reason}


def run(fake, name=None, **changes):
    """Store results as if the chapters had just run."""
    parameters = changes.pop("parameters", {})
    for step in plan(fake, **parameters):
        if name in (None, step.chapter.name):
            Store(fake.out / "results").save(step.chapter.name,
                                             {**RESULT, "key": step.key, "text": step.chapter.text,
                                              **changes})


@pytest.fixture
def stored(fake):
    run(fake)
    assert reasons(fake) == {}
    return fake


def test_without_results_all_runs(fake):
    assert reasons(fake) == {"01_squares": "no stored results", "02_table": "no stored results"}


@pytest.mark.parametrize("file, old, new", [
    (FIRST, "grows as in", "grows just as in"),
    (FIRST, "{{ last:.1f}}", "{{ last:.3f}}"),
    (FIRST, "Squares up to {{ last:.0f}}", "Squares"),
    (FIRST, '# %% tags=["parameters"]', '# %% tags=["parameters", "hide-input"]'),
    (FIRST, "# %%\nimport matplotlib", '# %% [markdown]\n# More.\n\n# %%\nimport matplotlib'),
    (FIRST, "as $x^2$.\")", "as $x^2$.\", place=\"top\")"),
    (FIRST, "as $x^2$.\")", "as $x^2$.\",\n     place=\"top\",)"),
    (SECOND, "{:.0%}", "{:.2%}"),
    (SECOND, ', formats={"share": "{:.0%}"}', ""),
    (FIRST, "import shapes.curve", "import shapes.curve  # a comment"),
    (FIRST, "count = 3", "count=(3)"),
    ("shapes/unused.py", "1", "2"),
    ("shapes/curve.py", "range(count)", "range( count )"),
    ("shapes/curve.py", "import power", "import power  # a comment"),
    ("chapters/report.toml", "A fake", "Another"),
    ("chapters/refs.bib", "Elements", "The Elements"),
])
def test_what_must_not_run(stored, file, old, new):
    stored.edit(file, old, new)
    assert reasons(stored) == {}


@pytest.mark.parametrize("file, old, new, reason", [
    (FIRST, "record(last=values[-1])", "record(last=values[0])", "code of line 11 changed"),
    (FIRST, "import shapes.curve", "import shapes.curve, math", "code of line 11 changed"),
    (FIRST, 'label="fig-squares"', 'label="fig-s"', "code of line 18 changed"),
    (FIRST, "count = 3", "count = 4", "code of line 8 changed"),
    (FIRST, "# %%\nimport matplotlib", "# %%\nx = 1\n\n# %%\nimport matplotlib",
     "code of line 18 changed"),
    ("shapes/curve.py", "range(count)", "range(count + 1)", "shapes/curve.py changed"),
    ("shapes/power.py", "base**exponent", "base**exponent + 1", "shapes/power.py changed"),
    ("shapes/__init__.py", "", "x = 1\n", "shapes/__init__.py changed"),
    ("shapes/curve.py", "import power", "import power, unused",
     "shapes/curve.py changed"),
])
def test_what_must_run(stored, file, old, new, reason):
    if old:
        stored.edit(file, old, new)
    else:
        stored.write(file, new)
    assert reasons(stored) == {"01_squares": reason}


def test_what_is_imported_for_types_alone_does_not_count(stored):
    stored.edit("shapes/curve.py", "import power", "import power\nif TYPE_CHECKING:\n    from . import unused")
    run(stored)
    stored.edit("shapes/unused.py", "1", "2")
    assert reasons(stored) == {}


def test_results_of_a_builder_that_took_prose_for_code_hold(fake):
    run(fake)
    for step in plan(fake):
        key = {**step.key, "cells": ["as another builder hashed it"] * len(step.key["cells"])}
        Store(fake.out / "results").save(step.chapter.name, {**RESULT, "key": key,
                                                             "text": step.chapter.text})
    assert reasons(fake) == {}
    fake.edit(FIRST, "count = 3", "count = 4")
    assert reasons(fake) == {"01_squares": "code of line 8 changed"}


def test_a_chapter_without_code_never_runs(stored):
    stored.write("chapters/03_words.py", "# %% [markdown]\n# Words.\n")
    assert reasons(stored) == {}


def test_moved_cells_run(stored):
    text = (stored.root / FIRST).read_text()
    head, one, two = text.rsplit("\n# %%\n", 2)
    stored.write(FIRST, "\n# %%\n".join([head, two, one]))
    assert reasons(stored) == {"01_squares": "code cells moved"}


def test_a_module_that_shadows_another_counts(stored):
    stored.write("chapters/shapes/__init__.py", "")
    assert "01_squares" in reasons(stored)


def test_a_module_beside_the_chapter_counts(stored):
    stored.write("chapters/_own.py", "x = 1\n")
    stored.edit(SECOND, "import pandas", "import _own\nimport pandas")
    run(stored)
    stored.write("chapters/_own.py", "x = 2\n")
    assert reasons(stored) == {"02_table": "chapters/_own.py changed"}


def test_relative_and_late_imports_are_followed(stored):
    stored.write("shapes/curve.py", "from . import power as p\n\ndef squares(count):\n"
                 "    import importlib\n    importlib.import_module('shapes.unused')\n    return [1]\n")
    run(stored)
    stored.edit("shapes/unused.py", "1", "2")
    assert reasons(stored) == {"01_squares": "shapes/unused.py changed"}
    run(stored)
    stored.edit("shapes/power.py", "base**exponent", "1")
    assert reasons(stored) == {"01_squares": "shapes/power.py changed"}


def test_a_broken_module_is_named(stored):
    stored.edit("shapes/power.py", "return base", "return return base")
    with pytest.raises(ReportError, match=r"shapes/power\.py:5: SyntaxError"):
        plan(stored)


def test_parameters(fake):
    run(fake, parameters={"count": 5})
    assert reasons(fake, count=5) == {}
    assert reasons(fake, count=6) == {"01_squares": "parameter count: 5 → 6"}
    assert reasons(fake) == {"01_squares": "parameter count: 5 → 3"}
    assert reasons(fake, **{"01_squares.count": 5}) == reasons(fake, **{"01.count": 5}) == {}
    with pytest.raises(ReportError, match="no chapter has it"):
        plan(fake, size=1)


def test_values_of_parameters():
    assert read_values(["a=1", "b=[2]", "c=word", "d=x=y"]) == {"a": 1, "b": [2], "c": "word",
                                                                 "d": "x=y"}
    with pytest.raises(ReportError, match="NAME=VALUE"):
        read_values(["a"])


def test_drafts(fake):
    run(fake, draft=True)
    assert reasons(fake, draft=True) == {}
    assert set(reasons(fake).values()) == {"stored results are a draft's"}


def test_packages_by_their_major_version(fake):
    version = importlib.metadata.version("pytest")
    major = int(version.split(".")[0])
    for stated, due in ((version, False), (f"{major}.0.0.1", False), (f"{major + 1}.0", True)):
        packages = {"pytest": stated, "not-installed-here": "1.0"}
        run(fake, environment={"python": "3", "device": "CPU", "packages": packages})
        assert bool(reasons(fake)) == due, stated


def depend(fake, name, **item):
    run(fake, name, depends=[{"name": "w.pt", "path": "../weights/w.pt", "file": True,
                              "fingerprint": digest("one"), **item}])


def test_declared_files(stored):
    depend(stored, "01_squares")
    assert reasons(stored) == {}, "a file that is not at hand has not changed"
    stored.write("weights/w.pt", "one")
    assert reasons(stored) == {}
    stored.write("weights/w.pt", "two")
    assert reasons(stored) == {"01_squares": "weights/w.pt changed"}


def test_declared_files_are_searched(stored, monkeypatch):
    search = ("$REPORTING_TEST_FOLDER", "../weights")
    depend(stored, "01_squares")
    stored.write("weights/w.pt", "one")
    stored.write("elsewhere/w.pt", "two")
    assert reasons(stored, search=search) == {}
    monkeypatch.setenv("REPORTING_TEST_FOLDER", str(stored.root / "elsewhere"))
    assert reasons(stored, search=search) == {"01_squares": "weights/w.pt changed"}


def data(fake, name, fingerprint, **changes):
    run(fake, name, depends=[{"name": "images", "file": False, "fingerprint": fingerprint}],
        **changes)


def test_data_sets(stored):
    data(stored, "01_squares", "aa")
    data(stored, "02_table", "aa")
    assert reasons(stored) == {}
    data(stored, "02_table", "bb", date="2026-01-02 00:00:00")
    assert reasons(stored) == {"01_squares": "images changed"}
    stored.write("cache/images.sha256", "aa\n")
    assert reasons(stored, search=("../cache",)) == {"02_table": "images changed"}


def test_damaged_results_run(stored):
    path = stored.out / "results" / "01_squares" / "result.json"
    body = json.loads(path.read_text())
    body["values"] = {"last": 99}
    path.write_text(json.dumps(body))
    assert reasons(stored) == {"01_squares": "stored results: result.json is damaged"}
    path.write_text("{")
    assert reasons(stored) == {"01_squares": "stored results: result.json is damaged"}


def test_results_of_another_format_run(stored, monkeypatch):
    monkeypatch.setattr("reporting.store.FORMAT", 0)
    assert set(reasons(stored).values()) == {
        "stored results: another version of the builder wrote them"}


def test_figures_are_checked(stored):
    run(stored, "01_squares", outputs=[[{"kind": "figure", "label": "fig-a", "svg": "<svg/>"}]])
    (picture,) = (stored.out / "results" / "01_squares").glob("*.svg")
    picture.write_text("<svg></svg>")
    assert reasons(stored) == {"01_squares": f"stored results: {picture.name} is damaged"}
    picture.unlink()
    assert reasons(stored) == {"01_squares": f"stored results: {picture.name} is missing"}
