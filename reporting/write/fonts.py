"""Fonts of the PDF beside those that come with typst, and the characters that none of them has.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from reporting.errors import ReportError
from reporting.settings import FILE, line_in

ENDINGS = (".ttf", ".otf", ".ttc", ".otc")
# Latin, Greek, Cyrillic and the punctuation of their languages, which the fonts that come with typst have.
COMMON = re.compile(r"[^\t\n\x20-\x7e\xa0-\u017f\u0391-\u03a9\u03b1-\u03c9\u0410-\u044f"
                    r"\u2010-\u2015\u2018-\u201e\u2020-\u2022\u2026\u20ac\u2190-\u2193\u2212\u221e\u2248\u2260\u2264\u2265]")
LACKING = re.compile(r'the text `"(?P<text>.*?)"` could not be displayed[^\n]*\n\s*┌─ [^\n]*?:(?P<line>\d+):')
ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")  # how typst names what cannot be seen


class Fonts:
    """The fonts that a report may use.

    Parameters
    ----------
    names : tuple of str
        Files beside the chapters, or families of this system; ``fonts`` in ``report.toml``.
    chapters : Path
        Their folder.
    work : Path
        An empty folder, into which files are copied.

    Attributes
    ----------
    families : list of str
        In the order in which they are asked for a character.
    system : bool
        Whether this system's fonts count.

    Raises
    ------
    ReportError
        If a file or family is not there.
    """

    def __init__(self, names: tuple[str, ...], chapters: Path, work: Path):
        self.folder = work / "fonts"
        self.folder.mkdir()
        self.families: list[str] = []
        self.system = False
        for name in names:
            if name.lower().endswith(ENDINGS):
                self._add_file(chapters / name, name, chapters)
            else:
                self._add_family(name, chapters)

    def _add_file(self, file: Path, name: str, chapters: Path) -> None:
        if not file.is_file():
            raise ReportError(f"there is no font {name}", chapters / FILE, line_in(chapters / FILE, "fonts"),
                              "paths start at the chapters' folder")
        before = self._known(system=False)
        shutil.copy(file, self.folder / f"{len(self.families)}-{file.name}")
        new = self._known(system=False) - before
        if not new and not self.families:
            raise ReportError(f"{name} is no font that typst can read", chapters / FILE,
                              line_in(chapters / FILE, "fonts"), "take a .ttf or .otf file")
        self.families += sorted(new)

    def _add_family(self, name: str, chapters: Path) -> None:
        known = {family.lower(): family for family in self._known(system=True, embedded=True)}
        if name.lower() not in known:
            raise ReportError(f"this system has no font {name}", chapters / FILE, line_in(chapters / FILE, "fonts"),
                              "it has " + ", ".join(sorted(known.values())) + "; or name a font's file beside the chapters")
        self.families.append(known[name.lower()])
        self.system = True

    def _known(self, system: bool, embedded: bool = False) -> set[str]:
        import typst

        return set(typst.Fonts(include_system_fonts=system, include_embedded_fonts=embedded,
                               font_paths=[str(self.folder)]).families())

    def for_typst(self, system: bool):
        """Return them as typst takes them."""
        import typst

        return typst.Fonts(include_system_fonts=system or self.system, font_paths=[str(self.folder)])


def lacking(compiler, text: str) -> list[tuple[str, int]]:
    """Return every character that no font has, with its line of the typst source.

    The standard for archives allows no character without a shape, so typst names them.

    Parameters
    ----------
    compiler : typst.Compiler
        Which has compiled the source already.
    text : str
        The source.
    """
    import typst

    if not COMMON.search(text):
        return []
    try:
        compiler.compile(format="pdf", pdf_standards=["a-2b"])
    except typst.TypstError as error:
        return list(dict.fromkeys((ESCAPED.sub(lambda code: chr(int(code[1], 16)), match["text"]), int(match["line"]))
                                  for match in LACKING.finditer(str(error.diagnostic))))
    return []
