"""Figures to explore hold the numbers that their still twins are drawn from.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import numpy as np
import pytest
import torch

from vicreg.downstream.anomaly import roc
from vicreg.history import History
from vicreg.plots.interactive import explore_maps, explore_objectives, explore_roc


def traces(fig, name):
    return [trace for trace in fig.data if trace.name.startswith(name)]


def test_objectives_are_means_of_ten_batches_and_the_test_values():
    generator = torch.Generator().manual_seed(0)
    history = History(torch.rand(2, 25, 3, generator=generator), torch.rand(2, 3, generator=generator))
    fig = explore_objectives(history)
    batches = history.train.flatten(0, 1)
    for column, (train, test) in enumerate(zip(traces(fig, "train"), traces(fig, "test"), strict=True)):
        assert list(train.x) == [10, 20, 30, 40, 50] and list(test.x) == [25, 50]
        expected = batches[:, column].view(5, 10).mean(1)
        np.testing.assert_allclose(train.y, expected, atol=1e-4)
        np.testing.assert_allclose(test.y, history.test[:, column], atol=1e-4)


def test_objectives_of_a_run_shorter_than_a_point():
    fig = explore_objectives(History(torch.ones(1, 3, 3), torch.ones(1, 3)))
    assert [list(t.x) for t in traces(fig, "train")] == [[3], [3], [3]]


def test_every_point_of_a_map_knows_its_image():
    points = np.random.default_rng(0).normal(size=(30, 2)) * 20
    labels = torch.arange(30) % 3
    fig = explore_maps({"PCA": points, "t-SNE": -points}, labels, ["a", "b", "c"])
    assert len(fig.data) == 6 and sum(trace.showlegend for trace in fig.data) == 3
    for number, trace in enumerate(fig.data):
        places = np.array(trace.customdata)
        assert (labels[places] == number % 3).all() and trace.name == "abc"[number % 3]
        sign = 1 if number < 3 else -1
        np.testing.assert_allclose(np.c_[trace.x, trace.y], sign * points[places], atol=0.006)


def test_a_roc_curve_tells_its_thresholds_and_area():
    generator = torch.Generator().manual_seed(0)
    normal = torch.randn(2000, generator=generator)
    curve = roc(normal, 1 + torch.randn(2000, generator=generator))
    line, chance = explore_roc({"VICReg": curve}).data
    assert f"{curve.auc:.3f}" in line.name and "chance" in chance.name
    assert 100 < len(line.x) <= 500
    threshold, share = line.customdata[200], line.x[200]
    assert (normal >= threshold).float().mean().item() == pytest.approx(share, abs=2e-3)
    assert np.isfinite(line.customdata).all(), "scikit-learn's first threshold is infinite"
