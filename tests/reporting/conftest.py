"""A tiny fake report for every test that asks for one.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import pytest
from fake_report import Fake


@pytest.fixture
def fake(tmp_path):
    return Fake(tmp_path)


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A fake report that has been built once, to be looked at and not to be changed."""
    report = Fake(tmp_path_factory.mktemp("built"))
    assert report.build() == 0, report.said
    return report
