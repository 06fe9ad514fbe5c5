"""A tiny fake report in a folder of its own: chapters, a package, settings.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import json
import signal
from pathlib import Path

from reporting.build import build
from reporting.progress import Progress
from reporting.report import Options

FIRST = '''\
# %% [markdown]
# # Q1. Squares {#sec-squares}
# [@fig-squares] grows as in [@eq-square]; the last one is {{ last:.1f}} [@euclid].
#
# $$ y = x^2 $$ {#eq-square}

# %% tags=["parameters"]
count = 3

# %%
import shapes.curve
from reporting import record

values = shapes.curve.squares(count)
record(last=values[-1])

# %%
import matplotlib.pyplot as plt
from reporting import show

fig, ax = plt.subplots(figsize=(4, 1))
ax.plot(values)
show(fig, label="fig-squares", caption="Squares up to {{ last:.0f}}, as $x^2$.")
'''
SECOND = '''\
# %% [markdown]
# # Q2. A table
# [@sec-squares] ended at {{ 01_squares.last}}; see [@tbl-rows].

# %%
import pandas as pd
from reporting import table

table(pd.DataFrame({"share": [0.25, 0.5]}), label="tbl-rows", caption="Rows.", formats={"share": "{:.0%}"})
'''
LIGHT_SECOND = '''\
# %% [markdown]
# # Q2. A share
# [@sec-squares] ended at {{ 01_squares.last}}; the share is {{ share:.0%}}.

# %%
from reporting import record

record(share=0.25)
'''
SETTINGS = 'title = "A fake"\nauthor = "Ada"\nmax_pages = 3\nbibliography = "refs.bib"\n'
BIB = "@book{euclid, title={Elements}, author={Euclid}, year={-300}}\n"
CURVE = '''\
"""Imported by the first chapter."""

from shapes import power


def squares(count):
    return [power.power(i, 2) for i in range(count)]
'''
POWER = '''\
"""Two imports deep."""


def power(base, exponent):
    return base**exponent
'''


def told(document) -> str:
    """All that a stitched document gives to pandoc, as text."""
    items = [item for chapter in document.chapters for item in chapter["items"]]
    return "\n".join(item.get("note", "") + (item.get("text") or json.dumps(item, ensure_ascii=False)) for item in items)


def as_from_a_terminal() -> None:
    """For a process that is to be interrupted: SIGINT may be ignored here, in a background job's child."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Fake:
    """A project in a folder of its own: chapters, a package, a report to build."""

    def __init__(self, root: Path, written: bool = False):
        self.root, self.chapters, self.out = root, root / "chapters", root / "report"
        self.said = ""
        if written:
            return
        for name, text in {"chapters/01_squares.py": FIRST, "chapters/02_table.py": SECOND,
                           "chapters/report.toml": SETTINGS, "chapters/refs.bib": BIB,
                           "shapes/__init__.py": "", "shapes/curve.py": CURVE,
                           "shapes/power.py": POWER, "shapes/unused.py": "x = 1\n"}.items():
            self.write(name, text)

    def lighten(self) -> None:
        """Do without matplotlib and pandas, whose imports take most of a run."""
        head, _, _ = FIRST.rpartition("\n# %%\n")
        self.write("chapters/01_squares.py", head.replace("[@fig-squares] grows as", "It grows as"))
        self.write("chapters/02_table.py", LIGHT_SECOND)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} should stand in {name} once"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def build(self, **options) -> int:
        """Build; what was said is kept in ``said``."""
        stream = io.StringIO()
        code = build(Options(self.root, self.chapters, self.out, **options), Progress(stream))
        self.said = stream.getvalue()
        return code

    @property
    def pdf(self) -> Path:
        return self.out / "report.pdf"
