"""``python -m vicreg clusters``.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import json
import re

import pytest
import torch

from vicreg.datasets.folder import find_pictures
from vicreg.downstream.clustering import cluster, silhouette
from vicreg.folder_representations import represent_folder
from vicreg.weights import load_run


def test_the_clusters_are_k_means_by_centrality(vicreg, photos, read_csv, check_png, trained):
    said = vicreg("clusters", photos, "-k", "4", "--seed", "1")
    rows = read_csv(said.folder / "clusters.csv")
    folder, y = represent_folder(load_run(trained.weights), find_pictures(photos))
    expected = cluster(y, 4, seed=1)
    found = {row["file"]: int(row["cluster"]) - 1 for row in rows}
    assert [found[name] for name in folder.names] == expected.clusters.tolist()
    assert f"Silhouette of 4 clusters: {silhouette(y, expected.clusters):.4f}" in said.out
    assert "Clusters and classes: accuracy" in said.out
    keys = [(int(row["cluster"]), float(row["distance"])) for row in rows]
    assert keys == sorted(keys)
    first = folder.names.index(rows[0]["file"])
    assert float(rows[0]["distance"]) == pytest.approx((y[first] - expected.centres[0]).norm().item(), abs=1e-3)
    check_png(said.folder / "clusters.png")


def test_the_map_has_a_picture_for_every_point_and_no_markup_gets_in(vicreg, photos):
    (photos / "cat" / "cat 0000.png").rename(photos / "cat" / "<img src=x onerror=alert(1)>.png")
    (photos / "cat" / "cat 0001.png").rename(photos / "cat" / "<:script>.png".replace(":", "\N{DIVISION SLASH}"))
    page = (vicreg("clusters", photos, "-k", "2").folder / "map.html").read_text(encoding="utf-8")
    pictures, names = re.search(r"pictures = (\[.*?\]), names = (\[.*?\]);\n", page).groups()
    assert len(json.loads(pictures)) == len(json.loads(names)) == 24
    assert all(name.endswith((" – cluster 1", " – cluster 2")) for name in json.loads(names))
    assert "onerror=alert" in names and "<img" not in names
    assert not re.search(r"<(script|link|img)[^>]*\s(src|href)=", page), "it loads nothing"
    shown = [int(n) for group in re.findall(r'"customdata":(\[[\d,]*\])', page) for n in json.loads(group)]
    assert sorted(shown) == list(range(24)) or '"customdata":{"dtype"' in page


def test_the_map_is_of_some_or_of_none(vicreg, photos):
    said = vicreg("clusters", photos, "-k", "2", "--map", "10")
    assert "The map shows 10 of the 24 pictures" in said.out and (said.folder / "map.html").exists()
    said = vicreg("clusters", photos, "-k", "2", "--map", "0")
    assert "No map" not in said.out
    assert not (said.folder / "map.html").exists(), "an earlier run's is not left beside other clusters"


def test_pictures_without_classes(vicreg, photos):
    said = vicreg("clusters", photos / "cat", "-k", "2")
    assert "Silhouette of 2 clusters" in said.out and "classes: accuracy" not in said.out


def test_what_cannot_be_grouped_is_one_sentence(vicreg, photos):
    said = vicreg("clusters", photos, "-k", "25", code=1)
    assert "-k 25 is too large for" in said.err and "which has 24 pictures to choose from" in said.err and not said.out, "before anything is decoded"


def test_fewer_different_pictures_than_clusters(vicreg, photos):
    paths = sorted((photos / "cat").iterdir())
    for path in paths[3:]:
        path.write_bytes(paths[0].read_bytes())
    said = vicreg("clusters", photos / "cat", "-k", "4", code=1)
    assert "Only 3 of the 8 images differ; ask for 3 clusters at most, got 4." in said.err and "Warning" not in said.err


def test_few_pictures_have_no_map(vicreg, photos):
    assert "No map: t-SNE takes 8 pictures at least, and gets 5." in vicreg("clusters", photos, "-k", "2", "--map", "5").out


def test_pictures_that_are_all_alike_and_one_alone(vicreg, photos):
    paths = sorted((photos / "cat").iterdir())
    for path in paths[1:]:
        path.write_bytes(paths[0].read_bytes())
    assert "the images are all alike, or" in vicreg("clusters", photos / "cat", "-k", "2", code=1).err
    for path in paths[1:]:
        path.unlink()
    assert "-k 2 is too large for" in vicreg("clusters", photos / "cat", "-k", "2", code=1).err


def test_representations_of_one_picture_are_no_clusters():
    with pytest.raises(ValueError, match="at least two images"):
        cluster(torch.randn(1, 4), 2)
