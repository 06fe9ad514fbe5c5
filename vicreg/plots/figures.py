"""The report's figures, each drawn on the axes that it is given.

Classes have the same colours everywhere. Their lightness rises evenly from class to class, so that a
grey print tells bars and keys apart, though not the small dots of a map, where names must help; their
hues were chosen for the largest least difference of two classes to normal, red-blind and green-blind eyes.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter
from torch import Tensor

from ..runtime.atomic import write_atomically

if TYPE_CHECKING:
    from ..downstream.anomaly import ROC
    from ..history import History

CLASS_COLOURS = (
    "#511b8b", "#435000", "#a7255d", "#9f46a7", "#6670e1",
    "#06a15f", "#26afab", "#ccae1a", "#ffae98", "#9adefc",
)  # fmt: skip
# Of clusters, which are no classes: from dark to light as well (CIELAB lightness 36 to 86 in even steps), each
# hue far from the one before.
CLUSTER_COLOURS = tuple(map(matplotlib.colors.to_rgb, (
    "#0a559e", "#9f4903", "#177c7b", "#bf56ae", "#85941b",
    "#1fa6dc", "#fe8685", "#07d295", "#ccbfff", "#fed091",
)))  # fmt: skip
MODEL_COLOURS = ("#1f4e8c", "#d55e00", "#e8b122")  # dark, middle and light, for a grey print
TRAIN_COLOUR, TEST_COLOUR = MODEL_COLOURS[:2]
OBJECTIVES = ("invariance", "variance", "covariance")
SHORT_NAMES = {"airplane": "plane", "automobile": "car"}  # where there is little room for a name
SMOOTHING = 51  # batches in the running mean of a training curve
LETTER_SIZE = np.array([0.085, 0.15])  # inches, of names on a map
CENTRE_SIZE = np.array([0.12, 0.11])   # and of the cross of a cluster's centre
HALO = [patheffects.withStroke(linewidth=2, foreground="white")]


def plot_objective(ax: Axes, history: History, objective: str) -> None:
    """An objective at every training batch, faint, its running mean, and the test set's values."""
    column = OBJECTIVES.index(objective)
    epochs, steps, _ = history.train.shape
    train = history.train[:, :, column].flatten().numpy()
    window = min(SMOOTHING, len(train))
    smooth = np.convolve(train, np.ones(window) / window, mode="valid")
    batches = np.arange(1, len(train) + 1)
    ax.plot(batches, train, color=TRAIN_COLOUR, alpha=0.25, lw=0.5, rasterized=len(train) > 2000)
    middle = (window - 1) // 2
    ax.plot(batches[middle : middle + len(smooth)], smooth, color=TRAIN_COLOUR, lw=1.2, label="train")
    ends = steps * np.arange(1, epochs + 1)
    test = history.test[:, column].numpy()
    ax.plot(ends, test, "o--", color=TEST_COLOUR, ms=3.5, lw=0.8, label="test")
    ax.set(title=objective.capitalize(), xlabel="training batch", ylabel="value, unweighted")


def scatter_points(ax: Axes, points: np.ndarray, colours: np.ndarray, size: float = 1.5) -> None:
    """A 2-D map, points (n, 2), each in its colour, (n, 3) from 0 to 1; size in points squared."""
    order = np.random.default_rng(0).permutation(len(points))  # no group lies on top of another
    ax.scatter(*points[order].T, c=colours[order], s=size, lw=0, alpha=0.6, rasterized=True)
    hide_ticks(ax)


def scatter_classes(
    ax: Axes,
    points: np.ndarray,
    labels: Tensor,
    classes: Sequence[str],
    size: float = 1.5,
    names: bool = True,
    centres: np.ndarray | None = None,
) -> None:
    """A 2-D map, points (n, 2) coloured by class, each class's name near where it prevails most.

    size: of a point, in points squared; names: whether the names are written; centres, (k, 2), of
    clusters, black crosses that no name hides.
    """
    labels = np.asarray(labels)
    scatter_points(ax, points, np.array([matplotlib.colors.to_rgb(c) for c in CLASS_COLOURS])[labels], size)
    panel = np.array([ax.bbox.width, ax.bbox.height]) / ax.figure.dpi / (1 + 2 * np.array(ax.margins()))
    places = name_places(points, labels, classes, panel, centres) if names else ()
    for name, (x, y) in zip(classes, places, strict=names):
        ax.text(x, y, name, ha="center", va="center", fontweight="bold", path_effects=HALO)
    if centres is not None:
        mark_centres(ax, centres)


def scatter_clusters(
    ax: Axes, points: np.ndarray, clusters: Tensor, centres: np.ndarray, size: float = 1.5
) -> None:
    """A 2-D map, points (n, 2) coloured by cluster, and the centres, (k, 2), numbered from 1.

    After ten clusters the colours start again; the numbers tell them apart.
    """
    colours = np.array(CLUSTER_COLOURS)
    scatter_points(ax, points, colours[np.asarray(clusters) % len(colours)], size)
    mark_centres(ax, centres)
    for number, place in enumerate(centres, 1):
        ax.annotate(
            str(number), place, (4, 0), textcoords="offset points", va="center", fontweight="bold",
            path_effects=HALO, zorder=7,
        )  # fmt: skip


def mark_centres(ax: Axes, centres: np.ndarray) -> None:
    """Clusters' centres, (k, 2), as black crosses on top of a map."""
    ax.scatter(*centres.T, c="black", s=40, marker="X", edgecolors="white", lw=0.8, zorder=6)


def class_key(fig: Figure, classes: Sequence[str], loc: str, ncols: int = 1) -> None:
    """A key of the classes' colours beside a figure's panels; loc, such as "outside right center"."""
    dots = [
        matplotlib.lines.Line2D([], [], ls="", marker="o", ms=6, color=colour) for colour in CLASS_COLOURS
    ]
    spacing = {"handletextpad": 0.1, "columnspacing": 1.2}
    fig.legend(dots[: len(classes)], classes, loc=loc, ncols=ncols, **spacing)


def name_places(
    points: np.ndarray, labels: np.ndarray, names: Sequence[str], panel: np.ndarray, clear: np.ndarray | None = None
) -> np.ndarray:
    """Where each class is both dense and pure on a map, moved apart where names would meet.

    Parameters: names, of the classes; panel, the map's width and height in inches; clear, (k, 2), points
    that no name may cover.
    Returns: (classes, 2), in the map's coordinates, the middles of the names.
    """
    low, span = points.min(0), np.ptp(points, axis=0)
    bins = list(np.linspace(low, low + span, 33).T)
    counts = np.stack([np.histogram2d(*points[labels == c].T, bins)[0] for c in range(len(names))])
    smooth = gaussian_filter(counts, sigma=(0, 1.5, 1.5))
    prevalence = smooth**2 / (smooth.sum(axis=0) + 1e-9)
    cells = [np.unravel_index(p.argmax(), p.shape) for p in prevalence]
    wanted = (np.array(cells, dtype=float) + 0.5) / 32  # shares of the map's width and height
    taken = np.empty((0, 2)) if clear is None else (clear - low) / span
    sizes = np.tile(CENTRE_SIZE / panel, (len(taken), 1))
    grid = np.stack(np.meshgrid(np.linspace(0, 1, 39), np.linspace(0, 1, 48)), -1).reshape(-1, 2)
    for name, place in zip(names, wanted, strict=True):
        size = LETTER_SIZE * [len(name), 1] / panel
        edge = np.minimum(size / 2, 0.45)
        spots = edge + grid * (1 - 2 * edge)
        gaps = 2 * np.abs(spots[:, None] - taken) / (size + sizes)    # (spots, taken, 2): 1 where two would touch
        clearance = gaps.max(axis=2).min(axis=1, initial=1)           # where there is no room, the most there is
        # Up or down before sideways: a name is wide, and is soon out of another's way.
        distance = ((spots - place) ** 2 @ [2, 1]) + 1e3 * (clearance < clearance.max())
        taken, sizes = np.r_[taken, spots[[distance.argmin()]]], np.r_[sizes, [size]]
    return low + taken[len(taken) - len(names) :] * span


def show_images(
    ax: Axes,
    images: Tensor,
    row_labels: Sequence[str] = (),
    column_labels: Sequence[str] = (),
    captions: Sequence[Sequence[str]] = (),
    gaps: Sequence[int] = (),
    caption_height: int = 11,
    group_labels: Sequence[str] = (),
    interpolation: str = "nearest",
) -> None:
    """A table of images, drawn as one tiled picture.

    Parameters: images, uint8, (rows, columns, 3, side, side); labels at the left and at the top;
    captions, a text under each image; gaps, the columns before which a wider gap stands;
    caption_height, the room for a caption and for a line of labels, in 32nds of an image's side;
    group_labels, above the columns between two gaps; interpolation, as matplotlib's imshow knows it.
    """
    rows, columns, _, side, _ = images.shape
    pad, wide, line = (size * side // 32 for size in (2, 12, caption_height))
    under = line if len(captions) else 0
    head, above = (
        line * max((label.count("\n") + 1 for label in labels), default=0)
        for labels in (column_labels, group_labels)
    )
    lefts = [c * (side + pad) + wide * sum(g <= c for g in gaps) for c in range(columns)]
    tops = [above + head + r * (side + pad + under) for r in range(rows)]
    canvas = np.full((tops[-1] + side + under, lefts[-1] + side, 3), 255, dtype=np.uint8)
    for r, top in enumerate(tops):
        for c, left in enumerate(lefts):
            canvas[top : top + side, left : left + side] = images[r, c].permute(1, 2, 0).numpy()
    ax.imshow(canvas, interpolation=interpolation)
    for r, row in enumerate(captions):
        for c, text in enumerate(row):
            ax.text(lefts[c] + side / 2 - 0.5, tops[r] + side, text, ha="center", va="top")
    for top, text in zip(tops, row_labels, strict=False):
        ax.text(-2 * pad, top + side / 2, text, ha="right", va="center")
    for left, text in zip(lefts, column_labels, strict=False):
        ax.text(left + side / 2, above + head - pad, text, ha="center", va="bottom")
    for first, end, text in zip([0, *gaps], [*gaps, columns], group_labels, strict=False):
        ax.text((lefts[first] + lefts[end - 1] + side) / 2, above - pad, text, ha="center", va="bottom")
    ax.set_axis_off()


def plot_roc(ax: Axes, roc: ROC, name: str, **line) -> None:
    """A ROC curve, the area under it in the legend."""
    ax.plot(roc.false_positive_rate, roc.true_positive_rate, label=f"{name}, AUC {roc.auc:.3f}", **line)
    ax.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    ax.set_aspect("equal")


def plot_chance(ax: Axes) -> None:
    """The ROC curve of scores that tell nothing, for the legend as well."""
    ax.plot([0, 1], [0, 1], ":", color="0.6", label="chance, AUC 0.500")


def plot_confusion(ax: Axes, labels: Tensor, predictions: Tensor, classes: Sequence[str]) -> None:
    """Which class is taken for which: a row a true class, shares in percent."""
    c = len(classes)
    counts = np.bincount(labels.numpy() * c + predictions.numpy(), minlength=c * c).reshape(c, c)
    percent = 100 * counts / counts.sum(axis=1, keepdims=True)
    ax.imshow(percent, cmap="Blues", vmin=0, vmax=100)
    for row in range(c):
        for column in range(c):
            value = percent[row, column]
            colour = "white" if value > 70 else "black"  # on middle blue black is the clearer
            ax.text(column, row, f"{value:.0f}", ha="center", va="center", color=colour)
    ax.set_xticks(range(c), classes, rotation=45, ha="right")
    ax.set_yticks(range(c), classes)
    ax.set(xlabel="predicted", ylabel="true")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)


def short_name(name: str) -> str:
    """A class's name where there is little room, as under a thumbnail."""
    return SHORT_NAMES.get(name, name)


def hide_ticks(ax: Axes) -> None:
    """Maps whose axes have no unit keep a frame and lose the numbers."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(True)
    ax.spines[:].set_color("0.8")


def save_and_show(fig: Figure, path: Path) -> None:
    """Save a figure as PNG, say where, and open a window where there is a display."""
    write_atomically(path, lambda temporary: fig.savefig(temporary, format="png", dpi=150))
    print(f"The figure is in {path}.")
    if plt.get_backend().lower() != "agg":  # matplotlib falls back to agg without a display
        plt.show()
    plt.close(fig)
