"""How images look, against literal loops over pixels and images that are known.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import statistics

import pytest
import torch
from torch.testing import assert_close

from vicreg.downstream import appearance as A


@pytest.fixture(scope="module")
def images(tiny):
    return tiny.train.images[:3]


def each_pixel(image):
    return [tuple(map(int, image[:, row, column])) for row in range(32) for column in range(32)]


def test_against_loops_over_pixels(images):
    colours = A.mean_colour(images)
    measured = A.brightness(images), A.contrast(images), A.saturation(images), A.warmth(images)
    for i, image in enumerate(images):
        pixels = each_pixel(image)
        means = [statistics.fmean(pixel[c] for pixel in pixels) for c in range(3)]
        grey = [sum(pixel) / 3 for pixel in pixels]
        spread = statistics.fmean(max(pixel) - min(pixel) for pixel in pixels)
        expected = (statistics.fmean(means), statistics.stdev(grey), spread, means[0] - means[2])
        assert_close(colours[i].tolist(), means, rtol=1e-5, atol=1e-3)
        assert_close([values[i].item() for values in measured], list(expected), rtol=1e-5, atol=1e-3)


def test_layouts_ignore_brightness_and_contrast_and_see_what_is_where(images):
    darker = (images.float() * 0.5 + 20).round().to(torch.uint8)
    layouts, of_darker = A.layout(images), A.layout(darker)
    assert_close(layouts.norm(dim=1), torch.ones(3))
    assert ((layouts * of_darker).sum(1) > 0.999).all()
    assert ((layouts * A.layout(255 - images)).sum(1) < -0.999).all()
    assert ((layouts * A.layout(images.flip(3))).sum(1) < 0.99).all()
    left = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    left[..., :16] = 200
    assert_close(A.layout(left).view(8, 8)[:, 0], torch.full((8,), 0.125))


def test_a_layout_of_one_tone_is_none():
    assert A.layout(torch.full((1, 3, 32, 32), 77, dtype=torch.uint8)).abs().max() == 0


def test_copies_of_a_photograph_correlate_wherever_they_are_shifted_to(images):
    image, other, third = images.float()
    moved = image.roll((3, -4), dims=(1, 2)) * 0.5 + 40  # darker, and less contrast
    found = A.shifted_correlation(torch.stack([image, image]), torch.stack([moved, other]))
    assert found[0] > 0.9999 > 0.9 > found[1]
    middle = A.grey(image[None])[0, 4:-4, 4:-4].flatten()
    pixels = A.grey(other[None])[0]
    literal = max(
        torch.corrcoef(torch.stack([middle, pixels[i : i + 24, j : j + 24].flatten()]))[0, 1].item()
        for i in range(9)
        for j in range(9)
    )
    assert_close(found[1].item(), literal, rtol=0, atol=1e-5)
    many = torch.stack([image, other, third]).repeat(200, 1, 1, 1)  # more than are compared at once
    assert_close(A.shifted_correlation(many, many), torch.ones(600))


def test_centre_and_border():
    image = torch.full((1, 3, 32, 32), 10, dtype=torch.uint8)
    image[..., 6:26, 6:26] = 210
    centre, border = A.centre_and_border(image)
    assert (centre.item(), border.item()) == (210, 10)


def test_shares_below():
    among = torch.tensor([3.0, 1.0, 2.0, 4.0])
    assert A.share_below(torch.tensor([0.0, 2.5, 4.0, 9.0]), among).tolist() == [0, 0.5, 0.75, 1]
