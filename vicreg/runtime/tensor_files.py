"""Tensors and plain values in one file, read so that no code in it runs.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import os
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import torch

from .atomic import write_atomically


def save_tensors(content: dict, path: Path) -> None:
    """Write tensors and plain values to one file, atomically.

    Raises: VICRegError when the disk refuses.
    """
    # In memory first, since torch reports a full disk as an "enforce fail" and not as an OSError.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    content = buffer.getbuffer()
    write_atomically(path, lambda temporary: temporary.write_bytes(content), len(content))


def load_tensors(file: BinaryIO) -> dict:
    """Read what save_tensors wrote, on the CPU, so that no code in the file runs.

    Raises: an exception of some kind, by the damage, when the file is not as it was written.
    """
    with zipfile.ZipFile(file) as archive:
        check_archive(archive, file.seek(0, os.SEEK_END))
    file.seek(0)
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:  # torch's message advises to run the code
        raise ValueError("it holds something else than tensors and plain values") from error
    for tensor in tensors_in(content):
        if tensor.untyped_storage().nbytes() < tensor.nbytes:
            raise ValueError("a tensor of it is larger than what is stored of it")
    return content


def tensors_in(content) -> Iterator:
    """The tensors in dicts, lists and tuples."""
    if isinstance(content, dict | list | tuple):
        for value in content.values() if isinstance(content, dict) else content:
            yield from tensors_in(value)
    elif hasattr(content, "untyped_storage"):
        yield content


def check_archive(archive: zipfile.ZipFile, size: int) -> None:
    """Refuse a file of tensors whose content is damaged or larger than the file is.

    torch reads past check sums, and a flipped bit would become another weight; it also unpacks
    what is compressed, which its own files never are, and a small file could fill the memory.
    """
    parts = archive.infolist()
    if any(part.compress_type != zipfile.ZIP_STORED for part in parts):
        raise ValueError("a part of it is compressed")
    if sum(part.file_size for part in parts) > size:
        raise ValueError("its parts are larger than the file")
    if (damaged := archive.testzip()) is not None:
        raise ValueError(f"the check sum of {damaged} is wrong")
