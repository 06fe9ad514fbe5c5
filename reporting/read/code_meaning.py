"""What Python source means, as text: comments, docstrings and formatting left out.

The text is the same on every Python that the builder runs on, which `ast.dump` does not promise.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import ast

# How a string or a type was written says nothing of what it is.
UNSAID = {"kind", "type_comment", "type_ignores"}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def meaning_of_module(source: bytes | str) -> str:
    """Return the meaning of a module's source.

    Docstrings count in a module that speaks of ``__doc__``.

    Raises
    ------
    SyntaxError
        If it cannot be parsed.
    """
    tree = ast.parse(source)
    names = {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(tree)}
    return _meaning(tree, () if "__doc__" in names else DOCUMENTED)


def meaning_of_cell(tree: ast.Module) -> str:
    """Return the meaning of a cell, whose first string is shown where it is the last expression."""
    return _meaning(tree, DOCUMENTED[1:])


def _meaning(node, documented: tuple[type, ...]) -> str:
    if isinstance(node, ast.Constant):
        return ascii(node.value)
    if isinstance(node, list):
        return "[" + ",".join(_meaning(item, documented) for item in node) + "]"
    if not isinstance(node, ast.AST):
        return ascii(node)
    said = []
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(node, documented) and _is_docstring(value[:1]):
            value = value[1:]
        if isinstance(node, ast.JoinedStr) and name == "values":
            # Python 3.12 ends some formats with an empty text.
            value = [one for one in value if getattr(one, "value", None) != ""]
        # Fields that newer versions add are empty for what older ones know.
        if name not in UNSAID and value is not None and value != []:
            said.append(f"{name}={_meaning(value, documented)}")
    return f"{type(node).__name__}({','.join(said)})"


def _is_docstring(statements: list) -> bool:
    return (bool(statements) and isinstance(statements[0], ast.Expr)
            and isinstance(statements[0].value, ast.Constant)
            and isinstance(statements[0].value.value, str))
