"""``python -m vicreg search``: the pictures most like some, and least.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..datasets.folder import NO_ROW, find_pictures
from ..runtime.errors import VICRegError
from .folders import (
    Opened,
    add_folder_command,
    add_results,
    at_least,
    classes_of,
    embedded,
    path,
)

if TYPE_CHECKING:
    from ..datasets.folder import Folder
    from ..downstream.retrieval import Neighbours

MOST_SHOWN = 50  # queries on the sheet


def add(commands) -> None:
    parser = add_folder_command(
        commands, "search", "find the pictures of a folder that are nearest to some pictures, and most distant",
        search, folder="in which to search",
    )  # fmt: skip
    parser.add_argument("queries", type=path, nargs="+", metavar="QUERY", help="a picture, in the folder or elsewhere")
    parser.add_argument("-k", type=at_least(1), default=5, metavar="K", help="how many of either (default: 5)")
    add_results(parser, "search")


def search(options: argparse.Namespace) -> None:
    folder, queries = find_pictures(options.folder), options.queries
    if strangers := [query for query in queries if not os.path.isfile(query)]:
        what = "is a folder; name pictures in it" if os.path.isdir(strangers[0]) else "is not there; name another"
        raise VICRegError(f"The picture {strangers[0]} {what}.")
    opened = embedded(options, folder)
    ((folder, y),) = opened.folders
    import torch

    from ..downstream.retrieval import most_distant, nearest
    from ..folder_representations import represent_files

    itself = torch.from_numpy(folder.rows_of(queries))
    inside = itself != NO_ROW
    query_y = y[itself]
    query_y[~inside] = represent_files(opened.run, [q for q, known in zip(queries, inside, strict=True) if not known], opened.device)
    k = min(options.k, len(y) - bool(inside.any()))
    if 0 < k < options.k:
        print(f"Only {k:,} picture{'s' * (k != 1)} can be found, not {options.k}.")
    found = {"nearest": nearest(query_y, y, k, itself=itself), "most distant": most_distant(query_y, y, k)}
    opened.table("search", ("query", "found", "rank", "distance", "file", "class"), rows(folder, queries, found))
    draw(opened, folder, queries, found)
    opened.finish()


def rows(folder: Folder, queries: list[Path], found: dict[str, Neighbours]):
    classes = classes_of(folder)
    for number, query in enumerate(queries):
        for kind, neighbours in found.items():
            for rank, (distance, index) in enumerate(pairs(neighbours, number), 1):
                yield query, kind, rank, f"{distance:.6g}", folder.names[index], classes[index]


def pairs(neighbours: Neighbours, query: int) -> list[tuple[float, int]]:
    """A query's distances and indices."""
    return list(zip(*(part[query].tolist() for part in neighbours), strict=True))


def draw(opened: Opened, folder: Folder, queries: list[Path], found: dict[str, Neighbours]) -> None:
    """A sheet with a row a query: itself, the nearest, the most distant."""
    import torch

    from ..plots.sheets import caption, sheet, shown, small_print, thumbnails

    images, captions, classes = [], [], classes_of(folder)
    for number, query in enumerate(queries[:MOST_SHOWN]):
        row = [pair for neighbours in found.values() for pair in pairs(neighbours, number)]
        images.append(thumbnails([query, *(folder.paths[index] for _, index in row)]))
        captions.append([caption(query.name), *(caption(folder.names[i], classes[i], f"{d:.2f}") for d, i in row)])
    gaps = [1, 1 + found["nearest"].indices.shape[1]]
    title = f"Nearest and most distant of {len(folder):,} pictures of {shown(folder.name)}"
    title += f"; the first {MOST_SHOWN} of {len(queries):,} queries" if len(queries) > MOST_SHOWN else ""
    with small_print():
        opened.sheet("search", sheet([title], [torch.stack(images)], [captions], gaps=gaps, group_labels=["query", *found]))
