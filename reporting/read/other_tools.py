"""What MyST and Quarto would have drawn, run or looked up, and how it is said here.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reporting.read.markdown import Prose, line_of

SHORTCODE = re.compile(r"\{\{[<%].*?[>%]\}\}", re.S)
DIRECTIVE = re.compile(r"^[ \t]*(?:`{3,}|~{3,}|:{3,})[ \t]*\{(?P<name>[A-Za-z][\w:.-]*)[^{}\n]*\}", re.M)
ROLE = re.compile(r"(?<![\w`\\])\{[a-z][\w:.-]*\}(?=`[^`])")
TARGET = re.compile(r"^\([\w.:-]+\)=[ \t]*$", re.M)
SEVERAL = re.compile(r"^[ \t]*:{3,}[ \t]*\{[^{}\n]*#(?P<label>(?:fig|tbl)-[\w:.-]*\w)", re.M)
# What other tools draw or run, and how it is said here.
INSTEAD = {"figure": "![caption](file.png){#fig-name}", "image": "![](file.png)", "math": "$$ … $$ {#eq-name}",
           "table": "a table of | cells |", "list-table": "a table of | cells |", "csv-table": "a table of | cells |",
           "mermaid": "a picture of it", "dot": "a picture of it", "graphviz": "a picture of it"}
RUN = "a code cell of its own, below # %%"
INSTEAD |= dict.fromkeys(("python", "code-cell", "r", "julia", "bash", "sh", "ojs", "ipython3"), RUN)


def of_other_tools(text: str, prose: Prose) -> Iterator[tuple[int, str, str]]:
    """Find what would be printed as it stands, or as code.

    Parameters
    ----------
    text : str
        Markdown, as `dialect.as_written` returns it.
    prose : Prose
        The same, taken apart.

    Returns
    -------
    iterator of Fault
        As `wording.faults`.
    """
    for match in SHORTCODE.finditer(prose.bare):
        yield (line_of(prose.bare, match.start()), f"{' '.join(match[0].split())} is Quarto's, and would be printed as it "
               "stands", "say it in Markdown")
    for match in DIRECTIVE.finditer(text):
        name = match["name"].lower()
        yield (line_of(text, match.start()), f"{{{match['name']}}} means nothing here",
               "write " + INSTEAD.get(name, "it in pandoc's Markdown"))
    for match in ROLE.finditer(text):
        if prose.bare[match.start()] != "{":
            continue  # within code
        yield (line_of(text, match.start()), f"{match[0]} would be printed as it stands",
               "write $x$ for a formula, [@sec-name] for a reference, [text](#name) for a link")
    for match in TARGET.finditer(prose.bare):
        yield (line_of(prose.bare, match.start()), f"{match[0].strip()} would be printed as it stands",
               "label the heading: # Title {#sec-name}")
    for match in SEVERAL.finditer(prose.bare):
        yield (line_of(prose.bare, match.start()), f"{match['label']} labels a block, which has no number here",
               "label each picture, as in ![caption](file.png){#fig-name}, or draw them as one figure")
