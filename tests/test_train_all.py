"""``python -m vicreg train all``: what is trained in which order, what is not trained again, what fails.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from vicreg import fitting_batch
from vicreg import pairs as P
from vicreg import train as T
from vicreg import train_all as all_of_them
from vicreg.__main__ import main, parse
from vicreg.commands.train import chosen_experiment
from vicreg.experiments import EXPERIMENTS, NO_GENERATED_NEIGHBORS, NO_VARIANCE, VICREG
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.paths import PROJECT, runs_folder, weights_folder
from vicreg.step import Unrecordable
from vicreg.train_all import in_order, is_trained, train_series
from vicreg.weights import load_run, training_command

CPU = torch.device("cpu")


@pytest.fixture
def neighbours(monkeypatch):
    """Neighbours by place, for the encoder of ``small`` does not represent."""
    monkeypatch.setattr(
        P, "nearest_by",
        lambda name, data, device: [
            (torch.arange(len(part)).view(-1, 1) + torch.tensor([1, 2, 3])) % len(part) for part in data
        ],
    )  # fmt: skip


@pytest.fixture
def train_all(tiny_folder, small, load_small, neighbours):
    """A function that trains all experiments for two epochs, with more options, and gives the exit code."""

    def run(*options: str) -> int:
        command = ["train", "all", "--epochs", "2", "--batch-size", "10", "--device", "cpu"]
        return main([*command, "--data", str(tiny_folder), *options])

    return run


def test_an_experiment_comes_after_the_one_it_needs():
    backwards = list(EXPERIMENTS.values())[::-1]
    names = [experiment.name for experiment in in_order(backwards)]
    assert sorted(names) == sorted(EXPERIMENTS)
    for experiment in backwards:
        if experiment.neighbours_of:
            assert names.index(experiment.neighbours_of) < names.index(experiment.name)
    assert in_order([NO_GENERATED_NEIGHBORS]) == [NO_GENERATED_NEIGHBORS], "its weights may be there already"


def test_epochs_are_those_of_experiments_trained_as_long_as_vicreg():
    options = parse(["train", "all", "--epochs", "60"])
    epochs = {name: chosen_experiment(options, name).epochs for name in EXPERIMENTS}
    assert epochs.pop("no_generated_neighbors") == 1
    assert set(epochs.values()) == {60}
    assert chosen_experiment(parse(["train", "no_generated_neighbors", "--epochs", "60"])).epochs == 60


def test_all_are_trained_once_and_a_table_says_so(train_all, capsys, monkeypatch):
    assert train_all() == 0
    said = capsys.readouterr().out
    for name in EXPERIMENTS:
        run = load_run(name)
        assert run.experiment.epochs == (1 if name == "no_generated_neighbors" else 2)
        (line,) = (line for line in said.splitlines() if line.startswith(f"{name} "))
        assert line.split()[1:3] == ["trained", str(run.experiment.epochs)]
        last = run.history.test[-1] if len(run.history.test) else run.history.train[-1].mean(0)
        assert line.split()[-3:] == [f"{value:.3f}" for value in last.tolist()]

    monkeypatch.setattr(T, "training_step", lambda *given: pytest.fail("trained again"))
    assert train_all() == 0
    assert capsys.readouterr().out.count("was trained") == len(EXPERIMENTS)


def test_what_no_longer_holds_is_trained_again(train_all, tiny, small):
    assert train_all() == 0
    experiment = replace(small, epochs=2, batch_size=10)
    assert is_trained(experiment, tiny) and is_trained(replace(experiment, epochs=1), tiny)
    assert not is_trained(replace(experiment, epochs=3), tiny)
    assert not is_trained(replace(experiment, batch_size=5), tiny)
    other_images = tiny._replace(train=replace(tiny.train, fingerprint="another"))
    assert not is_trained(experiment, other_images)
    neighbours = replace(NO_GENERATED_NEIGHBORS, batch_size=10)
    assert is_trained(neighbours, tiny)
    (runs_folder() / "vicreg.checkpoint.pt").unlink()
    T.train(replace(experiment, epochs=1), tiny, CPU, replace_weights=True)  # other weights, other neighbours
    assert not is_trained(neighbours, tiny)


def test_a_failure_holds_up_only_what_needs_it(train_all, monkeypatch, capsys):
    train = T.train

    def failing(experiment, *given, **options):
        if experiment.name == "vicreg":
            raise VICRegError("The loss is not finite.")
        return train(experiment, *given, **options)

    monkeypatch.setattr(fitting_batch, "train", failing)
    assert train_all() == 1
    out, err = capsys.readouterr()
    assert "error: vicreg: The loss is not finite." in err
    outcome = {line.split()[0]: line.split()[1] for line in out.splitlines() if line.startswith(tuple(EXPERIMENTS)) and ":" not in line}
    assert outcome == {
        "vicreg": "failed", "no_variance": "trained", "latent_optimization": "trained",
        "latent_optimization_plain": "trained",
        "no_generated_neighbors": "failed", "no_generated_neighbors_long": "failed",
    }  # fmt: skip
    assert err.count("is not trained, for it needs vicreg.") == 2


@pytest.mark.parametrize(("failure", "go_on"), [(VICRegError, False), (Unrecordable, True)])
def test_a_series_ends_at_a_failure_of_several_processes_or_of_a_recording(tiny, failure, go_on):
    def fail(experiment):
        tried.append(experiment.name)
        raise failure("It failed.")

    tried = []
    with pytest.raises(failure, match="It failed"):
        train_series(EXPERIMENTS.values(), tiny, fail, go_on)
    assert tried == ["vicreg"]


def test_a_series_goes_on_after_an_interruption(train_all, monkeypatch, capsys):
    train = T.train

    def interrupted(experiment, *given, **options):
        if experiment.name == "no_variance":
            train(replace(experiment, epochs=1), *given, **options)
            weights_folder().joinpath("no_variance.pt").unlink()
            raise KeyboardInterrupt
        return train(experiment, *given, **options)

    with monkeypatch.context() as patch:
        patch.setattr(fitting_batch, "train", interrupted)
        assert train_all() == 130
    assert "no_variance.checkpoint.pt is kept" in capsys.readouterr().err
    assert train_all() == 0
    assert [leg.epochs for leg in load_run("no_variance").provenance.legs] == [2]
    assert capsys.readouterr().out.count("was trained") == 1


# Weights along the way --------------------------------------------------------------------------


def test_kept_weights_are_those_of_a_shorter_run(small, load_small, tiny, assert_identical, tmp_path):
    T.train(small, tiny, CPU, keep_epochs=[1, 2, 3])
    assert sorted(path.name for path in weights_folder().iterdir()) == [
        "vicreg.pt", "vicreg_epoch1.pt", "vicreg_epoch2.pt",
    ]  # the last are the run's own
    for epochs in (1, 2):
        run = load_run(f"vicreg_epoch{epochs}")
        assert run.experiment == small.after(epochs) and len(run.history.train) == epochs
        assert sum(leg.epochs for leg in run.provenance.legs) == epochs
    kept = torch.load(weights_folder() / "vicreg_epoch2.pt", weights_only=True)
    (runs_folder() / "vicreg.checkpoint.pt").unlink()
    shorter = torch.load(T.train(replace(small, epochs=2), tiny, CPU, replace_weights=True), weights_only=True)
    for part in ("encoder", "projector"):
        assert all(torch.equal(kept[part][key], value) for key, value in shorter[part].items())


def test_train_all_keeps_weights_where_there_are_so_many_epochs(train_all):
    assert train_all("--keep-epochs", "1,2") == 0
    kept = {path.stem for path in weights_folder().glob("*_epoch*.pt")}
    assert kept == {f"{name}_epoch1" for name in EXPERIMENTS if name != "no_generated_neighbors"}


@pytest.mark.parametrize("epochs", [[0], [1, 4]])
def test_epochs_that_a_run_does_not_have_are_refused(small, tiny, epochs):
    with pytest.raises(ValueError, match="kept after epochs 1 to 3, got"):
        T.train(small, tiny, CPU, keep_epochs=epochs)


def test_what_is_past_is_told(small, tiny, capsys):
    T.train(replace(small, epochs=2), tiny, CPU)
    T.train(small, tiny, CPU, keep_epochs=[1, 2])
    said = capsys.readouterr().err
    assert "The weights after epoch 1, 2 are not kept: the run has done 2 epochs already" in said
    assert not list(weights_folder().glob("*_epoch*"))


@pytest.mark.parametrize(
    ("name", "command"),
    [("vicreg", "vicreg"), ("vicreg_seed3", "vicreg --seed 3"), ("vicreg_epoch5", "vicreg --keep-epochs 5"),
     ("no_variance_seed1_epoch2", "no_variance --seed 1 --keep-epochs 2")],
)  # fmt: skip
def test_every_name_of_weights_has_its_command(name, command):
    assert training_command(name) == f"python -m vicreg train {command}"
    options = parse(training_command(name).split()[3:])
    experiment = chosen_experiment(options)
    assert name in (experiment.name, *(experiment.after(n).name for n in options.keep_epochs))


# What a machine needs ---------------------------------------------------------------------------

# Modules that vicreg's ask for; what those of others ask for is theirs.
BARE = """
import sys

REACHED = sys.stdlib_module_names | {"vicreg", "torch", "torchvision", "numpy", "matplotlib", "tqdm"}

class Refusing:
    def find_spec(self, name, path=None, target=None):
        frame = sys._getframe(1)
        while "importlib" in frame.f_code.co_filename:
            frame = frame.f_back
        if frame.f_globals.get("__name__", "").startswith("vicreg.") and name.split(".")[0] not in REACHED:
            raise ImportError(f"{frame.f_globals['__name__']} imports {name}")

sys.meta_path.insert(0, Refusing())
sys.modules["faiss"] = sys.modules["sklearn"] = sys.modules["scipy"] = None
from vicreg.__main__ import main
options = ["--epochs", "1", "--batch-size", "10", "--device", "cpu", "--data", sys.argv[1]]
sys.exit(main(["train", "all", *options]))
"""


def test_training_needs_neither_faiss_nor_scikit_learn(tiny_folder):
    """torch, torchvision and what these bring; matplotlib for PNG files alone."""
    done = subprocess.run(
        [sys.executable, "-c", BARE, str(tiny_folder)],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sorted(path.stem for path in weights_folder().iterdir()) == sorted(EXPERIMENTS)


def test_training_all_differs_from_training_one_in_nothing(small, load_small, tiny, assert_identical, tmp_path):
    alone = T.train(replace(NO_VARIANCE, epochs=2, batch_size=2), tiny, CPU).rename(tmp_path / "alone.pt")
    (runs_folder() / "no_variance.checkpoint.pt").unlink()
    experiments = [replace(e, epochs=2, batch_size=2) for e in (VICREG, NO_VARIANCE)]
    outcomes = train_series(experiments, tiny, lambda experiment: T.train(experiment, tiny, CPU))
    assert outcomes == {"vicreg": "trained", "no_variance": "trained"} and all_of_them.table(outcomes, 20)
    assert_identical(weights_folder() / "no_variance.pt", alone)
