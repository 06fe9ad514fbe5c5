"""k-means clusters of representations, and how well they match the classes (sec. 4.2.2).

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import warnings
from typing import NamedTuple

import torch
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from torch import Tensor

from ..runtime.validation import check_useful

ROWS_AT_ONCE = 256


class Clustering(NamedTuple):
    """Clusters of n representations.

    ``clusters``: int64, (n,), 0 to k - 1, the largest cluster first; ``centres``: float32, (k, d).
    """

    clusters: Tensor
    centres: Tensor


class Agreement(NamedTuple):
    """How well clusters match classes: each is 1 for the same partition.

    ``accuracy``: under the best one-to-one assignment of clusters to classes;
    ``mutual_information``: normalised, NMI; ``rand_index``: adjusted for chance, ARI.
    """

    accuracy: float
    mutual_information: float
    rand_index: float


def cluster(y: Tensor, k: int = 10, seed: int = 0) -> Clustering:
    """scikit-learn's k-means, the best of ten starts.

    Parameters: y, float32, (n, d); k, 2 to n.
    Raises: ValueError for another k; VICRegError when the representations do not vary.
    """
    if len(y) < 2:
        raise ValueError(f"k-means needs at least two images, got {len(y)}.")
    if not 2 <= k <= len(y):
        raise ValueError(f"k-means needs from 2 to {len(y):,} clusters for {len(y):,} images, got {k}.")
    check_useful(y, "cluster")
    with warnings.catch_warnings():  # of what is refused below
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = KMeans(n_clusters=k, n_init=10, random_state=seed).fit(y.numpy())
    clusters = torch.from_numpy(fitted.labels_).long()
    if (found := len(clusters.unique())) < k:
        raise ValueError(f"Only {found} of the {len(y):,} images differ; ask for {found} clusters at most, got {k}.")
    by_size = clusters.bincount(minlength=k).argsort(descending=True, stable=True)
    return Clustering(by_size.argsort()[clusters], torch.from_numpy(fitted.cluster_centers_)[by_size])


def silhouette(y: Tensor, clusters: Tensor) -> float:
    """The silhouette score, Eq. 8, over all points, with L2 distances in the original dimensions.

    scikit-learn's silhouette_score, but from matrix products of a few rows at a time, worked on in
    place. Points alone in their cluster count 0, as there.

    Parameters: y, float, (n, d); clusters, int64, (n,), at least two of them, 0 to k - 1.
    Raises: ValueError for fewer than two clusters; VICRegError when y is not finite or does not
    vary.
    """
    sizes = clusters.bincount()
    if (sizes > 0).sum() < 2:
        raise ValueError("The silhouette compares clusters; at least two are needed.")
    check_useful(y, "compare")
    y = (y - y.mean(dim=0)).double()  # centred: the expanded square below loses fewer digits
    squared = y.square().sum(dim=1)
    members = torch.nn.functional.one_hot(clusters, len(sizes)).double()     # (n, k)
    total, block = 0.0, torch.empty(ROWS_AT_ONCE, len(y), dtype=torch.float64)
    for rows in torch.arange(len(y)).split(ROWS_AT_ONCE):
        distances = torch.addmm(squared, y[rows], y.T, alpha=-2, out=block[: len(rows)])  # (b, n)
        distances.add_(squared[rows].unsqueeze(1)).clamp_(min=0).sqrt_()
        distances[torch.arange(len(rows)), rows] = 0
        sums = distances @ members                                           # (b, k)
        own = clusters[rows].unsqueeze(1)
        others = sizes[own] - 1
        a = sums.gather(1, own) / others.clamp(min=1)
        means = (sums / sizes).masked_fill(sizes == 0, torch.inf)
        b = means.scatter(1, own, torch.inf).amin(dim=1, keepdim=True)
        score = (b - a) / torch.maximum(a, b)
        total += score.where(others > 0, 0).nan_to_num(0).sum().item()
    return total / len(y)


def agreement(clusters: Tensor, labels: Tensor) -> Agreement:
    """How far clusters agree with classes, both int64, (n,)."""
    found = best_classes(clusters, labels)[clusters] == labels
    return Agreement(
        found.double().mean().item(),
        float(normalized_mutual_info_score(labels, clusters)),
        float(adjusted_rand_score(labels, clusters)),
    )


def best_classes(clusters: Tensor, labels: Tensor) -> Tensor:
    """Each cluster's class in the one-to-one assignment under which most labels agree.

    Parameters: clusters and labels, int64, (n,), counted from 0.
    Returns: int64, (k,), k the larger of both numbers: a permutation of 0 to k - 1.
    """
    k = int(max(clusters.max(), labels.max())) + 1
    table = (clusters * k + labels).bincount(minlength=k * k).view(k, k)
    return torch.from_numpy(linear_sum_assignment(table.numpy(), maximize=True)[1])
