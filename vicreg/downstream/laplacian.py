"""Laplacian Eigenmaps (Belkin and Niyogi, 2003) on features of an untrained network (Q7).

No generated views and no amortisation: the neighbours are found among the images and each image
has a code of its own, its coordinates in the smoothest functions on the graph of neighbours.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from itertools import pairwise

import numpy as np
import torch
from scipy import sparse
from scipy.sparse.linalg import eigsh
from torch import Tensor, nn

from ..augment import normalise
from ..runtime.batching import in_batches
from ..runtime.device import best_device
from ..runtime.float32 import whole_float32
from .retrieval import nearest_others

FEATURES = 1024
NEIGHBOURS = 10
EIGENVECTORS = 128
BATCH_SIZE = 500


class UntrainedCNN(nn.Sequential):
    """The exercise's primitive reduction: four convolutions and a linear layer, never trained.

    Maps normalised images (n, 3, 32, 32) to features (n, 1024).
    """

    def __init__(self, width: int = 64):
        channels = (3, width, 2 * width, 2 * width, 2 * width)
        layers = []
        for inputs, outputs in pairwise(channels):
            layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.ReLU()]
        super().__init__(*layers, nn.Flatten(), nn.Linear(channels[-1] * 2 * 2, FEATURES))


@torch.inference_mode()
@whole_float32()
def untrained_features(images: Tensor, seed: int = 0, device: torch.device | None = None) -> Tensor:
    """Features of images by an untrained CNN.

    Parameters: images, uint8, (n, 3, 32, 32); seed, of its weights.
    Returns: float32 on the CPU, (n, 1024).
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = UntrainedCNN()
    device = device or best_device()
    network.to(device)
    return in_batches(lambda batch: network(normalise(batch.to(device))), images, FEATURES, BATCH_SIZE)


def neighbour_graph(features: Tensor, k: int = NEIGHBOURS) -> sparse.csr_array:
    """The symmetric graph that joins each image with its k nearest others.

    Returns: as :func:`graph_of`.
    """
    return graph_of(nearest_others(features, k).indices)


def graph_of(partners: Tensor) -> sparse.csr_array:
    """The symmetric graph that joins each image with its partners, int64, (n, k).

    Returns: (n, n), float64: 1 where either is among the other's partners, else 0.
    """
    n, k = partners.shape
    rows = np.repeat(np.arange(n), k)
    directed = sparse.csr_array((np.ones(n * k), (rows, partners.numpy().ravel())), shape=(n, n))
    directed = directed.sign()  # a partner may come more than once
    return directed.maximum(directed.T)


def laplacian_eigenmaps(graph: sparse.csr_array, dimensions: int = EIGENVECTORS) -> Tensor:
    """Codes that vary as little as can be between neighbours: the lowest eigenvectors.

    They solve L v = lambda D v for the smallest lambda, where D holds the degrees and L = D - W.
    Substituting u = D^(1/2) v makes that the symmetric problem of D^(-1/2) W D^(-1/2), whose
    largest eigenvalues 1 - lambda are what Lanczos iterations find fast. The constant first
    solution says nothing and is left out.

    Parameters: graph, W, symmetric, (n, n), without isolated images; dimensions, below n - 1.
    Returns: float32, (n, dimensions), the columns of unit norm, smoothest first.
    Raises: ValueError for more dimensions than the graph has.
    """
    n = graph.shape[0]
    if not 1 <= dimensions < n - 1:
        raise ValueError(f"A graph of {n:,} images has 1 to {n - 2:,} dimensions, not {dimensions}.")
    degrees = graph.sum(axis=1)
    scale = sparse.diags_array(1 / np.sqrt(degrees))
    start = np.sqrt(degrees)  # near the solution sought, and the same every time
    start = start + 0.1 * np.random.default_rng(0).standard_normal(n) * start.mean()
    values, u = eigsh(scale @ graph @ scale, k=dimensions + 1, which="LA", v0=start)
    order = values.argsort()[::-1][1:]
    v = u[:, order] / np.sqrt(degrees)[:, None]
    return torch.from_numpy((v / np.linalg.norm(v, axis=0)).astype(np.float32))
