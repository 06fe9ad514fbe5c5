"""Images of other sides than 32: from views and features to weights, by the same network.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate
from torch.testing import assert_close

from vicreg import train as T
from vicreg.__main__ import main, parse
from vicreg.augment import augment
from vicreg.commands.train import chosen_experiment
from vicreg.data import Splits
from vicreg.downstream.invariance import displacements
from vicreg.experiments import LATENT_OPTIMIZATION, VICREG
from vicreg.latent import Lookup
from vicreg.latent_codes import LatentCodes, looks
from vicreg.model import Encoder
from vicreg.patch_features import patch_features
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.paths import runs_folder, weights_folder
from vicreg.weights import load_run

CPU = torch.device("cpu")


def of_side(images: Tensor, side: int) -> Tensor:
    return interpolate(images.float(), size=side, mode="bilinear", antialias=True).round().to(torch.uint8)


@pytest.fixture
def data(tiny):
    """A function that gives the tiny splits with images of a side."""
    return lambda side: Splits(*(replace(split, images=of_side(split.images, side)) for split in tiny))


@pytest.mark.parametrize("side", [16, 64])
def test_training_and_weights(data, side):
    experiment = replace(VICREG, epochs=1, batch_size=5, side=side)
    run = load_run(T.train(experiment, data(side), CPU))
    assert run.experiment.side == side and run.history.test.isfinite().all()
    weights = Encoder().state_dict()
    assert {key: value.shape for key, value in run.encoder.state_dict().items()} == {
        key: value.shape for key, value in weights.items()
    }


@pytest.mark.parametrize("lookup_views", [True, False])
def test_codes(data, lookup_views):
    splits = data(64)
    experiment = replace(LATENT_OPTIMIZATION, epochs=1, batch_size=5, side=64, lookup_views=lookup_views)
    run = load_run(T.train(experiment, splits, CPU))
    assert_close(run.encoder.of(splits.train.images), run.encoder.weight.detach())


def test_a_view_finds_the_image_that_it_is_of_at_any_side(sample):
    images = of_side(sample.train.images[:100], 64)
    features = patch_features(images)
    assert features.shape == (100, 128) and features.isfinite().all()
    views = augment(images[:20], torch.Generator().manual_seed(0))
    assert views.shape == (20, 3, 64, 64)
    stranger = torch.full((20,), 99)  # left out in place of the views' own images
    found = Lookup(images)(views, stranger)
    assert (found == torch.arange(20)).float().mean() > 5 / 20, "by chance one in a hundred"


def test_looks_do_not_depend_on_the_side(sample):
    images = sample.train.images[:50]
    codes = LatentCodes(50)
    codes.remember(of_side(images, 64))
    assert_close(looks(of_side(images, 64)).float(), looks(images).float(), rtol=0, atol=2)
    assert_close(codes.of(of_side(images, 64).flip(0)), codes.weight.detach().flip(0))


def test_how_far_representations_move(data):
    moved = displacements(data(64).train.images, Encoder())
    assert all(0 < value < float("inf") for value in moved.values())


@pytest.mark.parametrize(("side", "given"), [(64, 32), (32, 48)])
def test_images_of_another_side_are_refused(small, data, side, given):
    says = f"have {given}x{given} pixels and not the experiment's {side}x{side}; take images of that size, or set another"
    with pytest.raises(VICRegError, match=says):
        T.train(replace(small, side=side), data(given), CPU)
    mixed = Splits(data(side).train, data(given).test)
    with pytest.raises(VICRegError, match=says):
        T.train(replace(small, side=side), mixed, CPU)
    assert not weights_folder().exists() and not runs_folder().exists()


def test_the_option_is_a_shortcut(tiny_folder, capsys):
    assert chosen_experiment(parse(["train", "vicreg", "--side", "64"])) == replace(VICREG, side=64)
    own = chosen_experiment(parse(["train", "vicreg", "--side", "64", "--as", "own"]))
    assert (own.name, own.side, own.description) == ("own", 64, "vicreg with side=64")
    options = ["--batch-size", "5", "--device", "cpu", "--data", str(tiny_folder)]
    assert main(["train", "vicreg", "--side", "64", *options]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: The train images have 32x32 pixels")
    assert main(["train", "vicreg", "--side", "300", *options]) == 1
    assert capsys.readouterr().err == "error: side must be from 16 to 256, got 300.\n"
