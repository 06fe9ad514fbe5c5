"""What a submission is held to: each check is a line with a mark, and a remedy where it fails.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reporting.plan.copies import measured, told
from reporting.plan.imports import OWN
from reporting.plan.plan import NOTHING, Step
from reporting.read.markdown import read_prose
from reporting.settings import Settings, Submission, words_of
from reporting.store import digest

PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")
COMPUTED = "(computed)"


@dataclass(frozen=True)
class Check:
    """One line of the list: what was looked at, what is wrong (empty if nothing), what to do."""

    subject: str
    fault: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        if not self.fault:
            return f"✓ {self.subject}"
        return f"✗ {self.subject}: {self.fault}\n    → {self.remedy}"


def no_notebooks(root: Path) -> Check:
    """No ``.ipynb`` anywhere in the project, virtual environments and hidden folders left out."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders
                      if name[0] != "." and not Path(folder, name, "pyvenv.cfg").exists()]
        found += [Path(folder, name).relative_to(root).as_posix()
                  for name in names if name.endswith(".ipynb")]
    return Check("no notebooks", _listed(found), "delete them; chapters are percent-scripts")


def allowed_imports(files: dict[str, Path], asked: Submission) -> Check:
    """Only the libraries named in the settings, the standard library and the project itself."""
    own = {name.split("/")[0].removesuffix(".py") for name in files}
    allowed = {*asked.imports, *own, OWN}
    bound = [name for name in files if name.endswith(".py") and _is_under(name, asked.bound)]
    found = []
    for name in bound:
        beside = {Path(other).stem for other in files
                  if Path(other).parent == Path(name).parent and Path(other).name.startswith("_")}
        foreign = foreign_imports(files[name].read_text(encoding="utf-8"), allowed | beside)
        found += [f"{name} imports {module}" for module in sorted(foreign)]
    return Check(f"imports of {', '.join(asked.bound)}", _listed(found),
                 "use one of " + ", ".join(asked.imports))


def foreign_imports(source: str, allowed: set[str]) -> set[str]:
    """Return the top-level names that a module imports, wherever in it, and should not.

    The standard library and relative imports are always allowed; a name that is computed when
    the module runs never is.
    """
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module)
        elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__"):
            argument = node.args[0] if node.args else None
            names.add(argument.value if isinstance(argument, ast.Constant) else COMPUTED)
    return {name.split(".")[0] for name in names} - allowed - sys.stdlib_module_names - {""}


def _called(node: ast.Call) -> str | None:
    return getattr(node.func, "attr", None) or getattr(node.func, "id", None)


def carries_notes(files: dict[str, Path], asked: Submission, chapters: str) -> Check:
    """Every module says what the settings want said in it."""
    found = [name for name, path in files.items() if name.endswith(".py")
             and not carries_note(path.read_text(encoding="utf-8"), asked.note,
                                  is_chapter=is_chapter(name, chapters))]
    return Check(f"every module says “{asked.note}”", _listed(found),
                 "add the line to the docstring, in a chapter to its first code cell")


def is_chapter(name: str, chapters: str) -> bool:
    """Whether a file is a chapter, and not a module beside chapters, whose name starts with ``_``."""
    return name.startswith(chapters + "/") and not Path(name).name.startswith("_")


def carries_note(source: str, note: str, is_chapter: bool) -> bool:
    """Whether a line of the docstring, in a chapter, which has none, a comment has the note."""
    if is_chapter:
        return any(line.startswith("#") and note in line for line in source.splitlines())
    return any(note in line for line in (ast.get_docstring(ast.parse(source)) or "").splitlines())


def results_hold(steps: list[Step]) -> Check:
    """No chapter's stored results are missing, failed or older than what they depend on."""
    stale = [f"{step.chapter.name} ({step.reason})" for step in steps if step.reason]
    return Check("results of every chapter", _listed(stale), "python build_report.py")


def one_copy(steps: list[Step]) -> Check:
    """All results were measured on the same copy of every data set."""
    mixed = [f"{name}: {told(by_copy)}" for name, by_copy in measured(steps).items() if len(by_copy) > 1]
    return Check("one copy of the data for all chapters", _listed(mixed), "python build_report.py --force")


def page_limit(pdf: Path, settings: Settings, current: bool) -> Check:
    """The PDF is there, was made from the sources as they are, and is not too long."""
    if not pdf.is_file():
        return Check("the PDF", f"there is no {pdf.name}", "python build_report.py")
    pages = len(PAGE.findall(pdf.read_bytes()))
    subject = f"the PDF, {pages} page{'s' * (pages != 1)}"
    if not current:
        return Check(subject, "older than its sources", "python build_report.py")
    if settings.max_pages and pages > settings.max_pages:
        return Check(subject, f"{settings.max_pages} are allowed", "shorten it and build it again")
    return Check(subject)


def answered(steps: list[Step], asked: Submission) -> Check:
    """Every question that the settings name is a heading with text below it, and has results."""
    found = {}
    for step in steps:
        for label, words in _sections(step):
            found[label] = words
    missing = [label for label in asked.answers if not found.get(label)]
    return Check(f"answers to all {len(asked.answers)} questions", _listed(missing),
                 "write the section, with its label behind the heading: # Q1. … {#sec-q1}")


def _sections(step: Step) -> Iterator[tuple[str, int]]:
    """Yield the label of every heading of a chapter and how many words stand below it."""
    if step.result is None:
        return
    label, words = "", 0
    for cell in step.chapter.cells:
        if cell.kind != "markdown":
            continue
        for line in cell.source.splitlines():
            if line.startswith("#"):
                yield label, words
                labels = read_prose(line).labels
                label, words = labels[0][1] if labels else "", 0
            else:
                words += len(line.split())
    yield label, words


def files_belong(files: dict[str, Path], steps: list[Step], asked: Submission) -> Check:
    """The files that the report's results declare are those submitted."""
    declared = {item["name"]: item["fingerprint"] for step in steps
                if step.result not in (None, NOTHING)
                for item in step.result["depends"] if item["file"]}
    wanted = {Path(name).name: path for name, path in files.items() if name in asked.belong}
    wrong = [f"{name} is not what the report was made with" for name, path in wanted.items()
             if declared.get(name) != digest(path.read_bytes())]
    absent = [f"{name} is missing" for name in asked.belong if name not in files]
    return Check(f"{', '.join(asked.belong)}: those of the report", _listed(wrong + absent),
                 "restore the file, or build the report with it")


def runs(command: str, root: Path) -> Check:
    """A command of the settings ends well, such as one that loads what is submitted."""
    done = subprocess.run(words_of(command), cwd=root, capture_output=True, text=True, check=False)
    said = (done.stderr or done.stdout).strip().splitlines()
    return Check(command, (said or [f"exit code {done.returncode}"])[-1] if done.returncode else "",
                 "what the command says")


def is_signed(settings: Settings, asked: Submission) -> Check:
    """Name and username are filled in."""
    empty = [field for field in ("author", "username")
             if getattr(settings, field).strip() in ("", asked.placeholders.get(field, ""))]
    return Check("name and username", _listed([f"{field} is not filled in" for field in empty]),
                 "fill them in in report.toml; the README in the archive takes them from there")


def _is_under(name: str, folders: tuple[str, ...]) -> bool:
    return any(name == folder or name.startswith(folder + "/") for folder in folders)


def _listed(found: list[str], most: int = 5) -> str:
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more
