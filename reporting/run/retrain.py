"""Models trained anew before a build, one after the other, and not without saying the price.

The commands stand in ``report.toml``; what they do is theirs to know. Chapters that declare
the files they write run again by the ordinary rules.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from reporting.errors import ReportError
from reporting.lock import locked
from reporting.progress import Progress, duration
from reporting.settings import FILE, Retraining, line_in, words_of

TORCH = "import sys, torch; sys.exit(not torch.cuda.is_available())"


def prices(commands: tuple[Retraining, ...], folder: Path) -> list[str]:
    """Return a line for each command: what would run and what it would cost.

    Raises
    ------
    ReportError
        If there are no commands.
    """
    if not commands:
        raise ReportError("--retrain: no command is named here", folder / FILE,
                          remedy='write [[retrain]], command = "…" and cost = "…" there')
    return [f"retrain: {one.command} ({one.cost})" for one in commands]


def retrain(commands: tuple[Retraining, ...], root: Path, folder: Path, yes: bool,
            progress: Progress) -> None:
    """Run the commands, after one question where there is no GPU.

    Parameters
    ----------
    commands : tuple of Retraining
        In the order in which they run.
    root : Path
        Their working directory.
    folder : Path
        The chapters' folder, where ``report.toml`` lies.
    yes : bool
        Whether the question counts as answered.
    progress : Progress
        Told what runs and how long it took.

    Raises
    ------
    ReportError
        If the answer is no, there is nobody to ask, models are being trained already, or a
        command fails.
    """
    for line in prices(commands, folder):
        progress.say(line)
    if not yes and not has_gpu():
        _ask(progress)
    turn = lock_folder()
    turn.mkdir(exist_ok=True)
    with locked(turn, "models are being trained on this machine", "wait until that ends"):
        run_commands([one.command for one in commands], root, folder / FILE, progress)


def run_commands(commands, root: Path, file: Path, progress: Progress) -> None:
    """Run commands of the settings, one after the other, in the project's folder.

    Raises
    ------
    ReportError
        If one fails.
    """
    for command in commands:
        started = time.monotonic()
        _run(command, root, file)
        progress.say(f"{command}: done in {duration(time.monotonic() - started)}")


def lock_folder() -> Path:
    """The same for every build on this machine, whatever it builds."""
    return Path(tempfile.gettempdir(), "reporting-retrain")


def has_gpu() -> bool:
    """Tell whether torch would find a GPU; without torch, whether NVIDIA's driver does."""
    if importlib.util.find_spec("torch"):
        asked = [sys.executable, "-c", TORCH]
    elif shutil.which("nvidia-smi"):
        asked = ["nvidia-smi", "-L"]
    else:
        return False
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def _ask(progress: Progress) -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise ReportError("--retrain: there is no GPU, and nobody here to ask whether to train "
                          "without one", remedy="add --yes to train all the same")
    progress.say("there is no GPU; train all the same? [y/N]")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise ReportError("--retrain: nothing was trained", remedy="build without --retrain, or "
                          "on a machine with a GPU")


def _run(command: str, root: Path, file: Path) -> None:
    """Run one command to its end; an interrupt is the command's to answer."""
    words = words_of(command)
    where = (file, line_in(file, "", command))
    try:
        process = subprocess.Popen(words, cwd=root)
    except OSError as error:
        raise ReportError(f"{words[0]}: {error.strerror}", *where, "correct the command") from None
    try:
        code = process.wait()
    except KeyboardInterrupt:
        process.wait()  # it was interrupted as well, and may be writing a checkpoint
        raise
    if code:
        raise ReportError(f"`{command}` ended with exit code {code}", *where,
                          "its own words stand above; no chapter was run")
