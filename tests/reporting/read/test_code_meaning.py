"""What source means: the same for comments, docstrings and formatting, another for anything else.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import ast
import glob
import subprocess
import sys
import sysconfig

import pytest

from reporting.read.calls import read_calls
from reporting.read.code_meaning import meaning_of_module

MODULE = '''"""A module."""

import os


class Thing:
    """A thing."""

    size = 3

    def grow(self, by: int = 1) -> str:
        """Grow it."""
        self.size += by
        return f"{self.size!r:>{by}} of {os.name}"
'''


@pytest.mark.parametrize("same", [
    MODULE.replace('"""A module."""\n', ""),
    MODULE.replace("A thing.", "Another thing."),
    MODULE.replace('        """Grow it."""\n', ""),
    MODULE.replace("size = 3", "size = 3  # centimetres"),
    MODULE.replace("size = 3", "size = (\n        3\n    )"),
    MODULE.replace('f"', "f'").replace('os.name}"', "os.name}'"),
    MODULE.replace("    ", "\t"),
    MODULE.replace("by: int = 1)", "by: int = 1,)"),
    MODULE.replace("3", "0x3"),
])  # fmt: skip
def test_what_is_written_otherwise_means_the_same(same):
    assert same != MODULE
    assert meaning_of_module(same) == meaning_of_module(MODULE)


@pytest.mark.parametrize("other", [
    MODULE.replace("3", "4"), MODULE.replace("3", "3.0"), MODULE.replace("3", "True"), MODULE.replace("3", "'3'"),
    MODULE.replace("= 1", "= None"), MODULE.replace("by: int = 1", "by: int"), MODULE.replace("by: int", "by"),
    MODULE.replace("+=", "-="), MODULE.replace("!r", "!s"), MODULE.replace(":>", ":<"), MODULE.replace("size", "length"),
    MODULE.replace("import os", "import os as os"), MODULE.replace("of", "off"),
    MODULE.replace("    def grow", "    @staticmethod\n    def grow"), MODULE.replace("self.size += by", "pass"),
    MODULE.replace("return", "yield"), MODULE.replace("class Thing:", "class Thing(dict):"),
    MODULE + '"""A string that is no docstring."""\n',
])  # fmt: skip
def test_what_does_otherwise_means_another(other):
    assert other != MODULE
    ast.parse(other)
    assert meaning_of_module(other) != meaning_of_module(MODULE)


def test_a_docstring_that_the_module_reads_counts():
    speaking = MODULE + "print(__doc__, Thing.__doc__)\n"
    assert meaning_of_module(speaking) != meaning_of_module(speaking.replace("A thing.", "Another thing."))


@pytest.mark.parametrize(("one", "other", "same"), [
    ("x = 1", "x = 1  # a note", True),
    ("x = f(1,\n      2)", "x = f(1, 2)", True),
    ("x", "x;", False),
    ("x;", "x;  # quiet", True),
    ("'a string that is shown'", "'another'", False),
    ("%time f(x)", "%time f(y)", False),
    ("def f():\n    '''One.'''\n    return 1", "def f():\n    '''Two.'''\n    return 1", True),
    ("x = (", "x = [", False),
])  # fmt: skip
def test_cells_are_known_by_what_they_mean(one, other, same):
    assert (read_calls(one).code == read_calls(other).code) is same


def test_every_python_gives_one_text(tmp_path):
    """Digests of the project's modules, by whichever other interpreters are installed."""
    program = (
        "import glob, hashlib, sys; sys.path.insert(0, '.'); from reporting.read.code_meaning import meaning_of_module as m\n"
        "files = sorted(glob.glob('vicreg/**/*.py', recursive=True) + glob.glob('reporting/**/*.py', recursive=True))\n"
        "print(m(b'f\"{x:0{n}}\"'))\n"
        "print(len(files), hashlib.sha256(''.join(m(open(f, 'rb').read()) for f in files).encode()).hexdigest())"
    )
    others = glob.glob(f"{sys.base_prefix}/../*/bin/python3.1[1-9]")
    said = {
        subprocess.run([python, "-c", program], capture_output=True, text=True, check=True).stdout
        for python in {sys.executable, *others}
    }
    assert len(said) == 1


def test_the_whole_standard_library_has_a_meaning():
    for path in sorted(glob.glob(f"{sysconfig.get_path('stdlib')}/*.py"))[::4]:
        with open(path, "rb") as file:
            assert meaning_of_module(file.read())
