"""Algorithm 1: training VICReg, with a checkpoint after epochs, at most one a minute, and after the last.

The random draws of an epoch depend on the seed and the epoch alone, so a run that goes on from a
checkpoint draws what the uninterrupted one would have drawn.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import math
import platform
import sys
import time
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import torch
import torchvision
from torch import Generator, Tensor, nn

from .checkpoint import Checkpoint, Progress
from .data import Splits
from .event_log import check_log, event_log
from .experiments import Experiment, check_ranges
from .latent_codes import LatentCodes
from .model import Encoder, Projector
from .pairs import pairs_for
from .runtime.amx_convolution import suit_convolutions
from .runtime.device import describe, gains_by_bf16, keep_freed_memory, tuned_convolutions
from .runtime.distributed import ALONE, Workers, synchronise_batch_norm
from .runtime.errors import VICRegError
from .runtime.paths import weights_file
from .runtime.progress import progress_bar
from .runtime.speed import PLAIN, Speed
from .step import WARM_UP, Step, testing_step, training_step, view_maker
from .weights import Leg, Provenance, joined, save_run

CHECK_EVERY = 10  # steps between looks at the loss; each look waits for the device
CHECKPOINT_EVERY = 60  # seconds at least; one takes about half a second, on a GPU a large part of an epoch
TRAINING, TESTING = 0, 1  # streams of random numbers


def train(
    experiment: Experiment,
    data: Splits,
    device: torch.device,
    extend: bool = False,
    workers: Workers = ALONE,
    speed: Speed = PLAIN,
    keep_epochs: Collection[int] = (),
    log: Path | None = None,
    probe_every: int = 0,
    anew: bool = False,
    replace_weights: bool = False,
) -> Path:
    """Train an experiment to its last epoch, from its checkpoint where there is one.

    Parameters: data, whose training images are trained on and whose test images are only
    watched; device, where everything is kept and computed; extend, whether a run without a
    checkpoint goes on from its weights file, with a fresh optimizer, in place of starting anew;
    workers, the processes that share every batch, of which the chief writes; speed, what is done
    to make steps faster, in one process alone; keep_epochs, after which the weights are also
    kept, as those of :meth:`Experiment.after` so many epochs; log and probe_every, as for
    :func:`vicreg.event_log.event_log`, which changes nothing of the weights; anew, whether a checkpoint
    is passed over, which stands until the first new one; replace_weights, whether the weights of
    other images, of other settings or of more epochs may be replaced.
    Returns: the weights file written at the end.
    Raises: ValueError or VICRegError for settings that cannot work; VICRegError when a loss is not
    finite, when the checkpoint is damaged or another run's, when weights may not be replaced, or when
    nothing can be compiled or recorded here.
    The last good checkpoint is always kept.
    """
    check_settings(experiment, device, workers, speed, keep_epochs)
    check_fits(experiment, data)
    check_log(log, experiment, probe_every)
    keep_freed_memory()
    encoder, projector = (
        synchronise_batch_norm(model, workers, device)
        for model in initial_models(experiment, len(data.train), device)
    )
    if experiment.latent:
        encoder.remember(data.train.images)
    optimizer = adam(experiment, encoder, projector)
    checkpoint = Checkpoint(experiment, data, encoder, projector, optimizer)
    history, legs = checkpoint.load(anew)
    if extend and not legs:
        history, legs = checkpoint.start_from_weights()
    if not replace_weights:
        kept = (experiment.after(epochs) for epochs in keep_epochs if len(history.train) < epochs < experiment.epochs)
        for written in (replace(experiment, epochs=max(experiment.epochs, len(history.train))), *kept):
            checkpoint.check_replaceable(written)
    optimizer_state = "kept" if optimizer.state else "fresh"
    for group in optimizer.param_groups:
        group["capturable"] = speed.graph  # keeps the count of steps where a graph can see it

    train_pairs, test_pairs = pairs_for(experiment, data, device, view_maker(device, speed))
    drawing, testing = Generator(device=device), Generator(device=device)
    step = training_step(experiment, encoder, projector, optimizer, train_pairs, drawing, workers, speed)
    size, test_size = experiment.batch_size, min(experiment.batch_size, len(data.test))
    if test_pairs is not None:
        test_step = testing_step(experiment, encoder, projector, test_pairs, testing, test_size, speed)
    steps = len(data.train) // size
    epochs_done, saved_at = len(history.train), -math.inf
    warn_of_the_past(keep_epochs, epochs_done, checkpoint)
    if workers.chief and epochs_done < experiment.epochs:
        shared = f", {workers.size} processes" if workers.size > 1 else ""
        epochs = f"{experiment.epochs} epoch{'s' * (experiment.epochs != 1)}"
        print(f"{experiment.name}: {epochs} of {data.train.name} on {describe(device)}{shared}", flush=True)
    elif workers.chief:
        print(f"{experiment.name} has {epochs_done} epoch{'s' * (epochs_done != 1)} already; --epochs trains more.", file=sys.stderr)

    def provenance() -> Provenance:
        return Provenance(data.train.name, data.fingerprint, legs, checkpoint.neighbours_by)

    with (
        tuned_convolutions(speed.tune),
        event_log(log if workers.chief else None, experiment, data, device, history, probe_every) as note,
        training_bar(experiment, epochs_done, steps * size, workers) as bar,
    ):
        for epoch in range(epochs_done, experiment.epochs):
            started = time.perf_counter()
            drawing.manual_seed(epoch_seed(experiment.seed, epoch, TRAINING))
            order = torch.randperm(len(data.train), generator=drawing, device=device)
            losses = torch.empty(steps, 3, device=device)
            encoder.train(), projector.train()
            for number, indices in enumerate(order[: steps * size].split(size)):
                losses[number] = step(indices)
                if number % CHECK_EVERY == 0 or number == steps - 1:
                    check_finite(losses[: number + 1], f"epoch {epoch + 1}, batch", checkpoint)
                    bar.set_postfix_str(describe_losses(epoch, losses[number]), refresh=False)
                if epoch == epochs_done and number <= WARM_UP:
                    bar.unpause()  # the first steps' time tells nothing of the others
                bar.update(size)
            history = history.with_train(losses)
            if test_pairs is not None:
                encoder.eval(), projector.eval()
                testing.manual_seed(epoch_seed(experiment.seed, epoch, TESTING))
                test = losses_on_test_images(test_step, testing, len(data.test), test_size)
                check_finite(test, f"epoch {epoch + 1}, test batch", checkpoint)
                history = history.with_test(test)
            leg = leg_of_an_epoch(time.perf_counter() - started, device, optimizer_state, speed)
            legs, optimizer_state = joined(legs, leg), "kept"
            note(history, leg.seconds, encoder)
            last = epoch + 1 == experiment.epochs
            if workers.chief and epoch + 1 in keep_epochs and not last:
                save_run(experiment.after(epoch + 1), encoder, projector, history, provenance())
            if workers.chief and (last or time.monotonic() - saved_at >= CHECKPOINT_EVERY):
                checkpoint.save(Progress(history, legs))
                saved_at = time.monotonic()
            workers.wait()
    experiment = replace(experiment, epochs=len(history.train))
    if not workers.chief:
        return weights_file(experiment.name)
    return save_run(experiment, encoder, projector, history, provenance())


def check_settings(
    experiment: Experiment,
    device: torch.device,
    workers: Workers = ALONE,
    speed: Speed = PLAIN,
    keep_epochs: Collection[int] = (),
) -> None:
    """Refuse settings that cannot train, with a VICRegError or a ValueError that says so."""
    check_ranges(experiment)
    if experiment.batch_size % workers.size:
        raise ValueError(
            f"The batch size must be a multiple of the {workers.size} processes that share it, "
            f"got {experiment.batch_size}."
        )
    if workers.size > 1 and (speed.compile or speed.graph):
        raise ValueError("Several processes train as they are; leave --compile and --graph out.")
    if speed.graph and device.type != "cuda":
        raise ValueError("Only a GPU replays graphs; leave --graph out.")
    if not all(1 <= epoch <= experiment.epochs for epoch in keep_epochs):
        raise ValueError(
            f"Weights can be kept after epochs 1 to {experiment.epochs}, "
            f"got {', '.join(map(str, sorted(keep_epochs)))}."
        )


def check_fits(experiment: Experiment, data: Splits) -> None:
    """Refuse images that an experiment cannot be trained on, with a VICRegError that says so."""
    if experiment.batch_size > len(data.train):
        raise VICRegError(
            f"A batch of {experiment.batch_size} needs more images than the {len(data.train):,} there are to train on; "
            "set a smaller --batch-size."
        )
    for split in data:
        if len(split) < 2:
            raise VICRegError(f"A batch takes two {split.split} images at least, and there are {len(split)}; add some.")
        if split.images.shape[2:] != (experiment.side, experiment.side):
            height, width = split.images.shape[2:]
            raise VICRegError(
                f"The {split.split} images have {height}x{width} pixels and not the experiment's "
                f"{experiment.side}x{experiment.side}; take images of that size, or set another side with --side."
            )


def initial_models(
    experiment: Experiment, n: int, device: torch.device
) -> tuple[Encoder | LatentCodes, Projector]:
    """Randomly initialised models, the same for a seed on every device; n, the training images."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(experiment.seed)
        encoder = LatentCodes(n) if experiment.latent else Encoder()
        projector = Projector()
    suit_convolutions(encoder, device)
    return encoder.to(device, memory_format=torch.channels_last), projector.to(device)


def adam(experiment: Experiment, encoder: nn.Module, projector: nn.Module) -> torch.optim.Adam:
    """The experiment's optimizer of both models.

    Codes with a learning rate of their own have no momentum and no decay: every step would move
    all of them by these, while a step's gradient is of the few images that it drew or found. So
    Adam leaves a code without a gradient just where it is, dense and fused as it is.
    """
    groups = [{"params": [*encoder.parameters(), *projector.parameters()]}]
    if experiment.code_learning_rate is not None:
        codes = {"lr": experiment.code_learning_rate, "betas": (0.0, experiment.betas[1]), "weight_decay": 0.0}
        groups = [{"params": [*encoder.parameters()], **codes}, {"params": [*projector.parameters()]}]
    return torch.optim.Adam(
        groups,
        lr=experiment.learning_rate,
        betas=experiment.betas,
        weight_decay=experiment.weight_decay,
        fused=True,
    )


def leg_of_an_epoch(seconds: float, device: torch.device, optimizer_state: str, speed: Speed) -> Leg:
    """How an epoch was trained that took so many seconds."""
    return Leg(
        epochs=1,
        seconds=seconds,
        device=describe(device),
        precision="bf16" if gains_by_bf16(device) else "float32",
        torch_version=str(torch.__version__),
        optimizer=optimizer_state,
        torchvision_version=torchvision.__version__,
        python_version=platform.python_version(),
        speed=str(speed),
    )


def epoch_seed(seed: int, epoch: int, stream: int) -> int:
    """A seed of its own for each seed, epoch and stream."""
    return (seed * 100_000 + epoch) * 2 + stream


def losses_on_test_images(step: Step, generator: Generator, n: int, size: int) -> Tensor:
    """The three objectives of the n test images' batches of a size, by a step that only watches.

    The images are shuffled, since variance and covariance mean little within one class; the
    remainder is left out.

    Returns: float32 on the CPU, (batches, 3).
    """
    order = torch.randperm(n, generator=generator, device=generator.device)
    losses = torch.empty(n // size, 3, device=generator.device)
    for row, indices in zip(losses, order.split(size), strict=False):
        row.copy_(step(indices))
    return losses.cpu()


def check_finite(losses: Tensor, where: str, checkpoint: Checkpoint) -> None:
    """Stop at the first row with a non-finite objective, naming it and what is kept."""
    bad = (~losses.isfinite()).any(dim=1).nonzero()
    if len(bad):
        kept = (
            f"the checkpoint {checkpoint.path} is kept"
            if checkpoint.path.exists()
            else "no epoch was finished"
        )
        raise VICRegError(
            f"The loss is not finite at {where} {int(bad[0]) + 1}; {kept}. "
            "Try a smaller learning rate, or look at the images of that batch."
        )


def warn_of_the_past(keep_epochs: Collection[int], epochs_done: int, checkpoint: Checkpoint) -> None:
    """Say which epochs are over whose weights were to be kept and are not there."""
    experiment = checkpoint.experiment
    missing = [
        epoch
        for epoch in sorted(keep_epochs)
        if epoch <= epochs_done
        and epoch < experiment.epochs
        and not weights_file(experiment.after(epoch).name).exists()
    ]
    if missing:
        print(
            f"The weights after epoch {', '.join(map(str, missing))} are not kept: the run has done "
            f"{epochs_done} epochs already; add --anew to have them.",
            file=sys.stderr,
        )


def training_bar(
    experiment: Experiment, epochs_done: int, images_an_epoch: int, workers: Workers
):
    return progress_bar(
        disable=not workers.chief,
        desc=experiment.name,
        initial=epochs_done * images_an_epoch,
        total=experiment.epochs * images_an_epoch,
        unit=" images",
        smoothing=0.02,
        bar_format="{desc}: {percentage:3.0f}%|{bar:20}| {rate_fmt}, {remaining} left{postfix}",
    )


def describe_losses(epoch: int, losses: Tensor) -> str:
    invariance, variance, covariance = losses.tolist()
    return (
        f"epoch {epoch + 1}: invariance {invariance:.4f}, variance {variance:.4f}, "
        f"covariance {covariance:.3f}"
    )
