"""What is handed in works where it is unpacked: both examples run, from real images and the weights.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reporting.cli import parser as build_parser
from reporting.settings import read_settings
from vicreg.__main__ import parse
from vicreg.runtime.paths import PROJECT

CREATED = {"data/"}  # a folder that need not be there


@pytest.fixture
def project(tmp_path):
    """A copy of this project with its report, signed; questions still to be answered are not asked."""
    folder = tmp_path / "project"
    asked = read_settings(PROJECT / "chapters").submission
    for name in [*asked.files, "report/report.html"]:
        source, target = PROJECT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    settings = folder / "chapters" / "report.toml"
    text = settings.read_text(encoding="utf-8")
    text = re.sub(r'^author = .*$', 'author = "Ada Lovelace"', text, flags=re.M)
    text = re.sub(r'^username = .*$', 'username = "ada1"', text, flags=re.M)
    text = re.sub(r"^answers = \[.*?\]$", "answers = []", text, flags=re.M | re.S)
    settings.write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, *words: str, **environment: str) -> str:
    """Run a script of a folder there; return what it printed."""
    kept = {k: v for k, v in os.environ.items() if k not in ("VICREG_WEIGHTS", "DISPLAY", "PYTHONPATH")}
    done = subprocess.run([sys.executable, *words], cwd=folder, env={**kept, **environment, "PYTHONPATH": str(folder)},
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def due(folder: Path) -> list[str]:
    """Chapters of a project that would run, by its plan."""
    plan = run(folder, "build_report.py", "--plan").splitlines()
    chapters = [line for line in plan if line[0].isdigit()]  # not what is said of copies of the data
    assert chapters
    return [line for line in chapters if "results of" not in line and "no code" not in line]


def check_readme(folder: Path) -> None:
    """What a README names is in its folder, and what it tells to type is understood."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    named = {word for word in re.findall(r"`([^`\s]+)`", text) if "/" in word or word.endswith((".py", ".toml"))}
    assert "vicreg/" in named
    missing = [word for word in named - CREATED if not (folder / word).exists()]
    assert not missing
    commands = [line.split("#")[0].split() for line in text.splitlines() if line.startswith("    python")]
    assert len(commands) >= 5
    for _, *words in commands:
        if words[0] == "-m":
            assert words[1] == "vicreg" and parse(words[2:])
        else:
            assert (folder / words[0]).exists()
            assert words[1:] == [] or build_parser().parse_args(words[1:])


def test_both_examples_run_from_the_archive(project, tmp_path):
    assert not due(project), "the report in git is older than its sources: run python build_report.py"
    run(project, "build_report.py")  # name and username go into the PDF; no chapter runs for that
    said = run(project, "build_report.py", "--submission")
    assert "✗" not in said and "✓ python -m vicreg check vicreg" in said
    empty = tmp_path / "empty"
    with zipfile.ZipFile(project / "report" / "submission.zip") as archive:
        archive.extractall(empty)
    assert not [*empty.rglob("*.ipynb")] and (empty / "report" / "report.pdf").is_file()
    readme = (empty / "README.md").read_text(encoding="utf-8")
    assert "Ada Lovelace" in readme and "ada1" in readme and "NAME (" not in readme
    check_readme(empty)
    assert not due(empty), "its results are packed"
    assert "up to date" not in run(empty, "build_report.py") and (empty / "report" / "report.html").is_file()
    said = run(empty, "example_VICReg.py", VICREG_DATA=str(PROJECT / "sample"))
    assert re.search(r"\d+\.\d\s?%", said), said
    said = run(empty, "example_Anomaly.py", VICREG_DATA=str(PROJECT / "sample"))
    assert re.search(r"AUC\D*\d\.\d+", said), said
    assert len([*(empty / "report").glob("example_*.png")]) == 2
