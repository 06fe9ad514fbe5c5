"""That what is said to be float32 is not rounded to TF32 on a GPU.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import pytest
import torch
from torch.nn import functional

from vicreg import patch_features
from vicreg.downstream.laplacian import untrained_features
from vicreg.runtime.float32 import whole_float32


@pytest.mark.parametrize("before", [True, False])
def test_convolutions_of_features_are_whole_float32(tiny, monkeypatch, before):
    def watched(*args, convolve=functional.conv2d, **kwargs):
        seen.append(torch.backends.cudnn.allow_tf32)
        return convolve(*args, **kwargs)

    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", before)
    monkeypatch.setattr(functional, "conv2d", watched)
    monkeypatch.setattr(patch_features, "conv2d", watched)
    for features in (patch_features.patch_features, untrained_features):
        seen = []
        features(tiny.train.images)
        assert seen and not any(seen)
        assert torch.backends.cudnn.allow_tf32 is before


def test_a_failure_leaves_the_setting_as_it_was():
    before = torch.backends.cudnn.allow_tf32
    with pytest.raises(ZeroDivisionError), whole_float32():
        1 / 0  # noqa: B018
    assert torch.backends.cudnn.allow_tf32 is before
