"""Stored results survive whatever happens while they are written.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from reporting.errors import ReportError
from reporting.lock import locked
from reporting.store import Damaged, Store, write_atomically

RESULT = {"outputs": [[{"kind": "figure", "label": "fig-a", "svg": "<svg>é</svg>",
                        "interactive": None},
                       {"kind": "png", "data": "aGVsbG8="}, {"kind": "stdout", "data": "x"}]],
          "values": {"x": 0.1}}


def test_what_is_saved_is_loaded(tmp_path):
    store = Store(tmp_path)
    store.save("one", RESULT)
    loaded = store.load("one")
    assert loaded["values"] == {"x": 0.1}
    figure, picture, text = loaded["outputs"][0]
    assert store.file("one", figure["svg_file"]).read_text(encoding="utf-8") == "<svg>é</svg>"
    assert store.file("one", picture["png_file"]).read_bytes() == b"hello"
    assert text == {"kind": "stdout", "data": "x"}
    assert store.load("two") is None


def test_old_figures_go(tmp_path):
    store = Store(tmp_path)
    store.save("one", RESULT)
    store.save("one", {**RESULT, "outputs": []})
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["result.json"]


def test_the_same_result_gives_the_same_files(tmp_path):
    def files():
        return {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}

    Store(tmp_path).save("one", RESULT)
    before = files()
    Store(tmp_path).save("one", RESULT)
    assert files() == before


@pytest.mark.parametrize("step", range(4))
def test_a_full_disk_leaves_the_old_result(tmp_path, monkeypatch, step):
    store = Store(tmp_path)
    store.save("one", RESULT)  # also writes .gitattributes, once
    before, real, count = store.load("one"), os.fsync, iter(range(9))

    def full(file):
        if next(count) == step:
            raise OSError(28, "No space left on device")
        return real(file)

    monkeypatch.setattr(os, "fsync", full)
    new = [[{"kind": "figure", "label": f"fig-{i}", "svg": f"<svg>{i}</svg>"} for i in range(3)]]
    with pytest.raises(OSError, match="No space"):
        store.save("one", {"outputs": new, "values": {"x": 0.2}})
    assert store.load("one") == before
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_file_is_whole_or_old(tmp_path, monkeypatch):
    path = tmp_path / "a"
    write_atomically(path, b"old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("no")))
    with pytest.raises(OSError):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


HOLD = """
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from reporting.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_build_at_a_time_and_the_dead_hold_nothing(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(ReportError, match="another build"), locked(tmp_path):
        pass
    holder.kill()
    holder.communicate()
    with locked(tmp_path):
        pass


@pytest.mark.parametrize("bit", [1, 128])
def test_no_flipped_bit_of_a_result_passes(tmp_path, bit):
    store = Store(tmp_path)
    store.save("q", {"values": {"a": 1}, "outputs": []})
    path = tmp_path / "q/result.json"
    good = path.read_bytes()
    for position in range(len(good) - 1):  # the last is the end of the line, which says nothing
        path.write_bytes(good[:position] + bytes([good[position] ^ bit]) + good[position + 1 :])
        try:
            body = store.load("q")
        except Damaged:
            continue
        assert body["values"] == {"a": 1} and body["outputs"] == [], position


def test_two_threads_write_the_same_file(tmp_path, monkeypatch):
    both, fsync = threading.Barrier(2), os.fsync

    def together(descriptor):
        both.wait(timeout=10)  # both are in the middle of it
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", together)
    with ThreadPoolExecutor(2) as pool:
        writes = [pool.submit(write_atomically, tmp_path / "file", content) for content in (b"one", b"two")]
    assert [write.result() for write in writes] == [None, None]
    assert (tmp_path / "file").read_bytes() in (b"one", b"two") and not list(tmp_path.glob("*.tmp"))
