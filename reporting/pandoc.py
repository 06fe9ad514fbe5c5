"""pandoc, which comes with pip, and what it is given to work with.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from reporting.errors import ReportError

TEMPLATES = Path(__file__).parent / "write" / "templates"
DOCUMENT = TEMPLATES / "document.lua"
# As notebooks show Markdown, with the references, labels and formulas of pandoc's. What it would
# let pass in one format alone (raw TeX, raw anything) is refused by wording.py.
MARKDOWN = ("markdown-raw_tex-raw_attribute-yaml_metadata_block-pandoc_title_block"
            "-blank_before_header-blank_before_blockquote+lists_without_preceding_blankline"
            "-simple_tables-multiline_tables-example_lists+autolink_bare_uris")
FAULT = re.compile(r"^FAULT (\d+) (\d+) (.*)$", re.M)


def pandoc(document: str, *options: str) -> tuple[str, list[tuple[int, int, str]]]:
    """Turn a stitched document into another format.

    Parameters
    ----------
    document : str
        JSON, as ``document.lua`` reads it.
    *options : str
        pandoc's.

    Returns
    -------
    tuple of str and list
        What pandoc wrote; (source, line within it, message) of every fault that it found.

    Raises
    ------
    ReportError
        If pandoc fails.
    """
    import pypandoc

    # A sandboxed pandoc opens the files that it is given, and no connection.
    command = [pypandoc.get_pandoc_path(), "--sandbox", "-f", str(DOCUMENT), *options]
    done = subprocess.run(command, input=document.encode(), capture_output=True, check=False)
    said = done.stderr.decode(errors="replace")
    if done.returncode:
        raise ReportError(f"pandoc failed: {said.strip()}")
    return done.stdout.decode(), [(int(source), int(line), text) for source, line, text in FAULT.findall(said)]
