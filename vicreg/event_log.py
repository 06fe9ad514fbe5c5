"""A training run logged for TensorBoard: objectives, speed and, where asked for, a probe's accuracy.

Steps count batches from 1, so training and test curves lie over each other and every point of an
epoch stands at its last batch. A run that goes on tells readers to forget what comes after the
batch from which it goes on (``purge_step``), so a batch trained twice is seen once.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor, nn

from .data import ImageSet, Splits
from .downstream.probe import linear_probe
from .experiments import Experiment
from .history import History
from .representations import embed, suiting_batch_size
from .runtime.atomic import check_writable
from .runtime.batching import in_fitting_batches
from .runtime.errors import VICRegError, reason

OBJECTIVES = ("invariance", "variance", "covariance")
FILES = "events.out.tfevents.*"

# Takes what an epoch has added: the history so far, the seconds it took, and the encoder now.
Note = Callable[[History, float, nn.Module], None]


def check_log(folder: Path | None, experiment: Experiment, probe_every: int) -> None:
    """Refuse a log that could not be written, before anything is computed.

    Parameters: as for :func:`event_log`.
    Raises: VICRegError with the remedy.
    """
    if probe_every < 0:
        raise VICRegError(f"A probe can be made every 1 or more epochs, got {probe_every}.")
    if folder is None:
        if probe_every:
            raise VICRegError("A probe's accuracy goes to the log; add --log DIR.")
        return
    summary_writer()
    check_writable(folder / experiment.name, "--log")


def summary_writer() -> type:
    """TensorBoard's writer, imported only where a log is asked for."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise VICRegError(
            f"TensorBoard cannot be imported ({reason(error)}); install it with pip install tensorboard, "
            "or leave --log out."
        ) from error
    return SummaryWriter


@contextlib.contextmanager
def event_log(
    folder: Path | None,
    experiment: Experiment,
    data: Splits,
    device: torch.device,
    history: History,
    probe_every: int = 0,
) -> Iterator[Note]:
    """Write a training's events to a folder of the experiment's name, and yield what notes an epoch.

    Parameters: folder, of which the experiment's is a part, None for no log; history, of the epochs
    that are done; probe_every, after how many epochs a linear probe is made, and after the last, 0
    for never.
    Raises: VICRegError when the disk refuses.
    """
    if folder is None:
        yield lambda history, seconds, encoder: None
        return
    folder = folder / experiment.name
    if probe_every:
        probe_every = probe_every if can_be_probed(experiment, data) else 0
    epochs_done, steps = history.train.shape[:2]
    new = not any(folder.glob(FILES))
    with told_of_the_disk(folder):
        writer = summary_writer()(str(folder), purge_step=epochs_done * steps + 1)

    def note(history: History, seconds: float, encoder: nn.Module) -> None:
        epoch = len(history.train)
        with told_of_the_disk(folder):
            write_objectives(writer, history, epoch)
            writer.add_scalar("images_a_second", steps * experiment.batch_size / seconds, epoch * steps)
            if probe_every and (epoch % probe_every == 0 or epoch == experiment.epochs):
                try:
                    writer.add_scalar("probe/test_accuracy", probe_accuracy(encoder, data, device), epoch * steps)
                except VICRegError as error:  # training may still succeed
                    print(f"No probe after epoch {epoch}: {error}", file=sys.stderr)
            writer.flush()  # before the checkpoint, so that the log never has less

    try:
        with told_of_the_disk(folder):
            writer.add_text("settings", settings_table(experiment, data), epochs_done * steps + 1)
            for epoch in range(1, epochs_done + 1) if new else ():  # trained without a log
                write_objectives(writer, history, epoch)
            writer.flush()
        yield note
    finally:
        with contextlib.suppress(OSError):  # told of already
            writer.close()


@contextlib.contextmanager
def told_of_the_disk(folder: Path) -> Iterator[None]:
    """Tell in one sentence that the disk refuses."""
    try:
        yield
    except OSError as error:
        raise VICRegError(
            f"The log in {folder} could not be written ({error.strerror or error}); free some space there, "
            "choose another folder or leave --log out."
        ) from error


def write_objectives(writer, history: History, epoch: int) -> None:
    """Write an epoch's batches and, except for codes, its test objectives; epochs count from 1."""
    steps = history.train.shape[1]
    first = (epoch - 1) * steps + 1
    for step, losses in enumerate(history.train[epoch - 1].tolist(), first):
        write(writer, "train", losses, step)
    if len(history.test):
        write(writer, "test", history.test[epoch - 1].tolist(), epoch * steps)


def write(writer, of: str, losses: list[float], step: int) -> None:
    for objective, loss in zip(OBJECTIVES, losses, strict=True):
        writer.add_scalar(f"{objective}/{of}", loss, step)


def settings_table(experiment: Experiment, data: Splits) -> str:
    """What is trained, as Markdown."""
    settings = {**asdict(experiment), "images": data.train.name, "images' sha256": data.fingerprint}
    return "\n".join(["| setting | |", "|:--|:--|", *(f"| {name} | {value} |" for name, value in settings.items())])


def can_be_probed(experiment: Experiment, data: Splits) -> bool:
    """Whether a probe can be made; says so where not, and which classes it leaves out."""
    if experiment.latent:
        print("No probe is made of codes, which test images do not have.", file=sys.stderr)
        return False
    kept = probed_classes(data)
    if len(kept) < 2:
        print("No probe is made: it needs two classes, each with images to train on and to test.", file=sys.stderr)
        return False
    if left_out := [name for label, name in enumerate(data.train.classes) if label not in kept]:
        print(
            f"The probe leaves out what has no images to train on, or none to test: {', '.join(left_out)}.",
            file=sys.stderr,
        )
    return True


def probed_classes(data: Splits) -> list[int]:
    """The labels of classes that have training and test images."""
    train, test = (set(split.labels.tolist()) for split in data)
    return sorted((train & test) - {-1})


def probe_accuracy(encoder: nn.Module, data: Splits, device: torch.device) -> float:
    """The share of the test images whose class a linear probe reads off the encoder as it is now.

    The encoder stays in its mode, and no random number is drawn that training would draw.
    Raises: VICRegError when there is nothing to probe in the representations.
    """
    classes = torch.tensor(probed_classes(data))

    def represented(split: ImageSet) -> tuple[Tensor, Tensor]:
        members = torch.isin(split.labels, classes)
        y = in_fitting_batches(
            lambda size: embed(split.images[members], encoder, device, size, "probing"), suiting_batch_size(device)
        )
        return y, torch.searchsorted(classes, split.labels[members])

    return linear_probe(*represented(data.train), *represented(data.test), device=device).accuracy
