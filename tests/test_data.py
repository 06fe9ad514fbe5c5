"""CIFAR-10 from image folders, archives and the official files; its names and fingerprints.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import hashlib
import io
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close
from torchvision.datasets import CIFAR10

from vicreg import data
from vicreg.datasets import copies
from vicreg.runtime.errors import VICRegError

# The official order, as batches.meta has it.
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def pixels(encoded: bytes) -> torch.Tensor:
    image = np.array(Image.open(io.BytesIO(encoded)).convert("RGB"))
    return torch.from_numpy(image).permute(2, 0, 1)


def as_jpeg(encoded: bytes) -> bytes:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(encoded)).convert("RGB").save(buffer, "JPEG", quality=75)
    return buffer.getvalue()


def snapshot(folder: Path) -> dict:
    """Everything about a folder that writing into it would change."""
    paths = [folder, *sorted(folder.rglob("*"))]
    return {
        p: (p.stat().st_mtime_ns, p.stat().st_mode, p.read_bytes() if p.is_file() else None)
        for p in paths
    }


def assert_same(one: data.Splits, other: data.Splits) -> None:
    for a, b in zip(one, other, strict=True):
        assert_close((a.images, a.labels), (b.images, b.labels), rtol=0, atol=0)
        assert (a.split, a.classes, a.fingerprint) == (b.split, b.classes, b.fingerprint)


@pytest.fixture
def jpegs(real_images):
    return {str(Path(place).with_suffix(".jpg")): as_jpeg(image) for place, image in real_images.items()}


@pytest.fixture
def official(tmp_path, real_images, write_folder, write_archive, monkeypatch):
    """A small copy in the official format, as a folder and as an archive: (folder, archive, rows)."""
    rows = {
        split: [(CLASSES.index(p.split("/")[1]), pixels(i)) for p, i in real_images.items() if p.startswith(split)]
        for split in ("train", "test")
    }
    for some in rows.values():
        some.sort(key=lambda row: hashlib.sha256(row[1].numpy().tobytes()).digest())  # no class order

    def batch(some):
        flat = np.stack([image.numpy().reshape(-1) for _, image in some])
        return pickle.dumps({"data": flat, "labels": [label for label, _ in some]})

    files = {f"data_batch_{i + 1}": batch(rows["train"][i * 4 : i * 4 + 4]) for i in range(5)}
    files |= {"test_batch": batch(rows["test"]), "batches.meta": pickle.dumps({"label_names": CLASSES})}
    sums = {name: hashlib.md5(content).hexdigest() for name, content in files.items()}
    files = {f"cifar-10-batches-py/{name}": content for name, content in files.items()}
    archive = write_archive(tmp_path / "archive" / "cifar-10-python.tar.gz", files)

    monkeypatch.setattr(CIFAR10, "train_list", [[f"data_batch_{i}", sums[f"data_batch_{i}"]] for i in range(1, 6)])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", sums["test_batch"]]])
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": sums["batches.meta"]})
    monkeypatch.setattr(CIFAR10, "tgz_md5", hashlib.md5(archive.read_bytes()).hexdigest())
    return write_folder(tmp_path / "official", files), archive.parent, rows


def test_images_and_labels_are_those_of_the_files(tmp_path, real_images, write_folder):
    cifar = data.load_cifar10(write_folder(tmp_path / "images", real_images))
    for images in cifar:
        places = sorted(
            (place for place in real_images if place.startswith(images.split)),
            key=lambda place: (CLASSES.index(place.split("/")[1]), place),
        )
        assert images.images.dtype == torch.uint8 and images.labels.dtype == torch.int64
        assert_close(images.images, torch.stack([pixels(real_images[place]) for place in places]))
        assert [images.classes[label] for label in images.labels] == [p.split("/")[1] for p in places]
        assert images.classes == tuple(CLASSES)
        assert len(images) == len(places)
    assert (cifar.train.split, cifar.test.split) == ("train", "test")


def test_jpegs_are_decoded_as_pillow_decodes_them(tmp_path, jpegs, write_folder):
    cifar = data.load_cifar10(write_folder(tmp_path / "images", jpegs))
    first = min(place for place in jpegs if place.startswith("train/airplane/"))
    difference = cifar.train.images[0].float() - pixels(jpegs[first]).float()
    assert difference.abs().max() <= 2  # grey levels, between two versions of libjpeg


@pytest.mark.parametrize(
    ("name", "mode", "prefix"),
    [("a.tar.gz", "w:gz", ""), ("a.tgz", "w:gz", "./"), ("a.tar", "w", "cifar10/")],
)
def test_an_archive_in_any_order_gives_what_the_folder_gives(
    tmp_path, image_folder, real_images, write_archive, name, mode, prefix
):
    shuffled = {prefix + place: real_images[place] for place in sorted(real_images, key=hash_of)}
    extra = {f"{prefix}README.md": b"words", f"{prefix}train/cat/notes.txt": b"words", f"{prefix}cat/1.png": b"?"}
    write_archive(tmp_path / "archive" / name, {**extra, **shuffled}, mode)
    assert_same(data.load_cifar10(tmp_path / "archive"), data.load_cifar10(image_folder))


def hash_of(place: str) -> bytes:
    return hashlib.sha256(place.encode()).digest()


def test_official_folder_and_archive_keep_the_official_order(official):
    in_folder, in_archive, rows = official
    cifar = data.load_cifar10(in_folder)
    assert_same(cifar, data.load_cifar10(in_archive))
    for images in cifar:
        labels, pictures = zip(*rows[images.split], strict=True)
        assert images.labels.tolist() == list(labels)
        assert_close(images.images, torch.stack(pictures))
        assert images.name == "CIFAR-10"


def test_official_files_are_preferred(official, real_images, write_folder):
    in_folder, _, _ = official
    write_folder(in_folder, real_images)
    assert data.load_cifar10(in_folder).train.name == "CIFAR-10"


def test_missing_images_are_downloaded_once(tmp_path, official, monkeypatch):
    in_folder, _, _ = official
    calls = []

    def download(self):  # torchvision's, at the boundary to the network
        calls.append(self.root)
        os.symlink(in_folder / "cifar-10-batches-py", Path(self.root) / "cifar-10-batches-py")

    monkeypatch.setattr(CIFAR10, "download", download)
    assert_same(data.load_cifar10(tmp_path / "new"), data.load_cifar10(in_folder))
    data.load_cifar10(tmp_path / "new")
    assert len(calls) == 1


def test_names_are_honest(tmp_path, jpegs, real_images, write_folder):
    upper = {str(Path(place).with_suffix(".PNG")): image for place, image in real_images.items()}
    for files, suffix in ((real_images, "PNG"), (upper, "PNG"), (jpegs, "JPEG")):
        loaded = data.load_cifar10(write_folder(tmp_path / files_key(files), files))
        assert loaded.train.name == loaded.test.name == f"CIFAR-10 ({suffix} mirror), a subset of 20 + 10"
    full = {"train": 50_000, "test": 10_000}
    for lossy, suffix in ((True, "JPEG"), (False, "PNG")):
        assert copies.cifar10_name(Path("images"), full, lossy) == f"CIFAR-10 ({suffix} mirror)"


def files_key(files: dict) -> str:
    return hashlib.sha256(repr(sorted(files)).encode()).hexdigest()[:8]


def test_fingerprint_is_the_sha256_of_pixels_and_labels(image_folder):
    train, test = data.load_cifar10(image_folder)
    for images in (train, test):
        literal = images.images.numpy().tobytes() + images.labels.numpy().astype("<i8").tobytes()
        assert images.fingerprint == hashlib.sha256(literal).hexdigest()
    both = data.Splits(train, test).fingerprint
    assert len({both, train.fingerprint, test.fingerprint, data.Splits(test, train).fingerprint}) == 4


def test_the_data_folder_is_left_as_it_is(image_folder, official, tmp_path, real_images, write_archive):
    write_archive(tmp_path / "packed" / "images.tar.gz", real_images)
    for place in (image_folder, official[0], official[1], tmp_path / "packed"):
        before = snapshot(place)
        data.load_cifar10(place)
        data.load_cifar10(place)
        assert snapshot(place) == before


def test_the_folder_is_the_argument_else_the_environments(image_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("VICREG_DATA", str(image_folder))
    assert len(data.load_cifar10().train) == 20
    monkeypatch.setenv("VICREG_DATA", str(tmp_path / "nowhere"))
    assert len(data.load_cifar10(str(image_folder)).train) == 20


def test_without_images_and_network_one_sentence_says_what_to_do(tmp_path, monkeypatch):
    def download(self):
        raise OSError("<urlopen error no route to host>\nsecond line")

    monkeypatch.setattr(CIFAR10, "download", download)
    with pytest.raises(VICRegError, match=r"no route to host.*VICREG_DATA[^\n]*\.$"):
        data.load_cifar10(tmp_path / "empty")
