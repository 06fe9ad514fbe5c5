"""A column's stored values as the texts of its cells, alike from the first row to the last.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction

MISSING = "–"
SIGNIFICANT = 4  # digits of a column's smallest number
DECIMALS = 6  # at most
DIGITS = 12  # of a column's largest number with all its decimals, at most
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Duration(float):
    """Seconds, which a format takes for the number that they are."""


def _moment(text: str) -> date:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


TYPES = {"float": float, "decimal": Decimal, "fraction": Fraction, "complex": complex,
         "date": _moment, "time": time.fromisoformat, "seconds": Duration}


def value(stored):
    """Return a value as Python has it; a missing one is None."""
    if not isinstance(stored, dict):
        return stored
    (kind, content), = stored.items()
    return None if content == "nan" else TYPES[kind](content)


def is_number(one) -> bool:
    """Whether it is a number, or a duration."""
    return isinstance(one, int | float | complex | Decimal | Fraction) and not isinstance(one, bool)


def texts(column: list, spec: str | None = None) -> list[str]:
    """Return a column's cells as plain text.

    Parameters
    ----------
    column : list
        Of what `value` returns.
    spec : str, optional
        Such as ``"{:.1%}"``; missing and infinite values do without.

    Raises
    ------
    ValueError
        If the format does not fit a value.
    """
    if spec:
        return [_formatted(one, spec) for one in column]
    number = _numbers([part for one in column for part in _parts(one)])
    duration = _durations([one for one in column if isinstance(one, Duration)])
    moment = _moments([one for one in column if isinstance(one, date)])
    return [_text(one, number, duration, moment) for one in column]


def _text(one, number: Callable, duration: Callable, moment: Callable) -> str:
    """Return one cell, with its column's ways to write numbers, durations and dates."""
    if one is None:
        return MISSING
    if isinstance(one, bool):
        return "yes" if one else "no"
    if isinstance(one, Duration):
        return duration(one)
    if isinstance(one, float | Decimal):
        return number(one)
    if isinstance(one, complex):
        return number(one.real) + ("−" if one.imag < 0 else "+") + number(abs(one.imag)) + "j"
    if isinstance(one, date):
        return moment(one)
    return typeset(str(one)) if is_number(one) else str(one)


def _formatted(one, spec: str) -> str:
    if one is None or (isinstance(one, float) and math.isinf(one)):
        return _text(one, _infinite, _infinite, str)
    try:
        if isinstance(one, date | time) and not _is_of_dates(spec):
            raise ValueError("dates take formats such as '{:%d %B %Y}'")
        text = spec.format(float(one) if isinstance(one, Fraction) else one)
    except (ValueError, LookupError, AttributeError, TypeError, OverflowError) as error:
        raise ValueError(f"format {spec!r} does not fit {one!r} ({error})") from None
    text = typeset(text) if is_number(one) else text
    return text.replace("-", "−") if isinstance(one, complex) else text  # within, too


def _is_of_dates(spec: str) -> bool:
    """Whether strftime, which takes any text for a format, has something to fill in."""
    codes = re.findall(r"\{[^{}:]*:([^{}]*)\}", spec)
    return all(re.search("%[-#A-Za-z]", code) for code in codes if code)


def typeset(text: str) -> str:
    """Return a number, as Python writes it, with a real minus and real powers of ten."""
    text = re.sub(r"(?<=\d)[eE]([+-]\d+)",
                  lambda match: "×10" + str(int(match[1])).translate(RAISED), text)
    return re.sub(r"(?<![\w.)])-(?=[\d.])", "−", text)


# Numbers ---------------------------------------------------------------------------------------


def _parts(one) -> list:
    """Return the finite numbers in a value that are written with decimals, zeros left out."""
    parts = [one.real, one.imag] if isinstance(one, complex) else [one]
    return [abs(part) for part in parts if isinstance(part, float | Decimal)
            and not isinstance(part, Duration) and part and math.isfinite(part)]


def _infinite(one) -> str:
    return "−∞" if one < 0 else "∞"


def _numbers(sizes: list) -> Callable:
    """Return how a column's numbers are written, from their magnitudes.

    All have one number of decimals: as many as give the smallest of them four significant
    digits, at most six, and no more than any of them needs. Where that would take more than 12
    digits or leave the smallest with fewer than three, all are in scientific notation.
    """
    small, large = (_exponent(pick(sizes, default=1)) for pick in (min, max))
    wanted = max(0, SIGNIFICANT - 1 - small)
    most = min(wanted, DECIMALS)
    exact = next((n for n in range(most + 1) if all(_is_exact(size, n) for size in sizes)), None)
    decimals = most if exact is None else exact
    lost = exact is None and wanted > most + 1
    if lost or max(large, 0) + 1 + decimals > DIGITS:
        return lambda one: (_infinite(one) if math.isinf(one) else
                            typeset(f"{one:.{SIGNIFICANT - 1}e}") if one else "0")
    return lambda one: (_infinite(one) if math.isinf(one) else
                        typeset(f"{one or 0:.{decimals}f}"))  # no sign on zero


def _exponent(size) -> int:
    return int(f"{size:.{SIGNIFICANT - 1}e}".partition("e")[2])


def _is_exact(size, decimals: int) -> bool:
    """Whether rounding changes nothing but the noise of floats in single precision."""
    return abs(round(size, decimals) - size) * 1_000_000 <= size


# Durations and dates ---------------------------------------------------------------------------


def _durations(column: list[float]) -> Callable:
    """Return how a column's durations are written: all with days, or none; likewise fractions."""
    digits = next((n for n in (0, 3, 6) if all(abs(round(one, n) - one) < 5e-10 for one in column)), 9)
    days = any(abs(one) >= 86400 for one in column)
    whole = days and all(one % 86400 == 0 for one in column)

    def write(one: float) -> str:
        seconds, fraction = divmod(round(abs(one) * 10**digits), 10**digits)
        minutes, second = divmod(seconds, 60)
        hours, minute = divmod(minutes, 60)
        day, hour = divmod(hours, 24) if days else (0, hours)
        clock = f"{hour}:{minute:02}:{second:02}" + ("." + str(fraction).zfill(digits) if digits else "")
        dated = f"{day} day{'' if day == 1 else 's'}"
        return ("−" if one < 0 else "") + (dated if whole else f"{dated} {clock}" if days else clock)

    return write


def _moments(column: list[date]) -> Callable:
    """Return how a column's dates are written: with the time only where any has one."""
    times = [one for one in column if isinstance(one, datetime)]
    if not any(one.time() != time() or one.tzinfo for one in times):
        return lambda one: f"{one:%Y-%m-%d}"
    units = {"minutes": 1_000_000, "seconds": 1_000_000, "milliseconds": 1000, "microseconds": 1}
    fits = [unit for unit, size in units.items() if all(one.microsecond % size == 0 for one in times)]
    if any(one.second for one in times):
        fits = [unit for unit in fits if unit != "minutes"]

    def write(one: date) -> str:
        whole = one if isinstance(one, datetime) else datetime.combine(one, time())
        return whole.isoformat(" ", fits[0])

    return write
