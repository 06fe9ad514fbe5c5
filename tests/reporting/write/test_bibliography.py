"""The bibliography in the PDF: what typst would misread of BibTeX.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import re

import pypdf
import pytest

from reporting.errors import ReportError
from reporting.read.percent import parse_chapter
from reporting.settings import Settings
from reporting.store import Store
from reporting.write.pdf import typeset
from reporting.write.stitch import Part, stitch

ENTRIES = r"""@misc{page, author={{OpenAI}}, title={A page}, howpublished = {\url{https://example.org/~a_b}}, year=2020}
@misc{noted, author={A}, title={Noted}, note={Available at: \url{https://example.org/noted}}, year=2020}
@misc{both, author={B}, title={Both}, url={https://example.org/both}, howpublished={\url{https://example.org/not}}, year=2020}
@article{styled, author={C}, title={A~study of \textit{E.~coli}, \emph{H\textsubscript{2}O} and {\LaTeX}: the 1990's O'Neil}, journal={J}, year=2019}
"""


@pytest.fixture
def cited(tmp_path):
    def cited(entries):
        (tmp_path / "refs.bib").write_text(entries, encoding="utf-8")
        path = tmp_path / "01_a.py"
        path.write_text("# %% [markdown]\n# # A\n# " + " ".join(f"[@{key}]" for key in re.findall(r"^@\w+\{(\w+)", entries, re.M)),
                        encoding="utf-8")
        part = Part(parse_chapter(path, path.read_text()), {"outputs": [], "values": {}, "depends": []})
        settings = Settings(bibliography="refs.bib")
        made = typeset(stitch([part], settings, Store(tmp_path)), settings, tmp_path)
        text = "".join(one.extract_text() for one in pypdf.PdfReader(io.BytesIO(made.pdf)).pages)
        return re.sub(r"\s+", " ", text)

    return cited


def test_no_command_and_no_address_of_an_entry_is_misprinted(cited):
    text = cited(ENTRIES)
    for words in ("https://example.org/~a_b", "https://example.org/noted", "https://example.org/both",
                  "A study of E. coli, H2O and LaTeX: the 1990’s O’Neil"):
        assert words in text
    assert "\\" not in text and "{" not in text


@pytest.mark.parametrize(("entry", "words"), [
    ("@misc{work, author={A}, title={T}, howpublished={arXiv:2304.03977}, year=2023}", "arXiv:2304.03977"),
    ("@misc{work,\n  title={T},\n  eprint = {2304.03977},\n  archivePrefix={arXiv},\n  year=2023}", "arXiv:2304.03977"),
    ("@misc{work, title={T}, eprint={arXiv:hep-th/9901001}, eprinttype={arxiv}, year=2023}", "arXiv:hep-th/9901001"),
    ("@techreport{work, author={A}, title={T}, institution={University of Toronto}, year=2009}", "University of Toronto, technical report"),
    ("@phdthesis{work, author={A}, title={T}, school={Hebrew University}, year=2009}", "Hebrew University"),
    ("@manual{work, title={T}, organization={The Makers}, year=2009}", "The Makers"),
])
def test_a_work_names_who_published_it(cited, entry, words):
    text = cited(entry)
    assert text.count(words) == 1


@pytest.mark.parametrize("entry", [
    "@article{work, author={A}, title={T}, journal={Some Journal}, eprint={2304.03977}, archivePrefix={arXiv}, year=2023}",
    "@misc{work, author={A}, title={T}, publisher={Some Journal}, howpublished={Elsewhere}, year=2023}",
])
def test_a_work_that_names_its_publisher_keeps_it(cited, entry):
    text = cited(entry)
    assert text.count("Some Journal") == 1 and "Elsewhere" not in text and "2304" not in text


def test_an_address_keeps_its_words(cited):
    assert "?a=1,school=2" in cited("@misc{work, author={A}, title={T}, url={https://example.org/?a=1,school=2}, year=2023}")


def test_an_entry_that_cannot_be_read_is_told_at_its_line(cited):
    with pytest.raises(ReportError, match=r"refs\.bib:2: failed to parse BibLaTeX \(wrong number of digits\)\n    → write years"):
        cited("@misc{a, author={A}, title={T}, year=2020}\n@misc{b, author={A}, title={T}, year={in press}}\n")
