"""Importing a chapter is refused where that would make its results again, and only there.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from pathlib import Path

import pytest

from reporting.read.percent import parse_chapter
from reporting.read.siblings import check_siblings

IMPORT = "# %%\nx = 1\n\n# %%\n%%time\nfrom a_first import double\n"


def errors(first, second=IMPORT):
    pair = [parse_chapter(Path("a_first.py"), "# %%\n" + first),
            parse_chapter(Path("b_second.py"), second)]
    return [str(error) for error in check_siblings(pair)]


@pytest.mark.parametrize("first, line", [
    ("record(x=1)\n", 2), ("import reporting\n\nif 1:\n    reporting.show(f, 'fig-a', 'c')\n", 5),
    ("# %time table(f, 'tbl-a', 'c')\n", 2), ("def main():\n    depends('x')\n\n# %%\nmain()\n", 3),
    ("class A:\n    record(x=1)\n", 3), ("if __name__ != '__main__':\n    pass\nelse:\n    record(x=1)\n", 5)])
def test_what_would_run_twice_is_refused(first, line):
    (error,) = errors(first)
    assert error.startswith("b_second.py:6: importing the chapter a_first would make its results")
    assert f"first result is on line {line})" in error and "_a_first.py" in error


@pytest.mark.parametrize("first", [
    "def double(x):\n    return 2 * x\n", "if __name__ == '__main__':\n    record(x=1)\n",
    "def main():\n    record(x=1)\n\nif __name__ == '__main__':\n    main()\n"])
def test_what_hands_over_nothing_may_be_imported(first):
    assert errors(first) == []


@pytest.mark.parametrize("second", ["import a_first.b as c", "import importlib\n"
                                    "importlib.import_module('a_first')", "__import__('a_first')",
                                    "# %run -i a_first.py --fast"])
def test_every_way_of_importing(second):
    assert len(errors("record(x=1)\n", "# %%\n" + second + "\n")) == 1


def test_other_modules_may_be_imported():
    assert errors("record(x=1)\n", "# %%\nimport math, _a_first\nfrom . import a\n") == []
