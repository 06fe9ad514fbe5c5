"""``python -m vicreg clusters``: groups of pictures that are alike, on a sheet and on a map.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import argparse
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from ..datasets.folder import find_pictures
from .folders import (
    Opened,
    add_folder_command,
    add_results,
    at_least,
    check_k,
    classes_of,
    embedded,
    tell_copies,
)

if TYPE_CHECKING:
    from torch import Tensor

    from ..datasets.folder import Folder
    from ..downstream.clustering import Clustering

MOST_CENTRAL = 8   # pictures of a cluster on the sheet
MOST_MAPPED = 5000
FEWEST_MAPPED = 8  # t-SNE's
MAP_THUMBNAIL = 64


def add(commands) -> None:
    parser = add_folder_command(
        commands, "clusters", "group the pictures of a folder by k-means, and map them by t-SNE", find_clusters,
        folder="with the pictures to group",
    )  # fmt: skip
    parser.add_argument("-k", type=at_least(2), default=10, metavar="K", help="clusters (default: 10)")
    parser.add_argument("--seed", type=at_least(0), default=0, metavar="S", help="of k-means and the map (default: 0)")
    parser.add_argument(
        "--map", type=at_least(0), default=MOST_MAPPED, metavar="N",
        help=f"pictures on the map at most, drawn at random; 0 for no map (default: {MOST_MAPPED:,})",
    )  # fmt: skip
    add_results(parser, "clusters")


def find_clusters(options: argparse.Namespace) -> None:
    folder = find_pictures(options.folder)
    check_k(options.k, folder, len(folder))
    opened = embedded(options, folder)
    ((folder, y),) = opened.folders
    from ..downstream.clustering import agreement, cluster, silhouette

    found = cluster(y, options.k, options.seed)
    clusters, distances = found.clusters.tolist(), (y - found.centres[found.clusters]).norm(dim=1).tolist()
    print(f"Silhouette of {options.k} clusters: {silhouette(y, found.clusters):.4f}")
    if len(folder.classes) > 1 and (folder.labels >= 0).all():
        import torch

        alike = agreement(found.clusters, torch.from_numpy(folder.labels))
        print(
            f"Clusters and classes: accuracy {alike.accuracy:.1%} under the best assignment, "
            f"NMI {alike.mutual_information:.3f}, ARI {alike.rand_index:.3f}"
        )
    _, counts = np.unique(folder.hashes, return_counts=True)
    tell_copies(int(counts[counts > 1].sum()), f"{len(folder):,} pictures", "another one")
    order = sorted(range(len(y)), key=lambda i: (clusters[i], distances[i]))
    classes = classes_of(folder)
    rows = ((clusters[i] + 1, f"{distances[i]:.6g}", folder.names[i], classes[i]) for i in order)
    opened.table("clusters", ("cluster", "distance", "file", "class"), rows)
    draw(opened, folder, found, order)
    draw_map(opened, folder, y, found, options)
    opened.finish()


def draw(opened: Opened, folder: Folder, found: Clustering, order: list[int]) -> None:
    """A sheet with a row a cluster, its most central pictures first."""
    import torch

    from ..plots.sheets import caption, in_rows, sheet, shown, small_print, thumbnails

    classes, tables, captions, labels = classes_of(folder), [], [], []
    by_cluster = torch.tensor(order).split(found.clusters.bincount().tolist())
    for number, members in enumerate(some.tolist() for some in by_cluster):
        central = members[:MOST_CENTRAL]
        table, texts = in_rows(
            thumbnails([folder.paths[i] for i in central]), [caption(folder.names[i], classes[i]) for i in central], MOST_CENTRAL
        )
        common = Counter(classes[i] for i in members if classes[i]).most_common(1)
        label = f"cluster {number + 1}\n{len(members):,} picture{'s' * (len(members) != 1)}"
        label += "".join(f"\n{shown(name)} {count / len(members):.0%}" for name, count in common)
        tables.append(table), captions.extend(texts), labels.append(label)
    with small_print():
        title = f"The most central pictures of each cluster of {shown(folder.name)}"
        opened.sheet("clusters", sheet([title], [torch.cat(tables)], [captions], [labels]))


def draw_map(opened: Opened, folder: Folder, y: Tensor, found: Clustering, options: argparse.Namespace) -> None:
    """A page with a t-SNE map on which a point shows its picture; an earlier one goes where there is none."""
    path, count = opened.out / "map.html", min(options.map, len(y))
    if count < FEWEST_MAPPED:
        path.unlink(missing_ok=True)
        if options.map:
            print(f"No map: t-SNE takes {FEWEST_MAPPED} pictures at least, and gets {count}.")
        return
    import torch

    from ..datasets.pictures import decoded
    from ..downstream.tsne import tsne_map
    from ..plots.picture_map import picture_map
    from ..runtime.atomic import write_atomically
    from ..runtime.text import abbreviated, printable

    drawn = np.sort(np.random.default_rng(options.seed).choice(len(y), count, replace=False))
    if count < len(y):
        print(f"The map shows {count:,} of the {len(y):,} pictures, drawn at random; --map N shows more.")
    print(f"Mapping {count:,} pictures by t-SNE …", flush=True)
    points = tsne_map(y[drawn], options.seed, verbose=False)
    images = torch.cat([batch for batch, _ in decoded([folder.paths[i] for i in drawn], MAP_THUMBNAIL)])
    groups = [f"cluster {number}" for number in range(1, len(found.centres) + 1)]
    names = [f"{printable(folder.names[i])} – {groups[found.clusters[i]]}" for i in drawn]
    title = f"{abbreviated(folder.name, 40)}: a t-SNE map by cluster; weights {printable(opened.weights)}"
    page = picture_map(title, points, found.clusters[drawn], groups, images, names)
    content = page.encode("utf-8", errors="replace")
    write_atomically(path, lambda temporary: temporary.write_bytes(content), len(content))
