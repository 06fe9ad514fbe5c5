"""Convolutions of small maps as one matrix product, for processors that multiply matrices by tiles.

oneDNN computes a convolution row by row of a map. Where a row has four pixels, as in the encoder's
last block, a processor with AMX is left idle for most of the time: of 2100 GFLOP/s that a large
product reaches there, oneDNN's gradient by the weights reaches 250. Gathered into one matrix, the
patches of all images make a large product of the same arithmetic.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .device import multiplies_tiles

SMALL = 4  # pixels a side of the map that comes out


def suit_convolutions(model: nn.Module, device: torch.device) -> None:
    """Let a model's 3x3 convolutions compute small maps as products, where the device gains by it.

    In place; parameters and their names stay as they are.
    """
    if not multiplies_tiles(device):
        return
    for layer in model.modules():
        if type(layer) is nn.Conv2d and layer.kernel_size == (3, 3) and layer.padding == (1, 1):
            layer.__class__ = ProductConv2d


class ProductConv2d(nn.Conv2d):
    """A 3x3 convolution with padding 1 that computes small maps in bf16 as one product."""

    def forward(self, x: Tensor) -> Tensor:
        device, stride = x.device.type, self.stride[0]
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype
        if dtype is not torch.bfloat16 or max(x.shape[2:]) > SMALL * stride:
            return super().forward(x)
        y = PatchProduct.apply(x.to(dtype), self.weight.to(dtype), stride)
        return y if self.bias is None else y + self.bias.to(dtype).view(-1, 1, 1)


class PatchProduct(torch.autograd.Function):
    """A 3x3 convolution with padding 1 as patches times weights, and its two gradients."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, stride: int) -> Tensor:
        """Parameters: x, (n, C, h, w); weight, (K, C, 3, 3). Returns: (n, K, h', w')."""
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        h, w = x.shape[2:]
        y = patches(x, stride) @ weight.permute(0, 2, 3, 1).flatten(1).T          # (n h' w', K)
        return as_maps(y, (h - 1) // stride + 1, (w - 1) // stride + 1)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        (k, c), (h, w) = weight.shape[:2], x.shape[2:]
        by_x = by_weight = None
        if ctx.needs_input_grad[0] and ctx.stride == 1:
            # The gradient by the input is itself a convolution, with the weights turned round.
            turned = weight.permute(2, 3, 0, 1).flip(0, 1).flatten(0, 2)          # (9 K, C)
            by_x = as_maps(patches(gradient, 1) @ turned, h, w)
        elif ctx.needs_input_grad[0]:
            by_x = torch.nn.grad.conv2d_input(x.shape, weight, gradient, ctx.stride, padding=1)
        if ctx.needs_input_grad[1]:
            rows = gradient.permute(0, 2, 3, 1).flatten(0, 2).T.contiguous()      # (K, n h' w')
            by_weight = rows @ patches(x, ctx.stride)                             # (K, 9 C)
            by_weight = by_weight.view(k, 3, 3, c).permute(0, 3, 1, 2)
        return by_x, by_weight, None


def as_maps(pixels: Tensor, h: int, w: int) -> Tensor:
    """Pixels (n h w, C) as maps (n, C, h, w), channels last, without a copy."""
    return pixels.unflatten(0, (-1, h, w)).permute(0, 3, 1, 2)


def patches(x: Tensor, stride: int) -> Tensor:
    """What each pixel that comes out is computed from: (n h' w', 9 C), zeros beyond the border."""
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))                     # (n, h + 2, w + 2, C)
    windows = padded.unfold(1, 3, stride).unfold(2, 3, stride)                    # (n, h', w', C, 3, 3)
    return windows.permute(0, 1, 2, 4, 5, 3).flatten(3).flatten(0, 2)
