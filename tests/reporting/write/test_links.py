"""Links and references to headings: each leads to the one that is meant.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import re

import pypdf
import pytest

from reporting.read.percent import parse_chapter
from reporting.settings import Settings
from reporting.store import Store
from reporting.write.html import to_html
from reporting.write.pdf import typeset
from reporting.write.stitch import Part, stitch

FIRST = "# # Results\n# [own](#results) [other](#only-there) [second](#results-1) [@sec-noted]\n\n" \
        "# %% [markdown]\n# # Results\n# ## Noted[^n] {#sec-noted}\n#\n# [^n]: Once.\n"
SECOND = "# # Results\n# [own](#results)\n#\n# # Only there\n# # Bibliography\n# [own](#bibliography)\n"


@pytest.fixture
def document(tmp_path):
    parts = []
    for name, text in (("01_a", FIRST), ("02_b", SECOND)):
        path = tmp_path / f"{name}.py"
        path.write_text("# %% [markdown]\n" + text, encoding="utf-8")
        result = {"outputs": [], "values": {}, "depends": []}
        parts.append(Part(parse_chapter(path, path.read_text(encoding="utf-8")), result))
    return stitch(parts, Settings(provenance=False), Store(tmp_path))


def test_every_heading_has_a_name_of_its_own(document, tmp_path):
    page = to_html(document, Settings(), tmp_path).decode()
    names = re.findall(r'<h\d id="([^"]+)"', page)
    assert names == ["results", "01-a-results-1", "sec-noted", "02-b-results", "only-there", "02-b-bibliography"]
    assert re.findall(r'href="#([^"]+)" id="toc-', page) == [name for name in names if name != "sec-noted"]
    body = page.partition("<h1 id=")[2]
    assert re.findall(r'href="#([^"]+)"[^>]*>(?:own|other|second)', body) == [
        "results", "only-there", "01-a-results-1", "02-b-results", "02-b-bibliography"]


def test_a_reference_to_a_heading_leaves_its_note_where_it_is(document, tmp_path):
    text = "".join(one.extract_text() for one in
                   pypdf.PdfReader(io.BytesIO(typeset(document, Settings(), tmp_path).pdf)).pages)
    assert text.count("Once.") == 1 and text.count("Noted") == 2
    assert to_html(document, Settings(), tmp_path).decode().count("Once.") == 1


@pytest.mark.parametrize(("title", "short"), [
    ("Q3. Linear probing", "Q3"), ("4.2.1. Anomaly detection", "4.2.1"), ("Part 2: Data", "Part 2"),
    ("Version 1.2 of it", "Version 1.2 of it"), ("A long beginning. And more", "A long beginning. And more"),
])  # fmt: skip
def test_a_heading_is_referred_to_by_its_number(tmp_path, title, short):
    path = tmp_path / "01_a.py"
    path.write_text(f"# %% [markdown]\n# # {title} {{#sec-it}}\n# See [@sec-it] for it.\n", encoding="utf-8")
    part = Part(parse_chapter(path, path.read_text()), {"outputs": [], "values": {}, "depends": []})
    document = stitch([part], Settings(provenance=False), Store(tmp_path))
    page = to_html(document, Settings(), tmp_path).decode()
    assert re.search(rf'See <a href="#sec-it">(<em>)?{re.escape(short)}(</em>)?</a> for it', page)
