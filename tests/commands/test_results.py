"""What all tables and sheets have in common, and what is told beside figures.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import csv
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import matplotlib.pyplot as plt
import pandas as pd
import torch
from matplotlib.image import imread

from vicreg.commands.folders import write_table
from vicreg.plots.sheets import FRAME, save_sheet, thumbnails
from vicreg.runtime.paths import PROJECT
from vicreg.weights import load_run, save_run

ODD = ("new\nline", "back\r", "\r\n", 'a, "b"', "'", "ü 猫", "\udcff\udc80 no text", "")


def test_a_table_reads_back_whatever_a_name_holds(tmp_path):
    write_table(tmp_path / "t.csv", "w", ("file", "class"), [(name, name[::-1]) for name in ODD])
    with open(tmp_path / "t.csv", encoding="utf-8", errors="surrogateescape", newline="") as file:
        assert list(csv.reader(file)) == [["file", "class", "weights"], *([name, name[::-1], "w"] for name in ODD)]
    assert b'"back\r"' in (tmp_path / "t.csv").read_bytes(), "quoted, which not every Python does by itself"
    text = [name for name in ODD if name.isascii() or "ü" in name]
    write_table(tmp_path / "t.csv", "w", ("file",), [(name,) for name in text])
    assert pd.read_csv(tmp_path / "t.csv", keep_default_na=False)["file"].tolist() == text


def test_every_table_names_its_weights_and_others_are_not_replaced_silently(vicreg, photos, trained, tmp_path, read_csv):
    (photos / "cat" / "broken.png").write_bytes(b"?")
    run = load_run(trained.weights)
    other = save_run(replace(run.experiment, name="other"), run.encoder, run.projector, run.history, run.provenance, tmp_path / "other.pt")
    for command, *words in (["search", photos, photos / "cat/cat 0000.png"], ["anomalies", photos, photos], ["clusters", photos], ["probe", photos]):
        first = vicreg(command, *words)
        assert "being replaced" not in vicreg(command, *words).out
        for table in (f"{command}.csv", "left-out.csv"):
            assert {row["weights"] for row in read_csv(first.folder / table)} == {f"vicreg ({run.fingerprint[:12]})"}
        said = vicreg(command, *words, "--weights", other).out
        assert f"{command}.csv, made with the weights vicreg ({run.fingerprint[:12]}), is being replaced." in said
        shutil.rmtree(first.folder)


def test_a_picture_stands_on_a_sheet_as_it_is_and_one_that_is_gone_is_an_empty_tile(tmp_path):
    from PIL import Image

    Image.new("RGB", (640, 480), "red").save(tmp_path / "wide.png")
    wide, gone = thumbnails([tmp_path / "wide.png", tmp_path / "gone.png"])
    red = (wide == torch.tensor([255, 0, 0], dtype=torch.uint8).view(3, 1, 1)).all(dim=0)
    assert red.any(dim=0).sum() == 188 and red.any(dim=1).sum() == 141, "the whole of it"
    assert (gone[:, 2:-2, 2:-2] == FRAME).all()


def test_a_sheet_names_its_weights_and_may_be_of_any_length(tmp_path):
    fig = plt.figure(figsize=(2, 600))
    save_sheet(fig, tmp_path / "sheet.png", "mine (123)")
    assert "weights mine (123)" in [text.get_text() for text in fig.texts]
    assert imread(tmp_path / "sheet.png").shape[0] == 65_000


def test_a_backend_of_ones_own_does_not_matter(photos, trained, tmp_path):
    words = ["search", photos, photos / "cat/cat 0000.png", "--weights", trained.weights, "--device", "cpu", "--out", tmp_path / "out"]
    done = subprocess.run(
        [sys.executable, "-m", "vicreg", *words], cwd=PROJECT, capture_output=True, text=True, check=False,
        env={**os.environ, "MPLBACKEND": "module://not_there.at_all"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "search.png").exists()


# Copies ---------------------------------------------------------------------------------------


def copy_some(source, target, count=3):
    """Copies of some pictures under other names."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir())[:count]:
        shutil.copy(path, target / f"copy of {path.name}")


def test_copies_on_both_sides_of_a_split_are_told(vicreg, photos):
    for name in ("cat", "frog", "ship"):
        for number, path in enumerate(sorted((photos / name).iterdir())):
            target = photos / ("train" if number < 5 else "val") / name
            target.mkdir(parents=True, exist_ok=True)
            path.rename(target / path.name)
        (photos / name).rmdir()
    assert "pixel for pixel" not in vicreg("probe", photos).out
    copy_some(photos / "train" / "cat", photos / "val" / "cat")
    assert "3 of the 12 test pictures are identical, pixel for pixel, to one learned from." in vicreg("probe", photos).out


def test_copies_in_two_folds_are_told(vicreg, photos):
    for number in range(6):  # more than there are folds, so not all are in one
        shutil.copy(photos / "cat" / "cat 0000.png", photos / "cat" / f"copy {number}.png")
    assert "7 of the 30 pictures are identical, pixel for pixel, to one of another fold." in vicreg("probe", photos).out


def test_copies_of_normal_pictures_are_told_and_the_normal_ones_themselves_are_none(vicreg, photos, tmp_path):
    shutil.copytree(photos / "cat", tmp_path / "cat")
    assert "8 of the 24 pictures judged are identical, pixel for pixel, to another picture among the normal ones." in vicreg("anomalies", tmp_path / "cat", photos).out
    assert "pixel for pixel" not in vicreg("anomalies", photos / "cat", photos).out
    shutil.rmtree(photos / "cat")
    (photos / "cat").symlink_to(tmp_path / "cat")
    assert "pixel for pixel" not in vicreg("anomalies", tmp_path / "cat", photos).out
    copy_some(tmp_path / "cat", photos / "cat", 1)
    assert "2 of the 25 pictures judged are identical" in vicreg("anomalies", tmp_path / "cat", photos).out, "each of the other"


def test_copies_among_what_is_grouped_are_told(vicreg, photos):
    copy_some(photos / "cat", photos / "ship", 1)
    assert "2 of the 25 pictures are identical, pixel for pixel, to another one." in vicreg("clusters", photos, "-k", "3").out
