"""What pre-training gives: by epoch, by seed, and by the weights of the loss.

    python benchmarks/pretraining.py measure [NAME…] [--weights-folder DIR] [--force] [--readme]
    python benchmarks/pretraining.py weights --epochs N [--seed S] [--device D] [--graph] [--tune] [--compile PARTS]
                                       [--weights-folder DIR] [--readme]

`measure` takes weights files as `python -m vicreg train` writes them, by name: vicreg, vicreg_epoch3,
vicreg_seed1_epoch3, …; without names, all that are there but codes, which only training images have.
Each is judged by a linear probe, by anomaly detection, by the classes of near and far images, by its
clusters and by what it keeps of colours and views: some three minutes on two cores, most of them for
embedding.

`weights` trains the exercise's VICReg for N epochs, with its weights of the loss and with each of them
halved and doubled, seven runs in all, and measures them. An epoch takes seconds on a GPU and minutes
on two cores. Whatever was trained or measured is kept and not done again, so the same command goes on
where it was stopped.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import argparse
import json
import os
import re
import statistics
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from readme import write_table
from training import version

from vicreg.commands.train import add_speed, speed_of
from vicreg.data import ImageSet, Splits, load_cifar10
from vicreg.digits import load_mnist_test
from vicreg.downstream.anomaly import anomaly_scores_by_k, roc, roc_without
from vicreg.downstream.appearance import mean_colour
from vicreg.downstream.clustering import cluster, silhouette
from vicreg.downstream.invariance import displacements
from vicreg.downstream.probe import linear_probe, read_linearly
from vicreg.downstream.retrieval import k_occurrences, neighbour_classes, others_farther
from vicreg.experiments import EXPERIMENTS, VICREG, Experiment
from vicreg.representations import representations
from vicreg.runtime.atomic import write_atomically
from vicreg.runtime.device import best_device, describe
from vicreg.runtime.errors import VICRegError, exit_code, reason
from vicreg.runtime.paths import weights_file, weights_folder
from vicreg.runtime.speed import PLAIN, Speed
from vicreg.train import train
from vicreg.train_all import is_trained, train_series
from vicreg.weights import Run, fingerprint_of, load_run
from vicreg.weights_header import read_header

FILE = Path(__file__).resolve().with_suffix(".json")
PROBE_SEEDS = (0, 1, 2)
FEW, MANY = 2, 100  # neighbours, k of Eq. 7: the exercise's, and as many as the report looks at
HUBS = 10  # training images that are most often among the FEW nearest of a digit
NEAREST = 5  # other training images, whose classes are counted
SOME = 1000  # images, drawn with seed 0, where not all are compared
OBJECTIVES = ("test_invariance", "test_variance", "test_covariance")  # after the last epoch, unweighted
GREEK = {"lambda": "invariance_weight", "mu": "variance_weight", "nu": "covariance_weight"}
FACTORS = {"half": 0.5, "double": 2.0}
HEAD = ("experiment", "seed", "epochs", "λ", "μ", "ν", "linear probe")
# What is measured beside the probe: the key in a row, the heading and the format in the table.
FIGURES = {
    f"auc_k{FEW}": (f"AUC, k = {FEW}", "{:.3f}"),
    f"auc_k{MANY}": (f"AUC, k = {MANY}", "{:.3f}"),
    f"auc_k{FEW}_without_hubs": (f"k = {FEW} without {HUBS} hubs", "{:.3f}"),
    "same_class_neighbours": (f"{NEAREST} nearest of the same class", "{:.1%}"),
    "other_class_farther": ("other class farther", "{:.1%}"),
    "silhouette": ("silhouette", "{:.3f}"),
    "colour_r2": ("colour, R²", "{:.2f}"),
    "moved": ("moved by T", "{:.2f}"),
}


class Measured(NamedTuple):
    """The images that weights are measured on."""

    data: Splits
    digits: ImageSet

    @property
    def fingerprints(self) -> list[str]:
        return [self.data.fingerprint, self.digits.fingerprint]


# What is measured ----------------------------------------------------------------------------------


def figures(run: Run, images: Measured, device: torch.device) -> dict[str, float]:
    """The probe's accuracy over :data:`PROBE_SEEDS`, mean and deviation, and what :data:`FIGURES` lists."""
    (train_set, test_set), digits = images
    y, test_y, digits_y = (representations(run, split, device) for split in (train_set, test_set, digits))
    labels = train_set.labels
    probes = [linear_probe(y, labels, test_y, test_set.labels, seed).accuracy for seed in PROBE_SEEDS]
    normal, anomalous = (anomaly_scores_by_k(of, y, MANY) for of in (test_y, digits_y))
    hubs = k_occurrences(digits_y, y, FEW).topk(HUBS).indices
    colours, test_colours = (mean_colour(split.images) for split in images.data)
    return {
        "probe_mean": statistics.mean(probes),
        "probe_deviation": statistics.stdev(probes),
        **{f"auc_k{k}": roc(normal[:, k - 1], anomalous[:, k - 1]).auc for k in (FEW, MANY)},
        f"auc_k{FEW}_without_hubs": roc_without(hubs, test_y, digits_y, y, FEW).auc,
        "same_class_neighbours": neighbour_classes(y, labels, NEAREST).diagonal().mean().item(),
        "other_class_farther": others_farther(y, labels, some_of(len(labels))),
        "silhouette": silhouette(y, cluster(y).clusters),
        "colour_r2": read_linearly(y, colours, test_y, test_colours),
        "moved": displacements(test_set.images[some_of(len(test_set))], run.encoder, device=device)["all of T"],
    }


def some_of(n: int) -> torch.Tensor:
    """The indices of the same random images of n every time, int64, (min(n, 1000),)."""
    return torch.randperm(n, generator=torch.Generator().manual_seed(0))[:SOME]


def row_of(run: Run, images: Measured, device: torch.device) -> dict:
    """What weights are, what they were trained and measured on, and :func:`figures`.

    Raises: VICRegError for codes.
    """
    experiment, origin = run.experiment, run.provenance
    if experiment.latent:
        raise VICRegError(f"{run.name} has codes of the training images, and no other image has one: leave it out.")
    return {
        "experiment": base_name(run.name), "seed": experiment.seed, "epochs": experiment.epochs,
        **{field: getattr(experiment, field) for field in GREEK.values()},
        "weights_fingerprint": run.fingerprint[:12], "trained_on": origin.data_name, "trained_by": origin.in_words(),
        **dict(zip(OBJECTIVES, run.history.test[-1].tolist(), strict=True)),
        "measured_on": images.data.train.name, "measured_fingerprints": images.fingerprints,
        "measured_by": describe(device), **figures(run, images, device),
    }  # fmt: skip


def base_name(name: str) -> str:
    """The experiment that weights are of: "vicreg" of "vicreg_seed1_epoch3"."""
    return re.sub(r"(_seed\d+)?(_epoch\d+)?$", "", name)


def names_there() -> list[str]:
    """The names of all weights in the folder but codes.

    Raises: VICRegError when there are none.
    """
    codes = {experiment.name for experiment in EXPERIMENTS.values() if experiment.latent}
    names = sorted(path.stem for path in weights_folder().glob("*.pt") if base_name(path.stem) not in codes)
    if not names:
        raise VICRegError(f"There are no weights in {weights_folder()}; train some: python -m vicreg train vicreg")
    return names


def measure(
    names: Iterable[str], images: Measured, device: torch.device, file: Path = FILE, force: bool = False
) -> list[str]:
    """Measure weights that are not measured yet, keep each row, and return the names that failed."""
    failed = []
    for name in names:
        try:
            row = rows(file).get(name)
            if force or row is None or not stands(row, name, images):
                print(f"measuring: {name}", file=sys.stderr, flush=True)
                keep(name, row_of(load_run(name), images, device), device, file)
        except VICRegError as error:  # the others can be measured all the same
            print(f"error: {error}", file=sys.stderr)
            failed.append(name)
    return failed


def stands(row: dict, name: str, images: Measured) -> bool:
    """Whether a row tells all of the weights that are there now, on these images."""
    now = fingerprint_of(name)[:12], images.fingerprints
    return row.keys() >= FIGURES.keys() and (row["weights_fingerprint"], row["measured_fingerprints"]) == now


# What is kept --------------------------------------------------------------------------------------


def rows(file: Path = FILE) -> dict[str, dict]:
    """What was measured, by the names of weights, in the order of experiment, seed and epochs.

    Raises: VICRegError when the file is not what :func:`keep` writes.
    """
    if not file.exists():
        return {}
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))["rows"]
        key = {name: (row["experiment"], row["seed"], row["epochs"]) for name, row in stored.items()}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise VICRegError(f"{file} is damaged ({reason(error)}); delete it to measure anew.") from error
    return {name: stored[name] for name in sorted(stored, key=key.get)}


def keep(name: str, row: dict, device: torch.device, file: Path = FILE) -> None:
    """Put a row in the file, among those of other weights."""
    told = {
        "machine": {"device": describe(device), "date": time.strftime("%Y-%m-%d")},
        "versions": {of: version(of) for of in ("torch", "torchvision", "scikit-learn", "faiss-cpu")},
        "rows": {**rows(file), name: row},
    }
    write_atomically(file, lambda path: path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8"))


def table(file: Path = FILE) -> str:
    """What was measured as Markdown."""
    measured = rows(file)
    told = json.loads(file.read_text(encoding="utf-8"))
    head = [*HEAD, *(heading for heading, _ in FIGURES.values())]
    lines = [f"| {' | '.join(head)} |", f"|:--|{'--:|' * (len(head) - 1)}"]
    lines += [f"| {' | '.join(cells(row))} |" for row in measured.values()]
    trained, by = ("; ".join(sorted({row[key] for row in measured.values()})) for key in ("trained_on", "measured_by"))
    on = "; ".join(sorted({row["measured_on"] for row in measured.values()}))
    versions = ", ".join(f"{name} {number}" for name, number in told["versions"].items())
    return "\n".join([
        *lines, "",
        f"Trained on {trained}; measured on {on}, by {by}, {told['machine']['date']}; {versions}. "
        f"Probes: mean and deviation of {len(PROBE_SEEDS)} seeds.",
    ])  # fmt: skip


def cells(row: dict) -> list[str]:
    return [
        row["experiment"], str(row["seed"]), str(row["epochs"]), *(f"{row[field]:g}" for field in GREEK.values()),
        f"{row['probe_mean']:.1%} ± {row['probe_deviation']:.2%}",
        *(form.format(row[key]) if key in row else "–" for key, (_, form) in FIGURES.items()),
    ]  # fmt: skip


# What is trained -----------------------------------------------------------------------------------


def weightings(epochs: int, seed: int = 0) -> list[Experiment]:
    """The exercise's VICReg with one of the loss's weights halved or doubled, of so many epochs."""
    return [
        replace(
            VICREG,
            name=f"{VICREG.name}_{much}_{letter}",
            description=f"{VICREG.name} with {much} the weight {letter}",
            **{field: getattr(VICREG, field) * factor},
        ).with_seed(seed).after(epochs)
        for letter, field in GREEK.items()
        for much, factor in FACTORS.items()
    ]


def itself(epochs: int, data: Splits, seed: int = 0) -> Experiment:
    """VICReg of so many epochs: under its own name where those weights are there, else under one that says how many."""
    whole = replace(VICREG, epochs=epochs).with_seed(seed)
    if is_trained(whole, data) and read_header(weights_file(whole.name)).epochs == epochs:
        return whole
    return VICREG.with_seed(seed).after(epochs)


def train_weightings(
    epochs: int, data: Splits, device: torch.device, seed: int = 0, speed: Speed = PLAIN
) -> dict[str, str]:
    """Train what is not trained yet, and tell what came of each, as :func:`train_series` does."""
    experiments = [itself(epochs, data, seed), *weightings(epochs, seed)]
    return train_series(experiments, data, partial(train, data=data, device=device, speed=speed))


# The command ---------------------------------------------------------------------------------------


def main() -> int:
    options = parser().parse_args()
    return exit_code(lambda: carry_out(options))


def carry_out(options: argparse.Namespace) -> int:
    """Do what the options say, and tell all that is measured; 1 where something failed."""
    if options.weights_folder:
        os.environ["VICREG_WEIGHTS"] = str(options.weights_folder)
    device = best_device(options.device)
    images = Measured(load_cifar10(options.data), load_mnist_test(options.data))
    outcomes = {}
    if options.command == "weights":
        outcomes = train_weightings(options.epochs, images.data, device, options.seed, speed_of(options))
        names = [name for name, outcome in outcomes.items() if outcome != "failed"]
    else:
        names = options.names or names_there()
    failed = measure(names, images, device, options.json, options.force)
    if rows(options.json):
        print(table(options.json))
        if options.readme:
            write_table(table(options.json), "pretraining")
    return 1 if failed or "failed" in outcomes.values() else 0


def parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--weights-folder", type=Path, metavar="DIR", help="default: $VICREG_WEIGHTS, else weights/")
    shared.add_argument("--data", metavar="DIR", help="default: $VICREG_DATA, else data/")
    shared.add_argument("--device", metavar="D", help="cpu or cuda; default: the best there is")
    shared.add_argument("--force", action="store_true", help="measure again what is measured already")
    shared.add_argument("--json", type=Path, default=FILE, metavar="FILE")
    shared.add_argument("--readme", action="store_true", help="put the table into README.md here")
    parser = argparse.ArgumentParser(description="Measure what pre-training gives.")
    commands = parser.add_subparsers(dest="command", required=True)
    measured = commands.add_parser("measure", parents=[shared], help="measure weights that are there")
    measured.add_argument("names", nargs="*", metavar="NAME", help="default: all in the folder but codes")
    weights = commands.add_parser("weights", parents=[shared], help="train with other weights of the loss, and measure")
    weights.add_argument("--epochs", type=int, required=True, metavar="N")
    weights.add_argument("--seed", type=int, default=VICREG.seed, metavar="S")
    add_speed(weights)
    return parser


if __name__ == "__main__":
    sys.exit(main())
