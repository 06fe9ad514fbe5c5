"""What killed writers leave is swept, what living ones make is not; two writers never mix.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from vicreg import data
from vicreg.runtime.atomic import SUFFIX, fcntl, held, sweep, unfinished_folder, write_atomically
from vicreg.runtime.cache import from_cache, keep_in_cache
from vicreg.runtime.paths import cache_folder

pytestmark = pytest.mark.skipif(fcntl is None, reason="needs a system that knows locks of files")


def stray(folder: Path, name: str = "x", content: bytes = b"half") -> Path:
    path = folder / f".{name}.abc{SUFFIX}"
    path.write_bytes(content)
    return path


def test_the_next_write_sweeps_what_the_killed_left(tmp_path):
    stray(tmp_path, "x"), stray(tmp_path, "y")
    folder = tmp_path / f".download.abc{SUFFIX}"
    folder.mkdir()
    (folder / "half").write_bytes(b"half")
    write_atomically(tmp_path / "x", lambda temporary: temporary.write_text("whole"))
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_what_a_living_writer_makes_is_left_alone(tmp_path):
    with held(stray(tmp_path)), unfinished_folder(tmp_path, "download") as folder:
        (folder / "half").write_bytes(b"half")
        sweep(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted([f".x.abc{SUFFIX}", folder.name])
    assert not folder.exists()


def test_only_our_own_strays_are_swept(tmp_path):
    others = [tmp_path / ".x.part", tmp_path / f"x{SUFFIX}", tmp_path / ".x.tmp"]
    for path in others:
        path.write_text("another's")
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "kept"
    target.write_text("kept")
    (tmp_path / f".link.abc{SUFFIX}").symlink_to(target)
    sweep(tmp_path)
    assert all(path.exists() for path in others) and target.read_text() == "kept"


def test_what_may_be_about_to_be_locked_is_left(tmp_path):
    sweep(stray(tmp_path, content=b"").parent)
    assert len(list(tmp_path.iterdir())) == 1


def test_of_two_writers_at_once_the_last_to_finish_counts(tmp_path):
    path = tmp_path / "x"

    def write(temporary: Path) -> None:
        temporary.write_text("slow")
        write_atomically(path, lambda other: other.write_text("quick"))  # begins later, ends first
        assert path.read_text() == "quick" and temporary.read_text() == "slow"

    write_atomically(path, write)
    assert path.read_text() == "slow" and list(tmp_path.iterdir()) == [path]


def test_old_caches_of_decoded_images_go_and_others_stay():
    for number in range(data.CACHES_KEPT + 2):
        keep_in_cache(f"cifar10-{number}.npz", y=np.zeros(1))
        os.utime(cache_folder() / f"cifar10-{number}.npz", (number, number))
    keep_in_cache("representations-0.npz", y=np.zeros(1))
    os.utime(cache_folder() / "representations-0.npz", (0, 0))
    from_cache("cifar10-1.npz")  # use makes it the newest
    data.keep_newest("cifar10-*.npz", data.CACHES_KEPT)
    kept = {path.name for path in cache_folder().iterdir()}
    assert kept == {"cifar10-1.npz", "cifar10-3.npz", "cifar10-4.npz", "representations-0.npz"}
