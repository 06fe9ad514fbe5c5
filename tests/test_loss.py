"""The loss against a literal float64 loop over Eqs. 2-6, gradients included, and its properties.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import pytest
import torch
from torch.testing import assert_close

from vicreg.loss import covariance_loss, invariance_loss, variance_loss, vicreg_loss

N, D = 7, 5


def literal(z, z_prime, inv, var, cov, target_std, eps, eps_inside=True):
    """Eq. 6's terms, entry by entry: (total, invariance, variance, covariance)."""
    n, d = z.shape

    def mean(rows, j):
        return sum(rows[i, j] for i in range(n)) / n

    def C(rows, j, k):  # Eq. 4
        centred = ((rows[i, j] - mean(rows, j)) * (rows[i, k] - mean(rows, k)) for i in range(n))
        return sum(centred) / (n - 1)

    def deviation(rows, j):  # Eq. 3, or the paper's form of it
        variance = C(rows, j, j)
        return (variance + eps) ** 0.5 if eps_inside else variance**0.5 + eps

    def hinge(rows, j):
        shortfall = target_std - deviation(rows, j)
        return shortfall if shortfall > 0 else 0 * shortfall

    pairs = [(j, k) for j in range(d) for k in range(d) if j != k]
    invariance = sum(sum((z[i, j] - z_prime[i, j]) ** 2 for j in range(d)) / d for i in range(n)) / n
    variance = sum(sum(hinge(rows, j) for j in range(d)) / d for rows in (z, z_prime))
    covariance = sum(sum(C(rows, j, k) ** 2 for j, k in pairs) / d for rows in (z, z_prime))
    total = inv * invariance + var * variance + cov * covariance
    return total, invariance, variance, covariance


@pytest.fixture
def branches():
    """Two branches, float64, with dimensions that deviate by less and by more than the target."""
    generator = torch.Generator().manual_seed(0)
    mix = torch.randn(D, D, generator=generator, dtype=torch.float64)
    scale = torch.tensor([0.01, 0.2, 0.5, 1.0, 3.0], dtype=torch.float64)
    z = torch.randn(N, D, generator=generator, dtype=torch.float64) @ mix * scale
    return z, z + 0.3 * torch.randn(N, D, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize(
    "settings",
    [(25, 25, 1, 1, 1e-4), (3.0, 0.0, 1.0, 1.0, 1e-4), (0.5, 7.0, 2.0, 0.7, 1e-2)],
    ids=["recommended", "no variance", "odd ones"],
)
def test_terms_and_gradients_equal_the_literal_loop(branches, settings):
    results = []
    for function in (vicreg_loss, literal):
        z, z_prime = (branch.clone().requires_grad_() for branch in branches)
        terms = function(z, z_prime, *settings)
        gradients = [
            torch.autograd.grad(term, (z, z_prime), retain_graph=True, materialize_grads=True)
            for term in terms
        ]
        results.append((tuple(terms), gradients))
    assert_close(results[0], results[1])


def test_defaults_are_the_recommended_ones(branches):
    assert_close(tuple(vicreg_loss(*branches)), literal(*branches, 25, 25, 1, 1, 1e-4))


def test_float32_is_close_to_float64(branches):
    single = vicreg_loss(*(branch.float() for branch in branches))
    assert all(term.dtype == torch.float32 for term in single)
    # A covariance's sum of 7 products is rounded 9 times, squared it counts twice, and the squares on the
    # diagonal, which are taken off again, make up 8 times what remains.
    rtol = 2 * 9 * 8 * torch.finfo(torch.float32).eps / 2
    assert_close(tuple(term.double() for term in single), tuple(vicreg_loss(*branches)), rtol=rtol, atol=0)


@pytest.mark.parametrize("scale", [0.0, 1e-4, 1e-2, 0.1, 0.5, 1.0, 2.0])
def test_eps_inside_the_root_differs_from_the_printed_form_by_less_than_1_percent(scale):
    z = scale * torch.randn(64, 16, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    printed = (1 - (z.std(dim=0) + 1e-4)).relu().mean()
    assert (variance_loss(z) - printed).abs() < 0.01  # of the target, 1
    if scale <= 0.5:  # dimensions all short of the target
        assert_close(variance_loss(z), printed, rtol=0.01, atol=0)


@pytest.mark.parametrize("value", [0.0, 1.0, -1e3])
def test_zero_variance_gives_finite_gradients(value):
    z = torch.full((8, 4), value, requires_grad=True)
    z_prime = torch.full((8, 4), value, requires_grad=True)
    loss = vicreg_loss(z, z_prime)
    loss.total.backward()
    assert z.grad.isfinite().all() and z_prime.grad.isfinite().all()
    assert_close(loss.variance, torch.tensor(2 * (1 - 1e-4**0.5)))


def test_variance_is_the_sum_over_both_branches_not_their_mean(branches):
    z, z_prime = branches
    loss = vicreg_loss(z, z_prime)
    assert_close(loss.variance, variance_loss(z) + variance_loss(z_prime))
    assert_close(loss.covariance, covariance_loss(z) + covariance_loss(z_prime))
    assert_close(loss.total, 25 * loss.invariance + 25 * loss.variance + loss.covariance)


def test_swapping_the_branches_changes_nothing(branches):
    assert_close(tuple(vicreg_loss(*branches)), tuple(vicreg_loss(*reversed(branches))))


def test_permuting_dimensions_or_images_changes_nothing(branches):
    generator = torch.Generator().manual_seed(2)
    dimensions, images = torch.randperm(D, generator=generator), torch.randperm(N, generator=generator)
    for permuted in ([b[:, dimensions] for b in branches], [b[images] for b in branches]):
        assert_close(tuple(vicreg_loss(*permuted)), tuple(vicreg_loss(*branches)))


def test_shifting_all_images_leaves_variance_and_covariance_alone(branches):
    moved = [branch + torch.arange(D) for branch in branches]
    assert_close(tuple(vicreg_loss(*moved)), tuple(vicreg_loss(*branches)))
    z = branches[0]
    assert_close(variance_loss(z + 5), variance_loss(z))
    assert_close(covariance_loss(z + 5), covariance_loss(z))


def test_permuting_images_of_one_branch_raises_the_invariance_alone(branches):
    z, z_prime = branches
    mixed, straight = vicreg_loss(z, z_prime.roll(1, dims=0)), vicreg_loss(z, z_prime)
    assert mixed.invariance > straight.invariance
    assert_close(mixed[2:], straight[2:])


def test_terms_vanish_where_they_should(branches):
    z = branches[0]
    assert invariance_loss(z, z) == 0
    assert variance_loss(z / z.std(dim=0)) == 0
    orthogonal, _ = torch.linalg.qr(z - z.mean(0))  # uncorrelated: centred and orthogonal
    assert_close(covariance_loss(orthogonal), torch.zeros((), dtype=z.dtype))
    copies = z[:, :1].expand(-1, D)
    assert_close(covariance_loss(copies), (D - 1) * z[:, 0].var() ** 2)


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_images_are_refused(n):
    with pytest.raises(ValueError, match=rf"at least 2 images .* got {n}"):
        vicreg_loss(torch.zeros(n, 4), torch.zeros(n, 4))


@pytest.mark.parametrize(
    ("shape", "other"), [((4, 3), (4, 2)), ((4, 3), (5, 3)), ((4,), (4,)), ((2, 4, 3), (2, 4, 3))]
)
def test_unlike_or_odd_shapes_are_refused(shape, other):
    with pytest.raises(ValueError, match="same shape") as caught:
        vicreg_loss(torch.zeros(shape), torch.zeros(other))
    assert str(shape) in str(caught.value) and str(other) in str(caught.value)
