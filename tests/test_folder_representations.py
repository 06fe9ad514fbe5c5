"""Representations of folders: the same as of images in memory, and remembered picture by picture.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import shutil
from dataclasses import replace

import pytest
import torch

from vicreg import folder_representations
from vicreg.datasets import pictures
from vicreg.datasets.folder import find_pictures
from vicreg.folder_representations import represent_files, represent_folder
from vicreg.representations import embed
from vicreg.runtime.errors import VICRegError
from vicreg.weights import load_run

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def run(trained):
    return load_run(trained.weights)


def assert_same(found: torch.Tensor, expected: torch.Tensor) -> None:
    """The same but for roundings of bf16, which may depend on the batch that an image is in."""
    assert (found - expected).norm() < 0.01 * expected.norm()


@pytest.fixture
def counted(monkeypatch):
    """How many pictures were decoded by each call, and a way to stop after some."""
    calls, original = [], folder_representations.decoded

    def decoded(paths, side):
        calls.append(len(paths))
        yield from original(paths, side)

    monkeypatch.setattr(folder_representations, "decoded", decoded)
    return calls


def test_a_folders_representations_are_those_of_its_images(run, tiny_folder, tiny):
    folder, y = represent_folder(run, find_pictures(tiny_folder), CPU)
    expected = embed(torch.cat([tiny.test.images, tiny.train.images]), run.encoder, CPU)
    assert folder.splits == ("test",) * 10 + ("train",) * 20
    assert_same(y, expected)
    assert y.dtype == torch.float32 and not y.requires_grad


def test_what_is_known_is_not_decoded_again(run, image_folder, counted):
    first = represent_folder(run, find_pictures(image_folder), CPU)
    again = represent_folder(run, find_pictures(image_folder), CPU)
    assert counted == [30] and torch.equal(first.y, again.y)
    shutil.copy(image_folder / "test/cat/0000.png", image_folder / "test/cat/0001.png")
    (image_folder / "test/dog/0000.png").unlink()
    folder, y = represent_folder(run, find_pictures(image_folder), CPU)
    assert counted == [30, 1] and len(y) == 30
    row = {name: y[number] for number, name in enumerate(folder.names)}
    assert_same(row["test/cat/0001.png"], row["test/cat/0000.png"])
    assert all(torch.equal(row[name], first.y[number]) for number, name in enumerate(first.folder.names) if name in row)


def test_an_interrupted_embedding_goes_on_where_it_was(run, image_folder, counted, monkeypatch):
    expected = represent_folder(run, find_pictures(image_folder), CPU).y
    monkeypatch.setattr(folder_representations, "CACHE_FORMAT", 99)  # as if nothing were known
    monkeypatch.setattr(pictures, "BATCH_SIZE", 8)
    done = []

    def interrupted(compute, images, width, size):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(len(images))
        return embed(images, run.encoder, CPU)

    with monkeypatch.context() as patch:
        patch.setattr(folder_representations, "in_batches", interrupted)
        with pytest.raises(KeyboardInterrupt):
            represent_folder(run, find_pictures(image_folder), CPU)
    y = represent_folder(run, find_pictures(image_folder), CPU).y
    assert counted == [30, 30, 14]
    assert_same(y, expected)


def test_other_weights_have_representations_of_their_own(run, image_folder, counted):
    represent_folder(run, find_pictures(image_folder), CPU)
    represent_folder(replace(run, fingerprint="another"), find_pictures(image_folder), CPU)
    assert counted == [30, 30]


def test_the_run_decides_the_side(run, image_folder, monkeypatch):
    sides, original = [], folder_representations.decoded
    monkeypatch.setattr(folder_representations, "decoded", lambda paths, side: (sides.append(side), original(paths, side))[1])
    larger = replace(run, experiment=replace(run.experiment, side=64), fingerprint="larger")
    assert represent_folder(larger, find_pictures(image_folder), CPU).y.shape == (30, 128)
    assert sides == [64]


def test_what_cannot_be_read_is_left_out_and_tried_again(run, image_folder, counted):
    broken = image_folder / "test/cat/0000.png"
    good = broken.read_bytes()
    broken.write_bytes(b"broken")
    folder, y = represent_folder(run, find_pictures(image_folder), CPU)
    assert len(folder) == len(y) == len(folder.labels) == len(folder.splits) == 29
    assert folder.left_out == {"test/cat/0000.png": "is not a readable image"}
    broken.write_bytes(good)
    assert len(represent_folder(run, find_pictures(image_folder), CPU).y) == 30
    assert counted == [30, 1]


def test_a_damaged_cache_is_made_anew(run, image_folder, counted):
    from vicreg.runtime.paths import cache_folder

    expected = represent_folder(run, find_pictures(image_folder), CPU).y
    (cache,) = cache_folder().glob("folder-*.npz")
    good = cache.read_bytes()
    for spoilt in (good[:-500], good[:3000] + bytes([good[3000] ^ 1]) + good[3001:], b""):
        cache.write_bytes(spoilt)
        assert torch.equal(represent_folder(run, find_pictures(image_folder), CPU).y, expected)
    assert counted == [30] * 4


def test_without_a_readable_picture_or_an_encoder_it_is_refused(run, tmp_path, write_folder):
    folder = find_pictures(write_folder(tmp_path, {"1.png": b"?", "2.png": b"?"}))
    with pytest.raises(VICRegError, match=r"Not one of the 2 pictures in .* can be read: is not a readable image"):
        represent_folder(run, folder, CPU)
    codes = replace(run, experiment=replace(run.experiment, latent=True))
    with pytest.raises(VICRegError, match="has codes of its training images alone; choose weights of an encoder"):
        represent_folder(codes, folder, CPU)


def test_files_alone_and_one_that_cannot_be_read(run, image_folder, tmp_path):
    paths = [image_folder / "test/cat/0000.png", image_folder / "test/dog/0000.png"]
    folder, y = represent_folder(run, find_pictures(image_folder), CPU)
    rows = [folder.paths.index(path) for path in paths]
    assert_same(represent_files(run, paths, CPU), y[rows])
    with pytest.raises(VICRegError, match=r"The picture .*nothing.png is not there; name another"):
        represent_files(run, [tmp_path / "nothing.png"], CPU)
