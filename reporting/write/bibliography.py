"""BibTeX as typst reads it: words for commands of TeX that it would print, or leave out.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re

ENTRY = re.compile(r"^(?=[ \t]*@)", re.M)
STYLED = re.compile(r"\\(?:emph|mkbibemph|text(?:it|bf|sc|tt|rm|sf|sl|md|up|normal|subscript|superscript)|url|path)"
                    r"\s*\{(?P<words>(?:[^{}]|\{[^{}]*\})*)\}")
TIE = re.compile(r"(?<=[\w.,)}])~(?=[\w({\\$])")
ADDRESS = re.compile(r"\b(?:howpublished|note)(?P<is>\s*=\s*)(?:\{|\")\s*(?:[\w ]+:?\s*)?\\url\s*\{(?P<url>[^{}]*)\}\s*(?:\}|\")", re.I)
HAS_ADDRESS = re.compile(r"\burl\s*=", re.I)


def for_typst(text: str) -> str:
    """Return BibTeX, line by line as it was, of which typst prints every word and no command.

    Parameters
    ----------
    text : str
        Of a BibTeX file.
    """
    return "".join(_plain(entry) for entry in ENTRY.split(text))


def _plain(entry: str) -> str:
    if not HAS_ADDRESS.search(entry):
        entry = ADDRESS.sub(r"url\g<is>{\g<url>}", entry, count=1)
    before = None
    while entry != before:  # one may stand in another
        before, entry = entry, STYLED.sub(r"{\g<words>}", entry)
    entry = re.sub(r"(?<=\w)'(?=\w)", "\N{RIGHT SINGLE QUOTATION MARK}", entry)
    return TIE.sub("\N{NO-BREAK SPACE}", entry)
