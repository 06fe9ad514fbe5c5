"""t-SNE maps: that they are scikit-learn's, and their cache.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import numpy as np
import pytest
import torch
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from vicreg.downstream import tsne as maps
from vicreg.downstream.tsne import tsne_map
from vicreg.runtime.paths import cache_folder


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("VICREG_CACHE", str(tmp_path))


@pytest.fixture(autouse=True)
def one_thread():
    """The sum of several threads' parts depends on who is first, and t-SNE on every digit."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def y():
    """Two clouds of 30 points far apart."""
    points = torch.randn(60, 5, generator=torch.Generator().manual_seed(0))
    return points + 20 * (torch.arange(60) % 2).unsqueeze(1)


def fail(*_, **__):
    raise AssertionError("computed anew")


def test_is_scikit_learns(y):
    expected = TSNE(perplexity=15, angle=0.8, init="pca", random_state=3).fit_transform(y.numpy())
    np.testing.assert_array_equal(tsne_map(y, seed=3), expected)


def test_neighbourhoods_are_kept(y):
    points = tsne_map(y)
    distances = np.linalg.norm(points[:, None] - points, axis=2) + np.diag(np.full(60, np.inf))
    assert (distances.argmin(1) % 2 == np.arange(60) % 2).all()


def test_computed_once(y, monkeypatch):
    first = tsne_map(y)
    monkeypatch.setattr(maps, "TSNE", fail)
    np.testing.assert_array_equal(tsne_map(y.clone()), first)


@pytest.mark.parametrize("change", [
    lambda y: (y + 1e-3, 0), lambda y: (y[:-1], 0), lambda y: (y, 1), lambda y: (y.flip(0), 0)
])  # fmt: skip
def test_whatever_changes_is_computed_anew(y, monkeypatch, change):
    tsne_map(y)
    monkeypatch.setattr(maps, "TSNE", fail)
    with pytest.raises(AssertionError, match="anew"):
        tsne_map(*change(y))


def test_a_damaged_or_swapped_file_is_computed_anew(y):
    first = tsne_map(y)
    other = tsne_map(y.flip(0))
    files = sorted(cache_folder().glob("tsne-*.npz"))
    assert len(files) == 2
    contents = [file.read_bytes() for file in files]
    files[0].write_bytes(contents[1]), files[1].write_bytes(contents[0])
    np.testing.assert_array_equal(tsne_map(y), first)
    files[1].write_bytes(b"nothing"), files[0].write_bytes(b"nothing")
    np.testing.assert_array_equal(tsne_map(y.flip(0)), other)


def test_too_few(y):
    with pytest.raises(ValueError, match="at least 8"):
        tsne_map(y[:7])
