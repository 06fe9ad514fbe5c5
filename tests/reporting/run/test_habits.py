"""What people's scripts do, in a real kernel: it works as in a plain script, or is told in a sentence.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import re

import pytest

from reporting.errors import ReportError
from reporting.read.percent import parse_chapter
from reporting.run.chapter import execute

HELPERS = {"_helper.py": "def square(x):\n    return x * x\n\n\ndef broken():\n    return 1 / 0\n"}


def run(folder, text, name="01 ein Käpitel.py"):
    """Run a chapter; return its result, with every output's kind alone in "kinds"."""
    for file, content in HELPERS.items():
        (folder / file).write_text(content)
    result = execute(parse_chapter(folder / name, text), folder)
    return {**result, "kinds": [[item["kind"] for item in cell] for cell in result["outputs"]]}


SCRIPT = '''\
# %%
import argparse, asyncio, logging, multiprocessing, os, sys, warnings
from pathlib import Path
from reporting import record

parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=3)
record(rounds=parser.parse_args().rounds, file=Path(__file__).name, own=sys.argv == [__file__])
# %run _helper.py

# %%
async def main():
    await asyncio.sleep(0)
    print("within")
    return 5

record(ran=asyncio.run(main()))
await main()

# %%
os.chdir("/")
import _helper

def double(x):
    return 2 * x

if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        record(spawned=sum(pool.map(_helper.square, [1, 2])))
    with multiprocessing.get_context("fork").Pool(1) as pool:
        record(forked=sum(pool.map(double, [1, 2])))

# %%
# %%capture
# %%time
print("swallowed")
record(captured=7)
# %%
# %prun -s cumulative square(3)
def echo(word):
    files = !echo {word} && false
    !echo {word}
    return files

print(echo("one"))

# %% tags=["skip-execution"]
print("bad news", file=sys.stderr, flush=True)
warnings.warn("beware")
logging.warning("logged")

# %%
for i in range(2000):
    print(i, end="\\r")

# %%
print("the end")
sys.exit(0)
'''


def test_a_script_full_of_habits(tmp_path):
    result = run(tmp_path, SCRIPT)
    assert result["values"] == {"rounds": 3, "file": "01 ein Käpitel.py", "own": True, "ran": 5,
                                "forked": 6, "spawned": 5, "captured": 7}
    texts = ["".join(item["data"] for item in cell) for cell in result["outputs"]]
    assert texts[1] == "within\nwithin\n5"
    assert texts[3] == ""
    assert "cumulative" in texts[4] and texts[4].endswith("one\r\n['one']\n")
    assert result["kinds"][5] == ["stderr"]
    assert texts[5].startswith("bad news\nUserWarning: beware\n") and "logged" in texts[5]
    assert texts[6].endswith("1999\r") and len(texts[6]) < 20
    assert texts[7] == "the end\n"
    assert result["environment"]["python"]  # the kernel was asked after the exit


FIGURES = '''\
# %%
import os
os.environ["MPLBACKEND"] = "svg"
import matplotlib
{use}
import matplotlib.pyplot as plt

kept, ax = plt.subplots()
plt.show()
plt.plot([2, 1]);

# %%
fig, ax = plt.subplots()
fig

# %%
other, ax = plt.subplots()
ax.plot([1, 2])
other.show()

# %%
# %matplotlib {magic}
plt.ion()
plt.plot([1, 2]);

# %%
first, ax = plt.subplots()
ax.set_title("日");

# %%
from reporting import show

def draw():
    again, ax = plt.subplots()
    show(again, label="fig-again", caption="Again.")

show(first,
     label="fig-first", caption="First.")
draw()
show(kept, label="fig-kept", caption="Shown on demand, and once more here.")

# %%

# %%time

draw()
later, ax = plt.subplots()
show(later, label="fig-later", caption="Later.")
'''


@pytest.mark.parametrize("use, magic", [
    ('matplotlib.use("Agg")', "notebook"), ("", ""), ('matplotlib.use("TkAgg")', "agg"),
    ('os.environ["MPLBACKEND"] = "QtAgg"', "inline"),
    ('matplotlib.use("module://matplotlib_inline.backend_inline")', "widget")])
def test_every_figure_is_drawn_once_whatever_the_backend(tmp_path, use, magic):
    result = run(tmp_path, FIGURES.format(use=use, magic=magic))
    drawn = [[kind for kind in cell if kind in ("png", "svg", "figure")] for cell in result["kinds"]]
    # What the fifth cell leaves open is shown with a label by the sixth.
    assert drawn == [["png", "png"], ["png"], ["png"], ["png"], [], ["figure"] * 3, ["figure"] * 2]
    figures = [[item["line"] for item in cell if item["kind"] == "figure"] for cell in result["outputs"]]
    assert figures[5:] == [[7, 5, 10], [4, 6]]
    told = result["remarks"][0]
    assert told["cell"] == 4 and re.match("a figure lacks 日, which the font ", told["text"])


FAILURES = [
    # the chapter, what is said
    ("# %%\n\n\nx = 1 / 0\n", "4: ZeroDivisionError"),
    ("# %%\ndef f():\n    return f()\nf()\n", "3: RecursionError: .*\n    .*:4\n(    .* in f\n){5}    … [0-9]+ more(\n    .* in f){6}$"),
    ("# %%\ntry:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError('no') from error\n",
     "5: ValueError: no\n    because of ZeroDivisionError: division by zero$"),
    ("# %%\n%%time\n\nx = 1\ndef f():\n    return 1 / 0\nf()\n", "6: ZeroDivisionError"),
    ("# %%\n\n%%capture kept\n\n%%time\nx = 1\nassert x == 2, 'no'\n\n# %%\nwhile True: pass\n",
     "7: AssertionError: no"),
    ("# %%\n%%timeit -n 1 -r 1\n1 / 0\n", "3: ZeroDivisionError"),
    ("# %%\n%%prun\nx = 1\n1 / 0\n", "4: ZeroDivisionError"),
    ("# %%\nx = 1\n%time 1 / 0\n", "3: ZeroDivisionError"),
    ("# %%\n%%time\nimport _helper\n_helper.broken()\n",
     "4: ZeroDivisionError: division by zero\n    .*:4\n    .*_helper.py:6 in broken"),
    ("# %%\nx = 1\n# %nosuch thing\n", "3: UsageError: Line magic function `%nosuch` not found.\n    → load"),
    ("# %%\n%%nosuch\nx = 1\n", "2: UsageError: Cell magic `%%nosuch` not found.\n    → load"),
    ("# %%\n%%time\n", "2: UsageError: %%time is a cell magic, but the cell body is empty"),
    ("# %%\nx = 1\n# !important\n", "3: FileNotFoundError: .*!important\n    → install"),
    ("# %%\nx = 1\ny = !nosuchcommand here\n", "3: FileNotFoundError: .*!nosuchcommand here\n    → install"),
    ("# %%\nname = input('Who? ')\n", "2: StdinNotImplementedError: .*\n    → nobody is there"),
    ("# %%\nquit()\n\n# %%\nx = 1\n", "2: SystemExit\n    → a chapter runs to its last"),
    ("# %%\nimport sys\nsys.exit('bad')\n", "3: SystemExit: bad"),
    ("# %%\nimport asyncio\nasyncio.get_event_loop().run_until_complete(asyncio.sleep(0))\n",
     "3: RuntimeError: .*\n    → write await"),
    ("# %%\nimport multiprocessing as m\ndef f(x):\n    pass\n"
     "with m.get_context('spawn').Pool(1) as pool:\n    pool.map(f, [1])\n",
     "6: PicklingError: .* does not find f, which this chapter defines; move it"),
]


@pytest.mark.parametrize("text, words", FAILURES, ids=[words.split("\n")[0] for _, words in FAILURES])
def test_a_failure_is_told_at_its_line(tmp_path, text, words):
    with pytest.raises(ReportError) as told:
        run(tmp_path, text, "c.py")
    assert re.search(r"c\.py:" + words, str(told.value)), str(told.value)


def test_helpers_beside_a_chapter_elsewhere_are_listed(tmp_path):
    (tmp_path / "_helper.py").write_text(HELPERS["_helper.py"])
    with pytest.raises(ReportError, match=r"_helper\.py:6 in broken"):
        execute(parse_chapter(tmp_path / "c.py", "# %%\nimport _helper\n_helper.broken()\n"), tmp_path / "project")


@pytest.mark.parametrize("end", ["exit()", "quit()", "raise SystemExit", "import sys\nsys.exit(None)"])
def test_a_last_cell_may_exit(tmp_path, end):
    assert run(tmp_path, f"# %%\nprint(1)\n{end}\n\n# %% [markdown]\n# The end.\n")["kinds"] == [["stdout"]]


def test_what_the_kernel_says_of_being_told_to_end_is_not_shown(tmp_path, capfd):
    run(tmp_path, "# %%\nimport sys\n"
        "print('[IPKernelApp] ERROR | KeyboardInterrupt caught in kernel.', file=sys.__stderr__)\n"
        "print('[IPKernelApp] ERROR | another', file=sys.__stderr__)\n")
    assert capfd.readouterr().err == "[IPKernelApp] ERROR | another\n"


def test_a_chapter_that_makes_warnings_errors_ends_without_one(tmp_path, capfd):
    run(tmp_path, "# %%\nimport warnings\nwarnings.simplefilter('error')\n")
    assert capfd.readouterr().err == ""


def test_nothing_slow_is_imported_before_a_chapter_asks_for_it(tmp_path):
    slow = ("matplotlib", "numpy", "multiprocessing.spawn", "reporting.kernel.display", "jupytext")
    result = run(tmp_path, f"# %%\nimport sys\nprint([name for name in {slow} if name in sys.modules])\n")
    assert result["outputs"] == [[{"kind": "stdout", "data": "[]\n"}]]
