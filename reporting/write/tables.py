"""A stored table as rows of texts under heads that span: what pages and typesetters agree on.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re
from itertools import zip_longest

from reporting.columns import checked, keys, path
from reporting.write.cells import is_number, texts, typeset, value


def laid_out(item: dict) -> dict:
    """Lay a stored table out.

    Parameters
    ----------
    item : dict
        As `reporting.kernel.frames.described` returns it, or an older builder stored it: with
        "columns", "rows" and "formats" alone.

    Returns
    -------
    dict
        "head": for each level, from the top, its cells {"text": Markdown, "span": columns};
        "align": a letter a column, "l", "c" or "r"; "rows": lists of plain texts.

    Raises
    ------
    ValueError
        If there are no columns, a format does not fit a value, or belongs to no column.
    """
    paths = [path(tuple(name) if isinstance(name, list) else name) for name in item["columns"]]
    if not paths:
        raise ValueError("the table has no columns")
    formats = checked(item["formats"], paths)
    index, levels = item.get("index", 0), item.get("levels", [])
    columns = [list(map(value, column)) for column in zip(*item["rows"], strict=True)]
    columns = columns or [[] for _ in paths]
    cells = [texts(column, next((formats[key] for key in keys(names) if key in formats), None))
             for names, column in zip(paths, columns, strict=True)]
    _leave_out_repeated(cells[:index], columns)
    return {"head": _head([*paths[:index], *(_under(levels, names) for names in paths[index:])]),
            "align": "".join(map(_align, columns)),
            "rows": [list(row) for row in zip(*cells, strict=True)]}


def _leave_out_repeated(cells: list[list[str]], columns: list[list]) -> None:
    """Blank an index's outer levels where they say again what stands above."""
    outer = list(zip(cells, columns, strict=False))[:-1]
    same = [True] * len(columns[0])
    for shown, values in outer:
        same = [same[row] and row > 0 and values[row] == values[row - 1]
                and shown[row] == shown[row - 1] for row in range(len(same))]
        shown[:] = ["" if again else text for again, text in zip(same, shown, strict=True)]


def _align(column: list) -> str:
    present = [one for one in column if one is not None]
    if present and all(map(is_number, present)):
        return "r"
    return "c" if present and all(isinstance(one, bool) for one in present) else "l"


def _under(levels: list, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return a column's name with what its levels are called above each of them."""
    pairs = zip_longest(levels[:len(names)], names)
    return tuple(part for level, name in pairs for part in ((level, name) if level else (name,)))


def _head(paths: list[tuple[str, ...]]) -> list[list[dict]]:
    """Return the levels of the head; what is short stands at the bottom, next to its values."""
    depth = max(map(len, paths))
    padded = [("",) * (depth - len(names)) + names for names in paths]
    head = [[{"text": _number(names[-1]), "span": 1} for names in padded]]
    for level in reversed(range(depth - 1)):
        cells: list[dict] = []
        for i, names in enumerate(padded):
            if i and names[:level + 1] == padded[i - 1][:level + 1]:
                cells[-1]["span"] += 1
            else:
                cells.append({"text": _number(names[level]), "span": 1})
        head.insert(0, cells)
    return head


def _number(name: str) -> str:
    """Return a name as it is, but a number or an interval with real minuses."""
    return typeset(name) if re.fullmatch(r"[-+\d.,einf()\[\] ]+", name) else name
