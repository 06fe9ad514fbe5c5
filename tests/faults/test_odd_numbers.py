"""Constant images, collapsed and non-finite representations, missing classes: named, never a silent NaN.

Epochs, batch sizes, k and empty sets of scores that cannot be are in tests/test_train.py,
tests/test_loss.py, tests/downstream/test_retrieval.py and tests/downstream/test_clustering.py.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from dataclasses import replace

import pytest
import torch
from torch import nn

from vicreg import representations as R
from vicreg import train as T
from vicreg.augment import augment
from vicreg.data import Splits
from vicreg.downstream.anomaly import anomaly_scores, roc
from vicreg.downstream.clustering import cluster, silhouette
from vicreg.downstream.probe import linear_probe
from vicreg.downstream.retrieval import most_distant, nearest, nearest_others, neighbour_classes
from vicreg.downstream.tsne import tsne_map
from vicreg.experiments import VICREG
from vicreg.history import History
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.validation import check_useful, has_collapsed
from vicreg.weights import Provenance, Run

CPU = torch.device("cpu")
CLUSTERS = torch.arange(40) % 4
# Constant, but not in float32's last digits; and exactly constant, at a value float32 rounds.
COLLAPSED = {
    "rounded": torch.full((40, 8), 0.1) * (1 + 1e-8 * torch.arange(40).view(-1, 1)),
    "constant": torch.full((40, 8), 0.1),
    "zero": torch.zeros(40, 8),
}
USES = {
    "probe": lambda y: linear_probe(y, CLUSTERS, y, CLUSTERS),
    "k-means": lambda y: cluster(y, 4),
    "silhouette": lambda y: silhouette(y, CLUSTERS),
    "k-NN": lambda y: nearest(y, y, 2),
    "k-NN of others": lambda y: nearest_others(y, 2),
    "most distant": lambda y: most_distant(y[:3], y, 2),
    "anomaly scores": lambda y: anomaly_scores(y, y),
    "neighbours' classes": lambda y: neighbour_classes(y, CLUSTERS, 2),
    "t-SNE": lambda y: tsne_map(y),
}


def varied(n: int = 40) -> torch.Tensor:
    return torch.randn(n, 8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", COLLAPSED)
@pytest.mark.parametrize("use", USES)
def test_a_collapsed_representation_is_named(use, kind):
    with pytest.raises(VICRegError, match=r"All representations are the same, so there is nothing .* the encoder has collapsed.*\.$"):
        USES[use](COLLAPSED[kind])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("use", USES)
def test_a_non_finite_representation_is_named(use, value):
    y = varied()
    y[7, 3] = value
    with pytest.raises(VICRegError, match=r"not finite: the encoder has diverged; train it anew\.$"):
        USES[use](y)


def test_what_varies_in_one_dimension_has_not_collapsed():
    y = torch.full((40, 8), 100.0)
    y[3, 2] += 0.01
    assert not has_collapsed(y) and not has_collapsed(varied())
    assert not has_collapsed(y[:1]), "one image cannot vary"
    assert not has_collapsed(y[:0])


def test_queries_need_not_vary_but_be_finite():
    same = torch.zeros(3, 8)
    assert nearest(same, varied(), 2).distances.isfinite().all()
    with pytest.raises(VICRegError, match="not finite"):
        nearest(same / 0, varied(), 2)


def run_with(encoder: nn.Module) -> Run:
    history = History(torch.zeros(1, 1, 3), torch.zeros(1, 3))
    return Run(VICREG, encoder, nn.Identity(), history, Provenance("", "", ()), "a fingerprint")


def test_representations_that_are_all_the_same_are_warned_of(tiny, monkeypatch):
    monkeypatch.setattr(R, "embed", lambda images, *_: torch.ones(len(images), 128))
    for _ in ("computed", "from the cache"):
        with pytest.warns(UserWarning, match="vicreg represents all 10 images .* by the same point"):
            R.representations(run_with(nn.Identity()), tiny.test, CPU)


def test_representations_that_are_not_finite_are_neither_returned_nor_cached(tiny, monkeypatch):
    monkeypatch.setattr(R, "embed", lambda images, *_: torch.ones(len(images), 128) / 0)
    with pytest.raises(VICRegError, match="not finite"):
        R.representations(run_with(nn.Identity()), tiny.test, CPU)
    monkeypatch.setattr(R, "embed", lambda images, *_: images.flatten(1)[:, :128].float())
    assert R.representations(run_with(nn.Identity()), tiny.test, CPU).isfinite().all()


@pytest.mark.parametrize("value", [0, 128, 255])
def test_constant_images_have_finite_views(value):
    images = torch.full((64, 3, 32, 32), value, dtype=torch.uint8)
    assert augment(images, torch.Generator().manual_seed(0)).isfinite().all()


def test_training_on_constant_images_stays_finite_and_its_collapse_is_named(small, tiny):
    black = Splits(*(replace(split, images=torch.zeros_like(split.images)) for split in tiny))
    content = torch.load(T.train(replace(small, epochs=1), black, CPU), weights_only=True)
    assert content["history"]["train"].isfinite().all()
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 128))
    encoder.load_state_dict({key: value.float() for key, value in content["encoder"].items()})
    with torch.inference_mode(), pytest.raises(VICRegError, match="collapsed"):
        check_useful(encoder(black.train.images.float()), "probe")


# Classes without images -------------------------------------------------------------------------


def test_a_probe_of_a_class_without_images_is_refused():
    y, all_but_2 = varied(), CLUSTERS.where(CLUSTERS != 2, 0)
    with pytest.raises(ValueError, match=r"Each of 4 classes needs test images, class 2 has none\."):
        linear_probe(y, CLUSTERS, y, all_but_2)
    with pytest.raises(ValueError, match="needs training images, class 2 has none"):
        linear_probe(y, all_but_2, y, CLUSTERS)


def test_neighbours_of_a_class_without_images_are_refused():
    with pytest.raises(ValueError, match="class 1 has none"):
        neighbour_classes(varied(), CLUSTERS.where(CLUSTERS != 1, 3), 2)


@pytest.mark.parametrize("kinds", [(5, 0), (0, 5), (0, 0)])
def test_scores_of_one_kind_alone_have_no_roc(kinds):
    with pytest.raises(ValueError, match="needs scores of normal and of anomalous images; one is empty"):
        roc(*(torch.rand(n) for n in kinds))


def test_scores_that_are_not_finite_have_no_roc():
    with pytest.raises(ValueError, match="not finite"):
        roc(torch.tensor([0.1, float("nan")]), torch.ones(2))
