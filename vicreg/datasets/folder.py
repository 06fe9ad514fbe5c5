"""Any folder of pictures: which are in it, and which classes and splits their places say.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import hashlib
import os
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from ..runtime.errors import VICRegError
from ..runtime.paths import expanded
from ..runtime.text import abbreviated, printable

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
SPLITS = ("train", "test")
# What the folders of the two are called; of several, the first that is there counts.
SPLIT_FOLDERS = {"train": ("train", "training"), "test": ("test", "testing", "val", "valid", "validation")}
# What systems keep beside pictures: thumbnails, recycle bins, snapshots, forks, what was recovered.
OF_SYSTEMS = {
    "@eadir", "#recycle", "#snapshot", "$recycle.bin", "recycler", "system volume information", "__macosx", "lost+found",
    ".thumbnails",
}  # fmt: skip
# The sheets of our own commands, by the table that lies beside them.
OWN_SHEETS = {
    "anomalies.csv": {"anomalies.png", "roc.png"}, "clusters.csv": {"clusters.png"}, "probe.csv": {"confusion.png"},
    "search.csv": {"search.png"},
}  # fmt: skip
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
    them, by its place; others, how many files and folders were passed over, by their endings or names;
    hashes, uint64 (n,), of the pixels that the network gets, None where they were not decoded yet.
    """

    root: Path
    names: tuple[str, ...]
    labels: np.ndarray
    classes: tuple[str, ...]
    splits: tuple[str, ...]
    left_out: dict[str, str]
    others: dict[str, int]
    hashes: np.ndarray | None = None

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
        return replace(
            self,
            names=tuple(self.names[i] for i in indices),
            labels=self.labels[indices],
            splits=tuple(self.splits[i] for i in indices) if self.splits else (),
            left_out={**self.left_out, **(left_out or {})},
            hashes=None if self.hashes is None else self.hashes[indices],
        )

    def in_split(self, split: str) -> "Folder":
        """The pictures of a split."""
        return self.only(np.array(self.splits) == split)

    def rows_of(self, paths: Iterable[Path]) -> np.ndarray:
        """Which of its pictures each file is, whatever its name, by int64 indices, (m,); -1 for none."""
        rows = {file_of(path): row for row, path in enumerate(self.paths)} | {None: NO_ROW}
        return np.array([rows.get(file_of(path), NO_ROW) for path in paths], dtype=np.int64)

    def identities(self) -> np.ndarray:
        """What each picture is known again by, uint8, (n, 16): a hash of its name, size, and times.

        The time of change tells of files that changed places, whose own times came along. Numbers of
        files would as well, but network folders number anew.
        """
        digests = np.empty((len(self), 16), dtype=np.uint8)
        for row, name, path in zip(digests, self.names, self.paths, strict=True):
            try:
                about = path.stat()
                identity = f"{name}\0{about.st_size}\0{about.st_mtime_ns}\0{about.st_ctime_ns}"
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
            told += f"; {count:,} other{'s' * (count != 1)} passed over ({kinds_in_words(self.others)})"
        return told


def find_pictures(root: Path) -> Folder:
    """The JPEG, PNG and WebP files below a folder, by their names' endings.

    Where there are pictures in both ``train/`` and ``test/``, or folders of such a name (SPLIT_FOLDERS),
    they are the splits, and what lies beside them is left out. The folders right below the root, or
    below a split, are the classes, whatever lies between them and a picture; pictures right in the root
    have none. A split's name is no class's, unless it holds pictures as classes beside it do. Classes are
    called by their names' normal form. Links are followed, to folders as well; of a file with several names the first is
    taken. Passed over is what is hidden, its name beginning with a dot, what systems keep for themselves,
    and sheets of earlier results.

    Raises: VICRegError when there is no such folder, no picture in it, or a folder that may be a split or a class.
    """
    root = expanded(root)
    if not os.path.isdir(root):
        what = "is a file" if os.path.exists(root) else "is not there"
        raise VICRegError(f"{root} {what}; name a folder with JPEG, PNG or WebP pictures in it.")
    left_out: dict[str, str] = {}
    others: Counter = Counter()
    places = list(files_below(root, left_out, others))
    names = sorted(place for place in places if is_picture(place))
    others.update(PurePosixPath(place).suffix.lower() for place in places if not is_picture(place))
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
    level, split_of = splits_in(root, parts)
    if split_of:
        beside = " and ".join(f"{name}/" for name in sorted(split_of, key=lambda name: (split_of[name], name), reverse=True))
        left_out |= {n: f"lies beside {beside}" for n, p in zip(names, parts, strict=True) if p[level - 1] not in split_of}
        names = [name for name in names if name not in left_out]
        parts = [p for p in parts if p[level - 1] in split_of]
    classes = [normal_form(p[level]) if len(p) > level + 1 else None for p in parts]
    known = tuple(sorted(set(classes) - {None}))
    number = {name: label for label, name in enumerate(known)} | {None: NO_CLASS}
    labels = np.array([number[name] for name in classes], dtype=np.int64)
    splits = tuple(split_of[p[level - 1]] for p in parts) if all(split_of.values()) and split_of else ()
    return Folder(root, tuple(names), labels, known, splits, left_out, others)


def is_picture(place: str) -> bool:
    return place.lower().endswith(PICTURE_SUFFIXES)


def normal_form(name: str) -> str:
    """A name as it compares: systems differ by whether a letter and its accent are one character or two."""
    return unicodedata.normalize("NFC", name)


def splits_in(root: Path, parts: list[tuple[str, ...]]) -> tuple[int, dict[str, str]]:
    """At which part of pictures' places their classes stand, and which folders before it are which split.

    A split's folder whose twin is missing has "" for its split.

    Raises: VICRegError where such a one may as well be a class.
    """
    for level in (0, 1):  # a folder may hold the one that has the splits, and nothing else
        if level and len({p[0] for p in parts}) > 1:
            break
        folders = {p[level] for p in parts if len(p) > level + 1}
        by_name = {split: [[f for f in folders if f.casefold() == name] for name in some] for split, some in SPLIT_FOLDERS.items()}
        first = {split: next(filter(None, found), []) for split, found in by_name.items()}
        if all(first.values()):
            return level + 1, {folder: split for split, some in first.items() for folder in some}
    usual = {name for some in SPLIT_FOLDERS.values() for name in some}
    folders, with_folders = ({p[0] for p in parts if len(p) > length} for length in (1, 2))
    splits = {folder for folder in folders if folder.casefold() in usual}
    if splits == folders:
        return int(bool(folders)), dict.fromkeys(folders, "")
    if doubtful := sorted(splits & with_folders):
        raise VICRegError(
            f"{root} has {doubtful[0]}/ with folders in it beside {min(folders - splits)}/; if it is a split, name {root / doubtful[0]} "
            "alone or give it its twin, and if it is a class, another name."
        )
    return 0, {}


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
    return root.is_dir() and any(map(is_picture, files_below(root, {}, Counter())))


def files_below(root: Path, left_out: dict[str, str], others: Counter) -> Iterator[str]:
    """Yield the places of all files below a folder, but for what is hidden or no user's.

    Folders that cannot be read are added to ``left_out``, what systems or earlier results have to ``others``.
    """

    def walk(folder: Path, above: tuple):
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            left_out[folder.relative_to(root).as_posix()] = f"cannot be read ({error.strerror})"
            return
        sheets = set().union(*(OWN_SHEETS.get(entry.name, ()) for entry in entries))
        for entry in entries:
            path = folder / entry.name
            if entry.name.lower() in OF_SYSTEMS and os.path.isdir(path):
                others[f"{entry.name}/"] += 1
            elif entry.name in sheets:
                others["of earlier results"] += 1
            elif entry.name.startswith("."):
                continue
            elif not os.path.isdir(path):  # a link that goes round is none
                yield path.relative_to(root).as_posix()
            elif (identity := file_of(path)) not in above:  # a link to a folder around it would go round for ever
                yield from walk(path, (*above, identity))

    yield from walk(root, (file_of(root),))
