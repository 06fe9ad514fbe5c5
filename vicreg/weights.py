"""Trained models on disk: one file an experiment, with everything needed to trust it.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import hashlib
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from .augment import normalise
from .experiments import EXPERIMENTS, Experiment, experiment_from, of_declared_types, parts_of
from .history import History, history_from
from .latent_codes import LatentCodes
from .model import Encoder, Projector
from .runtime.errors import VICRegError, reason
from .runtime.paths import checkpoint_file, weights_file
from .runtime.tensor_files import load_tensors, save_tensors

FORMAT = 2


@dataclass(frozen=True)
class Leg:
    """A stretch of epochs that were trained in one way.

    Attributes: epochs; seconds, their duration; device, in words; precision, "bf16" or
    "float32"; torch_version; optimizer, "fresh" where the leg began with a new optimizer
    (a run's first leg, or one that went on from 16-bit weights), else "kept";
    torchvision_version and python_version, "" in files that do not say; speed, the options that
    made steps faster, such as "--graph --tune", "" where there were none or the file does not say.
    """

    epochs: int
    seconds: float
    device: str
    precision: str
    torch_version: str
    optimizer: str
    torchvision_version: str = ""
    python_version: str = ""
    speed: str = ""

    def continues(self, earlier: "Leg") -> bool:
        """Whether this leg went on just as the earlier one, so that the two are one."""
        same = replace(
            self, epochs=earlier.epochs, seconds=earlier.seconds, optimizer=earlier.optimizer
        ) == earlier
        return same and self.optimizer == "kept"


def joined(legs: tuple[Leg, ...], leg: Leg) -> tuple[Leg, ...]:
    """Legs with one more, which is added to the last where it continues that."""
    if legs and leg.continues(legs[-1]):
        last = legs[-1]
        return (
            *legs[:-1],
            replace(last, epochs=last.epochs + leg.epochs, seconds=last.seconds + leg.seconds),
        )
    return (*legs, leg)


@dataclass(frozen=True)
class Provenance:
    """Where weights come from.

    Attributes: data_name and data_fingerprint, as in :mod:`vicreg.data`; legs, in the order in
    which they were trained; neighbours_by, the fingerprint of the weights whose representations
    said which images are neighbours, None for other views and in files that do not say.
    """

    data_name: str
    data_fingerprint: str
    legs: tuple[Leg, ...]
    neighbours_by: str | None = None

    @property
    def seconds(self) -> float:
        """How long training took in all."""
        return sum(leg.seconds for leg in self.legs)

    def in_words(self) -> str:
        """Which epochs were trained where and how."""
        parts, first = [], 1
        for leg in self.legs:
            last = first + leg.epochs - 1
            span = f"epoch {first}" if first == last else f"epochs {first} to {last}"
            anew = parts and leg.optimizer == "fresh"
            restart = ", from 16-bit weights with a fresh optimizer" if anew else ""
            with_options = f" with {leg.speed}" * bool(leg.speed)
            parts.append(f"{span} on {leg.device} in {leg.precision}, torch {leg.torch_version}{with_options}{restart}")
            first = last + 1
        return "; ".join(parts)


def provenance_from(stored: dict) -> Provenance:
    """A Provenance from its fields as stored."""
    return of_declared_types(Provenance(**{**stored, "legs": legs_from(stored["legs"])}))


def legs_from(stored: Iterable[dict]) -> tuple[Leg, ...]:
    """Legs from their fields as stored."""
    return tuple(of_declared_types(Leg(**leg)) for leg in stored)


@dataclass(frozen=True)
class Run:
    """A trained experiment. The models are in evaluation mode, float32, on the CPU.

    ``encoder`` is a table of codes where the experiment is latent.

    ``fingerprint`` is the sha256 of the weights file.
    """

    experiment: Experiment
    encoder: Encoder | LatentCodes
    projector: Projector
    history: History
    provenance: Provenance
    fingerprint: str

    @property
    def name(self) -> str:
        return self.experiment.name


def save_run(
    experiment: Experiment,
    encoder: Encoder | LatentCodes,
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
    name, raw = path.stem, read_weights(path)
    try:
        content = load_tensors(io.BytesIO(raw))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']} in place of {FORMAT}")
        experiment = experiment_from(content["experiment"])
        encoder = LatentCodes(len(content["encoder"]["weight"])) if experiment.latent else Encoder()
        projector = Projector()
        check_architecture(encoder, content["encoder"])
        check_architecture(projector, content["projector"])
        encoder.load_state_dict(content["encoder"])
        projector.load_state_dict(content["projector"])
        history = history_from(content["history"])
        provenance = provenance_from(content["provenance"])
    except Exception as error:  # torch, zip, pickle and key errors alike: all mean a bad file
        raise VICRegError(
            f"{path} is damaged or not a weights file of this project ({reason(error)}); restore it, or "
            f"train it anew with: {training_command(name)} --replace"
        ) from error
    if named and experiment.name != name:
        raise VICRegError(
            f"{path} holds the weights of {experiment.name!r}, not of {name!r}; restore the file."
        )
    encoder.eval(), projector.eval()
    return Run(experiment, encoder, projector, history, provenance, hashlib.sha256(raw).hexdigest())


def untrained(run: Run, images: Tensor | None = None) -> Run:
    """The run before its first step: the encoder and the head that its seed starts from.

    Parameters: images, uint8, (n, 3, side, side), whose statistics the encoder's batch normalisation
    takes for its running averages. Without them these are 0 and 1, as initialised, which no trained
    encoder's are.
    Raises: ValueError for codes, of which an image set would have to be known.
    """
    if run.experiment.latent:
        raise ValueError("Codes are not made from images; only an encoder has a beginning of its own.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.experiment.seed)
        encoder, projector = Encoder().eval(), Projector().eval()
    if images is not None:
        with torch.no_grad():
            update_bn((normalise(batch) for batch in images.split(run.experiment.batch_size)), encoder)
    values = b"".join(value.numpy().tobytes() for value in encoder.state_dict().values())
    return replace(
        run,
        experiment=replace(run.experiment, name=f"{run.name}, untrained", epochs=0),
        encoder=encoder,
        projector=projector,
        fingerprint=hashlib.sha256(values).hexdigest(),
    )


def fingerprint_of(name: str) -> str:
    """The fingerprint that the run of a name would have, without loading it.

    Raises: VICRegError when its weights file is missing.
    """
    return hashlib.sha256(read_weights(weights_file(name))).hexdigest()


def read_weights(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise VICRegError(
            f"The weights {path} cannot be read ({error.strerror}); restore the file, or train "
            f"them with: {training_command(path.stem)}"
        ) from error


def training_command(name: str) -> str:
    """The command that trains the weights of a name, such as "vicreg", "vicreg_seed3" or "vicreg_epoch5".

    A name of the user's own tells no settings; where no checkpoint does, they are left to fill in.
    """
    experiment, seed, epoch = parts_of(name)
    options = [f" --{option} {value}" for option, value in (("seed", seed), ("keep-epochs", epoch)) if value is not None]
    if experiment not in EXPERIMENTS and seed is None and not checkpoint_file(experiment).exists():
        experiment = f"EXPERIMENT --set FIELD=VALUE --as {experiment}"
    return f"python -m vicreg train {experiment}{''.join(options)}"


def check_architecture(model: nn.Module, state: dict[str, Tensor]) -> None:
    """Refuse a state dict of another architecture than a model's: ValueError, naming a weight."""
    theirs, ours = ({key: tuple(value.shape) for key, value in s.items()} for s in (state, model.state_dict()))
    for key in {**ours, **theirs}:
        if theirs.get(key) != ours.get(key):
            raise ValueError(
                f"its {type(model).__name__.lower()} is of another architecture: {key} has the shape "
                f"{theirs.get(key)} in place of {ours.get(key)}"
            )
