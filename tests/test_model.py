"""The architecture against the exercise's facts.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from vicreg.model import Encoder, Projector


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    return Encoder().eval()


@pytest.fixture(scope="module")
def images():
    return torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def layers(module):
    return [type(layer) for layer in module]


def test_first_convolution_has_bias_and_no_padding(encoder):
    conv = encoder.backbone.conv1
    assert (conv.in_channels, conv.out_channels) == (3, 64)
    assert (conv.kernel_size, conv.stride, conv.padding) == ((3, 3), (1, 1), (0, 0))
    assert conv.bias is not None
    assert type(encoder.backbone.maxpool) is nn.Identity


def test_maps_are_30_by_30_and_halve_from_block_to_block(encoder, images):
    shapes = {}

    def note(name):
        return lambda module, inputs, output: shapes.update({name: tuple(output.shape[1:])})

    names = ("conv1", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool", "fc")
    hooks = [getattr(encoder.backbone, name).register_forward_hook(note(name)) for name in names]
    with torch.inference_mode():
        encoder(images)
    for hook in hooks:
        hook.remove()
    assert shapes == {
        "conv1": (64, 30, 30),
        "maxpool": (64, 30, 30),
        "layer1": (64, 30, 30),
        "layer2": (128, 15, 15),
        "layer3": (256, 8, 8),
        "layer4": (512, 4, 4),
        "avgpool": (512, 1, 1),
        "fc": (512,),
    }


def test_head_is_linear_norm_relu_linear(encoder):
    assert (encoder.backbone.fc.in_features, encoder.backbone.fc.out_features) == (512, 512)
    assert layers(encoder.head) == [nn.BatchNorm1d, nn.ReLU, nn.Linear]
    assert (encoder.head[2].in_features, encoder.head[2].out_features) == (512, 128)


def test_encoder_has_the_parameters_that_the_facts_add_up_to(encoder):
    resnet18 = 11_689_512  # torchvision's own count, with conv1 7x7 and fc to 1000
    backbone = resnet18 - 3 * 64 * 49 + (3 * 64 * 9 + 64) - (512 * 1000 + 1000) + (512 * 512 + 512)
    head = 2 * 512 + 512 * 128 + 128
    assert count(encoder) == backbone + head == 11_498_240


def test_projector_is_three_linear_layers_of_512():
    projector = Projector()
    linear = [nn.Linear, nn.BatchNorm1d, nn.ReLU]
    assert layers(projector) == [*linear, *linear, nn.Linear]
    widths = [(layer.in_features, layer.out_features) for layer in projector if type(layer) is nn.Linear]
    assert widths == [(128, 512), (512, 512), (512, 512)]
    assert count(projector) == (128 * 512 + 512) + 2 * (512 * 512 + 512) + 2 * (2 * 512)


def test_outputs_have_128_and_512_dimensions(encoder, images):
    with torch.inference_mode():
        y = encoder(images)
        z = Projector().eval()(y)
    assert y.shape == (4, 128) and z.shape == (4, 512)


def test_outputs_are_linear_at_the_end(encoder, images):
    with torch.inference_mode():
        y, z = encoder(images), Projector().eval()(encoder(images))
    assert (y < 0).any() and (z < 0).any()  # no ReLU after the last layer


def test_evaluation_mode_treats_every_image_alone(encoder, images):
    encoder, images = copy.deepcopy(encoder).double(), images.double()
    with torch.inference_mode():
        assert_close(encoder(images)[:1], encoder(images[:1]))


def test_training_mode_normalises_by_the_batch(images):
    torch.manual_seed(1)
    fresh = Encoder().train()
    with torch.no_grad():
        assert not torch.allclose(fresh(images)[:2], fresh(images[:2]), atol=1e-2)


def test_gradients_reach_every_parameter(images):
    torch.manual_seed(0)
    encoder, projector = Encoder(), Projector()
    projector(encoder(images)).square().sum().backward()
    for module in (encoder, projector):
        assert all(p.grad is not None and p.grad.isfinite().all() for p in module.parameters())
