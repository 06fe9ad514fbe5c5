"""The command line of ``build_report.py``.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reporting.build import Options, build


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
                        help="run these chapters only; the start of a name will do")
    parser.add_argument("--draft", action="store_true",
                        help="switch asserts off and stamp every page")
    return parser


def main(root: Path, arguments: list[str] | None = None) -> int:
    """Build as the arguments say; return the exit code."""
    given = parser().parse_args(arguments)
    options = Options(root=root, chapters=given.chapters or root / "chapters",
                      out=given.out or root / "report", only=tuple(given.only),
                      draft=given.draft)
    try:
        return build(options)
    except KeyboardInterrupt:
        print("\ninterrupted; nothing half-done is left behind", file=sys.stderr)
        return 130
