"""What a table's columns are called, and which format holds for which of them.

Shared by the kernel and the stitching: a format may be given at either, and must mean the same.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

WORDS = {"None": "–", "nan": "–", "NaT": "–", "<NA>": "–", "True": "yes", "False": "no"}


def called(label) -> str:
    """Return what stands for one label: strings as they are, of midnights only the date."""
    if isinstance(label, str):
        return str(label)
    text = str(label).replace(" 00:00:00", "")
    return WORDS.get(text, text)


def path(label) -> tuple[str, ...]:
    """Return a column's name level by level; blanks at the end, as pandas pads, are left out."""
    names = [called(part) for part in (label if isinstance(label, tuple) else (label,))]
    while len(names) > 1 and not names[-1]:
        names.pop()
    return tuple(names) or ("",)


def key(label) -> str:
    """Return a column, as ``formats`` has it, as a text fit for JSON: of levels the tuple's."""
    names = path(label)
    return names[0] if len(names) == 1 else str(names)


def keys(names: tuple[str, ...]) -> list[str]:
    """Return all that a format of this column may be filed under, the most specific first."""
    above = [str(names[:length]) for length in range(len(names), 1, -1)]
    return [*above, *reversed(names)]


def checked(formats: dict, paths: list[tuple[str, ...]]) -> dict[str, str]:
    """Return the formats by canonical keys.

    Raises
    ------
    ValueError
        If a key belongs to no column, or a format is no text with braces.
    """
    formats = {key(name): spec for name, spec in formats.items()}
    unknown = formats.keys() - {one for names in paths for one in keys(names)}
    if unknown:
        raise ValueError(f"formats names {', '.join(map(repr, sorted(unknown)))}, "
                         f"the columns are {', '.join(map(key, paths))}")
    formats = {name: spec for name, spec in formats.items() if spec not in (None, "")}
    for name, spec in formats.items():
        if not (isinstance(spec, str) and "{" in spec):
            raise ValueError(f"format {spec!r} of {name!r} should be a text with braces, "
                             "such as '{:.1%}'")
    return formats
