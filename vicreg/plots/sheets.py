"""Contact sheets of people's own pictures: thumbnails in rows, with what there is to say below each.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import contextlib
import math
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import matplotlib
import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn.functional import pad

from ..datasets.pictures import read_picture, whole
from ..runtime.atomic import write_atomically
from ..runtime.text import abbreviated
from .figures import show_images

THUMBNAIL = 192       # pixels a side
FRAME = 210           # its grey, around pictures that are white at their edge
INCHES = 1.0          # a thumbnail's side on the sheet
LINE = 5              # a caption's line, in 32nds of a thumbnail's side
LETTERS = 14          # of a name that fit under a thumbnail
LONGEST_WEIGHTS = 60  # letters
TITLE_LETTERS = 30  # of a folder or a class, in a title or beside a row
COLUMNS = 8
DOTS_AN_INCH, MOST_DOTS = 144, 65_000  # matplotlib draws up to 2**16 a side
# Fonts that have the letters which matplotlib's own lacks; those that are installed are used.
MORE_FONTS = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans", "WenQuanYi Zen Hei", "Hiragino Sans", "PingFang SC",
    "Arial Unicode MS", "Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "Nirmala UI", "Segoe UI Emoji",
)  # fmt: skip


def thumbnails(paths: Sequence[Path]) -> Tensor:
    """Pictures as they are, in a thin frame in the middle of white tiles; one that cannot be read is all frame.

    Returns: uint8, (n, 3, 192, 192).
    """
    tiles = torch.full((len(paths), 3, THUMBNAIL, THUMBNAIL), 255, dtype=torch.uint8)
    for tile, path in zip(tiles, paths, strict=True):
        try:
            picture = read_picture(path, THUMBNAIL - 4, whole)
        except ValueError:  # it was embedded before, and has gone since
            picture = torch.full((3, THUMBNAIL - 4, THUMBNAIL - 4), FRAME, dtype=torch.uint8)
        framed = pad(picture, (2, 2, 2, 2), value=FRAME)
        top, left = ((THUMBNAIL - length) // 2 for length in framed.shape[1:])
        tile[:, top : top + framed.shape[1], left : left + framed.shape[2]] = framed
    return tiles


def in_rows(images: Tensor, captions: Sequence[str], columns: int = COLUMNS) -> tuple[Tensor, list[list[str]]]:
    """Images, (n, 3, s, s), and their captions as a table whose last row is filled up with white."""
    rows = math.ceil(len(images) / columns)
    white = images.new_full((rows * columns - len(images), *images.shape[1:]), 255)
    texts = [*captions, *[""] * len(white)]
    table = torch.cat([images, white]).view(rows, columns, *images.shape[1:])
    return table, [texts[row * columns : (row + 1) * columns] for row in range(rows)]


def sheet(
    titles: Sequence[str],
    tables: Sequence[Tensor],
    captions: Sequence[Sequence[Sequence[str]]],
    row_labels: Sequence[Sequence[str]] | None = None,
    **labels,
) -> Figure:
    """A figure of tables of thumbnails, one below the other, each under its title.

    Parameters: tables, uint8, (rows, columns, 3, s, s) each, and their captions, all of as many
    lines; row_labels, of each table; labels, as for :func:`show_images`.
    """
    lines = 1 + max(text.count("\n") for table in captions for row in table for text in row)
    heights = [table.shape[0] * (34 + LINE * lines) / 32 * INCHES for table in tables]
    gaps = 12 / 32 * len(labels.get("gaps", ()))
    longest = max((len(line) for some in row_labels or () for text in some for line in text.split("\n")), default=0)
    size = (tables[0].shape[1] * 34 / 32 + gaps) * INCHES + 0.085 * longest + 0.3, sum(heights) + 0.35 * len(tables) + 0.2
    size = max(size[0], 0.08 * max(map(len, titles)) + 0.3), size[1]
    fig, axes = plt.subplots(
        len(tables), figsize=size, height_ratios=heights, layout="constrained", squeeze=False
    )
    for number, (ax, title, table, texts) in enumerate(zip(axes.flat, titles, tables, captions, strict=True)):
        some = row_labels[number] if row_labels else ()
        show_images(ax, table, some, captions=texts, caption_height=LINE * lines, interpolation="auto", **labels)
        ax.set_title(title, loc="left", fontweight="bold", fontsize="medium")
        ax.set_anchor("NW")
    return fig


def caption(name: str, *further: str) -> str:
    """What stands below a picture: its name without folders and ending, and further lines but for empty ones."""
    return "\n".join(shown(line, LETTERS) for line in (PurePosixPath(name).stem, *further) if line)


def shown(text: str, letters: int = TITLE_LETTERS) -> str:
    """Text as a figure shows it, its middle left out where it is long; $ starts no formula."""
    return abbreviated(text, letters).replace("$", r"\$")


@contextlib.contextmanager
def small_print() -> Iterator[None]:
    """Letters of a sheet's size, in fonts for as many scripts as are installed."""
    installed = {font.name for font in matplotlib.font_manager.fontManager.ttflist}
    fonts = [*matplotlib.rcParams["font.sans-serif"][:1], *(font for font in MORE_FONTS if font in installed)]
    with matplotlib.rc_context({"font.size": 8, "font.family": fonts}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a box stands for it; the CSV has the name
        yield


def save_sheet(fig: Figure, path: Path, weights: str) -> None:
    """Save a figure as PNG, with the weights that it is by, and close it."""
    fig.supxlabel(shown(f"weights {weights}", LONGEST_WEIGHTS), x=0.01, ha="left", color="0.4", fontsize=8)
    dots = min(DOTS_AN_INCH, MOST_DOTS / max(fig.get_size_inches()))
    write_atomically(path, lambda temporary: fig.savefig(temporary, format="png", dpi=dots))
    plt.close(fig)
