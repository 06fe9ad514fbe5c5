"""The MNIST test set: resized as torchvision resizes, and refused when it is not MNIST's.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import gzip
import hashlib
import struct

import pytest
import torch
from torch.testing import assert_close
from torchvision.datasets import MNIST
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2.functional import resize, to_pil_image

from vicreg import digits
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.paths import PROJECT

IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
SAMPLE = PROJECT / "sample"
COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]  # of 0 to 9, as published


def idx(values: torch.Tensor) -> bytes:
    header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return header + values.numpy().tobytes()


@pytest.fixture
def folder(tmp_path, write_folder):
    """Five invented digits in MNIST's format; plain, so that a test can spoil them."""
    images = torch.randint(0, 256, (5, 28, 28), generator=torch.Generator().manual_seed(0))
    files = {IMAGES: idx(images.to(torch.uint8)), LABELS: idx(torch.arange(5, dtype=torch.uint8))}
    return write_folder(tmp_path / "mnist", files)


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def download(self):
        raise OSError("no route to host")

    monkeypatch.setattr(MNIST, "download", download)


def refusal(folder) -> str:
    with pytest.raises(VICRegError) as caught:
        digits.load_mnist_test(folder)
    message = str(caught.value)
    assert "\n" not in message and message.endswith("."), message
    return message


def test_real_digits_are_resized_as_torchvision_resizes():
    mnist = digits.load_mnist_test(SAMPLE)
    assert mnist.images.shape == (60, 3, 32, 32) and mnist.images.dtype == torch.uint8
    assert (mnist.images == mnist.images[:, :1]).all(), "three equal channels"
    assert (mnist.name, mnist.split, mnist.classes) == ("MNIST", "test", tuple("0123456789"))
    literal = mnist.images.numpy().tobytes() + mnist.labels.numpy().tobytes()
    assert mnist.fingerprint == hashlib.sha256(literal).hexdigest()

    raw = gzip.decompress((SAMPLE / f"{IMAGES}.gz").read_bytes())
    small = torch.tensor(list(raw[16:]), dtype=torch.uint8).view(60, 1, 28, 28)
    got = mnist.images[:, :1]
    expected = resize(small.double(), [32, 32], InterpolationMode.BILINEAR, antialias=True)
    assert_close(got, expected.round().to(torch.uint8))
    for digit, image in zip(small, got, strict=True):  # Pillow computes in fixed point
        pillow = resize(to_pil_image(digit), [32, 32], InterpolationMode.BILINEAR)
        difference = torch.tensor(list(pillow.tobytes())).view(1, 32, 32) - image.int()
        assert difference.abs().max() <= 1


@pytest.mark.whole_data
def test_the_test_set_has_the_published_counts():
    mnist = digits.load_mnist_test()
    assert mnist.labels.bincount().tolist() == COUNTS and len(mnist) == 10_000


def test_gzipped_files_and_torchvisions_folder_give_the_same(folder, tmp_path, write_folder):
    plain = {name: (folder / name).read_bytes() for name in (IMAGES, LABELS)}
    packed = {f"MNIST/raw/{name}.gz": gzip.compress(content) for name, content in plain.items()}
    other = write_folder(tmp_path / "other", packed)
    assert digits.load_mnist_test(other).fingerprint == digits.load_mnist_test(folder).fingerprint
    assert digits.load_mnist_test(folder).labels.tolist() == [0, 1, 2, 3, 4]


def test_missing_files_that_cannot_be_downloaded(tmp_path):
    message = refusal(tmp_path)
    assert "no route to host" in message and f"{IMAGES}.gz" in message and "VICREG_DATA" in message


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"",
        lambda raw: raw[:3],
        lambda raw: raw[:10],
        lambda raw: raw[:-1],
        lambda raw: raw + b"\0",
        lambda raw: b"\x89PNG\r\n\x1a\n" + raw,
        lambda raw: b"\0\0\x0d" + raw[3:],
        lambda raw: b"\0\0\x08\0" + raw[4:],
        lambda raw: b"\0\0\x08\xff" + b"\0\0\0\1" * 255 + b"\7",
        lambda raw: raw[:4] + b"\xff" * 12 + raw[16:],
    ],
    ids=["empty", "3 bytes", "half a header", "a byte short", "a byte over", "foreign", "of floats",
         "no dimensions", "255 dimensions", "boundless"],
)  # fmt: skip
def test_a_damaged_file_is_named(folder, damage):
    file = folder / IMAGES
    file.write_bytes(damage(file.read_bytes()))
    message = refusal(folder)
    assert str(file) in message and "replace it with the original MNIST file" in message


@pytest.mark.parametrize("position", [-9, -5, -1, 40])
def test_a_damaged_gzip_file_is_named(folder, position):
    raw = bytearray(gzip.compress((folder / IMAGES).read_bytes()))
    raw[position] ^= 1
    (folder / IMAGES).unlink()
    (folder / f"{IMAGES}.gz").write_bytes(raw)
    assert f"{IMAGES}.gz is damaged" in refusal(folder)
    (folder / f"{IMAGES}.gz").write_bytes(raw[: len(raw) // 2])
    assert f"{IMAGES}.gz is damaged" in refusal(folder)


@pytest.mark.parametrize(
    ("images", "labels"),
    [((5, 28, 28), 4), ((5, 28, 27), 5), ((0, 28, 28), 0), ((5, 0, 28), 5), ((5, 784), 5), ((5,), 5)],
)
def test_files_that_are_not_mnists_are_refused(folder, images, labels):
    (folder / IMAGES).write_bytes(idx(torch.zeros(images, dtype=torch.uint8)))
    (folder / LABELS).write_bytes(idx(torch.zeros(labels, dtype=torch.uint8)))
    assert "are not MNIST's images and their labels" in refusal(folder)


def test_swapped_files_and_impossible_labels_are_refused(folder):
    images, labels = (folder / IMAGES).read_bytes(), (folder / LABELS).read_bytes()
    (folder / LABELS).write_bytes(labels[:-1] + b"\x0a")
    assert "are not MNIST's images and their labels" in refusal(folder)
    (folder / IMAGES).write_bytes(labels)
    (folder / LABELS).write_bytes(images)
    assert "are not MNIST's images and their labels" in refusal(folder)
