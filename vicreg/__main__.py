"""The command line: ``python -m vicreg list``, ``data``, ``train``, ``check`` and ``sample``.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .experiments import EXPERIMENTS, VICREG, Experiment, find_experiment
from .runtime.errors import exit_code
from .runtime.paths import data_folder, runs_folder, weights_file, weights_folder
from .runtime.speed import COMPILABLE, Speed
from .weights_header import Header, read_header

if TYPE_CHECKING:
    from .datasets.copies import Copy

ALL = "all"
REMEDY = "set VICREG_DATA to a folder that has it, or let the first command that needs it download it there."


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    commands = {
        "list": list_experiments,
        "data": tell_data,
        "train": train_experiments,
        "check": check_weights,
        "sample": make_sample,
    }
    command = commands[options.command]
    return exit_code(lambda: command(options))


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m vicreg", description="VICReg on CIFAR-10.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="list the experiments and which of them are trained")
    data = commands.add_parser(
        "data", help="tell which copy of the images is at hand, and which weights were trained on it"
    )
    data.add_argument("--data", metavar="DIR", help="default: $VICREG_DATA, else data/")
    data.add_argument("--json", action="store_true", help="CIFAR-10's name and fingerprint, for programs")
    train = commands.add_parser(
        "train", help="train an experiment, or all; goes on from its checkpoint where there is one"
    )
    train.add_argument("name", help="an experiment of 'python -m vicreg list', or 'all'")
    train.add_argument(
        "--epochs", type=int, metavar="N",
        help="default: the experiment's; with 'all', of those that are trained as long as vicreg",
    )  # fmt: skip
    train.add_argument("--seed", type=int, metavar="S", help="default: the experiment's")
    train.add_argument("--batch-size", type=int, metavar="B", help="default: the experiment's")
    train.add_argument(
        "--extend",
        action="store_true",
        help="without a checkpoint, go on from the weights file, with a fresh optimizer",
    )
    train.add_argument(
        "--keep-epochs", type=numbers, default=[], metavar="N,…",
        help="keep the weights after these epochs too, as NAME_epochN",
    )  # fmt: skip
    train.add_argument(
        "--compile", type=parts, nargs="?", const=("network",), default=(), metavar="PART,…",
        help=f"compile these first: {', '.join(COMPILABLE)}; alone, the network; "
        "in half a minute each, and needs a C++ compiler",
    )  # fmt: skip
    train.add_argument("--graph", action="store_true", help="on a GPU, replay each step as a CUDA graph")
    train.add_argument(
        "--tune", action="store_true", help="on a GPU, try the algorithms for each convolution first"
    )
    train.add_argument("--device", metavar="D", help="cpu or cuda; default: the best there is")
    train.add_argument("--data", metavar="DIR", help="default: $VICREG_DATA, else data/")
    check = commands.add_parser("check", help="load weights and say what they are")
    check.add_argument("names", nargs="+", metavar="NAME", help="an experiment")
    sample = commands.add_parser(
        "sample", help="write a small part of the images to a folder, for VICREG_DATA to name"
    )
    sample.add_argument("folder", type=Path)
    for option, count, what in (("--train", 60, "a class"), ("--test", 30, "a class"), ("--digits", 300, "in all")):
        sample.add_argument(option, type=int, default=count, metavar="N", help=f"{what} (default: {count})")
    return parser.parse_args(arguments)


def numbers(text: str) -> list[int]:
    """Numbers as an option gives them: "1,3,10"."""
    return [int(number) for number in text.split(",")]


def parts(text: str) -> tuple[str, ...]:
    """What to compile as an option gives it: "network,views"."""
    named = tuple(text.split(","))
    if not set(named) <= set(COMPILABLE):
        raise argparse.ArgumentTypeError(f"{text!r} is not of {', '.join(COMPILABLE)}")
    return named


def list_experiments(options: argparse.Namespace) -> None:
    for name, experiment in EXPERIMENTS.items():
        path = weights_file(name)
        header = read_header(path) if path.exists() else None
        state = "trained" if header else "damaged" if path.exists() else "not trained"
        epochs = header.epochs if header else experiment.epochs
        unit = "epoch" if epochs == 1 else "epochs"
        print(f"{name:28} {state:12} {epochs:3} {unit:6}  {experiment.description}")


def tell_data(options: argparse.Namespace) -> None:
    from .datasets.copies import copy_at_hand  # numpy

    root = Path(options.data).expanduser() if options.data else data_folder()
    copy = copy_at_hand(root)
    if options.json:
        print(json.dumps({"name": copy.name, "fingerprint": copy.fingerprint} if copy else None))
        return
    if copy:
        counts = " and ".join(f"{n:,} {split}" for split, n in copy.counts.items())
        print(f"CIFAR-10 in {copy.source}: {copy.name}")
        print(f"    {counts} images, {copy.order}; sha256 {copy.fingerprint}")
    else:
        print(f"There is no CIFAR-10 in {root}; {REMEDY}")
    tell_digits(root)
    for path in sorted(weights_folder().glob("*.pt")):
        print(f"{path}: {trained_on(read_header(path), copy)}")


def tell_digits(root: Path) -> None:
    from .datasets.mnist import look_for_mnist

    files = look_for_mnist(root)
    if None in files:
        print(f"There is no MNIST test set in {root}; {REMEDY}")
        return
    from .digits import load_mnist_test  # heavy

    digits = load_mnist_test(root)
    print(f"MNIST test set in {files[0].parent}: {len(digits):,} images; sha256 {digits.fingerprint}")


def trained_on(header: Header | None, copy: 'Copy | None') -> str:
    """Which images weights were trained on, beside those at hand."""
    if header is None:
        return "damaged, or not a weights file of this project; restore it"
    trained = f"{header.epochs} epoch{'s' * (header.epochs != 1)}"
    images = f"{header.data_name}, sha256 {header.data_fingerprint[:12]}…"
    if copy is None:
        return f"{trained} on {images}"
    same = header.data_fingerprint == copy.fingerprint
    return f"{trained} on this copy" if same else f"{trained} on another copy: {images}"


def check_weights(options: argparse.Namespace) -> None:
    from .weights import load_run  # heavy

    for name in options.names:
        run = load_run(name)
        print(f"{name}: {run.provenance.in_words()}; trained on {run.provenance.data_name}")


def make_sample(options: argparse.Namespace) -> None:
    from .subset import write_sample  # heavy

    write_sample(options.folder, options.train, options.test, options.digits)
    print(f"The sample is in {options.folder}; use it with VICREG_DATA={options.folder}")


def chosen_experiment(options: argparse.Namespace, name: str | None = None) -> Experiment:
    """The experiment that the options name, or another by its name, with their settings."""
    experiment = find_experiment(name or options.name)
    if options.seed is not None:
        experiment = experiment.with_seed(options.seed)
    epochs = options.epochs
    if options.name == ALL and experiment.epochs != VICREG.epochs:
        epochs = None  # an experiment of one epoch stays one
    given = {"epochs": epochs, "batch_size": options.batch_size}
    return replace(experiment, **{k: v for k, v in given.items() if v is not None})


def train_experiments(options: argparse.Namespace) -> int:
    """Train the experiment that the options name, or all of them."""
    names = EXPERIMENTS if options.name == ALL else [options.name]
    experiments = [chosen_experiment(options, name) for name in names]
    current = experiments[0]
    try:
        # Heavy, and not needed to list or to refuse a wrong name.
        from .data import load_cifar10
        from .fitting_batch import train_or_advise
        from .runtime.device import best_device, describe
        from .runtime.distributed import join_workers, leave_workers
        from .train_all import table, train_series

        workers, device = join_workers(best_device(options.device))
        data = load_cifar10(options.data)
        speed = Speed(options.compile, options.graph, options.tune)
        outcomes = {}

        def train(experiment: Experiment) -> None:
            nonlocal current
            current = experiment
            if workers.chief:
                epochs = f"{experiment.epochs} epoch{'s' * (experiment.epochs != 1)}"
                shared = f", {workers.size} processes" if workers.size > 1 else ""
                print(
                    f"{experiment.name}: {epochs} of {data.train.name} on "
                    f"{describe(device)}{shared}",
                    flush=True,
                )
            path = train_or_advise(
                experiment, data, device, extend=options.extend, workers=workers, speed=speed,
                keep_epochs=[n for n in options.keep_epochs if options.name != ALL or n <= experiment.epochs],
            )  # fmt: skip
            if workers.chief:
                print(f"The weights are in {path}.", flush=True)

        if options.name == ALL:
            outcomes = train_series(experiments, data, train, go_on=workers.size == 1)
            if workers.chief:
                print("\n" + table(outcomes, len(data.train)))
        else:
            train(current)
        leave_workers()
    except KeyboardInterrupt:
        checkpoint = runs_folder() / f"{current.name}.checkpoint.pt"
        kept = (
            f"{checkpoint} is kept. The same command goes on from there."
            if checkpoint.exists()
            else "no epoch was finished. The same command starts anew."
        )
        print(f"\nInterrupted; {kept}", file=sys.stderr)
        return 130
    return 1 if "failed" in outcomes.values() else 0


if __name__ == "__main__":
    sys.exit(main())
