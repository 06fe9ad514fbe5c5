"""--sample: what it prepares is used and removed, the report goes elsewhere, the project stays.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
from pathlib import Path

import pytest
from fake_report import SETTINGS

from reporting.cli import main

SAMPLE = '''
[sample]
commands = ["python prepare.py a", "python prepare.py b"]

[sample.environment]
REPORTING_TEST_PREPARED = "{scratch}/prepared"
REPORTING_TEST_ROOT = "{root}"
'''
PREPARE = '''\
import os, sys
from pathlib import Path

folder = Path(os.environ["REPORTING_TEST_PREPARED"])
folder.mkdir(exist_ok=True)
(folder / sys.argv[1]).write_text(os.environ["REPORTING_TEST_ROOT"])
'''
USES = '''

# %%
import os
from pathlib import Path

folder = Path(os.environ["REPORTING_TEST_PREPARED"])
record(prepared=" and ".join(sorted(path.name for path in folder.iterdir())), scratch=str(folder.parent))
assert False, "no guard holds for a sample"
'''


@pytest.fixture
def sampled(fake, monkeypatch):
    monkeypatch.setenv("REPORTING_TEST_PREPARED", "")
    monkeypatch.setenv("REPORTING_TEST_ROOT", "")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    fake.lighten()
    path = "chapters/02_table.py"
    text = (fake.root / path).read_text() + USES
    fake.write(path, text.replace("the share is", "prepared are {{ prepared}} in {{ scratch}}; the share is"))
    fake.write("prepare.py", PREPARE)
    fake.write("chapters/report.toml", SETTINGS + SAMPLE)
    return fake


def files(folder: Path) -> dict:
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts}


def test_the_report_is_a_draft_elsewhere_and_the_project_stays(sampled, tmp_path_factory, capsys, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("temporary")))
    monkeypatch.setattr("tempfile.tempdir", None)
    before = files(sampled.root)
    assert main(sampled.root, ["--sample"]) == 0
    said = capsys.readouterr().out
    assert files(sampled.root) == before
    left = [*Path(os.environ["TMPDIR"]).iterdir()]
    assert len(left) == 1, "what was prepared is gone"
    assert f"{left[0] / 'report.pdf'}: " in said and (left[0] / "report.pdf").stat().st_size
    page = (left[0] / "report.html").read_text(encoding="utf-8")
    assert "prepared are a and b in" in page and '<p class="stamp">draft' in page
    assert said.index("prepare.py a: done") < said.index("prepare.py b: done") < said.index("01_squares: ")
    scratch = page.split("a and b in ")[1].split(";")[0]
    assert not Path(scratch).exists()
    assert Path(os.environ["REPORTING_TEST_ROOT"]) == sampled.root


def test_another_folder_can_be_named(sampled, tmp_path_factory):
    out = tmp_path_factory.mktemp("chosen")
    assert main(sampled.root, ["--sample", "--out", str(out)]) == 0
    assert (out / "report.pdf").exists()


def test_a_command_that_fails_is_named_at_its_line(sampled):
    sampled.write("prepare.py", "import sys; sys.exit(int(sys.argv[1] == 'b'))\n")
    assert sampled.build(sample=True) == 1
    assert "report.toml:7: `python prepare.py b` ended with exit code 1" in sampled.said
    assert "01_squares" not in sampled.said


def test_without_a_sample_it_says_what_to_write(fake):
    assert fake.build(sample=True) == 1
    assert "nothing says what it is to do" in fake.said and "[sample]" in fake.said


@pytest.mark.parametrize("option", ["--plan", "--retrain", "--watch", "--submission"])
def test_options_that_mean_something_else_are_refused(sampled, option):
    with pytest.raises(SystemExit):
        main(sampled.root, ["--sample", option])


@pytest.mark.parametrize("text", [
    'commands = "python prepare.py"', "commands = [3]", "environment = 3", "other = 1",
    "commands = [\"unclosed '\"]", "environment = {A = 3}",
])
def test_unusable_settings_are_refused_at_their_line(fake, text):
    fake.write("chapters/report.toml", SETTINGS + f"\n[sample]\n{text}\n")
    assert fake.build(sample=True) == 1
    assert "report.toml:" in fake.said
