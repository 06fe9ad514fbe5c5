"""Training every experiment, each after those whose weights it needs, and what came of it.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace

from .data import Splits
from .experiments import Experiment
from .runtime.errors import VICRegError
from .step import Unrecordable
from .weights import Run, fingerprint_of, load_run

HEADER = ("experiment", "", "epochs", "s/epoch", "images/s", "invariance", "variance", "covariance")


def in_order(experiments: Iterable[Experiment]) -> list[Experiment]:
    """Experiments, each after the one that says which images are its neighbours."""
    waiting, ordered = list(experiments), []
    names = {experiment.name for experiment in waiting}
    while waiting:
        ready = next(e for e in waiting if e.neighbours_of not in names - {done.name for done in ordered})
        waiting.remove(ready)
        ordered.append(ready)
    return ordered


def train_series(
    experiments: Iterable[Experiment],
    data: Splits,
    train: Callable[[Experiment], object],
    go_on: bool = True,
) -> dict[str, str]:
    """Train experiments that are not trained yet. One that fails holds up only those that need it.

    Parameters: train, which trains one and writes its weights file; go_on, whether a failure is
    told of and the others are trained, which several processes could not agree on.
    Returns: what came of each, by its name: "trained", "was trained" or "failed".
    Raises: the failure itself, without go_on, or where a step could not be recorded.
    """
    outcomes: dict[str, str] = {}
    for experiment in in_order(experiments):
        needed = experiment.neighbours_of
        if outcomes.get(needed) == "failed":
            print(f"{experiment.name} is not trained, for it needs {needed}.", file=sys.stderr)
            outcomes[experiment.name] = "failed"
        elif is_trained(experiment, data):
            outcomes[experiment.name] = "was trained"
        else:
            try:
                train(experiment)
                outcomes[experiment.name] = "trained"
            except (VICRegError, ValueError) as error:
                if not go_on or isinstance(error, Unrecordable):
                    raise
                print(f"error: {experiment.name}: {error}", file=sys.stderr)
                outcomes[experiment.name] = "failed"
    return outcomes


def is_trained(experiment: Experiment, data: Splits) -> bool:
    """Whether weights of just this experiment are there, of these images and at least as many epochs."""
    try:
        run = load_run(experiment.name)
        neighbours_by = experiment.neighbours_of and fingerprint_of(experiment.neighbours_of)
    except VICRegError:
        return False
    told = replace(run.experiment, epochs=experiment.epochs, description=experiment.description)
    origin = run.provenance
    return (
        told == experiment
        and run.experiment.epochs >= experiment.epochs
        and (origin.data_fingerprint, origin.neighbours_by) == (data.fingerprint, neighbours_by)
    )


def table(outcomes: dict[str, str], n: int) -> str:
    """What came of a series in lines of columns; n, the images of an epoch.

    The objectives are those on the test images after the last epoch, where codes have none those
    of the last epoch's batches.
    """
    rows = [HEADER]
    for name, outcome in outcomes.items():
        rows.append((name, outcome, *(["–"] * 6 if outcome == "failed" else figures(load_run(name), n))))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(w) if i < 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    )


def figures(run: Run, n: int) -> list[str]:
    epochs, seconds = run.experiment.epochs, run.provenance.seconds
    last = run.history.test[-1] if len(run.history.test) else run.history.train[-1].mean(dim=0)
    return [
        str(epochs), f"{seconds / epochs:.1f}", f"{n * epochs / seconds:,.0f}",
        *(f"{value:.3f}" for value in last.tolist()),
    ]  # fmt: skip
