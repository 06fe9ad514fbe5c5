"""The benchmark of training steps: who takes part, who is left out with a reason, what its table says.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import importlib
import json
import sys
from collections import deque
from multiprocessing import active_children
from pathlib import Path

import pytest
import torch
from recording import record_on_the_cpu

from vicreg.experiments import VICREG
from vicreg.runtime.speed import PLAIN, Speed

CPU = torch.device("cpu")
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch, small):
    """The benchmark's module, with batches of 8 for an encoder of one layer."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    module = importlib.import_module("training")
    monkeypatch.setattr(module, "BATCH", 8)
    monkeypatch.setattr(module, "VICREG", VICREG.__class__(name="vicreg", description="", batch_size=8))
    monkeypatch.setattr(module, "MATRIX", {"cpu": 64})
    yield module
    del sys.modules["training"]


def test_what_is_missing_or_fails_is_a_line_of_the_table(benchmark, tiny, monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "lightly", None)
    monkeypatch.setattr(benchmark, "load_cifar10", lambda: tiny)
    chosen = [benchmark.OURS, "bare forward and backward", "lightly"]
    monkeypatch.setattr(sys, "argv", [
        "training.py", "--device", "cpu", "--rounds", "2", "--steps", "1", "--every", "1",
        "--json", str(tmp_path / "told.json"), "--profile", str(tmp_path / "profile.txt"),
        *(option for name in chosen for option in ("--only", name)),
    ])  # fmt: skip
    assert benchmark.main() == 0
    told = json.loads((tmp_path / "told.json").read_text())
    assert {name: len(rate["all"]) for name, rate in told["views_a_second"].items()} == dict.fromkeys(chosen[:2], 2)
    assert set(told["failed"]) == {"lightly"} and told["peak_memory_gb"][benchmark.OURS] > 0
    out = capsys.readouterr().out
    assert f"| {benchmark.OURS} | {told['views_a_second'][benchmark.OURS]['median']:.0f} | 1.00 x |" in out
    assert "| lightly | – |" in out and "ModuleNotFoundError" in out
    assert (tmp_path / "profile.txt").read_text().startswith(f"{benchmark.OURS}\n")


def test_on_a_gpu_each_step_has_its_memory_and_every_switch_takes_part(benchmark):
    chosen = benchmark.contestants(torch.zeros(1), torch.device("cuda"), 0)
    speeds = [(*make.args, PLAIN)[2] for make in chosen.values() if make.func is benchmark.ours]
    alone = [Speed(("network",)), Speed(tune=True), Speed(graph=True)]
    assert all(speed in speeds for speed in alone) and len(set(speeds)) == len(speeds)
    names = [benchmark.OURS, f"{benchmark.OURS}, --graph"]
    result = {
        "views_a_second": dict(zip(names, ({"median": 1000.0}, {"median": 4000.0}), strict=True)),
        "failed": {}, "peak_memory_gb": dict(zip(names, (2.94, 3.1), strict=True)),
        "matrix_product_gflops": {"n": 8192, "median": 31_300.0},
        "machine": {"device": "a GPU", "kind": "cuda", "date": "today", "torch": "2", "torchvision": "0", "lightly": None},
    }  # fmt: skip
    lines = benchmark.table(result).splitlines()
    assert lines[2:4] == [f"| {names[0]} | 1000 | 1.00 x | 10% | 2.9 GB |", f"| {names[1]} | 4000 | 0.25 x | 40% | 3.1 GB |"]
    assert "lightly missing. A 8192 x 8192 product: 31300 GFLOP/s." in lines[-1]


def test_every_step_computes_a_whole_batch_however_few_the_images(benchmark, tiny, monkeypatch):
    def watched(*args, made=benchmark.initial_models):
        encoder, projector = made(*args)
        encoder.register_forward_pre_hook(lambda module, inputs: seen.append(len(inputs[0])))
        return encoder, projector

    monkeypatch.setattr(benchmark, "initial_models", watched)
    for make in (benchmark.ours, benchmark.bare, lambda *given: benchmark.plain(*given, workers=0)):
        seen = []
        make(tiny.train.images[:5], CPU)()
        assert seen == [8, 8]


def test_a_tuned_step_takes_no_choice_of_an_untuned_one(benchmark, tiny, monkeypatch):
    """cuDNN keeps its choices by convolution and by whether TF32 is allowed, not by whether it tried."""
    def seeing(*args, **kwargs):
        return lambda indices: seen.append((torch.backends.cudnn.benchmark, torch.backends.cudnn.allow_tf32))

    monkeypatch.setattr(benchmark, "training_step", seeing)
    seen = []
    for tune in (False, True, False):
        benchmark.ours(tiny.train.images, CPU, Speed(tune=tune))()
    assert seen == [(False, True), (True, False), (False, True)]


def test_what_fails_in_a_round_is_told_and_the_rounds_before_are_kept(benchmark, tiny, monkeypatch, tmp_path):
    def made_to(fail: Exception, after: int):
        calls = iter(range(100))

        def step():
            if next(calls) >= after:
                raise fail

        return lambda: step

    # A step is called once when it is made, and in a round of one step twice.
    chosen = {"breaks": made_to(RuntimeError("out of memory"), after=3), "is ended": made_to(KeyboardInterrupt(), after=5)}
    monkeypatch.setattr(benchmark, "load_cifar10", lambda: tiny)
    monkeypatch.setattr(benchmark, "contestants", lambda *given: chosen)
    file = tmp_path / "told.json"
    monkeypatch.setattr(sys, "argv", ["training.py", "--device", "cpu", "--rounds", "3", "--steps", "1", "--json", str(file)])
    with pytest.raises(KeyboardInterrupt):
        benchmark.main()
    told = json.loads(file.read_text())
    assert {name: len(rate["all"]) for name, rate in told["views_a_second"].items()} == {"is ended": 2}
    assert told["failed"] == {"breaks": "RuntimeError: out of memory"} and set(told["peak_memory_gb"]) == {"is ended"}


def test_peak_memory_on_a_gpu_is_not_that_of_trying_algorithms(benchmark, monkeypatch):
    peak = 0

    def reset(device):
        nonlocal peak
        peak = 10

    def step():
        nonlocal peak
        peak = max(peak, next(needed))

    needed = iter([150, 30, 30, 40, 20])
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 10)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: peak)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", reset)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
    contest = benchmark.Contest({"tuned": lambda: step}, torch.device("cuda"))
    assert contest.peaks == {"tuned": 30 / 1e9} and not contest.failed


def test_a_recorded_step_is_timed_as_it_trains(benchmark, tiny, monkeypatch):
    graphs = record_on_the_cpu(monkeypatch)
    step = benchmark.ours(tiny.train.images, CPU, Speed(graph=True))
    for _ in range(6):
        step()
    (graph,) = graphs
    assert any("adam" in str(func) for func, *_ in graph.operations)


class LoaderAhead:
    """A loader that makes four batches before the first is asked for, and tells when each was made.

    ``drawn``: for each batch, in which turn it was made and drawn, and whether it lay ready at the start.
    """

    prefetch_factor = 2

    def __init__(self):
        self.turn, self.drawn = 0, []

    def __iter__(self):
        ready = deque([(self.turn, True)] * 4)
        while True:
            made, at_start = ready.popleft()
            ready.append((self.turn, False))
            self.drawn.append((made, self.turn, at_start))
            yield torch.zeros(8, 3, 32, 32), torch.zeros(8, 3, 32, 32)


def test_batches_made_before_a_contestants_turn_do_not_count(benchmark, monkeypatch):
    batches, loader, counted = benchmark.Batches(range(8), workers=2), LoaderAhead(), []
    batches.loader, timed = loader, benchmark.timed

    def noted(step, device, steps):
        first = len(loader.drawn)
        seconds = timed(step, device, steps)
        counted.append(loader.drawn[first:])
        return seconds

    def others_turn():
        assert batches.under_way is None, "workers of another are at work"
        loader.turn += 1

    monkeypatch.setattr(benchmark, "matrix_product", lambda device: 1.0)
    monkeypatch.setattr(benchmark, "timed", noted)
    step = benchmark.LoaderStep(batches, CPU, benchmark.plain_loss, benchmark.models(CPU, fused=False))
    contest = benchmark.Contest({"peer": lambda: step, "other": lambda: others_turn}, CPU)
    list(contest.rates(rounds=2, steps=3))
    peers = [drawn for drawn in counted if drawn]
    assert [len(drawn) for drawn in peers] == [1 + 4] * 2, "one before the clock starts, then as many of each worker"
    assert all(made == turn and not at_start for drawn in peers for made, turn, at_start in drawn)


def test_the_loaders_workers_start_and_end_with_a_turn(benchmark, tiny):
    step = benchmark.plain(tiny.train.images, CPU, workers=1)
    assert benchmark.timed_turn(step, CPU, 4) > 0, "more batches than an epoch has"
    assert step.batches.under_way is None and not active_children()


def test_an_unknown_step_is_told(benchmark, tiny, monkeypatch, capsys):
    monkeypatch.setattr(benchmark, "load_cifar10", lambda: tiny)
    monkeypatch.setattr(sys, "argv", ["training.py", "--device", "cpu", "--only", "nonsense"])
    assert benchmark.main() == 1
    assert "Unknown: nonsense; choose from: this project; " in capsys.readouterr().err
