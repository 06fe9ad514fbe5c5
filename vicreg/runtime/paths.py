"""Where files live.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
from pathlib import Path

from .errors import VICRegError

PROJECT = Path(__file__).resolve().parents[2]


def data_folder() -> Path:
    """The folder with the images: ``$VICREG_DATA``, else ``data/`` of the project."""
    return folder_of("VICREG_DATA", PROJECT / "data")


def weights_folder() -> Path:
    """The folder with one weights file an experiment: ``$VICREG_WEIGHTS``, else ``weights/``."""
    return folder_of("VICREG_WEIGHTS", PROJECT / "weights")


def weights_file(name: str) -> Path:
    """The weights file of an experiment."""
    return weights_folder() / f"{name}.pt"


def runs_folder() -> Path:
    """The folder with the checkpoints of unfinished runs: ``$VICREG_RUNS``, else ``runs/``."""
    return folder_of("VICREG_RUNS", PROJECT / "runs")


def checkpoint_file(name: str) -> Path:
    """The checkpoint of an experiment's run."""
    return runs_folder() / f"{name}.checkpoint.pt"


def cache_folder() -> Path:
    """The folder for what can be computed again: ``$VICREG_CACHE``, else the user's cache."""
    return folder_of("VICREG_CACHE", Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "vicreg")


def expanded(path: str | Path) -> Path:
    """A path with the user's home in place of ``~``; as it is where that names no home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def folder_of(variable: str, default: Path) -> Path:
    """The folder that an environment variable names, ``~`` being the user's home.

    Raises: VICRegError where a home directory is meant and there is none.
    """
    folder = Path(os.environ.get(variable) or default)
    try:
        return folder.expanduser()
    except RuntimeError as error:
        raise VICRegError(
            f"{folder} means nothing here, for there is no such home directory; set {variable} to a "
            "folder by its full path."
        ) from error
