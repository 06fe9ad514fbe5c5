"""Experiments by their names: the built-in ones, and those that weights or a checkpoint tell of.

Nothing here needs torch, and no code in the files runs.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from typing import NamedTuple

from .experiments import EXPERIMENTS, Experiment, parts_of
from .runtime.errors import VICRegError
from .runtime.paths import checkpoint_file, runs_folder, weights_file, weights_folder
from .runtime.text import printable
from .weights_header import Header, Unfinished, read_header, read_unfinished

CHECKPOINT = ".checkpoint"


class State(NamedTuple):
    """How far an experiment is: "trained", "unfinished", "not trained" or "damaged".

    ``epochs``, those trained, and where none is those to train; None where nothing tells.
    """

    name: str
    state: str
    epochs: int | None
    description: str


def find_experiment(name: str) -> Experiment:
    """The experiment of a name: a built-in one, or as its checkpoint or else its weights tell.

    Raises: VICRegError, listing the names there are, for an unknown one.
    """
    if name in EXPERIMENTS:
        return EXPERIMENTS[name]
    stored = unfinished(name) or trained(name)
    if stored is None:
        if name in other_names():
            raise VICRegError(f"What there is of {name} is damaged; restore {weights_file(name)}, or take another name.")
        names = ", ".join([*EXPERIMENTS, *(printable(n) for n in other_names() if trained(n) or unfinished(n))])
        raise VICRegError(f"There is no experiment {name!r}; choose from: {names}.")
    return stored.experiment


def trained(name: str) -> Header | None:
    """What the weights file of a name tells, None where it is missing, damaged or of another name."""
    header = read_header(weights_file(name))
    return header if header and header.name == name else None


def unfinished(name: str) -> Unfinished | None:
    """What the checkpoint of a name tells, None as above."""
    stored = read_unfinished(checkpoint_file(name))
    return stored if stored and stored.experiment.name == name else None


def other_names() -> list[str]:
    """The names of weights and checkpoints that are not built in, seeds and epochs in their order."""
    weights = {path.stem for path in weights_folder().glob("*.pt") if not path.stem.endswith(CHECKPOINT)}
    checkpoints = {path.stem.removesuffix(CHECKPOINT) for path in runs_folder().glob(f"*{CHECKPOINT}.pt")}
    names = (weights | checkpoints) - set(EXPERIMENTS)
    return sorted(names, key=lambda name: [part or 0 for part in parts_of(name)])


def state_of(name: str) -> State:
    """How far the experiment of a name is, whose weights or checkpoint may be there."""
    header, checkpoint = trained(name), unfinished(name)
    if header:
        state, epochs = "trained", header.epochs
    elif weights_file(name).exists():
        state, epochs = "damaged", None
    elif checkpoint:
        state, epochs = "unfinished", checkpoint.epochs_done
    else:
        state, epochs = "damaged" if checkpoint_file(name).exists() else "not trained", None
    told = header or checkpoint
    experiment = EXPERIMENTS.get(name) or (told.experiment if told else None)
    if experiment is None:
        return State(name, state, None, "neither weights of this name nor a checkpoint can be read")
    return State(name, state, experiment.epochs if epochs is None else epochs, described(experiment))


def described(experiment: Experiment) -> str:
    """An experiment's description, with what its name tells beside the experiment's."""
    _, seed, epochs = parts_of(experiment.name)
    told = [f", seed {seed}"] * (seed is not None) + [f", after epoch {epochs}"] * (epochs is not None)
    return experiment.description + "".join(told)
