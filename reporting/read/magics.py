"""Cells as Python: which comments are IPython's magics, and what code magics hold.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import ast
import io
import os
import re
import tokenize
import warnings
from textwrap import dedent

SIGN = re.compile(r"[%!?]")  # what has none has no magic either
NAME = r"(?:R|[A-Za-z_]\w+)(?=\s|$)"  # % and one letter is a format, as in "# %d is the day"
MAGIC = rf"(?P<sign>%%?)(?P<name>{NAME})(?P<rest>.*)"
COMMENTED = re.compile(rf"^(?P<indent>\s*)# ?(?P<magic>(?:[A-Za-z_]\w*\s*=\s*)?"
                       rf"(?:{MAGIC}|!!?[A-Za-z.~$\\/{{].*))$")
CONTINUED = re.compile(r"^\s*(?:\w+\s*=\s*)?[%!].*\\$")
# Magics whose text is no Python, or runs as another process.
FOREIGN = set(["!", "HTML", "R", "SVG", "ai", "bash", "bigquery", "cmd", "cpp", "cython", "dot", "file", "fortran", "html", "javascript", "js", "julia", "latex", "markdown", "matlab", "mermaid", "octave", "perl", "pip", "pypy", "python", "python2", "python3", "ruby", "script", "sh", "sql", "svg", "sx", "system", "writefile"])
# Magics whose text is Python, and bad syntax in it an error.
PYTHON = set(["capture", "debug", "lprun", "memit", "mprun", "prun", "time", "timeit"])


class Misplaced(SyntaxError):
    """A cell's magic that does not stand on its first line."""

    remedy = ("a magic with %% stands on its cell's first line: move it above, or begin a cell "
              "there with # %%")


def parse_cell(source: str) -> ast.Module:
    """Parse a cell as IPython would run it, magics and top-level await included.

    Code that a magic runs in this process is part of the tree, on its own lines, below a call
    with the magic's name and options.

    Raises
    ------
    SyntaxError
        With the cell's line; `Misplaced` for a cell magic on a later line than the first.
    """
    try:
        tree = _compiled(source)
        return _Magics().visit(tree) if "get_ipython" in source else tree
    except SyntaxError:
        if not SIGN.search(source):
            raise
    lines = dedent(source).split("\n")
    head = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if re.match(r"%%[^\s?]+(?!\S*\?)", lines[head]):
        return _cell_magic(lines, head)
    # IPython drops blank lines at the top, for which the numbers below make up.
    plain = _transformed("\n".join(_joined(lines[head:])))
    return ast.fix_missing_locations(_Magics().visit(_shifted(_compiled, plain, head)))


def _compiled(source: str) -> ast.Module:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # the kernel will say it once more
        return compile(source, "<cell>", "exec", flags, dont_inherit=True)


def _transformed(source: str) -> str:
    """Turn line magics, commands and questions into calls, as IPython does."""
    from IPython.core.inputtransformer2 import TransformerManager

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of separators that end no line in Python
        return TransformerManager().transform_cell(source)


def _shifted(parse, source: str, lines: int) -> ast.Module:
    """Parse what stands so many lines below the top of its cell."""
    try:
        return ast.increment_lineno(parse(source), lines)
    except SyntaxError as error:
        error.lineno = (error.lineno or 1) + lines
        raise


def _cell_magic(lines: list[str], head: int) -> ast.Module:
    """Parse a cell whose first line that is not blank is a magic with its options."""
    name, _, options = lines[head][2:].rstrip().partition(" ")
    body = "\n".join(lines[head + 1:])
    tree = None
    if name not in FOREIGN:
        try:
            tree = _shifted(parse_cell, body, head + 1)
        except SyntaxError:
            if name in PYTHON:
                raise
    if tree is None:
        return _compiled("\n" * head + f"get_ipython().run_cell_magic({name!r}, {options!r}, {body!r})")
    left, setup = _code(options)
    call = _compiled("\n" * head + f"get_ipython().run_cell_magic({name!r}, {left!r})")
    tree.body = [*call.body, *ast.increment_lineno(setup, head).body, *tree.body]
    return tree


def _joined(lines: list[str]) -> list[str]:
    """Join a magic's lines that end with a backslash, and leave blank ones in their place."""
    lines, last = list(lines), 0
    for i, line in enumerate(lines):
        last = i
        while CONTINUED.match(lines[i]) and last + 1 < len(lines):
            last += 1
            lines[i], lines[last] = line.rstrip("\\") + lines[last], ""
            line = lines[i]
    return lines


class _Magics(ast.NodeTransformer):
    """Puts the code of magics before the calls that IPython, or nbconvert, has made of them."""

    def _visit(self, node):
        kind, words = _called(node.value)
        if kind == "run_cell_magic" and len(words) == 3:
            name, options, body = words
            found = _cell_magic([f"%%{name} {options}", *body.split("\n")], 0)
            for inner in ast.walk(found):
                if hasattr(inner, "lineno"):
                    inner.lineno = inner.end_lineno = node.lineno
            return found.body
        if kind != "run_line_magic" or words[0] in FOREIGN:
            return node
        if words[0].startswith("%"):
            fault = Misplaced(f"Line magic function `%{words[0]}` not found.")
            fault.lineno = node.lineno
            raise fault
        options, code = _code(words[1])
        node.value.args[1] = ast.copy_location(ast.Constant(options), node)
        return [*ast.increment_lineno(code, node.lineno - 1).body, node]

    visit_Expr = visit_Assign = _visit


def _called(node: ast.AST) -> tuple[str, list[str]]:
    """Return which of IPython's functions for magics is called, and with which literal words."""
    kind = getattr(node.func, "attr", "") if isinstance(node, ast.Call) else ""
    if kind not in ("run_line_magic", "run_cell_magic"):
        return "", []
    words = [argument.value for argument in node.args if isinstance(argument, ast.Constant)
             and isinstance(argument.value, str)]
    return (kind, words) if len(words) == len(node.args) >= 2 else ("", [])


def _code(text: str) -> tuple[str, ast.Module]:
    """Part what follows a magic's name into its options and the code that it runs.

    Only what calls or imports something is taken for code; an option may take a value.
    """
    rest, given = text.strip(), ""
    while rest:
        try:
            tree = _compiled(rest)
        except (SyntaxError, ValueError):
            if not (rest.startswith("-") or given.startswith("-")):
                break
            given, _, rest = rest.partition(" ")
            rest = rest.strip()
            continue
        if any(isinstance(node, ast.Call | ast.Import | ast.ImportFrom) for node in ast.walk(tree)):
            return text.strip().removesuffix(rest).strip(), tree
        break
    return text, ast.Module([], [])


def run_by(node: ast.AST) -> str:
    """Return what a call of ``%run`` runs, else "": a script's path, in which a / stands, or a module's name.

    The path may lack its ``.py``.
    """
    kind, words = _called(node)
    if kind != "run_line_magic" or words[0] != "run":
        return ""
    files = [word.strip("\"'") for word in words[1].split() if not word.startswith("-")]
    file = next(iter(files), "")
    if not file or "-m" in words[1].split():
        return file
    file = os.path.expanduser(file)
    return file if "/" in file else "./" + file


def uncommented(source: str) -> str:
    """Take the comment sign from magics, which jupytext writes as ``# %name`` or ``# !command``.

    Every other comment stays one: those in brackets or strings, and those after whose ``%time``
    or the like no code follows.
    """
    first = re.match(r"\s*%%(\S+)", source)
    if not re.search(r"^\s*#.*[%!]", source, re.M) or (first and first[1] in FOREIGN):
        return source
    lines, inert, goes_on = source.split("\n"), _inert(source), False
    for i, line in enumerate(lines):
        match = COMMENTED.match(line)
        if i + 1 not in inert and match and _is_magic(match):
            lines[i] = match["indent"] + match["magic"]
            if match["sign"] == "%%" and match["name"] in FOREIGN:
                break
        elif goes_on:
            lines[i] = re.sub(r"^(\s*)# ?", r"\1", line)
        else:
            continue
        goes_on = lines[i].rstrip().endswith("\\")
    return "\n".join(lines)


def _is_magic(match: re.Match) -> bool:
    """Whether what reads like a magic is not prose that begins with its name."""
    name, rest = match["name"], match["rest"]
    if name not in PYTHON or match["sign"] == "%%":
        return True
    try:
        return bool(_code(rest)[1].body) or not rest.strip() or bool(_compiled(rest.strip()))
    except SyntaxError:
        return False


def _inert(source: str) -> set[int]:
    """Lines that begin within a string or within brackets, as far as the source can be read."""
    inert, depth = set(), 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.OP:
                depth += (token.string in "([{") - (token.string in ")]}")
            first, last = token.start[0], token.end[0]
            inert.update(range(first + 1, last + 1))
            if depth > 0 and token.type == tokenize.NL:
                inert.add(first + 1)
    except (tokenize.TokenError, SyntaxError):
        pass
    return inert
