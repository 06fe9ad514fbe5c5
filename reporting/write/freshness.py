"""Whether the report on disk is what would be made now; if so it is not made again.

``report.html`` carries two hashes: of all that it was made from, and of the PDF made with it.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
from pathlib import Path

from reporting.settings import Settings
from reporting.store import digest
from reporting.write.document import Stitched

BUILDER = Path(__file__).parents[1]
TOOLS = ("pypandoc_binary", "typst", "plotly")
ROOM = b"<!-- made-from -->"  # in the page's template
MARK = re.compile(rb'<meta name="made-from" content="(\w+) (\w+)">')


def made_from(document: Stitched, settings: Settings, chapters: Path, out: Path,
              stamp: str) -> str:
    """Return a hash of everything that PDF and HTML are made from.

    Parameters
    ----------
    document : Stitched
        Its figures carry their hashes in their names.
    settings : Settings
        Title, author and so on.
    chapters, out : Path
        Folders, left out of the hash: the same report elsewhere is the same report.
    stamp : str
        Such as "draft".
    """
    text = json.dumps(document.chapters)
    for folder, name in ((out, "OUT"), (chapters, "CHAPTERS")):
        text = text.replace(folder.resolve().as_posix(), name)
    parts = [digest(text), document.provenance, repr(settings), stamp, repr(document.absent)]
    parts += [digest(path.read_bytes()) for path in sorted(BUILDER.rglob("*"))
              if path.is_file() and "__pycache__" not in path.parts]
    files = list(document.pictures)
    if settings.bibliography:
        files.append(chapters / settings.bibliography)
    parts += [digest(path.read_bytes()) for path in files if path.is_file()]
    for name in TOOLS:
        try:
            parts.append(importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            parts.append("")
    return digest("\n".join(parts))


def marked(page: bytes, state: str, pdf: bytes) -> bytes:
    """Return a page that says what it and the PDF beside it were made from."""
    return page.replace(ROOM, f'<meta name="made-from" content="{state} {digest(pdf)}">'.encode(), 1)


def is_current(pdf: Path, page: Path, state: str) -> bool:
    """Tell whether both files are there, belong together and were made from ``state``."""
    if not (pdf.is_file() and page.is_file()):
        return False
    with page.open("rb") as file:
        found = MARK.search(file.read(4000))
    return bool(found) and found[1].decode() == state \
        and found[2].decode() == digest(pdf.read_bytes())
