"""Which pictures a folder has, and what their places say.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
from types import SimpleNamespace

import numpy as np
import pytest

from vicreg.datasets.folder import file_of, find_pictures, has_pictures
from vicreg.runtime.errors import VICRegError


@pytest.fixture
def folder(tmp_path, write_folder):
    """A function that makes a folder of files by their places."""
    return lambda *places: write_folder(tmp_path / "pictures", dict.fromkeys(places, b"?"))


def test_folders_are_classes_however_deep_a_picture_lies(folder):
    found = find_pictures(folder("b/x.jpg", "a/deep/er/y.PNG", "a/z.webp", "b/n.jpeg"))
    assert found.names == ("a/deep/er/y.PNG", "a/z.webp", "b/n.jpeg", "b/x.jpg")
    assert found.classes == ("a", "b") and found.labels.tolist() == [0, 0, 1, 1]
    assert not found.splits and found.in_words() == "4 pictures of 2 classes (a 2, b 2)"


def test_train_and_test_are_splits(folder):
    found = find_pictures(folder("train/a/1.png", "train/b/1.png", "test/b/2.png", "beside.png", "other/3.png"))
    assert found.names == ("test/b/2.png", "train/a/1.png", "train/b/1.png")
    assert found.splits == ("test", "train", "train")
    assert found.classes == ("a", "b") and found.labels.tolist() == [1, 0, 1]
    assert found.left_out == dict.fromkeys(("beside.png", "other/3.png"), "lies beside train/ and test/")
    assert found.in_split("train").names == ("train/a/1.png", "train/b/1.png")
    assert "; 2 to train and 1 to test" in found.in_words()


def test_train_alone_is_a_class(folder):
    assert find_pictures(folder("train/1.png", "other/2.png")).classes == ("other", "train")


def test_pictures_without_classes_and_some_of_none(folder):
    assert find_pictures(folder("1.png")).in_words() == "1 picture without classes"
    found = find_pictures(folder("1.png", "a/2.png"))
    assert found.labels.tolist() == [-1, 0] and "(a 1), 1 of none" in found.in_words()


def test_what_is_hidden_is_passed_over_and_other_files_are_counted(folder):
    found = find_pictures(folder("1.png", ".hidden.png", ".thumbnails/2.png", "._1.png", "x.gif", "y.gif", "README"))
    assert found.names == ("1.png",)
    assert found.in_words().endswith("3 other files passed over (2 .gif, 1 without an ending)")


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
