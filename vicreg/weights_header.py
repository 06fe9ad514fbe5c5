"""What a weights file says of itself, read in milliseconds: without torch and without the weights.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import pickle
import zipfile
from pathlib import Path
from typing import NamedTuple

LARGEST_PICKLE = 4 << 20  # bytes; what describes 24 MB of weights takes a few thousand


class Header(NamedTuple):
    """The experiment's name, the epochs trained, and the images trained on: name and fingerprint."""

    name: str
    epochs: int
    data_name: str
    data_fingerprint: str


class PlainUnpickler(pickle.Unpickler):
    """Reads plain values. Tensors, and all else that would have to be called, become None."""

    def find_class(self, module, name):
        return nothing

    def persistent_load(self, pid):
        return None


def nothing(*_) -> None:
    """Takes the place of whatever a file wants called."""


def read_header(path: Path) -> Header | None:
    """The header of a weights file, None where it is damaged or something else.

    No code in the file runs. Whether the weights themselves are sound, only loading them tells.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            (member,) = (part for part in archive.infolist() if part.filename.endswith("/data.pkl"))
            if member.file_size > LARGEST_PICKLE:
                return None
            content = PlainUnpickler(io.BytesIO(archive.read(member))).load()
        data = content["provenance"]
        header = Header(
            content["experiment"]["name"],
            content["experiment"]["epochs"],
            data["data_name"],
            data["data_fingerprint"],
        )
    except Exception:  # zip, pickle and key errors alike: all mean that it is no weights file
        return None
    declared = Header.__annotations__.values()
    return header if all(isinstance(v, t) for v, t in zip(header, declared, strict=True)) else None
