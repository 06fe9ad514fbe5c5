"""``python -m vicreg train``: an experiment, or all of them.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ..datasets.folder import Folder
from ..datasets.kinds import find_images
from ..experiments import EXPERIMENTS, VICREG, Experiment, check_ranges, parts_of
from ..runtime.atomic import megabytes
from ..runtime.errors import VICRegError
from ..runtime.paths import checkpoint_file
from ..runtime.speed import COMPILABLE, Speed
from ..settings import own_experiment
from ..stored_experiments import find_experiment, trained
from .folders import path

if TYPE_CHECKING:
    from ..data import Splits

ALL = "all"
SHORTCUTS = ("seed", "epochs", "batch_size", "side")  # settings with options of their own


def add(commands) -> None:
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
    train.add_argument("--side", type=int, metavar="S", help="of images, in pixels; default: the experiment's")
    train.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", dest="settings",
        help="another value of any setting of the experiment, such as variance_weight=5; needs --as",
    )  # fmt: skip
    train.add_argument("--as", metavar="NAME", dest="own_name", help="train it under a name of your own")
    train.add_argument(
        "--extend",
        action="store_true",
        help="without a checkpoint, go on from the weights file, with a fresh optimizer",
    )
    train.add_argument("--anew", action="store_true", help="start from random weights, whatever checkpoint there is")
    train.add_argument(
        "--replace", action="store_true", dest="replace_weights",
        help="replace weights of other images, of other settings or of more epochs too",
    )  # fmt: skip
    train.add_argument(
        "--keep-epochs", type=numbers, default=[], metavar="N,…",
        help="keep the weights after these epochs too, as NAME_epochN",
    )  # fmt: skip
    add_speed(train)
    train.add_argument(
        "--log", type=path, metavar="DIR", help="write events for TensorBoard to DIR/NAME, for 'tensorboard --logdir DIR'"
    )
    train.add_argument(
        "--probe-every", type=int, default=0, metavar="N",
        help="with --log, also a linear probe's accuracy after every N epochs and the last",
    )  # fmt: skip
    train.add_argument("--device", metavar="D", help="cpu or cuda; default: the best there is")
    train.add_argument(
        "--data", type=path, metavar="DIR",
        help="a copy of CIFAR-10, or any folder of JPEG, PNG or WebP pictures; default: $VICREG_DATA, else data/",
    )  # fmt: skip
    train.add_argument("--strict", action="store_true", help="refuse a folder with a picture that cannot be read")
    train.set_defaults(run=train_experiments)


def add_speed(parser: argparse.ArgumentParser) -> None:
    """The options that make steps faster, which :func:`speed_of` reads."""
    parser.add_argument(
        "--compile", type=parts, nargs="?", const=("network",), default=(), metavar="PART,…",
        help=f"compile these first: {', '.join(COMPILABLE)}; alone, the network; "
        "in half a minute each, and needs a C++ compiler",
    )  # fmt: skip
    parser.add_argument("--graph", action="store_true", help="on a GPU, replay each step as a CUDA graph")
    parser.add_argument(
        "--tune", action="store_true", help="on a GPU, try the algorithms for each convolution first"
    )


def speed_of(options: argparse.Namespace) -> Speed:
    return Speed(options.compile, options.graph, options.tune)


def numbers(text: str) -> list[int]:
    """Numbers as an option gives them: "1,3,10"."""
    return [int(number) for number in text.split(",")]


def parts(text: str) -> tuple[str, ...]:
    """What to compile as an option gives it: "network,views"."""
    named = tuple(text.split(","))
    if not set(named) <= set(COMPILABLE):
        raise argparse.ArgumentTypeError(f"{text!r} is not of {', '.join(COMPILABLE)}")
    return named


def chosen_experiment(options: argparse.Namespace, name: str | None = None) -> Experiment:
    """The experiment that the options name, or another by its name, with their settings."""
    experiment = find_experiment(name or options.name)
    given = {name: value for name in SHORTCUTS if (value := getattr(options, name)) is not None}
    if options.settings or options.own_name is not None:
        return own_experiment(experiment, options.own_name, options.settings, given)
    if parts_of(experiment.name)[2] is not None:
        run = experiment.name.rpartition("_epoch")[0]
        raise VICRegError(f"{experiment.name} is {run} on its way; train {run}, or add --as NAME to turn off there.")
    if options.name == ALL and experiment.epochs != VICREG.epochs:
        given.pop("epochs", None)  # an experiment of one epoch stays one
    experiment = replace(experiment.with_seed(given.pop("seed", experiment.seed)), **given)
    check_ranges(experiment)
    return experiment


def own_pictures(options: argparse.Namespace) -> Folder | None:
    """The folder of pictures to train on, None for CIFAR-10, whose the built-in names are.

    Raises: VICRegError where a built-in name would become that of other images' weights.
    """
    folder = find_images(options.data)
    built_in = parts_of(options.name)[0] in EXPERIMENTS
    if folder is not None and options.name == ALL:
        raise VICRegError(f"'all' are the report's experiments, on CIFAR-10; for {folder.root} name one of them, and add --as NAME.")
    if folder is None and options.data is None and not built_in:
        header = trained(options.name)
        if header and not header.data_name.startswith("CIFAR-10"):
            raise VICRegError(f"{options.name} was trained on {header.data_name}; name their folder with --data.")
    if folder is not None and built_in and options.own_name is None:
        raise VICRegError(
            f"{folder.root} is not CIFAR-10, whose weights {options.name!r} are; add --as NAME, a name for those of your pictures."
        )
    return folder


def tell_cost(data: Splits, experiment: Experiment) -> None:
    """Say what memory pictures take, and what a step may cost at their side."""
    size, side = sum(split.images.nbytes for split in data), experiment.side
    told = f"{data.train.name}: {len(data.train):,} to train on and {len(data.test):,} to watch, {side}x{side}, {megabytes(size)} of memory"
    longer = (side / VICREG.side) ** 2
    print(told + ("" if side == VICREG.side else f"; a step takes up to {longer:.1f} times the time and memory of {VICREG.side}x{VICREG.side}"))


def kept_epochs(options: argparse.Namespace, experiment: Experiment) -> list[int]:
    """After which epochs an experiment's weights are kept too; of all experiments, those that have so many."""
    return [epochs for epochs in options.keep_epochs if options.name != ALL or epochs <= experiment.epochs]


def train_experiments(options: argparse.Namespace) -> int:
    """Train the experiment that the options name, or all of them."""
    if options.name == ALL and (options.settings or options.own_name is not None or options.anew):
        raise VICRegError("--set, --as and --anew are of one experiment; name it in place of 'all'.")
    if options.anew and options.extend:
        raise VICRegError("--anew starts from random weights, and --extend goes on from trained ones; give one of the two.")
    names = EXPERIMENTS if options.name == ALL else [options.name]
    experiments = [chosen_experiment(options, name) for name in names]
    current, began = experiments[0], time.time()
    folder = own_pictures(options)
    try:
        # Heavy, and not needed to list or to refuse a wrong name.
        from ..data import load_cifar10
        from ..fitting_batch import train_or_advise
        from ..folder_images import load_folder
        from ..runtime.device import best_device
        from ..runtime.distributed import join_workers, leave_workers
        from ..train import check_settings
        from ..train_all import table, train_series

        workers, device = join_workers(best_device(options.device))
        speed = speed_of(options)
        for experiment in experiments:
            check_settings(experiment, device, workers, speed, kept_epochs(options, experiment))
        data = load_cifar10(options.data) if folder is None else load_folder(folder, current.side, options.strict, current.batch_size)
        if folder is not None and workers.chief:
            tell_cost(data, current)
        outcomes = {}

        def train(experiment: Experiment) -> None:
            nonlocal current
            current = experiment
            weights = train_or_advise(
                experiment, data, device, extend=options.extend, workers=workers, speed=speed,
                keep_epochs=kept_epochs(options, experiment),
                log=options.log, probe_every=options.probe_every, anew=options.anew, replace_weights=options.replace_weights,
            )  # fmt: skip
            if workers.chief:
                print(f"The weights are in {weights}.", flush=True)
                if (kept := checkpoint_file(experiment.name)).exists():
                    size = megabytes(kept.stat().st_size)
                    print(f"The checkpoint {kept}, {size}, lets a larger --epochs continue from here; otherwise you can delete it.")

        if options.name == ALL:
            outcomes = train_series(experiments, data, train, go_on=workers.size == 1)
            if workers.chief:
                print("\n" + table(outcomes, len(data.train)))
        else:
            train(current)
        leave_workers()
    except KeyboardInterrupt:
        checkpoint = checkpoint_file(current.name)
        kept = (
            f"{checkpoint} is kept. The same command{', without --anew,' * options.anew} goes on from there."
            if checkpoint.exists() and not (options.anew and checkpoint.stat().st_mtime < began)
            else "no epoch was finished. The same command starts anew."
        )
        print(f"\nInterrupted; {kept}", file=sys.stderr)
        return 130
    return 1 if "failed" in outcomes.values() else 0
