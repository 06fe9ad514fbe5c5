"""kill -9 at any moment of writing leaves a good store and a good PDF.

The moments are counted, not timed: just before and just after each step that changes files.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fake_report import Fake

import reporting.run.chapter
from reporting.store import Store

BUILD = """
import os, signal, sys
from pathlib import Path
import reporting.run.chapter
from fake_report import Fake

moment, count = int(sys.argv[2]), 0

def counted(real):
    def step(*arguments, **options):
        tick()
        result = real(*arguments, **options)
        tick()
        return result
    return step

def tick():
    global count
    if count == moment:
        os.kill(os.getpid(), signal.SIGKILL)
    count += 1

for owner, name in ((os, "fsync"), (os, "replace"), (Path, "unlink")):
    setattr(owner, name, counted(getattr(owner, name)))

def execute(chapter, *_arguments, **_options):
    result = {**reporting.run.chapter.stored[chapter.name], "sources": []}
    if chapter.name == "02_table":
        return result
    figures = [[{"kind": "figure", "label": "fig-squares", "caption": "", "width": 0.3,
                 "svg": "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"}]]
    return {**result, "values": {"last": 5}, "outputs": [[], [], *figures]}

from reporting.store import Store
fake = Fake(Path(sys.argv[1]), written=True)
store = Store(fake.out / "results")
reporting.run.chapter.stored = {name: store.load(name) for name in ("01_squares", "02_table")}
reporting.run.chapter.execute = execute
sys.exit(fake.build(force=True))
"""


@pytest.mark.parametrize("moment", range(0, 40, 2))
def test_killed_at_any_moment(built, tmp_path, monkeypatch, moment):
    shutil.copytree(built.root, tmp_path, dirs_exist_ok=True)
    fake = Fake(tmp_path, written=True)
    here = Path(__file__).parent
    paths = f"{here}:{Path(reporting.__file__).parents[1]}"
    done = subprocess.run([sys.executable, "-c", BUILD, str(tmp_path), str(moment)],
                          env={"PYTHONPATH": paths, "PATH": "/usr/bin:/bin"},
                          capture_output=True, text=True, check=False)
    assert done.returncode in (-signal.SIGKILL, 0), done.stderr
    store = Store(fake.out / "results")
    assert store.load("01_squares")["values"]["last"] in (4, 5)
    assert store.load("02_table") is not None
    pdf = fake.pdf.read_bytes()
    assert pdf.startswith(b"%PDF") and pdf.rstrip().endswith(b"%%EOF")
    monkeypatch.setattr(reporting.run.chapter, "execute", None)  # nothing has to run after it
    assert fake.build() == 0, fake.said
    assert not list(fake.out.rglob("*.tmp"))
