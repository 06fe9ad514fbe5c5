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
    from matplotlib.figure import Figure

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
    if "://" in text:
        raise argparse.ArgumentTypeError(f"{text} is an address; download what is there, and name the file or folder")
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


def check_k(k: int, folder: Folder, most: int) -> None:
    """Refuse a k for which a folder has too few pictures, before they are decoded: VICRegError."""
    if k > most:
        only = f"{most:,} picture{'s' * (most != 1)}"
        raise VICRegError(f"-k {k} is too large for {folder.root}, which has {only} to choose from; choose a smaller -k, or add pictures.")


class Opened(NamedTuple):
    """A trained encoder, where it computes, the representations of folders by it, and the place for what is found."""

    run: Run
    device: torch.device
    folders: list[Embedded]
    out: Path

    @property
    def weights(self) -> str:
        """The weights, as tables and sheets name them."""
        return f"{self.run.name} ({self.run.fingerprint[:12]})"

    def table(self, name: str, header: Sequence[str], rows: Iterable[Sequence]) -> None:
        """Write a table; says whose it replaces."""
        write_table(self.out / f"{name}.csv", self.weights, header, rows)

    def sheet(self, name: str, fig: Figure | None) -> None:
        """Save a figure; without one, an earlier run's goes."""
        from ..plots.sheets import save_sheet

        if fig is None:
            (self.out / f"{name}.png").unlink(missing_ok=True)
        else:
            save_sheet(fig, self.out / f"{name}.png", self.weights)

    def finish(self) -> None:
        """List what was left out, and say where the results are."""
        left_out = [(folder.root, place, why) for folder, _ in self.folders for place, why in folder.left_out.items()]
        (self.out / "left-out.csv").unlink(missing_ok=True)  # an earlier run's
        if left_out:
            self.table("left-out", ("folder", "file", "reason"), left_out)
        print(f"The results are in {self.out}.")


def embedded(options: argparse.Namespace, *folders: Folder) -> Opened:
    """The representations of folders by the weights that the options name; says what is left out."""
    if options.command != "embed":
        check_out(options.out, *folders)
    weights = named_weights(options.weights)
    from ..folder_representations import represent_folder
    from ..runtime.device import best_device
    from ..weights import load_run

    device, run, found = best_device(options.device), load_run(weights), []
    for folder in folders:
        print(f"{printable(str(folder.root))}: {folder.in_words()}", flush=True)
        found.append(represent_folder(run, folder, device))
        tell_left_out(found[-1].folder, options.strict)
    return Opened(run, device, found, options.out)


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


def check_out(out: Path, *folders: Folder) -> None:
    """Refuse a folder for results that cannot be written to, or lies among the pictures: they would be taken for some."""
    around = {out.resolve(), *out.resolve().parents, *out.absolute().parents, out.absolute()}
    for folder in folders:
        places = {folder.root.absolute(), folder.root.resolve()}
        places |= {parent.resolve() for parent in {path.parent for path in folder.paths}}  # by way of links
        if around & places:
            raise VICRegError(
                f"The results would lie among the pictures of {folder.root}; name another folder with --out."
            )
    check_writable(out, "--out")


def classes_of(folder: Folder) -> list[str]:
    """Each picture's class by its name, "" for none."""
    return [folder.classes[label] if label != NO_CLASS else "" for label in folder.labels.tolist()]


def tell_copies(count: int, pictures: str, others: str) -> None:
    """Say how many of the pictures that a figure is about have a twin where none should be."""
    if count:
        print(f"{count:,} of the {pictures} {'is' if count == 1 else 'are'} identical, pixel for pixel, to {others}.")


def write_table(path: Path, weights: str, header: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Write a table, with the weights in its last column; says whose it replaces.

    As CSV in UTF-8; bytes of names that are no text stay. Lines end in carriage return and line feed, as RFC 4180
    has it, for Python quotes only what its lines end in (before 3.11.9 and 3.12.3).
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow((*header, "weights"))
    writer.writerows((*row, weights) for row in rows)
    content = text.getvalue().encode("utf-8", errors="surrogateescape")
    tell_replaced(path, weights, weights_in_table)
    write_atomically(path, lambda temporary: temporary.write_bytes(content))


def weights_in_table(path: Path) -> str:
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        return next(csv.DictReader(file))["weights"]


def tell_replaced(path: Path, weights: str, read: Callable[[Path], str]) -> None:
    """Say that results by other weights, which ``read`` finds in a file, are about to go."""
    try:
        before = read(path)
    except Exception:  # there is none, or it is another's file
        return
    if before != weights:
        print(f"{path}, made with the weights {printable(str(before))}, is being replaced.")
