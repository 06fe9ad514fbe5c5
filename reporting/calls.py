"""What a code cell tells the builder, read without running it.

Captions, number formats and places that are literals belong to the prose: they are taken from the
source at every build, and cut out of what decides whether a chapter must run again.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass, field

POSITIONS = {"label": 1, "caption": 2, "formats": 3}
PROSE = {"caption": str, "formats": dict, "place": str}


@dataclass
class Calls:
    """The builder's calls in one code cell.

    Attributes
    ----------
    labels : dict of str to int
        Label → line within the cell, of every ``show`` and ``table`` with a literal label.
    prose : dict of str to dict
        Label → {"caption": str, "formats": dict, "place": str}, where they are literals.
    recorded : set of str
        Names given to ``record`` by keyword.
    complete : bool
        False where a label or a recorded name is only known at run time.
    code : str
        The source with the literals of ``prose`` cut out.
    """

    labels: dict[str, int] = field(default_factory=dict)
    repeated: list[tuple[str, int]] = field(default_factory=list)
    prose: dict[str, dict] = field(default_factory=dict)
    recorded: set[str] = field(default_factory=set)
    complete: bool = True
    code: str = ""


def plain_python(source: str) -> str:
    """Return the source with IPython's magics turned into calls, line for line."""
    if not any(line.lstrip().startswith(("%", "!", "?")) or line.rstrip().endswith("?")
               for line in source.splitlines()):
        return source
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(source)


def parse_cell(source: str) -> ast.Module:
    """Parse a cell as IPython would run it (magics and top-level await included)."""
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # the kernel will say it once more
        return compile(plain_python(source), "<cell>", "exec", flags, dont_inherit=True)


def read_calls(source: str) -> Calls:
    """Find ``show``, ``table`` and ``record`` in a cell; a cell with bad syntax has none."""
    calls = Calls(code=source)
    try:
        tree = parse_cell(source)
    except (SyntaxError, ValueError):
        return calls
    cuts = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in ("show", "table"):
                cuts += _figure_or_table(node, calls)
            elif name == "record":
                calls.recorded |= {word.arg for word in node.keywords if word.arg}
                calls.complete &= all(word.arg for word in node.keywords)
    calls.code = _without(source, cuts)
    return calls


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


def _figure_or_table(node: ast.Call, calls: Calls) -> list:
    """Note one call; return the nodes that are prose."""
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
    cuts = []
    for name, kind in PROSE.items():
        value = _argument(node, name)
        if value is not None and isinstance(_literal(value), kind):
            calls.prose.setdefault(label, {})[name] = _literal(value)
            cuts.append(value)
    return cuts


def _without(source: str, nodes: list) -> str:
    """Cut the given nodes' text out of the source."""
    rows = [line.encode() for line in source.split("\n")]  # ast counts columns in bytes
    for node in sorted(nodes, key=lambda n: (n.lineno, n.col_offset), reverse=True):
        first, last = node.lineno - 1, node.end_lineno - 1
        joined = rows[first][: node.col_offset] + b"..." + rows[last][node.end_col_offset :]
        rows[first : last + 1] = [joined]
    return b"\n".join(rows).decode()
