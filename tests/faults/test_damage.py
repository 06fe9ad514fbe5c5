"""Swapped and flipped files beyond those of the other tests: named, never taken for good ones.

Truncated, empty, foreign and flipped archives, digits, weights, checkpoints and caches are in
tests/datasets/test_damaged_copies.py, test_mnist.py, test_weights.py, test_checkpoint.py, test_decoded_cache.py and
test_representations.py; stored results in tests/reporting.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import errno
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vicreg import data
from vicreg import representations as R
from vicreg import train as T
from vicreg.datasets import cifar10 as cifar10_files
from vicreg.datasets.decode import decode_upright
from vicreg.experiments import VICREG
from vicreg.history import History
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.paths import cache_folder
from vicreg.weights import Provenance, Run

CPU = torch.device("cpu")


def test_no_flipped_bit_makes_another_picture_of_a_png(noise_images):
    good = next(iter(noise_images.values()))
    pixels = decode_upright(good)
    refused = 0
    for position in range(0, len(good), 7):
        spoiled = good[:position] + bytes([good[position] ^ 16]) + good[position + 1 :]
        try:
            assert np.array_equal(decode_upright(spoiled), pixels)
        except ValueError:
            refused += 1
    assert refused > 0.9 * len(range(0, len(good), 7))


def test_the_checkpoint_of_another_experiment_in_its_place_is_refused(small, tiny, checkpoint):
    T.train(replace(small, name="other", epochs=1), tiny, CPU)
    (checkpoint.parent / "other.checkpoint.pt").rename(checkpoint)
    with pytest.raises(VICRegError, match=r"trained with other settings \(name\); choose another name with --as, or add --anew to start from random weights\."):
        T.train(small, tiny, CPU)


def test_weights_in_a_checkpoints_place_are_refused(small, tiny, checkpoint):
    weights = T.train(replace(small, epochs=1), tiny, CPU)
    weights.replace(checkpoint)
    with pytest.raises(VICRegError, match="is damaged; add --anew to start from random weights"):
        T.train(small, tiny, CPU)


def test_a_checkpoint_whose_history_is_not_finite_is_refused(small, tiny, checkpoint):
    T.train(replace(small, epochs=1), tiny, CPU)
    content = torch.load(checkpoint, weights_only=True)
    content["history"]["train"][0, 0, 0] = float("nan")
    torch.save(content, checkpoint)
    with pytest.raises(VICRegError, match="is damaged"):
        T.train(small, tiny, CPU)


def test_swapped_caches_of_two_folders_are_made_anew(tmp_path, noise_images, write_folder):
    some = {place: image for place, image in noise_images.items() if "train/cat/1" not in place}
    folders = [write_folder(tmp_path / "all", noise_images), write_folder(tmp_path / "some", some)]
    before = [data.load_cifar10(folder).fingerprint for folder in folders]
    one, other = cache_folder().iterdir()
    one.rename(aside := one.with_name("aside")), other.rename(one), aside.rename(other)
    assert [data.load_cifar10(folder).fingerprint for folder in folders] == before


def test_swapped_representations_are_made_anew(tiny, monkeypatch):
    nothing = History(torch.zeros(1, 1, 3), torch.zeros(1, 3))
    runs = [Run(VICREG, None, None, nothing, Provenance("", "", ()), name) for name in ("one", "other")]
    monkeypatch.setattr(R, "embed", lambda images, encoder, *_: images.flatten(1)[:, :128].float() + (encoder or 0))
    runs[1] = replace(runs[1], encoder=1)
    before = [R.representations(run, tiny.test, CPU) for run in runs]
    one, other = cache_folder().glob("representations-*")
    one.rename(aside := one.with_name("aside")), other.rename(one), aside.rename(other)
    for run, expected in zip(runs, before, strict=True):
        assert torch.equal(R.representations(run, tiny.test, CPU), expected)


def test_an_archive_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    def deny(*arguments):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(cifar10_files, "read_bounded", deny)
    with pytest.raises(VICRegError, match=r"cannot be read \(Permission denied\); make it readable"):
        list(cifar10_files.read_archive(Path(tmp_path / "a.tar.gz")))
