"""Pairs of views: generated, and found among the neighbours of another experiment.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import shutil
from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from vicreg import pairs as P
from vicreg import train as T
from vicreg import views as V
from vicreg.augment import normalise
from vicreg.experiments import CODE_LEARNING_RATE, EXPERIMENTS, NO_GENERATED_NEIGHBORS, VICREG
from vicreg.representations import representations
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.paths import weights_folder
from vicreg.weights import load_run

CPU = torch.device("cpu")


@pytest.fixture
def vicreg(trained):
    """The run "vicreg" of two epochs among this test's own weights."""
    weights_folder().mkdir(parents=True)
    shutil.copy(trained.weights, weights_folder())
    return load_run("vicreg")


def test_each_ablation_differs_in_what_its_question_names():
    for name, change in {
        "no_variance": {"variance_weight": 0},
        "latent_optimization": {"latent": True, "code_learning_rate": CODE_LEARNING_RATE},
        "latent_optimization_plain": {
            "latent": True, "code_learning_rate": CODE_LEARNING_RATE, "lookup_views": False, "lookup_among": 10,
        },
        "no_generated_neighbors": {"neighbours_of": "vicreg", "epochs": 1},
        "no_generated_neighbors_long": {"neighbours_of": "vicreg"},
    }.items():  # fmt: skip
        ablation = EXPERIMENTS[name]
        assert ablation == replace(VICREG, name=name, description=ablation.description, **change)


def test_pairs_are_an_image_and_one_of_its_three_neighbours_unaugmented(tiny):
    images = tiny.train.images
    neighbours = torch.stack([(torch.arange(20) + shift) % 20 for shift in (1, 2, 3)], dim=1)
    pairs = V.neighbour_pairs(images, neighbours)
    indices = torch.arange(20).repeat(100)
    x, x_prime = pairs(indices, torch.Generator().manual_seed(0))
    assert_close(x, normalise(images[indices]))
    plain = normalise(images)
    drawn = torch.stack([(plain[neighbours[indices, i]] == x_prime).flatten(1).all(1) for i in range(3)])
    assert drawn.any(dim=0).all()
    # Each neighbour is drawn a third of the times; five standard errors of a share.
    assert_close(drawn.double().mean(1), torch.full((3,), 1 / 3).double(), atol=0.055, rtol=0)


def test_neighbours_are_the_nearest_by_the_named_run_and_never_the_image(tiny, vicreg):
    for split, found in zip(tiny, P.nearest_by("vicreg", tiny, CPU), strict=True):
        y = representations(vicreg, split, CPU).double()
        squared = torch.cdist(y, y).square().fill_diagonal_(torch.inf)
        # Found by |q|^2 + |x|^2 - 2 qx in float32, three sums of 128 products each rounded 128 times.
        rounding = 4 * y.square().sum(1).max() * y.shape[1] * torch.finfo(torch.float32).eps / 2
        nearest = squared.topk(3, largest=False).values
        assert_close(squared.gather(1, found), nearest, rtol=0, atol=rounding.item())


def test_training_on_neighbours_sees_no_augmented_image(tiny, vicreg, monkeypatch):
    def fail(*arguments):
        raise AssertionError("augmented")

    monkeypatch.setattr(V, "view", fail)
    T.train(replace(NO_GENERATED_NEIGHBORS, batch_size=8), tiny, CPU)
    assert load_run("no_generated_neighbors").history.train.shape == (1, 2, 3)


def test_without_the_named_run_there_are_no_neighbours(tiny):
    with pytest.raises(VICRegError, match="python -m vicreg train vicreg"):
        T.train(replace(NO_GENERATED_NEIGHBORS, batch_size=8), tiny, CPU)
