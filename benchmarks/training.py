"""How fast a training step is, beside what people use and beside the hardware's limit.

    pip install lightly                       # the peer, needed for this alone; without it, it is left out
    python benchmarks/training.py [--device cpu|cuda] [--rounds N] [--readme] [--profile FILE]

In every round each contestant trains for a few steps on the same images, one after the other, so
that whatever slows the machine slows all of them; the figures are medians over the rounds. The
network is the exercise's in all of them: what differs is where views come from, in which number
format the step is computed and what surrounds it. One that fails is told with its reason.

A DataLoader's workers make batches ahead. They start anew with every turn of their contestant and end
with it, and the clock starts when they are in full swing: what is counted was made in that turn.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import argparse
import contextlib
import itertools
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import metadata
from pathlib import Path

import torch
from readme import write_table
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, RandomSampler
from torchvision import transforms

from vicreg.augment import MEAN, STD, augment
from vicreg.data import load_cifar10
from vicreg.experiments import VICREG, Experiment
from vicreg.loss import vicreg_loss
from vicreg.runtime.device import (
    autocast,
    best_device,
    describe,
    keep_freed_memory,
    tuned_convolutions,
)
from vicreg.runtime.errors import reason
from vicreg.runtime.float32 import whole_float32
from vicreg.runtime.speed import PLAIN, Speed
from vicreg.step import WARM_UP, training_step, view_maker
from vicreg.train import adam, initial_models
from vicreg.views import generated_pairs

HERE = Path(__file__).resolve().parent
BATCH = VICREG.batch_size
FLOP_A_VIEW = 3.13e9  # forward and backward of one image
MATRIX = {"cpu": 4096, "cuda": 8192}
REPEATS = {"cpu": 3, "cuda": 50}  # of the product
OURS = "this project"
FASTER = {
    "--compile": Speed(("network",)),
    "--compile forward,views": Speed(("forward", "views")),
}
FASTER_ON_A_GPU = {
    "--tune": Speed(tune=True),
    "--graph": Speed(graph=True),
    "--graph --tune": Speed(graph=True, tune=True),
    "--graph --tune --compile views": Speed(("views",), graph=True, tune=True),
    "--graph --tune --compile network,views": Speed(("network", "views"), graph=True, tune=True),
    "--graph --tune --compile forward,views": Speed(("forward", "views"), graph=True, tune=True),
}

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


def ours(images: Tensor, device: torch.device, speed: Speed = PLAIN) -> Step:
    """This project's step, as in vicreg.train."""
    encoder, projector = initial_models(VICREG, len(images), device)
    optimizer = adam(VICREG, encoder, projector)
    optimizer.param_groups[0]["capturable"] = speed.graph
    pairs = generated_pairs(images.to(device), view_maker(device, speed))
    generator = torch.Generator(device=device).manual_seed(0)
    step = training_step(VICREG, encoder, projector, optimizer, pairs, generator, speed=speed)

    def drawn_step():
        # cuDNN takes what was once chosen for the same convolution, tuned or not. But it keeps choices apart by
        # whether TF32 is allowed, which is nothing to the step's convolutions, in bf16.
        with tuned_convolutions(speed.tune), whole_float32() if speed.tune else contextlib.nullcontext():
            step(torch.randint(len(images), (BATCH,), generator=generator, device=device))

    return drawn_step


def views_alone(images: Tensor, device: torch.device, speed: Speed = PLAIN) -> Step:
    """What a step draws and makes of images before the network sees them."""
    pairs = generated_pairs(images.to(device), view_maker(device, speed))
    generator = torch.Generator(device=device).manual_seed(0)
    return lambda: pairs(torch.randint(len(images), (BATCH,), generator=generator, device=device), generator)


def plain(images: Tensor, device: torch.device, workers: int) -> Step:
    """torchvision's transforms in a DataLoader, float32: how the exercise is usually written."""
    batches = Batches(Pictures(images, TwoViews(plain_transform())), workers)
    return LoaderStep(batches, device, plain_loss, models(device, fused=False))


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

    batches = Batches(Pictures(images, VICRegTransform(input_size=32)), workers)
    return LoaderStep(batches, device, VICRegLoss(), models(device, fused=False))


class Batches:
    """Endless batches of a DataLoader, whose workers are there from the first batch to :meth:`end`."""

    def __init__(self, pictures: Dataset, workers: int):
        # One epoch without an end: at each end of an epoch, and here they would be short, workers wait.
        order = RandomSampler(pictures, num_samples=len(pictures) * 1_000_000)
        self.loader = DataLoader(
            pictures, BATCH, sampler=order, drop_last=True, num_workers=workers,
            pin_memory=torch.cuda.is_available(),
        )  # fmt: skip
        self.workers = workers
        self.under_way: Iterator | None = None

    def __next__(self) -> list[Tensor]:
        if self.under_way is None:
            self.under_way = iter(self.loader)
        return next(self.under_way)

    def start(self) -> None:
        """Start workers anew, and drop as many batches as they make before the first is asked for."""
        self.end()
        for _ in range(self.workers * (self.loader.prefetch_factor or 0)):
            next(self)

    def end(self) -> None:
        """Let the workers go, so that they make nothing in another's turn."""
        self.under_way = None

    def steps(self, least: int) -> int:
        """How many steps to time, at least so many: workers finish about together, so as many for each."""
        return -(-least // max(self.workers, 1)) * max(self.workers, 1)


class LoaderStep:
    """A step of the plain way: float32, the default layout; trained, what :func:`models` gives."""

    def __init__(self, batches: Batches, device: torch.device, loss: Callable, trained: tuple):
        self.batches, self.device, self.loss = batches, device, loss
        self.encoder, self.projector, self.optimizer = trained
        self.encoder.to(memory_format=torch.contiguous_format)

    def __call__(self) -> None:
        x, x_prime = (views.to(self.device, non_blocking=True) for views in next(self.batches)[:2])
        z, z_prime = self.projector(self.encoder(x)), self.projector(self.encoder(x_prime))
        self.optimizer.zero_grad()
        self.loss(z, z_prime).backward()
        self.optimizer.step()


def bare(images: Tensor, device: torch.device) -> Step:
    """Forward and backward of the network alone, on ready views, in this project's format."""
    encoder, projector, _ = models(device, fused=True)
    generator = torch.Generator(device=device).manual_seed(0)
    batch = images[torch.arange(BATCH) % len(images)].to(device)  # a whole one, however few the images
    x, x_prime = (
        augment(batch, generator).contiguous(memory_format=torch.channels_last) for _ in range(2)
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


def matrix_product(device: torch.device) -> float:
    """The arithmetic rate of a large matrix product in the training's format, GFLOP/s."""
    n = MATRIX[device.type]
    with autocast(device):
        dtype = torch.get_autocast_dtype(device.type) if torch.is_autocast_enabled(device.type) else torch.float32
    generator = torch.Generator(device=device).manual_seed(0)
    a, b = (torch.randn(n, n, device=device, generator=generator).to(dtype) for _ in range(2))
    timed(lambda: a @ b, device, REPEATS[device.type])  # a GPU that stood still has to wake up
    return 2 * n**3 / timed(lambda: a @ b, device, REPEATS[device.type]) / 1e9


def timed_turn(step: Step, device: torch.device, steps: int) -> float:
    """Seconds of a step in its contestant's turn, with nothing that was made before it."""
    if not isinstance(step, LoaderStep):
        return timed(step, device, steps)
    step.batches.start()
    try:
        return timed(step, device, step.batches.steps(steps))
    finally:
        step.batches.end()


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


def contestants(images: Tensor, device: torch.device, workers: int) -> dict[str, Callable[[], Step]]:
    """What is timed: a function for each that makes its step."""
    faster = {**FASTER, **(FASTER_ON_A_GPU if device.type == "cuda" else {})}
    return {
        OURS: partial(ours, images, device),
        **{f"{OURS}, {options}": partial(ours, images, device, speed) for options, speed in faster.items()},
        "its views alone": partial(views_alone, images, device),
        "its views alone, compiled": partial(views_alone, images, device, Speed(("views",))),
        "bare forward and backward": partial(bare, images, device),
        "torchvision transforms, DataLoader, float32": partial(plain, images, device, workers),
        "lightly": partial(lightly, images, device, workers),
    }


class Contest:
    """The steps of those that could be made, what each needed, and why the others could not."""

    def __init__(self, chosen: dict[str, Callable[[], Step]], device: torch.device):
        self.device = device
        self.steps: dict[str, Step] = {}
        self.failed: dict[str, str] = {}
        self.peaks: dict[str, float] = {}
        for name, make in chosen.items():
            print(f"making: {name}", file=sys.stderr, flush=True)
            try:
                self.peaks[name] = self.peak_of(name, make)
            except Exception as error:  # a measurement: what fails is told, and the others go on
                self.leave_out(name, error)

    def leave_out(self, name: str, error: Exception) -> None:
        self.failed[name] = f"{type(error).__name__}: {reason(error)}"
        self.steps.pop(name, None), self.peaks.pop(name, None)

    def peak_of(self, name: str, make: Callable[[], Step]) -> float:
        """The memory, in GB, that a contestant's first steps need at once, beside what others hold.

        On the CPU it is the most that the process has needed so far, of which the first can tell.
        """
        if self.device.type == "cuda":
            before = torch.cuda.memory_allocated(self.device)
            torch.cuda.reset_peak_memory_stats(self.device)
        step = make()
        for number in range(WARM_UP + 2 if self.device.type == "cuda" else 1):  # compiled, tuned, recorded
            step()
            if number + 1 == WARM_UP:  # trying algorithms takes more memory than any step
                torch.cuda.reset_peak_memory_stats(self.device)
        synchronise(self.device)
        if isinstance(step, LoaderStep):
            step.batches.end()
        self.steps[name] = step
        if self.device.type == "cuda":
            return (torch.cuda.max_memory_allocated(self.device) - before) / 1e9
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6

    def rates(self, rounds: int, steps: int) -> Iterator[tuple[dict[str, list[float]], list[float]]]:
        """Views a second of each contestant and GFLOP/s of a product, all so far after every round."""
        rates, products = {name: [] for name in self.steps}, []
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
            products.append(matrix_product(self.device))
            for name, step in list(self.steps.items()):
                try:
                    rates[name].append(2 * BATCH / timed_turn(step, self.device, steps))
                except Exception as error:  # as above
                    self.leave_out(name, error)
            yield {name: rates[name] for name in self.steps}, products


def profile(step: Step, device: torch.device, steps: int = 5) -> str:
    """The operations that a few steps take longest for."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    if device.type == "cuda":
        activities.append(torch.profiler.ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=activities) as measured:
        for _ in range(steps):
            step()
        synchronise(device)
    by = f"self_{'device' if device.type == 'cuda' else 'cpu'}_time_total"
    return measured.key_averages().table(sort_by=by, row_limit=40, max_name_column_width=80)


def main() -> int:
    options = parser().parse_args()
    if options.rounds < 1:
        parser().error(f"--rounds must be at least 1, got {options.rounds}")
    device = best_device(options.device)
    keep_freed_memory()
    images = load_cifar10().train.images[:: options.every].contiguous()
    chosen = contestants(images, device, options.workers)
    unknown = set(options.only or chosen) - set(chosen)
    if unknown:
        print(f"Unknown: {', '.join(sorted(unknown))}; choose from: {'; '.join(chosen)}", file=sys.stderr)
        return 1
    contest = Contest({name: make for name, make in chosen.items() if name in (options.only or chosen)}, device)
    for rates, products in contest.rates(options.rounds, options.steps):
        result = {
            "views_a_second": {name: {"median": statistics.median(v), "all": v} for name, v in rates.items()},
            "failed": contest.failed,
            "matrix_product_gflops": {"n": MATRIX[device.type], "median": statistics.median(products), "all": products},
            "peak_memory_gb": contest.peaks,
            "machine": {
                "device": describe(device), "kind": device.type, "date": time.strftime("%Y-%m-%d"),
                **{name: version(name) for name in ("torch", "torchvision", "lightly")},
            },
        }  # fmt: skip
        file = options.json or HERE / ("training.json" if device.type == "cpu" else "training-gpu.json")
        file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(table(result))
    if options.profile:
        tables = [f"{name}\n{profile(step, device)}" for name, step in contest.steps.items() if name.startswith(OURS)]
        options.profile.write_text("\n\n".join(tables) + "\n", encoding="utf-8")
    if options.readme:
        write_table(table(result), "training" if device.type == "cpu" else "training, GPU")
    return 0


def version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def table(result: dict) -> str:
    """The result as Markdown, each rate beside this project's and beside the matrix product's."""
    rates = {name: rate["median"] for name, rate in result["views_a_second"].items()}
    told, product, peaks = result["machine"], result["matrix_product_gflops"], result["peak_memory_gb"]
    gpu = told["kind"] == "cuda"
    head = ["step", "views/s", "this project is", "of the matrix product's rate", *(["peak memory"] if gpu else [])]
    lines = [f"| {' | '.join(head)} |", f"|:--|{'--:|' * (len(head) - 1)}"]
    for name, rate in rates.items():
        times = f"{rates[OURS] / rate:.2f} x" if OURS in rates else ""
        share = f"{rate * FLOP_A_VIEW / 1e9 / product['median']:.0%}" if "views alone" not in name else ""
        cells = [name, f"{rate:.0f}", times, share, *([f"{peaks[name]:.1f} GB"] if gpu else [])]
        lines.append(f"| {' | '.join(cells)} |")
    for name, why in result["failed"].items():
        cells = [name, "–", *[""] * (len(head) - 3), why]
        lines.append(f"| {' | '.join(cells)} |")
    versions = ", ".join(f"{name} {told[name] or 'missing'}" for name in ("torch", "torchvision", "lightly"))
    n = product["n"]
    memory = " float32 convolutions are in TF32, as is PyTorch's default." if gpu else (
        f" Peak memory after this project's first steps {peaks[OURS]:.1f} GB, after all of them "
        f"{max(peaks.values()):.1f} GB."
    ) if OURS in peaks else ""  # fmt: skip
    return "\n".join([
        *lines, "",
        f"{told['device']}, {told['date']}; {versions}. A {n} x {n} product: {product['median']:.0f} GFLOP/s.{memory}",
    ])  # fmt: skip


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Time a training step beside its peers and its limit.")
    parser.add_argument("--device", metavar="D", help="cpu or cuda; default: the best there is")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--steps", type=int, default=3, metavar="N", help="of each a round (default: 3); for a DataLoader rounded up to as many for each worker")
    parser.add_argument("--every", type=int, default=10, metavar="N",
                        help="use every Nth training image (default: 10)")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), metavar="N",
                        help="of the DataLoaders (default: the processors)")
    parser.add_argument("--only", action="append", metavar="STEP", help="time this one; may be repeated")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="write where this project's steps spend time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="written after every round; default: training.json here, on a GPU training-gpu.json")
    parser.add_argument("--readme", action="store_true", help="put the table into README.md here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
