"""The archive to hand in: every check fails for its own fault, and without a fault there is a zip.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import shutil
import zipfile
from dataclasses import replace

import pytest

from reporting.cli import main
from reporting.errors import ReportError
from reporting.handin.checks import page_limit
from reporting.settings import read_settings

NOTE = "Made with a tool."
SETTINGS = f'''title = "A fake"
author = "Ada"
username = "ada1"
max_pages = 3
bibliography = "refs.bib"

[submission]
files = ["README.md", "shapes", "chapters", "weights/w.bin", "report/report.pdf"]
imports = ["matplotlib", "pandas"]
bound = ["shapes", "chapters"]
answers = ["sec-squares", "sec-table"]
belong = ["weights/w.bin"]
commands = ["python -c 'import shapes.curve'"]
note = "{NOTE}"
placeholders = {{ author = "NAME", username = "USER" }}
'''


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    """A fake project that may be handed in, built."""
    from fake_report import Fake

    fake = Fake(tmp_path_factory.mktemp("complete"))
    fake.write("chapters/report.toml", SETTINGS)
    fake.write("README.md", "# Squares\nBy NAME (USER).\n")
    fake.write("weights/w.bin", "the weights")
    for name in ("__init__", "curve", "power", "unused"):
        text = (fake.root / f"shapes/{name}.py").read_text(encoding="utf-8").rpartition('"""\n')[2]
        fake.write(f"shapes/{name}.py", f'"""A module.\n\n{NOTE}\n"""\n{text}')
    fake.edit("chapters/02_table.py", "# # Q2. A table\n", "# # Q2. A table {#sec-table}\n")
    fake.edit("chapters/01_squares.py", "import shapes.curve\nfrom reporting import record",
              f"# {NOTE}\nimport shapes.curve\nfrom reporting import depends, record\n\ndepends('../weights/w.bin')")
    fake.edit("chapters/02_table.py", "import pandas as pd", f"# {NOTE}\nimport pandas as pd")
    assert fake.build() == 0, fake.said
    return fake


@pytest.fixture
def fake(complete, tmp_path):
    from fake_report import Fake

    root = tmp_path / "project"
    shutil.copytree(complete.root, root)
    return Fake(root, written=True)


def archive(fake):
    return fake.out / "submission.zip"


def failed(fake):
    """The subjects of the checks that failed."""
    return [line.removeprefix("✗ ") for line in fake.said.splitlines() if line.startswith("✗")]


def test_all_is_well(fake):
    assert fake.build(submission=True) == 0, fake.said
    assert not failed(fake) and fake.said.count("✓") == 10
    with zipfile.ZipFile(archive(fake)) as packed:
        names = packed.namelist()
        assert packed.testzip() is None
        assert packed.read("README.md").decode() == "# Squares\nBy Ada (ada1).\n"
        assert packed.read("report/report.pdf") == fake.pdf.read_bytes()
    assert {"shapes/curve.py", "chapters/01_squares.py", "chapters/report.toml", "weights/w.bin"} <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_same_content_is_the_same_archive(fake):
    assert fake.build(submission=True) == 0
    first = archive(fake).read_bytes()
    (fake.root / "README.md").touch()
    assert fake.build(submission=True) == 0
    assert archive(fake).read_bytes() == first


def rewrite(name, old, new):
    return lambda fake: fake.edit(name, old, new)


def rebuilt(change):
    def do(fake):
        change(fake)
        assert fake.build() == 0, fake.said

    return do


@pytest.mark.parametrize(("fault", "subject", "told"), [
    (lambda f: f.write("deep/er/x.ipynb", "{}"), "no notebooks", "deep/er/x.ipynb"),
    ((lambda f: f.write("shapes/unused.py", f'"""A module.\n\n{NOTE}\n"""\nimport seaborn\n')), "imports", "shapes/unused.py imports seaborn"),
    (rebuilt(rewrite("shapes/unused.py", f"{NOTE}\n", "")), "every module", "shapes/unused.py"),
    (rebuilt(rewrite("chapters/02_table.py", f"# {NOTE}\n", "")), "every module", "chapters/02_table.py"),
    (rewrite("shapes/power.py", "base**exponent", "base**exponent + 0"), "results", "01_squares (shapes/power.py changed)"),
    (rewrite("chapters/02_table.py", "ended at", "stopped at"), "the PDF, 1 page", "older than its sources"),
    (lambda f: f.pdf.write_bytes(f.pdf.read_bytes() + b"\n"), "the PDF", "older than its sources"),
    (lambda f: f.pdf.unlink(), "the PDF", "there is no report.pdf"),
    (rebuilt(rewrite("chapters/02_table.py", " {#sec-table}", "")), "answers", "sec-table"),
    (rebuilt(rewrite("chapters/02_table.py", "# [@sec-squares] ended at {{ 01_squares.last}}; see [@tbl-rows].\n", "")), "answers", "sec-table"),
    (lambda f: f.write("weights/w.bin", "other weights"), "weights/w.bin", "not what the report was made with"),
    (rewrite("chapters/report.toml", "import shapes.curve", "raise SystemExit(3)"), "python -c", "exit code 3"),
    (rewrite("chapters/report.toml", "import shapes.curve", "import nothing_like_it"), "python -c", "No module named"),
    (rebuilt(rewrite("chapters/report.toml", 'author = "Ada"', 'author = "NAME"')), "name and username", "author is not filled in"),
    (rebuilt(rewrite("chapters/report.toml", 'username = "ada1"', 'username = ""')), "name and username", "username"),
])  # fmt: skip
def test_a_fault_is_told_of_and_nothing_is_packed(fake, fault, subject, told):
    if subject == "the PDF" and told.startswith("there is no"):
        fake.edit("chapters/report.toml", ', "report/report.pdf"]', "]")
    fault(fake)
    assert fake.build(submission=True) == 1
    assert not archive(fake).exists()
    assert any(line.startswith(subject) and told in line for line in failed(fake)), fake.said
    assert fake.said.count("    → ") == len(failed(fake)), "each fault has its remedy"


def test_a_module_beside_chapters_may_be_imported_and_has_the_note_in_its_docstring(fake):
    fake.write("chapters/_both.py", f'"""What two chapters need.\n\n{NOTE}\n"""\n\nTITLE = "x"\n')
    fake.edit("chapters/02_table.py", f"# {NOTE}\n", f"# {NOTE}\nfrom _both import TITLE\n")
    assert fake.build() == 0 and fake.build(submission=True) == 0, fake.said
    fake.write("chapters/_both.py", f"# {NOTE}\nTITLE = 'x'\n")
    assert fake.build() == 0 and fake.build(submission=True) == 1
    assert any("chapters/_both.py" in line for line in failed(fake)), fake.said


def test_too_many_pages(fake):
    long = "# Words and more words, which fill a line.\n#\n" * 100
    fake.edit("chapters/02_table.py", "# [@sec-squares]", f"{long}# [@sec-squares]")
    fake.edit("chapters/report.toml", "max_pages = 3", "max_pages = 0")
    assert fake.build() == 0, fake.said
    assert fake.build(submission=True) == 0, fake.said
    settings = replace(read_settings(fake.chapters), max_pages=1)
    check = page_limit(fake.pdf, settings, current=True)
    assert check.fault == "1 are allowed" and int(check.subject.split()[2]) > 1


def test_an_earlier_archive_stays_as_it_was(fake):
    assert fake.build(submission=True) == 0
    before = archive(fake).read_bytes()
    fake.write("x.ipynb", "{}")
    assert fake.build(submission=True) == 1
    assert archive(fake).read_bytes() == before


def test_notebooks_of_environments_and_hidden_folders_do_not_count(fake):
    fake.write("env/pyvenv.cfg", "")
    fake.write("env/lib/x.ipynb", "{}")
    fake.write(".cache/x.ipynb", "{}")
    assert fake.build(submission=True) == 0, fake.said


def test_nothing_runs(fake):
    fake.edit("chapters/01_squares.py", "count = 3", "count = 30")
    assert fake.build(submission=True) == 1
    assert "code of line" in fake.said and "cell 1/" not in fake.said


def test_without_settings_it_says_what_to_write(fake):
    text = (fake.chapters / "report.toml").read_text().partition("[submission]")[0]
    fake.write("chapters/report.toml", text)
    assert fake.build(submission=True) == 1
    assert "write [submission]" in fake.said


def test_a_missing_file_is_named(fake):
    fake.edit("chapters/report.toml", '"weights/w.bin", "report', '"weights/v.bin", "report')
    assert fake.build(submission=True) == 1
    assert "names weights/v.bin, which is not there" in fake.said


@pytest.mark.parametrize("entry", ["files = []", "files = 3", "files = [1]", "colour = ['red']", 'note = ["x"]'])
def test_odd_settings_are_refused(fake, entry):
    start = (fake.chapters / "report.toml").read_text().partition("[submission]")[0]
    files = "" if entry.startswith("files") else 'files = ["README.md"]\n'
    fake.write("chapters/report.toml", f"{start}[submission]\n{files}{entry}\n")
    with pytest.raises(ReportError, match=r"\[submission\]"):
        read_settings(fake.chapters)


def test_the_command_line(fake, capsys):
    assert main(fake.root, ["--submission"]) == 0
    assert archive(fake).is_file() and "✓ no notebooks" in capsys.readouterr().out
