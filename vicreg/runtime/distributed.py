"""Data-parallel training: processes that each take a share of every batch.

``torchrun --nproc_per_node=N -m vicreg train …`` starts them, on one machine or on several, and
with ``--max-restarts`` starts them again from the last checkpoint when one dies. Together they do
what one process does with the same batch: its views, its batch statistics, its loss and its step.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce


class Workers:
    """The processes that train together, as one of them sees them.

    Attributes: rank, this one's number, 0 for the chief, which alone writes and speaks; size,
    how many there are.
    """

    def __init__(self, rank: int = 0, size: int = 1):
        self.rank, self.size = rank, size

    @property
    def chief(self) -> bool:
        return self.rank == 0

    def share(self, batch: int) -> slice:
        """Which rows of a batch are this worker's; the batch is a multiple of the workers."""
        each = batch // self.size
        return slice(self.rank * each, (self.rank + 1) * each)

    def gather(self, z: Tensor) -> Tensor:
        """The whole batch's projections (B, d) from every worker's share (B / size, d).

        Gradients flow into this worker's own rows alone. Each worker has the loss of the whole
        batch, so :meth:`sum_gradients` over workers is then that loss's gradient.
        """
        if self.size == 1:
            return z
        parts = [torch.empty_like(z) for _ in range(self.size)]
        dist.all_gather(parts, z.detach().contiguous())
        parts[self.rank] = z
        return torch.cat(parts)

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Add up the workers' gradients, in one message."""
        if self.size == 1:
            return
        gradients = [p.grad for p in parameters]
        message = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(message)
        for gradient, total in zip(gradients, message.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(total.view_as(gradient))

    def wait(self) -> None:
        """Until every worker is here."""
        if self.size > 1:
            dist.barrier()


ALONE = Workers()


def join_workers(device: torch.device) -> tuple[Workers, torch.device]:
    """Join the processes that torchrun started; alone without it.

    Returns: the workers, and the device of this one, where a GPU has the local rank's number.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return Workers(), device
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    store, rank, size = next(iter(dist.rendezvous("env://")))
    # Workers started again must not find their predecessors' addresses. The agents of several
    # machines count restarts apart; there each rendezvous has a store of its own.
    if os.environ.get("GROUP_WORLD_SIZE", "1") == "1":
        store = dist.PrefixStore(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"), store)
    backend = "nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, store=store, rank=rank, world_size=size)
    return Workers(rank, size), device


def leave_workers() -> None:
    """Undo :func:`join_workers`."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()


class GlobalBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch normalisation by the statistics of all workers' shares, on any device.

    torch's SyncBatchNorm does the same on GPUs alone. Every worker's share is of one size.
    """

    def _check_input_dim(self, x: Tensor) -> None:
        pass

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        dims = [d for d in range(x.ndim) if d != 1]
        shape = [-1 if d == 1 else 1 for d in range(x.ndim)]
        size = dist.get_world_size()
        exact = x.to(torch.promote_types(x.dtype, torch.float32))
        mean = all_reduce(exact.mean(dims)) / size                        # (c,)
        centred = exact - mean.view(shape)
        variance = all_reduce(centred.square().mean(dims)) / size         # (c,), biased
        with torch.no_grad():
            count = size * x.numel() // x.shape[1]
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
            self.num_batches_tracked.add_(1)
        scale = (variance + self.eps).rsqrt() * self.weight
        return (centred * scale.view(shape) + self.bias.view(shape)).to(x.dtype)


def synchronise_batch_norm(model: nn.Module, workers: Workers, device: torch.device) -> nn.Module:
    """The model with its batch statistics taken over all workers; its parameters are the same."""
    if workers.size == 1:
        return model
    if device.type == "cuda":
        return nn.SyncBatchNorm.convert_sync_batchnorm(model)
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d):
                setattr(parent, name, globally_normalising(child))
    return model


def globally_normalising(norm: nn.modules.batchnorm._BatchNorm) -> GlobalBatchNorm:
    """A GlobalBatchNorm with the parameters and running statistics of a layer."""
    replacement = GlobalBatchNorm(norm.num_features, norm.eps, norm.momentum)
    replacement.weight, replacement.bias = norm.weight, norm.bias
    for name, buffer in norm.named_buffers():
        setattr(replacement, name, buffer)
    return replacement.train(norm.training)
