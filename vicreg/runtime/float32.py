"""Float32 that is float32 on every device.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def whole_float32() -> Iterator[None]:
    """Let convolutions multiply all 24 bits of a float32, which cuDNN would round to the 11 of TF32.

    Works as a decorator too.
    """
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before
