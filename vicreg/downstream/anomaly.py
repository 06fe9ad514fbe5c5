"""Anomaly detection by the density of normal representations around an image.

Anomaly score: higher is more anomalous. Labels: anomalies 1, normal images 0.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .retrieval import nearest


class ROC(NamedTuple):
    """A receiver operating characteristic.

    ``false_positive_rate``, ``true_positive_rate`` and ``thresholds`` are float arrays of one
    length, as scikit-learn's roc_curve gives them; ``auc`` is the area under the curve.
    """

    false_positive_rate: np.ndarray
    true_positive_rate: np.ndarray
    thresholds: np.ndarray
    auc: float


def anomaly_scores(test_y: Tensor, train_y: Tensor, k: int = 2, itself: Tensor | None = None) -> Tensor:
    """Inverse density, Eq. 7: the mean L2 distance to the k nearest training images.

    Parameters: test_y, (n, d), and train_y, (m, d), float32; k, 1 to m; itself, int64, (n,), which
    training image a test image is itself, -1 for none, as for :func:`nearest`.
    Returns: float32, (n,); higher is more anomalous.
    """
    return nearest(test_y, train_y, k, itself=itself).distances.mean(dim=1)


def anomaly_scores_by_k(test_y: Tensor, train_y: Tensor, k: int) -> Tensor:
    """Eq. 7 for every number of neighbours up to k at once.

    Parameters: as for :func:`anomaly_scores`.
    Returns: float32, (n, k); column i - 1 holds the scores by i neighbours.
    """
    distances = nearest(test_y, train_y, k).distances
    return distances.cumsum(dim=1) / torch.arange(1, k + 1)


def roc_without(left_out: Tensor, normal_y: Tensor, anomalous_y: Tensor, train_y: Tensor, k: int = 2) -> ROC:
    """The ROC of Eq. 7 when some training images are not there to be found.

    Parameters: left_out, int64, their indices, of which k must remain; representations, (n, d), (a, d)
    and (m, d), float32.
    """
    kept = torch.ones(len(train_y), dtype=torch.bool)
    kept[left_out] = False
    return roc(*(anomaly_scores(y, train_y[kept], k) for y in (normal_y, anomalous_y)))


def roc(normal_scores: Tensor, anomalous_scores: Tensor) -> ROC:
    """How well scores tell anomalies from normal images, over all thresholds.

    Parameters: scores of normal images, (n,), and of anomalies, (m,), float.
    Raises: ValueError when either is missing or not finite.
    """
    if not (len(normal_scores) and len(anomalous_scores)):
        raise ValueError("A ROC curve needs scores of normal and of anomalous images; one is empty.")
    if not (normal_scores.isfinite().all() and anomalous_scores.isfinite().all()):
        raise ValueError("A ROC curve orders scores, and one of these is not finite; mend what made it.")
    from sklearn.metrics import roc_auc_score, roc_curve  # heavy

    labels = np.r_[np.zeros(len(normal_scores)), np.ones(len(anomalous_scores))]
    scores = np.r_[normal_scores.numpy(), anomalous_scores.numpy()]
    return ROC(*roc_curve(labels, scores), auc=float(roc_auc_score(labels, scores)))
