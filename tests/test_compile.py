"""``--compile``: the same training through torch.compile, and what happens without a compiler.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from vicreg import train as T
from vicreg.device import compile_network
from vicreg.storage import PROJECT, runs_folder
from vicreg.workers import Workers

CPU = torch.device("cpu")
needs_compiler = pytest.mark.skipif(
    shutil.which(os.environ.get("CXX", "g++")) is None, reason="needs a C++ compiler"
)


@needs_compiler
def test_a_compiled_network_computes_the_same_with_the_same_parameters():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten())
    x = torch.randn(5, 3, 6, 6)
    expected = network(x)
    expected.square().sum().backward()
    gradients = [p.grad.clone() for p in network.parameters()]
    network.zero_grad()
    found = compile_network(network, CPU)(x)
    found.square().sum().backward()
    assert_close(found, expected)
    assert_close([p.grad for p in network.parameters()], gradients, rtol=1e-4, atol=1e-4)
    assert int(network[1].num_batches_tracked) == 2, "the statistics are the network's own"


@needs_compiler
def test_training_compiled_has_the_losses_of_plain_training(small, tiny, monkeypatch):
    monkeypatch.setattr(T, "autocast", lambda device: contextlib.nullcontext())  # for close comparison
    small = replace(small, batch_size=10)
    path = T.train(small, tiny, CPU)
    plain = torch.load(path, weights_only=True)["history"]
    path.unlink(), runs_folder().joinpath("vicreg.checkpoint.pt").unlink()
    calls = []

    def noted(network, device):
        compiled = compile_network(network, device)
        return lambda x: calls.append(len(x)) or compiled(x)

    monkeypatch.setattr(T, "compile_network", noted)
    found = torch.load(T.train(small, tiny, CPU, compiled=True), weights_only=True)["history"]
    assert calls == [10] * 12, "three epochs of two batches of two views; test images go through the plain one"
    assert_close(found, plain, rtol=2e-3, atol=1e-4)


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
    with pytest.raises(ValueError, match="leave --compile out"):
        T.train(small, tiny, CPU, workers=Workers(rank=0, size=2), compiled=True)
