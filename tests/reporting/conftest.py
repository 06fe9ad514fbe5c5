"""A tiny fake report for every test that asks for one.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import shutil

import pytest
from fake_report import Fake

import reporting.run.chapter


@pytest.fixture
def fake(tmp_path):
    return Fake(tmp_path)


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A fake report that has been built once, to be looked at and not to be changed."""
    report = Fake(tmp_path_factory.mktemp("built"))
    assert report.build() == 0, report.said
    return report


@pytest.fixture
def copy(built, tmp_path, monkeypatch):
    """The built report moved elsewhere, in which no chapter may run."""
    shutil.copytree(built.root, tmp_path, dirs_exist_ok=True)
    moved = Fake(tmp_path, written=True)

    def refuse(chapter, *_args, **_kwargs):
        raise AssertionError(f"{chapter.name} was run")

    monkeypatch.setattr(reporting.run.chapter, "execute", refuse)
    return moved
