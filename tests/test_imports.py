"""The exercise's rules for code: which libraries may be imported, and that automatic tools are named.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from pathlib import Path

import pytest

from reporting.handin.checks import carries_note, foreign_imports, is_chapter
from reporting.settings import read_settings
from vicreg.runtime.paths import PROJECT

ASSISTANT_LINE = "Written with an AI coding assistant; see the report's section on automatic tools."
LIBRARIES = {
    "numpy", "scipy", "sklearn", "faiss", "torch", "torchvision", "matplotlib", "tensorboard",
    "wandb", "pandas", "plotly", "tqdm",
}  # fmt: skip


def files(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in PROJECT.glob(pattern))


SUBMITTED = files("vicreg/**/*.py", "chapters/**/*.py", "example_*.py")
BUILDER = files("reporting/**/*.py", "build_report.py")
OTHERS = files("tests/**/*.py", "benchmarks/**/*.py")


def relative(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def imports(source: str) -> set[str]:
    """The top-level names that a source imports from outside the standard library."""
    return foreign_imports(source, set())


def foreign(source: str, beside: frozenset[str] = frozenset()) -> set[str]:
    return foreign_imports(source, LIBRARIES | {"vicreg", "reporting"} | beside)


def test_the_submission_is_held_to_the_exercises_list():
    assert set(read_settings(PROJECT / "chapters").submission.imports) == LIBRARIES


def test_there_is_something_to_look_at():
    names = {relative(path) for path in SUBMITTED}
    assert {"vicreg/train.py", "vicreg/loss.py", "example_VICReg.py", "example_Anomaly.py"} <= names
    assert any(name.startswith("chapters/") for name in names)


@pytest.mark.parametrize("path", SUBMITTED, ids=relative)
def test_only_the_exercises_libraries_are_imported(path):
    beside = frozenset(other.stem for other in path.parent.glob("_*.py"))
    assert not foreign(path.read_text(encoding="utf-8"), beside)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import os, requests", {"requests"}),
        ("from PIL import Image", {"PIL"}),
        ("import lightly.loss as loss", {"lightly"}),
        ("def f():\n    if True:\n        from torchmetrics import AUROC", {"torchmetrics"}),
        ("try:\n    import cv2\nexcept ImportError:\n    cv2 = None", {"cv2"}),
        ("import importlib\nimportlib.import_module('timm.models')", {"timm"}),
        ("__import__('seaborn')", {"seaborn"}),
        ("from importlib import import_module\nimport_module('se' + 'aborn')", {"(computed)"}),
        ("import torch.nn.functional as F\nfrom sklearn.svm import SVC\nfrom .loss import x\nfrom . import y", set()),
        ("from vicreg.train import train\nimport reporting, json, faiss", set()),
        ("text = 'import requests'  # import requests", set()),
    ],
)
def test_a_planted_import_is_found(tmp_path, source, found):
    (tmp_path / "planted.py").write_text(source)
    assert foreign((tmp_path / "planted.py").read_text()) == found


def test_the_method_and_the_builder_do_not_import_each_other():
    for path in files("vicreg/**/*.py"):
        assert "reporting" not in imports(path.read_text(encoding="utf-8")), relative(path)
    for path in BUILDER:
        assert "vicreg" not in imports(path.read_text(encoding="utf-8")), relative(path)


def names_the_assistant(source: str, is_chapter: bool) -> bool:
    return carries_note(source, ASSISTANT_LINE, is_chapter)


@pytest.mark.parametrize("path", [*SUBMITTED, *BUILDER, *OTHERS], ids=relative)
def test_every_module_names_the_automatic_tools(path):
    source = path.read_text(encoding="utf-8")
    assert names_the_assistant(source, is_chapter(relative(path), "chapters"))


@pytest.mark.parametrize(
    "source",
    ["", '"""A module."""', f"# {ASSISTANT_LINE}", f'"""A module.\n\n{ASSISTANT_LINE[:-1]}"""', f"x = 1\n'''{ASSISTANT_LINE}'''"],
)
def test_a_module_without_the_line_is_found(source):
    assert not names_the_assistant(source, is_chapter=False)
    assert not names_the_assistant(source.replace("# ", ""), is_chapter=True)
