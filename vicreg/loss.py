"""The three objectives of VICReg and their sum, one function per equation.

Equation numbers are the exercise's; the paper is Bardes, Ponce and LeCun, "VICReg:
Variance-Invariance-Covariance Regularization for Self-Supervised Learning" (ICLR 2022).

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import mse_loss


class VICRegLoss(NamedTuple):
    """The objectives of one batch, each a scalar tensor.

    ``variance`` and ``covariance`` are sums over the two branches; none is weighted but
    ``total``.
    """

    total: Tensor
    invariance: Tensor
    variance: Tensor
    covariance: Tensor


def invariance_loss(z: Tensor, z_prime: Tensor) -> Tensor:
    """Invariance objective, Eq. 2: the mean squared error between the two branches.

    Parameters: z, z_prime, projections of two views of the same images, shape (n, d).
    Returns: scalar, averaged over the images and over the d dimensions.
    """
    return mse_loss(z, z_prime)


def variance_loss(z: Tensor, target_std: float = 1.0, eps: float = 1e-4) -> Tensor:
    """Variance objective, Eq. 3: how far each dimension's deviation falls short of the target.

    The exercise prints sqrt(Var) + eps, whose gradient is infinite where the variance is zero;
    this is the paper's sqrt(Var + eps). For deviations near the target the two differ by less
    than eps. Var is unbiased (n - 1), as in Eq. 4.

    Parameters: z, projections, shape (n, d), n >= 2; target_std, the hinge's gamma.
    Returns: scalar. Zero when every dimension deviates by the target or more.
    """
    std = (z.var(dim=0) + eps).sqrt()          # (d,)
    return (target_std - std).relu().mean()


def covariance_loss(z: Tensor) -> Tensor:
    """Covariance objective, Eq. 5: the summed squared off-diagonal covariance, over d.

    Parameters: z, projections, shape (n, d), n >= 2.
    Returns: scalar. Zero when the dimensions of z are uncorrelated.
    """
    n, d = z.shape
    centred = z - z.mean(dim=0)                # (n, d)
    C = centred.T @ centred / (n - 1)          # (d, d), Eq. 4
    return (C.square().sum() - C.diagonal().square().sum()) / d


def vicreg_loss(
    z: Tensor,
    z_prime: Tensor,
    invariance_weight: float = 25,
    variance_weight: float = 25,
    covariance_weight: float = 1,
    target_std: float = 1,
    eps: float = 1e-4,
) -> VICRegLoss:
    """The VICReg loss, Eq. 6, with lambda, mu and nu as the three weights.

    The variance and covariance objectives are summed over the two branches, not averaged:
    the authors' public code halves the variance term, Eq. 6 does not.

    Parameters: z, z_prime, projections of two views of the same images, shape (n, d), n >= 2.
    Returns: the weighted total and the three unweighted objectives.
    Raises: ValueError for fewer than two images or for branches of unlike shapes.
    """
    if z.shape != z_prime.shape or z.ndim != 2:
        raise ValueError(
            "vicreg_loss needs two branches of the same shape (n, d), "
            f"got {tuple(z.shape)} and {tuple(z_prime.shape)}."
        )
    if len(z) < 2:
        raise ValueError(
            f"vicreg_loss needs at least 2 images a batch to estimate variances, got {len(z)}."
        )
    invariance = invariance_loss(z, z_prime)
    variance = variance_loss(z, target_std, eps) + variance_loss(z_prime, target_std, eps)
    covariance = covariance_loss(z) + covariance_loss(z_prime)
    total = (
        invariance_weight * invariance
        + variance_weight * variance
        + covariance_weight * covariance
    )
    return VICRegLoss(total, invariance, variance, covariance)
