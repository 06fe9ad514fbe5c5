"""Build report/report.pdf from the chapters.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import sys
from pathlib import Path

from reporting.cli import main

if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent))
