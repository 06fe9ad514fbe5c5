"""Runs that are killed, interrupted or prolonged go on to the same weights.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from exact import train_in_float64
from torch.testing import assert_close

from vicreg import train as T
from vicreg import views as V
from vicreg.__main__ import main
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.paths import PROJECT, weights_folder
from vicreg.step import loss_of

CPU = torch.device("cpu")
ENDLESS = 1_000  # epochs; a run of this length is always ended by its test


@pytest.fixture(autouse=True)
def signals_as_before():
    """``main`` takes SIGTERM over; give it back."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def command(folder: Path, epochs: int) -> list[str]:
    options = ["--batch-size", "8", "--epochs", str(epochs), "--device", "cpu", "--data", str(folder)]
    return ["train", "vicreg", *options]


def interrupted_after_an_epoch(folder: Path, checkpoint: Path, number: int) -> subprocess.CompletedProcess:
    """Run the training as a user does, and send it a signal once its first checkpoint is there."""

    def as_from_a_terminal():  # SIGINT may be ignored here, in a background job's child
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    process = subprocess.Popen(
        [sys.executable, "-m", "vicreg", *command(folder, ENDLESS)],
        cwd=PROJECT,
        env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
        preexec_fn=as_from_a_terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while not checkpoint.exists():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.05)
                pytest.fail(f"ended by itself: {process.communicate()}")
        process.send_signal(number)
        out, err = process.communicate()
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def history(path: Path) -> torch.Tensor:
    return torch.load(path, weights_only=True)["history"]["train"]


def test_a_killed_run_resumes_to_the_same_weights_bit_for_bit(tiny, tiny_folder, trained, checkpoint, tmp_path, assert_identical):
    killed = interrupted_after_an_epoch(tiny_folder, checkpoint, signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL and not weights_folder().exists()
    done = len(history(checkpoint))
    assert main(command(tiny_folder, done + 1)) == 0

    reference, weights = trained.checkpoint, trained.weights
    if done > 1:  # the machine was so busy that the signal came late
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("VICREG_RUNS", str(tmp_path / "reference"))
            patch.setenv("VICREG_WEIGHTS", str(tmp_path / "reference"))
            weights = T.train(replace(trained.experiment, epochs=done + 1), tiny, CPU)
            reference = tmp_path / "reference" / checkpoint.name
    assert_identical(checkpoint, reference)
    assert_identical(weights_folder() / "vicreg.pt", weights)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_what_is_kept_and_ends_with_130(tiny_folder, checkpoint, number):
    ended = interrupted_after_an_epoch(tiny_folder, checkpoint, number)
    assert ended.returncode == 130
    assert ended.stderr.splitlines()[-1] == (
        f"Interrupted; {checkpoint} is kept. The same command goes on from there."
    )
    assert "Traceback" not in ended.stderr
    assert history(checkpoint).isfinite().all()
    assert list(checkpoint.parent.iterdir()) == [checkpoint], "nothing half-written is left"
    assert not weights_folder().exists()


def test_an_interruption_before_the_first_epoch_says_so(tiny_folder, monkeypatch, capsys):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(V, "view", interrupt)
    assert main(command(tiny_folder, 1)) == 130
    assert "no epoch was finished" in capsys.readouterr().err


def test_raising_the_epochs_goes_on(small, tiny, checkpoint, tmp_path, assert_identical):
    uninterrupted = T.train(small, tiny, CPU).rename(tmp_path / "vicreg.pt")
    reference = checkpoint.rename(tmp_path / "checkpoint.pt")
    for epochs in (1, 2, 3):
        weights = T.train(replace(small, epochs=epochs), tiny, CPU)
    assert_identical(checkpoint, reference)
    assert_identical(weights, uninterrupted)


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_finished_run_is_not_trained_again(small, tiny, monkeypatch, epochs):
    def fail(*arguments):
        raise AssertionError("trained again")

    T.train(replace(small, epochs=2), tiny, CPU)
    monkeypatch.setattr(V, "view", fail)
    weights = T.train(replace(small, epochs=epochs), tiny, CPU)
    content = torch.load(weights, weights_only=True)
    assert content["experiment"]["epochs"] == len(content["history"]["train"]) == 2, "what was trained"


@pytest.mark.parametrize(("every", "kept"), [(60, [1, 3]), (0, [1, 2, 3])])
def test_checkpoints_are_of_the_first_and_last_epoch_and_not_twice_a_minute(small, tiny, monkeypatch, every, kept):
    saved, save = [], T.Checkpoint.save
    monkeypatch.setattr(T, "CHECKPOINT_EVERY", every)
    monkeypatch.setattr(
        T.Checkpoint, "save", lambda self, progress: saved.append(len(progress.history.train)) or save(self, progress)
    )
    T.train(small, tiny, CPU)
    assert saved == kept


# Runs whose checkpoint is gone ------------------------------------------------------------------


@pytest.fixture
def shipped(small, tiny, checkpoint):
    """The weights of a run of one epoch, without its checkpoint."""
    weights = T.train(replace(small, epochs=1), tiny, CPU)
    checkpoint.unlink()
    return torch.load(weights, weights_only=True)


def test_weights_without_a_checkpoint_are_extended_with_a_fresh_optimizer(
    small, tiny, shipped, load_small, monkeypatch
):
    train_in_float64(monkeypatch)
    content = torch.load(T.train(small, tiny, CPU, extend=True), weights_only=True)
    history = content["history"]
    assert_close(history["train"][0], shipped["history"]["train"][0], rtol=0, atol=0)
    assert len(history["train"]) == len(history["test"]) == 3
    legs = content["provenance"]["legs"]
    assert [(leg["epochs"], leg["optimizer"]) for leg in legs] == [(1, "fresh"), (2, "fresh")]
    # The second epoch starts from these weights and with the views that any run draws for it.
    models = T.initial_models(small, 20, CPU)
    generator = torch.Generator().manual_seed(T.epoch_seed(small.seed, 1, T.TRAINING))
    first = torch.randperm(20, generator=generator)[: small.batch_size]
    x, x_prime = V.generated_pairs(tiny.train.images)(first, generator)
    for model, part in zip(models, ("encoder", "projector"), strict=True):
        model.train().load_state_dict(shipped[part])
        x, x_prime = model(x), model(x_prime)
    assert_close(history["train"][1, 0], torch.stack(loss_of(small)(x, x_prime)[1:]).float())


def test_without_extend_a_run_without_a_checkpoint_starts_anew(small, tiny, shipped, load_small):
    content = torch.load(T.train(replace(small, epochs=1), tiny, CPU), weights_only=True)
    assert [leg["epochs"] for leg in content["provenance"]["legs"]] == [1]


def test_an_extended_run_that_was_stopped_goes_on_from_its_checkpoint(small, tiny, shipped, load_small):
    T.train(replace(small, epochs=2), tiny, CPU, extend=True)
    legs = torch.load(T.train(small, tiny, CPU, extend=True), weights_only=True)["provenance"]["legs"]
    assert [(leg["epochs"], leg["optimizer"]) for leg in legs] == [(1, "fresh"), (2, "fresh")]


@pytest.mark.parametrize("change", [{"learning_rate": 1e-3}, {"variance_weight": 0.0}])
def test_weights_of_other_settings_are_not_extended(small, tiny, shipped, load_small, change):
    with pytest.raises(VICRegError, match=f"vicreg.pt were trained with other settings .{next(iter(change))}"):
        T.train(replace(small, **change), tiny, CPU, extend=True)


def test_extending_without_weights_says_so(small, tiny):
    with pytest.raises(VICRegError, match=r"vicreg\.pt cannot be read"):
        T.train(small, tiny, CPU, extend=True)
