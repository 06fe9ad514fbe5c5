"""No home, a read-only place, a bare locale, odd paths, another working directory.

Read-only places are simulated at the boundary to the system, since the superuser may write anywhere.
A missing network is in tests/test_data.py and tests/datasets/test_mnist.py, the display and two builds at
once in tests/reporting.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import errno
import importlib
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from vicreg import data
from vicreg import train as T
from vicreg.runtime import paths
from vicreg.runtime.atomic import check_writable
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.paths import PROJECT, cache_folder, weights_folder

LOADS = "from vicreg.data import load_cifar10; d = load_cifar10(); print(len(d.train), d.train.fingerprint)"


@pytest.fixture
def no_home(monkeypatch):
    """No $HOME, and nobody of this number in the list of users."""
    for name in ("HOME", "XDG_CACHE_HOME", "VICREG_CACHE"):
        monkeypatch.delenv(name, raising=False)

    def unknown(number):
        raise KeyError(f"getpwuid(): uid not found: {number}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)


def test_without_a_home_it_works_without_a_cache_and_says_so(no_home, image_folder, capsys):
    assert len(data.load_cifar10(image_folder).train) == 20
    said = capsys.readouterr().err
    assert "Not cached" in said and "set VICREG_CACHE to a folder by its full path" in said


@pytest.mark.parametrize("variable", ["VICREG_DATA", "VICREG_WEIGHTS", "VICREG_RUNS", "VICREG_CACHE"])
def test_a_home_that_is_nobodys_is_named(monkeypatch, variable):
    monkeypatch.setenv(variable, "~nobody_of_this_name/x")
    folder = getattr(paths, f"{variable.removeprefix('VICREG_').lower()}_folder")
    with pytest.raises(VICRegError, match=f"nobody_of_this_name.*no such home directory; set {variable} to"):
        folder()


@pytest.fixture
def read_only(monkeypatch):
    """Every folder refuses new files, as a read-only file system does."""
    opened = os.open

    def refuse(path, flags, *arguments, **options):
        if flags & os.O_CREAT:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return opened(path, flags, *arguments, **options)

    return lambda: (
        monkeypatch.setattr(os, "open", refuse),
        monkeypatch.setattr(os, "access", lambda path, mode: mode == os.R_OK),
    )


def test_images_are_read_from_a_read_only_place_without_a_cache(read_only, image_folder, capsys):
    read_only()
    assert len(data.load_cifar10(image_folder).train) == 20
    assert "Read-only file system" in capsys.readouterr().err


def test_training_in_a_read_only_checkout_is_refused_before_it_begins(read_only, small, tiny, monkeypatch):
    monkeypatch.setattr(T, "pairs_for", lambda *_: pytest.fail("training began"))
    read_only()
    with pytest.raises(VICRegError, match=r"cannot be written to; set VICREG_RUNS to one that can\.$"):
        T.train(small, tiny, torch.device("cpu"))


def test_a_folder_that_is_yet_to_be_made_is_tried_where_it_will_be(tmp_path):
    check_writable(tmp_path / "a" / "b", "X")
    assert not (tmp_path / "a").exists()
    (tmp_path / "a").write_text("a file in the way")
    with pytest.raises(VICRegError, match="set X to one that can"):
        check_writable(tmp_path / "a" / "b", "X")


def test_a_bare_locale_another_alphabet_spaces_and_another_working_directory(tmp_path, real_images, write_folder):
    """All at once, in a program of its own: LC_ALL=C without UTF-8 mode, and relative folders."""
    place = tmp_path / "my work" / "Bilder ünd 画像"
    write_folder(place / "images", real_images)
    bare = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)}
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "PYTHON", "VICREG_"))}
    done = subprocess.run(
        [sys.executable, "-c", LOADS],
        cwd=place,
        env={**kept, **bare, "VICREG_DATA": "images", "VICREG_CACHE": "cache ü"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    expected = data.load_cifar10(place / "images")
    assert done.stdout.decode().split() == ["20", expected.train.fingerprint]
    assert len(list((place / "cache ü").iterdir())) == 1, "cached, under the folder's right name"


def test_an_error_about_such_a_path_is_still_one_sentence(tmp_path):
    place = tmp_path / "画像"
    program = "import sys; from vicreg.__main__ import main; sys.exit(main(['train', 'vicreg']))"
    (place / "cifar-10-batches-py").mkdir(parents=True)
    bare = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={**os.environ, **bare, "VICREG_DATA": str(place)},
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.decode(errors="replace").splitlines()
    assert line.startswith("error: ") and "lacks data_batch_1, " in line


def test_relative_folders_mean_the_same_in_chapters_which_run_in_a_folder_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(PROJECT)
    start_at_this_folder = importlib.import_module("build_report").start_at_this_folder
    given = {"VICREG_DATA": "../images", "VICREG_WEIGHTS": "~/weights", "VICREG_RUNS": "/runs", "VICREG_CACHE": ""}
    for name, folder in given.items():
        monkeypatch.setenv(name, folder)
    start_at_this_folder()
    expected = [tmp_path.parent / "images", Path.home() / "weights", Path("/runs")]
    assert [os.environ[name] for name in given] == [*map(str, expected), ""]


def test_folders_of_tests_are_their_own():
    assert Path(os.environ["VICREG_CACHE"]) == cache_folder() != PROJECT
    assert not weights_folder().is_relative_to(PROJECT)
