"""``python -m vicreg list`` and ``check``: which experiments there are, and what their weights are.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import argparse

from ..experiments import EXPERIMENTS, VICREG
from ..runtime.text import printable
from ..settings import SETTINGS, as_text
from ..stored_experiments import other_names, state_of
from .folders import named_weights


def add(commands) -> None:
    commands.add_parser("list", help="list the experiments, and your own, and which of them are trained").set_defaults(
        run=list_experiments
    )
    check = commands.add_parser("check", help="load weights and say what they are")
    check.add_argument("names", nargs="+", metavar="NAME", help="an experiment, or a weights file")
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
        run = load_run(named_weights(name) if name.endswith(".pt") else name)
        values = ((setting, getattr(run.experiment, setting), getattr(VICREG, setting)) for setting in SETTINGS if setting != "epochs")
        own = ", ".join(f"{setting}={as_text(value)}" for setting, value, usual in values if value != usual)
        told = f"{printable(name)}: {run.provenance.in_words()}; trained on {run.provenance.data_name}"
        print(told + (f"; settings that differ from vicreg's: {own}" if own else "; with the settings of vicreg"))
