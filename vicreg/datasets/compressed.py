"""Reading compressed files that may unpack to more than the memory or the time there is.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import bz2
import gzip
import lzma
from pathlib import Path
from typing import BinaryIO

PACKERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}


class Bounded:
    """A file for tarfile that hands out so many bytes before ``refill``, and ends somewhere.

    A tar header may state any length, and tarfile reads headers whole; so what is read for one
    member is bounded, and so is how far the file goes. Going past content reads nothing of it.
    """

    def __init__(self, file: BinaryIO, most_at_once: int, most: int):
        self.file, self.most_at_once, self.most = file, most_at_once, most
        self.refill()

    def refill(self) -> None:
        self.left = self.most_at_once

    def read(self, size: int) -> bytes:
        if size > self.left or self.file.tell() + size > self.most:
            raise ValueError(f"a header or a file in it takes over {self.most_at_once >> 20} MiB")
        self.left -= size
        return self.file.read(size)

    def seek(self, place: int) -> int:
        if place > self.most:
            raise ValueError(f"it unpacks to over {self.most >> 20:,} MiB")
        return self.file.seek(place)

    def tell(self) -> int:
        return self.file.tell()


def open_packed(path: Path) -> BinaryIO:
    """Open a file, packed with gzip, bzip2, xz or not at all, for reading what it unpacks to."""
    with open(path, "rb") as file:
        start = file.read(max(map(len, PACKERS)))
    opener = next((opener for magic, opener in PACKERS.items() if start.startswith(magic)), open)
    return opener(path, "rb")


def read_bounded(path: Path, most: int) -> bytes:
    """All that a file, packed or not, unpacks to.

    Raises: ValueError where that is over ``most`` bytes; OSError, EOFError, zlib.error or
    lzma.LZMAError where the file is damaged.
    """
    with open_packed(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it unpacks to over {most >> 20:,} MiB")
    return content
