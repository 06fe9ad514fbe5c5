"""Settings of one's own: any field of an experiment as text, such as "variance_weight=5".

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import fields, replace
from difflib import get_close_matches
from types import UnionType
from typing import get_args, get_origin

from .experiments import EXPERIMENTS, Experiment, check_ranges, parts_of
from .runtime.errors import VICRegError
from .stored_experiments import find_experiment

SETTINGS = {field.name: field for field in fields(Experiment) if field.name not in ("name", "description")}
OF_CODES = ("code_learning_rate", "lookup_views", "lookup_among")
TRUTH = {"true": True, "false": False}
KINDS = {int: "a whole number", float: "a finite number", bool: "true or false", str: "a name"}


def own_experiment(
    base: Experiment, name: str | None, given: Iterable[str], shortcuts: dict[str, object]
) -> Experiment:
    """An experiment with settings and a name of the user's own.

    Parameters: base, the experiment that they change; given, settings as text; shortcuts, settings that
    options of their own have given.
    Raises: VICRegError for a setting, a value or a name that cannot be.
    """
    values: dict[str, object] = {}
    for setting, value in [*map(read_setting, given), *shortcuts.items()]:
        if setting in values:
            raise VICRegError(f"{setting} is given twice; give it once.")
        values[setting] = value
    if name is None:
        raise VICRegError("Settings of your own need a name of their own for the weights; add --as NAME.")
    check_name(name)
    own = replace(base, name=name, **values)
    check_ranges(own)
    check_effects(own)
    differing = [  # not the epochs, which may still grow and are listed beside the description
        f"{setting}={as_text(value)}"
        for setting, value in values.items()
        if value != getattr(base, setting) and setting != "epochs"
    ]
    return replace(own, description=f"{base.name} with {', '.join(differing)}") if differing else own


def read_setting(text: str) -> tuple[str, object]:
    """The name and the value of a setting, such as ("betas", (0.9, 0.999)) of "betas=0.9,0.999"."""
    name, equals, value = text.partition("=")
    if not equals:
        raise VICRegError(f"A setting is given as FIELD=VALUE, such as variance_weight=5, got {text!r}.")
    if name not in SETTINGS:
        near = get_close_matches(name, SETTINGS)
        raise VICRegError(
            f"There is no setting {name!r}; "
            + (f"the nearest are: {', '.join(near)}." if near else f"choose from: {', '.join(SETTINGS)}.")
        )
    kind = SETTINGS[name].type
    try:
        read = read_value(value, kind)
    except (ValueError, KeyError) as error:
        raise VICRegError(f"{name} must be {in_words(kind)}, got {value!r:.40}.") from error
    if name == "neighbours_of" and read is not None and find_experiment(read).latent:
        raise VICRegError(f"{name} must be an experiment with an encoder, which {read} does not have.")
    return name, read


def read_value(text: str, kind: type) -> object:
    """A value of a declared type; ValueError or KeyError where the text is none."""
    if get_origin(kind) is tuple:
        return tuple(read_value(part, each) for part, each in zip(text.split(","), get_args(kind), strict=True))
    if get_origin(kind) is UnionType:
        return None if text.lower() == "none" else read_value(text, get_args(kind)[0])
    value = TRUTH[text.lower()] if kind is bool else kind(text)
    if kind is float and not math.isfinite(value):
        raise ValueError(text)
    return value


def in_words(kind: type) -> str:
    """What values of a declared type are: "a finite number or none"."""
    if get_origin(kind) is tuple:
        return "two finite numbers, such as 0.9,0.999"
    return f"{KINDS[get_args(kind)[0]]} or none" if get_origin(kind) is UnionType else KINDS[kind]


def as_text(value: object) -> str:
    """A value as it is given: the text that :func:`read_value` reads it from."""
    if isinstance(value, tuple):
        return ",".join(map(as_text, value))
    if isinstance(value, float):
        return str(value).removesuffix(".0")
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def check_effects(experiment: Experiment) -> None:
    """Refuse a setting that would have no effect beside the others."""
    if experiment.latent and experiment.neighbours_of is not None:
        raise VICRegError("Codes have no images' neighbours as views; add --set neighbours_of=none.")
    for name in OF_CODES:
        without = SETTINGS[name].default
        if not experiment.latent and getattr(experiment, name) != without:
            raise VICRegError(f"{name} is of codes alone; add --set latent=true, or --set {name}={as_text(without)}.")


def check_name(name: str) -> None:
    """Refuse a name that cannot name files, or that other weights go by."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{,99}", name):
        raise VICRegError(
            f"{name!r:.110} names no experiment; take up to 100 letters, digits, '_', '-' and '.', the last two "
            "not in front."
        )
    if name.lower() in (*EXPERIMENTS, "all"):
        raise VICRegError(f"{name!r} has a meaning of its own already; choose another name.")
    if parts_of(name)[0] != name or name.endswith((".checkpoint", ".pt")):
        raise VICRegError(
            f"{name!r} ends as names of seeds, of epochs or of files do; choose another name."
        )
