"""``--compile``: the same training through torch.compile, and what happens without a compiler.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial

import pytest
import torch
from exact import train_in_float64
from torch import nn
from torch.testing import assert_close

from vicreg import step as S
from vicreg import train as T
from vicreg.runtime.device import compiled
from vicreg.runtime.distributed import Workers
from vicreg.runtime.paths import PROJECT, runs_folder
from vicreg.runtime.speed import Speed

CPU = torch.device("cpu")
needs_compiler = pytest.mark.skipif(
    shutil.which(os.environ.get("CXX", "g++")) is None, reason="needs a C++ compiler"
)


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    """Not one in which torch finds what it made for another processor's vectors: it does not tell them
    apart, and what is then compiled for this one's overwrites memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path_factory.mktemp("compiled")))
        yield


@needs_compiler
def test_a_compiled_network_computes_the_same_with_the_same_parameters():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten())
    network.double()  # the gradient of the convolution's bias is zero, and in float32 a sum of roundings
    x = torch.randn(5, 3, 6, 6, dtype=torch.float64)
    expected = network(x)
    expected.square().sum().backward()
    gradients = [p.grad.clone() for p in network.parameters()]
    network.zero_grad()
    found = compiled(network, CPU)(x)
    found.square().sum().backward()
    assert_close(found, expected)
    assert_close([p.grad for p in network.parameters()], gradients)
    assert int(network[1].num_batches_tracked) == 2, "the statistics are the network's own"


def test_what_is_compiled_after_other_shapes_is_of_fixed_shapes_too(monkeypatch):
    """torch takes a size or number that has changed once for one that goes on changing."""
    shapes = []

    def noted(graph, inputs):
        taken = (node.meta["example_value"] for node in graph.graph.nodes if node.op == "placeholder")
        shapes.append([getattr(value, "shape", value) for value in taken])
        return graph.forward

    def scaled(x, weight):
        return weight * x.sin()

    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=noted))
    for n, weight in ((8, 25.0), (4, 25.0), (8, 12.5)):
        x = torch.randn(n, 3)
        shapes.clear()
        assert_close(compiled(scaled, CPU)(x, weight), weight * x.sin())
        assert shapes[-1] == [(n, 3)] and all(type(size) is int for size in shapes[-1][0])


@needs_compiler
def test_training_compiled_has_the_losses_of_plain_training(small, tiny, monkeypatch):
    train_in_float64(monkeypatch)
    small = replace(small, batch_size=10)
    path = T.train(small, tiny, CPU)
    plain = torch.load(path, weights_only=True)["history"]
    path.unlink(), runs_folder().joinpath("vicreg.checkpoint.pt").unlink()
    calls = []

    def noted(network, device):
        made = compiled(network, device)
        return lambda x: calls.append(len(x)) or made(x)

    monkeypatch.setattr(S, "compiled", noted)
    found = torch.load(T.train(small, tiny, CPU, speed=Speed(("network",))), weights_only=True)["history"]
    assert calls == [10] * 12, "three epochs of two batches of two views; test images go through the plain one"
    assert_close(found, plain)


def test_without_a_compiler_it_is_one_sentence_and_exit_code_1(tiny_folder, tmp_path):
    surroundings = {
        "CXX": str(tmp_path / "none"), "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "compiled"),
        "VICREG_RUNS": str(tmp_path / "runs"), "VICREG_WEIGHTS": str(tmp_path / "weights"),
    }  # fmt: skip
    command = ["train", "vicreg", "--batch-size", "8", "--device", "cpu", "--compile", "--data", tiny_folder]
    done = subprocess.run(
        [sys.executable, "-m", "vicreg", *command],
        cwd=PROJECT, env={**os.environ, **surroundings}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: Nothing can be compiled here (") and last.endswith("leave --compile out.")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists() and not (tmp_path / "weights").exists()


def test_several_processes_do_not_compile(small, tiny):
    with pytest.raises(ValueError, match="leave --compile and --graph out"):
        T.train(small, tiny, CPU, workers=Workers(rank=0, size=2), speed=Speed(("network",)))
