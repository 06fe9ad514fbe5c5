"""An installed copy works as the checkout does: its wheel has all that is not Python, too.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
BUILD = """
import sys
from pathlib import Path
import reporting, vicreg.runtime.paths
from reporting.cli import main

installed = Path(sys.argv[1])
assert Path(reporting.__file__).is_relative_to(installed), reporting.__file__
assert Path(vicreg.runtime.paths.__file__).is_relative_to(installed)
sys.exit(main(Path(sys.argv[2]), []))
"""


def pip(*words: str, cwd: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", *words, "--quiet", "--no-deps", "--no-index"],
                          cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def wheel(tmp_path):
    """The project's wheel, made of a copy, so that the checkout gets no build folder."""
    copy = tmp_path / "copy"
    for name in ("vicreg", "reporting"):
        shutil.copytree(PROJECT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", copy)
    pip("wheel", ".", "--no-build-isolation", "--wheel-dir", str(tmp_path / "wheels"), cwd=copy)
    (path,) = (tmp_path / "wheels").glob("*.whl")
    return path


def test_the_wheel_holds_what_the_checkout_holds(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if not name.split("/")[0].endswith(".dist-info")}
    there = {
        path.relative_to(PROJECT).as_posix()
        for name in ("vicreg", "reporting") for path in (PROJECT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == there


def test_an_installed_copy_builds_a_report(wheel, fake, tmp_path):
    installed = tmp_path / "installed"
    pip("install", "--target", str(installed), str(wheel), cwd=tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(installed), str(fake.root)], cwd=tmp_path, text=True,
        env={**os.environ, "PYTHONPATH": str(installed)}, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert fake.pdf.read_bytes().startswith(b"%PDF") and (fake.out / "report.html").stat().st_size > 1000
