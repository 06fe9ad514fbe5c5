"""--retrain: never unasked without a GPU, never two at once, and only what it changed runs again.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_report import SETTINGS, as_from_a_terminal

import reporting.run.chapter
import reporting.run.retrain
from reporting.cli import main
from reporting.lock import locked

TRAIN = '''\
import sys
from pathlib import Path
with open("log.txt", "a") as log:
    log.write(f"start {sys.argv[1]}\\n")
    Path("weights.txt").write_text(sys.argv[1])
    log.write(f"end {sys.argv[1]}\\n")
sys.exit(int(sys.argv[2]))
'''


def commands(*arguments):
    return SETTINGS + "".join(f'\n[[retrain]]\ncommand = "python train.py {words}"\n'
                              f'cost = "{words[0]} hours"\n' for words in arguments)


@pytest.fixture
def trainable(fake, monkeypatch, tmp_path):
    """Two chapters that have run, of which the first depends on weights."""
    fake.lighten()
    path = "chapters/01_squares.py"
    fake.write(path, (fake.root / path).read_text() + "\n# %%\nfrom reporting import depends\n"
               'depends("../weights.txt")\n')
    fake.write("weights.txt", "0")
    fake.write("train.py", TRAIN)
    fake.write("chapters/report.toml", commands("1 0", "2 0"))
    monkeypatch.setattr(reporting.run.retrain, "has_gpu", lambda: False)
    monkeypatch.setattr(reporting.run.retrain, "lock_folder", lambda: tmp_path / "turn")
    assert fake.build() == 0, fake.said
    return fake


class Terminal(io.StringIO):
    """Somebody who types what is given."""

    def isatty(self):
        return True


def trained(fake):
    log = fake.root / "log.txt"
    return log.read_text().split("\n")[:-1] if log.exists() else []


def test_models_are_trained_one_by_one_and_what_they_changed_runs(trainable):
    assert trainable.build(retrain=True, yes=True) == 0, trainable.said
    assert trained(trainable) == ["start 1", "end 1", "start 2", "end 2"]
    assert trainable.said.startswith("retrain: python train.py 1 0 (1 hours)\n"
                                     "retrain: python train.py 2 0 (2 hours)\n")
    assert "01_squares: weights.txt changed\n" in trainable.said
    assert "02_table: results of" in trainable.said
    assert trainable.build(retrain=True, yes=True) == 0
    assert "01_squares: results of" in trainable.said, "the same weights change nothing"


@pytest.mark.parametrize("answer, code", [("y\n", 0), ("yes\n", 0), ("n\n", 1), ("\n", 1), ("", 1)])
def test_without_a_gpu_one_question(trainable, monkeypatch, answer, code):
    monkeypatch.setattr(sys, "stdin", Terminal(answer + "this is not read"))
    assert trainable.build(retrain=True) == code
    assert trainable.said.count("there is no GPU; train all the same? [y/N]") == 1
    assert bool(trained(trainable)) == (code == 0)
    assert ("--retrain: nothing was trained" in trainable.said) == (code == 1)


@pytest.mark.parametrize("stdin", [None, io.StringIO("y\n")])
def test_nobody_to_ask(trainable, monkeypatch, stdin):
    monkeypatch.setattr(sys, "stdin", stdin)
    assert trainable.build(retrain=True) == 1
    assert "nobody here to ask" in trainable.said and "→ add --yes" in trainable.said
    assert not trained(trainable)


def test_with_a_gpu_no_question(trainable, monkeypatch):
    monkeypatch.setattr(reporting.run.retrain, "has_gpu", lambda: True)
    monkeypatch.setattr(sys, "stdin", None)
    assert trainable.build(retrain=True) == 0, trainable.said
    assert len(trained(trainable)) == 4


def test_a_plan_says_the_price_and_trains_nothing(trainable):
    assert trainable.build(retrain=True, plan=True) == 0
    assert trainable.said.startswith("retrain: python train.py 1 0 (1 hours)\n")
    assert not trained(trainable)


def test_two_models_never_train_at_once(trainable, tmp_path):
    (tmp_path / "turn").mkdir()
    with locked(tmp_path / "turn"):
        assert trainable.build(retrain=True, yes=True) == 1
    assert "models are being trained on this machine" in trainable.said
    assert not trained(trainable)


def test_a_training_that_fails_ends_the_build(trainable, monkeypatch):
    monkeypatch.setattr(reporting.run.chapter, "execute", None)
    trainable.write("chapters/report.toml", commands("1 3", "2 0"))
    assert trainable.build(retrain=True, yes=True) == 1
    assert re.search(r"report\.toml:7: `python train\.py 1 3` ended with exit code 3", trainable.said)
    assert trained(trainable) == ["start 1", "end 1"]
    trainable.write("chapters/report.toml", SETTINGS + '[[retrain]]\ncommand="./none"\ncost="1"\n')
    assert trainable.build(retrain=True, yes=True) == 1
    assert "report.toml:6: ./none: No such file" in trainable.said


def test_what_cannot_be_built_is_not_trained_for(trainable):
    trainable.edit("chapters/02_table.py", "[@sec-squares]", "[@sec-circles]")
    assert trainable.build(retrain=True, yes=True) == 1
    assert "02_table.py:3: reference to sec-circles" in trainable.said
    assert not trained(trainable)


def test_without_commands_it_is_an_error(fake):
    assert fake.build(retrain=True) == 1
    assert "report.toml: --retrain: no command is named here\n    → write [[retrain]]" in fake.said


def test_not_together_with_watch(fake, capsys):
    with pytest.raises(SystemExit):
        main(fake.root, ["--retrain", "--watch"])
    assert "--retrain and --watch do not go together" in capsys.readouterr().err


INTERRUPTED = '''\
import signal, sys, time
from pathlib import Path
def save(*_):
    time.sleep(0.5)
    Path("checkpoint.txt").write_text("saved")
    sys.exit(1)
signal.signal(signal.SIGINT, save)
Path("started.txt").write_text("")
while True:
    time.sleep(0.1)
'''


def test_an_interrupted_training_may_save_its_checkpoint(fake):
    fake.lighten()
    fake.write("train.py", INTERRUPTED)
    fake.write("chapters/report.toml", commands("1"))
    here = Path(__file__).parents[1]
    code = ("import sys; from pathlib import Path; from reporting.cli import main\n"
            "sys.exit(main(Path(sys.argv[1]), ['--retrain', '--yes']))")
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(fake.root)], start_new_session=True,
        preexec_fn=as_from_a_terminal, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": str(here.parents[1]), "TMPDIR": str(fake.root)})
    while not (fake.root / "started.txt").exists():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in said, said
    assert (fake.root / "checkpoint.txt").read_text() == "saved"
