"""Any folder of pictures: which are in it, and which classes and splits their places say.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from ..runtime.errors import VICRegError
from ..runtime.paths import expanded
from ..runtime.text import abbreviated, printable

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
SPLITS = ("train", "test")
NO_CLASS = NO_ROW = -1
THE_ROOT = "."  # its place below itself
CLASSES_NAMED, LEFT_OUT_NAMED = 20, 20
LONGEST_NAME = 30  # letters of a class that are told
KINDS_NAMED = 5  # of the files that are no pictures


@dataclass(frozen=True)
class Folder:
    """The pictures of a folder, in the order of their names.

    Attributes: root; names, their places below it, with slashes; labels, int64 (n,), indices into
    classes, -1 for a picture that lies in no class's folder; classes, in alphabetical order;
    splits, "train" or "test" for each picture, or none at all; left_out, why a picture is not among
    them, by its place; others, how many files that are no pictures were passed over, by their endings.
    """

    root: Path
    names: tuple[str, ...]
    labels: np.ndarray
    classes: tuple[str, ...]
    splits: tuple[str, ...]
    left_out: dict[str, str]
    others: dict[str, int]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def paths(self) -> list[Path]:
        return [self.root / name for name in self.names]

    @property
    def name(self) -> str:
        """What these images are called: the folder's own name."""
        return self.root.resolve().name or str(self.root)

    def only(self, kept: np.ndarray, left_out: dict[str, str] | None = None) -> "Folder":
        """Some of the pictures, by a bool array (n,); a class keeps its number. What else is left out is added."""
        indices = np.flatnonzero(kept)
        return Folder(
            self.root,
            tuple(self.names[i] for i in indices),
            self.labels[indices],
            self.classes,
            tuple(self.splits[i] for i in indices) if self.splits else (),
            {**self.left_out, **(left_out or {})},
            self.others,
        )

    def in_split(self, split: str) -> "Folder":
        """The pictures of a split."""
        return self.only(np.array(self.splits) == split)

    def rows_of(self, paths: Iterable[Path]) -> np.ndarray:
        """Which of its pictures each file is, whatever its name, by int64 indices, (m,); -1 for none."""
        rows = {file_of(path): row for row, path in enumerate(self.paths)} | {None: NO_ROW}
        return np.array([rows.get(file_of(path), NO_ROW) for path in paths], dtype=np.int64)

    def identities(self) -> np.ndarray:
        """What each picture is known again by: a hash of its name, size and time, uint8, (n, 16)."""
        digests = np.empty((len(self), 16), dtype=np.uint8)
        for row, name, path in zip(digests, self.names, self.paths, strict=True):
            try:
                about = path.stat()
                identity = f"{name}\0{about.st_size}\0{about.st_mtime_ns}"
            except OSError:
                identity = name  # it cannot be read, or can by now
            row[:] = np.frombuffer(hashlib.blake2b(os.fsencode(identity), digest_size=16).digest(), dtype=np.uint8)
        return digests

    def in_words(self) -> str:
        """What is in it: "796 pictures of 9 classes (animals 200, …)", and how they are split."""
        told = f"{len(self):,} picture{'s' * (len(self) != 1)}"
        counts = Counter(self.labels.tolist())
        if self.classes:
            each = ", ".join(f"{abbreviated(name, LONGEST_NAME)} {counts[label]:,}" for label, name in enumerate(self.classes[:CLASSES_NAMED]))
            each += ", …" * (len(self.classes) > CLASSES_NAMED)
            told += f" of {len(self.classes)} class{'es' * (len(self.classes) != 1)} ({each})"
            told += f", {counts[NO_CLASS]:,} of none" if counts[NO_CLASS] else ""
        else:
            told += " without classes"
        if self.splits:
            told += "; " + " and ".join(f"{self.splits.count(split):,} to {split}" for split in SPLITS)
        if count := sum(self.others.values()):
            told += f"; {count:,} other file{'s' * (count != 1)} passed over ({kinds_in_words(self.others)})"
        return told


def find_pictures(root: Path) -> Folder:
    """The JPEG, PNG and WebP files below a folder, by their names' endings.

    Where there are pictures in both ``train/`` and ``test/``, they are the splits, and what lies beside
    them is left out. The folders right below the root, or below a split, are the classes, whatever
    lies between them and a picture; pictures right in the root have none. Links are followed, to
    folders as well; of a file with several names the first is taken. What is hidden, its name
    beginning with a dot, is passed over.

    Raises: VICRegError when there is no such folder, or no picture in it.
    """
    root = expanded(root)
    if not root.is_dir():
        what = "is a file" if root.exists() else "is not there"
        raise VICRegError(f"{root} {what}; name a folder with JPEG, PNG or WebP pictures in it.")
    left_out: dict[str, str] = {}
    places = list(files_below(root, left_out))
    names = sorted(place for place in places if place.lower().endswith(PICTURE_SUFFIXES))
    others = Counter(PurePosixPath(place).suffix.lower() for place in set(places).difference(names))
    if not names and THE_ROOT in left_out:
        raise VICRegError(f"{root} {left_out[THE_ROOT]}; make it readable, or name another folder.")
    if not names:
        only = f", only other files ({kinds_in_words(others)})" if others else ""
        raise VICRegError(
            f"There are no pictures in {root}{only}; name a folder with files that end in .jpg, .jpeg, .png or .webp."
        )
    seconds = second_names(root, names)
    left_out |= {name: f"is {first} by another name" for name, first in seconds.items()}
    names = [name for name in names if name not in seconds]
    parts = [PurePosixPath(name).parts for name in names]
    split = {p[0] for p in parts if len(p) > 1} >= set(SPLITS)
    if split:
        left_out |= {n: "lies beside train/ and test/" for n, p in zip(names, parts, strict=True) if p[0] not in SPLITS}
        names = [name for name in names if name not in left_out]
        parts = [p for p in parts if p[0] in SPLITS]
    level = 1 if split else 0
    classes = [p[level] if len(p) > level + 1 else None for p in parts]
    known = tuple(sorted(set(classes) - {None}))
    number = {name: label for label, name in enumerate(known)} | {None: NO_CLASS}
    return Folder(
        root,
        tuple(names),
        np.array([number[name] for name in classes], dtype=np.int64),
        known,
        tuple(p[0] for p in parts) if split else (),
        left_out,
        others,
    )


def second_names(root: Path, names: Iterable[str]) -> dict[str, str]:
    """Names of files that have another one before them: the file's first name by each further one."""
    firsts: dict[tuple, str] = {}
    seconds = {}
    for name in names:
        if (file := file_of(root / name)) is not None and firsts.setdefault(file, name) != name:
            seconds[name] = firsts[file]
    return seconds


def file_of(path: Path) -> tuple[int, int] | None:
    """What a file is to the system, the same under all its names; None where it is not told."""
    try:
        about = path.stat()
    except OSError:
        return None
    return (about.st_dev, about.st_ino) if about.st_ino else None  # some file systems have no such number


def kinds_in_words(others: dict[str, int]) -> str:
    """Which endings files have, the most frequent first: "12 .heic, 3 .gif"."""
    kinds = [f"{count:,} {ending or 'without an ending'}" for ending, count in Counter(others).most_common(KINDS_NAMED)]
    return ", ".join(kinds) + ", …" * (len(others) > KINDS_NAMED)


def tell_left_out(folder: Folder, strict: bool = False) -> None:
    """Say what of a folder is left out and why; where strict, refuse it: VICRegError."""
    if not folder.left_out:
        return
    lines = [printable(f"{place}: {why}") for place, why in folder.left_out.items()]
    if strict:
        more = f", and {len(lines) - 1:,} more are left out" if len(lines) > 1 else ""
        raise VICRegError(f"{folder.root}: {lines[0]}{more}; mend or remove what is left out, or leave --strict out.")
    print(f"{folder.root}: {len(folder):,} pictures are read, {len(lines):,} left out:", file=sys.stderr)
    for line in lines[:LEFT_OUT_NAMED]:
        print(f"  {line}", file=sys.stderr)
    if len(lines) > LEFT_OUT_NAMED:
        print(f"  … and {len(lines) - LEFT_OUT_NAMED:,} more", file=sys.stderr)


def has_pictures(root: Path) -> bool:
    """Whether any file below a folder, which need not be there, is a picture by its name."""
    return root.is_dir() and any(place.lower().endswith(PICTURE_SUFFIXES) for place in files_below(root, {}))


def files_below(root: Path, left_out: dict[str, str]) -> Iterator[str]:
    """Yield the places of all files below a folder that are not hidden; folders that cannot be read
    are added to ``left_out``."""

    def walk(folder: Path, above: tuple):
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            left_out[folder.relative_to(root).as_posix()] = f"cannot be read ({error.strerror})"
            return
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = folder / entry.name
            if not path.is_dir():  # a link that goes round is none
                yield path.relative_to(root).as_posix()
            elif (identity := file_of(path)) not in above:  # a link to a folder around it would go round for ever
                yield from walk(path, (*above, identity))

    yield from walk(root, (file_of(root),))
