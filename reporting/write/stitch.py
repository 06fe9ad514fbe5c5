"""Chapters and their results as one document, piece by piece, ready for pandoc.

Every piece carries the number of its source, so that whatever fails later is still reported at
the chapter's own line.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

from reporting.errors import ReportErrors
from reporting.progress import duration
from reporting.read.calls import read_calls
from reporting.read.markdown import plainly, read_prose
from reporting.read.percent import Chapter
from reporting.settings import Settings
from reporting.store import Store
from reporting.write.document import Stitched
from reporting.write.pieces import Part, Pieces


def stitch(parts: list[Part], settings: Settings, store: Store,
           missing: list[Chapter] = ()) -> Stitched:
    """Join chapters, outputs and values.

    Parameters
    ----------
    parts : list of Part
        In the report's order.
    settings : Settings
        Of the whole report.
    store : Store
        Holds the results' files.
    missing : list of Chapter
        Left out for want of results; what refers to them becomes "??".

    Raises
    ------
    ReportError, ReportErrors
        If a template cannot be filled, or outputs cannot be printed.
    """
    document = Stitched(absent=[label for chapter in missing for label in _labels(chapter)])
    values = {part.chapter.name: part.result["values"] for part in parts}
    values |= {chapter.name: None for chapter in missing}
    errors = [error for part in parts
              for error in Pieces(part, values, document, settings, store).run()]
    if errors:
        raise ReportErrors(errors)
    if settings.provenance and any("environment" in part.result for part in parts):
        document.provenance = _provenance(parts)
    return document


def _labels(chapter: Chapter) -> list[str]:
    """Every label that a chapter gives, as far as its text tells."""
    labels = []
    for cell in chapter.cells:
        if cell.kind == "markdown":
            labels += [label for _, label in read_prose(cell.source).labels]
        elif cell.kind == "code":
            labels += read_calls(cell.source).labels
    return labels


def _provenance(parts: list[Part]) -> str:
    """Return a paragraph: when, where and from what the results were made."""
    runs: dict[str, list[str]] = {}  # when and where → what
    packages = {}
    given = []
    inputs: dict[str, dict[tuple[str, str], list[str]]] = {}  # name → called so, fingerprint → chapters
    for part in parts:
        result = part.result
        if "environment" not in result:
            continue  # a chapter without code
        env = result["environment"]
        runs.setdefault(f"{result['date'][:10]} on {env['device']}", []).append(
            f"{part.chapter.name.replace('_', ' ')} ({duration(result['seconds'])})")
        given += [plainly(f"{name} = {value!r} in {part.chapter.name.replace('_', ' ')}")
                  for name, value in result.get("key", {}).get("parameters", {}).items()]
        packages |= {"Python": env["python"], **env["packages"]}
        for item in result["depends"]:
            version = item.get("copy", item["name"]), item["fingerprint"]
            inputs.setdefault(item["name"], {}).setdefault(version, []).append(part.chapter.name)
    text = "**Provenance.** Runs of the chapters: " + "; ".join(
        f"{when}, {', '.join(what)}" for when, what in runs.items()) + "."
    if inputs:
        text += " Inputs, with the start of their sha256: " + "; ".join(
            _input(*version, names if len(versions) > 1 else [])
            for _, versions in sorted(inputs.items()) for version, names in versions.items()) + "."
    if packages:
        text += " Software: " + ", ".join(f"{n} {v}" for n, v in packages.items()) + "."
    text = text.replace("@", "\\@")
    return f"{text} Parameters set for this report: {'; '.join(given)}." if given else text


def _input(name: str, fingerprint: str, chapters: list[str]) -> str:
    """Name an input; of one that was not the same for all, also whose it was."""
    whose = " for " + ", ".join(one.replace("_", " ") for one in chapters) if chapters else ""
    return f"{name} (`{fingerprint[:12]}`){whose}"
