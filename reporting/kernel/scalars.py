"""Values that prose and tables can hold, freed of the libraries they come from.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import math


def scalar(value, name: str = "a value"):
    """Return a value as JSON has it; a float that is not finite becomes {"float": its name}.

    Raises
    ------
    TypeError
        If the value is not a number, a string, a bool, None or a date; ``name`` is told.
    """
    if single(value):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"{name} should be a number or a string, not {type(value).__name__}")


def single(value) -> bool:
    """Whether it is NumPy's or torch's way to hold one Python value."""
    return hasattr(value, "item") and (getattr(value, "size", 1) == 1 or _is_tensor(value))


def _is_tensor(value) -> bool:
    return hasattr(value, "numel") and value.numel() == 1
