"""Same seed, same machine: same weights on the CPU, bit for bit; seed, versions and flags are in the file.

Runs in programs of their own, stopped and not, are compared in test_stopped.py.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import platform
from dataclasses import replace

import torch
import torchvision

from vicreg import train as T

CPU = torch.device("cpu")


def test_the_same_seed_gives_the_same_weights_whatever_was_drawn_before(small, tiny, tmp_path, checkpoint, assert_identical):
    first = T.train(small, tiny, CPU).rename(tmp_path / "first.pt")
    checkpoint.unlink()
    torch.manual_seed(1), torch.rand(7)
    assert_identical(T.train(small, tiny, CPU), first)


def test_another_seed_gives_other_weights(small, tiny):
    one, other = (
        torch.load(T.train(replace(small, epochs=1).with_seed(seed), tiny, CPU), weights_only=True)
        for seed in (0, 1)
    )
    assert not torch.equal(one["projector"]["0.weight"], other["projector"]["0.weight"])


def test_seed_versions_and_flags_are_in_the_file(small, tiny):
    content = torch.load(T.train(replace(small, epochs=1).with_seed(3), tiny, CPU), weights_only=True)
    (leg,) = content["provenance"]["legs"]
    assert content["experiment"]["seed"] == 3
    assert content["provenance"]["data_fingerprint"] == tiny.fingerprint
    assert leg["torch_version"] == torch.__version__ and "threads" in leg["device"]
    assert leg["torchvision_version"] == torchvision.__version__
    assert leg["python_version"] == platform.python_version()
    assert leg["precision"] in ("bf16", "float32") and leg["optimizer"] == "fresh"
