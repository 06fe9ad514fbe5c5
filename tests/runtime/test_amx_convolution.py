"""Convolutions as products against torch's own, and where they are used.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.testing import assert_close

from vicreg.augment import normalise
from vicreg.model import Encoder
from vicreg.runtime import amx_convolution as C

CPU = torch.device("cpu")


@pytest.fixture
def tiles(monkeypatch):
    """A processor that multiplies by tiles, whatever this one is."""
    monkeypatch.setattr(C, "multiplies_tiles", lambda device: True)


@pytest.fixture
def products(monkeypatch):
    """The side of every map that was computed as a product, as they come."""
    seen, apply = [], C.PatchProduct.apply

    def note(x, weight, stride):
        y = apply(x, weight, stride)
        seen.append(y.shape[-1])
        return y

    monkeypatch.setattr(C.PatchProduct, "apply", note)
    return seen


def drawn(*shape):
    x = torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape)))
    return x.to(memory_format=torch.channels_last).requires_grad_()


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("shape", [(6, 5, 4, 4), (2, 3, 8, 8), (3, 5, 7, 5), (1, 2, 1, 1), (2, 1, 2, 3)])
def test_equals_torchs_convolution_and_both_its_gradients(shape, stride):
    x, weight = drawn(*shape), drawn(7, shape[1], 3, 3)
    expected, found = F.conv2d(x, weight, None, stride, 1), C.PatchProduct.apply(x, weight, stride)
    assert_close(found, expected)
    assert found.is_contiguous(memory_format=torch.channels_last)
    gradient = torch.randn_like(expected)
    assert_close(
        torch.autograd.grad(found, (x, weight), gradient),
        torch.autograd.grad(expected, (x, weight), gradient),
    )


def test_computes_no_gradient_that_is_not_asked_for():
    x, weight = drawn(2, 3, 4, 4), drawn(5, 3, 3, 3)
    C.PatchProduct.apply(x.detach(), weight, 1).sum().backward()
    assert x.grad is None and weight.grad is not None
    weight.grad = None
    C.PatchProduct.apply(x, weight.detach(), 1).sum().backward()
    assert x.grad is not None and weight.grad is None


def test_suits_only_padded_3x3_convolutions_and_renames_nothing(tiles):
    encoder = Encoder()
    names, before = list(encoder.state_dict()), dict(encoder.named_modules())
    C.suit_convolutions(encoder, CPU)
    assert list(encoder.state_dict()) == names
    suited = {name for name, layer in before.items() if type(layer) is C.ProductConv2d}
    assert len(suited) == 16  # two a block; not the first convolution, nor the 1x1 of a shortcut
    assert all(".conv" in name and "downsample" not in name for name in suited)


def test_leaves_other_processors_convolutions_alone(monkeypatch):
    monkeypatch.setattr(C, "multiplies_tiles", lambda device: False)
    encoder = Encoder()
    C.suit_convolutions(encoder, CPU)
    assert not any(isinstance(layer, C.ProductConv2d) for layer in encoder.modules())


def test_the_last_block_is_computed_as_products_in_bf16_alone(tiles, products):
    encoder = Encoder().eval()
    C.suit_convolutions(encoder, CPU)
    x = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        encoder(x)
        assert products == []
        with torch.autocast("cpu", torch.bfloat16):
            encoder(x)
        assert products == [4] * 4


def test_the_bias_is_added(tiles):
    """Of whole numbers the sums of 27 products are whole numbers below 256, exact in bf16."""
    generator = torch.Generator().manual_seed(0)
    layer = nn.Conv2d(3, 5, 3, padding=1).bfloat16()
    for parameter in layer.parameters():
        parameter.data = torch.randint(-2, 3, parameter.shape, generator=generator).bfloat16()
    x = torch.randint(-2, 3, (2, 3, 4, 4), generator=generator).bfloat16()
    expected = F.conv2d(x.double(), layer.weight.double(), layer.bias.double(), padding=1)
    C.suit_convolutions(nn.Sequential(layer), CPU)
    assert type(layer) is C.ProductConv2d and layer.bias.count_nonzero() > 0
    assert torch.equal(layer(x).double(), expected)


def test_an_encoder_learns_the_same_from_real_images(tiles, sample):
    """Output and gradients differ by bf16's rounding, as two of its computations in bf16 may."""
    torch.manual_seed(0)
    plain = Encoder().train()
    suited = Encoder().train()
    suited.load_state_dict(plain.state_dict())
    C.suit_convolutions(suited, CPU)
    x = normalise(sample.train.images[:32])
    exact = plain(x)
    exact.square().sum().backward()
    gradients = {name: p.grad.clone() for name, p in plain.named_parameters()}
    plain.zero_grad()

    def errors(encoder):
        with torch.autocast("cpu", torch.bfloat16):
            y = encoder(x)
        y.float().square().sum().backward()
        of_y = (y - exact).norm() / exact.norm()
        last = "backbone.layer4.1.conv2.weight"
        of_gradient = (dict(encoder.named_parameters())[last].grad - gradients[last]).norm()
        return of_y.item(), (of_gradient / gradients[last].norm()).item()

    for found, usual in zip(errors(suited), errors(plain), strict=True):
        assert found < 1.5 * usual < 0.3
