"""Files made to fill the memory or the disk, or to run code: refused in one sentence, nothing happens.

Links, devices and paths in archives are in tests/datasets/test_damaged_copies.py, code planted in weights and
checkpoints in tests/test_weights.py and tests/test_checkpoint.py.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import gzip
import io
import pickle
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from planted import Planted
from torch import nn

from vicreg import data, weights
from vicreg.datasets.cifar10 import LARGEST_IMAGE_FILE, read_archive
from vicreg.datasets.files import read_bounded
from vicreg.datasets.mnist import read_idx
from vicreg.runtime.cache import keep_in_cache
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.paths import cache_folder
from vicreg.runtime.tensor_files import load_tensors, save_tensors


def test_an_enormous_file_among_the_images_is_not_read(tmp_path, real_images, write_folder, monkeypatch):
    folder = write_folder(tmp_path, real_images)
    with open(folder / "train" / "cat" / "huge.png", "wb") as file:
        file.truncate(LARGEST_IMAGE_FILE + 1)  # as a sparse file it could state terabytes
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: read(self) if self.name != "huge.png" else 1 / 0)
    with pytest.raises(VICRegError, match=r"train/cat/huge.png has 2 MiB; at most 1 MiB are read; unpack or download"):
        data.load_cifar10(folder)


@pytest.mark.parametrize(("bound", "read"), [("cifar10", lambda path: list(read_archive(path))), ("mnist", read_idx)])
def test_what_unpacks_to_more_than_there_can_be_is_never_held(tmp_path, monkeypatch, bound, read):
    monkeypatch.setattr(f"vicreg.datasets.{bound}.MOST_BYTES", 1 << 20)
    (tmp_path / "file.gz").write_bytes(gzip.compress(bytes(32 << 20), 1))

    tracemalloc.start()
    try:
        with pytest.raises(VICRegError, match=r"unpacks to over 1 MiB\); (replace it|put its images there)"):
            read(tmp_path / "file.gz")
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_what_just_fits_is_read(tmp_path):
    (tmp_path / "x.gz").write_bytes(gzip.compress(b"1234"))
    assert read_bounded(tmp_path / "x.gz", 4) == b"1234"
    with pytest.raises(ValueError, match="unpacks to over"):
        read_bounded(tmp_path / "x.gz", 3)


def test_compressed_weights_are_refused(tmp_path):
    save_tensors({"x": torch.zeros(1 << 20)}, tmp_path / "x.pt")
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(tmp_path / "x.pt") as plain,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in plain.namelist():
            archive.writestr(name, plain.read(name))
    packed.seek(0)
    assert torch.load(packed, weights_only=True)["x"].shape == (1 << 20,), "torch itself unpacks it"
    with pytest.raises(ValueError, match="compressed"):
        load_tensors(packed)


def test_a_tensor_larger_than_what_is_stored_of_it_is_refused(tmp_path):
    save_tensors({"deep": [{"x": torch.zeros(1).expand(1 << 40)}]}, tmp_path / "x.pt")
    with pytest.raises(ValueError, match="larger than what is stored"):
        load_tensors(io.BytesIO((tmp_path / "x.pt").read_bytes()))


def test_code_in_an_official_batch_does_not_run(tmp_path, write_folder):
    planted = pickle.dumps(Planted(tmp_path / "witness"))
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch", "batches.meta"]
    folder = write_folder(tmp_path / "data", {f"cifar-10-batches-py/{name}": planted for name in names})
    with pytest.raises(VICRegError, match="is damaged \\(data_batch_1, "):
        data.load_cifar10(folder)
    assert not (tmp_path / "witness").exists()


def test_code_in_a_cache_does_not_run(image_folder, tmp_path):
    first = data.load_cifar10(image_folder)
    (cache,) = cache_folder().iterdir()
    planted = np.array([Planted(tmp_path / "witness")], dtype=object)
    keep_in_cache(cache.name, about=planted, train_pixels=planted)
    assert data.load_cifar10(image_folder).fingerprint == first.fingerprint
    assert not (tmp_path / "witness").exists()


# Weights of other models ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "says"),
    [
        (nn.Linear(4, 3), r"its linear is of another architecture: weight has the shape \(3, 4\) in place of \(2, 4\)"),
        (nn.Linear(4, 2, bias=False), r"bias has the shape None in place of \(2,\)"),
        (nn.Sequential(nn.Linear(4, 2)), r"another architecture: weight has the shape None"),
    ],
)
def test_another_architecture_is_refused_naming_the_weight(theirs, says):
    with pytest.raises(ValueError, match=says):
        weights.check_architecture(nn.Linear(4, 2), theirs.state_dict())
    weights.check_architecture(nn.Linear(4, 2), nn.Linear(4, 2).state_dict())
