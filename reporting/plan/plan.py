"""What must run, and why: a chapter's stored result against what it would depend on now.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
from dataclasses import dataclass, field
from pathlib import Path

from reporting.errors import shown
from reporting.plan.imports import meaning_now, place, read_imports
from reporting.plan.parameters import for_chapters, written
from reporting.read.calls import read_calls
from reporting.read.percent import Chapter, parse_chapter
from reporting.report import Report
from reporting.store import Damaged, Store, digest

# What a chapter without code has, and never has to run for.
NOTHING = {"outputs": [], "values": {}, "depends": []}


@dataclass
class Step:
    """One chapter of a plan.

    Attributes
    ----------
    chapter : Chapter
        As it is now.
    key : dict
        What a result of it depends on and can be read from files.
    packages : tuple of str
        Top-level imports from outside the project.
    reason : str
        Why it must run; empty if its stored result holds.
    result : dict or None
        Its stored result.
    formerly : str
        The name under which that is stored, if the chapter had another then.
    imported : dict of str to str
        Of the modules that only a run tells of, and which the last one told: what they mean now.
    absent : tuple of str
        Files on which its result depends and that are not here, so that nobody can tell
        whether they have changed.
    """

    chapter: Chapter
    key: dict
    packages: tuple[str, ...] = ()
    reason: str = ""
    result: dict | None = None
    formerly: str = ""
    imported: dict[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()


@dataclass
class Inputs:
    """Declared files, data sets and packages, looked up on this machine; each is looked into once.

    Attributes
    ----------
    folder : Path
        The chapters' folder, at which stored paths and those of ``search`` start.
    search : tuple of str
        As in `Settings`.
    hashed, meanings, versions : dict
        What has been looked into already.
    """

    folder: Path
    search: tuple[str, ...] = ()
    hashed: dict[Path, str] = field(default_factory=dict)
    meanings: dict[str, str | None] = field(default_factory=dict)
    versions: dict[str, str | None] = field(default_factory=dict)

    def fingerprint(self, item: dict) -> str | None:
        """Return what an input's fingerprint is now, None where it is not at hand."""
        for folder in self.search:
            folder = os.path.expandvars(folder)
            if folder.startswith("$"):
                continue  # the variable is not set
            found = self._read(self.folder / Path(folder).expanduser(), item)
            if found is not None:
                return found
        return self._hash(self.folder / item["path"]) if item.get("path") else None

    def meaning(self, name: str) -> str | None:
        """Return what a module means now, by its place, None where it is not at hand."""
        if name not in self.meanings:
            self.meanings[name] = meaning_now(self.folder / name)
        return self.meanings[name]

    def named(self, item: str) -> str:
        """Return a place as the author knows it, and elsewhere as seen from the chapters' folder."""
        path = shown(self.folder / item)
        return item if os.path.isabs(path) else path

    def version(self, name: str) -> str | None:
        """Return the installed version of a distribution, None where it is not installed."""
        if name not in self.versions:
            try:
                self.versions[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                self.versions[name] = None
        return self.versions[name]

    def _read(self, folder: Path, item: dict) -> str | None:
        """A file is looked for by name, a data set by a small file NAME.sha256."""
        if item["file"]:
            return self._hash(folder / item["name"])
        note = folder / f"{item['name']}.sha256"
        return note.read_text(encoding="utf-8").split()[0] if note.is_file() else None

    def _hash(self, path: Path) -> str | None:
        path = path.resolve()
        if path not in self.hashed and path.is_file():
            self.hashed[path] = digest(path.read_bytes())
        return self.hashed.get(path)


def make_plan(chapters: list[Chapter], report: Report) -> list[Step]:
    """Compare every chapter with its stored result.

    Parameters
    ----------
    chapters : list of Chapter
        In the report's order.
    report : Report
        Whose options give parameters, and whether results that were made with asserts off will do.
    """
    options = report.options
    root, parameters = options.root, for_chapters(chapters, options.parameters)
    folder = chapters[0].path.parent.resolve()
    steps = []
    for chapter in chapters:
        imports = read_imports(chapter, root)
        modules = {place(path, folder): sha for path, sha in sorted(imports.modules.items())}
        key = {"cells": cell_keys(chapter), "modules": modules,
               "parameters": parameters.get(chapter.name, {})}
        steps.append(Step(chapter, key, tuple(sorted(imports.packages))))
    inputs = Inputs(folder, report.settings.search)
    for step in steps:
        if not step.chapter.code:
            step.result = NOTHING
            continue
        try:
            step.result = report.store.load(step.chapter.name)
        except Damaged as error:
            step.reason = f"stored results: {error}"
    _take_over(steps, report.store)
    seen = _latest_fingerprints([step.result for step in steps if step.result])
    for step in steps:
        files = [item for item in (step.result or NOTHING)["depends"] if item["file"]]
        now = {name: inputs.meaning(name) for name in (step.result or {}).get("imported", ())}
        step.imported = {name: sha for name, sha in now.items() if sha}
        absent = [item["path"] for item in files if inputs.fingerprint(item) is None]
        absent += [name for name in now if name not in step.imported]
        step.absent = tuple(map(inputs.named, absent))
        step.reason = step.reason or _reason(step, inputs, seen, options.draft)
    return steps


def _take_over(steps: list[Step], store: Store) -> None:
    """Give chapters that have another name now the results that their cells were stored with."""
    changed = [step for step in steps if step.chapter.code
               and (step.result is None or step.result["key"]["cells"] != step.key["cells"])]
    if not changed:
        return
    free = {step.chapter.name: step.result for step in changed if step.result}
    for name in store.strangers({step.chapter.name for step in steps}):
        with contextlib.suppress(Damaged):
            free[name] = store.load(name)
    by_cells = {tuple(result["key"]["cells"]): name for name, result in free.items() if result}
    for step in changed:
        former = by_cells.get(tuple(step.key["cells"]))
        if former:
            step.formerly, step.result, step.reason = former, free[former], ""
    moved = {step.formerly for step in changed}
    for step in changed:
        if step.chapter.name in moved and not step.formerly:
            step.result = None  # it is another's now


def cell_keys(chapter: Chapter) -> list[str]:
    """Return a hash of what every code cell means, captions, formats and places left out."""
    return [digest(read_calls(cell.source).code) for cell in chapter.code]


def stored_keys(chapter: Chapter, result: dict) -> list[str]:
    """Return what `cell_keys` says of the text that a result was made with."""
    if cell_keys(chapter) == result["key"]["cells"]:
        return result["key"]["cells"]
    # Read anew, since an older builder may have counted something that is prose as code.
    return cell_keys(parse_chapter(chapter.path, result["text"]))


def _reason(step: Step, inputs: Inputs, seen: dict, draft: bool) -> str:
    """Return the first reason to run, in the order in which an author would look for it."""
    result = step.result
    if result is NOTHING:
        return ""
    if result is None:
        return "no stored results"
    if result["draft"] and not draft:
        return "stored results are a draft's"
    return (_changed_cells(step, stored_keys(step.chapter, result))
            or _changed_parameters(step, result["key"])
            or _changed_modules(step, inputs) or _changed_inputs(result, inputs, seen)
            or _changed_packages(result, inputs))


def _changed_cells(step: Step, old: list[str]) -> str:
    new = step.key["cells"]
    if old == new:
        return ""
    if sorted(old) == sorted(new):
        return "code cells moved"
    for cell, before, now in zip(step.chapter.code, old, new, strict=False):
        if before != now:
            return f"code of line {cell.line} changed"
    return "code was added" if len(new) > len(old) else "code was removed"


def _changed_parameters(step: Step, key: dict) -> str:
    old, new = key["parameters"], step.key["parameters"]
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            before, now = (repr(p[name]) if name in p else written(step.chapter).get(name) for p in (old, new))
            return f"parameter {name}: {before} → {now}"
    return ""


def _changed_modules(step: Step, inputs: Inputs) -> str:
    imported = step.result.get("imported", {})
    old, new = {**step.result["key"]["modules"], **imported}, {**step.key["modules"], **step.imported}
    changed = [name for name in new if name in old and old[name] != new[name]]
    added, gone = new.keys() - old.keys(), old.keys() - new.keys() - imported.keys()
    for names, what in ((changed, "changed"), (sorted(added), "is imported now"), (sorted(gone), "is imported no more")):
        if names:
            return ", ".join(map(inputs.named, names)) + " " + what
    return ""


def _latest_fingerprints(results: list[dict]) -> dict[str, str]:
    """Return for every data set the fingerprint that the latest run has seen."""
    latest: dict[str, tuple[str, str]] = {}
    for result in results:
        for item in result["depends"]:
            if not item["file"] and "copy" not in item:
                entry = (result["date"], item["fingerprint"])
                latest[item["name"]] = max(entry, latest.get(item["name"], entry))
    return {name: fingerprint for name, (_, fingerprint) in latest.items()}


def _changed_inputs(result: dict, inputs: Inputs, seen: dict) -> str:
    for item in result["depends"]:
        if "copy" in item:
            continue  # any copy will do; reporting.copies says what it means
        now = inputs.fingerprint(item)
        if now is None and not item["file"]:
            now = seen[item["name"]]
        # What is not at hand, as the data set on a fresh clone, has not changed.
        if now is not None and now != item["fingerprint"]:
            return f"{inputs.named(item['path']) if item['file'] else item['name']} changed"
    return ""


def _changed_packages(result: dict, inputs: Inputs) -> str:
    for name, old in result["environment"]["packages"].items():
        new = inputs.version(name)
        if new is not None and new.split(".")[0] != old.split(".")[0]:
            return f"{name} {old} → {new}"
    return ""
