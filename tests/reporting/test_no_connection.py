"""A build opens no connection, whatever its chapters, their outputs and its settings name.

A server on this machine writes down what reaches it; it is also every program's proxy, so that other
addresses lead to it as well.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import re
import socket
import socketserver
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pandas as pd
import pypandoc
import pytest
from fake_report import Fake
from pieces import PNG, SVG, Piece, shown
from woven import Strand, errors_of, parts_of, weave

from reporting.errors import ReportError, ReportErrors, set_root
from reporting.kernel.frames import described
from reporting.kernel.protocol import MIME
from reporting.read.preflight import preflight
from reporting.settings import read_settings
from reporting.store import Store
from reporting.write.html import to_html
from reporting.write.pdf import typeset
from reporting.write.stitch import stitch

PROSE = {
    "iframe": '<iframe src="URL"></iframe>', "iframe in a line": 'a <iframe src="URL"/> b',
    "image": "![a](URL.png)", "image in a line": "a ![b](URL.png) c", "image by reference": "![a][b]\n\n[b]: URL.png",
    "image in angles": "![a](<URL.png>)", "image without a scheme": "![a](//HOST/a.png)", "img": '<img src="URL.png">',
    "img without quotes": "<img src=URL.png>", "img of several sizes": '<img src="dot.png" srcset="URL.png 2x">',
    "image in a link": "[![a](URL.png)](URL)", "image in a table": "| ![a](URL.png) | b |\n|---|---|\n| c | ![d](URL.png) |",
    "image in a note": "a[^1]\n\n[^1]: ![b](URL.png)", "image in a div": "::: {.callout-note}\n![a](URL.png)\n:::",
    "image in HTML": '<div><p><img src="URL.png"></p></div>', "link": "[a](URL) <URL> URL", "stylesheet": '<link rel="stylesheet" href="URL.css">',
    "style": '<style>@import url("URL.css"); p { background: url(URL.png) }</style>', "script": '<script src="URL.js"></script>',
    "video": '<video src="URL.mp4" poster="URL.png"></video>', "video of sources": '<video><source src="URL.mp4"></video>',
    "audio": '<audio src="URL.mp3"></audio>', "object": '<object data="URL.svg"></object>', "embed": '<embed src="URL.svg">',
    "drawing": '<svg><image href="URL.png"/></svg>', "background": '<p style="background: url(URL.png)">a</p>',
    "background of a span": '[a]{style="background: url(URL.png)"}', "base": '<base href="URL">\n\n![a](dot.png)',
    "refresh": '<meta http-equiv="refresh" content="0; url=URL">', "picture": '<picture><source srcset="URL.webp"><img src="dot.png"></picture>',
    "math": '$\\href{URL}{a}$', "math image": "$\\includegraphics{URL.png}$", "typst package": '```{=typst}\n#import "@preview/cetz:0.3.0"\n```',
    "typst image": '`#image("URL.png")`{=typst}', "raw HTML": '```{=html}\n<iframe src="URL"></iframe>\n```', "TeX": "\\includegraphics{URL.png} \\input{URL}",
    "metadata": "---\ncss: URL.css\nheader-includes: '<link rel=stylesheet href=URL>'\nbibliography: URL.bib\n---\n\n[@euclid]",
    "include": "```include\nURL.md\n```\n\n``` {include=URL.md}\n```", "code from elsewhere": '``` {.python file="URL.py"}\na\n```',
    "citation": "[@euclid; @elsewhere]", "title of a link": '[a](URL "![b](URL.png)")', "comment": "a <!-- ![b](URL.png) <iframe src=URL> -->",
}  # fmt: skip
CAPTION = '![a](URL.png) <img src="URL.png"> <iframe src="URL"></iframe> [b](URL)'
FIGURE = {"kind": "figure", "label": "fig-a", "caption": "a", "width": 0.1, "interactive": None, "place": "here"}
LINKED = SVG.replace("<circle", '<image href="URL.png" width="9" height="9"/><style>@import url("URL.css");</style><circle')
FRAME = pd.DataFrame({'![a](URL.png)': ["![b](URL.png)", '<img src="URL.png">'], '<iframe src="URL"></iframe>': ["URL", "a"]})
TABLE = {"kind": "table", "label": "tbl-a", "caption": "a", **described(FRAME)}
PUT_OUT = {
    **{f"HTML: {name}": {"text/html": PROSE[name]} for name in (
        "iframe", "img", "img of several sizes", "image in HTML", "stylesheet", "style", "script", "video of sources", "audio",
        "object", "embed", "drawing", "background", "base", "refresh", "picture")},
    **{f"Markdown: {name}": {"text/markdown": PROSE[name]} for name in ("iframe", "image", "img", "image by reference", "raw HTML", "metadata", "TeX")},
    "HTML: image without a scheme": {"text/html": '<img src="//HOST/a.png">'}, "LaTeX": {"text/latex": "\\includegraphics{URL.png}"},
    "drawing alone": {"image/svg+xml": LINKED}, "drawing as a figure": {MIME: FIGURE, "image/svg+xml": LINKED},
    "caption": {MIME: {**FIGURE, "caption": CAPTION}, "image/svg+xml": SVG}, "caption of a table": {MIME: {**TABLE, "caption": CAPTION}},
    "cells and names of columns": {MIME: TABLE}, "frame": {"text/html": FRAME.to_html(escape=False)},
    "picture and HTML": {"image/png": PNG, "text/html": '<img src="URL.png">'}, "text": {"text/plain": '<img src="URL.png"> ![a](URL.png)'},
}  # fmt: skip
TOML = {
    "title": 'title = "![a](URL.png) <iframe src=URL></iframe>"', "author": """author = '<img src="URL.png">'""",
    "abstract": """abstract = '![a](URL.png)\\n\\n<link rel="stylesheet" href="URL"> `#image("URL")`{=typst}'""",
    "bibliography": 'bibliography = "URL.bib"', "font": 'fonts = ["URL.ttf"]',
}  # fmt: skip
# Refused, but not yet where it stands.
# Its policy would keep a browser from loading this, as it does with the backgrounds of styles.
LOADED = re.compile(r"<(?!a\b)[^<>]*\b(?:src|href|poster|srcset|data)=[^<>]*SERVER")
BIB = """@book{euclid, title={Elements}, author={Euclid}, year={1900}, url={URL}, doi={10.1000/1}}
@misc{elsewhere, title={<img src="URL.png"> \\href{URL}{a}}, author={A}, year={2000}, howpublished={\\url{URL}}}
"""


class Log(socketserver.BaseRequestHandler):
    def handle(self):
        self.server.seen.append(self.request.recv(200).split(b"\r\n")[0])
        self.request.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.fixture(scope="module")
def server():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Log) as server:
        server.seen, server.daemon_threads = [], True
        server.host = f"127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        with pytest.MonkeyPatch.context() as patch:
            for name in ("http_proxy", "https_proxy", "all_proxy"):
                patch.setenv(name, f"http://{server.host}")
                patch.setenv(name.upper(), f"http://{server.host}")
            for name in ("no_proxy", "NO_PROXY"):
                patch.delenv(name, raising=False)
            yield server
        server.shutdown()


@pytest.fixture
def log(server, monkeypatch):
    """The server's log, empty; and this process itself may connect to no other place than a kernel."""
    server.seen.clear()
    connect = socket.socket.connect

    def connects(self, address):
        here = self.family == socket.AF_UNIX or (address[0] == "127.0.0.1" and address[1] != server.server_address[1])
        assert here, f"this process connects to {address}"
        return connect(self, address)

    def resolves(host, *rest, **options):
        raise AssertionError(f"this process asks for {host}")

    monkeypatch.setattr(socket.socket, "connect", connects)
    monkeypatch.setattr(socket, "getaddrinfo", resolves)
    return server.seen


def addressed(given, server):
    if isinstance(given, dict):
        return {addressed(key, server): addressed(value, server) for key, value in given.items()}
    if isinstance(given, list | tuple):
        return [addressed(one, server) for one in given]
    if isinstance(given, str):
        return given.replace("URL", f"http://{server.host}/a").replace("HOST", server.host)
    return given


def built(folder, piece: Piece, server, settings: str = 'bibliography = "refs.bib"') -> tuple[list[ReportError], Strand]:
    """Build both files, going on where something is refused; return what was refused first."""
    woven = weave(folder, [[piece]])
    (folder / "refs.bib").write_text(addressed(BIB, server), encoding="utf-8")
    (folder / "report.toml").write_text(addressed(settings, server) + "\nprovenance = false\n", encoding="utf-8")
    told = []

    def tried(step, *arguments):
        try:
            return step(*arguments)
        except (ReportError, ReportErrors) as error:
            told.append(errors_of(error))

    settings = tried(read_settings, folder)
    if settings is not None:
        tried(preflight, woven.chapters, folder / "refs.bib")
        document = tried(stitch, parts_of(woven), settings, Store(folder / "results"))
        if document is not None:
            with ThreadPoolExecutor(max_workers=1) as side:
                waiting = side.submit(tried, to_html, document, settings, folder)
                tried(typeset, document, settings, folder)
            page = (waiting.result() or b"").decode()
            assert not LOADED.search(page.replace(server.host, "SERVER")), "the page names it as what it consists of"
    return told[0] if told else [], woven.strands[0]


CASES = [("prose", name, Piece(name, "markdown", (text,))) for name, text in PROSE.items()]
CASES += [("outputs", name, shown(name, bundle, tags=("show-output",))) for name, bundle in PUT_OUT.items()]


@pytest.mark.parametrize("piece", [piece for *_, piece in CASES], ids=[f"{kind}: {name}" for kind, name, _ in CASES])
def test_chapters(piece, tmp_path, server, log):
    cells, outputs = addressed(piece.cells, server), addressed(piece.outputs, server)
    errors, strand = built(tmp_path, Piece(piece.sort, piece.kind, tuple(cells), tuple(outputs), piece.tags, "~"), server)
    assert not log
    for error in errors:
        assert strand.holds(error), f"{error} names another line than {strand.lines}"


@pytest.mark.parametrize("name", TOML)
def test_settings(name, tmp_path, server, log):
    errors, _ = built(tmp_path, Piece("a paragraph", "markdown", ("Words.",)), server, TOML[name])
    assert not log
    for error in errors:
        assert error.path == tmp_path / "report.toml", f"{error} does not name report.toml"


def test_a_build_with_a_kernel(tmp_path, server, log):
    set_root(tmp_path)
    fake = Fake(tmp_path)
    fake.lighten()
    cell = "\n\n# %%\nfrom IPython.display import HTML, Markdown, display\n"
    shows = {"good": 'display(HTML("<p style=\'background: url(URL)\'>a <a href=\'URL\'>b</a></p>"), Markdown("[a](URL)"))',
             "bad": 'display(HTML("<iframe src=\'URL\'></iframe>"), Markdown("![a](URL.png)"))'}
    text = (fake.chapters / "02_table.py").read_text(encoding="utf-8")
    fake.write("chapters/02_table.py", text + addressed(cell + shows["good"], server))
    assert fake.build() == 0, fake.said
    fake.write("chapters/02_table.py", text + addressed(cell + shows["bad"], server))
    assert fake.build() == 1 and "02_table.py:" in fake.said
    assert not log


def test_the_server_would_see_it(tmp_path, server, log):
    """An unsandboxed pandoc, and a package that typst fetches."""
    pandoc = [pypandoc.get_pandoc_path(), "-f", "html", "-t", "html"]
    iframe = f'<iframe src="http://{server.host}/seen"></iframe>'.encode()
    subprocess.run([*pandoc, "--sandbox"], input=iframe, capture_output=True, check=False)
    assert not log
    subprocess.run(pandoc, input=iframe, capture_output=True, check=False)
    assert any(b"/seen" in line for line in log)
    log.clear()
    import typst

    (tmp_path / "a.typ").write_text('#import "@preview/no-such-package-at-all:0.0.1"', encoding="utf-8")
    with suppress(typst.TypstError):
        typst.compile(str(tmp_path / "a.typ"))
    assert any(b"packages.typst.org" in line for line in log)
