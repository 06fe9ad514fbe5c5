"""Checkpoints that must be refused: of other settings or images, damaged, hostile.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from dataclasses import replace

import pytest
import torch
from planted import Planted
from torch.testing import assert_close

from vicreg import train as T
from vicreg.data import Splits
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.paths import weights_folder

CPU = torch.device("cpu")


@pytest.fixture
def checkpoint(checkpoint, small, tiny):
    """The checkpoint of a run's first epoch."""
    T.train(replace(small, epochs=1), tiny, CPU).unlink()
    return checkpoint


def refusal(experiment, data, checkpoint) -> str:
    """The sentence that a checkpoint is refused with; the file is left alone."""
    before = checkpoint.read_bytes()
    with pytest.raises(VICRegError) as caught:
        T.train(experiment, data, CPU)
    assert checkpoint.read_bytes() == before and not list(weights_folder().iterdir())
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".") and str(checkpoint) in message
    assert "add --anew to start from random weights" in message
    return message


@pytest.mark.parametrize(
    "change",
    [{"learning_rate": 1e-3}, {"seed": 1}, {"variance_weight": 0.0}, {"betas": (0.5, 0.9)}, {"batch_size": 9}],
    ids=lambda change: next(iter(change)),
)
def test_a_checkpoint_of_other_settings_is_refused_naming_them(small, tiny, checkpoint, change):
    message = refusal(replace(small, **change), tiny, checkpoint)
    assert f"other settings ({next(iter(change))})" in message


def test_a_checkpoint_of_other_images_is_refused(small, tiny, checkpoint):
    other = Splits(tiny.train, replace(tiny.test, fingerprint="another"))
    assert "trained on other images" in refusal(small, other, checkpoint)


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"",
        lambda raw: raw[:1000],
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw[:-1],
        lambda raw: raw[: len(raw) // 2] + bytes([raw[len(raw) // 2] ^ 1]) + raw[len(raw) // 2 + 1 :],
        lambda raw: b"words",
    ],
    ids=["empty", "first bytes", "half", "all but a byte", "bit flipped", "foreign"],
)
def test_a_damaged_checkpoint_is_refused(small, tiny, checkpoint, damage):
    checkpoint.write_bytes(damage(checkpoint.read_bytes()))
    assert "is damaged" in refusal(small, tiny, checkpoint)


@pytest.mark.parametrize("part", ["experiment", "data_fingerprint", "history", "legs", "encoder", "optimizer"])
def test_a_checkpoint_without_a_part_is_refused(small, tiny, checkpoint, part):
    content = torch.load(checkpoint, weights_only=True)
    del content[part]
    torch.save(content, checkpoint)
    assert "is damaged" in refusal(small, tiny, checkpoint)


def test_a_checkpoint_of_another_architecture_is_refused(small, tiny, checkpoint):
    content = torch.load(checkpoint, weights_only=True)
    content["projector"]["0.weight"] = torch.zeros(512, 64)
    torch.save(content, checkpoint)
    assert "does not fit" in refusal(small, tiny, checkpoint)


def test_code_in_a_checkpoint_does_not_run(small, tiny, checkpoint, tmp_path):
    content = torch.load(checkpoint, weights_only=True)
    torch.save({**content, "legs": Planted(tmp_path / "witness")}, checkpoint)
    assert "is damaged" in refusal(small, tiny, checkpoint)
    assert not (tmp_path / "witness").exists()


def test_a_half_written_neighbour_is_not_taken_for_the_checkpoint(small, tiny, checkpoint):
    (checkpoint.parent / f".{checkpoint.name}.x1y2z3").write_bytes(b"half a checkpoint")
    before = torch.load(checkpoint, weights_only=True)["history"]["train"]
    T.train(replace(small, epochs=2), tiny, CPU)
    assert_close(torch.load(checkpoint, weights_only=True)["history"]["train"][:1], before)
