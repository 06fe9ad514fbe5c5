"""kill -9, SIGTERM and Ctrl-C at every counted moment: the same command then ends as if undisturbed.

A hundred moments and more by kill -9; those of the report's builder are in tests/reporting. The
network is simulated at its boundary; the model is one linear layer.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vicreg.runtime.errors import exit_code

HERE = Path(__file__).parent
LEAST = {"training": 30, "embedding": 8, "decoding": 8, "downloading": 20}  # moments

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that forks")


def outcomes(job: str, number: int, folder: Path) -> list[dict]:
    done = subprocess.run(
        [sys.executable, HERE / "stopped.py", job, str(int(number)), folder],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("job", LEAST)
def test_killed_at_any_moment(job, tmp_path):
    found = outcomes(job, signal.SIGKILL, tmp_path)
    assert len(found) >= LEAST[job]
    assert {outcome["code"] for outcome in found} == {-signal.SIGKILL}, "every moment was one"
    for outcome in found:
        assert outcome["same"], f"moment {outcome['moment']}: {outcome['again'] or 'ended otherwise'}"
        assert not outcome["left"], f"moment {outcome['moment']}: strays were not swept"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_training_says_what_is_kept_and_how_to_go_on(number, tmp_path):
    found = outcomes("training", number, tmp_path)
    assert {outcome["code"] for outcome in found} == {130}
    assert {bool(outcome["kept"]) for outcome in found} == {True, False}
    for outcome in found:
        said = outcome["said"].splitlines()[-1]
        if outcome["kept"]:
            checkpoint = tmp_path / str(outcome["moment"]) / "runs" / "vicreg.checkpoint.pt"
            assert said == f"Interrupted; {checkpoint} is kept. The same command goes on from there."
        else:
            assert said == "Interrupted; no epoch was finished. The same command starts anew."
        assert "Traceback" not in outcome["said"] and outcome["same"], outcome["again"]


def test_an_interrupted_download_leaves_nothing_and_says_so(tmp_path):
    found = outcomes("downloading", signal.SIGTERM, tmp_path)
    for outcome in found:
        assert outcome["code"] == 130 and outcome["same"] and not outcome["left"]
        said = outcome["said"].splitlines()[-1]
        assert said == "Interrupted; what was finished is kept. The same command goes on."


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_every_program_ends_so_and_gives_the_signal_back(number, capsys):
    before = signal.getsignal(signal.SIGTERM)
    with_python = signal.signal(signal.SIGINT, signal.default_int_handler)  # may be ignored here
    try:
        assert exit_code(lambda: os.kill(os.getpid(), number)) == 130
    finally:
        signal.signal(signal.SIGINT, with_python)
    assert "The same command goes on." in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is before
