"""``python -m vicreg anomalies``.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import shutil
import unicodedata

import pytest
import torch
from sklearn.metrics import roc_auc_score

from vicreg.datasets.folder import find_pictures
from vicreg.folder_representations import represent_folder
from vicreg.weights import load_run


@pytest.fixture
def normal(photos, tmp_path):
    """Half of the cats, moved to a folder of their own that is called as they are."""
    root = tmp_path / "normal" / "cat"
    root.mkdir(parents=True)
    for path in sorted((photos / "cat").iterdir())[:4]:
        path.rename(root / path.name)
    return root


def test_scores_are_eq_7_and_the_auc_is_scikit_learns(vicreg, photos, normal, read_csv, check_png, trained):
    said = vicreg("anomalies", normal, photos, "-k", "3")
    rows = read_csv(said.folder / "anomalies.csv")
    run = load_run(trained.weights)
    _, normal_y = represent_folder(run, find_pictures(normal))
    folder, y = represent_folder(run, find_pictures(photos))
    expected = torch.cdist(y.double(), normal_y.double()).topk(3, largest=False).values.mean(dim=1)
    scores = {row["file"]: float(row["score"]) for row in rows}
    assert [scores[name] for name in folder.names] == pytest.approx(expected.tolist(), abs=1e-3)
    assert list(scores.values()) == sorted(scores.values(), reverse=True)
    assert [row["rank"] for row in rows] == [str(rank) for rank in range(1, 21)]
    odd = [int(row["odd"]) for row in rows]
    assert [row["class"] != "cat" for row in rows] == odd
    auc = roc_auc_score(odd, list(scores.values()))
    assert f"4 normal pictures and 16 odd ones: AUC {auc:.4f}" in said.out
    check_png(said.folder / "anomalies.png"), check_png(said.folder / "roc.png")


def test_normal_classes_can_be_named_and_pictures_of_no_class_count_for_neither(vicreg, photos, normal, read_csv):
    shutil.copy(photos / "frog" / "frog 0000.png", photos / "alone.png")
    said = vicreg("anomalies", normal, photos, "--normal-classes", "cat, frog,")
    assert "12 normal pictures and 8 odd ones; 1 without a class is in neither group: AUC" in said.out
    odd = {row["file"]: row["odd"] for row in read_csv(said.folder / "anomalies.csv")}
    assert odd["frog/frog 0000.png"] == "0" and odd["ship/ship 0000.png"] == "1" and odd["alone.png"] == ""


def test_a_folder_against_itself_leaves_each_picture_out(vicreg, photos, read_csv, trained):
    said = vicreg("anomalies", photos, photos)
    rows = read_csv(said.folder / "anomalies.csv")
    _, y = represent_folder(load_run(trained.weights), find_pictures(photos))
    distances = torch.cdist(y.double(), y.double()).fill_diagonal_(torch.inf).topk(2, largest=False).values.mean(dim=1)
    assert float(rows[0]["score"]) == pytest.approx(distances.max().item(), abs=1e-3)
    assert "No AUC: it takes normal pictures and odd ones in FOLDER" in said.out and {row["odd"] for row in rows} == {""}


def test_an_earlier_roc_curve_goes_where_there_is_none(vicreg, photos, normal):
    assert (vicreg("anomalies", normal, photos).folder / "roc.png").exists()
    assert not (vicreg("anomalies", normal, photos / "ship").folder / "roc.png").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["-k", "5"], "which has 4 pictures to choose from; choose a smaller -k"),
        (["--normal-classes", "dog"], "has no class 'dog'; its classes are: cat, frog, ship"),
    ],
)
def test_what_cannot_be_judged_is_one_sentence(vicreg, photos, normal, options, says):
    said = vicreg("anomalies", normal, photos, *options, code=1)
    assert says in said.err and not said.out, "before anything is decoded"


def test_normal_classes_compare_in_one_normal_form(vicreg, photos, normal):
    (photos / "cat").rename(photos / unicodedata.normalize("NFD", "café"))
    (photos / "frog").rename(photos / unicodedata.normalize("NFC", "Übung"))
    named = unicodedata.normalize("NFC", "café") + "," + unicodedata.normalize("NFD", "Übung")
    assert "12 normal pictures and 8 odd ones" in vicreg("anomalies", normal, photos, "--normal-classes", named).out
    normal = normal.rename(normal.with_name(unicodedata.normalize("NFC", "café")))
    assert "4 normal pictures and 16 odd ones" in vicreg("anomalies", normal, photos).out
