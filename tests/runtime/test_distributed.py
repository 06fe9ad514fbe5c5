"""Two processes that share every batch do what one process does with it.

They are started by torchrun and talk through gloo, on the CPU.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
import subprocess
import sys
from dataclasses import replace
from itertools import chain

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from vicreg import train as T
from vicreg.experiments import VICREG
from vicreg.runtime.distributed import Workers
from vicreg.runtime.paths import PROJECT, runs_folder, weights_folder

CPU = torch.device("cpu")
BATCH = 10
# The first gradients are kept.
NOTING_GRADIENTS = """
import os, sys
import pytest
import torch
from exact import train_in_float64
from vicreg.runtime import distributed as workers
from vicreg.__main__ import main

train_in_float64(pytest.MonkeyPatch())
rank, folder = int(os.environ.get("RANK", 0)), sys.argv.pop(1)
summed = workers.Workers.sum_gradients
first = []

def sum_gradients(self, parameters):
    parameters = list(parameters)
    summed(self, parameters)
    if not first:
        first.append([p.grad.clone() for p in parameters])
        torch.save(first[0], f"{folder}/gradients{rank}.pt")

workers.Workers.sum_gradients = sum_gradients
sys.exit(main(sys.argv[1:]))
"""
# Worker 1 dies in the second epoch of the first attempt.
DYING = """
import os, signal, sys
from vicreg import step
from vicreg.__main__ import main

real, calls = step.vicreg_loss, []

def vicreg_loss(*arguments, **settings):
    calls.append(1)
    first_attempt = os.environ["TORCHELASTIC_RESTART_COUNT"] == "0"
    if first_attempt and os.environ["RANK"] == "1" and len(calls) == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **settings)

step.vicreg_loss = vicreg_loss
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def launch(tmp_path, tiny_folder):
    """A function that runs a script as ``-m vicreg train vicreg`` in so many processes."""

    def run(script: str, processes: int, *arguments: str, epochs: int, restarts: int = 0) -> str:
        path = tmp_path / "script.py"
        places = os.pathsep.join(map(str, (PROJECT, PROJECT / "tests")))
        path.write_text(script)
        torchrun = ["-m", "torch.distributed.run", f"--nproc_per_node={processes}", "--standalone",
                    f"--max-restarts={restarts}"]
        done = subprocess.run(
            [sys.executable, *(torchrun if processes > 1 else []), str(path), *arguments,
             "train", "vicreg", "--batch-size", str(BATCH), "--epochs", str(epochs),
             "--device", "cpu", "--data", str(tiny_folder)],
            cwd=tmp_path, env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": places},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_losses_and_gradients_are_those_of_one_process(launch, tmp_path):
    kept = {}
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        folder.mkdir()
        said = launch(NOTING_GRADIENTS, processes, str(folder), epochs=1)
        assert said.count("The weights are in") == 1, "the chief alone speaks"
        kept[processes] = torch.load(runs_folder() / "vicreg.checkpoint.pt", weights_only=True)
        (weights_folder() / "vicreg.pt").unlink(), (runs_folder() / "vicreg.checkpoint.pt").unlink()
    one, two = (kept[n]["history"] for n in (1, 2))
    assert_close(two["train"], one["train"])
    expected = torch.load(tmp_path / "1/gradients0.pt", weights_only=True)
    for rank in (0, 1):
        got = torch.load(tmp_path / f"2/gradients{rank}.pt", weights_only=True)
        for ours, theirs in zip(got, expected, strict=True):
            assert_close(ours, theirs, rtol=1e-9, atol=1e-12)
    running = "backbone.bn1.running_var"
    assert_close(kept[2]["encoder"][running], kept[1]["encoder"][running])


def test_a_killed_worker_costs_at_most_an_epoch(launch, tmp_path, assert_identical):
    launch(DYING, 2, epochs=3, restarts=1)
    weights, checkpoint = weights_folder() / "vicreg.pt", runs_folder() / "vicreg.checkpoint.pt"
    survived = weights.rename(tmp_path / "survived.pt"), checkpoint.rename(tmp_path / "checkpoint.pt")
    legs = torch.load(survived[0], weights_only=True)["provenance"]["legs"]
    assert sum(leg["epochs"] for leg in legs) == 3
    launch(DYING.replace("len(calls) == 5", "False"), 2, epochs=3)
    assert_identical(survived[0], weights)
    assert_identical(survived[1], checkpoint)


def test_a_batch_is_a_multiple_of_the_workers(tiny):
    with pytest.raises(ValueError, match="multiple of the 3 processes that share it, got 8"):
        T.check_settings(replace(VICREG, batch_size=8), CPU, Workers(0, 3))


def test_shares_make_up_the_batch():
    rows = list(range(12))
    shares = [rows[Workers(rank, 3).share(12)] for rank in range(3)]
    assert [len(s) for s in shares] == [4, 4, 4] and [*chain(*shares)] == rows


def test_alone_nothing_is_changed():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    assert T.synchronise_batch_norm(model, Workers(), CPU) is model
    assert type(model[1]) is nn.BatchNorm1d
    z = torch.randn(3, 2, requires_grad=True)
    assert Workers().gather(z) is z
