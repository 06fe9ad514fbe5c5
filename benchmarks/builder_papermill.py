"""The plain way to the same report: every chapter a notebook, every notebook run, every time.

    python benchmarks/builder_papermill.py CHAPTERS OUT

jupytext, papermill and nbconvert, as their documentation joins them; the result is HTML, since
nbconvert's way to a PDF needs LaTeX or a browser.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import sys
from pathlib import Path

import jupytext
import papermill
from nbconvert import HTMLExporter


def main(chapters: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for script in sorted(chapters.glob("*.py")):
        notebook = out / f"{script.stem}.ipynb"
        jupytext.write(jupytext.read(script), notebook)
        papermill.execute_notebook(str(notebook), str(notebook), kernel_name="python3",
                                   cwd=str(chapters), progress_bar=False)
        page, _ = HTMLExporter().from_filename(str(notebook))
        notebook.with_suffix(".html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
