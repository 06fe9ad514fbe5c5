"""Float32 that is float32 on every device.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def whole_float32() -> Iterator[None]:
    """Convolutions multiply all 24 bits of a float32; cuDNN else rounds them to 11, as TF32 has.

    It decorates functions too.
    """
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before
