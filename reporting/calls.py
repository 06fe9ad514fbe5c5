"""What a code cell tells the builder, read without running it.

Captions, number formats and places that are literals belong to the prose: they are taken from the
source at every build, and cut out of what decides whether a chapter must run again; so are the
commas and line ends that come and go with them.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from dataclasses import dataclass, field
from functools import lru_cache

POSITIONS = {"label": 1, "caption": 2, "formats": 3}
PROSE = {"caption": str, "formats": dict, "place": str}
OPTIONAL = {"show": ("place", "here"), "table": ("formats", {})}
LAYOUT = (tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT)


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
        The source without the literals of ``prose``, as if the optional ones were not given.
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


@lru_cache(maxsize=1024)  # of the same cell it is asked several times a build
def read_calls(source: str) -> Calls:
    """Find ``show``, ``table`` and ``record`` in a cell; a cell with bad syntax has none."""
    calls = Calls(code=source)
    try:
        tree = parse_cell(source)
    except (SyntaxError, ValueError):
        return calls
    found, cuts = [], []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in ("show", "table"):
                found.append(node)
                cuts += _figure_or_table(node, *OPTIONAL[name], calls)
            elif name == "record":
                calls.recorded |= {word.arg for word in node.keywords if word.arg}
                calls.complete &= all(word.arg for word in node.keywords)
    if cuts:
        calls.code = _without(source, found, cuts)
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


def _without(source: str, found: list[ast.Call], cuts: list) -> str:
    """Return the source without the nodes ``cuts`` of the calls ``found``."""
    rows = [line.encode() for line in source.split("\n")]  # ast counts columns in bytes
    tokens = _tokens(source, rows)
    spans = [span for node in cuts for span in _spans(node, tokens)]
    spans += [_last_comma(node, tokens) for node in found]
    for (first, start), (last, end), put in sorted(set(filter(None, spans)), reverse=True):
        rows[first - 1 : last] = [rows[first - 1][:start] + put + rows[last - 1][end:]]
    return b"\n".join(rows).decode()


def _tokens(source: str, rows: list[bytes]) -> list[tuple]:
    """Return (kind, text, start, end) of every token, with columns in bytes."""

    def place(line, column):
        text = rows[line - 1].decode() if line <= len(rows) else ""
        return line, len(text[:column].encode())

    try:
        return [(token.type, token.string, place(*token.start), place(*token.end))
                for token in tokenize.generate_tokens(io.StringIO(source).readline)]
    except (tokenize.TokenError, SyntaxError):
        return []  # a magic: only its own syntax is known


def _spans(node, tokens: list[tuple]) -> list[tuple]:
    """What to cut for one node, as (start, end, what takes its place)."""
    start, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
    if not isinstance(node, ast.keyword):
        return [(start, end, b"...")]
    before = [token for token in tokens if token[3] <= start and token[0] != tokenize.NL]
    commas = [token for token in before if token[0] not in LAYOUT][-1:]
    if not commas or commas[0][1] != ",":
        return [(start, end, b"")]
    # A comment between the comma and the keyword stays.
    return [(*commas[0][2:], b""), (before[-1][3], end, b"")]


def _last_comma(call: ast.Call, tokens: list[tuple]) -> tuple | None:
    """The comma after a call's last argument: it comes and goes with keywords."""
    inside = [token for token in tokens if token[0] not in LAYOUT
              and token[3] < (call.end_lineno, call.end_col_offset)]
    return (*inside[-1][2:], b"") if inside and inside[-1][1] == "," else None
