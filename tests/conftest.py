"""Folders of their own for every test, a few real images, and one tiny training run.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

OWN_FOLDERS = ("VICREG_CACHE", "VICREG_RUNS", "VICREG_WEIGHTS")
IMAGES_A_CLASS = {"train": 2, "test": 1}


def pytest_configure(config):
    # torchvision 0.29 announces the end of its decoders, once for every image.
    config.addinivalue_line("filterwarnings", "ignore:The image decoding:DeprecationWarning")


def use_folders_in(folder: Path, patch: pytest.MonkeyPatch) -> None:
    for name in OWN_FOLDERS:
        patch.setenv(name, str(folder / name.lower()))


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory, monkeypatch):
    """No test sees or touches the caches, checkpoints and weights of the user."""
    use_folders_in(tmp_path_factory.mktemp("own"), monkeypatch)


@pytest.fixture(scope="session")
def real_images() -> dict[str, bytes]:
    """Real image files by their place, "train/cat/0000.jpg": 2 for training and 1 for test a class."""
    from vicreg.data import CIFAR10_CLASSES, find_cifar10
    from vicreg.storage import data_folder

    source = find_cifar10(data_folder())
    if source is None:
        pytest.skip(f"needs real images, and {data_folder()} has none; set VICREG_DATA to a folder of them")
    chosen: dict[str, bytes] = {}
    for split, label, name, encoded in image_files(source):
        folder = f"{split}/{CIFAR10_CLASSES[label]}"
        if sum(Path(place).parent.as_posix() == folder for place in chosen) < IMAGES_A_CLASS[split]:
            chosen[f"{folder}/{Path(name).name}"] = encoded
    return chosen


def image_files(source: Path):
    """Yield (split, label, name, encoded image) of any source; official images become PNGs."""
    import torch
    from torchvision.io import encode_png

    from vicreg import data

    if source.name in (data.OFFICIAL_FOLDER, data.OFFICIAL_ARCHIVE):
        for split, arrays in zip(data.OFFICIAL_COUNTS, data.load_cifar10(source.parent), strict=True):
            for index in range(500):  # enough to hold two of each class
                png = bytes(encode_png(arrays.images[index].contiguous()).to(torch.uint8).tolist())
                yield split, int(arrays.labels[index]), f"{index:05}.png", png
    elif source.is_dir():
        yield from data.read_folder(source)
    else:
        yield from data.read_archive(source)


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
def runs(own_folders, tmp_path_factory):
    """The test's own folder of checkpoints, made."""
    from vicreg.storage import runs_folder

    runs_folder().mkdir(parents=True, exist_ok=True)
    return runs_folder()


@pytest.fixture
def checkpoint(runs, trained):
    """A copy of the checkpoint of ``trained``, where the next run of "vicreg" looks for it."""
    return Path(shutil.copy(trained.checkpoint, runs))
