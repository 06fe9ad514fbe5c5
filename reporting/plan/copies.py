"""Data sets that go round in several copies: which copy results were measured on, and which is here.

Another copy makes no chapter due. What it means is said instead: to whom a plan or a build is
shown, and in the report itself where its chapters were measured on different copies.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import NamedTuple

from reporting.plan.plan import Step
from reporting.settings import words_of


class Copy(NamedTuple):
    """A copy of a data set: what it is called, and its fingerprint."""

    name: str
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.name} ({self.fingerprint[:12]})"


class Asked:
    """Commands that tell which copies are at hand, at work while the plan is made.

    Parameters
    ----------
    commands : dict of str to str
        Data set → command, as in `reporting.settings.Settings`.
    root : Path
        Where they run.
    """

    def __init__(self, commands: dict[str, str], root: Path):
        self.commands = commands
        self.processes = {name: subprocess.Popen(words_of(command), cwd=root, text=True,
                                                 stdout=subprocess.PIPE)
                          for name, command in commands.items()}

    def answers(self) -> tuple[dict[str, Copy], list[str]]:
        """Return the copies at hand, and what is to be said of commands that do not tell."""
        found, troubles = {}, []
        for name, process in self.processes.items():
            said, _ = process.communicate()
            try:
                if process.returncode:
                    raise ValueError(f"exit code {process.returncode}, its own words stand above")
                if (told := json.loads(said)) is not None:
                    found[name] = Copy(str(told["name"]), str(told["fingerprint"]))
            except (ValueError, KeyError, TypeError) as error:
                troubles.append(f"{name}: `{self.commands[name]}` does not tell which copy is here ({error})")
        return found, troubles


def copies_of(result: dict | None) -> dict[str, Copy]:
    """Return the copy of every data set that a result was measured on."""
    return {item["name"]: Copy(item["copy"], item["fingerprint"])
            for item in (result or {}).get("depends", ()) if "copy" in item}


def measured(steps: list[Step], running: list[Step] = (), here: dict[str, Copy] | None = None,
             ) -> dict[str, dict[Copy, list[str]]]:
    """Group chapters by what they were measured on: data set → copy → names of chapters.

    Parameters
    ----------
    steps : list of Step
        With their results.
    running : list of Step
        Those that will run, and then on the copy that is here.
    here : dict of str to Copy, optional
        The copies at hand.
    """
    groups: dict[str, dict[Copy, list[str]]] = {}
    for step in steps:
        for name, copy in copies_of(step.result).items():
            copy = (here or {}).get(name, copy) if step in running else copy
            groups.setdefault(name, {}).setdefault(copy, []).append(step.chapter.name)
    return groups


def remarks(steps: list[Step], running: list[Step], here: dict[str, Copy]) -> list[str]:
    """Return a line for each data set of which the report has, or will have, another copy or two."""
    lines = []
    for name, by_copy in measured(steps, running, here).items():
        if len(by_copy) > 1:
            lines.append(f"{name}: two copies are mixed: {told(by_copy)}. Their figures may differ by what the "
                         "copies differ in; --force measures all on the copy that is here")
        elif name in here and here[name] not in by_copy:
            (copy,) = by_copy
            lines.append(f"{name}: the results were measured on {copy}, here is {here[name]}; they stay "
                         "good, and --force measures them here")
    return lines


def told(by_copy: dict[Copy, list[str]]) -> str:
    """Say who was measured on which copy; those of the commonest come first."""
    ordered = sorted(by_copy.items(), key=lambda entry: -len(entry[1]))
    return "; ".join(f"{copy}: {', '.join(names)}" for copy, names in ordered)


def odd_one_out(step: Step, groups: dict[str, dict[Copy, list[str]]]) -> str:
    """Return a sentence for a chapter that was measured on another copy than most, else nothing."""
    for name, copy in copies_of(step.result).items():
        usual = max(groups[name].items(), key=lambda entry: len(entry[1]))[0]
        if copy != usual:
            return (f"**Another copy of {name}.** This chapter was measured on {copy}, most of the report "
                    f"on {usual}: its figures and theirs may differ by what the copies differ in.")
    return ""
