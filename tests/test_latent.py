"""Latent optimisation: what a view is looked up by, whom it finds, and codes that are trained.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close
from torchvision.io import decode_jpeg, encode_jpeg

from vicreg import latent
from vicreg import latent_codes as C
from vicreg import patch_features as patches
from vicreg import train as T
from vicreg.augment import augment, normalise
from vicreg.experiments import EXPERIMENTS, LATENT_OPTIMIZATION, LATENT_OPTIMIZATION_PLAIN
from vicreg.pairs import pairs_for
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.paths import PROJECT, runs_folder
from vicreg.step import training_step
from vicreg.weights import load_run

CPU = torch.device("cpu")
FEW = 4  # filters; enough to tell right from wrong, and fast


@pytest.fixture(autouse=True)
def few_filters(monkeypatch):
    monkeypatch.setattr(patches, "FILTERS", FEW)
    monkeypatch.setattr(patches, "DIMENSIONS", 16)
    monkeypatch.setattr(patches, "SAMPLE", 2000)


def test_pooled_responses_equal_a_literal_loop_over_patches(tiny):
    features = patches.PatchFeatures(tiny.train.images)
    x = normalise(tiny.test.images[:1])[0].double()
    filters, offset = features.filters.flatten(1).double(), features.offset.flatten().double()
    responses = torch.empty(2 * FEW, 27, 27, dtype=torch.double)
    for row in range(27):
        for column in range(27):
            patch = x[:, row : row + 6, column : column + 6].flatten()
            centred = patch - patch.mean()
            patch = centred / (centred.square().mean() + patches.CONTRAST_EPS).sqrt()
            response = filters @ patch - offset
            both = torch.cat([response, -response]) - patches.THRESHOLD
            responses[:, row, column] = both.clamp(min=0)
    cells = [[torch.tensor([c * 27 // 4, -((c + 1) * -27 // 4)]) for c in range(4)]] * 2
    expected = torch.stack(
        [responses[:, r[0] : r[1], c[0] : c[1]].mean((1, 2)) for r in cells[0] for c in cells[1]], dim=1
    )
    pooled = features.pooled(x.unsqueeze(0).float())
    assert_close(pooled.double(), expected.flatten().sqrt().unsqueeze(0), rtol=1e-3, atol=1e-3)


def test_filters_respond_to_whitened_patches(tiny):
    """Responses of a filter over patches of the set have zero mean and much the same variance."""
    features = patches.PatchFeatures(tiny.train.images)
    sample = patches.random_patches(tiny.train.images, 4000, torch.Generator().manual_seed(1))
    centred = sample - sample.mean(1, keepdim=True)
    sample = centred / (centred.square().mean(1, keepdim=True) + patches.CONTRAST_EPS).sqrt()
    responses = sample @ features.filters.flatten(1).T - features.offset.flatten()
    assert responses.mean(0).abs().max() < 0.1
    assert (responses.std(0) > 0.3).all() and (responses.std(0) < 1.5).all()


def test_a_view_finds_the_image_that_it_is_and_never_its_own(tiny):
    images = tiny.train.images
    lookup = latent.Lookup(images)
    indices = torch.arange(20)
    others = indices.roll(1)
    assert torch.equal(lookup(normalise(images[others]), indices), others)
    assert (lookup(normalise(images), indices) != indices).all()


def test_found_pairs_are_places_and_what_random_views_find(tiny):
    pairs = latent.found_pairs(tiny.train.images)
    indices = torch.arange(20).repeat(5)
    own, found = pairs(indices, torch.Generator().manual_seed(0))
    assert torch.equal(own, indices)
    assert (found != indices).all() and found.min() >= 0 and found.max() < 20
    again = pairs(indices, torch.Generator().manual_seed(0))[1]
    other = pairs(indices, torch.Generator().manual_seed(1))[1]
    assert torch.equal(found, again) and not torch.equal(found, other)
    assert len(found.view(5, 20).unique(dim=0)) > 1, "an image's views find different images"


def test_a_view_finds_one_of_the_nearest_images_by_brute_force(sample):
    """Among more images than are compared at once, in blocks of views that do not come out even."""
    images = sample.train.images
    lookup = latent.Lookup(images)
    indices = torch.arange(latent.VIEWS_AT_ONCE + 7)
    views = augment(images[indices], torch.Generator().manual_seed(0))
    theirs = lookup.features(views).double()
    for view, own, found in zip(theirs, indices, lookup.nearest(views, indices, 3), strict=True):
        distances = (lookup.index.double() - view).norm(dim=1)
        distances[own] = torch.inf
        assert torch.equal(found, distances.argsort()[:3])
    assert torch.equal(lookup(views, indices), lookup.nearest(views, indices, 1)[:, 0])

    drawn = [
        latent.found_pairs(images, among=3)(indices, torch.Generator().manual_seed(seed))[1]
        for seed in (0, 1)
    ]
    again = latent.found_pairs(images, among=3)(indices, torch.Generator().manual_seed(0))[1]
    views = augment(images[indices], torch.Generator().manual_seed(0))
    ranks = lookup.nearest(views, indices, 3) == drawn[0].unsqueeze(1)
    assert torch.equal(drawn[0], again) and not torch.equal(*drawn)
    assert (ranks.sum(dim=1) == 1).all() and (ranks.double().mean(dim=0) > 0.2).all()


@pytest.mark.parametrize("among", [1, 4])
def test_a_plain_image_finds_one_of_its_nearest_others_by_brute_force(tiny, among):
    images = tiny.train.images
    experiment = replace(LATENT_OPTIMIZATION_PLAIN, lookup_among=among)
    pairs, none = pairs_for(experiment, tiny, CPU, make=None)
    indices = torch.arange(20).repeat(200)
    own, found = pairs(indices, torch.Generator().manual_seed(0))
    assert torch.equal(own, indices) and none is None
    features = patches.patch_features(images, experiment.seed).double()
    distances = torch.cdist(features, features, compute_mode="donot_use_mm_for_euclid_dist")
    nearest = distances.fill_diagonal_(torch.inf).argsort(dim=1)[:, :among]
    ranks = (nearest[indices] == found.unsqueeze(1)).double()
    assert (ranks.sum(dim=1) == 1).all()
    # Five standard errors of a share.
    assert_close(ranks.mean(dim=0), torch.full((among,), 1 / among).double(), atol=0.035, rtol=0)


def test_shares_of_a_batch_make_up_the_batch(tiny):
    for pairs in (
        latent.found_pairs(tiny.train.images, among=3),
        pairs_for(replace(LATENT_OPTIMIZATION_PLAIN, lookup_among=3), tiny, CPU)[0],
    ):
        indices = torch.randperm(20)
        whole = pairs(indices, torch.Generator().manual_seed(0))
        shares = [pairs(indices, torch.Generator().manual_seed(0), part) for part in (slice(0, 10), slice(10, 20))]
        for both, parts in zip(whole, zip(*shares, strict=True), strict=True):
            assert torch.equal(both, torch.cat(parts))


@pytest.mark.parametrize("name", ["latent_optimization", "latent_optimization_plain"])
def test_a_step_moves_the_codes_drawn_and_found_and_no_other(tiny, name):
    """Bit for bit, though the others moved in earlier steps; with the networks' Adam they would."""
    experiment = replace(EXPERIMENTS[name], batch_size=4)
    encoder, projector = models = T.initial_models(experiment, 20, CPU)
    given = []

    def seen(*arguments):
        given.append(pairs(*arguments))
        return given[-1]

    pairs = pairs_for(experiment, tiny, CPU)[0]
    optimizer = T.adam(experiment, *models)
    step = training_step(experiment, *models, optimizer, seen, torch.Generator().manual_seed(0))
    for indices in torch.arange(20).split(4):
        before = encoder.weight.detach().clone()
        step(indices)
        moved = (encoder.weight != before).any(dim=1).nonzero().squeeze(1)
        assert torch.equal(moved, torch.cat(given[-1]).unique()) and len(moved) < 20
    assert {p for group in optimizer.param_groups for p in group["params"]} == {*encoder.parameters(), *projector.parameters()}


def test_the_head_keeps_the_exercises_adam_and_codes_without_a_rate_have_it_too(tiny):
    """As weights files were trained that know no rate for codes."""
    models = T.initial_models(LATENT_OPTIMIZATION, 20, CPU)
    settings = [
        [(g["lr"], g["betas"], g["weight_decay"], len(g["params"])) for g in T.adam(experiment, *models).param_groups]
        for experiment in (LATENT_OPTIMIZATION, replace(LATENT_OPTIMIZATION, code_learning_rate=None))
    ]
    head = len([*models[1].parameters()])
    exercise = (3e-4, (0.9, 0.999), 1e-6)
    assert settings == [
        [(LATENT_OPTIMIZATION.code_learning_rate, (0, 0.999), 0, 1), (*exercise, head)],
        [(*exercise, 1 + head)],
    ]


@pytest.mark.parametrize("name", ["latent_optimization", "latent_optimization_plain"])
def test_codes_go_on_from_a_checkpoint_bit_for_bit(tiny, assert_identical, tmp_path, monkeypatch, name):
    monkeypatch.setattr(T, "CHECKPOINT_EVERY", 0)
    experiment = replace(EXPERIMENTS[name], epochs=3, batch_size=8)
    whole = T.train(experiment, tiny, CPU).rename(tmp_path / "whole.pt")
    shutil.rmtree(runs_folder())
    T.train(replace(experiment, epochs=1), tiny, CPU)
    assert_identical(T.train(experiment, tiny, CPU), whole)


def test_codes_are_trained_kept_and_loaded(tiny):
    experiment = replace(LATENT_OPTIMIZATION, epochs=2, batch_size=10)
    path = T.train(experiment, tiny, CPU)
    run = load_run("latent_optimization")
    assert isinstance(run.encoder, C.LatentCodes) and run.experiment.latent
    start, _ = T.initial_models(experiment, 20, CPU)
    moved = (run.encoder.weight - start.weight).abs().amax(dim=1)
    assert (moved > 1e-4).all(), "every image's code is trained"
    assert run.history.train.shape == (2, 2, 3) and run.history.test.shape == (0, 3)
    assert path.stat().st_size < 2e6

    assert torch.equal(run.encoder.looks, C.looks(tiny.train.images)), "whose codes they are is kept"

    longer = T.train(replace(experiment, epochs=3), tiny, CPU)
    assert longer == path and load_run("latent_optimization").experiment.epochs == 3


def as_jpeg(image, quality):
    return decode_jpeg(encode_jpeg(image.contiguous(), quality))


def test_codes_are_those_of_the_images_whatever_their_order_and_compression(sample):
    """Two images of a set may look alike, so the set is large: 400 images."""
    images = sample.train.images
    codes = C.LatentCodes(len(images))
    codes.remember(images)
    assert torch.equal(codes.of(images), codes.weight)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    lossy = torch.stack([as_jpeg(image, quality=75) for image in images])
    assert not torch.equal(C.looks(lossy), C.looks(images)), "what is compressed looks different"
    assert torch.equal(codes.of(lossy), codes.weight)
    assert torch.equal(codes.of(lossy[order]), codes.weight[order])
    some = order[:30]
    assert torch.equal(codes.of(images[some]), codes.weight[some]), "a part of the images has codes, too"


def test_looks_are_the_mean_colours_of_sixteen_cells(tiny):
    image = tiny.train.images[0]
    cells = [image[:, r : r + 8, c : c + 8].double().mean((1, 2)) for r in range(0, 32, 8) for c in range(0, 32, 8)]
    expected = torch.stack(cells, dim=1).flatten()
    assert ((C.looks(image[None])[0].double() - expected).abs() <= 0.5).all()


def test_images_without_codes_are_refused_and_counted(sample):
    codes = C.LatentCodes(len(sample.train))
    codes.remember(sample.train.images)
    mixed = sample.train.images.clone()
    mixed[:3] = 255 - mixed[:3]
    with pytest.raises(VICRegError, match=r"^3 of the 400 images have no code"):
        codes.of(mixed)
    with pytest.raises(VICRegError, match="of the 200 images have no code"):
        codes.of(sample.test.images)


MEASURE = """
import resource, sys, torch
from vicreg.runtime.device import keep_freed_memory
from vicreg.latent import Lookup
keep_freed_memory()
images = torch.randint(256, (int(sys.argv[1]), 3, 32, 32), dtype=torch.uint8)
Lookup(images)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="measures in Linux's units")
def test_more_images_need_no_more_memory_than_their_own():
    """In pieces kept amid freed memory, 5,000 images more took 2 GB more."""
    few, many = (
        int(subprocess.run([sys.executable, "-c", MEASURE, n], capture_output=True, check=True, cwd=PROJECT).stdout)
        for n in ("1000", "6000")
    )
    assert many - few < 300_000, "kilobytes; images, their pooled responses and features are 130 MB"
