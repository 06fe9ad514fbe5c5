"""``python -m vicreg list`` and ``check``: which experiments there are, and what their weights are.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import argparse

from ..experiments import EXPERIMENTS
from ..runtime.text import printable
from ..stored_experiments import other_names, state_of


def add(commands) -> None:
    commands.add_parser("list", help="list the experiments, and your own, and which of them are trained").set_defaults(
        run=list_experiments
    )
    check = commands.add_parser("check", help="load weights and say what they are")
    check.add_argument("names", nargs="+", metavar="NAME", help="an experiment")
    check.set_defaults(run=check_weights)


def list_experiments(options: argparse.Namespace) -> None:
    for name in [*EXPERIMENTS, *other_names()]:
        _, state, epochs, description = state_of(name)
        unit = "epoch" if epochs == 1 else "epochs"
        trained = " " * 10 if epochs is None else f"{epochs:3} {unit:6}"
        print(printable(f"{name:28} {state:12} {trained}  {description}"))


def check_weights(options: argparse.Namespace) -> None:
    from ..weights import load_run  # heavy

    for name in options.names:
        run = load_run(name)
        print(f"{name}: {run.provenance.in_words()}; trained on {run.provenance.data_name}")
