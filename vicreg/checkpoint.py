"""The state of an unfinished run, so that it can go on where it was stopped.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from dataclasses import asdict, replace

import torch

from .errors import VICRegError
from .storage import load_tensors, runs_folder, save_tensors
from .weights import History, experiment_from


class Checkpoint:
    """The state of an unfinished run, in one file that is replaced after every epoch."""

    def __init__(self, experiment, data, encoder, projector, optimizer):
        self.path = runs_folder() / f"{experiment.name}.checkpoint.pt"
        self.experiment = experiment
        self.data = data
        self.parts = {"encoder": encoder, "projector": projector, "optimizer": optimizer}

    def save(self, history: History, seconds: float) -> None:
        content = {
            "experiment": asdict(self.experiment),
            "data_fingerprint": self.data.fingerprint,
            "history": history._asdict(),
            "seconds": seconds,
            **{name: part.state_dict() for name, part in self.parts.items()},
        }
        save_tensors(content, self.path)

    def load(self) -> tuple[History, float]:
        """Bring the run to its last checkpoint; (empty history, 0 seconds) where there is none.

        A checkpoint of the same experiment with fewer or more epochs is this run's: nothing in
        an epoch depends on how many are to come.
        """
        if not self.path.exists():
            return History(torch.empty(0, self.steps, 3), torch.empty(0, 3)), 0.0
        remedy = "delete it to start anew"
        try:
            with open(self.path, "rb") as file:
                content = load_tensors(file)
            stored = experiment_from(content["experiment"])
            fingerprint = content["data_fingerprint"]
            history, seconds = History(**content["history"]), content["seconds"]
            states = {name: content[name] for name in self.parts}
        except Exception as error:  # torch, zip, pickle and key errors alike: all mean a bad file
            raise VICRegError(f"The checkpoint {self.path} is damaged; {remedy}.") from error
        theirs, ours = (asdict(replace(e, epochs=0, description="")) for e in (stored, self.experiment))
        if theirs != ours:
            changed = ", ".join(key for key in ours if ours[key] != theirs[key])
            raise VICRegError(
                f"The checkpoint {self.path} was trained with other settings ({changed}); {remedy}."
            )
        if fingerprint != self.data.fingerprint:
            raise VICRegError(
                f"The checkpoint {self.path} was trained on other images; {remedy}, or set "
                "VICREG_DATA to the images it was trained on."
            )
        try:
            for name, part in self.parts.items():
                part.load_state_dict(states[name])
        except Exception as error:  # a shape, a key or a type: all mean another version's models
            raise VICRegError(
                f"The checkpoint {self.path} does not fit this version's models; {remedy}."
            ) from error
        return history, seconds

    @property
    def steps(self) -> int:
        return len(self.data.train) // self.experiment.batch_size
