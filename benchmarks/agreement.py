"""Whether the fast way to train learns what the plain way learns: probes of both, several seeds.

    python benchmarks/agreement.py [--seeds N] [--epochs N] [--images N] [--device D] [--readme]

Both ways train the exercise's network on the same part of the training images, from the same initial
weights, for as many epochs: this project's (vicreg.train), and the plain one of training.py, with
torchvision's transforms in a DataLoader, float32. A linear probe learns from the representations of
the images trained on and is tested on half as many other training images: the test set stays
closed. Every run that ended is kept in the JSON file; started again, the command goes on
from there.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import torch
from pipeline import embedded_plainly
from readme import write_table
from torch import Tensor
from training import (
    BATCH,
    Batches,
    LoaderStep,
    Pictures,
    TwoViews,
    models,
    plain_loss,
    plain_transform,
)

from vicreg.data import ImageSet, Splits, load_cifar10
from vicreg.downstream.probe import linear_probe
from vicreg.experiments import VICREG, Experiment
from vicreg.representations import embed
from vicreg.runtime.device import best_device, describe
from vicreg.runtime.speed import PLAIN, Speed
from vicreg.train import train
from vicreg.weights import load_run

HERE = Path(__file__).resolve().parent


def fast(experiment: Experiment, data: Splits, options: argparse.Namespace) -> tuple[Tensor, Tensor]:
    """Representations of both splits after this project's training."""
    device = best_device(options.device)
    speed = Speed(("network",)) if options.compile else PLAIN
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VICREG_WEIGHTS"] = os.environ["VICREG_RUNS"] = folder
        encoder = load_run(train(experiment, data, device, speed=speed)).encoder
    return embed(data.train.images, encoder, device), embed(data.test.images, encoder, device)


def plain(experiment: Experiment, data: Splits, options: argparse.Namespace) -> tuple[Tensor, Tensor]:
    """Representations of both splits after the plain way's training."""
    device = best_device(options.device)
    torch.manual_seed(experiment.seed)  # of the DataLoader and its transforms
    batches = Batches(Pictures(data.train.images, TwoViews(plain_transform())), options.workers)
    encoder, projector, optimizer = models(device, fused=False, experiment=experiment)
    step = LoaderStep(batches, device, plain_loss, (encoder, projector, optimizer))
    for _ in range(experiment.epochs * (len(data.train) // BATCH)):
        step()
    train_y, test_y = (embedded_plainly(split.images, encoder, device) for split in data)
    return train_y, test_y


WAYS = {"this project": fast, "torchvision transforms, DataLoader, float32": plain}


def measure(way: str, seed: int, data: Splits, options: argparse.Namespace) -> dict:
    """Train in one way from one seed, and probe."""
    experiment = replace(VICREG.with_seed(seed), epochs=options.epochs)
    started = time.perf_counter()
    y, y_held_out = WAYS[way](experiment, data, options)
    seconds = time.perf_counter() - started
    probe = linear_probe(y, data.train.labels, y_held_out, data.test.labels, seed=seed)
    return {"way": way, "seed": seed, "accuracy": probe.accuracy, "seconds": seconds}


def parts(n: int) -> Splits:
    """n training images to train on, and half as many others in place of the test set."""
    whole = load_cifar10().train
    order = torch.randperm(len(whole), generator=torch.Generator().manual_seed(0))
    return Splits(part(whole, order[:n]), part(whole, order[n : n + n // 2]))


def part(whole: ImageSet, places: Tensor) -> ImageSet:
    return replace(
        whole,
        images=whole.images[places],
        labels=whole.labels[places],
        fingerprint=f"{whole.fingerprint}, {len(places)} of them",
    )


def main() -> int:
    options = parser().parse_args()
    data = parts(options.images)
    settings = {
        "images": len(data.train), "held_out": len(data.test), "epochs": options.epochs,
        "compile": options.compile, "device": describe(best_device(options.device)),
        **{name: metadata.version(name) for name in ("torch", "torchvision")},
    }  # fmt: skip
    runs = kept_runs(options.json, settings)
    for seed in range(options.seeds):
        for way in WAYS:
            if any((run["way"], run["seed"]) == (way, seed) for run in runs):
                continue
            print(f"{way}, seed {seed}", file=sys.stderr)
            runs.append(measure(way, seed, data, options))
            result = {"runs": runs, "settings": settings, "date": time.strftime("%Y-%m-%d")}
            options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    result = json.loads(options.json.read_text(encoding="utf-8"))
    print(table(result))
    if options.readme:
        write_table(table(result), "agreement")
    return 0


def kept_runs(file: Path, settings: dict) -> list[dict]:
    """The runs of a JSON file, where they were made with these settings."""
    if not file.exists():
        return []
    result = json.loads(file.read_text(encoding="utf-8"))
    return result["runs"] if result["settings"] == settings else []


def table(result: dict) -> str:
    """The result as Markdown."""
    lines = ["| trained by | seeds | probe, held-out images | deviation |", "|:--|--:|--:|--:|"]
    means = []
    for way in WAYS:
        runs = [run for run in result["runs"] if run["way"] == way]
        accuracies = [run["accuracy"] for run in runs]
        means.append(statistics.mean(accuracies))
        deviation = f"{statistics.stdev(accuracies):.1%}" if len(runs) > 1 else ""
        lines.append(f"| {way} | {len(runs)} | {means[-1]:.1%} | {deviation} |")
    told = result["settings"]
    return "\n".join([
        *lines, "",
        f"{told['images']:,} training images, {told['epochs']} epochs, tested on {told['held_out']:,} others; "
        f"the means differ by {100 * abs(means[0] - means[1]):.1f} points. {told['device']}, {result['date']}; "
        f"torch {told['torch']}, torchvision {told['torchvision']}.",
    ])  # fmt: skip


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Probe what the fast and the plain way to train learn.")
    parser.add_argument("--seeds", type=int, default=3, metavar="N")
    parser.add_argument("--epochs", type=int, default=2, metavar="N")
    parser.add_argument("--images", type=int, default=10_000, metavar="N", help="to train on (default: 10,000)")
    parser.add_argument("--device", metavar="D", help="cpu or cuda; default: the best there is")
    parser.add_argument("--compile", action="store_true", help="compile this project's network first")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="of the DataLoader")
    parser.add_argument("--json", type=Path, default=HERE / "agreement.json", metavar="FILE")
    parser.add_argument("--readme", action="store_true", help="put the table into README.md here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
