"""Each operation of T against torchvision's on the same parameters, and the statistics of the draws.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import pytest
import torch
import torchvision.transforms.v2.functional as reference
from exact import float64_by_default
from torch.testing import assert_close
from torchvision.transforms import RandomResizedCrop

from vicreg import augment as A

N = 64
# torchvision turns hues in float32 whatever the image is in: it rounds some five sums of up to 2 turns to
# half an eps of that, and takes them 6 times.
HUE_ROUNDING = 6 * 5 * torch.finfo(torch.float32).eps
exactly = pytest.mark.usefixtures("in_float64")


@pytest.fixture
def in_float64():
    with float64_by_default():
        yield


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture(params=[32, 64])
def side(request):
    return request.param


@pytest.fixture
def images(generator, side):
    coarse = torch.rand(N, 3, 8, 8, generator=generator)  # smooth enough to look like images
    smooth = torch.nn.functional.interpolate(coarse, size=side, mode="bicubic").clamp(0, 1)
    smooth[0] = 0.5  # a grey image has no hue
    return smooth


@pytest.fixture
def parameters(generator, side):
    return A.draw_parameters(N, generator, side)


def one_by_one(images, function, *parameters):
    rows = zip(images, *(p.tolist() for p in parameters), strict=True)
    return torch.stack([function(*row) for row in rows])


@exactly
def test_crop_and_flip_equals_torchvision(images, parameters):
    p = parameters

    def crop(image, top, left, height, width, flip):
        box = [int(v) for v in (top, left, height, width)]
        view = reference.resized_crop(image, *box, size=image.shape[1:], antialias=True)
        return reference.horizontal_flip(view) if flip else view

    boxes = (p.top, p.left, p.height, p.width, p.flip)
    assert_close(A.crop_and_flip(images, *boxes), one_by_one(images, crop, *boxes))


@exactly
@pytest.mark.parametrize(
    ("operation", "function"),
    [
        (A.JITTER_BRIGHTNESS, reference.adjust_brightness),
        (A.JITTER_CONTRAST, reference.adjust_contrast),
        (A.JITTER_SATURATION, reference.adjust_saturation),
    ],
)
def test_blends_equal_torchvision(images, parameters, operation, function):
    expected = one_by_one(images, function, parameters.factors[:, operation])
    neutral = torch.tensor([1.0, 1.0, 1.0, 0.0]).repeat(N, 1)
    neutral[:, operation] = parameters.factors[:, operation]
    assert_close(A.jitter(images, parameters.order, neutral), expected)


@exactly
def test_hue_equals_torchvision(images, parameters):
    turns = parameters.factors[:, A.JITTER_HUE]
    expected = one_by_one(images, reference.adjust_hue, turns)
    assert_close(A.shift_hue(images, A.per_image(turns)), expected, rtol=0, atol=HUE_ROUNDING)


@exactly
def test_jitter_applies_the_operations_in_each_images_order(images, parameters):
    functions = [
        reference.adjust_brightness,
        reference.adjust_contrast,
        reference.adjust_saturation,
        reference.adjust_hue,
    ]

    def apply(image, order, factors):
        for operation in order:
            image = functions[operation](image, factors[operation])
        return image

    expected = one_by_one(images, apply, parameters.order, parameters.factors)
    got = A.jitter(images, parameters.order, parameters.factors)
    most = 1.4 * 1.4 * 1.2  # that the operations after the hue stretch its roundings by
    assert_close(got, expected, rtol=0, atol=most * HUE_ROUNDING)


@exactly
def test_greyscale_equals_torchvision(images):
    assert_close(A.grey(images), reference.rgb_to_grayscale(images, num_output_channels=1))


@exactly
def test_blur_equals_torchvision(images, parameters):
    expected = one_by_one(
        images, lambda image, s: reference.gaussian_blur(image, [3, 3], [s, s]), parameters.sigma
    )
    assert_close(A.blur(images, parameters.sigma), expected)


@exactly
def test_transform_chains_the_operations(images, parameters):
    p = parameters
    views = A.crop_and_flip(images, p.top, p.left, p.height, p.width, p.flip)
    views = A.jitter(views, p.order, p.factors)
    for i in range(N):
        if p.greyscale[i]:
            views[i] = A.grey(views[i : i + 1]).expand(1, 3, -1, -1)[0]
        if p.blur[i]:
            views[i] = A.blur(views[i : i + 1], p.sigma[i : i + 1])[0]
    assert_close(A.transform(images, p), views)


def test_float32_is_close_to_float64(images, parameters):
    """A dozen operations round numbers up to 1, and three the hue's sixths of a turn, up to 11, to half
    an eps of them, and what follows stretches that by at most 1.4 * 1.4 * 1.2: 53 eps."""
    assert images.dtype == parameters.factors.dtype == torch.float32
    doubled = A.Parameters(*(p.double() if p.is_floating_point() else p for p in parameters))
    with float64_by_default():
        exact = A.transform(images.double(), doubled)
    atol = 53 * torch.finfo(torch.float32).eps
    assert_close(A.transform(images, parameters).double(), exact, rtol=0, atol=atol)


def test_normalise_equals_torchvision(images):
    expected = reference.normalize(images, list(A.MEAN), list(A.STD))
    assert_close(A.normalise(images), expected)
    bytes_ = (images * 255).round().to(torch.uint8)
    assert_close(A.normalise(bytes_), reference.normalize(bytes_ / 255, list(A.MEAN), list(A.STD)))


def test_crops_are_distributed_as_torchvisions(side):
    n = 20_000
    ours = torch.stack(A.draw_crops(n, torch.Generator().manual_seed(1), side), dim=1)
    image = torch.zeros(3, side, side)
    torch.manual_seed(1)
    theirs = torch.tensor(
        [RandomResizedCrop.get_params(image, A.CROP_AREA, A.CROP_ASPECT) for _ in range(n)]
    ).float()
    # Five standard errors of a mean, of a deviation and of a correlation.
    error = theirs.std(0) / n**0.5
    assert ((ours.mean(0) - theirs.mean(0)).abs() < 5 * 2**0.5 * error).all()
    assert ((ours.std(0) - theirs.std(0)).abs() < 5 * error).all()
    assert ((ours.T.corrcoef() - theirs.T.corrcoef()).abs() < 5 * (2 / n) ** 0.5).all()
    assert (ours[:, 0] + ours[:, 2] <= side).all() and (ours[:, 1] + ours[:, 3] <= side).all()


def test_every_image_draws_its_own_parameters():
    n = 20_000
    p = A.draw_parameters(n, torch.Generator().manual_seed(2), 32)

    def share(draws):
        return draws.float().mean().item()

    tolerance = 5 * 0.5 / n**0.5
    assert share(p.flip) == pytest.approx(0.5, abs=tolerance)
    assert share(p.greyscale) == pytest.approx(0.2, abs=tolerance)
    assert share(p.blur) == pytest.approx(0.5, abs=tolerance)
    _, counts = p.order.unique(dim=0, return_counts=True)
    assert len(counts) == 24, "all orders of the four colour operations occur"
    assert (counts / n - 1 / 24).abs().max() < 0.01
    low = torch.tensor([0.6, 0.6, 0.8, -0.1])
    high = torch.tensor([1.4, 1.4, 1.2, 0.1])
    assert (p.factors >= low).all() and (p.factors <= high).all()
    assert_close(p.factors.mean(0), (low + high) / 2, atol=0.01, rtol=0)
    assert_close(p.factors.std(0), (high - low) / 12**0.5, atol=0.01, rtol=0)
    assert p.sigma.min() >= 0.1 and p.sigma.max() <= 2.0
    # Independent of each other: no two parameters, and no two neighbours in a batch, correlate.
    columns = torch.column_stack([p.flip, p.greyscale, p.blur, p.sigma, p.factors, p.top]).float()
    off_diagonal = columns.T.corrcoef() - torch.eye(columns.shape[1])
    assert off_diagonal.abs().max() < 5 / n**0.5
    neighbours = torch.stack([p.factors[:-1, 0], p.factors[1:, 0]]).corrcoef()[0, 1]
    assert neighbours.abs() < 5 / n**0.5


def test_views_follow_the_generator_and_differ(images):
    def view(seed):
        return A.augment(images, torch.Generator().manual_seed(seed))

    assert_close(view(3), view(3), rtol=0, atol=0)
    assert not torch.equal(view(3), view(4))
    same_image = A.augment(images[1:2].repeat(8, 1, 1, 1), torch.Generator().manual_seed(5))
    assert all(not torch.equal(same_image[0], other) for other in same_image[1:])


def test_views_are_the_same_under_autocast(images):
    plain = A.augment(images, torch.Generator().manual_seed(6))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert_close(A.augment(images, torch.Generator().manual_seed(6)), plain, rtol=0, atol=0)
