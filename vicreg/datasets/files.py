"""Reading files that may be anything: no files, unreadable, or larger than the memory, packed or not.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import gzip
import stat
from pathlib import Path


def read_file(path: Path, most: int) -> bytes:
    """The content of a file, of ``most`` bytes at most.

    Raises: ValueError, saying what is wrong, where it cannot be read.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("is not a file")
        if about.st_size > most:
            raise ValueError(f"has {-(-about.st_size >> 20):,} MiB; at most {most >> 20} MiB are read")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ValueError("is a link to nothing" if path.is_symlink() else "is not there") from error
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from error


def read_bounded(path: Path, most: int) -> bytes:
    """All that a file, gzipped or not, unpacks to.

    Raises: ValueError where that is over ``most`` bytes; OSError, EOFError or zlib.error where the
    file is damaged.
    """
    with open(path, "rb") as file:
        opener = gzip.open if file.read(2) == b"\x1f\x8b" else open
    with opener(path, "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it unpacks to over {most >> 20:,} MiB")
    return content
