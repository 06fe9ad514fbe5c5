"""The builder's benchmark measures what it says; how long it takes is not tested.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import importlib.util
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
    names = ("builder, tiny", "builder, real", "training", "pretraining", "pipeline")
    for name in (*names, *names):
        write_table(f"table of {name}", name, readme)
    text = readme.read_text(encoding="utf-8")
    assert [text.count(f"table of {name}") for name in names] == [1] * len(names)
    assert text.count("\n## ") == before


def test_all_benchmarks_run_though_one_fails(tmp_path, monkeypatch, capfd):
    spec = importlib.util.spec_from_file_location("all_benchmarks", BENCHMARK.with_name("__main__.py"))
    spec.loader.exec_module(benchmarks := importlib.util.module_from_spec(spec))
    for script, *_ in benchmarks.ALL:
        assert BENCHMARK.with_name(script).is_file()
        (tmp_path / script).write_text("import sys; print('ran', sys.argv)\n", encoding="utf-8")
    monkeypatch.setattr(benchmarks, "HERE", tmp_path)
    assert benchmarks.main() == 0
    assert capfd.readouterr().out.count("'--readme']") == len(benchmarks.ALL)
    (tmp_path / "training.py").write_text("raise SystemExit('no lightly')\n", encoding="utf-8")
    assert benchmarks.main() == 1
    out, err = capfd.readouterr()
    assert out.count("'--readme']") == len(benchmarks.ALL) - 1 and "as they were: training.py\n" in err
