"""Damaged, foreign and hostile image folders and archives: nothing is written, one sentence is said.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import tarfile
from pathlib import Path

import pytest
import torch
from PIL import Image

from vicreg import data
from vicreg.__main__ import main
from vicreg.datasets import cifar10 as cifar10_files
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.paths import cache_folder

FLIPS = 40


def encoded(width=32, height=32) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def refusal(folder: Path) -> str:
    """The sentence that loading a folder is refused with; nothing of it may be cached."""
    with pytest.raises(VICRegError) as caught:
        data.load_cifar10(folder)
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".") and ";" in message, message
    assert not cache_folder().exists() or not list(cache_folder().iterdir())
    return message


def everything_under(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


@pytest.fixture
def archive(tmp_path, real_images, write_archive):
    return write_archive(tmp_path / "packed" / "images.tar.gz", real_images)


# Hostile archives -----------------------------------------------------------------------------


def special(kind: bytes, name: str, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def test_links_devices_and_odd_files_are_passed_over(tmp_path, real_images, write_archive, archive):
    (tmp_path / "secret").write_bytes(encoded())
    hostile = {
        "link": special(tarfile.SYMTYPE, "train/cat/link.png", str(tmp_path / "secret")),
        "up": special(tarfile.SYMTYPE, "train", ".."),
        "hard": special(tarfile.LNKTYPE, "train/cat/hard.png", "../secret"),
        "device": special(tarfile.CHRTYPE, "train/cat/device.png"),
        "pipe": special(tarfile.FIFOTYPE, "train/cat/pipe.png"),
        "folder": special(tarfile.DIRTYPE, "train/cat/folder.png"),
        "../../escaped.txt": b"words",
        str(tmp_path / "absolute.sh"): b"words",
        "../../train/cat/out.txt": b"words",
        "train/cat/._0000.jpg": b"what macOS puts beside a file",
        "train/cat/\x1b[2J.txt": b"words",
    }
    write_archive(tmp_path / "hostile" / "a.tar.gz", {**hostile, **real_images})
    before = everything_under(tmp_path)
    got = data.load_cifar10(tmp_path / "hostile")
    assert everything_under(tmp_path) == before
    assert got.fingerprint == data.load_cifar10(archive.parent).fingerprint


def test_an_archive_of_something_else_is_not_called_damaged(tmp_path, real_images, write_archive):
    write_archive(tmp_path / "a.tar.gz", {**real_images, "train/cat/huge.png": encoded() + bytes(cifar10_files.LARGEST_IMAGE_FILE)})
    assert "a.tar.gz is not CIFAR-10 (train/cat/huge.png is too large for an image of it); put its images there" in refusal(tmp_path)


# Damaged archives -----------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_truncated_archive_is_refused(archive, share):
    raw = archive.read_bytes()
    archive.write_bytes(raw[: int(share * len(raw))])
    message = refusal(archive.parent)
    assert str(archive) in message and "damaged" in message and "download it again" in message


@pytest.mark.parametrize("content", [b"<html>404</html>", b"PK\x03\x04" + bytes(600), bytes(10_240), b"\x1f\x8b"])
def test_a_foreign_file_in_an_archives_place_is_refused(archive, content):
    archive.write_bytes(content)
    assert str(archive) in refusal(archive.parent)


def test_no_flipped_bit_of_an_archive_goes_unnoticed(archive):
    good = list(cifar10_files.read_archive(archive))
    raw = archive.read_bytes()
    generator = torch.Generator().manual_seed(0)
    refused = 0
    for position in torch.randint(64, len(raw), (FLIPS,), generator=generator).tolist():
        archive.write_bytes(raw[:position] + bytes([raw[position] ^ 4]) + raw[position + 1 :])
        try:
            assert list(cifar10_files.read_archive(archive)) == good
        except VICRegError:
            refused += 1
    assert refused == FLIPS  # the check sum, after the images, covers all but the first few bytes


def test_a_damaged_official_archive_is_refused_and_not_downloaded_over(tmp_path, monkeypatch):
    def retrieve(url, filename, *arguments, **options):
        Path(filename).write_bytes(b"half a download")

    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", retrieve)
    archive = tmp_path / "cifar-10-python.tar.gz"
    archive.write_bytes(b"what the user has")
    assert "md5" in refusal(tmp_path)
    assert archive.read_bytes() == b"what the user has"


def test_an_incomplete_official_folder_is_refused(tmp_path, write_folder):
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta"]
    write_folder(tmp_path, dict.fromkeys((f"cifar-10-batches-py/{name}" for name in names if name != "test_batch"), b"\x80\x04."))
    assert "cifar-10-batches-py lacks test_batch; delete it and download it again." in refusal(tmp_path)
    write_folder(tmp_path, {"cifar-10-batches-py/test_batch": b"\x80\x04."})
    assert f"cifar-10-batches-py is damaged ({', '.join(names)}); delete it" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("batches", "named", "meant"),
    [
        ("cifar-10-batches-py", "cifar-10-batches-py", "."),
        ("cifar-10-batches-py/cifar-10-batches-py", ".", "cifar-10-batches-py"),
        ("data/cifar-10-batches-py", ".", "data"),
    ],
)
def test_a_data_folder_one_level_off_names_the_one_that_is_meant(tmp_path, write_folder, capsys, batches, named, meant):
    write_folder(tmp_path, {f"{batches}/batches.meta": b"?"})
    for command in (["data"], ["train", "vicreg", "--epochs", "1"]):
        assert main([*command, "--data", str(tmp_path / named)]) == 1
        said = capsys.readouterr().err
        assert f"CIFAR-10 is not in {tmp_path / named} but in {tmp_path / meant}; name that folder." in said
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "batches.meta"]


def test_two_archives_are_refused_by_name(archive, real_images, write_archive):
    write_archive(archive.with_name("other.tar"), real_images, "w")
    message = refusal(archive.parent)
    assert "images.tar.gz" in message and "other.tar" in message


# Folders --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"words", "not a readable image"),
        (encoded()[:60], "not a readable image"),
        (encoded(33, 31), "33x31"),
    ],
    ids=["empty", "text", "truncated", "wrong size"],
)
def test_an_unfit_image_is_named(image_folder, content, says):
    (image_folder / "train" / "cat" / "unfit.png").write_bytes(content)
    message = refusal(image_folder)
    assert "train/cat/unfit.png" in message and says in message


def test_missing_classes_are_named(image_folder):
    for file in [*(image_folder / "train" / "cat").iterdir(), *(image_folder / "train" / "ship").iterdir()]:
        file.unlink()
    message = refusal(image_folder)
    assert "no train images of cat, ship" in message and "{train,test}/<class>" in message


def test_a_missing_split_in_an_archive_is_named(tmp_path, real_images, write_archive):
    train_only = {place: image for place, image in real_images.items() if place.startswith("train")}
    write_archive(tmp_path / "a.tar.gz", train_only)
    assert "no test images of airplane" in refusal(tmp_path)


def test_what_is_no_file_is_passed_over(image_folder, write_folder):
    cat = image_folder / "train" / "cat"
    (cat / "dangling.png").symlink_to("nowhere")
    (cat / "folder.png").mkdir()
    write_folder(image_folder, {"train/cat/Thumbs.db": b"?", "train/unicorn/0.png": b"?", "val/cat/0.png": b"?"})
    assert len(data.load_cifar10(image_folder).train) == 20


def test_an_unreadable_image_is_named(image_folder, monkeypatch):
    def deny(self):  # root may read everything, so the refusal is planted
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", deny)
    assert "cannot be read (Permission denied)" in refusal(image_folder)
