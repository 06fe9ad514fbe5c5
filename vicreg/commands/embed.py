"""``python -m vicreg embed``: the representations of a folder of pictures, in a file to go on with.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import argparse
from pathlib import Path

from ..datasets.folder import find_pictures
from ..runtime.atomic import check_writable, write_atomically
from ..runtime.errors import VICRegError
from .folders import add_folder_command, embedded, path, tell_replaced


def add(commands) -> None:
    parser = add_folder_command(
        commands, "embed", "write the representations of a folder's pictures to a file", embed_pictures,
        folder="with JPEG, PNG or WebP pictures",
    )  # fmt: skip
    parser.add_argument("--out", type=path, required=True, metavar="FILE", help="ends in .npz")


def embed_pictures(options: argparse.Namespace) -> None:
    out = options.out
    if out.suffix != ".npz":
        raise VICRegError(f"{out} does not end in .npz; name the file so, for numpy.load to know it.")
    if out.is_dir():
        raise VICRegError(f"{out} is a folder; name a file in it.")
    check_writable(out.parent, "--out")
    opened = embedded(options, find_pictures(options.folder))
    ((folder, y),) = opened.folders
    import numpy as np

    arrays = {
        "y": y.numpy(),
        "names": np.array(folder.names),
        "labels": folder.labels,
        "classes": np.array(folder.classes, dtype=str),
        "splits": np.array(folder.splits, dtype=str),
        "left_out": np.array(list(folder.left_out), dtype=str),
        "weights": np.array(opened.weights),
    }

    def write(temporary: Path) -> None:
        with open(temporary, "wb") as file:
            np.savez(file, **arrays)

    tell_replaced(out, opened.weights, weights_in_arrays)
    write_atomically(out, write, sum(array.nbytes for array in arrays.values()))
    print(f"{len(y):,} representations of {y.shape[1]} dimensions are in {out}.")


def weights_in_arrays(path: Path) -> str:
    import numpy as np

    with np.load(path) as earlier:
        return str(earlier["weights"])
