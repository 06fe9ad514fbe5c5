"""The command line: ``python -m vicreg list``, ``train``, ``check`` and ``sample``.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from .errors import exit_code
from .experiments import EXPERIMENTS, Experiment, find_experiment
from .storage import runs_folder, weights_folder


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    if options.command == "list":
        return list_experiments()
    commands = {"train": train_experiment, "check": check_weights, "sample": make_sample}
    command = commands[options.command]
    return exit_code(lambda: command(options))


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m vicreg", description="VICReg on CIFAR-10.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="list the experiments and which of them are trained")
    train = commands.add_parser(
        "train", help="train an experiment; goes on from its checkpoint where there is one"
    )
    train.add_argument("name", help="an experiment of 'python -m vicreg list'")
    train.add_argument("--epochs", type=int, metavar="N", help="default: the experiment's")
    train.add_argument("--seed", type=int, metavar="S", help="default: the experiment's")
    train.add_argument("--batch-size", type=int, metavar="B", help="default: the experiment's")
    train.add_argument(
        "--extend",
        action="store_true",
        help="without a checkpoint, go on from the weights file, with a fresh optimizer",
    )
    train.add_argument(
        "--compile",
        action="store_true",
        help="compile the network first, in half a minute; needs a C++ compiler",
    )
    train.add_argument("--device", metavar="D", help="cpu or cuda; default: the best there is")
    train.add_argument("--data", metavar="DIR", help="default: $VICREG_DATA, else data/")
    check = commands.add_parser("check", help="load weights and say what they are")
    check.add_argument("names", nargs="+", metavar="NAME", help="an experiment")
    sample = commands.add_parser(
        "sample", help="write a small part of the images to a folder, for VICREG_DATA to name"
    )
    sample.add_argument("folder", type=Path)
    sample.add_argument("--train", type=int, default=60, metavar="N", help="a class (default: 60)")
    sample.add_argument("--test", type=int, default=30, metavar="N", help="a class (default: 30)")
    return parser.parse_args(arguments)


def list_experiments() -> int:
    for name, experiment in EXPERIMENTS.items():
        trained = (weights_folder() / f"{name}.pt").exists()
        state = "trained" if trained else "not trained"
        print(f"{name:28} {state:12} {experiment.epochs:3} epochs  {experiment.description}")
    return 0


def check_weights(options: argparse.Namespace) -> None:
    from .weights import load_run  # heavy

    for name in options.names:
        run = load_run(name)
        print(f"{name}: {run.provenance.in_words()}; trained on {run.provenance.data_name}")


def make_sample(options: argparse.Namespace) -> None:
    from .sample import write_sample  # heavy

    write_sample(options.folder, options.train, options.test)
    print(f"The sample is in {options.folder}; use it with VICREG_DATA={options.folder}")


def chosen_experiment(options: argparse.Namespace) -> Experiment:
    experiment = find_experiment(options.name)
    if options.seed is not None:
        experiment = experiment.with_seed(options.seed)
    given = {"epochs": options.epochs, "batch_size": options.batch_size}
    return replace(experiment, **{k: v for k, v in given.items() if v is not None})


def train_experiment(options: argparse.Namespace) -> int:
    experiment = chosen_experiment(options)
    try:
        # Heavy, and not needed to list or to refuse a wrong name.
        from .data import load_cifar10
        from .device import best_device, describe
        from .trial import train_or_advise
        from .workers import join_workers, leave_workers

        workers, device = join_workers(best_device(options.device))
        data = load_cifar10(options.data)
        if workers.chief:
            shared = f", {workers.size} processes" if workers.size > 1 else ""
            print(
                f"{experiment.name}: {experiment.epochs} epochs of {data.train.name} on "
                f"{describe(device)}{shared}"
            )
        path = train_or_advise(
            experiment, data, device, options.extend, workers, options.compile
        )
        leave_workers()
    except KeyboardInterrupt:
        checkpoint = runs_folder() / f"{experiment.name}.checkpoint.pt"
        kept = (
            f"{checkpoint} is kept. The same command goes on from there."
            if checkpoint.exists()
            else "no epoch was finished. The same command starts anew."
        )
        print(f"\nInterrupted; {kept}", file=sys.stderr)
        return 130
    if workers.chief:
        print(f"The weights are in {path}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
