"""Which images are trained on: CIFAR-10, or the pictures of a folder.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

from vicreg import folder_images
from vicreg.datasets.folder import find_pictures, tell_left_out
from vicreg.datasets.kinds import find_images
from vicreg.datasets.pictures import read_picture
from vicreg.folder_images import held_out, load_folder
from vicreg.runtime.errors import VICRegError


def load_images(root, side=32, strict=False):
    return load_folder(find_images(root), side, strict)


@pytest.fixture
def photos(tmp_path, real_images, write_folder):
    """Thirty pictures of three classes and of many sizes, and a broken one."""
    files = {}
    for number, content in enumerate(real_images.values()):
        file = io.BytesIO()
        Image.open(io.BytesIO(content)).resize((40 + number, 70 - number)).save(file, "JPEG")
        files[f"{'abc'[number % 3]}/{number:02}.jpg"] = file.getvalue()
    return write_folder(tmp_path / "photos", {**files, "a/broken.jpg": b"?"})


def test_cifar10_in_all_its_forms_is_known_as_such(tmp_path, tiny_folder, real_images, write_archive, monkeypatch):
    write_archive(tmp_path / "archive" / "images.tar.gz", real_images)
    (tmp_path / "official" / "cifar-10-batches-py").mkdir(parents=True)
    for root in (tiny_folder, tmp_path / "archive", tmp_path / "official"):
        assert find_images(root) is None
    monkeypatch.setenv("VICREG_DATA", str(tmp_path / "nothing yet"))
    assert find_images() is None, "it is to be downloaded there"


def test_nine_classes_of_cifar10_and_an_archive_among_pictures_are_folders_of_pictures(image_folder, photos):
    for split in ("train", "test"):
        (image_folder / split / "cat").rename(image_folder / split / ".cat")
    assert len(find_images(image_folder).classes) == 9
    with tarfile.open(photos / "backup.tar.gz", "w:gz"):
        pass
    assert len(find_images(photos)) == 31


def test_a_folder_that_is_named_is_never_downloaded_to(tmp_path):
    with pytest.raises(VICRegError, match="is not there; name a folder"):
        find_images(tmp_path / "typing error")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("side", [32, 64])
def test_pictures_become_images_of_a_side(photos, side, capsys):
    data = load_images(photos, side)
    assert "photos: 30 pictures are read, 1 left out:\n  a/broken.jpg: is not a readable image" in capsys.readouterr().err
    assert (len(data.train), len(data.test)) == (27, 3)
    assert data.train.name == "photos (30 pictures)" and data.train.classes == ("a", "b", "c")
    assert data.train.images.shape == (27, 3, side, side) and data.train.images.dtype == torch.uint8
    names = [path.name for path in sorted(photos.glob("*/[0-9]*.jpg"))]
    test = held_out(tuple(f"{'abc'[int(name[:2]) % 3]}/{name}" for name in names))
    paths = [path for path, chosen in zip(sorted(photos.glob("*/[0-9]*.jpg")), test, strict=True) if chosen]
    assert torch.equal(data.test.images, torch.stack([read_picture(path, side) for path in paths]))
    assert [data.test.classes[label] for label in data.test.labels] == [path.parent.name for path in paths]


def test_the_cache_gives_the_same_until_a_picture_changes(photos, monkeypatch):
    first = load_images(photos)
    asked, original = [], folder_images.decoded
    monkeypatch.setattr(folder_images, "decoded", lambda paths, side: (asked.extend(paths), original(paths, side))[1])
    assert load_images(photos).fingerprint == first.fingerprint
    assert [path.name for path in asked] == ["broken.jpg"], "it may be readable by now"
    Image.new("RGB", (50, 50), "red").save(photos / "a" / "00.jpg")
    assert load_images(photos).fingerprint != first.fingerprint


def test_splits_are_those_of_the_folder(tmp_path, photos):
    for name, split in (("a", "train"), ("b", "test")):
        (photos / split).mkdir()
        (photos / name).rename(photos / split / name)
    (photos / "c").rename(photos / "train" / "c")
    data = load_images(photos)
    assert (len(data.train), len(data.test)) == (20, 10)
    assert {data.test.classes[label] for label in data.test.labels} == {"b"}


def test_a_tenth_is_held_out_by_the_names_alone():
    names = tuple(f"{number}.jpg" for number in range(1000))
    members = held_out(names)
    assert members.sum() == 100 and np.array_equal(held_out(names[::-1]), members[::-1])
    assert 30 < members[:500].sum() < 70, "from all over the folder"
    assert held_out(names[:7]).sum() == 2


def test_what_cannot_be_trained_on_is_one_sentence(photos, tmp_path):
    with pytest.raises(VICRegError, match=r"a/broken.jpg: is not a readable image; mend or remove .* leave --strict out"):
        load_images(photos, strict=True)
    for path in sorted(photos.glob("*/*.jpg"))[3:]:
        path.unlink()
    with pytest.raises(VICRegError, match=r"has 1 picture to train on, of which 2 are needed; add some"):
        load_images(photos)


def test_many_broken_pictures_are_counted_not_all_named(tmp_path, write_folder, capsys):
    tell_left_out(
        find_pictures(write_folder(tmp_path, {"1.png": b""})).only(np.ones(1, bool), {str(n): "why" for n in range(30)})
    )
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 22 and lines[-1] == "  … and 10 more"
