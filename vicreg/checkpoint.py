"""The state of an unfinished run, so that it can go on where it was stopped.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from dataclasses import asdict, replace
from typing import NamedTuple

import torch

from .experiments import Experiment, experiment_from
from .history import History, history_from
from .runtime.atomic import check_writable
from .runtime.errors import VICRegError
from .runtime.paths import checkpoint_file
from .runtime.tensor_files import load_tensors, save_tensors
from .weights import Leg, fingerprint_of, legs_from, load_run, weights_file
from .weights_header import read_header


class Progress(NamedTuple):
    """How far a run has come: its objectives so far, and how its epochs were trained."""

    history: History
    legs: tuple[Leg, ...]


class Checkpoint:
    """The state of an unfinished run, in one file that every save replaces."""

    def __init__(self, experiment, data, encoder, projector, optimizer):
        self.path = checkpoint_file(experiment.name)
        self.experiment = experiment
        self.data = data
        self.parts = {"encoder": encoder, "projector": projector, "optimizer": optimizer}
        # The weights that decide which images are neighbours.
        other = experiment.neighbours_of
        self.neighbours_by = None if other is None else fingerprint_of(other)
        check_writable(self.path.parent, "VICREG_RUNS")
        check_writable(weights_file(experiment.name).parent, "VICREG_WEIGHTS")

    def save(self, progress: Progress) -> None:
        content = {
            "experiment": asdict(self.experiment),
            "data_fingerprint": self.data.fingerprint,
            "neighbours_by": self.neighbours_by,
            "history": progress.history._asdict(),
            "legs": [asdict(leg) for leg in progress.legs],
            **{name: part.state_dict() for name, part in self.parts.items()},
        }
        save_tensors(content, self.path)

    def load(self, anew: bool = False) -> Progress:
        """Bring the run to its last checkpoint; no progress where there is none, or where it starts anew.

        Raises: VICRegError where it is damaged or another run's.

        A checkpoint of the same experiment with fewer or more epochs is this run's: nothing in
        an epoch depends on how many are to come.
        """
        if anew or not self.path.exists():
            return Progress(History(torch.empty(0, self.steps, 3), torch.empty(0, 3)), ())
        remedy = "add --anew to start from random weights"
        try:
            with open(self.path, "rb") as file:
                content = load_tensors(file)
            stored = experiment_from(content["experiment"])
            fingerprint = content["data_fingerprint"]
            neighbours_by = content.get("neighbours_by")
            progress = Progress(history_from(content["history"]), legs_from(content["legs"]))
            states = {name: content[name] for name in self.parts}
        except Exception as error:  # torch, zip, pickle and key errors alike: all mean a bad file
            raise VICRegError(f"The checkpoint {self.path} is damaged; {remedy}.") from error
        self.check_same(f"The checkpoint {self.path} was", stored, fingerprint, f"choose another name with --as, or {remedy}")
        self.check_same_neighbours(f"The checkpoint {self.path} was", neighbours_by, remedy)
        try:
            for name, part in self.parts.items():
                part.load_state_dict(states[name])
        except Exception as error:  # a shape, a key or a type: all mean another version's models
            raise VICRegError(
                f"The checkpoint {self.path} does not fit this version's models; {remedy}."
            ) from error
        return progress

    def start_from_weights(self) -> Progress:
        """Bring the models to the experiment's weights file; the optimizer stays as it is.

        Raises: VICRegError when there is none, or when it is another run's.
        """
        run = load_run(self.experiment.name)
        where = f"The weights {weights_file(self.experiment.name)} were"
        remedy = "choose another name with --as, or leave --extend out and add --replace"
        self.check_same(where, run.experiment, run.provenance.data_fingerprint, remedy)
        if run.provenance.neighbours_by is not None:  # older files do not say
            self.check_same_neighbours(where, run.provenance.neighbours_by, remedy)
        self.parts["encoder"].load_state_dict(run.encoder.state_dict())
        self.parts["projector"].load_state_dict(run.projector.state_dict())
        return Progress(run.history, run.provenance.legs)

    def check_replaceable(self, experiment: Experiment) -> None:
        """Refuse to replace weights of other images, of other settings or of more epochs than an experiment's.

        Parameters: experiment, the run's own, or the run after some of its epochs.
        """
        path = weights_file(experiment.name)
        if not path.exists():
            return
        remedy = "choose another name with --as, or add --replace"
        if (header := read_header(path)) is None:
            raise VICRegError(f"The weights would replace {path}, which cannot be read; {remedy}.")
        theirs = replace(header.experiment, name=header.name.removesuffix(experiment.name.removeprefix(self.experiment.name)))
        self.check_same(f"The weights {path} were", theirs, header.data_fingerprint, remedy)
        if header.epochs > experiment.epochs:
            raise VICRegError(f"The weights {path} are of {header.epochs} epochs, and would be replaced by {experiment.epochs}; {remedy}.")

    def check_same(self, what: str, stored: Experiment, fingerprint: str, remedy: str) -> None:
        """Refuse what was trained with other settings (epochs aside) or on other images."""
        theirs, ours = (asdict(replace(e, epochs=0, description="")) for e in (stored, self.experiment))
        if theirs != ours:
            changed = ", ".join(key for key in ours if ours[key] != theirs[key])
            raise VICRegError(f"{what} trained with other settings ({changed}); {remedy}.")
        if fingerprint != self.data.fingerprint:
            raise VICRegError(f"{what} trained on other images; {remedy}, or name the images of then with --data.")

    def check_same_neighbours(self, what: str, neighbours_by: str | None, remedy: str) -> None:
        """Refuse what was trained on neighbours by other weights than are there now."""
        if neighbours_by != self.neighbours_by:
            other = self.experiment.neighbours_of
            raise VICRegError(
                f"{what} trained on neighbours by other weights of {other} than {weights_file(other)} "
                f"are now; {remedy}, or restore those weights."
            )

    @property
    def steps(self) -> int:
        return len(self.data.train) // self.experiment.batch_size
