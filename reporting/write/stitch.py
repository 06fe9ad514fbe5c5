"""Chapters and their results as one Markdown document, ready for pandoc.

Every cell is preceded by a comment that survives into the typst source, so that whatever
fails later is still reported at the chapter's own line.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from reporting.errors import ReportError
from reporting.progress import duration
from reporting.read.calls import read_calls
from reporting.read.markdown import fill, own_notes, plainly, read_prose
from reporting.read.percent import Cell, Chapter
from reporting.settings import Settings
from reporting.store import Store
from reporting.write.tables import laid_out

OPEN = "::::::::"  # longer than any fence that an author writes


@dataclass(frozen=True)
class Part:
    """One chapter of the report, with the result that its prose is filled from."""

    chapter: Chapter
    result: dict
    note: str = ""


@dataclass
class Stitched:
    """A Markdown document.

    Attributes
    ----------
    markdown : str
        For pandoc.
    sources : list of (path, line)
        What stands behind each numbered comment.
    absent : list of str
        Labels of chapters that are left out.
    """

    markdown: str = ""
    sources: list[tuple[Path, int]] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


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
    ReportError
        If a template cannot be filled.
    """
    document = Stitched(absent=[label for chapter in missing for label in _labels(chapter)])
    values = {part.chapter.name: part.result["values"] for part in parts}
    values |= {chapter.name: None for chapter in missing}
    blocks = []
    for part in parts:
        folder = part.chapter.path.parent.resolve().as_posix()
        blocks.append(f'{OPEN} {{.report-chapter name="{part.chapter.name}" folder="{folder}"}}')
        if part.note:
            blocks.append(f"::: report-note\n{part.note}\n:::")
        outputs = iter(part.result["outputs"])
        for cell in part.chapter.cells:
            blocks += _cell(part, cell, outputs, values, document, settings, store)
        blocks.append(OPEN)
    if settings.provenance and any("environment" in part.result for part in parts):
        blocks.append(_provenance(parts))
    document.markdown = "\n\n".join(blocks) + "\n"
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


def _cell(part, cell: Cell, outputs, values, document, settings, store) -> list[str]:
    """Return the blocks of one cell."""
    path, name = part.chapter.path, part.chapter.name
    if cell.kind == "markdown":
        blocks = [own_notes(fill(cell.source, values, name, path, cell.line), name)]
    elif cell.kind == "code":
        blocks = []
        calls = read_calls(cell.source)
        if "show-input" in cell.tags or (settings.show_code and "hide-input" not in cell.tags):
            blocks.append(_fenced(cell.source, "python"))
        elif cell.source.strip() and "hide-input" not in cell.tags:
            blocks.append("::: report-code\n" + _fenced(cell.source, "python") + "\n:::")
        for item in next(outputs, []):
            wording = {**item, **calls.prose.get(item.get("label"), {})}
            line = cell.line + calls.labels.get(item.get("label"), 1) - 1
            if "caption" in wording:
                wording["caption"] = fill(wording["caption"], values, name, path, line)
            try:
                blocks += _output(wording, cell, name, store)
            except ValueError as error:
                raise ReportError(f"{item['label']}: {error}", path, line,
                                  'formats are such as {"column": "{:.1%}"}') from None
    else:
        return []
    if not blocks:
        return []
    document.sources.append((path, cell.line))
    return [f"```{{=typst}}\n// source {len(document.sources) - 1}\n```", *blocks]


def _output(item: dict, cell: Cell, name: str, store: Store) -> list[str]:
    """Return the blocks of one output, none if it is not for the report."""
    kind = item["kind"]
    if kind == "figure":
        return [_figure(item, name, store)]
    if kind == "table":
        return [_table(item)]
    if "hide-output" in cell.tags:
        return []
    if kind in ("svg", "png"):
        file = store.file(name, item[kind + "_file"]).as_posix()
        return [f"::: report-picture\n![]({file}){{width=60%}}\n:::"]
    if kind == "markdown":
        return [item["data"]]
    if kind == "html":
        return ["::: report-html\n" + _fenced(item["data"], "html") + "\n:::"]
    if "show-output" in cell.tags and item["data"].strip():
        return [_fenced(item["data"].rstrip(), "text")]
    return []


def _fenced(text: str, language: str) -> str:
    ticks = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
    return f"{ticks}{language}\n{text}\n{ticks}"


def _figure(item: dict, name: str, store: Store) -> str:
    width = f"{100 * item['width']:g}%"
    place = item.get("place", "here")
    place = "" if place == "here" else f' place="{place}"'
    file = store.file(name, item["svg_file"]).as_posix()
    explored = ""
    if "interactive_file" in item:
        explored = f' interactive="{store.file(name, item["interactive_file"]).as_posix()}"'
    return (f'::: {{#{item["label"]} .report-figure width="{width}" file="{file}"{place}{explored}}}\n'
            f'{item["caption"]}\n:::')


def _table(item: dict) -> str:
    """Return a captioned pipe table; columns of numbers are flush right."""
    table = laid_out(item)
    heads = zip(*([cell["text"] for cell in level for _ in range(cell["span"])]
                  for level in table["head"]), strict=True)
    ends = {"l": ":--", "c": ":-:", "r": "--:"}
    lines = [_row(" ".join(head) for head in heads),
             "|" + "|".join(ends[letter] for letter in table["align"]) + "|"]
    lines += [_row(cell if letter == "r" else plainly(cell)
                   for cell, letter in zip(row, table["align"], strict=True))
              for row in table["rows"]]
    return (f"::: {{#{item['label']} .report-table}}\n{item['caption']}\n\n"
            + "\n".join(lines) + "\n:::")


def _row(cells) -> str:
    flat = (" ".join(str(cell).split()) for cell in cells)
    return "| " + " | ".join(re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in flat) + " |"


def _provenance(parts: list[Part]) -> str:
    """Return a paragraph: when, where and from what the results were made."""
    runs, packages = [], {}
    inputs: dict[str, dict[tuple[str, str], list[str]]] = {}  # name → called so, fingerprint → chapters
    for part in parts:
        result = part.result
        if "environment" not in result:
            continue  # a chapter without code
        env = result["environment"]
        runs.append(f"{part.chapter.name.replace('_', ' ')} ({result['date'][:10]}, "
                    f"{env['device']}, {duration(result['seconds'])})")
        packages |= {"Python": env["python"], **env["packages"]}
        for item in result["depends"]:
            version = item.get("copy", item["name"]), item["fingerprint"]
            inputs.setdefault(item["name"], {}).setdefault(version, []).append(part.chapter.name)
    text = "**Provenance.** Runs: " + "; ".join(runs) + "."
    if inputs:
        text += " Inputs, with the start of their sha256: " + "; ".join(
            _input(*version, names if len(versions) > 1 else [])
            for _, versions in sorted(inputs.items()) for version, names in versions.items()) + "."
    if packages:
        text += " Software: " + ", ".join(f"{n} {v}" for n, v in packages.items()) + "."
    return "::: report-provenance\n" + text.replace("@", "\\@") + "\n:::"


def _input(name: str, fingerprint: str, chapters: list[str]) -> str:
    """Name an input; of one that was not the same for all, also whose it was."""
    whose = " for " + ", ".join(one.replace("_", " ") for one in chapters) if chapters else ""
    return f"{name} (`{fingerprint[:12]}`){whose}"
