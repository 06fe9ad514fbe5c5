"""From a data frame to what is stored of it: names, and values with their types.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from numbers import Complex, Integral, Real

import numpy as np
import pandas as pd

from reporting.columns import called, checked, key, path
from reporting.kernel.scalars import scalar, single
from reporting.write.cells import typeset

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def described(frame, formats: dict | None = None) -> dict:
    """Return a frame as plain data, fit for JSON.

    Parameters
    ----------
    frame : pandas.DataFrame or pandas.Series
        Or whatever has ``to_pandas``.
    formats : dict, optional
        Column → format.

    Returns
    -------
    dict
        "columns": names, of several levels lists of names; "rows"; "formats", by
        `reporting.columns.key`; "index": how many of the columns are the index's; "levels": what
        the levels of the other columns' names are called, where one is called anything.

    Raises
    ------
    TypeError
        If it is no frame, or a value has no text.
    ValueError
        If there are no columns, or a format belongs to none.
    """
    frame = _as_frame(frame)
    index = [] if _is_plain(frame.index) else _levels(frame.index)
    paths = [path("" if level.name is None else level.name) for level in index]
    paths += [path(label) for label in frame.columns]
    if not paths:
        raise ValueError("the frame has no columns")
    formats = checked(formats or {}, paths)
    # By position, because names may be given twice.
    series = index + [frame.iloc[:, i] for i in range(frame.shape[1])]
    columns = [[cell(value, key(names)) for value in one.tolist()]
               for one, names in zip(series, paths, strict=True)]
    item = {"columns": [names[0] if len(names) == 1 else list(names) for names in paths],
            "rows": [list(row) for row in zip(*columns, strict=True)],
            "formats": formats, "index": len(index)}
    levels = [None if name is None else called(name) for name in frame.columns.names]
    return {**item, "levels": levels} if index and any(levels) else item


def as_text(item: dict, html: bool = False) -> str:
    """Return the table as a text, or as HTML, with the cells that the report will have."""
    from reporting.write.tables import laid_out

    table = laid_out(item)
    levels = [[cell["text"] for cell in level for _ in range(cell["span"])]
              for level in table["head"]]
    head = levels[0] if len(levels) == 1 else pd.MultiIndex.from_arrays(levels)
    frame = pd.DataFrame(table["rows"], columns=head)
    with pd.option_context("display.max_colwidth", None):  # or long texts end in an ellipsis
        return frame.to_html(index=False) if html else frame.to_string(index=False)


def _as_frame(given) -> pd.DataFrame:
    frame = given.to_pandas() if hasattr(given, "to_pandas") else given
    if isinstance(frame, pd.Series):
        return frame.to_frame("" if frame.name is None else frame.name)
    if not isinstance(frame, pd.DataFrame):
        raise TypeError("table takes a pandas DataFrame or Series, or what has to_pandas(), "
                        f"not {type(given).__name__}")
    return frame


def _is_plain(index: pd.Index) -> bool:
    """Whether an index only counts the rows, 0, 1, 2, …, as it does when nobody set one."""
    return (isinstance(index, pd.RangeIndex) and index.name is None
            and index.start == 0 and index.step == 1)


def _levels(index: pd.Index) -> list[pd.Index]:
    return [index.get_level_values(i) for i in range(index.nlevels)]


def cell(value, column: str):
    """Return one value as JSON has it.

    Numbers, strings, bools and None are themselves; all else that a format may be meant for is a
    dict of one entry, whose name tells its type, such as {"date": "2026-11-26"}.

    Raises
    ------
    TypeError
        If its only text is an address in memory, which would differ at every run.
    """
    if isinstance(value, str):
        return _encodable(str(value))
    bare = isinstance(value, np.datetime64 | np.timedelta64)  # whose item() would be a number
    if single(value) and not bare:
        value = value.item()
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    if bare:
        value = pd.Series([value]).iloc[0]
    if isinstance(value, date | time | timedelta) and (moment := _moment(value)):
        return moment
    if isinstance(value, Integral):
        return value if isinstance(value, bool) else int(value)
    if isinstance(value, Fraction):
        return {"fraction": str(value)}
    if isinstance(value, Real):
        return scalar(float(value))
    if isinstance(value, Decimal):
        return {"decimal": str(value)} if value.is_finite() else scalar(float(value))
    if isinstance(value, Complex):
        return {"complex": str(complex(value))}
    return _text(value, column)


def _moment(value) -> dict | None:
    """Return a date, a time or a duration, None if only pandas knows this moment."""
    if isinstance(value, timedelta):
        return {"seconds": value.total_seconds()}
    if isinstance(value, time):
        return {"time": value.isoformat()}
    # Python has microseconds, and years of four digits.
    beyond = getattr(value, "nanosecond", 0) or not 1 <= value.year <= datetime.max.year
    return None if beyond else {"date": value.isoformat()}


def _text(value, column: str) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, set | frozenset) and value:
        with np.printoptions(legacy="1.25"):
            text = "{" + ", ".join(sorted(map(repr, value))) + "}"  # strings come in any order
    elif isinstance(value, pd.Interval):
        text = typeset(called(value))
    else:
        with np.printoptions(legacy="1.25"):  # or a list of NumPy's 1.5 reads [np.float64(1.5)]
            text = " ".join(str(value).split())
    if ADDRESS.search(text):
        raise TypeError(f"column {column!r} holds {type(value).__name__}, whose only text is an "
                        "address in memory; put what you want to show of it into the frame")
    return _encodable(text)


def _encodable(text: str) -> str:
    """Return a text that UTF-8 can hold: names of files may have what it cannot."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()
