"""Files made to fill the memory or the disk, or to run code: refused in one sentence, nothing happens.

Links, devices and paths in archives are in tests/datasets/test_damaged_copies.py, code planted in weights and
checkpoints in tests/test_weights.py and tests/test_checkpoint.py.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import gzip
import io
import pickle
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from planted import Planted
from torch import nn

from vicreg import data, weights
from vicreg.datasets.cifar10 import LARGEST_IMAGE_FILE, LARGEST_MEMBER, read_archive
from vicreg.datasets.compressed import read_bounded
from vicreg.datasets.decode import decode_small, stated_size
from vicreg.datasets.mnist import read_idx
from vicreg.runtime.cache import keep_in_cache
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.paths import cache_folder
from vicreg.runtime.tensor_files import load_tensors, save_tensors

HUGE = 50_000  # pixels a side: 7.5 GB decoded


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(min(height, 100) * (1 + 3 * min(width, 1000))))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg(width: int, height: int) -> bytes:
    comment = b"\xff\xfe" + struct.pack(">H", 6) + b"\xff\xc0!!"  # a frame's marker within a comment
    frame = struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes([1, 17, 0, 2, 17, 0, 3, 17, 0])
    return b"\xff\xd8" + comment + b"\xff\xff\xff\xc0" + frame + b"\xff\xd9"


@pytest.fixture
def never_decoded(monkeypatch):
    def decode(*arguments):
        raise AssertionError("decoded")

    monkeypatch.setattr("torchvision.io.decode_image", decode)
    monkeypatch.setattr("matplotlib.image.imread", decode)


@pytest.mark.parametrize("bomb", [png, jpeg])
def test_an_image_that_states_gigapixels_is_refused_by_its_header(bomb, never_decoded):
    with pytest.raises(ValueError, match=f"has {HUGE}x{HUGE - 1} pixels"):
        decode_small(bomb(HUGE, HUGE - 1))


@pytest.mark.parametrize("start", [b"GIF89a", b"RIFF\0\0\0\0WEBP", b"BM", b"II*\0", b"\0\0\0\x1cftypavif"])
def test_formats_that_no_image_of_cifar10_has_are_not_decoded(start, never_decoded):
    with pytest.raises(ValueError, match="not a readable image"):
        decode_small(start + bytes(200))


def test_sizes_are_those_of_the_decoder(real_images):
    for encoded in real_images.values():
        assert stated_size(encoded) == (32, 32)
        assert decode_small(encoded).shape == (3, 32, 32)


def test_an_enormous_file_among_the_images_is_not_read(tmp_path, real_images, write_folder, monkeypatch):
    folder = write_folder(tmp_path, real_images)
    with open(folder / "train" / "cat" / "huge.png", "wb") as file:
        file.truncate(LARGEST_IMAGE_FILE + 1)  # as a sparse file it could state terabytes
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: read(self) if self.name != "huge.png" else 1 / 0)
    with pytest.raises(VICRegError, match=r"train/cat/huge.png is too large for a CIFAR-10 image;.*\.$"):
        data.load_cifar10(folder)


# Archives -------------------------------------------------------------------------------------


def bomb(kind: bytes, content: bytes) -> bytes:
    """A tar archive whose first member is a header of some kind with a content."""
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = kind, len(content)
    padding = bytes(-len(content) % 512)
    return header.tobuf(tarfile.GNU_FORMAT) + content + padding + bytes(1024)


def peak_of(call) -> int:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK])
def test_a_header_of_many_megabytes_is_never_held(tmp_path, kind):
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(gzip.compress(bomb(kind, bytes(16 << 20)), 1))

    def read() -> None:
        with pytest.raises(VICRegError, match="over 4 MiB"):
            list(read_archive(archive))

    assert peak_of(read) < 8 << 20


def test_a_sparse_map_without_an_end_is_never_held(tmp_path):
    """GNU's sparse format 1.0, which tarfile reads number by number until it has all."""
    record = b"GNU.sparse.major=1\n", b"GNU.sparse.minor=0\n", b"GNU.sparse.name=x\n"
    pax = b"".join(str(len(r) + 3).encode() + b" " + r for r in record)
    member = tarfile.TarInfo("GNUSparseFile.0/x")
    member.size = 8 << 20
    content = b"%d\n" % (1 << 40) + b"1\n" * (4 << 20)
    raw = bomb(tarfile.XHDTYPE, pax)[:-1024] + member.tobuf(tarfile.USTAR_FORMAT) + content[: 8 << 20]
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(raw, 1))

    with pytest.raises(VICRegError, match="over 4 MiB"):
        list(read_archive(tmp_path / "a.tar.gz"))


def test_members_of_the_largest_size_are_still_read(tmp_path, write_archive):
    files = {f"train/cat/{i}.png": bytes(LARGEST_IMAGE_FILE) for i in range(2 * LARGEST_MEMBER // LARGEST_IMAGE_FILE)}
    archive = write_archive(tmp_path / "a.tar", {"other.bin": bytes(3 * LARGEST_MEMBER), **files}, "w")
    assert [len(encoded) for *_, encoded in read_archive(archive)] == [LARGEST_IMAGE_FILE] * len(files)


def test_zeros_after_an_archives_end_are_bounded(tmp_path, real_images, write_archive, monkeypatch):
    monkeypatch.setattr("vicreg.datasets.cifar10.MOST_BYTES", 8 << 20)
    archive = write_archive(tmp_path / "a.tar.gz", real_images)
    archive.write_bytes(archive.read_bytes() + gzip.compress(bytes(16 << 20)))
    with pytest.raises(VICRegError, match="is damaged"):
        list(read_archive(archive))


# Digits, weights, caches ------------------------------------------------------------------------


def test_digits_that_unpack_to_more_than_there_can_be_are_never_held(tmp_path, monkeypatch):
    monkeypatch.setattr("vicreg.datasets.mnist.MOST_BYTES", 1 << 20)
    file = tmp_path / "t10k-images-idx3-ubyte.gz"
    file.write_bytes(gzip.compress(bytes(32 << 20), 1))

    def read() -> None:
        with pytest.raises(VICRegError, match=r"unpacks to over 1 MiB\); replace it"):
            read_idx(file)

    assert peak_of(read) < 4 << 20


def test_what_just_fits_is_read(tmp_path):
    (tmp_path / "x.gz").write_bytes(gzip.compress(b"1234"))
    assert read_bounded(tmp_path / "x.gz", 4) == b"1234"
    with pytest.raises(ValueError, match="unpacks to over"):
        read_bounded(tmp_path / "x.gz", 3)


def test_compressed_weights_are_refused(tmp_path):
    save_tensors({"x": torch.zeros(1 << 20)}, tmp_path / "x.pt")
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(tmp_path / "x.pt") as plain,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in plain.namelist():
            archive.writestr(name, plain.read(name))
    packed.seek(0)
    assert torch.load(packed, weights_only=True)["x"].shape == (1 << 20,), "torch itself unpacks it"
    with pytest.raises(ValueError, match="compressed"):
        load_tensors(packed)


def test_a_tensor_larger_than_what_is_stored_of_it_is_refused(tmp_path):
    save_tensors({"deep": [{"x": torch.zeros(1).expand(1 << 40)}]}, tmp_path / "x.pt")
    with pytest.raises(ValueError, match="larger than what is stored"):
        load_tensors(io.BytesIO((tmp_path / "x.pt").read_bytes()))


def test_code_in_an_official_batch_does_not_run(tmp_path, write_folder):
    planted = pickle.dumps(Planted(tmp_path / "witness"))
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch", "batches.meta"]
    folder = write_folder(tmp_path / "data", {f"cifar-10-batches-py/{name}": planted for name in names})
    with pytest.raises(VICRegError, match="damaged or incomplete"):
        data.load_cifar10(folder)
    assert not (tmp_path / "witness").exists()


def test_code_in_a_cache_does_not_run(image_folder, tmp_path):
    first = data.load_cifar10(image_folder)
    (cache,) = cache_folder().iterdir()
    planted = np.array([Planted(tmp_path / "witness")], dtype=object)
    keep_in_cache(cache.name, about=planted, train_pixels=planted)
    assert data.load_cifar10(image_folder).fingerprint == first.fingerprint
    assert not (tmp_path / "witness").exists()


# Weights of other models ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "says"),
    [
        (nn.Linear(4, 3), r"its linear is of another architecture: weight has the shape \(3, 4\) in place of \(2, 4\)"),
        (nn.Linear(4, 2, bias=False), r"bias has the shape None in place of \(2,\)"),
        (nn.Sequential(nn.Linear(4, 2)), r"another architecture: weight has the shape None"),
    ],
)
def test_another_architecture_is_refused_naming_the_weight(theirs, says):
    with pytest.raises(ValueError, match=says):
        weights.check_architecture(nn.Linear(4, 2), theirs.state_dict())
    weights.check_architecture(nn.Linear(4, 2), nn.Linear(4, 2).state_dict())
