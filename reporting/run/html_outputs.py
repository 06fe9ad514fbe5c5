"""What of a cell's HTML can be printed.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

# Nothing of these reaches a page: they need a browser, or another address.
BROWSER = {"script", "iframe", "frame", "object", "embed", "applet", "video", "audio", "canvas", "form", "input",
           "button", "select", "textarea", "progress", "meter", "portal", "fencedframe"}
LINKING = {"image", "use", "feimage"}
# scikit-learn, xarray and others put the plain text beside HTML that says nothing without its styles.
FALLBACK = re.compile(r"(?:^|\s)[\w-]*text-repr-fallback(?:\s|$)")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class _Reader(HTMLParser):
    """Notes what stands in the way, the fallback's text, and all text."""

    def __init__(self):
        super().__init__()
        self.obstacle, self.fallback, self.inside, self.verbatim = "", None, 0, 0

    def handle_starttag(self, tag, attrs):
        values = {name: value or "" for name, value in attrs}
        # A picture within a drawing has its address elsewhere.
        address = values.get("src", "") or (values.get("href") or values.get("xlink:href", "") if tag in LINKING else "")
        if tag in BROWSER:
            self._note(f"<{tag}{' ' + address if address else ''}>")
        elif re.match(r"(?:[a-z][a-z0-9+.-]*:)?//", address, re.I):
            self._note(f"the address {address}")
        if tag in VOID:
            return
        if self.inside or FALLBACK.search(values.get("class", "")):
            self.fallback = self.fallback or ""
            self.inside += 1
        self.verbatim += tag == "pre"

    def handle_endtag(self, tag):
        if self.inside and tag not in VOID:
            self.inside -= 1
        self.verbatim -= tag == "pre"

    def handle_data(self, data):
        if self.inside and self.verbatim:  # around it are words to those who see no styles
            self.fallback += data

    def _note(self, what: str) -> None:
        self.obstacle = self.obstacle or what


def plain_text(html: str) -> str | None:
    """Return the text that HTML brings for readers without styles, None where it brings none."""
    return _read(html).fallback


def obstacle(html: str) -> str:
    """Return what of HTML needs a browser or a connection, empty if nothing does."""
    return _read(html).obstacle


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader
