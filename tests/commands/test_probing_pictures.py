"""``python -m vicreg probe``.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import re

import pytest
import torch

from vicreg.datasets.folder import find_pictures
from vicreg.downstream.probe import linear_probe
from vicreg.folder_representations import represent_folder
from vicreg.weights import load_run


@pytest.fixture
def split(photos):
    """The pictures, five a class to learn from and three to test."""
    for name in ("cat", "frog", "ship"):
        for number, path in enumerate(sorted((photos / name).iterdir())):
            target = photos / ("train" if number < 5 else "test") / name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
        (photos / name).rmdir()
    return photos


def test_a_split_is_learned_and_tested(vicreg, split, read_csv, check_png, trained):
    said = vicreg("probe", split)
    folder, y = represent_folder(load_run(trained.weights), find_pictures(split))
    test = torch.tensor([name.startswith("test/") for name in folder.names])
    labels = torch.from_numpy(folder.labels)
    expected = linear_probe(y[~test], labels[~test], y[test], labels[test])
    assert f"Test accuracy {expected.accuracy:.2%} of 9 pictures" in said.out
    rows = read_csv(said.folder / "probe.csv")
    assert [row["predicted"] for row in rows] == [folder.classes[p] for p in expected.predictions]
    assert [row["right"] == "1" for row in rows] == [row["class"] == row["predicted"] for row in rows]
    assert all(row["file"].startswith("test/") for row in rows)
    check_png(said.folder / "confusion.png")


def test_without_a_split_it_is_cross_validated(vicreg, photos, read_csv):
    said = vicreg("probe", photos, "--folds", "4")
    accuracy = float(re.search(r"Accuracy ([\d.]+)%, cross-validated: the mean of 4 folds of 24 pictures;", said.out)[1])
    rows = read_csv(said.folder / "probe.csv")
    assert len(rows) == 24
    assert 100 * sum(row["right"] == "1" for row in rows) / 24 == pytest.approx(accuracy, abs=0.01)
    for name in ("cat", "frog", "ship"):
        share = sum(row["right"] == "1" for row in rows if row["class"] == name) / 8
        assert re.search(rf"{name} +{share:.1%} of 8", said.out)


def test_a_small_class_lowers_the_number_of_folds(vicreg, photos):
    for path in sorted((photos / "frog").iterdir())[2:]:
        path.unlink()
    assert "There are 2 folds and not 5, since the smallest class has so few pictures." in vicreg("probe", photos).out


def test_pictures_of_no_class_are_left_out(vicreg, photos, read_csv):
    (photos / "cat" / "cat 0000.png").rename(photos / "alone.png")
    said = vicreg("probe", photos)
    assert "left out of the probe: 1" in said.out and len(read_csv(said.folder / "probe.csv")) == 23


def test_what_cannot_be_probed_is_one_sentence(vicreg, photos, split):
    def refused(*words):
        return vicreg("probe", *words, code=1).err

    assert "has no classes; a probe tells at least two apart" in refused(split / "test" / "cat")
    (split / "train" / "cat").rename(split / "aside"), (split / "train" / "frog").rename(split / "train" / ".frog")
    assert "has 1 class; a probe tells at least two apart, a folder each." in refused(split / "train")
    (split / "aside").rename(split / "train" / "cat"), (split / "train" / ".frog").rename(split / "train" / "frog")
    for path in sorted((split / "test" / "frog").iterdir()):
        path.unlink()
    assert "The class 'frog' has no pictures to test on, and a probe needs 1" in refused(split)
    for path in sorted((split / "train" / "frog").iterdir())[1:]:
        path.unlink()
    assert "The class 'frog' has 1 picture, and a probe needs 2" in refused(split / "train")
