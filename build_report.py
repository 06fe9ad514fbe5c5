"""Build report/report.pdf from the chapters.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
import sys
from pathlib import Path

from reporting.cli import main

FOLDERS = ("VICREG_DATA", "VICREG_WEIGHTS", "VICREG_RUNS", "VICREG_CACHE")


def start_at_this_folder() -> None:
    """Let relative folders of the environment mean the same in the chapters, which run in their own."""
    for name in FOLDERS:
        if os.environ.get(name):
            os.environ[name] = os.path.abspath(os.path.expanduser(os.environ[name]))


if __name__ == "__main__":
    start_at_this_folder()
    sys.exit(main(Path(__file__).resolve().parent))
