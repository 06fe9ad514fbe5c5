"""``python -m vicreg data`` and ``sample``: which images are at hand, and a small part of them.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..datasets.folder import find_pictures, has_pictures, tell_left_out
from ..datasets.kinds import find_images, folders_in, is_cifar10
from ..runtime.atomic import check_writable
from ..runtime.errors import VICRegError
from ..runtime.paths import data_folder, weights_folder
from ..runtime.text import printable
from ..weights_header import Header, read_header
from .folders import at_least, path

if TYPE_CHECKING:
    from ..datasets.copies import Copy

REMEDY = "set VICREG_DATA to a folder that has it, or let the first command that needs it download it there."


def add(commands) -> None:
    data = commands.add_parser(
        "data", help="tell which images are at hand, and which weights were trained on it"
    )
    data.add_argument("--data", type=path, metavar="DIR", help="default: $VICREG_DATA, else data/")
    data.add_argument("--json", action="store_true", help="CIFAR-10's name and fingerprint, for programs")
    data.set_defaults(run=tell_data)
    sample = commands.add_parser(
        "sample", help="write a small part of the images to a folder, for VICREG_DATA to name"
    )
    sample.add_argument("folder", type=path, help="which is not there yet")
    for option, count, what in (("--train", 60, "a class"), ("--test", 30, "a class"), ("--digits", 300, "in all")):
        sample.add_argument(option, type=at_least(1), default=count, metavar="N", help=f"{what} (default: {count})")
    sample.set_defaults(run=make_sample)


def tell_data(options: argparse.Namespace) -> None:
    from ..datasets.copies import copy_at_hand  # numpy

    root = options.data or data_folder()
    if options.data and not root.is_dir():
        raise VICRegError(f"{root} is no folder; name one that has images.")
    own = find_pictures(root) if has_pictures(root) and not is_cifar10(root) else None
    copy = None if own else copy_at_hand(root)
    if options.json:
        print(json.dumps({"name": copy.name, "fingerprint": copy.fingerprint} if copy else None))
        return
    if own:
        print(f"Pictures in {printable(str(root))}: {own.in_words()}")
        tell_left_out(own)
        return
    if copy:
        counts = " and ".join(f"{n:,} {split}" for split, n in copy.counts.items())
        print(f"CIFAR-10 in {copy.source}: {copy.name}")
        print(f"    {counts} images; sha256 {copy.fingerprint}")
    else:
        print(f"There is no CIFAR-10 in {root}; {REMEDY}")
    tell_digits(root)
    for file in sorted(weights_folder().glob("*.pt")):
        print(f"{file}: {trained_on(read_header(file), copy)}")


def tell_digits(root: Path) -> None:
    from ..datasets.mnist import look_for_mnist

    files = look_for_mnist(root)
    if None in files:
        print(f"There is no MNIST test set in {root}; {REMEDY}")
        return
    from ..digits import load_mnist_test  # heavy

    digits = load_mnist_test(root)
    print(f"MNIST test set in {files[0].parent}: {len(digits):,} images; sha256 {digits.fingerprint}")


def trained_on(header: Header | None, copy: 'Copy | None') -> str:
    """Which images weights were trained on, beside those at hand."""
    if header is None:
        return "damaged, or not a weights file of this project; restore it"
    trained = f"{header.epochs} epoch{'s' * (header.epochs != 1)}"
    images = f"{header.data_name}, sha256 {header.data_fingerprint[:12]}…"
    if copy is None:
        return f"{trained} on {images}"
    same = header.data_fingerprint == copy.fingerprint
    return f"{trained} on this copy" if same else f"{trained} on another copy: {images}"


def make_sample(options: argparse.Namespace) -> None:
    if (own := find_images()) is not None:
        raise VICRegError(f"{own.root} holds other pictures, but samples are taken from CIFAR-10; point VICREG_DATA at CIFAR-10, or unset it.")
    if os.path.isfile(options.folder) or folders_in(options.folder):
        raise VICRegError(f"{options.folder} already exists and is not empty; name a new folder.")
    check_writable(options.folder, "FOLDER")
    from ..subset import write_sample  # heavy

    write_sample(options.folder, options.train, options.test, options.digits)
    print(f"The sample is in {options.folder}; use it with VICREG_DATA={options.folder}")
