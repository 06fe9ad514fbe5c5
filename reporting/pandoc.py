"""pandoc, which comes with pip, and what it is given to work with.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from reporting.errors import ReportError

TEMPLATES = Path(__file__).parent / "write" / "templates"
DOCUMENT = TEMPLATES / "document.lua"
# As notebooks show Markdown, with the references, labels and formulas of pandoc's. What it would
# let pass in one format alone (raw TeX, raw anything) is refused by wording.py.
MARKDOWN = ("markdown-raw_tex-raw_attribute-yaml_metadata_block-pandoc_title_block"
            "-blank_before_header-blank_before_blockquote+lists_without_preceding_blankline"
            "-simple_tables-multiline_tables-example_lists+autolink_bare_uris")
FAULT = re.compile(r"^FAULT\t(-?\d+)\t(\d+)\t([^\t\n]*)\t(.*)$", re.M)


class Fault(NamedTuple):
    """What pandoc or typst could not print.

    Attributes
    ----------
    source : int
        Number of the piece; -1 is ``report.toml``.
    line : int
        Within the piece, counted from 1; 0 where only ``sought`` tells it.
    sought : str
        What to look for in the piece; of ``report.toml``, the name of the setting.
    message : str
        One sentence.
    """

    source: int
    line: int
    sought: str
    message: str



def pandoc(document: str, *options: str) -> tuple[str, list[Fault]]:
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
        What pandoc wrote, and every fault that it found.

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
    return done.stdout.decode(), [Fault(int(source), int(line), sought, text)
                                   for source, line, sought, text in FAULT.findall(said)]
