"""Trained models on disk: one file an experiment, with everything needed to trust it.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import hashlib
import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from .errors import VICRegError, reason
from .experiments import Experiment
from .model import Encoder, Projector
from .storage import load_tensors, save_tensors, weights_folder

FORMAT = 1


class History(NamedTuple):
    """The objectives (invariance, variance, covariance) as training went, unweighted.

    ``train``: float32, (epochs, steps, 3), each batch's; ``test``: float32, (epochs, 3), after
    each epoch the mean over the test set's batches, two random views, evaluation mode.
    """

    train: Tensor
    test: Tensor


@dataclass(frozen=True)
class Provenance:
    """Where weights come from.

    Attributes: data_name and data_fingerprint, as in :mod:`vicreg.data`; device, in words;
    precision, "bf16" or "float32"; seconds, the training's duration; torch_version.
    """

    data_name: str
    data_fingerprint: str
    device: str
    precision: str
    seconds: float
    torch_version: str


@dataclass(frozen=True)
class Run:
    """A trained experiment. The models are in evaluation mode, float32, on the CPU.

    ``fingerprint`` is the sha256 of the weights file.
    """

    experiment: Experiment
    encoder: Encoder
    projector: Projector
    history: History
    provenance: Provenance
    fingerprint: str

    @property
    def name(self) -> str:
        return self.experiment.name


def weights_file(name: str) -> Path:
    """The weights file of an experiment."""
    return weights_folder() / f"{name}.pt"


def save_run(
    experiment: Experiment,
    encoder: Encoder,
    projector: Projector,
    history: History,
    provenance: Provenance,
    path: Path | None = None,
) -> Path:
    """Write a weights file, the models' floats in 16 bits, and return its path.

    Raises: VICRegError when the disk refuses, or when a weight does not fit in 16 bits.
    """
    path = path or weights_file(experiment.name)
    content = {
        "format": FORMAT,
        "experiment": asdict(experiment),
        "encoder": in_16_bits(encoder.state_dict()),
        "projector": in_16_bits(projector.state_dict()),
        "history": history._asdict(),
        "provenance": asdict(provenance),
    }
    save_tensors(content, path)
    return path


def in_16_bits(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A state dict on the CPU with its floats as float16, integers as they are."""
    half = {
        key: (value.half() if value.is_floating_point() else value).cpu().contiguous()
        for key, value in state.items()
    }
    for key, value in half.items():
        if not value.isfinite().all():
            raise VICRegError(f"The weight {key} is not finite in 16 bits; the run has diverged.")
    return half


def load_run(name_or_path: str | Path) -> Run:
    """Load a trained experiment by its name, or from a weights file.

    The file is read so that no code in it runs.
    Raises: VICRegError when it is missing, damaged, or another experiment's.
    """
    named = isinstance(name_or_path, str)
    path = weights_file(name_or_path) if named else Path(name_or_path)
    name = path.stem
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise VICRegError(
            f"The weights {path} cannot be read ({error.strerror}); restore the file, or train "
            f"them with: {training_command(name)}"
        ) from error
    try:
        content = load_tensors(io.BytesIO(raw))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']} in place of {FORMAT}")
        experiment = experiment_from(content["experiment"])
        encoder, projector = Encoder().eval(), Projector().eval()
        encoder.load_state_dict(content["encoder"])
        projector.load_state_dict(content["projector"])
        history = History(**content["history"])
        provenance = Provenance(**content["provenance"])
    except Exception as error:  # torch, zip, pickle and key errors alike: all mean a bad file
        raise VICRegError(
            f"{path} is damaged or not a weights file of this project ({reason(error)}); restore it, or "
            f"train it anew with: {training_command(name)}"
        ) from error
    if named and experiment.name != name:
        raise VICRegError(
            f"{path} holds the weights of {experiment.name!r}, not of {name!r}; restore the file."
        )
    fingerprint = hashlib.sha256(raw).hexdigest()
    return Run(experiment, encoder, projector, history, provenance, fingerprint)


def training_command(name: str) -> str:
    """The command that trains the weights of a name, such as "vicreg" or "vicreg_seed3"."""
    experiment, _, seed = name.partition("_seed")
    return f"python -m vicreg train {experiment}" + (f" --seed {seed}" if seed else "")


def experiment_from(stored: dict) -> Experiment:
    """An Experiment from its fields as stored, where tuples may have become lists."""
    known = {field.name for field in fields(Experiment)}
    if set(stored) - known:
        raise ValueError(f"unknown settings {sorted(set(stored) - known)}")
    return Experiment(**{**stored, "betas": tuple(stored["betas"])})
