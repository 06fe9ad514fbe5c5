"""``python -m vicreg embed``, and what all commands on folders refuse.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

from vicreg.datasets.folder import find_pictures
from vicreg.folder_representations import represent_folder
from vicreg.runtime.paths import PROJECT
from vicreg.weights import load_run

COMMANDS = ("embed", "search", "anomalies", "clusters", "probe")


def test_the_file_holds_representations_names_and_labels(vicreg, photos, tmp_path, trained):
    (photos / "cat" / "broken.png").write_bytes(b"?")
    (photos / "cat" / "cat 0000.png").rename(photos / "cat" / "猫 und Ümlaut & <b>.png")
    said = vicreg("embed", photos, "--out", tmp_path / "y.npz")
    assert "24 representations of 128 dimensions are in" in said.out
    assert "photos: 24 pictures are read, 1 left out:\n  cat/broken.png: is not a readable image" in said.err
    with np.load(tmp_path / "y.npz", allow_pickle=False) as file:
        content = dict(file)
    folder, y = represent_folder(load_run(trained.weights), find_pictures(photos))
    assert content["names"].tolist() == list(folder.names) and content["left_out"].tolist() == ["cat/broken.png"]
    assert content["classes"].tolist() == ["cat", "frog", "ship"]
    assert content["labels"].tolist() == [0] * 8 + [1] * 8 + [2] * 8
    assert np.array_equal(content["y"], y.numpy()) and content["splits"].size == 0
    assert str(content["weights"]) == f"vicreg ({load_run(trained.weights).fingerprint[:12]})"
    np.savez(tmp_path / "y.npz", weights=np.array("others"))
    assert "y.npz, made with the weights others, is being replaced." in vicreg("embed", photos, "--out", tmp_path / "y.npz").out


def test_pictures_without_classes_and_one_alone(vicreg, photos, tmp_path):
    vicreg("embed", photos / "cat", "--out", tmp_path / "y.npz")
    content = np.load(tmp_path / "y.npz")
    assert content["y"].shape == (8, 128) and set(content["labels"].tolist()) == {-1} and content["classes"].size == 0
    for path in sorted((photos / "cat").iterdir())[1:]:
        path.unlink()
    assert "1 representations" in vicreg("embed", photos / "cat", "--out", tmp_path / "y.npz").out


@pytest.mark.parametrize("command", COMMANDS)
def test_what_no_command_can_do_is_one_sentence(vicreg, photos, tmp_path, command):
    def refused(*folders, options=()):
        words = {"search": [folders[0], photos / "cat/cat 0000.png"], "anomalies": folders * 2}.get(command, folders)
        out = ["--out", tmp_path / "y.npz"] if command == "embed" else []
        return vicreg(command, *words, *out, *options, code=1).err.splitlines()[-1]

    (tmp_path / "empty").mkdir()
    assert "There are no pictures in" in refused(tmp_path / "empty")
    assert "is not there; name a folder" in refused(tmp_path / "nowhere")
    (photos / "cat" / "broken.png").write_bytes(b"?")
    assert "cat/broken.png: is not a readable image; mend or remove" in refused(photos, options=["--strict"])
    assert "There is no device 'nonsense'; choose cpu or cuda" in refused(photos, options=["--device", "nonsense"])
    assert "There are no weights 'nonsense'; choose from" in refused(photos, options=["--weights", "nonsense"])
    assert not (tmp_path / "out").exists() and not (tmp_path / "y.npz").exists()


@pytest.mark.parametrize("command", [c for c in COMMANDS if c != "embed"])
def test_results_never_lie_among_the_pictures(vicreg, photos, command):
    words = {"search": [photos / "cat/cat 0000.png"], "anomalies": [photos]}.get(command, [])
    before = sorted(photos.rglob("*"))
    for place in (photos, photos / "results" / "deep"):
        assert "among the pictures of" in vicreg(command, photos, *words, "--out", place, code=1).err
    assert sorted(photos.rglob("*")) == before


@pytest.mark.parametrize("command", [c for c in COMMANDS if c != "embed"])
def test_results_do_not_come_among_the_pictures_by_a_link(vicreg, photos, tmp_path, command):
    words = {"search": [photos / "cat/cat 0000.png"], "anomalies": [photos]}.get(command, [])
    (photos / "cat").rename(tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", photos / "cat")
    for place in (tmp_path / "elsewhere", photos / "cat" / "out"):
        assert "among the pictures of" in vicreg(command, photos, *words, "--out", place, code=1).err


def test_places_that_cannot_be_written_to_are_refused_before_anything_is_embedded(vicreg, photos, tmp_path):
    (tmp_path / "file").write_text("")
    for command, out in (("embed", tmp_path / "file" / "y.npz"), ("probe", tmp_path / "file" / "out")):
        said = vicreg(command, photos, "--out", out, code=1)
        assert "cannot be written to; set --out to one that can" in said.err and not said.out


@pytest.mark.parametrize("name", ["~nouserofthis", "a$\\foo$ b", "\x1b[31mred", "x" * 200])
def test_folders_may_be_called_anything(vicreg, photos, tmp_path, name, monkeypatch):
    photos.rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for command, *words in (["anomalies", f"{name}/cat", name], ["clusters", name, "-k", "3"], ["probe", name]):
        assert "\x1b" not in vicreg(command, *words).out
    vicreg("search", name, f"{name}/cat/cat 0000.png")


def test_a_folder_whose_name_is_no_text(vicreg, photos, tmp_path):
    try:
        os.rename(photos, os.fsencode(tmp_path) + b"/\xff")
    except OSError:
        return  # this system's names are text
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    for command, *words in (["anomalies", f"{folder}/cat", folder], ["clusters", folder, "-k", "3"], ["probe", folder]):
        vicreg(command, *words)


def test_weights_are_found_by_their_name_with_and_without_an_ending(photos, tmp_path, trained, capsys):
    from vicreg.__main__ import main
    from vicreg.runtime.paths import weights_folder

    weights_folder().mkdir(parents=True)
    (weights_folder() / "vicreg.pt").write_bytes(trained.weights.read_bytes())
    for named in ("vicreg", "vicreg.pt", str(trained.weights)):
        assert main(["embed", str(photos), "--weights", named, "--device", "cpu", "--out", str(tmp_path / "y.npz")]) == 0


def test_a_file_that_is_no_npz_is_refused(vicreg, photos, tmp_path):
    assert "does not end in .npz" in vicreg("embed", photos, "--out", tmp_path / "y.csv", code=1).err
    (tmp_path / "y.npz").mkdir()
    assert "is a folder; name a file in it" in vicreg("embed", photos, "--out", tmp_path / "y.npz", code=1).err


def test_a_wrong_folder_does_not_wait_for_torch(tmp_path):
    program = (
        "import sys; from vicreg.__main__ import main\n"
        f"assert main(['clusters', {str(tmp_path)!r}]) == 1 and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True, capture_output=True, env={**os.environ})
