"""BibTeX as typst reads it: words for commands of TeX that it would print, and publishers that it would leave out.

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
# Who published a work, in a field that typst does not print; and arXiv's number of a work in no journal.
FIELD = r"(?P<before>(?:^|,)\s*)"
PLACE = re.compile(FIELD + r"(?:howpublished|institution|school|organization)(?=\s*=\s*[{\"](?!\s*\\url))", re.I | re.M)
ARXIV = re.compile(FIELD + r"eprint(?P<is>\s*=\s*[{\"])\s*(?:arXiv:)?(?=\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})", re.I | re.M)
HAS_PLACE = re.compile(FIELD + r"(?:publisher|journal|journaltitle|booktitle)\s*=", re.I | re.M)


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
    entry = _published(entry)
    before = None
    while entry != before:  # one may stand in another
        before, entry = entry, STYLED.sub(r"{\g<words>}", entry)
    entry = re.sub(r"(?<=\w)'(?=\w)", "\N{RIGHT SINGLE QUOTATION MARK}", entry)
    return TIE.sub("\N{NO-BREAK SPACE}", entry)


def _published(entry: str) -> str:
    """An entry that names its publisher, institution or number at arXiv in the one field that typst prints."""
    for found, publisher in ((PLACE, r"\g<before>publisher"), (ARXIV, r"\g<before>publisher\g<is>arXiv:")):
        if not HAS_PLACE.search(entry):
            entry = found.sub(publisher, entry, count=1)
    return entry
