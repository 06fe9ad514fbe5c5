"""Tables in this folder's README.md, each between two marks that bear its name.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from pathlib import Path

README = Path(__file__).resolve().with_name("README.md")


def write_table(text: str, name: str, path: Path = README) -> None:
    """Put a table between the two marks of its name."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    head, found, rest = path.read_text(encoding="utf-8").partition(begin)
    if not found:
        raise SystemExit(f"{path}: {begin} and {end} should stand where the table goes")
    path.write_text(f"{head}{begin}\n{text}\n{end}{rest.partition(end)[2]}", encoding="utf-8")
