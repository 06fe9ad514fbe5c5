"""``python -m vicreg search``.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import shutil

import pytest
import torch

from vicreg.datasets.folder import find_pictures
from vicreg.folder_representations import represent_folder
from vicreg.weights import load_run


def test_what_is_found_is_what_brute_force_finds(vicreg, photos, tmp_path, read_csv, check_png, trained):
    inside, outside = photos / "cat" / "cat 0003.png", tmp_path / "elsewhere.png"
    shutil.copy(photos / "ship" / "ship 0002.png", outside)
    said = vicreg("search", photos, inside, outside, "-k", "3")
    assert f"The results are in {said.folder}." in said.out
    check_png(said.folder / "search.png")
    rows = read_csv(said.folder / "search.csv")
    folder, y = represent_folder(load_run(trained.weights), find_pictures(photos))
    for query, name in ((inside, "cat/cat 0003.png"), (outside, "ship/ship 0002.png")):
        distances = torch.cdist(y.double(), y[folder.names.index(name)].double().unsqueeze(0)).squeeze(1)
        order = [folder.names[i] for i in distances.argsort()]
        near = order[1:4] if query == inside else order[:3]
        for kind, expected in (("nearest", near), ("most distant", order[:-4:-1])):
            found = [row for row in rows if row["query"] == str(query) and row["found"] == kind]
            assert [row["rank"] for row in found] == ["1", "2", "3"]
            assert [row["class"] for row in found] == [row["file"].split("/")[0] for row in found]
            if query == inside:
                assert [row["file"] for row in found] == expected
            # A picture that is embedded by itself differs by roundings of bf16.
            rounding = 1e-3 if query == inside else 0.02 * distances.max().item()
            for row in found:
                assert float(row["distance"]) == pytest.approx(distances[folder.names.index(row["file"])].item(), abs=rounding)
    assert next(row["file"] for row in rows if row["query"] == str(outside)) == "ship/ship 0002.png"


def test_a_folder_without_classes(vicreg, photos, read_csv):
    said = vicreg("search", photos / "cat", photos / "ship" / "ship 0000.png")
    rows = read_csv(said.folder / "search.csv")
    assert len(rows) == 10 and {row["class"] for row in rows} == {""}


@pytest.mark.parametrize(
    ("query", "k", "says"),
    [
        ("cat/cat 0000.png", 24, "k must be from 1 to the 23 images"),
        ("cat/nothing.png", 5, "is not there; name another"),
        ("cat", 5, "is not there; name another"),
    ],
)
def test_what_cannot_be_found_is_one_sentence(vicreg, photos, query, k, says):
    assert says in vicreg("search", photos, photos / query, "-k", k, code=1).err


def test_one_picture_alone_finds_nothing(vicreg, photos):
    for path in sorted((photos / "cat").iterdir())[1:]:
        path.unlink()
    said = vicreg("search", photos / "cat", photos / "cat" / "cat 0000.png", code=1)
    assert "There is no other image to find" in said.err
