"""Markdown as notebooks show it, in the words of pandoc's.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import json

import pytest

from reporting.pandoc import MARKDOWN, pandoc
from reporting.read.definitions import with_definitions
from reporting.read.dialect import as_written, in_blocks


def html(text: str) -> str:
    """What a reader of report.html sees of a cell."""
    item = {"kind": "markdown", "source": 0, "text": in_blocks(as_written(text))[0]}
    document = {"target": "html", "reader": MARKDOWN, "absent": [], "meta": {},
                "chapters": [{"name": "a", "folder": "/", "items": [item]}]}
    out, faults = pandoc(json.dumps(document), "-t", "html5", "--mathml", "--wrap=none", "--columns=10000")
    assert not faults, faults
    return out


@pytest.mark.parametrize("text, seen, unseen", [
    ("about ~5%/~10% of it", "about ~5%/~10% of it", "<sub>"),
    ("10^-3/10^-4 and x^2+y^2=z^2", "10^-3/10^-4 and x^2+y^2=z^2", "<sup>"),
    ("H~2~O and x^2^", "H<sub>2</sub>O and x<sup>2</sup>", "~"),
    ("~~gone~~", "<del>gone</del>", "~"),
    ("use --watch here", "use --watch here", "–"),
    ("dashes -- here", "dashes – here", "--"),
    ("graphs, $ E = o(V^2) $.", '<math display="inline"', "$ "),
    ("costs $ 5 and $ 6", "costs $ 5 and $ 6", "<math"),
    ("$$\na\n\n+ b\n$$", '<math display="block"', "$$"),
    ("\\begin{align}\na &= b\n\\end{align}", '<math display="block"', "$$"),
    ("words\n## Heading\nmore", "<h1", "##"),
    ("words\n> quoted", "<blockquote>", "&gt;"),
    ("words\n```python\nx\n```\nmore", "<pre", "```"),
    ("- item\n```\ncode\n```", "</ul>\n<pre", "```"),
    ("```python title=\"a.py\"\n# x\n```", "<pre", "title"),
    ("```\nno end\n# no heading", "<pre", "<h1"),
    ("words\n| a | b |\n|---|---|\n| [0, 1) | 2 |", "[0, 1)</td>", "|"),
    ("in the year\n2019. It rained", "2019. It rained", "<ol"),
    ("1. one\n   more\n2. two", "<li>two</li>", "2."),
    ("1. one\nmore\n2. two", "<li>two</li>", "2."),
    ("1. one\n   $$ x $$\n\n   more\n   words\n2. two", "<p>two</p>", "2."),
    ("1. one\n\nin the year\n2019. It rained", "2019. It rained", "<li>It"),
    ("Steps:\n1. one\n2. two", "<ol", "1."),
    ("---\ntitle: a\nauthor: b\n---\n\ntext", "title: a author: b", "<h1"),
    ("a[^n]\n\n[^n]: note\n---\nwords[^m]\n\n[^m]: more", "<hr />\n<p>words<a", "<h2"),
    ("a[^n]\n\n[^n]:\n    - note\nlazy\n---\nwords[^m]\n\n[^m]: more", "<hr />\n<p>words<a", "[^m]"),
    ("a[^n]\n\n[^n]: note\n\n    more\n---\nwords", "<hr />\n<p>words", "<h2"),
    ("a[^n]\n\n[^n]: note\n\n    ```\n    code\n    ```\nlazy\n---\nwords", "<hr />\n<p>words", "<h2"),
    ("```\n\n    code\n```\ntitle\n---\nwords", ">title</h", "<hr"),
    ("```\n---\n```\ntitle\n---\nwords", ">title</h", "<hr"),
    ("```\n[^n]: code\n```\ntitle\n---\nwords", ">title</h", "<hr"),
    ("```{note} Care\n:class: x\nwords\n```", "<strong>Care</strong>", "class: x"),
    (":::{warning}\nwords\n:::", "<strong>Warning</strong>", ":::"),
    ("::: {.callout-tip}\n## Named\n\nwords\n:::", "<strong>Named</strong>", "<h1"),
    ("a <!-- b --> c", "a c", "b"),
    ("<kbd>Ctrl</kbd> <mark>m</mark>", "<kbd>Ctrl</kbd> <mark>m</mark>", "&lt;"),
    ("<details><summary>More</summary>\n\nHidden **words**\n\n</details>", "<strong>words</strong>", "&lt;"),
    ("<ul>\n<li>one $x^2$</li>\n</ul>", "<li>one ", "&lt;"),
    ("a [@ in brackets](https://x.org/@me)", 'href="https://x.org/@me"', "cite"),
])
def test_it_reads_as_its_author_meant(text, seen, unseen):
    said = html(text)
    assert seen in said and unseen not in said, said


@pytest.mark.parametrize("text", ["a ~5 `~x^y` $a^b$\n$$\nc\n\nd\n$$\n```\n--x\n```\n{{ n:^9}} \\begin{align}\nx\n\\end{align}\n"])
def test_every_line_keeps_its_number(text):
    new = as_written(text).split("\n")
    assert len(new) == len(text.split("\n"))
    assert new[0] == "a \\~5 `~x^y` $a^b$" and "{{ n:^9}}" in new[9]


def test_definitions_are_found_in_a_chapters_other_cells_and_there_alone():
    first, second = with_definitions(["see [a] and [^n]", "[a]: http://x.org\n\n[^n]: note [b]\n\n[b]: http://y.org"])
    assert first == "see [a] and [^n]\n\n[^n]: note [b]\n\n[a]: http://x.org\n\n[b]: http://y.org"
    assert "[^n]" not in second and "[b]: http://y.org" in second
    assert with_definitions(["see [a]"]) == ["see [a]"]
    alone = "[^lost]: nobody asks for it"
    assert with_definitions(["text", alone])[1] == alone, "or it would be lost without a word"


def test_what_begins_in_a_cell_ends_with_it():
    assert "</pre>" in html("```\na")
