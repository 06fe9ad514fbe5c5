"""Neighbours against brute force in float64.

Representations here are whole numbers whose squared distances are below 2^24: float32 holds those
exactly, in whatever order they are summed, so that the neighbours are exact and their distances are
rounded once, by the root.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import pytest
import torch
from torch.testing import assert_close

from vicreg.downstream.anomaly import anomaly_scores, anomaly_scores_by_k, roc, roc_without
from vicreg.downstream.retrieval import (
    by_faiss,
    by_products,
    k_occurrences,
    most_distant,
    most_entangled,
    nearest,
    nearest_others,
    neighbour_classes,
    one_of_each_class,
    others_farther,
    shared_neighbours,
)

both = pytest.mark.parametrize("search", [by_faiss, by_products])
ROUNDED = {"rtol": torch.finfo(torch.float32).eps, "atol": 0}


def drawn(n, seed):
    return torch.randint(-300, 301, (n, 16), generator=torch.Generator().manual_seed(seed)).float()


@pytest.fixture
def y():
    return drawn(300, seed=0)


def all_distances(a, b):
    return torch.stack([(row - b.double()).square().sum(1).sqrt() for row in a.double()])


@both
def test_nearest_equals_brute_force(y, search):
    queries = drawn(40, seed=1)
    expected = all_distances(queries, y).topk(5, largest=False)
    found = nearest(queries, y, 5, search)
    assert torch.equal(found.indices, expected.indices)
    assert_close(found.distances.double(), expected.values, **ROUNDED)


@both
def test_an_image_is_never_its_own_neighbour(y, search):
    expected = all_distances(y, y).fill_diagonal_(float("inf")).topk(7, largest=False)
    found = nearest_others(y, 7, search=search)
    assert torch.equal(found.indices, expected.indices)
    assert_close(found.distances.double(), expected.values, **ROUNDED)
    some = torch.tensor([5, 17, 250])
    assert torch.equal(nearest_others(y, 7, some, search).indices, expected.indices[some])


@both
def test_duplicates_are_neighbours_but_an_image_is_not(y, search):
    y[10:70] = y[10:20].repeat(6, 1)
    y /= 7  # fractions, for which |q|^2 + |x|^2 - 2 qx is not always 0 where q = x
    found = nearest_others(y, 5, search=search)
    assert not (found.indices == torch.arange(300).unsqueeze(1)).any()
    assert (found.distances[10:70] == 0).all()
    assert (found.indices[10:70] % 10 == torch.arange(10, 70).unsqueeze(1) % 10).all()
    assert ((found.indices[10:70] >= 10) & (found.indices[10:70] < 70)).all()


@both
def test_of_rows_equally_far_the_first_comes_first(search):
    y = torch.tensor([[0.0], [3.0], [1.0], [-1.0], [1.0], [-3.0]])
    assert nearest(torch.zeros(1, 1), y, 6, search).indices.tolist() == [[0, 2, 3, 4, 1, 5]]


def test_products_are_exact_far_from_the_origin(y):
    """At 2^20, whose square float32 rounds to more than these squared distances."""
    far = y + 2**20
    expected = all_distances(far, far).fill_diagonal_(float("inf")).topk(3, largest=False)
    found = nearest_others(far, 3, search=by_products)
    assert torch.equal(found.indices, expected.indices)


def test_most_distant_equals_brute_force(y):
    members = torch.tensor([0, 3, 299])
    expected = all_distances(y[members], y).topk(5)
    found = most_distant(y[members], y, 5)
    assert torch.equal(found.indices, expected.indices)
    assert_close(found.distances.double(), expected.values, **ROUNDED)


@pytest.mark.parametrize("k", [0, 301])
def test_k_beyond_the_index_is_refused(y, k):
    with pytest.raises(ValueError, match=r"k must be from 1 to the 300"):
        nearest(y, y, k)
    with pytest.raises(ValueError, match=r"k must be from 1 to the 299"):
        nearest_others(y, k)


def test_one_image_of_each_class():
    labels = torch.arange(100) // 10
    places = one_of_each_class(labels, seed=0)
    assert labels[places].tolist() == list(range(10))
    assert torch.equal(places, one_of_each_class(labels, seed=0))
    assert not torch.equal(places, one_of_each_class(labels, seed=1))


def test_neighbour_classes_counts_pairs():
    # Two pairs on a line: 0 1 are alike, 2 3 are near each other but of two classes.
    y = torch.tensor([[0.0], [1.0], [10.0], [11.0]])
    shares = neighbour_classes(y, torch.tensor([0, 0, 0, 1]), k=1)
    assert_close(shares, torch.tensor([[2 / 3, 1 / 3], [1.0, 0.0]], dtype=torch.double))
    assert most_entangled(shares, 1) == [(0, 1, pytest.approx(2 / 3))]


def test_shared_neighbours_are_counted_in_both_spaces(y):
    other = drawn(300, seed=5)
    here, there = (all_distances(x, x).fill_diagonal_(torch.inf).topk(7, largest=False).indices.tolist() for x in (y, other))
    expected = sum(len(set(a) & set(b)) for a, b in zip(here, there, strict=True)) / (7 * 300)
    assert 0 < expected < 0.5
    assert shared_neighbours(y, other, 7) == pytest.approx(expected)
    assert shared_neighbours(y, 2 * y, 7) == 1


def test_others_farther_counts_triples(y):
    labels = torch.arange(300) % 7
    y = y + 100 * labels.unsqueeze(1)
    queries = torch.tensor([3, 250, 77])
    shares = []
    for query in queries.tolist():
        distances = all_distances(y[query : query + 1], y)[0]
        own = [distances[i] for i in range(300) if labels[i] == labels[query] and i != query]
        other = [distances[i] for i in range(300) if labels[i] != labels[query]]
        shares.append(sum(float(o > a) for a in own for o in other) / (len(own) * len(other)))
    expected = sum(shares) / 3
    assert 0.55 < expected < 0.99
    assert others_farther(y, labels, queries) == pytest.approx(expected, abs=1e-9)


def test_scores_are_mean_l2_distances_not_squared(y):
    test = drawn(20, seed=2)
    expected = all_distances(test, y).sort(dim=1).values[:, :2].mean(1)
    assert_close(anomaly_scores(test, y, k=2).double(), expected, **ROUNDED)


def test_scores_by_k_are_those_of_every_k(y):
    test = drawn(20, seed=2)
    by_k = anomaly_scores_by_k(test, y, 7)
    assert by_k.shape == (20, 7)
    for k in range(1, 8):
        assert_close(by_k[:, k - 1], anomaly_scores(test, y, k))


def test_occurrences_count_how_often_a_row_is_among_the_nearest(y):
    test = drawn(20, seed=2)
    found = all_distances(test, y).argsort(dim=1)[:, :3].flatten().tolist()
    assert k_occurrences(test, y, 3).tolist() == [found.count(row) for row in range(len(y))]


def test_without_the_hubs_beside_them_anomalies_are_found(y):
    odd = (y[:20] / 100).round() + 30_000                        # far away, and close together
    train_y = torch.cat([y[150:], odd[:2] + 1])
    scores = [anomaly_scores(of, train_y) for of in (y[:150], odd)]
    hubs = k_occurrences(odd, train_y, 2).topk(2).indices
    assert sorted(hubs.tolist()) == [150, 151] and roc(*scores).auc == 0
    found = roc_without(hubs, y[:150], odd, train_y)
    expected = roc(*(anomaly_scores(of, y[150:]) for of in (y[:150], odd)))
    assert found.auc == expected.auc == 1 and (found.thresholds == expected.thresholds).all()


def test_far_images_are_more_anomalous(y):
    far = y[:20] + 30_000
    curve = roc(anomaly_scores(y[:150], y[150:]), anomaly_scores(far, y[150:]))
    assert curve.auc == 1


def test_auc_is_the_chance_that_an_anomaly_scores_higher():
    generator = torch.Generator().manual_seed(3)
    normal, anomalous = torch.rand(50, generator=generator), torch.rand(60, generator=generator) + 0.3
    wins = (anomalous.unsqueeze(1) > normal).double().mean().item()
    curve = roc(normal, anomalous)
    assert curve.auc == pytest.approx(wins)
    area = torch.trapezoid(*(torch.tensor(a) for a in (curve.true_positive_rate, curve.false_positive_rate)))
    assert area.item() == pytest.approx(wins)
