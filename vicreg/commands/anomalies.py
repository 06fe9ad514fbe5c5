"""``python -m vicreg anomalies``: the pictures of a folder that are unlike those of another.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..datasets.folder import Folder, find_pictures
from ..runtime.errors import VICRegError
from .folders import (
    add_folder_command,
    add_results,
    at_least,
    classes_of,
    embedded,
    finish,
    results_folder,
    write_csv,
)

if TYPE_CHECKING:
    from torch import Tensor

ODDEST, LEAST_ODD = 40, 8  # pictures on the sheet


def add(commands) -> None:
    parser = add_folder_command(
        commands, "anomalies", "order the pictures of a folder by how unlike they are to those of a normal one",
        find_anomalies, normal="a folder of normal pictures", folder="the pictures to judge; may be the normal folder itself",
    )  # fmt: skip
    parser.add_argument("-k", type=at_least(1), default=2, metavar="K", help="nearest normal pictures to measure by (default: 2)")
    parser.add_argument(
        "--normal-classes", type=names, metavar="CLASS,…",
        help="the classes of FOLDER that are normal; default: those that NORMAL has or is called",
    )  # fmt: skip
    add_results(parser, "anomalies")


def names(text: str) -> list[str]:
    """Names as an option gives them: "a, b"."""
    return [name.strip() for name in text.split(",") if name.strip()]


def find_anomalies(options: argparse.Namespace) -> None:
    folders = [find_pictures(root) for root in (options.normal, options.folder)]
    out = results_folder(options, *folders)
    named = normal_classes(options, *folders)
    (normal, normal_y), (folder, y) = embedded(options, *folders).folders
    import torch

    from ..downstream.anomaly import anomaly_scores, roc

    scores = anomaly_scores(y, normal_y, options.k, torch.from_numpy(normal.rows_of(folder.paths)))
    odd = which_are_odd(folder, named)
    order = scores.argsort(descending=True, stable=True).tolist()
    classes = classes_of(folder)
    said = [""] * len(folder) if odd is None else odd.astype(int).tolist()
    write_csv(
        out / "anomalies.csv",
        ("rank", "score", "file", "class", "odd"),
        ((rank, f"{scores[i]:.6g}", folder.names[i], classes[i], said[i]) for rank, i in enumerate(order, 1)),
    )
    draw(out / "anomalies.png", folder, normal, scores, order)
    curve = out / "roc.png"
    if odd is None:
        curve.unlink(missing_ok=True)  # an earlier run's
        print("No AUC: it takes normal pictures and odd ones in FOLDER; --normal-classes names the classes that are normal.")
    else:
        known = torch.from_numpy(folder.labels >= 0)
        is_odd = torch.from_numpy(odd)
        found = roc(scores[known & ~is_odd], scores[known & is_odd])
        draw_roc(curve, found, folder, options.k)
        print(f"{int((known & ~is_odd).sum()):,} normal pictures and {int(is_odd.sum()):,} odd ones: AUC {found.auc:.4f}")
    finish(out, normal, folder)


def normal_classes(options: argparse.Namespace, normal: Folder, folder: Folder) -> set[str]:
    """Which classes of the folder are normal: those named, else those that the normal folder has or is called.

    Raises: VICRegError for a name that is no class's.
    """
    if options.normal_classes is None:
        return set(folder.classes) & {*normal.classes, normal.name}
    if strangers := [name for name in options.normal_classes if name not in folder.classes]:
        there = ", ".join(folder.classes) or "none at all"
        raise VICRegError(f"{folder.root} has no class {strangers[0]!r}; its classes are: {there}.")
    return set(options.normal_classes)


def which_are_odd(folder: Folder, normal: set[str]) -> np.ndarray | None:
    """Which pictures' classes say that they are odd, bool, (n,); None where that makes no two groups."""
    odd = np.array([name != "" and name not in normal for name in classes_of(folder)])
    is_normal = np.array([name in normal for name in classes_of(folder)])
    return odd if odd.any() and is_normal.any() else None


def draw(path: Path, folder: Folder, normal: Folder, scores: Tensor, order: list[int]) -> None:
    """A sheet of the oddest pictures, and of some of the least odd."""
    from ..plots.sheets import caption, in_rows, save_sheet, sheet, shown, small_print, thumbnails

    titles, tables, captions, classes = [], [], [], classes_of(folder)
    oddest, rest = order[:ODDEST], order[ODDEST:]
    for title, indices in (
        (f"The oddest of {len(folder):,} pictures of {shown(folder.name)}, by the distance to {shown(normal.name)}", oddest),
        ("The least odd, the least first", rest[::-1][:LEAST_ODD]),
    ):
        if indices:
            names = [caption(folder.names[i], classes[i], f"{scores[i]:.2f}") for i in indices]
            table, texts = in_rows(thumbnails([folder.paths[i] for i in indices]), names)
            titles.append(title), tables.append(table), captions.append(texts)
    with small_print():
        save_sheet(sheet(titles, tables, captions), path)


def draw_roc(path: Path, found, folder: Folder, k: int) -> None:
    import matplotlib.pyplot as plt

    from ..plots.figures import plot_chance, plot_roc
    from ..plots.sheets import save_sheet, shown

    fig, ax = plt.subplots(figsize=(5, 5), layout="constrained")
    plot_roc(ax, found, f"k = {k}")
    plot_chance(ax)
    ax.set_title(f"Odd against normal pictures of\n{shown(folder.name)}", fontsize="medium")
    ax.legend(loc="lower right")
    save_sheet(fig, path)
