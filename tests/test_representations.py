"""Embedding against the plain forward pass, and its cache.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from vicreg import representations as R
from vicreg.augment import normalise
from vicreg.experiments import VICREG
from vicreg.history import History
from vicreg.model import Encoder, Projector
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.paths import cache_folder
from vicreg.weights import Provenance, Run

CPU = torch.device("cpu")
# Of float32: each of 20 layers sums up to 9 * 512 products, whose roundings add up as the root of their number.
ROUNDING = 20 * (9 * 512) ** 0.5 * torch.finfo(torch.float32).eps


@pytest.fixture(scope="module")
def encoder():
    """An encoder whose running statistics and scales are not the initial ones."""
    torch.manual_seed(0)
    encoder = Encoder()
    for module in encoder.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    return encoder.eval()


@pytest.fixture(scope="module")
def images(sample):
    return sample.test


@pytest.fixture
def run(encoder):
    history = History(torch.zeros(1, 2, 3), torch.zeros(1, 3))
    provenance = Provenance("CIFAR-10", "0" * 64, ())
    return Run(VICREG, encoder, Projector().eval(), history, provenance, "f" * 64)


@torch.inference_mode()
def plainly(images, encoder):
    return copy.deepcopy(encoder).double()(normalise(images).double())


def error(found, exact):
    """How far representations are from others, of how far those are from each other."""
    return ((found - exact).norm() / (exact - exact.mean(0)).norm()).item()


def test_equals_the_plain_forward_pass_in_float32(encoder, images, monkeypatch):
    monkeypatch.setattr(R, "gains_by_bf16", lambda device: False)
    some = images.images[:40]
    assert error(R.embed(some, encoder, CPU, batch_size=16), plainly(some, encoder)) < ROUNDING


def test_bf16_stays_close(encoder, images, monkeypatch):
    monkeypatch.setattr(R, "gains_by_bf16", lambda device: True)
    some = images.images[:40]
    assert ROUNDING < error(R.embed(some, encoder, CPU), plainly(some, encoder)) < 0.05


def test_leaves_the_encoder_as_it_was(encoder, images):
    before = copy.deepcopy(encoder.state_dict())
    R.embed(images.images[:4], encoder, CPU)
    assert encoder.state_dict().keys() == before.keys()
    assert all(torch.equal(v, before[k]) for k, v in encoder.state_dict().items())


def test_the_result_does_not_depend_on_the_batches(encoder, images, monkeypatch):
    monkeypatch.setattr(R, "gains_by_bf16", lambda device: False)
    some = images.images[:30]
    once, pieces = R.embed(some, encoder, CPU), R.embed(some, encoder, CPU, batch_size=7)
    assert error(pieces, once) < 2 * ROUNDING


def test_no_images_give_no_representations(encoder, images):
    assert R.embed(images.images[:0], encoder, CPU).shape == (0, 128)


def part(images, n):
    return replace(images, images=images.images[:n], labels=images.labels[:n], fingerprint=f"first {n}")


def test_the_second_call_comes_from_the_cache(run, images, monkeypatch):
    few = part(images, 8)
    first = R.representations(run, few, CPU)

    def fail(*args, **kwargs):
        raise AssertionError("embedded again")

    monkeypatch.setattr(R, "embed", fail)
    assert torch.equal(R.representations(run, few, CPU), first)
    for other_run, other_images in ((replace(run, fingerprint="e" * 64), few), (run, part(images, 9))):
        with pytest.raises(AssertionError, match="embedded again"):
            R.representations(other_run, other_images, CPU)


@pytest.mark.parametrize("damage", ["truncate", "flip", "empty", "foreign"])
def test_a_damaged_cache_is_made_anew(run, images, damage):
    few = part(images, 8)
    first = R.representations(run, few, CPU)
    (cache,) = cache_folder().glob("representations-*.npz")
    raw = cache.read_bytes()
    middle = len(raw) // 2
    cache.write_bytes(
        {
            "truncate": raw[:middle],
            "flip": raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :],
            "empty": b"",
            "foreign": b"PK not a zip",
        }[damage]
    )
    assert torch.equal(R.representations(run, few, CPU), first)


def test_images_of_another_side_are_refused(run, images):
    larger = replace(run, experiment=replace(run.experiment, side=64))
    with pytest.raises(VICRegError, match=r"was trained on images of 64 pixels a side, and .* has 32; take"):
        R.representations(larger, images, CPU)
