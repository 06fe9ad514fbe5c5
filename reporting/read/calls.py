"""What a code cell tells the builder, read without running it.

Captions, number formats and places that are literals belong to the prose: they are taken from the
source at every build, and count for nothing in what decides whether a chapter must run again.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import ast
import io
import tokenize
from dataclasses import dataclass, field
from functools import lru_cache

from reporting.read.code_meaning import meaning_of_cell
from reporting.read.magics import parse_cell

POSITIONS = {"label": 1, "caption": 2, "formats": 3}
PROSE = {"caption": str, "formats": dict, "place": str}
OPTIONAL = {"show": ("place", "here"), "table": ("formats", {})}
LAYOUT = (tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.ENDMARKER)


@dataclass
class Calls:
    """The builder's calls in one code cell.

    Attributes
    ----------
    labels : dict of str to int
        Label → line within the cell, of every ``show`` and ``table`` with a literal label.
    prose : dict of str to dict
        Label → {"caption": str, "formats": dict, "place": str}, where they are literals or,
        being optional, left out.
    recorded : set of str
        Names given to ``record`` by keyword.
    complete : bool
        False where a label or a recorded name is only known at run time.
    code : str
        What the cell means without the literals of ``prose``, as if the optional ones were not
        given; its source where it has bad syntax.
    """

    labels: dict[str, int] = field(default_factory=dict)
    repeated: list[tuple[str, int]] = field(default_factory=list)
    prose: dict[str, dict] = field(default_factory=dict)
    recorded: set[str] = field(default_factory=set)
    complete: bool = True
    code: str = ""


@lru_cache(maxsize=1024)  # of the same cell it is asked several times a build
def read_calls(source: str) -> Calls:
    """Find ``show``, ``table`` and ``record`` in a cell; a cell with bad syntax has none."""
    calls = Calls(code=source.strip())
    try:
        tree = parse_cell(source)
    except (SyntaxError, ValueError):
        return calls
    cuts: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in ("show", "table"):
                cuts |= {id(cut) for cut in _figure_or_table(node, *OPTIONAL[name], calls)}
            elif name == "record":
                calls.recorded |= {word.arg for word in node.keywords if word.arg}
                calls.complete &= all(word.arg for word in node.keywords)
    calls.code = meaning_of_cell(Without(cuts).visit(tree)) + (";" if _is_silent(source) else "")
    return calls


class Without(ast.NodeTransformer):
    """Takes nodes, known by their ids, out of a tree: keywords away, values to ``...``."""

    def __init__(self, cuts: set[int]):
        self.cuts = cuts

    def visit(self, node):
        if id(node) in self.cuts:
            return None if isinstance(node, ast.keyword) else ast.Constant(...)
        return super().visit(node)


def _is_silent(source: str) -> bool:
    """Whether a semicolon at its end keeps a cell from showing its last value."""
    try:
        tokens = [token.string for token in tokenize.generate_tokens(io.StringIO(source).readline)
                  if token.type not in LAYOUT]
    except (tokenize.TokenError, SyntaxError):
        return source.rstrip().endswith(";")  # a magic: only its own syntax is known
    return tokens[-1:] == [";"]


def _argument(node: ast.Call, name: str):
    for word in node.keywords:
        if word.arg == name:
            return word.value
    position = POSITIONS.get(name, len(node.args))
    return node.args[position] if len(node.args) > position else None


def _literal(node):
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError):
        return None


def _figure_or_table(node: ast.Call, optional: str, default, calls: Calls) -> list:
    """Note one call; return the nodes that are prose, the optional keyword with its name."""
    argument = _argument(node, "label")
    if argument is None:
        return []  # somebody else's function of the same name
    label = _literal(argument)
    if not isinstance(label, str):
        calls.complete = False
        return []
    if label in calls.labels:
        calls.repeated.append((label, argument.lineno))
    calls.labels.setdefault(label, argument.lineno)
    prose, cuts = calls.prose.setdefault(label, {}), []
    if _argument(node, optional) is None and all(word.arg for word in node.keywords):
        prose[optional] = default
    for name, kind in PROSE.items():
        value = _argument(node, name)
        if value is not None and isinstance(_literal(value), kind):
            prose[name] = _literal(value)
            keywords = [word for word in node.keywords if word.arg == name == optional]
            cuts += keywords or [value]
    return cuts
