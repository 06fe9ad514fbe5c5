"""``python -m vicreg search``.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import shutil

import pytest
import torch

from vicreg import folder_representations
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


def test_a_small_folder_gives_what_it_has(vicreg, photos, read_csv):
    shutil.copy(inside := photos / "cat" / "cat 0000.png", outside := photos.parent / "elsewhere.png")
    for query, most in ((inside, 23), (outside, 24)):
        said = vicreg("search", photos, query, "-k", "100")
        assert f"Only {most} pictures can be found, not 100." in said.out
        assert len(read_csv(said.folder / "search.csv")) == 2 * most


def test_many_queries_are_embedded_as_a_folder_is_and_those_in_it_are_known(vicreg, photos, tmp_path, monkeypatch, read_csv):
    asked, decoded = [], folder_representations.decoded
    monkeypatch.setattr(folder_representations, "decoded", lambda paths, side: (asked.append(len(paths)), decoded(paths, side))[1])
    shutil.copytree(photos / "ship", tmp_path / "elsewhere")
    queries = [*(photos / "cat").iterdir(), *(tmp_path / "elsewhere").iterdir(), photos / "frog" / "frog 0000.png"]
    said = vicreg("search", photos, *queries)
    assert asked == [24, 8] and "vicreg: pictures: 100%" in said.err
    first = {row["query"]: row["file"] for row in read_csv(said.folder / "search.csv") if row["found"] == "nearest" and row["rank"] == "1"}
    assert all(first[str(path)] == f"ship/{path.name}" for path in (tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("cat/nothing.png", "is not there; name another"),
        ("cat", "is a folder; name pictures in it"),
        ("gif.jpg", "gif.jpg holds GIF, not JPEG, PNG or WebP; name another"),
    ],
)
def test_what_cannot_be_looked_for_is_one_sentence(vicreg, photos, query, says):
    (photos / "gif.jpg").write_bytes(b"GIF89a" + bytes(100))
    assert says in vicreg("search", photos, photos / query, code=1).err


def test_an_address_is_called_one(vicreg, photos, capsys):
    for words in ([photos, "https://example.org/cat.jpg"], ["https://example.org/cats", photos / "cat/cat 0000.png"]):
        with pytest.raises(SystemExit):
            vicreg("search", *words)
        assert "is an address; download what is there, and name the file or folder" in capsys.readouterr().err


def test_one_picture_alone_finds_nothing(vicreg, photos):
    for path in sorted((photos / "cat").iterdir())[1:]:
        path.unlink()
    said = vicreg("search", photos / "cat", photos / "cat" / "cat 0000.png", code=1)
    assert "There is no other image to find" in said.err
