"""The calls of a chapter, outside of a build.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import numpy as np
import pandas as pd
import pytest

from reporting import depends, record, show, table
from reporting.layout import TEXT_WIDTH

ROOT = Path(__file__).parents[3]


@pytest.fixture
def figure():
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    fig, _ = plt.subplots(figsize=(4, 2))
    yield fig
    plt.close(fig)


def test_a_plain_script_prints_and_does_not_wait(tmp_path):
    script = tmp_path / "chapter.py"
    script.write_text("import matplotlib.pyplot as plt\nfrom reporting import record, show\n"
                      "fig, ax = plt.subplots()\nrecord(x=1.5)\n"
                      "show(fig, 'fig-a', 'A caption, {{ x:.2f}}, {{ y}}.')\n")
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "MPLBACKEND")}
    done = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True,
                          text=True, env={**environment, "PYTHONPATH": str(ROOT)}, timeout=120,
                          check=True)
    assert done.stdout == "x = 1.5\nfig-a: A caption, 1.50, {{ y}}.\n"


def test_figures_take_their_final_size(figure):
    show(figure, "fig-a", "", width=0.5)
    assert figure.get_size_inches() == pytest.approx([TEXT_WIDTH / 2, TEXT_WIDTH / 4])


@pytest.mark.parametrize("call, error", [
    (lambda f: show(f, "a", ""), ValueError),
    (lambda f: show(f, "fig-", ""), ValueError),
    (lambda f: show(f, "fig-a", "", width=2), ValueError),
    (lambda f: show(f, "fig-a", "", place="left"), ValueError),
    (lambda f: show(f, "fig-a", "", width="50%"), ValueError),
    (lambda f: show(f, "fig-a/b", ""), ValueError),
    (lambda f: show(f, "fig-a b", ""), ValueError),
    (lambda f: show(f, "fig-a", None), TypeError),
    (lambda f: show(f, "fig-a", "", interactive=f), TypeError),
    (lambda f: show("a.png", "fig-a", ""), TypeError),
    (lambda f: table(pd.DataFrame({"a": [1]}), "tbl-a", None), TypeError),
    (lambda f: table(pd.DataFrame({"a": [1]}), "fig-a", ""), ValueError),
    (lambda f: table(pd.DataFrame({"a": [1]}), "tbl-a", "", {"b": "{}"}), ValueError),
    (lambda f: record(x=[1, 2]), TypeError),
    (lambda f: record(x=np.zeros(3)), TypeError),
])
def test_misuse_is_refused(figure, call, error):
    with pytest.raises(error):
        call(figure)


def test_axes_are_told_from_figures(figure):
    with pytest.raises(TypeError, match=r"^show takes a figure of matplotlib's, not Axes; write show\(….figure, …\)$"):
        show(figure.axes[0], "fig-a", "")


def test_a_figure_of_plotlys_is_told_and_what_to_do():
    with pytest.raises(TypeError, match=r"this one is plotly's: draw the same with matplotlib .* as interactive="):
        show(SimpleNamespace(to_plotly_json=dict), "fig-a", "")


def test_scalars_of_all_kinds_are_recorded(capsys):
    record(a=np.float32(0.5), b=np.int64(2), c=True, d="word", e=np.array(1.5))
    assert capsys.readouterr().out == "a = 0.5\nb = 2\nc = True\nd = word\ne = 1.5\n"


GROUPS = pd.DataFrame({"loss": [0.25, np.nan], "when": pd.to_datetime(["2020-01-01", "2020-01-02"])},
                      index=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["run", "epoch"]))
LONG = "a text that is longer than the fifty letters of which pandas cuts what is behind"


def test_a_plain_script_prints_the_cells_of_the_report(capsys):
    table(GROUPS, "tbl-a", "Losses.", {"when": "{:%d.%m.}"})
    words = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert words == [["tbl-a:", "Losses."], ["run", "epoch", "loss", "when"],
                     ["a", "1", "0.25", "01.01."], ["2", "–", "02.01."]]


def test_a_notebook_shows_the_cells_of_the_report(monkeypatch):
    import IPython.display

    from reporting.kernel import display

    seen = []
    monkeypatch.setattr(display, "_shell", lambda: "a shell")
    monkeypatch.setattr(IPython.display, "display", seen.append)
    frame = GROUPS.assign(text=LONG, markup="<b>")
    frame.columns = pd.MultiIndex.from_product([["top"], frame.columns])
    table(frame, "tbl-a", "Losses.", {"when": "{:%d.%m.}"})
    html = seen[0].data
    assert all(word in html for word in ('colspan="4"', "0.25", "–", "01.01.", LONG, "&lt;b&gt;"))
    assert seen[1].data == "**tbl-a.** Losses."


@pytest.mark.parametrize("formats, emitted", [
    ({("top", "loss"): "{:.1%}"}, [{"('top', 'loss')": "{:.1%}"}]),
    ({"loss": "{:.1%}"}, [{"loss": "{:.1%}"}]),
    ({"size": "{:.1%}"}, []),
    ({("top", "size"): "{:.1%}"}, []),
])
def test_a_build_is_told_of_formats_that_name_columns_and_of_no_others(monkeypatch, formats, emitted):
    from reporting.kernel import display

    seen = []
    monkeypatch.setenv("REPORTING_BUILD", "1")
    monkeypatch.setattr(display, "_emit", lambda kind, **fields: seen.append(fields))
    frame = GROUPS.set_axis(pd.MultiIndex.from_product([["top"], GROUPS.columns]), axis=1)
    try:
        table(frame, "tbl-a", "", formats)
    except ValueError as error:
        assert "formats names" in str(error)
    assert [json.loads(json.dumps(fields))["formats"] for fields in seen] == emitted


def test_a_missing_file_cannot_be_declared(tmp_path, monkeypatch):
    monkeypatch.setenv("REPORTING_BUILD", "1")
    with pytest.raises(FileNotFoundError):
        depends(tmp_path / "none.pt")


def test_a_link_to_a_folder_is_no_other_place(tmp_path, monkeypatch):
    for name in ("years/2024/x.csv", "years/x.csv", "x.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "data").symlink_to("years/2024")
    emitted = []
    monkeypatch.setenv("REPORTING_BUILD", "1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("reporting.kernel.display._emit", lambda _kind, **item: emitted.append(item["path"]))
    depends("data/x.csv")
    depends("data/../x.csv")  # beside 2024, as Python opens it
    assert emitted == [str(tmp_path / "data/x.csv"), str(tmp_path / "years/x.csv")]


def test_importing_is_light():
    code = "import sys, reporting; sys.exit('matplotlib' in sys.modules or 'jupytext' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
