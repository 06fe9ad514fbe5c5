"""Builds that cannot go well: nothing runs for nothing, and what was good stays.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_report import as_from_a_terminal

import reporting.write.publish
from reporting.cli import main
from reporting.errors import set_root

ROOT = Path(__file__).parents[2]
FIRST, SECOND = "chapters/01_squares.py", "chapters/02_table.py"


def files(fake):
    """Every file of the report with its content."""
    return {path: path.read_bytes() for path in fake.out.rglob("*") if path.is_file()}


@pytest.mark.parametrize("file, old, new, words", [
    (FIRST, "$$ y = x^2 $$", r"$$ y = \nosuch x $$", r"01_squares\.py:5: pandoc cannot convert"),
    (FIRST, "$$ y = x^2 $$", r"\begin{tabular} y \end{tabular} $$ y $$",
     r"01_squares\.py:5: \\begin\{tabular\} outside of a formula would be lost\n *→ put it between"),
    (SECOND, "[@tbl-rows]", "[@tbl-row]", r"02_table\.py:3: reference to tbl-row, .*\n.*tbl-rows"),
    (FIRST, "@euclid", "@euklid", r"01_squares\.py:3: citation of euklid, which refs\.bib does not"),
    (FIRST, "{{ last:.1f}}", "{{ lost:.1f}}", r"01_squares\.py:3: \{\{ lost\}\}: no cell"),
    (SECOND, "import pandas as pd", "import pandas az pd", r"02_table\.py:6: SyntaxError"),
    ("chapters/report.toml", "max_pages = 3", "max_pages = 'three'", r"report\.toml:3: max_pages"),
    ("chapters/report.toml", "max_pages = 3", "abstract = 'With <pad>.'", r"report\.toml:3: abstract: <pad> cannot be printed"),
], ids=["formula", "environment", "reference", "citation", "value", "syntax", "settings", "abstract"])
def test_what_can_be_known_is_found_before_anything_runs(copy, file, old, new, words):
    copy.edit("shapes/power.py", "base**exponent", "base**exponent + 1")  # a chapter is due
    copy.edit(file, old, new)
    before = files(copy)
    assert copy.build() == 1
    assert re.search(words, copy.said), copy.said
    assert "Traceback" not in copy.said and "report.pdf is left as it was" in copy.said
    assert files(copy) == before


@pytest.mark.parametrize("step", range(2))
def test_a_full_disk(copy, monkeypatch, step):
    copy.edit(SECOND, "see [@tbl-rows]", "see all of [@tbl-rows]")
    before, real, count = files(copy), os.fsync, iter(range(9))

    def full(file):
        if next(count) == step:
            raise OSError(28, "No space left on device")
        return real(file)

    monkeypatch.setattr(os, "fsync", full)
    assert copy.build() == 1
    name = ("report.pdf", "report.html")[step]
    assert f"report/{name}: No space left on device\n    → make room on the disk" in copy.said
    assert (copy.out / name).read_bytes() == before[copy.out / name]
    assert not list(copy.out.rglob("*.tmp"))
    monkeypatch.undo()
    assert copy.build() == 0


def test_a_page_that_is_too_large(copy, monkeypatch):
    copy.edit(SECOND, "see [@tbl-rows]", "see all of [@tbl-rows]")
    before = files(copy)
    monkeypatch.setattr(reporting.write.publish, "to_html", lambda *_: b"x" * 26_000_000)
    assert copy.build() == 1
    assert "report.html would have 26.0 MB, 25 are allowed\n    → show fewer" in copy.said
    assert files(copy) == before
    copy.edit("chapters/report.toml", "max_pages = 3", "max_html_mb = 0")
    assert copy.build() == 0, copy.said


def start(fake, *arguments):
    """Start a build in a process group of its own."""
    code = "import sys; from pathlib import Path; from reporting.cli import main\n" \
           "sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))"
    return subprocess.Popen(
        [sys.executable, "-c", code, str(fake.root), *arguments], start_new_session=True,
        preexec_fn=as_from_a_terminal, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": str(ROOT)})


def wait_for(process, condition):
    while not condition():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)


def alive(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{number}/stat").read_text().split()[2] != "Z" if os.path.exists("/proc") \
        else True


def test_an_interrupted_build_leaves_no_kernel_and_no_half_result(fake):
    fake.lighten()
    assert fake.build() == 0, fake.said
    fake.edit(SECOND, "record(share=0.25)", "import os, time\nfrom pathlib import Path\n"
              "Path('kernel.txt').write_text(str(os.getpid()) + '.')\ntime.sleep(600)\n"
              "record(share=0.25)")
    before, note = files(fake), fake.chapters / "kernel.txt"
    process = start(fake)
    wait_for(process, lambda: note.exists() and note.read_text().endswith("."))
    os.kill(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said and "interrupted; what was finished is stored" in said
    assert files(fake) == before
    kernel = int(note.read_text()[:-1])
    for _ in range(200):
        if not alive(kernel):
            break
        time.sleep(0.05)
    assert not alive(kernel)


def test_watching_the_pdf_follows_the_prose(copy):
    before = copy.pdf.read_bytes()
    process = start(copy, "--watch")
    for line in process.stdout:
        if line.startswith("watching"):
            break
    copy.edit(SECOND, "see [@tbl-rows]", "see all of [@tbl-rows]")
    wait_for(process, lambda: copy.pdf.read_bytes() != before)
    os.kill(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in said, said
    assert copy.pdf.read_bytes().startswith(b"%PDF")


ELSEWHERE = '''\
# ---
# jupyter:
#   jupytext:
#     formats: ipynb,pct.py:percent
#   kernelspec:
#     display_name: Some other kernel
#     language: python
#     name: none-of-ours
# ---

# %% [markdown]
# # A plot
# From a [script](https://example.org/) that knows nothing of this builder.

# %%
# %matplotlib inline
import matplotlib.pyplot as plt
import pandas as pd

frame = pd.DataFrame({"a": [1, 2], "b": [3.5, None]})
frame

# %% [markdown]
"""
A quoted cell.
"""

# %%
plt.figure(figsize=(4, 2))
plt.plot(frame["a"])
plt.show()
'''


def test_scripts_written_elsewhere(tmp_path, capsys):
    folder = tmp_path / "some scripts"
    folder.mkdir()
    (folder / "World population.pct.py").write_text(ELSEWHERE, encoding="utf-8")
    (folder / "plot_docstring.py").write_text('"""\nA title\n=======\n"""\nprint(__doc__)\n')
    assert main(ROOT, ["--chapters", str(folder), "--out", str(tmp_path / "out")]) == 0, \
        capsys.readouterr().out
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert all(text in page for text in ("A plot", "A quoted cell", "<table", "data:image/png"))
    assert (tmp_path / "out/report.pdf").read_bytes().startswith(b"%PDF")
    assert not list(tmp_path.rglob("*.ipynb"))
    set_root(ROOT)
