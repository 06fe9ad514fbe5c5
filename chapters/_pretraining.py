"""What `benchmarks/pretraining.py` measured of trained weights: by epoch, by seed, by weights of the loss.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import json
from collections.abc import Iterable

from reporting import depends
from vicreg.runtime.paths import PROJECT
from vicreg.runtime.text import listed

FILE = PROJECT / "benchmarks" / "pretraining.json"
OTHER_SEED = "vicreg_seed1"  # VICReg trained once more, and measured along the way


def measured_rows() -> dict[str, dict]:
    """A row a weights file, by its name; the chapter that asks depends on the file."""
    depends(FILE)
    return json.loads(FILE.read_text(encoding="utf-8"))["rows"]


def runs_after(epochs: int, rows: dict[str, dict], experiment: str = "vicreg") -> list[dict]:
    """The rows of an experiment trained for so many epochs, by seed."""
    alike = (row for row in rows.values() if (row["experiment"], row["epochs"]) == (experiment, epochs))
    return sorted(alike, key=lambda row: row["seed"])


def other_runs(rows: dict[str, dict], experiment: str = "vicreg") -> list[dict]:
    """The rows of an experiment trained with other seeds for as many epochs as the shipped one, by seed."""
    shipped = rows[experiment]
    return [row for row in runs_after(shipped["epochs"], rows, experiment) if row["seed"] != shipped["seed"]]


def in_words(values: Iterable[float], form: str) -> str:
    """Figures in one format as a sentence lists them."""
    return listed(form.format(value) for value in values)


def ranged(values: Iterable[float], form: str) -> str:
    """The least and the greatest of figures: "64.8% to 65.4%", or only one where both read alike."""
    values = list(values)
    return " to ".join(dict.fromkeys(form.format(end) for end in (min(values), max(values))))


def seeds_in_words(runs: list[dict]) -> str:
    """The seeds of rows: "seed 1", "seeds 1 and 2"."""
    return ("seed " if len(runs) == 1 else "seeds ") + in_words((row["seed"] for row in runs), "{}")


def after_epoch(epoch: int) -> str:
    """The name of the other seed's weights after an epoch, counted from 1."""
    return f"{OTHER_SEED}_epoch{epoch}"


def other_seed_by_epoch(rows: dict[str, dict]) -> list[dict]:
    """The rows of VICReg with the other seed, in the order of epochs."""
    seed = rows[OTHER_SEED]["seed"]
    found = [row for row in rows.values() if row["experiment"] == "vicreg" and row["seed"] == seed]
    return sorted(found, key=lambda row: row["epochs"])
