"""Markdown seen as the builder needs it: formulas, templates, references, citations.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from reporting.errors import ReportError

TOKENS = re.compile(
    r"(?P<fence>^[ \t]*(?P<ticks>`{3,}(?=[^`\n]*$)|~{3,})[^\n]*\n.*?(?:^[ \t]*(?P=ticks)[`~]*[ \t]*$|\Z))"
    r"|(?P<code>(?<!`)(?P<tick>`+)(?!`).+?(?<!`)(?P=tick)(?!`))"
    r"|(?P<escaped>\\[^\w\s])"
    r"|(?P<comment><!--.*?-->)"
    r"|(?P<display>\$\$(?P<display_tex>.+?)\$\$)"
    r"|(?P<inline>\$(?=\S)(?P<inline_tex>(?:\\(?:text\w*|mbox)\{[^{}]*\}|[^$\\]|\\.)+?)(?<=\S)\$(?!\d))",
    re.M | re.S)
# An address holds no citation, whatever stands behind its @.
ADDRESS = re.compile(r"\]\((?:[^()\s]|\([^()\s]*\))*\)?|<[^<>\s]*>|\b[a-z][a-z0-9+.-]*://[^\s<>]+"
                     r"|^ {0,3}\[[^\]\n]+\]:[ \t]*\S+", re.M | re.I)
TEMPLATE = re.compile(r"\{\{\s+(?P<name>[\w.\-]+)\s*(?::(?P<format>[^{}]*?))?\s*\}\}")
LABEL = re.compile(r"\{[^{}\n]*?#(?P<label>(?:fig|tbl|eq|sec)-[\w:.-]*\w)[^{}\n]*\}")
REFERENCE = re.compile(r"(?<![\w.@])-?@\{?(?P<key>[A-Za-z0-9_][\w:.#$%&+?<>~/-]*)")
OWN = ("fig-", "tbl-", "eq-", "sec-")
PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")  # ASCII's; a backslash makes any of it plain
UNKNOWN = "??"  # in a partial report, what belongs to a chapter that has no results yet


@dataclass
class Prose:
    """What stands in one piece of Markdown; all lines are counted from 1 within it."""

    bare: str = ""
    formulas: list[tuple[int, str]] = field(default_factory=list)
    labels: list[tuple[int, str]] = field(default_factory=list)
    references: list[tuple[int, str]] = field(default_factory=list)
    templates: list[tuple[int, str, str]] = field(default_factory=list)


def read_prose(text: str) -> Prose:
    """Take a piece of Markdown apart; ``bare`` has code and formulas blanked out."""
    prose = Prose()

    def blank(match: re.Match) -> str:
        tex = match["display_tex"] or match["inline_tex"]
        if tex is not None:
            prose.formulas.append((line_of(text, match.start()), tex))
        return re.sub(r"[^\n]", " ", match[0])

    templates_hidden = TEMPLATE.sub(lambda m: "0" * len(m[0]), text)
    prose.bare = TOKENS.sub(blank, templates_hidden)
    code_hidden = TOKENS.sub(lambda m: re.sub(r"[^\n]", " ", m[0])
                             if m["fence"] or m["code"] or m["comment"] else m[0], text)
    prose.templates = [(line_of(text, m.start()), m["name"], m["format"] or "")
                       for m in TEMPLATE.finditer(code_hidden)]
    prose.labels = [(line_of(text, m.start()), m["label"]) for m in LABEL.finditer(prose.bare)]
    told = ADDRESS.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), prose.bare)
    prose.references = [(line_of(text, m.start()), m["key"].rstrip(":.#$%&-+?<>~/"))
                        for m in REFERENCE.finditer(told)]
    return prose


def line_of(text: str, position: int) -> int:
    """Line, counted from 1, of a position in a text."""
    return text.count("\n", 0, position) + 1


def fill(text: str, values: dict[str, dict], chapter: str, path, line: int) -> str:
    """Fill in ``{{ name:format}}``; code spans and fences stay as they are.

    A recorded string is shown as it is: whatever it holds, it is no markup.

    Parameters
    ----------
    text : str
        Markdown.
    values : dict of str to dict
        For every chapter, its recorded values; None for one that has no results yet.
    chapter : str
        Whose names need no ``chapter.`` before them.
    path, line
        Where the text starts, for messages.

    Raises
    ------
    ReportError
        If a name was not recorded, its value is not finite, or the format does not fit.
    """

    hidden = TEMPLATE.sub(lambda match: "0" * len(match[0]), text)
    tokens = list(TOKENS.finditer(hidden))

    def put(match: re.Match) -> str:
        token = next((t for t in tokens if t.start() <= match.start() < t.end()), None)
        if token and (token["fence"] or token["code"] or token["comment"]):
            return match[0]
        recorded, value = look_up(match["name"], match["format"] or "", values, chapter, path,
                                  line + line_of(text, match.start()) - 1)
        if token:  # a formula: it says by itself what its signs mean
            return value
        if isinstance(recorded, str):
            return plainly(value)
        # A hyphen is no minus sign.
        return "−" + value[1:] if value[:1] == "-" else value

    return TEMPLATE.sub(put, text)


def plainly(text: str) -> str:
    """Return Markdown that shows a text as it is, so that no data becomes markup."""
    return PUNCTUATION.sub(r"\\\1", " ".join(text.split()))


def look_up(name: str, spec: str, values: dict, chapter: str, path, line: int) -> tuple:
    """Return one recorded value as it is, and formatted; ``name`` may be ``chapter.name``."""
    owner, _, key = name.rpartition(".")
    owner = owner or chapter
    if owner not in values:
        raise ReportError(f"{{{{ {name}}}}}: there is no chapter {owner!r}", path, line,
                          f"chapters are {', '.join(values)}")
    if values[owner] is None:
        return None, UNKNOWN
    if key not in values[owner]:
        raise ReportError(f"{{{{ {name}}}}}: no cell of {owner} recorded {key!r}", path, line,
                          f"record({key}=…) in a code cell, or correct the name")
    value = values[owner][key]
    if value is None or isinstance(value, dict):
        shown = value["float"] if isinstance(value, dict) else "None"
        raise ReportError(f"{{{{ {name}}}}} is {shown}", path, line,
                          "mend the code that records it; prose takes finite numbers only")
    try:
        return value, format(value, spec)
    except ValueError as error:
        raise ReportError(f"{{{{ {name}:{spec}}}}} does not fit {value!r} ({error})", path, line,
                          "use a format of Python's, such as .3f or .1%") from None
