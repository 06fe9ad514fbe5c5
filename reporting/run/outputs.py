"""From a notebook's outputs to what the report keeps of them.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re

from reporting.errors import ReportError
from reporting.kernel.protocol import MIME
from reporting.read.percent import Chapter

PLOTLY = "application/vnd.plotly.v1+json"
# From the richest to the plainest: the first one that an output has is kept.
KINDS = (("text/markdown", "markdown"), ("text/latex", "markdown"), ("image/svg+xml", "svg"), ("image/png", "png"),
         ("text/html", "html"), ("text/plain", "text"))


def collect(chapter: Chapter, cells: list) -> dict:
    """Sort the outputs of a chapter's code cells.

    Parameters
    ----------
    chapter : Chapter
        Named where an output cannot be printed.
    cells : list
        For each code cell, nbformat's outputs.

    Returns
    -------
    dict
        "outputs": for each code cell a list of dicts with a "kind" (figure, table, markdown,
        svg, png, html, text, stdout); "values"; "depends"; "environment".

    Raises
    ------
    ReportError
        If an output is a plotly figure alone, which cannot be printed.
    """
    result = {"outputs": [], "values": {}, "depends": [], "environment": {}}
    for number, outputs in enumerate(cells):
        kept: list[dict] = []
        for output in outputs:
            if output.output_type == "stream":
                if output.name == "stdout":
                    _add_text(kept, output.text)
            elif output.output_type in ("display_data", "execute_result"):
                item = _item(chapter, number, output.data)
                if item is None:
                    continue
                kind = item["kind"]
                if kind == "record":
                    result["values"].update(item["values"])
                elif kind == "environment":
                    result["environment"] = item["environment"]
                elif kind == "depends":
                    result["depends"].append({k: v for k, v in item.items() if k != "kind"})
                else:
                    kept.append(item)
        result["outputs"].append(kept)
    return result


def _item(chapter: Chapter, number: int, data) -> dict | None:
    """One output as a dict with a kind; None if there is nothing in it to keep."""
    if MIME in data:
        item = dict(data[MIME])
        if "image/svg+xml" in data:
            item["svg"] = data["image/svg+xml"]
        return item
    if PLOTLY in data and not {"image/svg+xml", "image/png"} & set(data):
        raise ReportError("a plotly figure cannot be printed", chapter.path,
                          chapter.code[number].line,
                          "show(figure, label, caption, interactive=this_one) with matplotlib's")
    for mime, kind in KINDS:
        if mime in data:
            return {"kind": kind, "data": _stable(data[mime])}
    return None


def _stable(text: str) -> str:
    """Cut addresses in memory out of a repr: they differ at every run."""
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def _add_text(kept: list[dict], text: str) -> None:
    """Append printed text to that printed just before; of a rewritten line keep the last."""
    if not (kept and kept[-1]["kind"] == "stdout"):
        kept.append({"kind": "stdout", "data": ""})
    joined = kept[-1]["data"] + text
    kept[-1]["data"] = re.sub(r"[^\n]*\r(?!\n)", "", joined)
