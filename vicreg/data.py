"""CIFAR-10 and the MNIST test set as uint8 tensors, wherever the images come from.

CIFAR-10 is accepted as the official archive or its folder (through torchvision, which also
downloads it), and as an image folder ``{train,test}/<class>/*.{jpg,png}`` or an archive of one.
MNIST is accepted as the original IDX files of the test set. What was decoded is cached outside
the data folder, which may be read-only.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import gzip
import hashlib
import json
import os
import struct
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from .errors import VICRegError, reason
from .progress import progress_bar
from .storage import cache_folder, data_folder, write_atomically

CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
MNIST_CLASSES = tuple(str(digit) for digit in range(10))

OFFICIAL_FOLDER, OFFICIAL_ARCHIVE = "cifar-10-batches-py", "cifar-10-python.tar.gz"
OFFICIAL_COUNTS = {"train": 50_000, "test": 10_000}
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")
ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".tar")
LARGEST_IMAGE_FILE = 1 << 20  # bytes; a CIFAR-10 image takes one to three thousand
MOST_FILES = 200_000
MOST_BYTES = 2 << 30  # of an archive's files together; CIFAR-10's images take 0.2 GB at most
CACHE_FORMAT = 1


@dataclass(frozen=True)
class ImageSet:
    """Labelled images of one split.

    Attributes: name, what the images honestly are, such as "CIFAR-10 (JPEG mirror)"; split,
    "train" or "test"; images, uint8, shape (n, 3, 32, 32); labels, int64, shape (n,), indices
    into classes; fingerprint, the sha256 of pixels and labels.
    """

    name: str
    split: str
    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    fingerprint: str

    def __len__(self) -> int:
        return len(self.images)


class Cifar10(NamedTuple):
    """The two splits of CIFAR-10."""

    train: ImageSet
    test: ImageSet

    @property
    def fingerprint(self) -> str:
        """The sha256 over both splits' fingerprints, by which weights know their data."""
        return hashlib.sha256(
            (self.train.fingerprint + self.test.fingerprint).encode()
        ).hexdigest()


class Split(NamedTuple):
    """Decoded pixels and labels: uint8 (n, 3, 32, 32) and int64 (n,), numpy arrays."""

    pixels: np.ndarray
    labels: np.ndarray


def load_cifar10(root: str | Path | None = None) -> Cifar10:
    """Load CIFAR-10, decoding it on the first call and from the cache later.

    Parameters: root, the data folder; ``$VICREG_DATA`` or ``data/`` without one. An official
    copy there is preferred over an image folder; where there is neither, the official archive
    is downloaded there.
    Raises: VICRegError when no usable copy is there and none can be downloaded, or when the
    copy is damaged; the message names the file and the remedy.
    """
    root = Path(root).expanduser() if root is not None else data_folder()
    source = find_cifar10(root)
    if source is None:
        download_cifar10(root)
        source = root / OFFICIAL_FOLDER
    splits = cached(source, lambda: decode_cifar10(source))
    name = cifar10_name(source, splits)
    return Cifar10(
        *(as_image_set(name, split, splits[split], CIFAR10_CLASSES) for split in OFFICIAL_COUNTS)
    )


def load_mnist_test(root: str | Path | None = None) -> ImageSet:
    """Load the MNIST test set, resized to 32x32 (bilinear) with three equal channels.

    Parameters: root, as for :func:`load_cifar10`; the IDX files ``t10k-…``, gzipped or not,
    are looked for there and in ``MNIST/raw``, and downloaded where they are missing.
    Raises: VICRegError when they cannot be had or are damaged.
    """
    root = Path(root).expanduser() if root is not None else data_folder()
    images_file, labels_file = find_mnist(root)
    images = read_idx(images_file)
    labels = read_idx(labels_file)
    fits = images.ndim == 3 and images.shape[1:] == (28, 28) and labels.shape == images.shape[:1]
    if not fits or not len(images) or labels.max() > 9:
        raise VICRegError(
            f"{images_file} and {labels_file.name} are not MNIST's images and their labels; "
            "replace both with the original MNIST test files."
        )
    small = torch.from_numpy(images.astype(np.float32)).unsqueeze(1)
    large = interpolate(small, size=32, mode="bilinear", align_corners=False)
    pixels = large.round().to(torch.uint8).expand(-1, 3, -1, -1).contiguous().numpy()
    split = Split(pixels, labels.astype(np.int64))
    return as_image_set("MNIST", "test", split, MNIST_CLASSES)


def fingerprint(split: Split) -> str:
    """The sha256 of a split's pixels and labels, hexadecimal."""
    digest = hashlib.sha256(np.ascontiguousarray(split.pixels))
    digest.update(np.ascontiguousarray(split.labels.astype("<i8")))
    return digest.hexdigest()


def as_image_set(name: str, split: str, arrays: Split, classes: tuple[str, ...]) -> ImageSet:
    return ImageSet(
        name=name,
        split=split,
        images=torch.from_numpy(arrays.pixels),
        labels=torch.from_numpy(arrays.labels),
        classes=classes,
        fingerprint=fingerprint(arrays),
    )


# CIFAR-10 -------------------------------------------------------------------------------------


def find_cifar10(root: Path) -> Path | None:
    """The copy of CIFAR-10 in a folder: official folder, official archive, image folder, archive.

    Raises: VICRegError when several other archives are there and none is the obvious one.
    """
    for official in (root / OFFICIAL_FOLDER, root / OFFICIAL_ARCHIVE):
        if official.exists():
            return official
    if all((root / split).is_dir() for split in OFFICIAL_COUNTS):
        return root
    if not root.is_dir():
        return None
    archives = sorted(p for p in root.iterdir() if p.name.endswith(ARCHIVE_SUFFIXES))
    if len(archives) > 1:
        names = ", ".join(p.name for p in archives)
        raise VICRegError(f"{root} holds several archives ({names}); leave one of them there.")
    return archives[0] if archives else None


def download_cifar10(root: Path) -> None:
    """Download the official archive through torchvision, with its progress bar."""
    from torchvision.datasets import CIFAR10

    try:
        root.mkdir(parents=True, exist_ok=True)
        CIFAR10(root, download=True)
    except Exception as error:  # urllib, http, OS and torchvision errors alike
        raise VICRegError(
            f"CIFAR-10 is not in {root} and could not be downloaded ({reason(error)}); put "
            f"{OFFICIAL_ARCHIVE} or an archive of an image folder there, or set VICREG_DATA to a "
            "folder that holds one."
        ) from error


def cifar10_name(source: Path, splits: dict[str, Split]) -> str:
    """What a copy honestly is: its encoding, and its size where it is a part only."""
    if source.name in (OFFICIAL_FOLDER, OFFICIAL_ARCHIVE):
        return "CIFAR-10"
    suffix = "JPEG" if bool(splits["lossy"]) else "PNG"
    counts = {split: len(splits[split].labels) for split in OFFICIAL_COUNTS}
    if counts == OFFICIAL_COUNTS:
        return f"CIFAR-10 ({suffix} mirror)"
    return f"CIFAR-10 ({suffix} mirror), a subset of {counts['train']:,} + {counts['test']:,}"


def decode_cifar10(source: Path) -> dict:
    """Decode both splits: {"train": Split, "test": Split, "lossy": bool}."""
    if source.name in (OFFICIAL_FOLDER, OFFICIAL_ARCHIVE):
        return decode_official(source)
    return decode_images(source)


def decode_official(source: Path) -> dict:
    """Read the official batches through torchvision, which checks their md5 sums."""
    from torchvision.datasets import CIFAR10
    from torchvision.datasets.utils import check_integrity

    try:
        if source.is_dir():
            parts = [CIFAR10(source.parent, train=train) for train in (True, False)]
        else:
            # torchvision would download over an archive whose sum is wrong.
            if not check_integrity(source, CIFAR10.tgz_md5):
                raise ValueError("its md5 sum is not the official archive's")
            # The data folder may be read-only, so the archive is unpacked elsewhere.
            with tempfile.TemporaryDirectory() as folder:
                (Path(folder) / OFFICIAL_ARCHIVE).symlink_to(source.resolve())
                parts = [CIFAR10(folder, train=train, download=True) for train in (True, False)]
    except Exception as error:
        raise VICRegError(
            f"{source} is damaged or incomplete ({reason(error)}); delete it and download it again."
        ) from error
    decoded = [
        Split(np.ascontiguousarray(part.data.transpose(0, 3, 1, 2)), np.array(part.targets))
        for part in parts
    ]
    return {"train": decoded[0], "test": decoded[1], "lossy": False}


def decode_images(source: Path) -> dict:
    """Decode an image folder or an archive of one, in the order of classes and file names."""
    from torchvision.io import ImageReadMode, decode_image

    images: dict[str, list] = {split: [] for split in OFFICIAL_COUNTS}
    lossy = False
    files = read_folder(source) if source.is_dir() else read_archive(source)
    for split, label, name, encoded in progress_bar(
        iterable=files, desc=f"decoding {source.name}", unit=" images"
    ):
        try:
            image = decode_image(
                torch.frombuffer(bytearray(encoded), dtype=torch.uint8), ImageReadMode.RGB
            )
        except (RuntimeError, ValueError) as error:
            raise VICRegError(
                f"{source}: {name} is not a readable image; unpack or download the images again."
            ) from error
        if image.shape != (3, 32, 32):
            raise VICRegError(
                f"{source}: {name} has {image.shape[2]}x{image.shape[1]} pixels, CIFAR-10's "
                "images have 32x32; use the images in their original size."
            )
        if image.dtype != torch.uint8:
            raise VICRegError(
                f"{source}: {name} has more than 8 bits a channel, CIFAR-10's images have 8; use "
                "the images as they were published."
            )
        images[split].append((label, name, image.numpy()))
        lossy |= not name.lower().endswith(".png")
    decoded: dict = {"lossy": lossy}
    for split, rows in images.items():
        missing = set(range(10)) - {label for label, _, _ in rows}
        if missing:
            names = ", ".join(CIFAR10_CLASSES[label] for label in sorted(missing))
            raise VICRegError(
                f"{source} has no {split} images of {names}; it must hold "
                "{train,test}/<class>/*.jpg or *.png for all ten classes of CIFAR-10."
            )
        rows.sort(key=lambda row: row[:2])
        decoded[split] = Split(
            np.stack([image for _, _, image in rows]), np.array([label for label, _, _ in rows])
        )
    return decoded


def place(name: str) -> tuple[str, int] | None:
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
        name = file.relative_to(folder).as_posix()
        if not (found := place(name)):
            continue
        try:
            encoded = file.read_bytes()
        except OSError as error:
            raise VICRegError(
                f"{file} cannot be read ({error.strerror}); unpack or download the images again."
            ) from error
        yield *found, name, encoded


def read_archive(archive: Path) -> Iterator[tuple[str, int, str, bytes]]:
    """Yield (split, label, name, encoded image) for the images of a tar archive.

    Members are read one by one and never unpacked, so an archive cannot write anywhere;
    links, devices and files too large for an image are passed over or refused.
    """
    unpacked = 0
    try:
        with tarfile.open(archive, "r:*") as tar:
            for count, member in enumerate(tar):
                unpacked += member.size
                if count >= MOST_FILES or unpacked > MOST_BYTES:
                    raise VICRegError(
                        f"{archive} holds over {MOST_FILES:,} files or {MOST_BYTES >> 30} GiB, "
                        "which is not CIFAR-10; put an archive of CIFAR-10's images there."
                    )
                found = place(member.name) if member.isfile() else None
                if not found:
                    continue
                if member.size > LARGEST_IMAGE_FILE:
                    raise VICRegError(
                        f"{archive}: {member.name} is too large for a CIFAR-10 image; put an "
                        "archive of CIFAR-10's images there."
                    )
                yield *found, member.name, tar.extractfile(member).read()
            # A compressed file's check sum stands at its end, after the mark tarfile stops at.
            while tar.fileobj.read(1 << 20):
                pass
    except VICRegError:
        raise
    except Exception as error:  # tar, zlib, lzma and OS errors alike: all mean a bad file
        raise VICRegError(
            f"{archive} is damaged ({reason(error)}); delete it and download it again."
        ) from error


def image_files(folder: Path) -> list[Path]:
    return [
        Path(entry)
        for split in OFFICIAL_COUNTS
        for class_name in CIFAR10_CLASSES
        if (folder / split / class_name).is_dir()
        for entry in os.scandir(folder / split / class_name)
        if entry.is_file()
    ]


# MNIST ----------------------------------------------------------------------------------------


def find_mnist(root: Path) -> tuple[Path, Path]:
    """Paths of the test set's images and labels, downloaded where they are missing."""
    stems = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
    places = [root, root / "MNIST" / "raw"]

    def look() -> list[Path]:
        candidates = [[p / (s + gz) for p in places for gz in ("", ".gz")] for s in stems]
        return [next((c for c in some if c.is_file()), None) for some in candidates]

    found = look()
    if None in found:
        from torchvision.datasets import MNIST

        try:
            MNIST(root, train=False, download=True)
        except Exception as error:
            raise VICRegError(
                f"The MNIST test set is not in {root} and could not be downloaded ({reason(error)}); put "
                f"{stems[0]}.gz and {stems[1]}.gz there, or set VICREG_DATA to their folder."
            ) from error
        found = look()
    return found[0], found[1]


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file of unsigned bytes, gzipped or not (the format of MNIST).

    Returns: uint8 array of the shape that the file states.
    Raises: VICRegError when the file is damaged or is no IDX file of bytes.
    """
    remedy = "replace it with the original MNIST file"
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, gzip.zlib.error) as error:
        raise VICRegError(f"{path} is damaged ({reason(error)}); {remedy}.") from error
    if len(raw) < 4 or raw[:3] != b"\0\0\x08" or len(raw) < 4 + 4 * raw[3]:
        raise VICRegError(f"{path} is not an IDX file of bytes; {remedy}.")
    shape = struct.unpack(f">{raw[3]}I", raw[4 : 4 + 4 * raw[3]])
    body = np.frombuffer(raw, dtype=np.uint8, offset=4 + 4 * raw[3])
    if not 1 <= raw[3] <= 3 or body.size != np.prod(shape, dtype=object):
        raise VICRegError(f"{path} holds {body.size} bytes but states a shape of {shape}; {remedy}.")
    return body.reshape(shape)


# Cache ----------------------------------------------------------------------------------------


def cached(source: Path, decode) -> dict:
    """The decoded splits of a source, from the cache where it still stands for that source.

    The cache is one uncompressed file that states the fingerprints of its content; a damaged
    or foreign one is made anew.
    """
    path = cache_folder() / f"cifar10-{source_key(source)}.npz"
    try:
        with np.load(path, allow_pickle=False) as stored:
            about = json.loads(str(stored["about"]))
            splits = {
                split: Split(stored[f"{split}_pixels"], stored[f"{split}_labels"])
                for split in OFFICIAL_COUNTS
            }
        if {split: fingerprint(splits[split]) for split in splits} == about["fingerprints"]:
            return {**splits, "lossy": about["lossy"]}
    except Exception:  # whatever is wrong with a cache, it can be made again
        pass
    decoded = decode()
    about = {
        "fingerprints": {split: fingerprint(decoded[split]) for split in OFFICIAL_COUNTS},
        "lossy": decoded["lossy"],
    }
    arrays = {
        f"{split}_{field}": array
        for split in OFFICIAL_COUNTS
        for field, array in decoded[split]._asdict().items()
    }

    def write(temporary: Path) -> None:
        with open(temporary, "wb") as file:
            np.savez(file, about=np.array(json.dumps(about)), **arrays)

    try:
        write_atomically(path, write)
    except VICRegError as error:
        print(f"The decoded images are not cached: {error}")
    return decoded


def source_key(source: Path) -> str:
    """A key that changes when a source's files do: paths, sizes and times, hashed."""
    in_folder = source.is_dir() and (image_files(source) or list(source.iterdir()))
    files = in_folder or [source]
    stats = sorted((str(p), (s := p.stat()).st_size, s.st_mtime_ns) for p in files)
    identity = [CACHE_FORMAT, str(source.resolve()), stats]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]
