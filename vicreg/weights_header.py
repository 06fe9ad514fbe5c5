"""What weights files and checkpoints say of themselves, read in milliseconds: without torch and the weights.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

from .experiments import Experiment, experiment_from

LARGEST_PICKLE = 4 << 20  # bytes; what describes 24 MB of weights takes a few thousand


class Header(NamedTuple):
    """The experiment, and the images trained on: name and fingerprint."""

    experiment: Experiment
    data_name: str
    data_fingerprint: str

    @property
    def name(self) -> str:
        return self.experiment.name

    @property
    def epochs(self) -> int:
        return self.experiment.epochs


class Unfinished(NamedTuple):
    """The experiment of a checkpoint, and how many of its epochs are done."""

    experiment: Experiment
    epochs_done: int


class PlainUnpickler(pickle._Unpickler):
    """Reads plain values. Tensors, and all else that would have to be called, become None.

    It is the unpickler in Python, whose memo is a dict. The one in C allocates an array up to the highest
    index that a file names, so that six damaged bytes could take all the memory there is.
    """

    def find_class(self, module, name):
        return OrderedDict if (module, name) == ("collections", "OrderedDict") else nothing

    def persistent_load(self, pid):
        return None


def nothing(*_) -> None:
    """Stands in for whatever a file wants to call."""


def read_header(path: Path) -> Header | None:
    """The header of a weights file, None where it is damaged or something else.

    No code in the file runs. Whether the weights themselves are sound, only loading them tells.
    """
    try:
        content = plain_content(path)
        data = content["provenance"]
        header = Header(experiment_from(content["experiment"]), data["data_name"], data["data_fingerprint"])
    except Exception:  # zip, pickle and key errors alike: all mean that it is no weights file
        return None
    return header if all(isinstance(value, str) for value in header[1:]) else None


def read_unfinished(path: Path) -> Unfinished | None:
    """What a checkpoint is of, None where it is damaged or something else; no code in it runs."""
    try:
        content = plain_content(path)
        unfinished = Unfinished(
            experiment_from(content["experiment"]), sum(leg["epochs"] for leg in content["legs"])
        )
        return unfinished if unfinished.epochs_done in range(unfinished.experiment.epochs + 1) else None
    except Exception:  # as above
        return None


def plain_content(path: Path) -> dict:
    """What torch has saved in a file, without its tensors.

    Raises: an exception of some kind where it is no such file.
    """
    with zipfile.ZipFile(path) as archive:
        (member,) = (part for part in archive.infolist() if part.filename.endswith("/data.pkl"))
        if member.file_size > LARGEST_PICKLE:
            raise ValueError("more is described than any weights have")
        return PlainUnpickler(io.BytesIO(archive.read(member))).load()
