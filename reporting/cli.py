"""The command line of ``build_report.py``.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from reporting.build import build
from reporting.errors import ReportError
from reporting.plan.parameters import read_values
from reporting.progress import Progress
from reporting.report import Options
from reporting.watch import watch, watched


def parser() -> argparse.ArgumentParser:
    """Return the parser; its help is the reference."""
    parser = argparse.ArgumentParser(
        prog="build_report.py",
        description="Run the chapters and stitch them into one PDF.")
    parser.add_argument("--chapters", type=Path, metavar="DIR",
                        help="folder of percent-scripts (default: chapters)")
    parser.add_argument("--out", type=Path, metavar="DIR",
                        help="folder of the report and its stored results (default: report)")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME",
                        help="let only these chapters run; the start of a name will do")
    parser.add_argument("--plan", action="store_true",
                        help="say what would run and why, and run nothing")
    parser.add_argument("--force", action="store_true",
                        help="run chapters even if nothing has changed")
    parser.add_argument("--retrain", action="store_true",
                        help="first run the commands that report.toml names for it; asks once "
                             "where there is no GPU")
    parser.add_argument("--yes", action="store_true", help="train without being asked")
    parser.add_argument("--submission", action="store_true",
                        help="run nothing; check what report.toml says is to be handed in, and "
                             "write submission.zip if all is well")
    parser.add_argument("--sample", action="store_true",
                        help="try it all out: run the commands that report.toml names for it, and build "
                             "a draft from what they prepare, in a new folder or in that of --out")
    parser.add_argument("--draft", action="store_true",
                        help="switch asserts off and stamp every page")
    parser.add_argument("--jobs", type=int, default=1, metavar="N",
                        help="run N chapters side by side")
    parser.add_argument("--watch", action="store_true",
                        help="build again whenever a chapter or a module is saved")
    failing = parser.add_mutually_exclusive_group()
    failing.add_argument("--fail-fast", action="store_true",
                         help="start no further chapter after a failure")
    failing.add_argument("--keep-going", action="store_false", dest="fail_fast",
                         help="let the other chapters finish (the default)")
    parser.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE",
                        help="set a value in cells tagged parameters; CHAPTER.NAME=VALUE for one; the report goes "
                             "to a new folder or to that of --out")
    return parser


def folder_of(given: argparse.Namespace, root: Path) -> Path:
    """Return the report's folder: a new one for a sample or other parameters, so that the usual one stays as it is."""
    usual = root / "report"
    if given.out or given.plan or given.submission or not (given.sample or given.parameter):
        return given.out or usual
    folder = Path(tempfile.mkdtemp(prefix="report-of-sample-" if given.sample else "report-with-parameters-"))
    if not (given.sample or given.chapters) and (usual / "results").is_dir():
        shutil.copytree(usual / "results", folder / "results")  # of chapters that have none of the parameters
    return folder


def main(root: Path, arguments: list[str] | None = None) -> int:
    """Build as the arguments say; return the exit code."""
    given = parser().parse_args(arguments)
    if given.retrain and given.watch:
        parser().error("--retrain and --watch do not go together: retrain first, then watch")
    if given.sample and (given.plan or given.retrain or given.watch or given.submission):
        parser().error("--sample goes with --out, --only, --jobs and --fail-fast alone")
    try:
        parameters = read_values(given.parameter)
        options = Options(
            root=root, chapters=given.chapters or root / "chapters",
            out=folder_of(given, root), only=tuple(given.only), plan=given.plan, force=given.force,
            retrain=given.retrain, yes=given.yes, submission=given.submission, sample=given.sample,
            draft=given.draft, fail_fast=given.fail_fast, jobs=given.jobs, parameters=parameters)
        if given.watch:
            progress = Progress()
            watch(lambda: (build(options, progress), progress.say("watching; Ctrl-C ends it")),
                  lambda: watched(options))
        return build(options)
    except (ReportError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted; what was finished is stored", file=sys.stderr)
        return 130
