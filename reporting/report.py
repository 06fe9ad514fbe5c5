"""A report in the making, as one thing to pass on.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from reporting.progress import Progress
from reporting.settings import Settings
from reporting.store import Store


@dataclass(frozen=True)
class Options:
    """What the command line asks for.

    Attributes
    ----------
    root : Path
        The project: on the kernels' PYTHONPATH, and where imported modules are looked for.
    chapters, out : Path
        Folder of the percent-scripts; folder of the report and its stored results.
    only : tuple of str
        Starts of the names of the chapters that may run; empty for all.
    plan, force, draft, fail_fast : bool
        Only say what would run; run even what has not changed; asserts off and every page
        stamped; stop at the first failure.
    retrain, yes : bool
        Train models anew before anything else; do so without a question.
    submission : bool
        Run nothing; check what is to be handed in, and pack it if all is well.
    sample : bool
        Run the commands of ``[sample]`` first, and build a draft of what they prepare.
    jobs : int
        How many chapters run side by side.
    parameters : dict
        Name, or chapter.name → value for cells tagged "parameters".
    """

    root: Path
    chapters: Path
    out: Path
    only: tuple[str, ...] = ()
    plan: bool = False
    force: bool = False
    retrain: bool = False
    yes: bool = False
    submission: bool = False
    sample: bool = False
    draft: bool = False
    fail_fast: bool = False
    jobs: int = 1
    parameters: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """What every stage of a build needs to know.

    Attributes
    ----------
    options : Options
        What is asked for.
    settings : Settings
        ``report.toml``.
    store : Store
        The chapters' results.
    progress : Progress
        Told what happens.
    """

    options: Options
    settings: Settings
    store: Store
    progress: Progress
