"""CIFAR-10 from its files: the official batches, an image folder, or an archive of one.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import contextlib
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir
from typing import NamedTuple

import numpy as np

from ..runtime.atomic import unfinished_folder
from ..runtime.errors import VICRegError, reason
from ..runtime.progress import progress_bar
from .decode import decode_upright
from .files import read_bounded, read_file

CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip

OFFICIAL_FOLDER, OFFICIAL_ARCHIVE = "cifar-10-batches-py", "cifar-10-python.tar.gz"
META_FILE = "batches.meta"
OFFICIAL_COUNTS = {"train": 50_000, "test": 10_000}
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")
ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".tar")
SIDE = 32  # pixels
LARGEST_IMAGE_FILE = 1 << 20  # bytes; a CIFAR-10 image takes one to three thousand
UNPACKED_OFFICIAL = 180 << 20
MOST_BYTES = 1 << 29  # that an archive may unpack to; CIFAR-10's images take 0.2 GB at most


class Split(NamedTuple):
    """Decoded pixels and labels: uint8 (n, 3, 32, 32) and int64 (n,), numpy arrays."""

    pixels: np.ndarray
    labels: np.ndarray


def find_cifar10(root: Path) -> Path | None:
    """The copy of CIFAR-10 in a folder: official folder, official archive, image folder, archive.

    Raises: VICRegError when several other archives are there and none is the obvious one, or when
    there is none and the folder above or one below is meant.
    """
    for official in (root / OFFICIAL_FOLDER, root / OFFICIAL_ARCHIVE):
        if official.exists() and not (official / OFFICIAL_FOLDER).exists():
            return official
    if all((root / split).is_dir() for split in OFFICIAL_COUNTS):
        return root
    if not root.is_dir():
        return None
    archives = sorted(p for p in root.iterdir() if p.name.endswith(ARCHIVE_SUFFIXES))
    if len(archives) > 1:
        names = ", ".join(p.name for p in archives)
        raise VICRegError(f"{root} holds several archives ({names}); leave one of them there.")
    if not archives and (meant := misplaced(root)) is not None:
        raise VICRegError(f"CIFAR-10 is not in {root} but in {meant}; name that folder.")
    return archives[0] if archives else None


def misplaced(root: Path) -> Path | None:
    """The folder that was meant by one which is the official folder itself, or has it one level too deep."""
    if (root / META_FILE).exists():
        return root.absolute().parent
    with contextlib.suppress(OSError):  # it is not there, or cannot be read
        below = (place for place in sorted(root.iterdir()) if not place.name.startswith("."))
        return next((place for place in below if (place / OFFICIAL_FOLDER / META_FILE).exists()), None)
    return None


def download_cifar10(root: Path) -> None:
    """Download the official archive through torchvision, with its progress bar.

    It is loaded and unpacked aside, so that what is there is whole.
    """
    from torchvision.datasets import CIFAR10

    try:
        with unfinished_folder(root, OFFICIAL_FOLDER) as aside:
            CIFAR10(aside, download=True)
            (aside / OFFICIAL_FOLDER).rename(root / OFFICIAL_FOLDER)
    except Exception as error:  # urllib, http, OS and torchvision errors alike
        raise VICRegError(
            f"CIFAR-10 is not in {root} and could not be downloaded ({reason(error)}); put "
            f"{OFFICIAL_ARCHIVE} or an archive of an image folder there, or set VICREG_DATA to a "
            "folder that holds one."
        ) from error


def decode_cifar10(source: Path) -> dict:
    """Decode both splits: {"train": Split, "test": Split, "lossy": bool}."""
    if source.name in (OFFICIAL_FOLDER, OFFICIAL_ARCHIVE):
        return decode_official(source)
    return decode_images(source)


def decode_official(source: Path) -> dict:
    """Read the official batches through torchvision, which checks their md5 sums."""
    try:
        parts = unpack_official(source)
    except OSError as error:
        raise VICRegError(
            f"{source} could not be unpacked ({error.strerror or reason(error)}); make it readable, and "
            f"free {UNPACKED_OFFICIAL >> 20} MiB in the folder for temporary files or name another "
            "with TMPDIR."
        ) from error
    except Exception as error:  # torchvision, tar, zlib and pickle errors alike: all mean a bad file
        raise VICRegError(f"{source} {what_is_wrong(source, error)}; delete it and download it again.") from error
    decoded = [
        Split(np.ascontiguousarray(part.data.transpose(0, 3, 1, 2)), np.array(part.targets))
        for part in parts
    ]
    return {"train": decoded[0], "test": decoded[1], "lossy": False}


def unpack_official(source: Path) -> list:
    """torchvision's data sets of the official folder or archive, train and test."""
    from torchvision.datasets import CIFAR10
    from torchvision.datasets.utils import check_integrity

    if source.is_dir():
        return [CIFAR10(source.parent, train=train) for train in (True, False)]
    # torchvision would download over an archive whose sum is wrong.
    if not check_integrity(source, CIFAR10.tgz_md5):
        raise ValueError("its md5 sum is not the official archive's")
    # The data folder may be read-only, so the archive is unpacked elsewhere.
    with unfinished_folder(Path(gettempdir()), "vicreg") as folder:
        (folder / OFFICIAL_ARCHIVE).symlink_to(source.resolve())
        return [CIFAR10(folder, train=train, download=True) for train in (True, False)]


def what_is_wrong(source: Path, error: Exception) -> str:
    """What of the official folder is not as it was published; of an archive, what an error says."""
    from torchvision.datasets import CIFAR10
    from torchvision.datasets.utils import check_integrity

    files = [*CIFAR10.train_list, *CIFAR10.test_list, (CIFAR10.meta["filename"], CIFAR10.meta["md5"])]
    if missing := [name for name, _ in files if source.is_dir() and not (source / name).exists()]:
        return f"lacks {', '.join(missing)}"
    damaged = [name for name, md5 in files if source.is_dir() and not check_integrity(source / name, md5)]
    return f"is damaged ({', '.join(damaged) or reason(error)})"


def decode_images(source: Path) -> dict:
    """Decode an image folder or an archive of one, in the order of classes and file names."""
    images: dict[str, list] = {split: [] for split in OFFICIAL_COUNTS}
    lossy = False
    files = read_folder(source) if source.is_dir() else read_archive(source)
    for split, label, name, encoded in progress_bar(
        iterable=files, desc=f"decoding {source.name}", unit=" images"
    ):
        try:
            pixels = decode_upright(encoded)
        except ValueError as error:
            raise VICRegError(f"{source}: {name} {error}; unpack or download the images again.") from error
        if pixels.shape != (SIDE, SIDE, 3):
            h, w, _ = pixels.shape
            raise VICRegError(f"{source}: {name} has {w}x{h} pixels, not CIFAR-10's {SIDE}x{SIDE}; use the images as they were published.")
        images[split].append((label, name, pixels.transpose(2, 0, 1)))
        lossy |= not name.lower().endswith(".png")
    decoded: dict = {"lossy": lossy}
    for split, rows in images.items():
        missing = set(range(10)) - {label for label, _, _ in rows}
        if missing:
            names = ", ".join(CIFAR10_CLASSES[label] for label in sorted(missing))
            raise VICRegError(
                f"{source} has no {split} images of {names}; it must hold {{train,test}}/<class>/*.jpg or *.png for "
                f"all ten classes of CIFAR-10, or be the official {OFFICIAL_ARCHIVE} (the version for Python)."
            )
        rows.sort(key=lambda row: row[:2])
        decoded[split] = Split(
            np.stack([image for _, _, image in rows]), np.array([label for label, _, _ in rows])
        )
    return decoded


def split_and_class(name: str) -> tuple[str, int] | None:
    """Split and label of a file by its path ``…/{train,test}/<class>/file``; None for others."""
    parts = name.split("/")
    if len(parts) < 3 or not parts[-1].lower().endswith(IMAGE_SUFFIXES):
        return None
    if parts[-1].startswith("."):  # macOS puts a ._NAME.jpg that is no image beside NAME.jpg
        return None
    split, class_name = parts[-3:-1]
    if split not in OFFICIAL_COUNTS or class_name not in CIFAR10_CLASSES:
        return None
    return split, CIFAR10_CLASSES.index(class_name)


def read_folder(folder: Path) -> Iterator[tuple[str, int, str, bytes]]:
    """Yield (split, label, name, encoded image) for the images of a folder."""
    for file in image_files(folder):
        if found := split_and_class(name := file.relative_to(folder).as_posix()):
            try:
                yield *found, name, read_file(file, LARGEST_IMAGE_FILE)
            except ValueError as error:
                raise VICRegError(f"{file} {error}; unpack or download the images again.") from error


def read_archive(archive: Path) -> Iterator[tuple[str, int, str, bytes]]:
    """Yield (split, label, name, encoded image) for the images of a tar archive, gzipped or not.

    It is unpacked in memory and members are read one by one, so an archive cannot write anywhere;
    links and devices are passed over.
    """
    try:
        unpacked = read_bounded(archive, MOST_BYTES)  # to its end, where the check sum stands
        with tarfile.TarFile(fileobj=io.BytesIO(unpacked)) as tar:
            for member in tar:
                if found := split_and_class(member.name) if member.isfile() else None:
                    if member.size > LARGEST_IMAGE_FILE:
                        raise ValueError(f"{member.name} is too large for an image of it")
                    yield *found, member.name, tar.extractfile(member).read()
    except Exception as error:  # tar, zlib and OS errors alike: all mean a bad file
        if isinstance(error, OSError) and error.errno:  # the system's, not gzip's
            raise VICRegError(
                f"{archive} cannot be read ({error.strerror}); make it readable, or download it again."
            ) from error
        if isinstance(error, ValueError):
            raise VICRegError(f"{archive} is not CIFAR-10 ({reason(error)}); put its images there, or name another folder.") from error
        raise VICRegError(f"{archive} is damaged ({reason(error)}); delete it and download it again.") from error


def image_files(folder: Path) -> list[Path]:
    return [
        Path(entry)
        for split in OFFICIAL_COUNTS
        for class_name in CIFAR10_CLASSES
        if (folder / split / class_name).is_dir()
        for entry in os.scandir(folder / split / class_name)
        if entry.is_file()
    ]
