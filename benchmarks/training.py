"""How fast a training step is, beside what people use and beside the hardware's limit.

    pip install lightly                       # the peer, needed for this alone
    python benchmarks/training.py [--device cpu|cuda] [--rounds N] [--readme]

In every round each contestant trains for a few steps on the same images, one after the other, so
that whatever slows the machine slows all of them; the figures are medians over the rounds. The
network is the exercise's in all of them: what differs is where views come from, in which number
format the step is computed and what surrounds it.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import argparse
import functools
import itertools
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import torch
from readme import write_table
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from vicreg.augment import MEAN, STD, augment
from vicreg.data import load_cifar10
from vicreg.device import autocast, best_device, compile_network, describe, keep_freed_memory
from vicreg.experiments import VICREG, Experiment
from vicreg.loss import vicreg_loss
from vicreg.train import initial_models, objectives
from vicreg.views import generated_pairs

HERE = Path(__file__).resolve().parent
BATCH = VICREG.batch_size
FLOP_A_VIEW = 3.13e9  # forward and backward of one image
MATRIX = 4096

Step = Callable[[], object]


class Pictures(Dataset):
    """PIL images with a transform, as a data set of torchvision gives them."""

    def __init__(self, images: Tensor, transform: Callable):
        self.images = [transforms.functional.to_pil_image(image) for image in images]
        self.transform = transform

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, place: int):
        return self.transform(self.images[place])


class TwoViews:
    """A transform applied twice."""

    def __init__(self, transform: Callable):
        self.transform = transform

    def __call__(self, image):
        return self.transform(image), self.transform(image)


def ours_compiled(images: Tensor, device: torch.device) -> Step:
    """The same with ``--compile``, made at the first step, so that the first peak is not its."""
    made = functools.cache(lambda: ours(images, device, compiled=True))
    return lambda: made()()


def ours(images: Tensor, device: torch.device, compiled: bool = False) -> Step:
    """This project's step, as in vicreg.train."""
    encoder, projector, optimizer = models(device, fused=True)
    represent = compile_network(encoder, device) if compiled else encoder
    pairs = generated_pairs(images.to(device))
    generator = torch.Generator(device=device).manual_seed(0)

    def step():
        places = torch.randint(len(images), (BATCH,), generator=generator, device=device)
        x, x_prime = pairs(places, generator)
        with autocast(device):
            z, z_prime = projector(represent(x)), projector(represent(x_prime))
        objectives(z, z_prime, VICREG).total.backward()
        optimizer.step()
        optimizer.zero_grad()

    return step


def plain(images: Tensor, device: torch.device, workers: int) -> Step:
    """torchvision's transforms in a DataLoader, float32: how the exercise is usually written."""
    batches = endless(Pictures(images, TwoViews(plain_transform())), workers)
    return loader_step(batches, device, plain_loss, models(device, fused=False))


def plain_transform() -> Callable:
    """The exercise's augmentation, by torchvision."""
    jitter = transforms.ColorJitter(0.4, 0.4, 0.2, 0.1)
    return transforms.Compose([
        transforms.RandomResizedCrop(32, scale=(0.2, 1.0)),
        transforms.RandomHorizontalFlip(),
        jitter,
        transforms.RandomGrayscale(0.2),
        transforms.RandomApply([transforms.GaussianBlur(3)], 0.5),
        transforms.ToTensor(),
        transforms.Normalize(MEAN, STD),
    ])  # fmt: skip


def plain_loss(z: Tensor, z_prime: Tensor) -> Tensor:
    return vicreg_loss(z, z_prime).total


def lightly(images: Tensor, device: torch.device, workers: int) -> Step:
    """lightly's VICReg: its transform and its loss, in a DataLoader."""
    from lightly.loss import VICRegLoss
    from lightly.transforms import VICRegTransform

    batches = endless(Pictures(images, VICRegTransform(input_size=32)), workers)
    return loader_step(batches, device, VICRegLoss(), models(device, fused=False))


def loader_step(batches: Iterator, device: torch.device, loss: Callable, trained: tuple) -> Step:
    """A step of the plain way: float32, the default layout; trained, what :func:`models` gives."""
    encoder, projector, optimizer = trained
    encoder.to(memory_format=torch.contiguous_format)

    def step():
        x, x_prime = (views.to(device, non_blocking=True) for views in next(batches)[:2])
        z, z_prime = projector(encoder(x)), projector(encoder(x_prime))
        optimizer.zero_grad()
        loss(z, z_prime).backward()
        optimizer.step()

    return step


def bare(images: Tensor, device: torch.device) -> Step:
    """Forward and backward of the network alone, on ready views, in this project's format."""
    encoder, projector, _ = models(device, fused=True)
    generator = torch.Generator(device=device).manual_seed(0)
    x, x_prime = (
        augment(images[:BATCH].to(device), generator).contiguous(memory_format=torch.channels_last)
        for _ in range(2)
    )

    def step():
        with autocast(device):
            z, z_prime = projector(encoder(x)), projector(encoder(x_prime))
        (z.float().square().mean() + z_prime.float().square().mean()).backward()
        for parameter in itertools.chain(encoder.parameters(), projector.parameters()):
            parameter.grad = None

    return step


def models(device: torch.device, fused: bool, experiment: Experiment = VICREG):
    """The experiment's encoder and projector, before training, and Adam for both."""
    encoder, projector = initial_models(experiment, BATCH, device)
    parameters = [*encoder.parameters(), *projector.parameters()]
    optimizer = torch.optim.Adam(
        parameters, lr=VICREG.learning_rate, weight_decay=VICREG.weight_decay, fused=fused
    )
    return encoder.train(), projector.train(), optimizer


def endless(pictures: Dataset, workers: int) -> Iterator:
    loader = DataLoader(
        pictures, BATCH, shuffle=True, drop_last=True, num_workers=workers,
        persistent_workers=workers > 0, pin_memory=torch.cuda.is_available(),
    )  # fmt: skip
    while True:
        yield from loader


def matrix_product(device: torch.device) -> float:
    """The arithmetic rate of a large matrix product in the training's format, GFLOP/s."""
    with autocast(device):
        dtype = torch.get_autocast_dtype(device.type) if torch.is_autocast_enabled(device.type) else torch.float32
    a, b = (torch.randn(MATRIX, MATRIX, device=device).to(dtype) for _ in range(2))
    return 2 * MATRIX**3 / timed(lambda: a @ b, device, 5) / 1e9


def timed(work: Step, device: torch.device, repeats: int) -> float:
    """Seconds of one piece of work, the mean of several."""
    work()
    synchronise(device)
    started = time.perf_counter()
    for _ in range(repeats):
        work()
    synchronise(device)
    return (time.perf_counter() - started) / repeats


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> int:
    options = parser().parse_args()
    device = best_device(options.device)
    keep_freed_memory()
    images = load_cifar10().train.images[:: options.every].contiguous()
    contestants = {
        "this project": ours(images, device),
        "this project, --compile": ours_compiled(images, device),
        "bare forward and backward": bare(images, device),
        "torchvision transforms, DataLoader, float32": plain(images, device, options.workers),
        "lightly": lightly(images, device, options.workers),
    }
    rates, products, peaks = {name: [] for name in contestants}, [], []
    for round_number in range(options.rounds):
        print(f"round {round_number + 1} of {options.rounds}", file=sys.stderr)
        products.append(matrix_product(device))
        for name, step in contestants.items():
            rates[name].append(2 * BATCH / timed(step, device, options.steps))
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
    result = {
        "views_a_second": {name: {"median": statistics.median(v), "all": v} for name, v in rates.items()},
        "matrix_product_gflops": {"median": statistics.median(products), "all": products},
        # The mark only rises: the first peak is that of the first contestant, this project.
        "peak_memory_gb": {"this project": peaks[0], "all": peaks[-1]},
        "machine": {
            "device": describe(device), "date": time.strftime("%Y-%m-%d"),
            **{name: metadata.version(name) for name in ("torch", "torchvision", "lightly")},
        },
    }  # fmt: skip
    options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(table(result))
    if options.readme:
        write_table(table(result), "training")
    return 0


def table(result: dict) -> str:
    """The result as Markdown, each rate beside this project's and beside the matrix product's."""
    rates = {name: rate["median"] for name, rate in result["views_a_second"].items()}
    product = result["matrix_product_gflops"]["median"]
    lines = ["| step | views/s | this project is | of the matrix product's rate |", "|:--|--:|--:|--:|"]
    for name, rate in rates.items():
        times = rates["this project"] / rate
        share = rate * FLOP_A_VIEW / 1e9 / product
        lines.append(f"| {name} | {rate:.0f} | {times:.2f} x | {share:.0%} |")
    told = result["machine"]
    return "\n".join([
        *lines, "",
        f"{told['device']}, {told['date']}; torch {told['torch']}, torchvision {told['torchvision']}, "
        f"lightly {told['lightly']}. A {MATRIX} x {MATRIX} product: {product:.0f} GFLOP/s. "
        f"Peak memory after this project's first steps {result['peak_memory_gb']['this project']:.1f} GB, "
        f"after all of them {result['peak_memory_gb']['all']:.1f} GB.",
    ])  # fmt: skip


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Time a training step beside its peers and its limit.")
    parser.add_argument("--device", metavar="D", help="cpu or cuda; default: the best there is")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--steps", type=int, default=3, metavar="N", help="of each a round (default: 3)")
    parser.add_argument("--every", type=int, default=10, metavar="N",
                        help="use every Nth training image (default: 10)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="of the DataLoaders")
    parser.add_argument("--json", type=Path, default=HERE / "training.json", metavar="FILE")
    parser.add_argument("--readme", action="store_true", help="put the table into README.md here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
