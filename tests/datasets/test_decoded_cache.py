"""Decoded images are cached: found again, made anew when damaged or out of date.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import os
import pickle

import numpy as np
import pytest
from torch.testing import assert_close

from vicreg import data
from vicreg.runtime.paths import cache_folder


def assert_same(one: data.Splits, other: data.Splits) -> None:
    for a, b in zip(one, other, strict=True):
        assert_close((a.images, a.labels), (b.images, b.labels), rtol=0, atol=0)
        assert (a.name, a.fingerprint) == (b.name, b.fingerprint)


@pytest.fixture
def decodings(monkeypatch):
    """The sources that were decoded, as they come."""
    seen, decode = [], data.decode_cifar10

    def note(source):
        seen.append(source)
        return decode(source)

    monkeypatch.setattr(data, "decode_cifar10", note)
    return seen


def test_the_second_load_does_not_decode(image_folder, decodings):
    assert_same(data.load_cifar10(image_folder), data.load_cifar10(image_folder))
    assert len(decodings) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"",
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw[:5000] + bytes([raw[5000] ^ 1]) + raw[5001:],
        lambda raw: b"not a cache",
        lambda raw: pickle.dumps({"train_pixels": 0}),
    ],
    ids=["empty", "truncated", "bit flipped", "foreign", "pickle"],
)
def test_a_damaged_cache_is_made_anew(image_folder, decodings, damage):
    first = data.load_cifar10(image_folder)
    (cache,) = cache_folder().iterdir()
    good = cache.read_bytes()
    cache.write_bytes(damage(good))
    assert_same(data.load_cifar10(image_folder), first)
    assert len(decodings) == 2
    assert_same(data.load_cifar10(image_folder), first)
    assert len(decodings) == 2, "the cache made anew is good"
    assert [p.name for p in cache_folder().iterdir()] == [cache.name], "nothing stray is left"


def test_a_cache_whose_pixels_are_not_those_it_states_is_made_anew(image_folder, decodings):
    first = data.load_cifar10(image_folder)
    (cache,) = cache_folder().iterdir()
    with np.load(cache) as stored:
        arrays = dict(stored)
    arrays["train_pixels"][0] ^= 1
    np.savez(cache, **arrays)  # whole, with good check sums
    assert_same(data.load_cifar10(image_folder), first)
    assert len(decodings) == 2


def test_a_changed_source_is_decoded_anew(image_folder, decodings):
    before = data.load_cifar10(image_folder)
    one, other = sorted((image_folder / "train" / "cat").iterdir())
    one.write_bytes(other.read_bytes())
    os.utime(one, ns=(1, 1))
    changed = data.load_cifar10(image_folder)
    assert len(decodings) == 2 and changed.fingerprint != before.fingerprint
    other.unlink()
    assert len(data.load_cifar10(image_folder).train) == 19


def test_one_cache_serves_all_names_of_a_folder(image_folder, decodings, monkeypatch):
    data.load_cifar10(image_folder)
    monkeypatch.chdir(image_folder.parent)
    data.load_cifar10(image_folder.name)
    assert len(decodings) == 1
