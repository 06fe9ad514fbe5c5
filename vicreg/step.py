"""One step of Algorithm 1, and what makes many of them faster without changing what is learned.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from collections.abc import Callable

import torch
from torch import Generator, Tensor, nn

from .augment import views_of
from .experiments import Experiment
from .loss import VICRegLoss, vicreg_loss
from .runtime.device import autocast, compiled
from .runtime.distributed import ALONE, Workers
from .runtime.errors import VICRegError, reason
from .runtime.speed import PLAIN, Speed
from .views import Pairs

WARM_UP = 3  # calls before a step is recorded, in which libraries choose and keep what they need

# From the indices of a batch, int64 (B,), to its three objectives, float32 (3,), without gradients.
Step = Callable[[Tensor], Tensor]
Loss = Callable[[Tensor, Tensor], VICRegLoss]  # from both branches' projections


def loss_of(experiment: Experiment) -> Loss:
    """Eq. 6 with the experiment's weights, in float32 whatever the projections are in."""
    settings = {
        name: getattr(experiment, name)
        for name in ("invariance_weight", "variance_weight", "covariance_weight", "target_std", "eps")
    }
    return lambda z, z_prime: vicreg_loss(z.float(), z_prime.float(), **settings)


def training_step(
    experiment: Experiment,
    encoder: nn.Module,
    projector: nn.Module,
    optimizer: torch.optim.Optimizer,
    pairs: Pairs,
    generator: Generator,
    workers: Workers = ALONE,
    speed: Speed = PLAIN,
) -> Step:
    """A step that draws a batch's views, and moves the models down the loss's gradient.

    Parameters: encoder and projector, which are trained in place, by an optimizer of both;
    pairs, from which views come; generator, which draws them, on the device that computes;
    workers, of which this one takes its share.
    """
    device = generator.device
    parameters = [*encoder.parameters(), *projector.parameters()]
    mine = workers.share(experiment.batch_size)
    represent = compiled(encoder, device) if "network" in speed.compile else encoder
    loss_of_batch = loss_of(experiment)
    precision = autocast(device)  # created outside, to avoid a graph break in torch.compile

    def forward(x: Tensor, x_prime: Tensor) -> VICRegLoss:
        with precision:
            y, y_prime = represent(x), represent(x_prime)                # (B, 128)
            z, z_prime = projector(y), projector(y_prime)                # (B, 512)
        return loss_of_batch(workers.gather(z), workers.gather(z_prime))

    if "forward" in speed.compile:
        forward = compiled(forward, device)

    def step(indices: Tensor) -> Tensor:
        x, x_prime = pairs(indices, generator, mine)                      # (B, 3, 32, 32)
        loss = forward(x, x_prime)
        loss.total.backward()
        workers.sum_gradients(parameters)
        optimizer.step()
        optimizer.zero_grad()
        return torch.stack(loss[1:]).detach()

    return Recorded(step, experiment.batch_size, generator) if speed.graph else step


def testing_step(
    experiment: Experiment,
    encoder: nn.Module,
    projector: nn.Module,
    pairs: Pairs,
    generator: Generator,
    size: int,
    speed: Speed = PLAIN,
) -> Step:
    """A step that only watches: two random views of a batch of so many images, and their objectives.

    The models are to be in evaluation mode.
    """

    loss_of_batch = loss_of(experiment)

    @torch.no_grad()
    def step(indices: Tensor) -> Tensor:
        x, x_prime = pairs(indices, generator)
        with autocast(generator.device):
            z, z_prime = projector(encoder(x)), projector(encoder(x_prime))
        return torch.stack(loss_of_batch(z, z_prime)[1:])

    return Recorded(step, size, generator) if speed.graph else step


def view_maker(device: torch.device, speed: Speed) -> Callable:
    """How views are made of images and drawn parameters, for :func:`vicreg.pairs.pairs_for`."""
    return compiled(views_of, device) if "views" in speed.compile else views_of


class Unrecordable(VICRegError):
    """Told where a recording failed, after which nothing more can be trained in this process."""


class Recorded:
    """A step that a GPU repeats by itself, once it has been recorded as a CUDA graph.

    Launched one by one, the thousand small operations of a step keep the GPU waiting; replayed,
    they are one. The first calls are done as ever and count like all others. Generators draw on in
    a replay, and may be seeded anew between two calls.
    """

    def __init__(self, step: Step, size: int, generator: Generator):
        self.step, self.generator = step, generator
        self.indices = torch.zeros(size, dtype=torch.int64, device=generator.device)
        self.objectives = torch.zeros(3, device=generator.device)
        self.calls = 0
        self.stream = torch.cuda.Stream(generator.device)
        self.replay: Callable[[], None] | None = None

    def __call__(self, indices: Tensor) -> Tensor:
        """The objectives of a batch, in a tensor that the next call writes over."""
        self.indices.copy_(indices)
        if self.replay is None and self.calls == WARM_UP:
            self.replay = self.record()
        self.calls += 1
        if self.replay is not None:
            self.replay()
            return self.objectives
        here = torch.cuda.current_stream(self.generator.device)
        self.stream.wait_stream(here)
        with torch.cuda.stream(self.stream):
            self.work()
        here.wait_stream(self.stream)
        return self.objectives

    def work(self) -> None:
        self.objectives.copy_(self.step(self.indices))

    def record(self) -> Callable[[], None]:
        graph = torch.cuda.CUDAGraph()
        if hasattr(graph, "register_generator_state"):  # later versions see by themselves who draws
            graph.register_generator_state(self.generator)
        try:
            with torch.cuda.graph(graph, stream=self.stream, capture_error_mode="thread_local"):
                self.work()
        except RuntimeError as error:
            raise Unrecordable(
                f"The step cannot be recorded as a CUDA graph ({reason(error)}); leave --graph out."
            ) from error
        return graph.replay
