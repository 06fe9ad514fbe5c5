"""Laplacian Eigenmaps against a dense solver, and on graphs whose answer is known.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import numpy as np
import pytest
import torch
from scipy.linalg import eigh
from torch.testing import assert_close

from vicreg.downstream.laplacian import (
    graph_of,
    laplacian_eigenmaps,
    neighbour_graph,
    untrained_features,
)


@pytest.fixture
def points():
    """Whole numbers whose squared distances are below 2^24, and so exact in float32."""
    return torch.randint(-800, 801, (200, 5), generator=torch.Generator().manual_seed(0)).float()


def test_the_graph_joins_neighbours_both_ways(points):
    graph = neighbour_graph(points, k=4).toarray()
    distances = torch.cdist(points.double(), points.double()).fill_diagonal_(torch.inf)
    expected = np.zeros((200, 200))
    for i, row in enumerate(distances.topk(4, largest=False).indices.tolist()):
        for j in row:
            expected[i, j] = expected[j, i] = 1
    np.testing.assert_array_equal(graph, expected)


def test_a_partner_that_comes_twice_is_joined_once():
    graph = graph_of(torch.tensor([[1, 1], [2, 2], [3, 1], [2, 2]])).toarray()
    np.testing.assert_array_equal(graph, [[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]])


def test_codes_solve_the_generalised_eigenproblem(points):
    graph = neighbour_graph(points, k=10)
    W = graph.toarray()
    D = np.diag(W.sum(axis=1))
    values, vectors = eigh(D - W, D)
    codes = laplacian_eigenmaps(graph, 6).numpy()
    for i in range(6):
        expected = vectors[:, i + 1] / np.linalg.norm(vectors[:, i + 1])
        assert abs(codes[:, i] @ expected) == pytest.approx(1, abs=1e-4)
        residual = (D - W) @ codes[:, i] - values[i + 1] * D @ codes[:, i]
        assert np.linalg.norm(residual) < 1e-3
    assert (np.diff(values[1:7]) >= 0).all()


def test_two_clouds_are_split_by_the_first_code():
    generator = torch.Generator().manual_seed(1)
    cloud = torch.arange(120) % 2
    points = torch.randn(120, 3, generator=generator) + 3 * cloud.unsqueeze(1)
    first = laplacian_eigenmaps(neighbour_graph(points, 8), 1).squeeze(1)
    sides = (first > 0).long()
    assert max((sides == cloud).float().mean(), (sides != cloud).float().mean()) > 0.95


def test_the_same_graph_gives_the_same_codes(points):
    graph = neighbour_graph(points)
    assert_close(laplacian_eigenmaps(graph, 5), laplacian_eigenmaps(graph, 5), rtol=0, atol=0)


def test_features_follow_the_seed_and_the_images(sample):
    images = sample.test.images[:20]
    features = untrained_features(images, device=torch.device("cpu"))
    assert features.shape == (20, 1024) and features.isfinite().all()
    assert_close(features, untrained_features(images, device=torch.device("cpu")), rtol=0, atol=0)
    assert not torch.equal(features, untrained_features(images, seed=1, device=torch.device("cpu")))
    assert len(features.unique(dim=0)) == len(images.unique(dim=0))


def test_more_dimensions_than_images_are_refused(points):
    with pytest.raises(ValueError, match="has 1 to 198 dimensions"):
        laplacian_eigenmaps(neighbour_graph(points), 199)
