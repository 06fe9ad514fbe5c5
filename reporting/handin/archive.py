"""The archive that is handed in, and not before everything in it is as it should be.

What it holds and what it is held to stand in ``report.toml`` under ``[submission]``.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from reporting.errors import ReportError, shown
from reporting.handin import checks
from reporting.plan.plan import Step
from reporting.report import Report
from reporting.settings import FILE, Settings, Submission
from reporting.store import write_atomically
from reporting.write.publish import PDF, is_published

ARCHIVE = "submission.zip"
DATE = (1980, 1, 1, 0, 0, 0)  # the same content is the same archive, byte for byte
README = "README.md"
LEFT_OUT = ("__pycache__", ".pyc", ".tmp")


def submit(steps: list[Step], report: Report) -> int:
    """Check the submission, say what was found, and write the archive if all is well.

    Parameters
    ----------
    steps, report
        As for `reporting.write.publish.publish`.

    Returns
    -------
    int
        0 with an archive, 1 without.

    Raises
    ------
    ReportError
        If ``report.toml`` has no ``[submission]``, or names a file that is not there.
    """
    options, settings, progress = report.options, report.settings, report.progress
    asked = settings.submission
    if asked is None:
        raise ReportError("--submission: nothing says what is to be handed in",
                          options.chapters / FILE, remedy="write [submission] with files = […] there")
    files = find_files(asked, options.root, options.chapters / FILE)
    found = check_all(files, asked, steps, report)
    for check in found:
        progress.say(str(check))
    archive = options.out / ARCHIVE
    faults = sum(bool(check.fault) for check in found)
    if faults:
        progress.say(f"{faults} of {len(found)} checks failed; {shown(archive)} was not written")
        return 1
    data = pack(files, settings, asked)
    write_atomically(archive, data)
    progress.say(f"{shown(archive)}: {len(files)} files, {len(data) / 1e6:.1f} MB")
    return 0


def find_files(asked: Submission, root: Path, where: Path) -> dict[str, Path]:
    """Return what is handed in: name in the archive → path, folders with all that is in them."""
    files = {}
    for name in filter(None, [*asked.files, asked.readme]):
        path = root / name
        if not path.exists():
            raise ReportError(f"[submission] names {name}, which is not there", where,
                              remedy="build or train it first, or take it off the list")
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        files |= {one.relative_to(root).as_posix(): one for one in inside if one.is_file()
                  and not any(part.endswith(LEFT_OUT) for part in one.relative_to(root).parts)}
    return files | ({README: root / asked.readme} if asked.readme else {})


def check_all(files: dict[str, Path], asked: Submission, steps: list[Step],
              report: Report) -> list[checks.Check]:
    """Run every check that the settings ask for, in the order in which they are listed."""
    options, settings = report.options, report.settings
    pdf = options.out / PDF
    current = is_published(steps, report)
    found = [checks.no_notebooks(options.root)]
    if asked.imports:
        found.append(checks.allowed_imports(files, asked))
    found += [checks.results_hold(steps), checks.one_copy(steps),
              checks.page_limit(pdf, settings, current)]
    if asked.answers:
        found.append(checks.answered(steps, asked))
    if asked.belong:
        found.append(checks.files_belong(files, steps, asked))
    found += [checks.runs(command, options.root) for command in asked.commands]
    found.append(checks.is_signed(settings, asked))
    if asked.note:
        folder = options.chapters.resolve().relative_to(options.root.resolve()).as_posix()
        found.append(checks.carries_notes(files, asked, folder))
    return found


def pack(files: dict[str, Path], settings: Settings, asked: Submission) -> bytes:
    """Return a zip archive of files; placeholders in the README give way to name and username."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files.items():
            data = path.read_bytes()
            if name == README:
                text = data.decode("utf-8")
                for field, placeholder in asked.placeholders.items():
                    text = text.replace(placeholder, getattr(settings, field))
                data = text.encode("utf-8")
            info = zipfile.ZipInfo(name, DATE)
            info.external_attr = 0o644 << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
