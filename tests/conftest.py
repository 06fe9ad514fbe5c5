"""Folders of their own for every test, real images from ``sample/``, and one tiny training run.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import os
import tarfile
from dataclasses import replace
from functools import cache
from operator import eq
from pathlib import Path
from types import SimpleNamespace

import pytest

# Every worker has a core to itself; more threads, in it and in what it starts, would wait for each other.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

OWN_FOLDERS = ("VICREG_CACHE", "VICREG_RUNS", "VICREG_WEIGHTS")
IMAGES_A_CLASS = {"train": 2, "test": 1}
SAMPLE = Path(__file__).parents[1] / "sample"
WHOLE = "whole_data: needs all of CIFAR-10 and of MNIST's test set in $VICREG_DATA or data/; else left out"


def pytest_configure(config):
    config.addinivalue_line("markers", WHOLE)
    # torchvision 0.29 announces the end of its decoders, once for every image.
    config.addinivalue_line("filterwarnings", "ignore:The image decoding:DeprecationWarning")


def use_folders_in(folder: Path, patch: pytest.MonkeyPatch) -> None:
    for name in OWN_FOLDERS:
        patch.setenv(name, str(folder / name.lower()))


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory, monkeypatch):
    """No test sees or touches the caches, checkpoints and weights of the user."""
    use_folders_in(tmp_path_factory.mktemp("own"), monkeypatch)


@pytest.fixture
def turn_to(monkeypatch):
    """A function that turns to a folder's own caches, checkpoints and weights."""
    return lambda folder: use_folders_in(folder, monkeypatch)


def pytest_collection_modifyitems(config, items):
    """Leave out what needs all the images where only the sample is at hand."""
    if has_whole_data():
        return
    without = [item for item in items if item.get_closest_marker("whole_data")]
    items[:] = [item for item in items if item not in without]
    config.hook.pytest_deselected(items=without)


def pytest_report_header():
    return None if has_whole_data() else f"left out without the whole data: tests marked {WHOLE}"


@cache
def has_whole_data() -> bool:
    from vicreg.datasets.cifar10 import OFFICIAL_COUNTS, find_cifar10, image_files
    from vicreg.datasets.mnist import look_for_mnist
    from vicreg.runtime.paths import data_folder

    source = find_cifar10(data_folder())
    if source is None or None in look_for_mnist(data_folder()):
        return False
    return len(image_files(source)) in (0, sum(OFFICIAL_COUNTS.values()))  # none in packed copies


@pytest.fixture(scope="session")
def real_images() -> dict[str, bytes]:
    """Real image files by their place, "train/cat/0000.png": 2 for training and 1 for test a class."""
    return {
        file.relative_to(SAMPLE).as_posix(): file.read_bytes()
        for split, count in IMAGES_A_CLASS.items()
        for folder in sorted((SAMPLE / split).iterdir())
        for file in sorted(folder.iterdir())[:count]
    }


@pytest.fixture(scope="session")
def write_folder():
    """A function that writes {place: content} under a folder and returns the folder."""

    def write(folder: Path, files: dict[str, bytes]) -> Path:
        for place, content in files.items():
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder

    return write


@pytest.fixture(scope="session")
def write_archive():
    """A function that writes {place: content or TarInfo} as an archive and returns its path."""

    def write(path: Path, files: dict, mode: str = "w:gz") -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path, mode) as tar:
            for place, content in files.items():
                if isinstance(content, tarfile.TarInfo):
                    tar.addfile(content)
                    continue
                member = tarfile.TarInfo(place)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        return path

    return write


@pytest.fixture
def image_folder(tmp_path, real_images, write_folder):
    """A data folder of the test's own with the real images."""
    return write_folder(tmp_path / "images", real_images)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory, real_images, write_folder):
    """A data folder with 20 real training images and 10 real test images."""
    return write_folder(tmp_path_factory.mktemp("tiny"), real_images)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory, tiny_folder):
    """The data of ``tiny_folder``, loaded."""
    from vicreg.data import load_cifar10

    with pytest.MonkeyPatch.context() as patch:
        use_folders_in(tmp_path_factory.mktemp("tiny_cache"), patch)
        return load_cifar10(tiny_folder)


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """The sample that ships: 400 + 200 real images, 40 + 20 of each class, loaded."""
    from vicreg.data import load_cifar10

    with pytest.MonkeyPatch.context() as patch:
        use_folders_in(tmp_path_factory.mktemp("sample_cache"), patch)
        return load_cifar10(SAMPLE)


@pytest.fixture(scope="session")
def trained(tmp_path_factory, tiny):
    """An uninterrupted run of two epochs on the CPU: experiment, weights file and checkpoint file.

    It is what ``python -m vicreg train vicreg --batch-size 8 --epochs 2`` makes of ``tiny``.
    """
    import torch

    from vicreg.experiments import VICREG
    from vicreg.train import train

    experiment = replace(VICREG, epochs=2, batch_size=8)
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("trained")
        use_folders_in(folder, patch)
        weights = train(experiment, tiny, torch.device("cpu"))
        checkpoint = folder / "vicreg_runs" / "vicreg.checkpoint.pt"
    return SimpleNamespace(experiment=experiment, weights=weights, checkpoint=checkpoint)


@pytest.fixture
def small(monkeypatch):
    """Settings for runs in which the encoder does not matter: it is one linear layer.

    An epoch of ``tiny`` takes ten steps, and five on its test images.
    """
    from torch import nn

    from vicreg import train
    from vicreg.experiments import VICREG

    monkeypatch.setattr(
        train, "Encoder", lambda: nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 128))
    )
    return replace(VICREG, epochs=3, batch_size=2)


@pytest.fixture
def load_small(small, monkeypatch):
    """Weights of ``small`` runs can be loaded."""
    from vicreg import train, weights

    monkeypatch.setattr(weights, "Encoder", train.Encoder)


@pytest.fixture
def checkpoint(own_folders):
    """Where a run of "vicreg" keeps its checkpoint."""
    from vicreg.runtime.paths import runs_folder

    return runs_folder() / "vicreg.checkpoint.pt"


@pytest.fixture(scope="session")
def assert_identical():
    """A function that holds two weights files or checkpoints to be the same, bit for bit.

    The time that training took and the epochs that it was to last may differ.
    """
    import torch

    def leaves(value, place=""):
        if isinstance(value, dict | list | tuple):
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            for key, inner in pairs:
                if place + str(key) not in ("legs", "provenance", "experiment/epochs"):
                    yield from leaves(inner, f"{place}{key}/")
        else:
            yield place, value

    def compare(one: Path, other: Path) -> None:
        ours, theirs = (dict(leaves(torch.load(p, weights_only=True))) for p in (one, other))
        assert list(ours) == list(theirs)
        differing = [
            place
            for place, value in ours.items()
            if not (torch.equal if isinstance(value, torch.Tensor) else eq)(value, theirs[place])
        ]
        assert not differing

    return compare
