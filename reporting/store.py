"""A chapter's results in plain files, fit for git: result.json and one file a figure.

Figures carry their content's hash in their names and are written first; replacing
result.json is then the one step that makes a new result count, so that whoever is killed,
and whenever, leaves either the old result or the new one.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from pathlib import Path

FORMAT = 2
"""Raised when results of older builders can no longer be used."""

# Kept in files of their own: (field of an output, ending of the file).
BITMAPS = ("png", "jpeg", "gif", "webp")  # in base64, as notebooks have them
PARTS = (("svg", "svg"), ("png", "png"), ("jpeg", "jpg"), ("gif", "gif"), ("webp", "webp"), ("interactive", "json"))


def digest(data: bytes | str) -> str:
    """Return the sha256 of bytes or of a text, in hexadecimal."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def write_atomically(path: Path, data: bytes) -> None:
    """Write beside, then rename: readers see the old file or the new one, whole."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")  # chapters side by side are threads
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # where a full disk was met is not told
        raise
    finally:
        aside.unlink(missing_ok=True)


class Damaged(Exception):
    """A stored result that cannot be used; its text says why."""


class Store:
    """The results under one folder, a folder for each chapter."""

    def __init__(self, folder: Path):
        self.folder = folder

    def save(self, name: str, result: dict) -> None:
        """Keep a chapter's result; large parts go into files of their own."""
        home = self.folder / name
        home.mkdir(parents=True, exist_ok=True)
        note = self.folder / ".gitattributes"
        if not note.exists():
            # The checksums count bytes, so git must not convert the ends of lines.
            write_atomically(note, b"* -text\n")
        files = {}
        outputs = []
        for cell in result["outputs"]:
            outputs.append([self._without_parts(item, home, files) for item in cell])
        body = {**result, "outputs": outputs, "files": files, "format": FORMAT}
        body["checksum"] = _checksum(body)
        text = json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        write_atomically(home / "result.json", text.encode())
        for path in home.iterdir():
            if path.name != "result.json" and path.name not in files:
                path.unlink()

    @staticmethod
    def _without_parts(item: dict, home: Path, files: dict) -> dict:
        item = dict(item)
        for part, ending in PARTS:
            # A bare image keeps its data under "data", its kind says which it is.
            field = "data" if item["kind"] == part else part
            if item.get(field) is None:
                continue
            data, pictures = _bytes(item.pop(field), part)
            name = f"{item.get('label', 'image')}-{digest(data)[:10]}.{ending}"
            for file, content in {**pictures, name: data}.items():
                if not _holds(home / file, content):
                    write_atomically(home / file, content)
                files[file] = digest(content)
            item[part + "_file"] = name
        return item

    def load(self, name: str) -> dict | None:
        """Return a chapter's stored result, None if there is none.

        Raises
        ------
        Damaged
            If a file is missing or is not what was written, or is of another format.
        """
        path = self.folder / name / "result.json"
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            body = json.loads(data)
            stated = body.pop("checksum")
        except (ValueError, KeyError, AttributeError, TypeError):
            raise Damaged("result.json is damaged") from None
        if stated != _checksum(body):
            raise Damaged("result.json is damaged")
        if body.get("format") != FORMAT:
            raise Damaged("another version of the builder wrote them")
        for file, expected in body["files"].items():
            try:
                data = path.with_name(file).read_bytes()
            except FileNotFoundError:
                raise Damaged(f"{file} is missing") from None
            if digest(data) != expected:
                raise Damaged(f"{file} is damaged")
        return body

    def take_over(self, former: dict[str, str]) -> None:
        """Keep results under other names: name → the one they had, which is free then."""
        # Whoever is killed meanwhile leaves the results aside, where the next plan finds them.
        aside = {old: self.folder / f".{old}" for old in former.values()}
        for old, folder in aside.items():
            if folder.name not in aside:
                shutil.rmtree(folder, ignore_errors=True)
            (self.folder / old).rename(folder)
        takers = [*former.values()]
        for name, old in former.items():
            shutil.rmtree(self.folder / name, ignore_errors=True)
            takers.remove(old)
            if old in takers:
                shutil.copytree(aside[old], self.folder / name)
            else:
                aside[old].rename(self.folder / name)

    def sweep(self) -> None:
        """Remove what killed builds have left."""
        for path in self.folder.glob("*/.*.tmp"):
            path.unlink(missing_ok=True)

    def strangers(self, names) -> list[str]:
        """Return the folders that belong to none of the chapters with these names."""
        if not self.folder.is_dir():
            return []
        return sorted(path.name for path in self.folder.iterdir()
                      if path.is_dir() and path.name not in names)

    def file(self, name: str, file: str) -> Path:
        """Return the path of one of a chapter's files."""
        return (self.folder / name / file).resolve()


def _checksum(body: dict) -> str:
    return digest(json.dumps(body, sort_keys=True))


def _holds(path: Path, data: bytes) -> bool:
    return path.exists() and path.read_bytes() == data


def _bytes(value: str, part: str) -> tuple[bytes, dict[str, bytes]]:
    """Return a part as its file holds it, and the files that it shares with others."""
    if part in BITMAPS:
        import base64

        return base64.b64decode(value), {}
    if part == "interactive":
        from reporting.kernel.sprite import take_out

        value, pictures = take_out(value)
        return value.encode(), pictures
    return value.encode(), {}
