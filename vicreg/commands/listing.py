"""``python -m vicreg list`` and ``check``: which experiments there are, and what their weights are.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import argparse

from ..experiments import EXPERIMENTS
from ..runtime.paths import weights_file
from ..weights_header import read_header


def add(commands) -> None:
    commands.add_parser("list", help="list the experiments and which of them are trained").set_defaults(
        run=list_experiments
    )
    check = commands.add_parser("check", help="load weights and say what they are")
    check.add_argument("names", nargs="+", metavar="NAME", help="an experiment")
    check.set_defaults(run=check_weights)


def list_experiments(options: argparse.Namespace) -> None:
    for name, experiment in EXPERIMENTS.items():
        path = weights_file(name)
        header = read_header(path) if path.exists() else None
        state = "trained" if header else "damaged" if path.exists() else "not trained"
        epochs = header.epochs if header else experiment.epochs
        unit = "epoch" if epochs == 1 else "epochs"
        print(f"{name:28} {state:12} {epochs:3} {unit:6}  {experiment.description}")


def check_weights(options: argparse.Namespace) -> None:
    from ..weights import load_run  # heavy

    for name in options.names:
        run = load_run(name)
        print(f"{name}: {run.provenance.in_words()}; trained on {run.provenance.data_name}")
