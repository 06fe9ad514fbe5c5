"""pandoc, which comes with pip, and what it is given to work with.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from reporting.errors import ReportError

TEMPLATES = Path(__file__).parent / "write" / "templates"
FILTER = TEMPLATES / "filter.lua"
# No raw TeX or HTML: both would vanish without a word on the way to typst.
READER = "markdown-raw_tex-raw_html+lists_without_preceding_blankline"


def pandoc(text: str, *options: str) -> tuple[str, str]:
    """Run pandoc on a text; return what it wrote and what it warned of.

    Raises
    ------
    ReportError
        If pandoc fails.
    """
    import pypandoc

    done = subprocess.run([pypandoc.get_pandoc_path(), *options], input=text.encode(),
                          capture_output=True, check=False)
    warnings = done.stderr.decode(errors="replace")
    if done.returncode:
        raise ReportError(f"pandoc failed: {warnings.strip()}")
    return done.stdout.decode(), warnings
