"""Whether a folder is a copy of CIFAR-10, or holds any pictures; told without decoding one.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from pathlib import Path

from ..runtime.paths import data_folder, expanded
from .cifar10 import ARCHIVE_SUFFIXES, CIFAR10_CLASSES, OFFICIAL_ARCHIVE, OFFICIAL_FOLDER, misplaced
from .folder import SPLITS, Folder, find_pictures, has_pictures


def find_images(root: str | Path | None = None) -> Folder | None:
    """The pictures of a folder; None where it is, or is to become, a copy of CIFAR-10.

    Parameters: root, the folder; without one ``$VICREG_DATA`` or ``data/``, to which CIFAR-10 is
    downloaded where there are no images.
    Raises: VICRegError when a folder that was named has no images.
    """
    place = expanded(root) if root is not None else data_folder()
    if is_cifar10(place) or (root is None and not has_pictures(place)):
        return None
    return find_pictures(place)


def is_cifar10(root: Path) -> bool:
    """Whether a folder is a copy of CIFAR-10: the official files, here or one level off, its ten classes, or an archive alone."""
    if any((root / official).exists() for official in (OFFICIAL_FOLDER, OFFICIAL_ARCHIVE)):
        return True
    if all((root / split).is_dir() for split in SPLITS):
        return all(folders_in(root / split) == set(CIFAR10_CLASSES) for split in SPLITS)
    archive = any(entry.name.endswith(ARCHIVE_SUFFIXES) for entry in entries(root))
    return (archive or misplaced(root) is not None) and not has_pictures(root)


def folders_in(folder: Path) -> set[str]:
    return {entry.name for entry in entries(folder) if entry.is_dir() and not entry.name.startswith(".")}


def entries(folder: Path) -> list[Path]:
    """What is in a folder; nothing where that cannot be told."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []
