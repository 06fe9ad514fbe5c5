"""What a chapter records and tabulates is shown as it is: no data becomes markup.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import base64
import hashlib
import html
import re

import pytest
from fake_report import Fake

from reporting.read.markdown import fill

HOSTILE = (
    "`#panic()`{=typst}", "`<script>steal()</script>`{=html}", "<script>steal()</script>",
    "[click](javascript:steal())", "![seen](https://example.org/pixel.png)", "{{ last }}",
    "@nobody [@nothing] [^1]", "$x$ \\(y\\) #let a = 1", "::: {.report-figure file=\"/etc/passwd\"}",
    "| a | b | *c* _d_ ~e~ ^f^", "# heading",
)  # fmt: skip
CHAPTER = f'''\
# %% [markdown]
# # Q3. Hostile {{#sec-hostile}}
# {" / ".join(f"{{{{ text_{i}}}}}" for i in range(len(HOSTILE)))} and [@tbl-hostile].

# %%
import pandas as pd
from reporting import record, table

HOSTILE = {HOSTILE!r}
record(**{{f"text_{{i}}": text for i, text in enumerate(HOSTILE)}})
table(pd.DataFrame({{"name": HOSTILE}}), label="tbl-hostile", caption="Of {{{{ text_1}}}}.")
'''


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    fake = Fake(tmp_path_factory.mktemp("hostile"))
    fake.write("chapters/03_hostile.py", CHAPTER)
    assert fake.build() == 0, fake.said
    assert fake.pdf.read_bytes().startswith(b"%PDF")
    return (fake.out / "report.html").read_text(encoding="utf-8")


def body_of(page: str) -> str:
    return re.sub(r"<details>.*?</details>", "", page.split("<body>")[1], flags=re.S)


def test_no_markup_comes_of_it(page):
    body = body_of(page)
    assert "<script>steal" not in body and "javascript:steal" not in re.sub(r"<[^>]*>[^<]*", "", body)
    assert not re.search(r'(?:src|href)="(?:javascript|https?):', body)
    assert "passwd" not in "".join(re.findall(r"<[^>]*>", body))


@pytest.mark.parametrize("text", HOSTILE)
def test_it_reads_as_it_was_recorded(page, text):
    words = " ".join(html.unescape(re.sub(r"<[^>]*>", "", body_of(page))).split())
    assert words.count(" ".join(text.split())) >= 2, "in the prose and in the table"


def test_a_string_is_escaped_in_prose_and_left_alone_in_a_formula():
    values = {"q": {"unit": "x_{1}"}}
    assert fill("{{ unit}}", values, "q", None, 1) == r"x\_\{1\}"
    assert fill("$a + {{ unit}}$", values, "q", None, 1) == "$a + x_{1}$"


def test_only_the_pages_own_scripts_may_run(page):
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    allowed = set(re.findall(r"'sha256-([^']*)'", policy))
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.S)
    hashes = {base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts}
    assert allowed == hashes
    script = next(rule for rule in policy.split("; ") if rule.startswith("script-src"))
    assert "unsafe" not in script
    assert "default-src 'none'" in policy
