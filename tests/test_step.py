"""What makes steps faster changes nothing else: recorded as a graph, tuned, compiled in parts.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import shutil
from dataclasses import replace

import pytest
import torch
from exact import float64_by_default, train_in_float64
from recording import record_on_the_cpu
from test_compile import needs_compiler, own_cache  # noqa: F401, a fixture
from torch.testing import assert_close

from vicreg import pairs as P
from vicreg import step as S
from vicreg import train as T
from vicreg.__main__ import parse
from vicreg.augment import draw_parameters, views_of
from vicreg.commands.train import speed_of
from vicreg.experiments import EXPERIMENTS, VICREG
from vicreg.runtime.paths import runs_folder, weights_folder
from vicreg.runtime.speed import COMPILABLE, Speed
from vicreg.step import WARM_UP, Recorded, Unrecordable

CPU = torch.device("cpu")
GRAPH = Speed(graph=True)


@pytest.fixture
def graphs(monkeypatch):
    """The graphs that training records, as if the CPU could."""
    monkeypatch.setattr(T, "check_settings", lambda *settings: None)
    return record_on_the_cpu(monkeypatch)


def start_anew() -> None:
    shutil.rmtree(runs_folder())


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_recorded_training_is_the_plain_one(
    small, load_small, tiny, graphs, assert_identical, tmp_path, monkeypatch, name
):
    """Bit for bit: views, gradients, Adam's moments and count of steps, the watching of test images."""
    if EXPERIMENTS[name].neighbours_of:
        T.train(replace(small, epochs=1), tiny, CPU)
        others = [(torch.arange(len(part)).view(-1, 1) + torch.tensor([1, 2, 3])) % len(part) for part in tiny]
        monkeypatch.setattr(P, "nearest_by", lambda *given: others)
    experiment = replace(EXPERIMENTS[name], epochs=3, batch_size=small.batch_size)
    kept = runs_folder() / f"{name}.checkpoint.pt"
    plain = T.train(experiment, tiny, CPU).rename(tmp_path / "plain.pt")
    checkpoint = kept.rename(tmp_path / "checkpoint.pt")
    recorded = T.train(experiment, tiny, CPU, speed=GRAPH)
    assert len(graphs) == 1 + (not experiment.latent), "of training and, where there are pairs, of test images"
    assert all(graph.operations for graph in graphs)
    assert_identical(recorded, plain)
    states = [torch.load(path, weights_only=True)["optimizer"]["state"] for path in (kept, checkpoint)]
    assert_close(*states, rtol=0, atol=0)


def test_a_recorded_resnet_is_the_plain_one(trained, tiny, graphs, assert_identical):
    """With batch normalisation, whose statistics a graph keeps where they were."""
    experiment = replace(trained.experiment, epochs=2, batch_size=5)
    plain = T.train(experiment, tiny, CPU)
    moved = plain.rename(plain.with_name("plain.pt"))
    start_anew()
    assert_identical(T.train(experiment, tiny, CPU, speed=GRAPH), moved)
    assert len(graphs) == 2


@pytest.mark.parametrize("speeds", [(GRAPH, Speed()), (Speed(), GRAPH)])
def test_a_run_goes_on_with_or_without_a_graph(small, tiny, graphs, assert_identical, tmp_path, speeds):
    plain = T.train(small, tiny, CPU).rename(tmp_path / "plain.pt")
    start_anew()
    for epochs, speed in zip((1, 3), speeds, strict=True):
        weights = T.train(replace(small, epochs=epochs), tiny, CPU, speed=speed)
    assert_identical(weights, plain)
    legs = torch.load(weights, weights_only=True)["provenance"]["legs"]
    assert [(leg["epochs"], leg["speed"]) for leg in legs] == [(1, str(speeds[0])), (2, str(speeds[1]))]


@pytest.mark.parametrize("speed", [Speed(), GRAPH, Speed(("network",)), Speed(("views", "forward"), True, True), Speed(tune=True)])
def test_a_speed_is_told_as_the_options_that_ask_for_it(speed):
    options = parse(["train", "vicreg", *str(speed).split()])
    assert speed_of(options) == speed


def test_the_first_calls_are_done_as_ever_and_the_next_recorded(monkeypatch):
    graphs, total = record_on_the_cpu(monkeypatch), torch.zeros(())
    step = Recorded(lambda indices: total.add_(indices.sum()).expand(3).clone(), 2, torch.Generator())
    for call in range(1, WARM_UP + 3):
        found = step(torch.tensor([call, 10]))
        assert total == sum(range(1, call + 1)) + 10 * call == found[0]
        assert len(graphs) == (call > WARM_UP)


def test_a_step_that_cannot_be_recorded_is_one_sentence(monkeypatch):
    def step(indices):
        if calls.append(1) or len(calls) > WARM_UP:
            raise RuntimeError("operation not permitted when stream is capturing\nmore")
        return torch.zeros(3)

    record_on_the_cpu(monkeypatch)
    calls, recorded = [], Recorded(step, 2, torch.Generator())
    with pytest.raises(Unrecordable, match=r"cannot be recorded as a CUDA graph \(operation not .*capturing\); leave --graph out"):
        for _ in range(WARM_UP + 1):
            recorded(torch.arange(2))


def test_only_a_gpu_replays_graphs(small, tiny):
    with pytest.raises(ValueError, match="Only a GPU replays graphs; leave --graph out"):
        T.train(small, tiny, CPU, speed=GRAPH)
    assert not weights_folder().exists()


@needs_compiler
def test_compiled_views_are_the_plain_ones(tiny):
    with float64_by_default():
        images, parameters = tiny.train.images.double() / 255, draw_parameters(20, torch.Generator(), 32)
        # One graph without a break, in which no number waits to be sent to a GPU.
        found = torch.compile(views_of, fullgraph=True)(images, parameters)
        assert_close(found, views_of(images, parameters))


@needs_compiler
@pytest.mark.parametrize("parts", [("forward",), ("network", "forward")])
def test_compiled_in_parts_training_has_its_plain_losses(small, tiny, monkeypatch, parts):
    """Not of the views: made in float32, they differ by roundings, which Adam's first steps magnify."""
    train_in_float64(monkeypatch)
    small = replace(small, epochs=2, batch_size=10)
    plain = torch.load(T.train(small, tiny, CPU), weights_only=True)["history"]
    start_anew()
    made, compiled = [], S.compiled
    monkeypatch.setattr(S, "compiled", lambda what, device: made.append(what) or compiled(what, device))
    found = torch.load(T.train(small, tiny, CPU, speed=Speed(parts)), weights_only=True)["history"]
    assert len(made) == len(parts) and set(parts) <= set(COMPILABLE)
    assert_close(found, plain)


@needs_compiler
def test_what_is_compiled_is_whole_and_compiled_once(small, tiny, monkeypatch):
    """A break in it, or a guard that fails, would compile anew at every step."""
    monkeypatch.setattr(S, "compiled", lambda what, device: torch.compile(what, fullgraph=True))
    torch._dynamo.reset()  # what other tests compiled of the same code
    with torch._dynamo.config.patch(error_on_recompile=True):
        T.train(replace(small, epochs=1), tiny, CPU, speed=Speed(("forward", "views")))


def test_tuning_ends_with_the_training(small, tiny, monkeypatch):
    seen, objectives = [], T.losses_on_test_images
    monkeypatch.setattr(
        T, "losses_on_test_images",
        lambda *given: seen.append(torch.backends.cudnn.benchmark) or objectives(*given),
    )  # fmt: skip
    for tune in (True, False):
        T.train(replace(small, epochs=len(seen) + 1), tiny, CPU, speed=Speed(tune=tune))
    assert seen == [True, False] and not torch.backends.cudnn.benchmark


def test_the_exercises_settings_are_not_among_what_makes_steps_faster():
    assert not set(vars(Speed())) & set(vars(VICREG))
