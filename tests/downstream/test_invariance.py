"""How far representations move: against T itself, and with encoders whose invariances are known.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import pytest
import torch
from exact import float64_by_default
from torch import Generator

import vicreg.downstream.invariance
from vicreg.augment import blur, crop_and_flip, draw_parameters, grey, transform
from vicreg.downstream.invariance import PARTS, displacements, only
from vicreg.model import Encoder
from vicreg.runtime.errors import VICRegError

SIDE = 48
# Of float32: a norm sums the 3 * SIDE**2 squares of an image, and rounds the sum each time. Nothing else
# that is compared here sums more.
ROUNDING = 3 * SIDE**2 * torch.finfo(torch.float32).eps


@pytest.fixture
def in_float64():
    with float64_by_default():
        yield


@pytest.fixture
def images():
    return torch.randint(256, (12, 3, SIDE, SIDE), generator=Generator().manual_seed(1), dtype=torch.uint8)


@pytest.fixture
def drawn():
    return draw_parameters(12, Generator().manual_seed(2), SIDE)


def represented_by(monkeypatch, function):
    """Let a function of pixels in [0, 1] stand for the encoder."""
    monkeypatch.setattr(
        vicreg.downstream.invariance, "embed", lambda pixels, *_, **__: function(pixels).flatten(1).float()
    )


@pytest.mark.usefixtures("in_float64")
def test_no_part_is_the_identity(images, drawn):
    pixels = images / 255
    torch.testing.assert_close(transform(pixels, only(drawn, (), SIDE)), pixels)


@pytest.mark.usefixtures("in_float64")
def test_parts_are_those_of_the_augmentation(images, drawn):
    pixels, n = images / 255, len(images)
    off = torch.zeros(n, dtype=torch.bool)
    cropped = crop_and_flip(pixels, drawn.top, drawn.left, drawn.height, drawn.width, off)
    expected = {
        "crop": cropped,
        "flip": pixels.flip(3),
        "greyscale": grey(pixels).expand_as(pixels),
        "blur": blur(pixels, drawn.sigma),
    }
    for name, result in expected.items():
        part = transform(pixels, only(drawn, PARTS[name], SIDE))
        torch.testing.assert_close(part, result, msg=name)
    jittered = transform(pixels, only(drawn, PARTS["colour jitter"], SIDE))
    assert (jittered - pixels).abs().mean(dim=(1, 2, 3)).gt(0.005).all()


def test_every_parameter_belongs_to_one_part(drawn):
    fields = [name for part in PARTS.values() for name in part]
    assert sorted(fields) == sorted(drawn._fields)


def test_an_invariant_representation_does_not_move(monkeypatch, images):
    represented_by(monkeypatch, lambda pixels: pixels.mean(3))  # the same for mirrored images
    moved = displacements(images, Encoder())
    assert moved["flip"] == pytest.approx(0, abs=ROUNDING)
    assert all(moved[name] > 0.01 for name in moved if name != "flip")


def test_the_unit_is_the_distance_of_different_images(monkeypatch, images):
    represented_by(monkeypatch, lambda pixels: pixels)
    pixels = images / 255
    own = (pixels - pixels.flip(3)).flatten(1).norm(dim=1).mean()
    other = (pixels - pixels.roll(1, 0)).flatten(1).norm(dim=1).mean()
    assert displacements(images, Encoder())["flip"] == pytest.approx((own / other).item(), rel=ROUNDING)


def test_scale_does_not_matter(monkeypatch, images):
    represented_by(monkeypatch, lambda pixels: pixels)
    plain = displacements(images, Encoder())
    represented_by(monkeypatch, lambda pixels: 1000 * pixels)
    assert displacements(images, Encoder()) == pytest.approx(plain, rel=ROUNDING)


def test_it_is_the_encoder_that_is_measured(images):
    torch.manual_seed(0)
    encoder = Encoder()
    first = displacements(images, encoder)
    assert list(first) == [*PARTS, "all of T"]
    assert displacements(images, encoder) == first
    assert displacements(images, Encoder()) != first


def test_a_collapsed_encoder_is_told_of(monkeypatch, images):
    represented_by(monkeypatch, torch.zeros_like)
    with pytest.raises(VICRegError, match="collapsed"):
        displacements(images, Encoder())
