"""``python -m vicreg train`` on a folder of pictures, and what follows with its weights.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import shutil

import numpy as np
import pytest
from tensorboard.backend.event_processing import event_accumulator

from vicreg.__main__ import main
from vicreg.runtime.paths import runs_folder, weights_folder
from vicreg.weights import load_run

TINY = ["--epochs", "1", "--batch-size", "8", "--device", "cpu"]


def test_from_pictures_to_anomalies_with_weights_of_ones_own(photos, tmp_path, capsys, read_csv):
    (photos / "cat" / "broken.png").write_bytes(b"?")
    assert main(["train", "vicreg", "--data", str(photos), "--side", "48", "--as", "photos48", *TINY]) == 0
    said = capsys.readouterr()
    assert "1 left out:\n  cat/broken.png: is not a readable image" in said.err
    assert "photos48: 1 epoch of photos (24 pictures) on" in said.out
    assert "48x48" in said.out and "a step takes up to 2.2 times" in said.out
    run = load_run("photos48")
    assert run.experiment.side == 48 and run.provenance.data_name == "photos (24 pictures)"

    assert main(["list"]) == 0
    assert "photos48" in capsys.readouterr().out
    common = [str(photos), "--weights", "photos48", "--device", "cpu", "--out"]
    assert main(["embed", *common, str(tmp_path / "y.npz")]) == 0
    assert np.load(tmp_path / "y.npz")["y"].shape == (24, 128)
    assert main(["anomalies", str(photos / "cat"), *common, str(tmp_path / "out")]) == 0
    assert len(read_csv(tmp_path / "out" / "anomalies.csv")) == 24
    assert "8 normal pictures and 16 odd ones: AUC" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "says"), [("vicreg", "is not CIFAR-10, whose weights 'vicreg' are; add --as NAME"), ("all", "name one of them, and add --as")]
)
def test_built_in_names_are_not_given_to_other_images_weights(photos, capsys, name, says):
    assert main(["train", name, "--data", str(photos), *TINY]) == 1
    assert says in capsys.readouterr().err
    assert not weights_folder().exists() and not runs_folder().exists()


def test_the_same_name_for_other_pictures_is_refused(photos, small, capsys):
    command = ["train", "vicreg", "--data", str(photos), "--as", "mine", *TINY]
    assert main(command) == 0
    capsys.readouterr()
    assert main(command) == 0, "the same pictures go on"
    assert "mine has 1 epoch already; --epochs trains more." in capsys.readouterr().err
    assert main(["train", "mine", *TINY]) == 1
    assert "mine was trained on photos (24 pictures); name their folder with --data." in capsys.readouterr().err
    (photos / "cat" / "cat 0000.png").unlink()
    capsys.readouterr()
    assert main(command) == 1
    assert "trained on other images" in capsys.readouterr().err


def test_the_log_probes_the_classes_that_are_on_both_sides(photos, tmp_path, capsys):
    for split, names in (("train", ("cat", "frog", "ship")), ("test", ("cat", "ship"))):
        for name in names:
            paths = sorted((photos / name).iterdir())
            (photos / split / name).mkdir(parents=True)
            for path in paths[: len(paths) // 2 if split == "train" else None]:
                path.rename(photos / split / name / path.name)
    shutil.rmtree(photos / "frog")
    (photos / "cat").rmdir(), (photos / "ship").rmdir()
    log = ["--log", str(tmp_path / "log"), "--probe-every", "1"]
    assert main(["train", "vicreg", "--data", str(photos), "--as", "probed", *TINY, "--batch-size", "4", *log]) == 0
    assert "The probe leaves out what has no images to train on, or none to test: frog." in capsys.readouterr().err
    events = event_accumulator.EventAccumulator(str(tmp_path / "log" / "probed")).Reload()
    (accuracy,) = (event.value for event in events.Scalars("probe/test_accuracy"))
    assert accuracy * 8 == pytest.approx(round(accuracy * 8)), "of the eight cats and ships"


def test_neighbours_need_a_few_images(photos, small, load_small, capsys):
    command = ["train", "vicreg", "--data", str(photos), *TINY]
    assert main([*command, "--as", "first"]) == 0
    assert main([*command, "--as", "second", "--set", "neighbours_of=first"]) == 1
    assert "need at least 4 images to train on and as many to test, and one of the two has 2" in capsys.readouterr().err


def test_what_cannot_be_trained_on_is_one_sentence(photos, small, tmp_path, capsys):
    def refused(*options):
        assert main(["train", "vicreg", "--as", "mine", *TINY, *map(str, options)]) == 1
        return capsys.readouterr().err.splitlines()[-1]

    assert "is not there; name a folder" in refused("--data", tmp_path / "typing error")
    (tmp_path / "empty").mkdir()
    assert "There are no pictures in" in refused("--data", tmp_path / "empty")
    assert "has 22 pictures to train on, of which 256 are needed; set a smaller --batch-size" in refused("--data", photos, "--batch-size", 256)
    (photos / "cat" / "broken.png").write_bytes(b"?")
    assert "leave --strict out" in refused("--data", photos, "--strict")
    for path in sorted(photos.rglob("*.png"))[1:]:
        path.unlink()
    assert "has 0 pictures to train on, of which 2 are needed; add some" in refused("--data", photos, "--batch-size", 2)
    assert not weights_folder().exists()


def test_a_folder_with_too_few_to_watch_is_refused_before_anything_is_decoded(photos, monkeypatch, capsys):
    (photos / "val" / "cat").mkdir(parents=True)
    (photos / "cat" / "cat 0000.png").rename(photos / "val" / "cat" / "cat 0000.png")
    (photos / "train").mkdir(), (photos / "cat").rename(photos / "train" / "cat")
    monkeypatch.setattr("vicreg.folder_images.decoded", lambda *_: pytest.fail("decoded"))
    assert main(["train", "vicreg", "--data", str(photos), "--as", "mine", *TINY[:2], "--batch-size", "5"]) == 1
    said = capsys.readouterr()
    assert "has 1 picture to watch, of which 2 are needed; add some." in said.err and "epoch" not in said.out


def test_copies_of_training_pictures_among_those_to_watch_are_told(photos, capsys):
    for name in ("cat", "frog", "ship"):
        shutil.copytree(photos / name, photos / "val" / name)
        (photos / "train").mkdir(exist_ok=True), (photos / name).rename(photos / "train" / name)
    (photos / "val" / "cat" / "cat 0000.png").unlink()
    assert main(["train", "vicreg", "--data", str(photos), "--as", "mine", *TINY]) == 0
    assert "photos: 23 of the 23 pictures to watch are identical, pixel for pixel, to one to train on." in capsys.readouterr().err


def test_the_pictures_at_hand_are_told(photos, capsys):
    assert main(["data", "--data", str(photos)]) == 0
    assert "24 pictures of 3 classes (cat 8, frog 8, ship 8)" in capsys.readouterr().out
    assert main(["data", "--data", str(photos), "--json"]) == 0
    assert capsys.readouterr().out == "null\n"
