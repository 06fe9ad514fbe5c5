"""Nearest and most distant images in representation space, exact, by the L2 distance.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ..runtime.validation import check_classes, check_finite, check_useful

QUERIES_AT_ONCE = 1000

# Which k rows of an index, (n, d), are nearest to each query, (q, d): int64, (q, k), in any order.
Search = Callable[[Tensor, Tensor, int], Tensor]


class Neighbours(NamedTuple):
    """The k images found for each of q queries.

    ``distances``: float32, (q, k), L2 (not squared); ``indices``: int64, (q, k). Nearest come in
    ascending, most distant in descending order; of rows equally far, the first in the index is first.
    """

    distances: Tensor
    indices: Tensor


def by_faiss(queries: Tensor, index: Tensor, k: int) -> Tensor:
    """A :data:`Search` on the CPU, by faiss in float32: the fastest there."""
    import faiss  # training and embedding do not need it

    flat = faiss.IndexFlatL2(index.shape[1])
    flat.add(index.contiguous().numpy())
    return torch.from_numpy(flat.search(queries.contiguous().numpy(), k)[1])


def by_products(queries: Tensor, index: Tensor, k: int) -> Tensor:
    """A :data:`Search` where the index is, on any device, by matrix products in float64."""
    index = index.double()
    squared = index.square().sum(dim=1)                                # (n,)
    return torch.cat(
        [
            torch.addmm(squared, some.double(), index.T, alpha=-2).topk(k, largest=False).indices
            for some in queries.split(QUERIES_AT_ONCE)
        ]
    )


def nearest(
    queries: Tensor, index: Tensor, k: int, search: Search = by_faiss, itself: Tensor | None = None
) -> Neighbours:
    """The k nearest rows of an index for each query.

    Parameters: queries, (q, d), and index, (n, d), float32, on one device, which is the CPU for
    faiss; k, 1 to n, or to n - 1 where a query is in the index; search, by which they are found;
    itself, int64, (q,), the row of the index that a query is itself and that it is not to find, -1
    where it is none. Its duplicates count as neighbours.
    Raises: ValueError for another k; VICRegError when either is not finite, or the index does not
    vary.
    """
    among = itself is not None and bool((itself >= 0).any())
    check_k(k, len(index) - among)
    check_finite(queries)
    check_useful(index, "find")
    found = in_order(queries, index, search(queries, index, k + among), descending=False)
    if not among:
        return found
    left_out = found.indices == itself.unsqueeze(1)
    # Among many duplicates an image may not find itself, and what is not in the index cannot: then the last goes.
    left_out[:, -1] |= ~left_out.any(dim=1)
    return Neighbours(*(part[~left_out].view(len(queries), k) for part in found))


def nearest_others(
    y: Tensor, k: int, members: Tensor | None = None, search: Search = by_faiss
) -> Neighbours:
    """The k nearest images of images that are in the set themselves, themselves left out.

    Parameters: y, float32, (n, d); k, 1 to n - 1; members, int64, (q,), the indices of the
    queries, all n without them; search, as for :func:`nearest`.
    """
    members = torch.arange(len(y), device=y.device) if members is None else members
    return nearest(y[members], y, k, search, itself=members)


def most_distant(queries: Tensor, index: Tensor, k: int) -> Neighbours:
    """The k most distant rows of an index for each query.

    Parameters: queries, (q, d), and index, (n, d), float32; k, 1 to n.
    """
    check_k(k, len(index))
    check_finite(queries)
    check_useful(index, "find")
    found = [
        torch.cdist(some, index, compute_mode="donot_use_mm_for_euclid_dist").topk(k).indices
        for some in queries.split(QUERIES_AT_ONCE)
    ]
    return in_order(queries, index, torch.cat(found), descending=True)


def in_order(queries: Tensor, index: Tensor, indices: Tensor, descending: bool) -> Neighbours:
    """Distances of the rows found, from their differences, and the rows ordered by them.

    Both searches expand the square, |q|^2 + |x|^2 - 2 qx, which loses digits where distances are small.
    """
    indices = indices.sort(dim=1).values
    distances = torch.cat(
        [
            (some.unsqueeze(1) - index[found]).norm(dim=2)
            for some, found in zip(queries.split(QUERIES_AT_ONCE), indices.split(QUERIES_AT_ONCE), strict=True)
        ]
    )
    distances, order = distances.sort(dim=1, descending=descending, stable=True)
    return Neighbours(distances, indices.gather(1, order))


def k_occurrences(queries: Tensor, index: Tensor, k: int) -> Tensor:
    """How often each row of an index is among the k nearest of a query; rows found very often are hubs.

    Parameters: as for :func:`nearest`.
    Returns: int64, (n,), whose sum is q k.
    """
    return nearest(queries, index, k).indices.flatten().bincount(minlength=len(index))


def check_k(k: int, most: int) -> None:
    if not most:
        raise ValueError("There is no other image to find; at least two are needed.")
    if not 1 <= k <= most:
        raise ValueError(f"k must be from 1 to the {most:,} images there are to find, got {k}.")


def one_of_each_class(labels: Tensor, seed: int) -> Tensor:
    """The index of one random image of each class, int64, (c,), in the order of the classes."""
    generator = Generator().manual_seed(seed)
    indices = [(labels == c).nonzero().squeeze(1) for c in labels.unique()]
    return torch.stack([p[torch.randint(len(p), (), generator=generator)] for p in indices])


def neighbour_classes(y: Tensor, labels: Tensor, k: int) -> Tensor:
    """Of which classes an image's k nearest others are, over a whole set.

    Parameters: y, float32, (n, d); labels, int64, (n,), 0 to c - 1.
    Returns: float64, (c, c); row a holds the shares of the classes among the neighbours of class
    a's images, and sums to 1. The diagonal is the agreement, 1 / c for labels drawn at random.
    """
    classes = int(labels.max()) + 1
    check_classes(labels, classes, "some")
    theirs = labels[nearest_others(y, k).indices]                     # (n, k)
    pairs = labels.unsqueeze(1) * classes + theirs
    counts = pairs.flatten().bincount(minlength=classes**2).view(classes, classes).double()
    return counts / counts.sum(dim=1, keepdim=True)


def shared_neighbours(y: Tensor, other: Tensor, k: int) -> float:
    """Of an image's k nearest others in one space, the share that are among its k nearest in another.

    Parameters: y, (n, d), and other, (n, e), float32, the same images in two spaces.
    """
    here, there = (nearest_others(space, k).indices for space in (y, other))
    return (here.unsqueeze(2) == there.unsqueeze(1)).any(dim=2).double().mean().item()


def others_farther(y: Tensor, labels: Tensor, members: Tensor) -> float:
    """How often an image of another class is farther from a query than one of the query's class.

    Parameters: y, float32, (n, d); labels, int64, (n,); members, int64, (q,), the indices of the
    queries, each with others of its own class and of another, itself left out.
    Returns: a share, the mean over the queries; 0.5 by chance.
    """
    shares = []
    for some in members.split(QUERIES_AT_ONCE // 10):
        distances = torch.cdist(y[some], y, compute_mode="donot_use_mm_for_euclid_dist")
        distances.scatter_(1, some.unsqueeze(1), -1)                   # itself comes first
        ranks = distances.argsort(dim=1).argsort(dim=1).double() - 1   # (q, n), of the others from 0
        other = labels[some].unsqueeze(1) != labels
        count = other.sum(dim=1)
        before = (ranks * other).sum(dim=1) - count * (count - 1) / 2  # pairs in which the own is nearer
        shares.append(before / (count * (len(y) - 1 - count)))
    return torch.cat(shares).mean().item()


def most_entangled(neighbours: Tensor, count: int) -> list[tuple[int, int, float]]:
    """The pairs of classes that are each other's neighbours most often.

    Parameters: neighbours, as :func:`neighbour_classes` returns it; count, of pairs.
    Returns: (class, other class, mean share in both directions), the most entangled first.
    """
    mutual = ((neighbours + neighbours.T) / 2).triu(1)
    shares, indices = mutual.flatten().topk(count)
    c = len(neighbours)
    return [(p // c, p % c, s) for p, s in zip(indices.tolist(), shares.tolist(), strict=True)]
