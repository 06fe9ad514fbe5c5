"""From a notebook's outputs to what the report keeps of them.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import dataclass

from reporting.kernel.protocol import FIGURE, MIME
from reporting.run.html_outputs import obstacle, plain_text
from reporting.store import BITMAPS

WITH = "show(figure, label, caption, interactive=this_one) with a figure of matplotlib's"
STILL = "show a picture of it, or tag the cell hide-output"
PICTURES = ("svg", "png", "jpeg", "gif", "webp")

# Where a warning arose, in a file that has another name at every run or on every machine.
WARNED = re.compile(r"^(?:<[^>\n]+>|[^\n]*\.py):\d+: (?=\w*Warning\b)", re.M)
GLYPH = re.compile(r"Glyph (?P<code>\d+) .*? missing from (?:font\(s\)|current font) ?(?P<fonts>[^\n]*?)\.\s")
# Of a table with a style sheet, which no format keeps.
COLOURED = re.compile(r"<style[^>]*>[^<]*\{[^{}<]*(?:color|background)\s*:", re.I)


@dataclass(frozen=True)
class Type:
    """What becomes of outputs of one MIME type: kept as a kind, or refused with a remedy."""

    kind: str = ""
    remedy: str = ""


# The one list of types. From the richest to the plainest: the first one that an output has decides.
TYPES = {
    "text/markdown": Type("markdown"),
    "text/latex": Type("markdown"),
    "image/svg+xml": Type("svg"),
    "image/png": Type("png"),
    "image/jpeg": Type("jpeg"),
    "image/gif": Type("gif"),
    "image/webp": Type("webp"),
    "application/vnd.plotly.v1+json": Type(remedy=WITH),
    "text/html": Type("html"),
    "application/json": Type("json"),
    "application/geo+json": Type("json"),
    "application/pdf": Type(remedy="save the figure as SVG or PNG and show that"),
    "application/javascript": Type(remedy=STILL),
    "application/vnd.jupyter.widget-view+json": Type(remedy="show its value instead, or tag the cell hide-output"),
}
UNKNOWN = Type(remedy=STILL)
FORMULA = re.compile(r"\s*(?:\$|\\begin\{(?:align|equation|gather|eqnarray|multline))")  # and no listing, no tabular
LINKED = re.compile(r"<(?:image|feImage)\b[^<>]*?\bhref\s*=\s*[\"'](?!data:|#)([^\"']*)", re.I)
MOVING = "this picture moves; the PDF shows how it begins"
BAR = re.compile(r"\d+%\|")  # tqdm's, as a widget


def collect(cells: list) -> dict:
    """Sort the outputs of a chapter's code cells.

    Parameters
    ----------
    cells : list
        For each code cell, nbformat's outputs.

    Returns
    -------
    dict
        "outputs": for each code cell a list of dicts with a "kind" (figure, table, markdown, one of
        `PICTURES`, html, text, stdout, stderr, or refused for what cannot be printed); "values";
        "depends"; "environment"; "remarks": dicts with the number of a "cell" and a "text", to be
        said at every build.
    """
    result = {"outputs": [], "values": {}, "depends": [], "environment": {}, "remarks": []}
    drawn: dict[int, list] = {}  # what was shown at a cell's end, by the number of its figure
    for number, outputs in enumerate(cells):
        kept: list[dict] = []
        for output in outputs:
            if output.output_type == "stream":
                _add_text(kept, output.name, output.text)
            elif output.output_type in ("display_data", "execute_result"):
                item = _item(output.data)
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
        told = [*_missing_glyphs(kept), *_colours(kept), *(MOVING for item in kept if "moving" in item)]
        result["remarks"] += [{"cell": number, "text": text} for text in told]
    return result


def _item(data) -> dict | None:
    """One output as a dict with a kind; None if there is nothing in it to keep."""
    if MIME in data:
        item = dict(data[MIME])
        if "image/svg+xml" in data:
            item |= {"svg": data["image/svg+xml"], **_linked(data["image/svg+xml"])}
        return item
    for mime, kept in TYPES.items():
        if mime in data and not (mime == "text/latex" and "text/html" in data and not FORMULA.match(data[mime])):
            return _kept(mime, kept, data)
    unknown = [mime for mime in data if mime != "text/plain"]
    if unknown:
        return _kept(unknown[0], UNKNOWN, data)
    return {"kind": "text", "data": _stable(data["text/plain"])} if "text/plain" in data else None


def _kept(mime: str, kept: Type, data) -> dict:
    """An output that cannot be printed is kept as what it is and why: a tag may hide it, unrun."""
    value, plain = data[mime], data.get("text/plain", "")
    if mime.endswith("widget-view+json") and BAR.search(plain):
        return {"kind": "stdout", "data": plain}
    if not kept.kind:
        return {"kind": "refused", "what": mime, "remedy": kept.remedy}
    if kept.kind == "html":
        text, hurdle = plain_text(value), obstacle(value)
        if text is not None:
            return {"kind": "text", "data": _stable(plain or text)}
        if hurdle:
            return {"kind": "refused", "what": hurdle, "remedy": STILL}
    if kept.kind == "json":
        return {"kind": "text", "data": json.dumps(value, indent=2, ensure_ascii=False)}
    if kept.kind in BITMAPS:
        return _seen(kept.kind, value)
    linked = _linked(value) if kept.kind == "svg" else {}
    return {"kind": kept.kind, "data": _stable(value) if isinstance(value, str) else value, **linked}


def _linked(drawing: str) -> dict:
    """What a drawing shows of elsewhere."""
    found = LINKED.search(drawing)
    return {"linked": found[1]} if found else {}


def _seen(kind: str, data: str) -> dict:
    """A picture, looked into: one that cannot be read is refused, one with several frames noted."""
    from PIL import Image

    try:
        picture = Image.open(io.BytesIO(base64.b64decode(data)))
        picture.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        what = f"a picture that cannot be read ({str(error).split(' <')[0]})"
        return {"kind": "refused", "what": what, "remedy": "show another, or tag the cell hide-output"}
    return {"kind": kind, "data": data, **({"moving": True} if getattr(picture, "is_animated", False) else {})}


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


def _colours(kept: list[dict]) -> list[str]:
    """Whether a cell shows a table whose colours say something, as pandas' Styler makes them."""
    if not any(item["kind"] == "html" and "<table" in item["data"] and COLOURED.search(item["data"]) for item in kept):
        return []
    return ["the colours of a table are not printed; say in its cells what they tell, or draw it as a figure"]


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
