"""Saving a file builds again; saving another does not.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import pytest

from reporting.report import Options
from reporting.store import Store
from reporting.watch import watch, watched


class Enough(Exception):
    """Ends the watching."""


def builds_after(fake, edit, looks=3):
    """How often the report is built if ``edit`` happens while nothing is built."""
    builds, pauses = [], []

    def pause():
        pauses.append(1)
        if len(pauses) == 1:
            edit()
        if len(pauses) == looks:
            raise Enough

    with pytest.raises(Enough):
        watch(lambda: builds.append(1), lambda: watched(Options(fake.root, fake.chapters, fake.out)), pause)
    return len(builds)


@pytest.mark.parametrize("name, builds", [
    ("chapters/01_squares.py", 2), ("chapters/report.toml", 2), ("chapters/03_new.py", 2),
    ("shapes/power.py", 2), ("shapes/unused.py", 1), ("notes.txt", 1)])
def test_saving(fake, name, builds):
    assert builds_after(fake, lambda: fake.write(name, "x = 12345\n")) == builds


@pytest.mark.parametrize("name", ["pictures/a.png", "../data.csv", "../tools/tool.py"])
def test_saving_what_a_chapter_shows_declares_or_imports_anywhere(fake, name):
    fake.write(f"chapters/{name}", "before")
    fake.edit("chapters/01_squares.py", "# [@fig-squares]", "# ![A picture](pictures/a.png)\n# [@fig-squares]")
    Store(fake.out / "results").save("01_squares", {
        "outputs": [], "depends": [{"name": "data.csv", "path": "../data.csv"}], "imported": {"../tools/tool.py": ""}})
    assert builds_after(fake, lambda: fake.write(f"chapters/{name}", "x = 12345\n")) == 2


def test_removing_a_chapter(fake):
    assert builds_after(fake, (fake.chapters / "02_table.py").unlink) == 2


def test_what_the_first_build_tells_of_is_watched(fake):
    def build():
        builds.append(1)
        Store(fake.out / "results").save("01_squares", {
            "outputs": [], "depends": [{"name": "data.csv", "path": "../data.csv"}], "imported": {}})

    builds, pauses = [], []

    def pause():
        pauses.append(1)
        if len(pauses) == 3:
            raise Enough
        fake.write("data.csv", "there at last" * len(pauses))

    with pytest.raises(Enough):
        watch(build, lambda: watched(Options(fake.root, fake.chapters, fake.out)), pause)
    assert len(builds) == 3


def test_half_typed_code_is_watched_on(fake):
    fake.edit("chapters/01_squares.py", "count = 3", "count = = 3")
    assert builds_after(fake, lambda: fake.write("chapters/01_squares.py", "x = 1\n")) == 2


def test_what_is_saved_during_a_build_is_built(fake):
    builds = []

    def build():
        builds.append(1)
        if len(builds) == 1:
            fake.edit("shapes/power.py", "base**exponent", "base**exponent + 1")

    def pause():
        raise Enough

    with pytest.raises(Enough):
        watch(build, lambda: watched(Options(fake.root, fake.chapters, fake.out)), pause)
    assert len(builds) == 2
