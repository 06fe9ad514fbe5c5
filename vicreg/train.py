"""Algorithm 1: training VICReg, with a checkpoint every epoch.

The random draws of an epoch depend on the seed and the epoch alone, so a run that goes on from a
checkpoint draws what the uninterrupted one would have drawn.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import platform
import time
from dataclasses import replace
from pathlib import Path

import torch
import torchvision
from torch import Generator, Tensor

from .checkpoint import Checkpoint, Progress
from .convolution import suit_convolutions
from .data import Cifar10
from .device import autocast, compile_network, describe, gains_by_bf16, keep_freed_memory
from .errors import VICRegError
from .experiments import Experiment
from .latent import LatentCodes
from .loss import VICRegLoss, vicreg_loss
from .model import Encoder, Projector
from .progress import progress_bar
from .views import Pairs, pairs_for
from .weights import Leg, Provenance, joined, save_run, weights_file
from .workers import Workers, synchronise_batch_norm

CHECK_EVERY = 10  # steps between looks at the loss; each look waits for the device
ALONE = Workers()
TRAINING, TESTING = 0, 1  # streams of random numbers


def train(
    experiment: Experiment,
    data: Cifar10,
    device: torch.device,
    extend: bool = False,
    workers: Workers = ALONE,
    compiled: bool = False,
) -> Path:
    """Train an experiment to its last epoch, from its checkpoint where there is one.

    Parameters: data, whose training images are trained on and whose test images are only
    watched; device, where everything is kept and computed; extend, whether a run without a
    checkpoint goes on from its weights file, with a fresh optimizer, in place of starting anew;
    workers, the processes that share every batch, of which the chief writes; compiled, whether
    torch.compile merges the encoder's smaller operations first, in one process alone.
    Returns: the weights file written at the end.
    Raises: ValueError for settings that cannot work; VICRegError when a loss is not finite, when
    the checkpoint is damaged or another run's, or when nothing can be compiled here. The last
    good checkpoint is always kept.
    """
    check_settings(experiment, data, workers, compiled)
    keep_freed_memory()
    encoder, projector = (
        synchronise_batch_norm(model, workers, device)
        for model in initial_models(experiment, len(data.train), device)
    )
    if experiment.latent:
        encoder.remember(data.train.images)
    represent = compile_network(encoder, device) if compiled else encoder
    parameters = [*encoder.parameters(), *projector.parameters()]
    optimizer = torch.optim.Adam(
        parameters,
        lr=experiment.learning_rate,
        betas=experiment.betas,
        weight_decay=experiment.weight_decay,
        fused=True,
    )
    checkpoint = Checkpoint(experiment, data, encoder, projector, optimizer)
    history, legs = checkpoint.load()
    if extend and not legs:
        history, legs = checkpoint.start_from_weights()
    optimizer_state = "kept" if optimizer.state else "fresh"

    train_pairs, test_pairs = pairs_for(experiment, data, device)
    size = experiment.batch_size
    mine = workers.share(size)
    steps = len(data.train) // size
    epochs_done = len(history.train)
    with training_bar(experiment, epochs_done, steps * size, workers) as bar:
        for epoch in range(epochs_done, experiment.epochs):
            started = time.perf_counter()
            generator = epoch_generator(experiment.seed, epoch, TRAINING, device)
            order = torch.randperm(len(data.train), generator=generator, device=device)
            losses = torch.empty(steps, 3, device=device)
            encoder.train(), projector.train()
            for step in range(steps):
                places = order[step * size : (step + 1) * size]              # (B,)
                x, x_prime = train_pairs(places, generator, mine)            # (B, 3, 32, 32)
                with autocast(device):
                    y, y_prime = represent(x), represent(x_prime)            # (B, 128)
                    z, z_prime = projector(y), projector(y_prime)            # (B, 512)
                loss = objectives(workers.gather(z), workers.gather(z_prime), experiment)
                loss.total.backward()
                workers.sum_gradients(parameters)
                optimizer.step()
                optimizer.zero_grad()
                losses[step] = torch.stack(loss[1:]).detach()
                if step % CHECK_EVERY == 0 or step == steps - 1:
                    check_finite(losses[: step + 1], f"epoch {epoch + 1}, batch", checkpoint)
                    bar.set_postfix_str(describe_losses(epoch, losses[step]), refresh=False)
                if epoch == epochs_done and step == 0:
                    bar.unpause()  # the first step's time tells nothing of the others
                bar.update(size)
            history = history.with_train(losses)
            if test_pairs is not None:
                test = test_losses(
                    experiment, test_pairs, len(data.test), encoder, projector, device, epoch
                )
                check_finite(test, f"epoch {epoch + 1}, test batch", checkpoint)
                history = history.with_test(test)
            leg = leg_of_an_epoch(time.perf_counter() - started, device, optimizer_state)
            legs, optimizer_state = joined(legs, leg), "kept"
            if workers.chief:
                checkpoint.save(Progress(history, legs))
            workers.wait()
    provenance = Provenance(data.train.name, data.fingerprint, legs, checkpoint.neighbours_by)
    experiment = replace(experiment, epochs=len(history.train))
    if not workers.chief:
        return weights_file(experiment.name)
    return save_run(experiment, encoder, projector, history, provenance)


def check_settings(
    experiment: Experiment, data: Cifar10, workers: Workers = ALONE, compiled: bool = False
) -> None:
    """Refuse settings that cannot train, with a ValueError that says so."""
    if experiment.epochs < 1:
        raise ValueError(f"Training needs at least 1 epoch, got {experiment.epochs}.")
    if not 2 <= experiment.batch_size <= len(data.train):
        raise ValueError(
            f"The batch size must be from 2 to the {len(data.train):,} training images, "
            f"got {experiment.batch_size}."
        )
    if experiment.batch_size % workers.size:
        raise ValueError(
            f"The batch size must be a multiple of the {workers.size} processes that share it, "
            f"got {experiment.batch_size}."
        )
    if compiled and workers.size > 1:
        raise ValueError("Several processes train without compiling; leave --compile out.")
    if not 0 <= experiment.seed < 2**32:
        raise ValueError(f"The seed must be from 0 to {2**32 - 1:,}, got {experiment.seed}.")


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


def leg_of_an_epoch(seconds: float, device: torch.device, optimizer_state: str) -> Leg:
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
    )


def epoch_generator(seed: int, epoch: int, stream: int, device: torch.device) -> Generator:
    """A generator of its own for each seed, epoch and stream."""
    return Generator(device=device).manual_seed((seed * 100_000 + epoch) * 2 + stream)


def objectives(z: Tensor, z_prime: Tensor, experiment: Experiment) -> VICRegLoss:
    """Eq. 6 with the experiment's weights, in float32 whatever the projections are in."""
    return vicreg_loss(
        z.float(),
        z_prime.float(),
        experiment.invariance_weight,
        experiment.variance_weight,
        experiment.covariance_weight,
        experiment.target_std,
        experiment.eps,
    )


@torch.inference_mode()
def test_losses(
    experiment: Experiment,
    pairs: Pairs,
    n: int,
    encoder: Encoder,
    projector: Projector,
    device: torch.device,
    epoch: int,
) -> Tensor:
    """The three objectives of the n test images' batches, two views, evaluation mode.

    The images are shuffled, since variance and covariance mean little within one class, and
    batches are of the training's size, since both depend on it; the remainder is left out.

    Returns: float32 on the CPU, (batches, 3).
    """
    encoder.eval(), projector.eval()
    generator = epoch_generator(experiment.seed, epoch, TESTING, device)
    size = min(experiment.batch_size, n)
    order = torch.randperm(n, generator=generator, device=device)
    rows = []
    for start in range(0, n - size + 1, size):
        x, x_prime = pairs(order[start : start + size], generator)
        with autocast(device):
            z, z_prime = projector(encoder(x)), projector(encoder(x_prime))
        rows.append(torch.stack(objectives(z, z_prime, experiment)[1:]))
    return torch.stack(rows).cpu()


def check_finite(losses: Tensor, where: str, checkpoint: Checkpoint) -> None:
    """Stop at the first row with a non-finite objective, naming it and what is kept."""
    bad = (~losses.isfinite()).any(dim=1).nonzero()
    if len(bad):
        kept = (
            f"the checkpoint {checkpoint.path} of the epoch before is kept"
            if checkpoint.path.exists()
            else "no epoch was finished"
        )
        raise VICRegError(
            f"The loss is not finite at {where} {int(bad[0]) + 1}; {kept}. "
            "Try a smaller learning rate, or look at the images of that batch."
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
