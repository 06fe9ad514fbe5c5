"""A folder of real pictures, and the command line with weights of one tiny run.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import csv
import shutil
import signal
from types import SimpleNamespace

import pytest

from vicreg.__main__ import main
from vicreg.runtime.paths import PROJECT

CLASSES, PICTURES_A_CLASS = ("cat", "frog", "ship"), 8


@pytest.fixture(autouse=True)
def signals_as_before():
    """``main`` takes SIGTERM over; give it back."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def photos(tmp_path):
    """Eight real pictures of each of three classes."""
    root = tmp_path / "photos"
    for name in CLASSES:
        (root / name).mkdir(parents=True)
        for path in sorted((PROJECT / "sample" / "test" / name).iterdir())[:PICTURES_A_CLASS]:
            shutil.copy(path, root / name / f"{name} {path.name}")
    return root


@pytest.fixture
def vicreg(trained, tmp_path, capsys):
    """A function that gives a command on folders, and what came of it: code, out, err; results are in ``out``."""

    def run(command: str, *words, code: int = 0) -> SimpleNamespace:
        options = ["--weights", str(trained.weights), "--device", "cpu"]
        if command != "embed":
            options += ["--out", str(tmp_path / "out")]
        assert main([command, *options, *map(str, words)]) == code
        out, err = capsys.readouterr()
        if code:
            last = err.splitlines()[-1]
            assert last.startswith("error: ") and "Traceback" not in err, err
        return SimpleNamespace(out=out, err=err, folder=tmp_path / "out")

    return run


@pytest.fixture(scope="session")
def read_csv():
    """A function that reads a table as a list of dicts."""

    def read(path) -> list[dict]:
        with open(path, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return read


@pytest.fixture(scope="session")
def check_png():
    """A function that holds a PNG to be one of a sensible size with something on it."""
    from matplotlib.image import imread

    def check(path, least: int = 200) -> None:
        picture = imread(path)
        assert min(picture.shape[:2]) >= least and picture[:, :, :3].std() > 0.01

    return check
