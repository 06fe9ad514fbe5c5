"""Markdown to report.html: one file that works offline, with figures to explore.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from pathlib import Path

from reporting.kernel.sprite import SPRITE
from reporting.pandoc import TEMPLATES, pandoc
from reporting.settings import Settings
from reporting.write.document import Stitched, refuse

IMAGE = re.compile(r'(<img\b[^<>]*?\bsrc=")(/[^"]*)(?=")')
KINDS = {b"\x89PNG": "image/png", b"\xff\xd8": "image/jpeg", b"GIF8": "image/gif"}
EXPLORED = re.compile(r'<div class="explore" data-of="([^"]+)" data-file="([^"]+)">')


def to_html(document: Stitched, settings: Settings, folder: Path, stamp: str = "") -> bytes:
    """Turn a stitched document into one self-contained page.

    Parameters
    ----------
    document : Stitched
        Its figures are embedded; those with a plotly twin can be explored.
    settings : Settings
        Title, author and so on.
    folder : Path
        The chapters' folder, in which the bibliography lies.
    stamp : str
        Printed at the top, such as "draft".

    Raises
    ------
    ReportError
        If pandoc refuses something.
    """
    options = ["--citeproc", "--bibliography", str(folder / settings.bibliography),
               "-M", "reference-section-title=References", "-M", "link-citations=true"]
    meta = {"title": settings.title, "stamp": stamp, "author": settings.author,
            "username": settings.username, "abstract": settings.abstract}
    text, faults = pandoc(
        document.to_json("html", meta), "-t", "html5", "--standalone", "--mathml", "--toc", "--toc-depth=1",
        "--wrap=none", "--columns=10000", "--template", str(TEMPLATES / "template.html"),
        "--variable", "pagetitle=" + _plain(settings.title), *(options if settings.bibliography else ()))
    refuse(faults, document, folder)
    text = IMAGE.sub(lambda match: match[1] + _embedded(Path(html.unescape(match[2]))), text)
    twins = {label: Path(file) for label, file in EXPLORED.findall(text)}
    text = EXPLORED.sub(r'<div class="explore" data-of="\1">', text)
    scripts = _scripts(twins)
    text = text.replace("<!-- policy -->", _policy(scripts), 1)
    return text.replace("<!-- scripts -->", "\n".join([*_data(twins), *map(_script, scripts)]), 1).encode()


def _embedded(file: Path) -> str:
    """Return a picture as an address that holds its data; by its first bytes, since names may lie."""
    data = file.read_bytes()
    kind = next((kind for start, kind in KINDS.items() if data.startswith(start)), None)
    if kind is None:
        kind = "image/webp" if data[8:12] == b"WEBP" else "image/svg+xml"
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _policy(scripts: list[str]) -> str:
    """Return the page's content security policy: its own scripts run, and nothing is loaded."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{value}'" for value in hashes) or "'none'"
    rules = ("default-src 'none'", f"script-src {allowed}", "style-src 'unsafe-inline'",
             "img-src data: blob:", "font-src data:", "base-uri 'none'", "form-action 'none'")
    return f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}">'


def _script(text: str) -> str:
    return f"<script>{text}</script>"


def _plain(title: str) -> str:
    return html.escape(title.replace("$", "").replace("\\", ""))


def _scripts(twins: dict[str, Path]) -> list[str]:
    """Return plotly itself and what shows the figures.

    They go in last and unread by pandoc, as the figures' data do: it would take seconds over them.
    """
    if not twins:
        return []
    from plotly.offline import get_plotlyjs

    own = (TEMPLATES / "explore.js").read_text(encoding="utf-8")
    return [get_plotlyjs(), "\n" + own]


def _data(twins: dict[str, Path]) -> list[str]:
    """Return every figure's JSON, and every picture of thumbnails once."""
    pieces, pictures = [], {}
    for label, path in twins.items():
        figure = path.read_text(encoding="utf-8").replace("<", "\\u003c")
        pieces.append(f'<script type="application/json" id="data-{label}">{figure}</script>')
        pictures |= {name: path.with_name(name) for name in SPRITE.findall(figure)}
    for name, path in pictures.items():
        data = base64.b64encode(path.read_bytes()).decode()
        pieces.append(f'<script type="text/plain" id="{name}">data:image/webp;base64,{data}</script>')
    return pieces
