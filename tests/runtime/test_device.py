"""A GPU that is seen but unusable, and one whose memory is full; simulated at the boundary to torch.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import warnings
from dataclasses import replace

import pytest
import torch

from vicreg import fitting_batch
from vicreg import representations as R
from vicreg import train as T
from vicreg.runtime.batching import attempt, in_fitting_batches
from vicreg.runtime.device import best_device, trouble_with_gpu
from vicreg.runtime.errors import VICRegError

CPU = torch.device("cpu")
OLD_DRIVER = "CUDA initialization: The NVIDIA driver on your system is too old (found version 11040)."


@pytest.fixture
def old_driver(monkeypatch):
    """torch finds no GPU, and warns of the reason, as it does with a driver older than its own."""

    def is_available() -> bool:
        warnings.warn(f"{OLD_DRIVER}\nPlease update your GPU driver", UserWarning, stacklevel=2)
        return False

    monkeypatch.setattr(torch.cuda, "is_available", is_available)


@pytest.fixture
def broken_gpu(monkeypatch):
    """torch finds a GPU, and fails at the first tensor on it."""
    zeros = torch.zeros

    def fail(*shape, device=None, **options):
        if str(device) == "cuda":
            raise RuntimeError("CUDA error: no kernel image is available\nCompile with TORCH_USE_CUDA_DSA")
        return zeros(*shape, device=device, **options)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "zeros", fail)


@pytest.mark.parametrize("gpu", ["old_driver", "broken_gpu"])
def test_an_unusable_gpu_is_said_in_one_line_and_the_cpu_taken(gpu, request, capsys):
    request.getfixturevalue(gpu)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert best_device() == CPU
    (line,) = capsys.readouterr().err.splitlines()
    words = {"old_driver": "driver on your system is too old", "broken_gpu": "no kernel image is available"}
    assert line.startswith("The GPU is there but unusable (CUDA") and words[gpu] in line
    assert line.endswith("; going on on the CPU.")


def test_without_a_gpu_nothing_is_said(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert trouble_with_gpu() == "" and best_device() == CPU
    assert capsys.readouterr().err == ""


def test_a_gpu_that_is_asked_for_and_unusable_is_refused(broken_gpu):
    with pytest.raises(VICRegError, match=r"'cuda' cannot be used \(CUDA error: no kernel.*leave --device out"):
        best_device("cuda")


# Memory -----------------------------------------------------------------------------------------


@pytest.fixture
def memory_for(monkeypatch):
    """A function that lets the encoder run out of memory beyond a batch size."""

    def limit(images: int) -> None:
        forward = T.Projector.forward

        def bounded(self, y):
            if len(y) > images:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            return forward(self, y)

        monkeypatch.setattr(T.Projector, "forward", bounded)

    return limit


@pytest.mark.parametrize(("holds", "fits"), [(15, 8), (8, 8), (7, 4), (2, 2)])
def test_training_says_the_batch_size_that_fits(small, tiny, memory_for, holds, fits):
    memory_for(holds)
    with pytest.raises(VICRegError) as caught:
        fitting_batch.train_or_advise(replace(small, batch_size=16), tiny, CPU)
    assert str(caught.value) == (
        f"The device's memory does not hold a batch of 16; --batch-size {fits} would fit."
    )
    fitting_batch.train_or_advise(replace(small, batch_size=fits, epochs=1), tiny, CPU)


def test_training_says_so_when_no_batch_fits(small, tiny, memory_for):
    memory_for(1)
    with pytest.raises(VICRegError, match="free some of it, or train with --device cpu"):
        fitting_batch.train_or_advise(replace(small, batch_size=16), tiny, CPU)


def test_the_trial_has_the_memory_that_the_failed_step_held():
    held = []

    class Batch:
        def __del__(self):
            held.remove(self.__class__)

    def step() -> None:
        batch = Batch()
        held.append(Batch)
        raise torch.OutOfMemoryError(f"while {batch} is held")

    assert attempt(step) is None and not held


def test_other_errors_are_not_taken_for_full_memory():
    with pytest.raises(RuntimeError, match="another"):
        attempt(lambda: (_ for _ in ()).throw(RuntimeError("another")))


def test_embedding_goes_on_with_smaller_batches_and_the_same_result(tiny, monkeypatch, capsys):
    def embed(images, encoder, device, size, description):
        if size > R.BATCH_SIZE // 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return torch.cat([batch.flatten(1)[:, :128].float() for batch in images.split(size)])

    expected = tiny.test.images.flatten(1)[:, :128].float()
    found = in_fitting_batches(lambda size: embed(tiny.test.images, None, CPU, size, ""), R.BATCH_SIZE)
    assert torch.equal(found, expected)
    assert capsys.readouterr().err.splitlines()[-1].endswith("going on with 125.")


def test_embedding_says_so_when_not_even_one_image_fits():
    def embed(size):
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(VICRegError, match=r"does not hold a single image; .*CUDA_VISIBLE_DEVICES="):
        in_fitting_batches(embed, 4)
