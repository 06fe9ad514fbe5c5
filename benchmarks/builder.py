"""How long a build takes: unchanged, after an edit of prose, and with everything run again.

    python benchmarks/builder.py              # the tests' tiny report
    python benchmarks/builder.py --real       # a copy of this project's report

Every figure is the median wall time of whole processes, the interpreter's start included.
Prints a table and writes it, with the machine and the versions, to a JSON file.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from readme import write_table

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
PACKAGES = ("jupytext", "papermill", "nbconvert", "ipykernel", "pypandoc_binary", "typst")
COPIED = ("build_report.py", "reporting", "vicreg", "chapters", "report", "weights")


def main() -> int:
    options = parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="builder-") as name:
        project = Path(name).resolve()
        (copy_of_this_project if options.real else tiny_report)(project)
        if options.real and not all_results_hold(project):
            print("Some chapters have to run first: python build_report.py, then this again.",
                  file=sys.stderr)
            return 1
        build(project)
        rows = measure(project, options.repeats, options.reruns)
        if options.real:
            rows["a chapter that only imports and loads"] = loading(project, options.repeats)
    kind = "real" if options.real else "tiny"
    result = {"report": {"real": "this project's", "tiny": "the tests' tiny"}[kind],
              "chapters": rows.pop("chapters"), "rows": rows, "machine": machine()}
    file = options.json or HERE / f"builder-{kind}.json"
    file.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(table(result))
    if options.readme:
        write_table(table(result), f"builder, {kind}")
    return 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Time the report builder.")
    parser.add_argument("--real", action="store_true", help="a copy of this project's report")
    parser.add_argument("--repeats", type=int, default=5, metavar="N",
                        help="of what runs no chapter (default: 5)")
    parser.add_argument("--reruns", type=int, default=1, metavar="N",
                        help="of what runs every chapter; 0 leaves it out (default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE",
                        help="default: benchmarks/builder-tiny.json or builder-real.json")
    parser.add_argument("--readme", action="store_true", help="put the table into README.md here")
    return parser


def tiny_report(project: Path) -> None:
    sys.path.insert(0, str(ROOT))
    sys.path.insert(0, str(ROOT / "tests/reporting"))
    from fake_report import Fake

    Fake(project)
    # The command line takes its own folder for the project's.
    shutil.copy(ROOT / "build_report.py", project)
    shutil.copytree(ROOT / "reporting", project / "reporting")


def copy_of_this_project(project: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, project / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, project)


def all_results_hold(project: Path) -> bool:
    said = build(project, "--plan")
    return all((": results of " in line and ", stale" not in line) or line.endswith(": no code")
               for line in said.splitlines())


def measure(project: Path, repeats: int, reruns: int) -> dict:
    """Return label → seconds, and how many chapters there are."""
    chapters = sorted((project / "chapters").glob("*.py"))
    rows = {"chapters": len(chapters), "unchanged": timed(lambda: build(project), repeats)}
    edits = Edits(project, chapters[-1])
    edits.make()  # the first one adds the cell that the others edit
    rows["prose edit to new PDF"] = timed(edits.make, repeats)
    if reruns:
        rows["everything run again (--force)"] = timed(lambda: build(project, "--force"), reruns)
        rows["everything run again (jupytext, papermill, nbconvert; no PDF)"] = timed(
            lambda: run([HERE / "builder_papermill.py", project / "chapters", project / "plain"],
                        project), reruns)
    return rows


def loading(project: Path, repeats: int) -> dict:
    """What a chapter costs before it does anything: its own time, by the builder's clock.

    The chapter is the first cell of Q3's, which imports what chapters use and loads images,
    weights and, from the cache, representations.
    """
    text = (project / "chapters/03_linear_probing.py").read_text(encoding="utf-8")
    cell = text.split("# %%\n")[1]
    chapter = project / "chapters/99_loading.py"
    result = project / "report/results/99_loading/result.json"
    seconds = []
    for number in range(1 + repeats):
        chapter.write_text(f"# %% [markdown]\n# # Loading\n\n# %%\n{cell}number = {number}\n", encoding="utf-8")
        build(project)
        seconds.append(json.loads(result.read_text(encoding="utf-8"))["seconds"])
    return {"median": statistics.median(seconds[1:]), "seconds": seconds[1:]}  # the first fills the cache


class Edits:
    """A sentence at the end of a chapter that is another one every time."""

    def __init__(self, project: Path, chapter: Path):
        self.project, self.chapter, self.count = project, chapter, 0
        self.text = chapter.read_text(encoding="utf-8")

    def make(self) -> None:
        self.count += 1
        self.chapter.write_text(f"{self.text}\n# %% [markdown]\n# Edit {self.count}.\n",
                                encoding="utf-8")
        pdf = self.project / "report/report.pdf"
        before = pdf.read_bytes()
        said = build(self.project)
        if pdf.read_bytes() == before or ": done in" in said:
            raise SystemExit(f"an edit of prose should give a new PDF and run nothing:\n{said}")


def timed(work, repeats: int) -> dict:
    """Return the median of the wall times of a piece of work, and all of them."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(round(time.perf_counter() - start, 3))
    return {"median": statistics.median(seconds), "seconds": seconds}


def build(project: Path, *arguments: str) -> str:
    return run(["build_report.py", *arguments], project)


def run(arguments: list, project: Path) -> str:
    """Run a script with this interpreter; return what it says, end with it if it fails."""
    path = os.pathsep.join([str(project), str(ROOT)])
    done = subprocess.run([sys.executable, *map(str, arguments)], cwd=project, text=True,
                          capture_output=True, env={**os.environ, "PYTHONPATH": path}, check=False)
    if done.returncode:
        raise SystemExit(f"{arguments[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def machine() -> dict:
    """What the times depend on, the load at their end included."""
    info = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in info.read_text().splitlines()
             if line.startswith("model name")] if info.is_file() else []
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    return {"processor": names[0] if names else platform.processor(), "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}", "load": load,
            "date": time.strftime("%Y-%m-%d"), "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in PACKAGES}}


def table(result: dict) -> str:
    """Return the result as Markdown."""
    told = result["machine"]
    lines = [f"| {result['report']} report, {result['chapters']} chapters | seconds |", "|:--|--:|"]
    lines += [f"| {label} | {row['median']:.1f} |" for label, row in result["rows"].items()]
    versions = ", ".join(f"{name} {told[name]}" for name in ("python", *PACKAGES))
    return "\n".join([*lines, "", f"{told['date']}, {told['processor']}, {told['cores']} cores, "
                      f"load average {told['load']}; {versions}."])


if __name__ == "__main__":
    sys.exit(main())
