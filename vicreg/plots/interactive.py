"""The report's figures to explore in a browser: curves, maps and ROC curves in plotly.

Each function returns a figure that stands in ``report.html`` where the PDF has its still twin.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots
from torch import Tensor

from .figures import CLASS_COLOURS, MODEL_COLOURS, OBJECTIVES, TEST_COLOUR, TRAIN_COLOUR

if TYPE_CHECKING:
    from ..downstream.anomaly import ROC
    from ..history import History


BATCHES_A_POINT = 10  # of a training curve; a point each would be megabytes and no clearer
ROC_POINTS = 500
DIGITS = 2            # of a map's coordinates, whose range is tens


def explore_objectives(history: History) -> go.Figure:
    """The three objectives: the mean of every ten training batches, and the test set's values."""
    epochs, steps, _ = history.train.shape
    train = history.train.flatten(0, 1).numpy()                        # (batches, 3)
    points = max(len(train) // BATCHES_A_POINT, 1)
    blocks = np.array_split(train, points)
    ends = np.cumsum([len(block) for block in blocks])
    fig = make_subplots(1, 3, subplot_titles=[name.capitalize() for name in OBJECTIVES])
    for column, name in enumerate(OBJECTIVES):
        means = [float(block[:, column].mean()) for block in blocks]
        fig.add_scatter(
            x=ends, y=np.round(means, 4), mode="lines", name="train", row=1, col=column + 1,
            line_color=TRAIN_COLOUR, showlegend=column == 0, legendgroup="train",
            hovertemplate=f"batch %{{x}}<br>{name} %{{y:.3f}}<extra>train</extra>",
        )  # fmt: skip
        fig.add_scatter(
            x=steps * np.arange(1, epochs + 1), y=np.round(history.test[:, column].numpy(), 4),
            mode="lines+markers", name="test", row=1, col=column + 1, line_color=TEST_COLOUR,
            showlegend=column == 0, legendgroup="test",
            customdata=np.arange(1, epochs + 1),
            hovertemplate=f"epoch %{{customdata}}<br>{name} %{{y:.3f}}<extra>test</extra>",
        )  # fmt: skip
    fig.update_xaxes(title_text="training batch")
    fig.update_yaxes(title_text="value, unweighted", col=1)
    return fig.update_layout(**layout(height=380))


def explore_maps(
    maps: dict[str, np.ndarray], labels: Tensor, classes: Sequence[str]
) -> go.Figure:
    """2-D maps of the same images side by side; a class is switched in all by its legend.

    Every point carries the index of its image in the set, so that the image can be shown.

    Parameters: maps, by their titles, each (n, 2); labels, int64, (n,), 0 to c - 1.
    """
    labels = labels.numpy()
    fig = make_subplots(1, len(maps), subplot_titles=list(maps), horizontal_spacing=0.02)
    for panel, points in enumerate(maps.values()):
        for c, name in enumerate(classes):
            indices = np.flatnonzero(labels == c)
            x, y = np.round(points[indices].astype(float), DIGITS).T
            fig.add_scatter(
                x=x, y=y, mode="markers", name=name, legendgroup=name, showlegend=panel == 0,
                marker={"size": 4, "color": CLASS_COLOURS[c], "opacity": 0.7},
                customdata=indices, hovertemplate=f"{name}, image %{{customdata}}<extra></extra>",
                row=1, col=panel + 1,
            )  # fmt: skip
    fig.update_xaxes(showticklabels=False, zeroline=False)
    fig.update_yaxes(showticklabels=False, zeroline=False)
    return fig.update_layout(**layout(height=520), legend_itemsizing="constant")


def explore_roc(curves: dict[str, ROC]) -> go.Figure:
    """ROC curves with the threshold of every point."""
    fig = go.Figure()
    for (name, roc), colour in zip(curves.items(), MODEL_COLOURS, strict=False):
        some = np.unique(np.linspace(0, len(roc.thresholds) - 1, ROC_POINTS).astype(int))
        some = some[np.isfinite(roc.thresholds[some])]
        fig.add_scatter(
            x=np.round(roc.false_positive_rate[some], 4),
            y=np.round(roc.true_positive_rate[some], 4),
            customdata=np.round(roc.thresholds[some].astype(float), 4),
            mode="lines", line_color=colour, name=f"{name}, AUC {roc.auc:.3f}",
            hovertemplate="threshold %{customdata:.3f}<br>false positives %{x:.1%}"
            "<br>true positives %{y:.1%}<extra></extra>",
        )  # fmt: skip
    fig.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dot", "color": "#999"},
        name="chance, AUC 0.500", hoverinfo="skip",
    )  # fmt: skip
    fig.update_xaxes(title_text="false positive rate", range=[-0.01, 1.01])
    fig.update_yaxes(title_text="true positive rate", range=[-0.01, 1.01], scaleanchor="x")
    return fig.update_layout(**layout(height=480))


def layout(height: int) -> dict:
    """What the figures share: a light look and little margin. height: pixels."""
    return {
        "template": "plotly_white",
        "height": height,
        "margin": {"l": 50, "r": 10, "t": 70, "b": 45},  # at the top, plotly's tool bar over the titles
    }
