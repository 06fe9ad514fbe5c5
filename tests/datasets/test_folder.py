"""Which pictures a folder has, and what their places say.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
import time
import unicodedata
from types import SimpleNamespace

import numpy as np
import pytest

from vicreg.datasets.folder import file_of, find_pictures, has_pictures
from vicreg.runtime.errors import VICRegError


@pytest.fixture
def folder(tmp_path, write_folder):
    """A function that makes a folder of files by their places."""
    return lambda *places: write_folder(tmp_path / "pictures", dict.fromkeys(places, b"?"))


def laid_out(folder) -> dict[str, tuple[str, str]]:
    """By its place, which split and which class each picture has."""
    found = find_pictures(folder)
    splits = found.splits or [""] * len(found)
    classes = [found.classes[label] if label >= 0 else "" for label in found.labels]
    assert list(found.classes) == sorted(set(classes) - {""}) and list(found.names) == sorted(found.names)
    return dict(zip(found.names, zip(splits, classes, strict=True), strict=True))


@pytest.mark.parametrize(
    "pictures",
    [
        {"b/x.jpg": ("", "b"), "a/deep/er/y.PNG": ("", "a"), "a/z.webp": ("", "a"), "1.png": ("", "")},
        {"train/a/1.png": ("train", "a"), "train/b/1.png": ("train", "b"), "test/b/2.png": ("test", "b"), "test/3.png": ("test", "")},
        {"Training/a/1.png": ("train", "a"), "VAL/b/2.png": ("test", "b")},
        {"training/1.png": ("train", ""), "validation/2.png": ("test", "")},
        {"train/a/1.png": ("train", "a"), "valid/a/2.png": ("test", "a")},
        {"images/train/a/1.png": ("train", "a"), "images/val/b/3.png": ("test", "b")},
        {"images/train/a/1.png": ("", "images"), "images/val/a/2.png": ("", "images"), "more/b/3.png": ("", "more")},
        {"train/a/1.png": ("", "a"), "train/b/1.png": ("", "b")},
        {"val/a/1.png": ("", "a"), "test/b/1.png": ("", "b")},
        {"train/1.png": ("", ""), "train/2.png": ("", "")},
        {"train/1.png": ("", "train"), "bus/2.png": ("", "bus"), "car/3.png": ("", "car")},
        {"1.png": ("", "")},
    ],
    ids=lambda pictures: " ".join(pictures),
)  # fmt: skip
def test_places_say_splits_and_classes(folder, pictures):
    assert laid_out(folder(*pictures)) == pictures


def test_beside_splits_nothing_counts_and_of_two_to_test_on_the_first_does(folder):
    found = find_pictures(folder("train/a/1.png", "test/a/3.png", "val/a/2.png", "beside.png", "other/3.png"))
    assert found.splits == ("test", "train") and found.in_words().endswith("(a 2); 1 to train and 1 to test")
    assert found.left_out == dict.fromkeys(("beside.png", "other/3.png", "val/a/2.png"), "lies beside train/ and test/")
    assert found.in_split("train").names == ("train/a/1.png",)


def test_what_may_be_a_split_or_a_class_is_refused(folder):
    root = folder("train/a/1.png", "train/b/2.png", "unlabelled/3.png")
    with pytest.raises(VICRegError, match=r"has train/ with folders in it beside unlabelled/; if it is a split, name .*train alone or give it its twin"):
        find_pictures(root)


def test_classes_compare_in_one_normal_form(folder):
    apart, one = (unicodedata.normalize(form, "café") for form in ("NFD", "NFC"))
    assert laid_out(folder(f"train/{apart}/1.png", f"test/{one}/2.png")) == {
        f"train/{apart}/1.png": ("train", one), f"test/{one}/2.png": ("test", one)
    }  # fmt: skip


def test_what_is_in_a_folder_is_told(folder):
    assert find_pictures(folder("1.png")).in_words() == "1 picture without classes"
    assert find_pictures(folder("a/2.png", "a/x.gif")).in_words() == (
        "2 pictures of 1 class (a 1), 1 of none; 1 other passed over (1 .gif)"
    )


def test_what_is_hidden_or_of_systems_or_of_earlier_commands_is_passed_over(folder):
    results = [f"results/x/{name}.png" for name in ("anomalies", "roc", "clusters", "confusion", "search")]
    results += [f"results/x/{name}.csv" for name in ("anomalies", "clusters", "probe", "search")]
    systems = ["a/@eaDir/1.png/THUMB_M.jpg", "@eaDir/2.jpg", "#recycle/3.png", "$RECYCLE.BIN/4.png", "__MACOSX/a/._1.png", "lost+found/5.png"]
    found = find_pictures(folder("a/1.png", "a/search.png", ".hidden.png", ".hidden/2.png", "a/._1.png", "README", *results, *systems))
    assert found.names == ("a/1.png", "a/search.png") and found.classes == ("a",)
    assert "16 others passed over (5 of earlier results, 4 .csv, 2 @eaDir/, 1 " in found.in_words()


def test_links_are_followed_and_never_round(folder):
    root = folder("a/1.png")
    os.symlink(root, root / "a" / "round")
    os.symlink(root / "a", root / "b")
    os.symlink("nowhere", root / "a" / "broken.png")
    os.symlink("loop.txt", root / "a" / "loop.txt")
    found = find_pictures(root)
    assert found.names == ("a/1.png", "a/broken.png", "b/broken.png")
    assert found.left_out == {"b/1.png": "is a/1.png by another name"}


def test_many_classes_are_not_all_named(folder):
    words = find_pictures(folder(*(f"class{number:02}/1.png" for number in range(30)))).in_words()
    assert words.startswith("30 pictures of 30 classes (class00 1,") and "class29" not in words


def test_names_may_be_bytes_that_are_no_text(folder):
    root = folder("1.png")
    try:
        os.rename(os.fsencode(root / "1.png"), os.fsencode(root) + b"/\xff.png")
    except OSError:
        return  # this system's names are text
    (path,) = find_pictures(root).paths
    assert path.read_bytes() == b"?"


@pytest.mark.parametrize(
    ("places", "says"),
    [
        (("a/x.gif", "y.txt", "z.txt"), r"only other files \(2 .txt, 1 .gif\); name a folder"),
        ((".png",), "There are no pictures in .*; name a folder"),
    ],
)
def test_a_folder_without_pictures_is_refused(folder, places, says):
    root = folder(*places)
    assert not has_pictures(root)
    with pytest.raises(VICRegError, match=says):
        find_pictures(root)


def test_a_file_with_two_names_is_one_picture(folder):
    root = folder("a/1.png", "a/2.png")
    os.link(root / "a/1.png", root / "a/3.png")
    found = find_pictures(root)
    assert found.names == ("a/1.png", "a/2.png") and found.left_out == {"a/3.png": "is a/1.png by another name"}


def test_where_files_have_no_numbers_no_two_are_one():
    unnumbered = SimpleNamespace(stat=lambda: SimpleNamespace(st_dev=1, st_ino=0))
    assert file_of(unnumbered) is None


def test_a_root_that_cannot_be_read_is_refused(folder, monkeypatch):
    def locked(path):
        raise PermissionError(13, "Permission denied")

    root = folder("1.png")
    monkeypatch.setattr(os, "scandir", locked)
    with pytest.raises(VICRegError, match=r"cannot be read \(Permission denied\); make it readable"):
        find_pictures(root)


def test_no_folder_and_a_file_are_refused(tmp_path, folder):
    with pytest.raises(VICRegError, match="is not there; name a folder"):
        find_pictures(tmp_path / "nowhere")
    with pytest.raises(VICRegError, match="is a file; name a folder"):
        find_pictures(folder("1.png") / "1.png")


def test_a_folder_that_cannot_be_read_is_named(folder, monkeypatch):
    root, scandir = folder("a/1.png", "b/2.png"), os.scandir

    def locked(path):
        if os.path.basename(path) == "b":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    found = find_pictures(root)
    assert found.names == ("a/1.png",) and found.left_out == {"b": "cannot be read (Permission denied)"}


def test_a_file_is_found_under_all_its_names(folder, tmp_path):
    root = folder("a/1.png", "a/2.png")
    os.symlink(root / "a" / "2.png", tmp_path / "link.png")
    others = [tmp_path / "link.png", tmp_path / "nothing.png", root / "a" / ".." / "a" / "1.png"]
    assert find_pictures(root).rows_of(others).tolist() == [1, -1, 0]


def test_a_picture_is_known_again_by_name_size_and_time(folder):
    root = folder("a/1.png", "a/2.png", "a/3.png")
    before = find_pictures(root).identities()
    assert np.array_equal(before, find_pictures(root).identities())
    (root / "a/2.png").write_bytes(b"other")
    os.utime(root / "a/3.png", ns=(1, 1))
    same = (find_pictures(root).identities() == before).all(axis=1)
    assert same.tolist() == [True, False, False]
    assert len({row.tobytes() for row in before}) == 3


def test_two_files_of_one_size_and_time_that_change_places_are_noticed(folder):
    root = folder("1.png", "2.png")
    for name in ("1.png", "2.png"):
        os.utime(root / name, ns=(1, 1))
    time.sleep(0.02)  # some systems count times of change by ticks
    before = find_pictures(root).identities()
    (root / "1.png").rename(root / "aside"), (root / "2.png").rename(root / "1.png"), (root / "aside").rename(root / "2.png")
    assert not (find_pictures(root).identities() == before).all(axis=1).any()
