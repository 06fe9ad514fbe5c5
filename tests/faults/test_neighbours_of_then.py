"""A run on neighbours goes on only with the weights that chose them.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import platform
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from vicreg import checkpoint as C
from vicreg import pairs
from vicreg import train as T
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.paths import runs_folder
from vicreg.weights import load_run, weights_file

CPU = torch.device("cpu")


@pytest.fixture
def first_model(monkeypatch):
    """A stand-in for the first model: only its fingerprint and the neighbours by it count."""
    model = SimpleNamespace(fingerprint="then")
    monkeypatch.setattr(C, "fingerprint_of", lambda name: model.fingerprint)
    monkeypatch.setattr(pairs, "nearest_by", lambda name, data, device: [torch.zeros(len(s), 3).long() for s in data])
    return model


@pytest.fixture
def on_neighbours(small):
    return replace(small, name="on_neighbours", neighbours_of="vicreg", epochs=1)


def test_other_weights_of_the_first_model_are_refused_by_name(first_model, on_neighbours, tiny):
    T.train(on_neighbours, tiny, CPU)
    checkpoint = runs_folder() / "on_neighbours.checkpoint.pt"
    before = checkpoint.read_bytes()
    first_model.fingerprint = "now"
    with pytest.raises(VICRegError) as caught:
        T.train(replace(on_neighbours, epochs=2), tiny, CPU)
    assert str(caught.value) == (
        f"The checkpoint {checkpoint} was trained on neighbours by other weights of vicreg than "
        f"{weights_file('vicreg')} are now; add --anew to start from random weights, or restore those weights."
    )
    assert checkpoint.read_bytes() == before


def test_weights_by_other_weights_of_the_first_model_are_not_extended(
    first_model, on_neighbours, tiny, load_small
):
    path = T.train(on_neighbours, tiny, CPU)
    assert load_run(path).provenance.neighbours_by == "then"
    (runs_folder() / "on_neighbours.checkpoint.pt").unlink()
    before = path.read_bytes()
    first_model.fingerprint = "now"
    with pytest.raises(VICRegError) as caught:
        T.train(replace(on_neighbours, epochs=2), tiny, CPU, extend=True)
    assert str(caught.value) == (
        f"The weights {path} were trained on neighbours by other weights of vicreg than "
        f"{weights_file('vicreg')} are now; choose another name with --as, or leave --extend out and add --replace, or restore those weights."
    )
    assert path.read_bytes() == before
    first_model.fingerprint = "then"
    extended = load_run(T.train(replace(on_neighbours, epochs=2), tiny, CPU, extend=True))
    assert len(extended.history.train) == 2
    assert extended.provenance.neighbours_by == "then"


def test_weights_that_do_not_tell_are_extended(first_model, on_neighbours, tiny, load_small):
    path = T.train(on_neighbours, tiny, CPU)
    content = torch.load(path, weights_only=True)
    del content["provenance"]["neighbours_by"]
    for leg in content["provenance"]["legs"]:
        del leg["python_version"], leg["torchvision_version"]
    torch.save(content, path)
    (runs_folder() / "on_neighbours.checkpoint.pt").unlink()
    legs = load_run(T.train(replace(on_neighbours, epochs=2), tiny, CPU, extend=True)).provenance.legs
    assert [leg.python_version for leg in legs] == ["", platform.python_version()]


def test_the_same_weights_go_on(first_model, on_neighbours, tiny):
    T.train(on_neighbours, tiny, CPU)
    content = torch.load(T.train(replace(on_neighbours, epochs=2), tiny, CPU), weights_only=True)
    assert len(content["history"]["train"]) == 2


def test_checkpoints_of_before_without_neighbours_still_go_on(small, tiny, checkpoint):
    T.train(replace(small, epochs=1), tiny, CPU)
    content = torch.load(checkpoint, weights_only=True)
    del content["neighbours_by"]
    torch.save(content, checkpoint)
    again = torch.load(T.train(replace(small, epochs=2), tiny, CPU), weights_only=True)
    assert len(again["history"]["train"]) == 2
