"""``python -m vicreg``: what it lists, what it trains, and its one-sentence refusals.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import signal
import subprocess
import sys

import pytest
import torch
from torchvision.datasets import CIFAR10

from vicreg.__main__ import main, parse
from vicreg.commands.train import chosen_experiment
from vicreg.experiments import EXPERIMENTS, VICREG
from vicreg.runtime.paths import PROJECT, runs_folder, weights_folder


@pytest.fixture(autouse=True)
def signals_as_before():
    """``main`` takes SIGTERM over; give it back."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_list_and_a_wrong_name_do_not_wait_for_torch():
    program = (
        "import sys; from vicreg.__main__ import main\n"
        "assert main(['list']) == 0 and main(['train', 'nonsense']) == 1 and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True, capture_output=True)


def test_defaults_are_the_exercises():
    assert chosen_experiment(parse(["train", "vicreg"])) == VICREG
    assert (VICREG.epochs, VICREG.batch_size, VICREG.learning_rate) == (30, 256, 3e-4)
    assert (VICREG.betas, VICREG.weight_decay) == ((0.9, 0.999), 1e-6)
    assert (VICREG.invariance_weight, VICREG.variance_weight, VICREG.covariance_weight) == (25, 25, 1)
    assert (VICREG.target_std, VICREG.eps) == (1, 1e-4)


def test_names_of_experiments_are_their_keys():
    assert all(name == experiment.name for name, experiment in EXPERIMENTS.items())


def test_options_change_the_experiment():
    options = ["train", "vicreg", "--epochs", "5", "--batch-size", "12", "--seed", "3"]
    experiment = chosen_experiment(parse(options))
    assert (experiment.epochs, experiment.batch_size, experiment.seed) == (5, 12, 3)
    assert experiment.name == "vicreg_seed3", "another seed's weights have a file of their own"


def test_train_writes_weights_and_says_where(small, tiny_folder, capsys):
    options = ["--epochs", "1", "--batch-size", "10", "--seed", "3", "--device", "cpu"]
    assert main(["train", "vicreg", *options, "--data", str(tiny_folder)]) == 0
    path = weights_folder() / "vicreg_seed3.pt"
    assert f"The weights are in {path}." in capsys.readouterr().out
    assert torch.load(path, weights_only=True)["experiment"]["seed"] == 3


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["nonsense"], "choose from: vicreg"),
        (["vicreg", "--epochs", "0"], "epochs must be from 1 to 100,000, got 0"),
        (["vicreg", "--batch-size", "21"], "A batch of 21 needs more images than the 20 there are to train on; set a smaller --batch-size"),
        (["vicreg", "--batch-size", "1"], "batch_size must be at least 2, got 1"),
        (["vicreg", "--batch-size", "8", "--seed", "-1"], "seed must be from 0"),
        (["vicreg", "--device", "nonsense"], "There is no device 'nonsense'; choose cpu or cuda"),
    ],
)
def test_what_cannot_be_trained_is_one_sentence_and_exit_code_1(small, tiny_folder, capsys, options, says):
    assert main(["train", *options, "--data", str(tiny_folder)]) == 1
    error = capsys.readouterr().err
    last = error.splitlines()[-1]
    assert last.startswith("error: ") and says in last and last.endswith(".")
    assert "Traceback" not in error
    assert not weights_folder().exists() and not runs_folder().exists()


def test_missing_images_are_one_sentence_and_exit_code_1(tmp_path, monkeypatch, capsys):
    def download(self):
        raise OSError("no route to host")

    monkeypatch.setattr(CIFAR10, "download", download)
    monkeypatch.setenv("VICREG_DATA", str(tmp_path / "none"))
    assert main(["train", "vicreg", "--device", "cpu"]) == 1
    assert "VICREG_DATA" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a system with pipes as these")
def test_a_reader_that_leaves_ends_a_command_without_a_word():
    command = f"{sys.executable} -m vicreg list | true"
    done = subprocess.run(command, shell=True, cwd=PROJECT, capture_output=True, text=True)
    assert not done.stderr
