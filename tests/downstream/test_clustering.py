"""Clusters, their silhouette and their agreement with classes against scikit-learn.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from itertools import permutations

import numpy as np
import pytest
import torch
from sklearn.metrics import silhouette_score

from vicreg.downstream import clustering as C


@pytest.fixture
def blobs():
    """Three clouds of 300, 200 and 100 points: (y, cloud)."""
    generator = torch.Generator().manual_seed(0)
    cloud = torch.tensor([0] * 300 + [1] * 200 + [2] * 100)
    centres = 4 * torch.randn(3, 8, generator=generator, dtype=torch.float64)
    return centres[cloud] + torch.randn(600, 8, generator=generator, dtype=torch.float64), cloud


def test_clouds_are_found(blobs):
    y, cloud = blobs
    shuffled = torch.randperm(600, generator=torch.Generator().manual_seed(1))
    y, cloud = y[shuffled], cloud[shuffled]
    found = C.cluster(y, k=3)
    assert (found.clusters == cloud).double().mean() > 0.99, "the largest cluster is the first, as the largest cloud is"
    for c in range(3):
        np.testing.assert_allclose(found.centres[c], y[found.clusters == c].mean(0), rtol=1e-12, atol=1e-12)


def test_silhouette_equals_scikit_learns(blobs, monkeypatch):
    y, cloud = blobs
    monkeypatch.setattr(C, "ROWS_AT_ONCE", 97)  # so that blocks and clusters do not coincide
    random = torch.randint(5, (600,), generator=torch.Generator().manual_seed(1))
    alone = cloud.clone()
    alone[0] = 3
    for clusters in (cloud, random, alone):
        assert C.silhouette(y + 50, clusters) == pytest.approx(silhouette_score(y, clusters), abs=1e-12)


def test_an_empty_cluster_is_no_neighbour(blobs):
    y, cloud = blobs
    gap = torch.where(cloud == 2, 7, cloud)
    assert C.silhouette(y, gap) == pytest.approx(C.silhouette(y, cloud))


def test_duplicates_have_a_score():
    y = torch.tensor([[0.0, 0.0]] * 6 + [[5.0, 0.0]])
    assert C.silhouette(y, torch.tensor([0, 0, 0, 1, 1, 1, 2])) == 0


def test_one_cluster_has_no_silhouette(blobs):
    with pytest.raises(ValueError, match="at least two"):
        C.silhouette(blobs[0], torch.zeros(600, dtype=torch.long))


def test_agreement_does_not_depend_on_the_names_of_clusters(blobs):
    _, cloud = blobs
    renamed = torch.tensor([2, 0, 1])[cloud]
    assert C.agreement(renamed, cloud) == pytest.approx((1, 1, 1))
    halves = torch.where(torch.arange(600) % 2 == 0, 0, 1)
    assert C.agreement(halves, cloud).rand_index == pytest.approx(0, abs=0.02)
    # By hand: clusters {0, 0, 1}, classes {0, 1, 1}: the best assignment gets two of three right.
    assert C.agreement(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1])).accuracy == pytest.approx(2 / 3)


def test_best_classes_are_those_of_brute_force():
    generator = torch.Generator().manual_seed(1)
    clusters, labels = torch.randint(4, (2, 60), generator=generator)
    found = C.best_classes(clusters, labels)
    hits = {order: (torch.tensor(order)[clusters] == labels).sum().item() for order in permutations(range(4))}
    assert hits[tuple(found.tolist())] == max(hits.values())


def test_fewer_clusters_than_classes_still_get_different_classes():
    clusters, labels = torch.tensor([0, 0, 1, 1]), torch.tensor([2, 2, 0, 1])
    found = C.best_classes(clusters, labels)
    assert sorted(found.tolist()) == [0, 1, 2] and found[0] == 2


@pytest.mark.parametrize("k", [1, 601])
def test_a_number_of_clusters_that_cannot_be_is_refused(blobs, k):
    with pytest.raises(ValueError, match="from 2 to 600"):
        C.cluster(blobs[0], k)
