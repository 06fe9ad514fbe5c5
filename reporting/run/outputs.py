"""From a notebook's outputs to what the report keeps of them.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re

from reporting.errors import ReportError
from reporting.kernel.protocol import FIGURE, MIME
from reporting.read.percent import Chapter

PLOTLY = "application/vnd.plotly.v1+json"
# From the richest to the plainest: the first one that an output has is kept.
KINDS = (("text/markdown", "markdown"), ("text/latex", "markdown"), ("image/svg+xml", "svg"), ("image/png", "png"),
         ("text/html", "html"), ("text/plain", "text"))

# Where a warning arose, in a file that has another name at every run or on every machine.
WARNED = re.compile(r"^(?:<[^>\n]+>|[^\n]*\.py):\d+: (?=\w*Warning\b)", re.M)
GLYPH = re.compile(r"Glyph (?P<code>\d+) .*? missing from (?:font\(s\)|current font) ?(?P<fonts>[^\n]*?)\.\s")


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
        svg, png, html, text, stdout, stderr); "values"; "depends"; "environment"; "remarks":
        dicts with the number of a "cell" and a "text", to be said at every build.

    Raises
    ------
    ReportError
        If an output is a plotly figure alone, which cannot be printed.
    """
    result = {"outputs": [], "values": {}, "depends": [], "environment": {}, "remarks": []}
    drawn: dict[int, list] = {}  # what was shown at a cell's end, by the number of its figure
    for number, outputs in enumerate(cells):
        kept: list[dict] = []
        for output in outputs:
            if output.output_type == "stream":
                _add_text(kept, output.name, output.text)
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
                    for place, bare in drawn.pop(item.pop(FIGURE, None), ()):
                        place.remove(bare)  # the chapter shows it with a label after all
                    if output.metadata.get(FIGURE):
                        drawn.setdefault(output.metadata[FIGURE], []).append((kept, item))
        result["outputs"].append(kept)
        result["remarks"] += [{"cell": number, "text": text} for text in _missing_glyphs(kept)]
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


def _add_text(kept: list[dict], stream: str, text: str) -> None:
    """Append printed text to that printed just before on the same stream."""
    if not (kept and kept[-1]["kind"] == stream):
        kept.append({"kind": stream, "data": ""})
    done, newline, line = kept[-1]["data"].rpartition("\n")
    text = "\n".join(_rewritten(line) for line in (line + text).split("\n"))
    kept[-1]["data"] = done + newline + (WARNED.sub("", text) if stream == "stderr" else text)


def _rewritten(line: str) -> str:
    """Keep of a line that is rewritten, as by a bar of progress, its last two states at most.

    The last may be shorter and cover the one before in part, or not have begun.
    """
    *states, last = line.split("\r")
    if len(states) < 2:
        return line
    seen = ""
    for state in states:
        seen = state + seen[len(state):]
    return seen + "\r" + last


def _missing_glyphs(kept: list[dict]) -> list[str]:
    """What matplotlib has warned of in a cell: characters that its fonts lack."""
    text = "".join(item["data"] for item in kept if item["kind"] == "stderr")
    missing: dict[str, list[str]] = {}
    for match in GLYPH.finditer(text):
        characters = missing.setdefault(match["fonts"].strip(), [])
        if chr(int(match["code"])) not in characters:
            characters.append(chr(int(match["code"])))
    return [f"a figure lacks {' '.join(characters)}, which the font {fonts} does not have; name one "
            'that has with plt.rcParams["font.family"]' for fonts, characters in missing.items()]
