"""Pictures as square images, decoded beside other work.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vicreg.datasets import pictures
from vicreg.datasets.pictures import decoded, hashes_of, middle_square, read_picture
from vicreg.runtime.errors import VICRegError


@pytest.fixture(scope="module")
def some(tmp_path_factory, real_images):
    """Thirty pictures of many sizes, the seventh broken."""
    root = tmp_path_factory.mktemp("some")
    paths = []
    for number, content in enumerate(real_images.values()):
        path = root / f"{number:02}.png"
        Image.open(io.BytesIO(content)).convert("RGB").resize((20 + 9 * number, 150 - 3 * number)).save(path)
        paths.append(path)
    paths[7].write_bytes(b"broken")
    return paths


def test_an_image_of_its_own_side_stays_as_it_is(real_images):
    content = next(iter(real_images.values()))
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    assert torch.equal(middle_square(pixels, 32), torch.from_numpy(pixels.copy()).permute(2, 0, 1))


@pytest.mark.parametrize("few", [0, 100])
def test_images_come_in_order_from_processes_or_without(some, few, monkeypatch):
    monkeypatch.setattr(pictures, "FEW", few)
    monkeypatch.setattr(pictures, "BATCH_SIZE", 8)
    batches = list(decoded(some, 32))
    assert [len(images) for images, _ in batches] == [8, 8, 8, 6]
    images = torch.cat([batch for batch, _ in batches])
    assert {index: why for _, failed in batches for index, why in failed.items()} == {7: "is not a readable image"}
    for number, path in enumerate(some):
        assert torch.equal(images[number], torch.zeros(3, 32, 32) if number == 7 else read_picture(path, 32))


def test_images_of_the_same_pixels_have_one_hash(some):
    images = torch.stack([read_picture(path, 32) for path in some[:5] + some[:2]])
    hashes = hashes_of(images)
    assert len(set(hashes.tolist())) == 5 and hashes[:2].tolist() == hashes[5:].tolist()
    assert hashes_of(images ^ 1).tolist() != hashes.tolist()


def test_a_process_that_dies_is_told(some, monkeypatch):
    monkeypatch.setattr(pictures, "FEW", 0)
    monkeypatch.setattr(pictures, "read_picture", lambda path, side: os.kill(os.getpid(), 9))
    with pytest.raises(VICRegError, match=r"A process that decodes pictures was ended .* give the same command again"):
        list(decoded(some, 32))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # torch's loader, of which a part is missing
def test_where_not_all_processes_can_be_started_none_is_left_and_all_is_decoded(some, monkeypatch):
    started, start = [], multiprocessing.process.BaseProcess.start

    def limited(process):
        if started:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        started.append(process)
        start(process)

    monkeypatch.setattr(pictures, "FEW", 0)
    monkeypatch.setattr(pictures, "available_cores", lambda: 2)
    monkeypatch.setattr(multiprocessing.process.BaseProcess, "start", limited)
    assert sum(len(images) for images, _ in decoded(some, 32)) == 30
    started[0].join(timeout=10)
    assert not started[0].is_alive()


def test_what_is_no_readable_file_says_why(tmp_path, monkeypatch):
    (tmp_path / "folder.png").mkdir()
    os.symlink("nowhere", tmp_path / "broken.png")
    (tmp_path / "empty.png").write_bytes(b"")
    with open(tmp_path / "large.png", "wb") as file:
        file.truncate(pictures.LARGEST_FILE + 1)
    for name, why in (
        ("folder.png", "is not a file"),
        ("broken.png", "is a link to nothing"),
        ("gone.png", "is not there"),
        ("empty.png", "is empty"),
        ("large.png", "has 257 MiB; at most 256 MiB are read"),
    ):
        with pytest.raises(ValueError, match=why):
            read_picture(tmp_path / name, 32)
    os.symlink("loop.png", tmp_path / "loop.png")
    with pytest.raises(ValueError, match="cannot be read"):
        read_picture(tmp_path / "loop.png", 32)
    for error, why in ((MemoryError(), "is too large for the memory"), (OSError(5, "Input/output error"), "Input/output error")):
        monkeypatch.setattr(Path, "read_bytes", lambda self, error=error: (_ for _ in ()).throw(error))
        with pytest.raises(ValueError, match=why):
            read_picture(tmp_path / "empty.png", 32)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a system with named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ValueError, match="is not a file"):
        read_picture(tmp_path / "pipe.png", 32)
