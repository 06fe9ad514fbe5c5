"""The builder's benchmark measures what it says; how long it takes is not tested.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "benchmarks/builder.py"


def test_the_builders_benchmark(tmp_path):
    file = tmp_path / "figures.json"
    done = subprocess.run([sys.executable, str(BENCHMARK), "--repeats", "1", "--reruns", "0",
                           "--json", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(file.read_text(encoding="utf-8"))
    assert set(told["rows"]) == {"unchanged", "prose edit to new PDF"}
    assert all(row["median"] > 0 and len(row["seconds"]) == 1 for row in told["rows"].values())
    assert told["chapters"] == 2 and told["machine"]["cores"] and told["machine"]["typst"]
    assert f"| unchanged | {told['rows']['unchanged']['median']:.1f} |" in done.stdout


def test_tables_go_between_their_marks(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARK.parent)
    write_table = importlib.import_module("readme").write_table
    readme = tmp_path / "README.md"
    shutil.copy(BENCHMARK.with_name("README.md"), readme)
    before = readme.read_text(encoding="utf-8").count("\n## ")
    names = ("builder, tiny", "builder, real", "training", "pipeline")
    for name in (*names, *names):
        write_table(f"table of {name}", name, readme)
    text = readme.read_text(encoding="utf-8")
    assert [text.count(f"table of {name}") for name in names] == [1, 1, 1, 1]
    assert text.count("\n## ") == before
