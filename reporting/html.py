"""Markdown to report.html: one file that works offline, with figures to explore.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import html
import json
import tempfile
from pathlib import Path

from reporting.settings import Settings
from reporting.stitch import Stitched
from reporting.typeset import FILTER, HERE, READER, pandoc

EXPLORED = 'class="explore"'


def to_html(document: Stitched, settings: Settings, folder: Path, stamp: str = "",
            made_from: str = "") -> bytes:
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
    made_from : str
        Kept in the page's head, see `reporting.uptodate`.

    Raises
    ------
    ReportError
        If pandoc refuses something.
    """
    options = ["--citeproc", "--bibliography", str(folder / settings.bibliography),
               "-M", "reference-section-title=References", "-M", "link-citations=true"]
    metadata = {"title": settings.title, "absent": document.absent, "stamp": stamp,
                "author": settings.author, "username": settings.username,
                "abstract": settings.abstract, "made-from": made_from}
    with tempfile.TemporaryDirectory(prefix="reporting-") as name:
        data = Path(name, "metadata.json")
        data.write_text(json.dumps(metadata), encoding="utf-8")
        text, _ = pandoc(
            document.markdown, "-f", READER, "-t", "html5", "--standalone", "--mathml",
            "--embed-resources", "--toc", "--toc-depth=1", "--wrap=none", "--columns=10000",
            "--template", str(HERE / "template.html"), "--metadata-file", str(data),
            "--metadata", "pagetitle=" + _plain(settings.title),
            "--lua-filter", str(FILTER), *(options if settings.bibliography else ()))
    if EXPLORED in text:
        text = text.replace("<!-- scripts -->", _scripts(), 1)
    return text.encode()


def _plain(title: str) -> str:
    return html.escape(title.replace("$", "").replace("\\", ""))


def _scripts() -> str:
    """Return plotly itself and what shows the figures; put in last, once, and unread by pandoc."""
    from plotly.offline import get_plotlyjs

    own = (HERE / "explore.js").read_text(encoding="utf-8")
    return f"<script>{get_plotlyjs()}</script>\n<script>\n{own}</script>"
