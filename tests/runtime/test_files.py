"""Files are whole or absent, whatever the disk does; folders follow the environment.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import resource
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from vicreg.runtime import atomic, paths, tensor_files
from vicreg.runtime.errors import VICRegError

CONTENT = {"weights": torch.arange(10_000.0), "name": "vicreg", "betas": [0.9, 0.999]}


def test_tensors_come_back_as_they_were_saved(tmp_path):
    tensor_files.save_tensors(CONTENT, tmp_path / "new" / "x.pt")
    with open(tmp_path / "new" / "x.pt", "rb") as file:
        loaded = tensor_files.load_tensors(file)
    assert_close(loaded.pop("weights"), CONTENT["weights"], rtol=0, atol=0)
    assert loaded == {"name": "vicreg", "betas": [0.9, 0.999]}


def test_check_sums_are_looked_at(tmp_path):
    tensor_files.save_tensors(CONTENT, tmp_path / "x.pt")
    raw = bytearray((tmp_path / "x.pt").read_bytes())
    raw[len(raw) // 2] ^= 1
    torch.load(io.BytesIO(raw), weights_only=True)  # torch itself does not notice
    with pytest.raises(ValueError, match="check sum"):
        tensor_files.load_tensors(io.BytesIO(raw))


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt(), RuntimeError("?")])
def test_a_write_that_fails_leaves_the_old_file(tmp_path, failure):
    path = tmp_path / "x"
    path.write_text("old")

    def write(temporary: Path):
        temporary.write_text("half of the n")
        raise failure

    with pytest.raises(VICRegError if isinstance(failure, OSError) else type(failure)):
        atomic.write_atomically(path, write)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path], "nothing stray is left"


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "x"
    path.write_text("old")

    def write(temporary: Path):
        temporary.write_text("new")
        assert path.read_text() == "old"

    atomic.write_atomically(path, write)
    assert path.read_text() == "new"


def test_a_full_disk_is_one_sentence_and_the_old_file_stands(tmp_path):
    path = tmp_path / "x.pt"
    tensor_files.save_tensors({"name": "old"}, path)
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, limits[1]))  # the kernel refuses more
    try:
        with pytest.raises(VICRegError) as caught:
            tensor_files.save_tensors(CONTENT, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    message = str(caught.value)
    assert str(path) in message and "free some space" in message and "\n" not in message
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(VICRegError, match="could not be written"):
        tensor_files.save_tensors(CONTENT, tmp_path / "file" / "x.pt")


@pytest.mark.parametrize("name", ["data", "weights", "runs", "cache"])
def test_folders_follow_the_environment_else_the_project(tmp_path, monkeypatch, name):
    folder = getattr(paths, f"{name}_folder")
    monkeypatch.setenv(f"VICREG_{name.upper()}", "~/mine")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder() == tmp_path / "mine"
    monkeypatch.setenv(f"VICREG_{name.upper()}", "")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    own = tmp_path / ".cache" / "vicreg"
    assert folder() == (own if name == "cache" else paths.PROJECT / name)
