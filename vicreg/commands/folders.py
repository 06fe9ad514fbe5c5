"""What the commands on folders of pictures share: their options, representations and results.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..datasets.folder import NO_CLASS, Folder, tell_left_out
from ..experiments import EXPERIMENTS
from ..runtime.atomic import check_writable, write_atomically
from ..runtime.errors import VICRegError
from ..runtime.paths import expanded, weights_file
from ..runtime.text import printable
from ..stored_experiments import other_names, trained

if TYPE_CHECKING:
    import torch

    from ..folder_representations import Embedded
    from ..weights import Run

RESULTS = Path("results")


def add_folder_command(commands, name: str, help: str, run, **folders: str) -> argparse.ArgumentParser:
    """A command on folders, each with its help, with the options that all such commands have."""
    parser = commands.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
    for folder, its_help in folders.items():
        parser.add_argument(folder, type=path, metavar=folder.upper(), help=its_help)
    parser.add_argument(
        "--weights", default="vicreg", metavar="NAME", help="an experiment, or a weights file (default: vicreg)"
    )
    parser.add_argument("--device", metavar="D", help="cpu or cuda; default: the best there is")
    parser.add_argument("--strict", action="store_true", help="refuse a folder with a picture that cannot be read")
    parser.set_defaults(run=run)
    return parser


def path(text: str) -> Path:
    """A path as an option gives it."""
    if not text:
        raise argparse.ArgumentTypeError("a path is empty")
    return expanded(text)


def at_least(least: int) -> Callable[[str], int]:
    """What reads an option's number and refuses a smaller one."""

    def number(text: str) -> int:
        if (value := int(text)) < least:
            raise argparse.ArgumentTypeError(f"it must be at least {least}, got {value}")
        return value

    return number


def add_results(parser: argparse.ArgumentParser, name: str) -> None:
    parser.add_argument(
        "--out", type=path, default=RESULTS / name, metavar="DIR", help=f"for what is found (default: {RESULTS / name})"
    )


class Opened(NamedTuple):
    """A trained encoder, where it computes, and the representations of folders by it."""

    run: Run
    device: torch.device
    folders: list[Embedded]


def embedded(options: argparse.Namespace, *folders: Folder) -> Opened:
    """The representations of folders by the weights that the options name; says what is left out."""
    weights = named_weights(options.weights)
    from ..folder_representations import represent_folder
    from ..runtime.device import best_device
    from ..weights import load_run

    run, device, found = load_run(weights), best_device(options.device), []
    for folder in folders:
        print(f"{printable(str(folder.root))}: {folder.in_words()}", flush=True)
        found.append(represent_folder(run, folder, device))
        tell_left_out(found[-1].folder, options.strict)
    return Opened(run, device, found)


def named_weights(named: str) -> str | Path:
    """The experiment, or the weights file, that an option names.

    Raises: VICRegError, listing the names there are, where there are no such weights.
    """
    if named.endswith(".pt"):
        if (file := expanded(named)).exists():
            return file
        named = named.removesuffix(".pt")
    if not named or not weights_file(named).exists():
        names = ", ".join(printable(name) for name in (*EXPERIMENTS, *other_names()) if trained(name))
        raise VICRegError(f"There are no weights {named!r}; choose from: {names or 'none yet'}; or name a file that ends in .pt.")
    return named


def results_folder(options: argparse.Namespace, *folders: Folder) -> Path:
    """The folder for results, which is not to lie among the pictures: they would be taken for some."""
    out = options.out
    around = {out.resolve(), *out.resolve().parents, *out.absolute().parents, out.absolute()}
    for folder in folders:
        places = {folder.root.absolute(), folder.root.resolve()}
        places |= {parent.resolve() for parent in {path.parent for path in folder.paths}}  # by way of links
        if around & places:
            raise VICRegError(
                f"The results would lie among the pictures of {folder.root}; name another folder with --out."
            )
    check_writable(out, "--out")
    return out


def classes_of(folder: Folder) -> list[str]:
    """Each picture's class by its name, "" for none."""
    return [folder.classes[label] if label != NO_CLASS else "" for label in folder.labels.tolist()]


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Write a table as UTF-8; names that are no text keep their bytes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    content = text.getvalue().encode("utf-8", errors="surrogateescape")
    write_atomically(path, lambda temporary: temporary.write_bytes(content))


def finish(out: Path, *folders: Folder) -> None:
    """List what was left out, and say where the results are."""
    left_out = [(folder.root, place, why) for folder in folders for place, why in folder.left_out.items()]
    listed = out / "left-out.csv"
    if left_out:
        write_csv(listed, ("folder", "file", "reason"), left_out)
    else:
        listed.unlink(missing_ok=True)  # an earlier run's
    print(f"The results are in {out}.")
