"""From chapters to a PDF, and what is left when something breaks.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import importlib.metadata
import platform
import re
import subprocess
import sys

import pytest
from fake_report import Fake, told

import reporting.write.publish
from reporting.kernel import environment
from reporting.lock import locked
from reporting.read.markdown import plainly
from reporting.store import Store


def test_the_report_is_built(built):
    assert built.pdf.read_bytes().startswith(b"%PDF")
    assert "report.pdf: 1 page" in built.said


def test_nothing_is_left_behind(built):
    left = {p.relative_to(built.root).as_posix() for p in built.root.rglob("*") if p.is_file()}
    assert not [name for name in left if name.endswith((".ipynb", ".tmp"))]
    for path in (built.out / "results").rglob("*"):
        assert path.is_dir() or str(built.root).encode() not in path.read_bytes()
    assert {name.split("/")[1] for name in left if name.startswith("report/")} == {
        "report.html", "report.pdf", "results"}


FAULTS = [
    # name, (file, old, new), what is said
    ("in a cell", ("chapters/01_squares.py", "record(last", "nothing\nrecord(last"),
     r"chapters/01_squares\.py:15: NameError: name 'nothing'"),
    ("in a function of a cell",
     ("chapters/01_squares.py", "values = ",
      "def broken(x):\n    return 1 / x\n\nbroken(0)\nvalues = "),
     r"chapters/01_squares\.py:15: ZeroDivisionError[^→]*01_squares\.py:17\n[^→]*:15 in broken"),
    ("in a function of an earlier cell",
     ("chapters/01_squares.py", "import matplotlib.pyplot",
      "def broken(x):\n    return 1 / x\n\n# %%\nbroken(0)\nimport matplotlib.pyplot"),
     r"chapters/01_squares\.py:19: ZeroDivisionError[^→]*:22\n"),
    ("in the second of two cells that are alike",
     ("chapters/01_squares.py", "import shapes.curve",
      "left = [1]\n\n# %%\nleft.pop()\n\n# %%\nleft.pop()\n\n# %%\nimport shapes.curve"),
     r"chapters/01_squares\.py:17: IndexError: pop from empty list"),
    ("while another was handled",
     ("chapters/01_squares.py", "record(last",
      "try:\n    shapes.curve.squares('x')\nexcept TypeError as error:\n"
      "    raise ValueError('not a count') from error\nrecord(last"),
     r"chapters/01_squares\.py:18: ValueError: not a count\n    because of TypeError: [^\n]*\n(?! )"),
    ("in a module", ("shapes/power.py", "return base", "return bass"),
     r"chapters/01_squares\.py:14: NameError: name 'bass'[^→]*shapes/curve\.py:7 in squares"
     r"[^→]*shapes/power\.py:5 in power"),
    ("a failed claim", ("chapters/01_squares.py", "record(last",
                        'assert count == 4, "the text says four"\nrecord(last'),
     r"chapters/01_squares\.py:15: AssertionError: the text says four"),
    ("a module's syntax", ("shapes/power.py", "return base", "return return base"),
     r"^shapes/power\.py:5: SyntaxError: invalid syntax"),
    ("a dead kernel", ("chapters/01_squares.py", "record(last",
                       "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\nrecord(last"),
     r"chapters/01_squares\.py:11: the kernel died"),
    ("an early end", ("chapters/01_squares.py", "record(last", "import sys; sys.exit()\nrecord(last"),
     r"chapters/01_squares\.py:15: SystemExit[^→]*→ a chapter runs"),
    ("a name that is not recorded after all",
     ("chapters/01_squares.py", "record(last=values[-1])", "if count > 9:\n    record(last=1)"),
     r"chapters/01_squares\.py:3: \{\{ last\}\}: no cell"),
    ("not a number", ("chapters/01_squares.py", "record(last=values[-1])",
                      'record(last=float("nan"))'), r"01_squares\.py:3: \{\{ last\}\} is nan"),
]


@pytest.mark.parametrize("edit, words", [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_fault_is_reported_at_its_line(fake, edit, words):
    fake.out.mkdir()
    fake.pdf.write_bytes(b"the last good one")
    (fake.chapters / "02_table.py").unlink()
    fake.edit(*edit)
    assert fake.build() == 1
    assert re.search(words, fake.said), fake.said
    assert "Traceback" not in fake.said
    assert fake.pdf.read_bytes() == b"the last good one"


def test_a_figure_that_no_text_mentions_is_told(copy):
    copy.edit("chapters/01_squares.py", "[@fig-squares] grows", "It grows")
    assert copy.build() == 0
    assert re.search(r"01_squares\.py:23: fig-squares is mentioned nowhere", copy.said)
    assert "tbl-rows is mentioned nowhere" not in copy.said


def test_what_a_run_has_noticed_is_told_at_every_build(fake):
    (fake.chapters / "02_table.py").unlink()
    fake.edit("chapters/01_squares.py", "# %%\nimport matplotlib", "# %% Draw\nimport matplotlib")
    fake.edit("chapters/01_squares.py", "ax.plot(values)", "ax.plot(values)\nax.set_title('日')")
    for _ in range(2):
        assert fake.build() == 0, fake.said
        assert fake.said.count("01_squares.py:18: a figure lacks 日, which the font") == 1
        assert fake.said.count("01_squares.py:17: a title behind # %% is not printed") == 1
    assert "is up to date" in fake.said
    fake.edit("chapters/01_squares.py", "ax.plot(values)", "1 / 0")
    assert fake.build() == 1 and "ZeroDivisionError" in fake.said and "lacks" not in fake.said


GALLERY = '''\
"""
Title
=====
"""

# %%
# Text as Sphinx-Gallery has it.
import matplotlib.pyplot as plt

plt.figure(figsize=(3, 1))
plt.imshow([[0, 1]])
plt.colorbar()
plt.tight_layout()
'''


def test_scripts_written_elsewhere_keep_their_style_and_their_comments_are_told_of(fake):
    for chapter in fake.chapters.glob("*.py"):
        chapter.unlink()
    fake.write("chapters/gallery.py", GALLERY)
    assert fake.build() == 0, fake.said  # this colour bar forbids a change of the layout engine
    assert "gallery.py:7: comments are code" in fake.said
    assert fake.said.count("comments are code") == 1


def test_kernels_that_the_user_has_installed_do_not_matter(fake, monkeypatch):
    fake.write("jupyter/kernels/python3/kernel.json",
               '{"argv": ["/bin/false"], "display_name": "x", "language": "python"}')
    monkeypatch.setenv("JUPYTER_PATH", str(fake.root / "jupyter"))
    fake.write("chapters/02_table.py", "# %%\nimport sys\nfrom reporting import record\n"
               "record(python=sys.executable)\n\n# %% [markdown]\n# `x` {{ python}}\n")
    (fake.chapters / "01_squares.py").unlink()
    assert fake.build() == 0, fake.said
    assert plainly(sys.executable) in stitched_text(fake)


def test_too_many_pages(fake):
    fake.lighten()
    text = "\n".join(["# %% [markdown]", "# # Long", *["#\n# Words, words, words."] * 400])
    fake.write("chapters/03_long.py", text)
    assert fake.build() == 1
    assert re.search(r"the report has \d+ pages, 3 are allowed", fake.said)
    assert re.search(r"01_squares: 0\.\d pages, from page 1", fake.said)
    assert re.search(r"03_long: \d+\.\d pages, from page 1", fake.said)
    assert not fake.pdf.exists()
    assert (fake.out / "report-too-long.pdf").exists()
    fake.write("chapters/03_long.py", "# %% [markdown]\n# # Short\n")
    assert fake.build(only=("03",)) == 0, fake.said
    assert fake.pdf.exists() and not (fake.out / "report-too-long.pdf").exists()


def test_drafts_run_without_asserts_and_say_so(fake):
    fake.lighten()
    fake.edit("chapters/01_squares.py", "record(last", "assert False\nrecord(last")
    assert fake.build() == 1
    assert fake.build(draft=True) == 0, fake.said


def test_a_fresh_clone_builds_from_stored_results(copy):
    before, page = copy.pdf.read_bytes(), (copy.out / "report.html").read_bytes()
    copy.pdf.unlink()
    assert copy.build() == 0, copy.said
    assert (copy.out / "report.html").read_bytes() == page
    assert re.search(r"01_squares: results of \d{4}-\d\d-\d\d \d\d:\d\d \(CPU\)", copy.said)
    assert copy.pdf.read_bytes() == before, "the same results should give the same bytes"


def test_chapters_run_again_give_the_same_figures_and_values(built, fake):
    assert fake.build() == 0, fake.said
    for name in ("01_squares", "02_table"):
        first, again = (Store(report.out / "results").load(name) for report in (built, fake))
        for result in (first, again):
            del result["date"], result["seconds"]
        assert first == again, "figures are named by their content, byte for byte"
        assert name == "02_table" or any(file.endswith(".svg") for file in first["files"])


def test_what_is_up_to_date_is_not_made_again(copy, monkeypatch):
    monkeypatch.setattr(reporting.write.publish, "typeset", None)
    assert copy.build() == 0 and "report.pdf is up to date" in copy.said


@pytest.mark.parametrize("change", [
    lambda fake: fake.edit("chapters/refs.bib", "Elements", "The Elements"),
    lambda fake: fake.edit("chapters/report.toml", "A fake", "Another"),
    lambda fake: fake.pdf.write_bytes(b"%PDF but another"),
    lambda fake: (fake.out / "report.html").unlink(),
])
def test_what_is_not_up_to_date_is_made_again(copy, change):
    before = copy.pdf.read_bytes()
    change(copy)
    assert copy.build() == 0 and "up to date" not in copy.said
    assert copy.pdf.read_bytes().startswith(b"%PDF-") and before
    assert copy.build() == 0 and "up to date" in copy.said


def test_prose_captions_and_rounding_only_stitch(copy):
    before = copy.pdf.read_bytes()
    copy.edit("chapters/01_squares.py", "{{ last:.1f}}", "{{ last:.3f}}, twice over")
    copy.edit("chapters/01_squares.py", "Squares up to", "All squares up to")
    copy.edit("chapters/02_table.py", "{:.0%}", "{:.2%}")
    assert copy.build() == 0, copy.said
    assert copy.pdf.read_bytes() != before


def test_a_plan_writes_nothing(copy):
    copy.edit("shapes/power.py", "base**exponent", "base**exponent + 1")
    before = {path: path.stat().st_mtime_ns for path in copy.out.rglob("*")}
    assert copy.build(plan=True) == 0
    assert copy.said.startswith("01_squares: shapes/power.py changed\n02_table: results of ")
    assert {path: path.stat().st_mtime_ns for path in copy.out.rglob("*")} == before
    assert copy.build(plan=True, force=True) == 0
    assert "02_table: forced" in copy.said
    assert copy.build(plan=True, only=("02",)) == 0
    assert re.match(r"01_squares: results of .*, stale: shapes/power\.py changed", copy.said)


def test_an_unknown_chapter_is_refused(copy):
    assert copy.build(only=("03",)) == 1
    assert "no such chapter" in copy.said


def test_a_failed_chapter_is_stale_and_the_others_finish(fake):
    fake.lighten()
    assert fake.build(jobs=2) == 0, fake.said
    good = fake.pdf.read_bytes()
    kept = (fake.out / "results/01_squares/result.json").read_bytes()
    fake.edit("chapters/01_squares.py", "record(last", "1 / 0\nrecord(last")
    fake.edit("chapters/01_squares.py", "grows as", "grows, we now say, as")
    fake.edit("chapters/02_table.py", "0.25", "0.35")
    assert fake.build() == 1
    assert re.search(r"01_squares\.py:15: ZeroDivisionError", fake.said)
    assert "02_table: done" in fake.said and "failed: 01_squares" in fake.said
    assert (fake.out / "results/01_squares/result.json").read_bytes() == kept
    assert fake.pdf.read_bytes() != good
    stitched = stitched_text(fake)
    assert "**01\\_squares is stale.**" in stitched and "we now say" not in stitched
    page = (fake.out / "report.html").read_text(encoding="utf-8")
    assert page.index('id="sec-squares"') < page.index("01_squares is stale") < page.index("It grows as")
    fake.edit("chapters/01_squares.py", "1 / 0\n", "")
    assert fake.build() == 0 and "done" not in fake.said
    assert "is stale" not in stitched_text(fake)
    fake.edit("chapters/01_squares.py", "record(last", "1 / 0\nrecord(last")
    fake.edit("chapters/02_table.py", "0.35", "0.45")
    assert fake.build(fail_fast=True) == 1 and "02_table: done" not in fake.said


def stitched_text(fake):
    """Return what the last build gave to pandoc."""
    return fake.stitched[-1]


@pytest.fixture(autouse=True)
def keep_stitched(monkeypatch):
    """Let every test see what was typeset."""
    real = reporting.write.publish.stitch
    Fake.stitched = []

    def keep(*arguments):
        document = real(*arguments)
        Fake.stitched.append(told(document))
        return document

    monkeypatch.setattr(reporting.write.publish, "stitch", keep)


def test_a_build_goes_on_when_nobody_listens_any_more(fake):
    fake.lighten()
    command = f"from pathlib import Path; from reporting.cli import main; raise SystemExit(main(Path({str(fake.root)!r})))"
    with subprocess.Popen([sys.executable, "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 0 and b"Error" not in said, said
    assert fake.pdf.is_file()


def test_one_build_at_a_time(copy):
    with locked(copy.out):
        assert copy.build() == 1
    assert "another build" in copy.said


def test_data_that_one_run_finds_changed_makes_the_others_run(fake):
    fake.lighten()
    for name in ("01_squares", "02_table"):
        path = f"chapters/{name}.py"
        text = (fake.root / path).read_text()
        fake.write(path, text + "\n# %%\nfrom pathlib import Path\nfrom reporting import depends\n"
                   'depends("images", Path("../data.txt").read_text())\n')
    fake.write("data.txt", "one")
    assert fake.build() == 0, fake.said
    fake.write("data.txt", "two")
    assert fake.build() == 0 and "done" not in fake.said, "nobody has looked at the data"
    fake.edit("chapters/02_table.py", "0.25", "0.35")
    assert fake.build() == 0, fake.said
    assert "01_squares: images changed" in fake.said
    assert fake.build() == 0 and "done" not in fake.said


def test_one_chapter_alone_makes_a_partial_report(fake):
    fake.lighten()
    fake.edit("chapters/02_table.py", "the share is", "the \N{GIRL} share is")
    assert fake.build(only=("02",)) == 0, fake.said
    assert not fake.pdf.exists() and (fake.out / "report-partial.pdf").exists()
    assert "no font has" in fake.said
    assert "without 01_squares" in fake.said
    assert "ended at ??" in stitched_text(fake)
    assert fake.build() == 0, fake.said
    assert not (fake.out / "report-partial.pdf").exists()


def test_what_pandoc_warns_of_is_an_error_at_its_line(copy):
    copy.edit("chapters/02_table.py", "see [@tbl-rows].", "see [@tbl-rows].\n#\n"
              "# Some[^a].\n#\n# [^a]: One.\n#\n# [^a]: Two.")
    before = copy.pdf.read_bytes()
    assert copy.build() == 1
    assert re.search(r"02_table\.py:9: pandoc: Duplicate note", copy.said), copy.said
    assert copy.pdf.read_bytes() == before


def test_parameters_reach_the_chapter(fake):
    fake.lighten()
    assert fake.build(parameters={"count": 5}) == 0, fake.said
    assert "ended at 16" in stitched_text(fake)


def test_a_kernel_ends_as_programs_do_and_finds_no_module_by_its_bare_name(fake):
    fake.lighten()
    left = fake.root / "left.txt"
    fake.edit("chapters/02_table.py", "record(share=0.25)", f"""\
import atexit
import importlib.util
import pathlib

atexit.register(pathlib.Path({str(left)!r}).write_text, "what was to be done at the end")
assert importlib.util.find_spec("protocol") is None, "the builder's folder is not to be searched"
record(share=0.25)""")
    assert fake.build() == 0, fake.said
    assert left.read_text(encoding="utf-8") == "what was to be done at the end"


def test_a_run_tells_the_versions_of_what_it_imports(fake):
    fake.lighten()
    fake.edit("chapters/02_table.py", "from reporting import record",
              "import yaml\nfrom reporting import record")
    assert fake.build() == 0, fake.said
    told = Store(fake.out / "results").load("02_table")["environment"]
    assert told["python"] == platform.python_version()
    assert told["packages"] == {"PyYAML": importlib.metadata.version("PyYAML")}


def test_a_package_installed_meanwhile_is_found(monkeypatch, tmp_path):
    assert environment.distributions({"yaml", "brought_later"}) == ["PyYAML"]
    folder = tmp_path / "later-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: later\nVersion: 1.0\n")
    (folder / "top_level.txt").write_text("brought_later\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert environment.distributions({"yaml", "brought_later"}) == ["later", "PyYAML"]
