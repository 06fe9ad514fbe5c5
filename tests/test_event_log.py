"""``train --log``: the events that TensorBoard reads are the run's, each once, and training is the same.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import errno
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from recording import record_on_the_cpu
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.summary.writer import event_file_writer, record_writer
from torch import nn

from vicreg import event_log as E
from vicreg import step as S
from vicreg import train as T
from vicreg.__main__ import main
from vicreg.downstream import probe
from vicreg.experiments import EXPERIMENTS, LATENT_OPTIMIZATION
from vicreg.loss import VICRegLoss
from vicreg.runtime.distributed import Workers
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.paths import PROJECT, checkpoint_file, runs_folder, weights_file, weights_folder
from vicreg.runtime.speed import Speed

CPU = torch.device("cpu")
OBJECTIVES = ("invariance", "variance", "covariance")


@pytest.fixture(autouse=True)
def numbers_of_files(monkeypatch):
    """Files of one second are read in the order of their numbers as text, which a tenth would break."""
    monkeypatch.setattr(event_file_writer, "_global_uid", event_file_writer.AtomicCounter(0))


@pytest.fixture(autouse=True)
def short_probes(monkeypatch):
    monkeypatch.setattr(probe, "STEPS", 40)


@pytest.fixture
def log(tmp_path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def plain_embedding(monkeypatch):
    """The encoder of ``small`` is no network that can be folded."""
    monkeypatch.setattr(
        E, "embed", lambda images, encoder, *given: encoder(images.float() / 255).detach()
    )


def read(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0}).Reload()


def points(folder: Path, tag: str) -> list[tuple[int, float]]:
    return [(event.step, event.value) for event in read(folder).Scalars(tag)]


def tags(folder: Path) -> set[str]:
    return set(read(folder).Tags()["scalars"])


def stored(path: Path) -> dict:
    return torch.load(path, weights_only=True)["history"]


def assert_tells_all_of(path: Path, folder: Path) -> None:
    """Every batch and every epoch of a weights file's history stands in the log once, with its value."""
    history = stored(path)
    epochs, steps = history["train"].shape[:2]
    for number, objective in enumerate(OBJECTIVES):
        batches = history["train"].flatten(0, 1)[:, number].tolist()
        assert points(folder, f"{objective}/train") == list(enumerate(batches, 1))
        if len(history["test"]):
            ends = range(steps, epochs * steps + 1, steps)
            assert points(folder, f"{objective}/test") == list(zip(ends, history["test"][:, number].tolist(), strict=True))


def test_the_log_is_the_history(small, tiny, log):
    weights = T.train(small, tiny, CPU, log=log)
    assert_tells_all_of(weights, log / "vicreg")
    rates = points(log / "vicreg", "images_a_second")
    assert [step for step, _ in rates] == [10, 20, 30] and all(rate > 0 for _, rate in rates)
    (leg,) = torch.load(weights, weights_only=True)["provenance"]["legs"]
    assert sum(20 / rate for _, rate in rates) == pytest.approx(leg["seconds"], rel=1e-5)
    assert "probe/test_accuracy" not in tags(log / "vicreg")
    (settings,) = read(log / "vicreg").Tensors("settings/text_summary")
    told = settings.tensor_proto.string_val[0].decode()
    for line in ("| batch_size | 2 |", "| betas | (0.9, 0.999) |", "| side | 32 |", f"| images | {tiny.train.name} |"):
        assert line in told


@pytest.mark.parametrize("latent", [False, True])
def test_training_is_the_same_with_a_log_and_probes(trained, tiny, log, assert_identical, latent, tmp_path):
    plain, kept = trained.weights, trained.checkpoint
    experiment = trained.experiment
    if latent:
        experiment = replace(LATENT_OPTIMIZATION, epochs=2, batch_size=8)
        plain = T.train(experiment, tiny, CPU).rename(tmp_path / "plain.pt")
        kept = checkpoint_file(experiment.name).rename(tmp_path / "kept.pt")
    weights = T.train(experiment, tiny, CPU, log=log, probe_every=1)
    assert_identical(weights, plain)
    assert_identical(checkpoint_file(experiment.name), kept)
    assert_tells_all_of(weights, log / experiment.name)


def test_training_with_a_graph_is_the_same_with_probes(small, tiny, log, monkeypatch, plain_embedding, assert_identical, tmp_path):
    plain = T.train(small, tiny, CPU).rename(tmp_path / "plain.pt")
    shutil.rmtree(runs_folder())
    monkeypatch.setattr(T, "check_settings", lambda *settings: None)
    record_on_the_cpu(monkeypatch)
    assert_identical(T.train(small, tiny, CPU, speed=Speed(graph=True), log=log, probe_every=1), plain)
    assert_tells_all_of(plain, log / "vicreg")


def test_the_probe_is_of_the_encoder_of_that_epoch(trained, tiny, log):
    """After each epoch, that which a run of so many epochs ends with; in 16 bits, so one image may differ."""
    T.train(trained.experiment, tiny, CPU, log=log, probe_every=1, keep_epochs=[1])
    found = points(log / "vicreg", "probe/test_accuracy")
    assert [step for step, _ in found] == [2, 4]
    for (_, accuracy), name in zip(found, ("vicreg_epoch1", "vicreg"), strict=True):
        encoder = T.initial_models(trained.experiment, 20, CPU)[0]
        encoder.load_state_dict(torch.load(weights_file(name), weights_only=True)["encoder"])
        encoder.train()
        assert accuracy == pytest.approx(E.probe_accuracy(encoder, tiny, CPU), abs=0.11)
        assert encoder.training


@pytest.mark.parametrize(("every", "expected"), [(1, [1, 2, 3]), (2, [2, 3]), (7, [3]), (0, [])])
def test_probes_come_every_so_many_epochs_and_at_the_last(small, tiny, log, monkeypatch, every, expected):
    monkeypatch.setattr(E, "probe_accuracy", lambda *given: 0.5)
    T.train(small, tiny, CPU, log=log, probe_every=every)
    found = points(log / "vicreg", "probe/test_accuracy") if every else []
    assert found == [(10 * epoch, 0.5) for epoch in expected]


def of_classes(data, train: list[int], test: list[int]):
    return data._replace(
        train=replace(data.train, labels=torch.tensor(train)), test=replace(data.test, labels=torch.tensor(test))
    )


def test_images_without_classes_and_codes_are_not_probed(small, tiny, log, monkeypatch, capsys):
    monkeypatch.setattr(E, "probe_accuracy", lambda *given: pytest.fail("probed"))
    for labels in (([0] * 20, [0] * 10), ([0, 1] * 10, [0] * 10), ([0, -1] * 10, [0, -1] * 5)):
        T.train(replace(small, epochs=1), of_classes(tiny, *labels), CPU, log=log, probe_every=1)
        checkpoint_file("vicreg").unlink()
    T.train(replace(LATENT_OPTIMIZATION, epochs=1, batch_size=8), tiny, CPU, log=log, probe_every=1)
    said = capsys.readouterr().err
    assert said.count("No probe is made: it needs two classes") == 3 and said.count("No probe is made of codes") == 1
    assert E.probed_classes(of_classes(tiny, [0, 2, -1, 5] * 5, [0, 2] * 5)) == [0, 2]
    assert E.probed_classes(tiny) == list(range(10))


def test_a_collapsed_encoder_ends_no_training(small, tiny, log, monkeypatch, capsys):
    monkeypatch.setattr(E, "embed", lambda images, *given: torch.ones(len(images), 128))
    assert_tells_all_of(T.train(small, tiny, CPU, log=log, probe_every=3), log / "vicreg")
    assert "No probe after epoch 3: All representations are the same" in capsys.readouterr().err


# Runs that go on ----------------------------------------------------------------------------------


def interrupted(experiment, data, log, monkeypatch, epoch: int, factor: float = 2.0) -> None:
    """Train until an epoch's first look at the losses, whose values are by a factor too large."""
    check_finite, vicreg_loss = T.check_finite, S.vicreg_loss

    def interrupt(losses, where, checkpoint):
        if where.startswith(f"epoch {epoch},"):
            raise KeyboardInterrupt
        check_finite(losses, where, checkpoint)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(T, "check_finite", interrupt)
        patch.setattr(
            S, "vicreg_loss", lambda *given, **kw: VICRegLoss(*(factor * term for term in vicreg_loss(*given, **kw)))
        )
        T.train(experiment, data, CPU, log=log)


def test_repeated_batches_are_seen_once_as_they_became(small, tiny, log, monkeypatch):
    """Two epochs are logged that the checkpoint does not have; trained again they have other losses."""
    experiment = replace(small, epochs=5)
    interrupted(experiment, tiny, log, monkeypatch, epoch=4)
    assert len(stored(checkpoint_file("vicreg"))["train"]) == 1
    assert len(points(log / "vicreg", "variance/train")) == 30
    interrupted(experiment, tiny, log, monkeypatch, epoch=3, factor=3.0)
    weights = T.train(experiment, tiny, CPU, log=log)
    assert_tells_all_of(weights, log / "vicreg")
    assert [step for step, _ in points(log / "vicreg", "images_a_second")] == [10, 20, 30, 40, 50]
    assert [event.step for event in read(log / "vicreg").Tensors("settings/text_summary")] == [1, 11, 21]
    before = points(log / "vicreg", "variance/train")
    T.train(replace(experiment, epochs=6), tiny, CPU, log=log)
    assert points(log / "vicreg", "variance/train")[:50] == before
    assert_tells_all_of(weights, log / "vicreg")


@pytest.mark.parametrize("cut", [1, 7, 30])
def test_a_record_that_a_kill_cut_short_does_no_harm(small, tiny, log, monkeypatch, cut):
    interrupted(small, tiny, log, monkeypatch, epoch=3)
    (file,) = (log / "vicreg").iterdir()
    file.write_bytes(file.read_bytes()[:-cut])
    assert_tells_all_of(T.train(small, tiny, CPU, log=log), log / "vicreg")


def test_the_log_is_on_the_disk_before_the_checkpoint(small, tiny, log, monkeypatch):
    monkeypatch.setattr(T, "CHECKPOINT_EVERY", 0)
    save, seen = T.Checkpoint.save, []

    def look_and_save(self, progress):
        seen.append(len(points(log / "vicreg", "covariance/test")) - len(progress.history.train))
        save(self, progress)

    monkeypatch.setattr(T.Checkpoint, "save", look_and_save)
    T.train(small, tiny, CPU, log=log)
    assert seen == [0, 0, 0]


def test_a_new_log_of_an_old_run_tells_its_past(small, tiny, log):
    T.train(replace(small, epochs=2), tiny, CPU)
    T.train(replace(small, epochs=2), tiny, CPU, log=log / "finished")
    weights = T.train(small, tiny, CPU, log=log)
    assert_tells_all_of(weights, log / "vicreg")
    assert len(points(log / "finished" / "vicreg", "variance/train")) == 20
    assert [step for step, _ in points(log / "vicreg", "images_a_second")] == [30]


def test_a_run_from_the_start_takes_the_place_of_an_earlier_one(small, tiny, log):
    T.train(small, tiny, CPU, log=log)
    shutil.rmtree(runs_folder())
    assert_tells_all_of(T.train(replace(small, epochs=1, seed=5), tiny, CPU, log=log, replace_weights=True), log / "vicreg")


# The command --------------------------------------------------------------------------------------


def command(name: str, folder: Path, *options: str) -> list[str]:
    return ["train", name, "--epochs", "1", "--batch-size", "10", "--device", "cpu", "--data", str(folder), *options]


def test_all_experiments_have_folders_of_their_own(small, load_small, tiny_folder, log, monkeypatch, plain_embedding):
    others = [(torch.arange(n).view(-1, 1) + torch.tensor([1, 2, 3])) % n for n in (20, 10)]
    monkeypatch.setattr("vicreg.pairs.nearest_by", lambda *given: others)
    assert main(command("all", tiny_folder, "--log", str(log), "--probe-every", "1")) == 0
    assert {folder.name for folder in log.iterdir()} == set(EXPERIMENTS)
    for name, experiment in EXPERIMENTS.items():
        assert_tells_all_of(weights_file(name), log / name)
        assert ("probe/test_accuracy" in tags(log / name)) == (not experiment.latent)
        assert ("variance/test" in tags(log / name)) == (not experiment.latent)


def test_an_own_experiments_log_has_its_name(small, tiny_folder, log):
    options = ["--set", "variance_weight=5", "--as", "own", "--log", str(log)]
    assert main(command("vicreg", tiny_folder, *options)) == 0
    assert_tells_all_of(weights_file("own"), log / "own")


@pytest.mark.parametrize("place", ["a file", "a file of the experiment's name"])
def test_a_log_that_cannot_be_written_is_one_sentence(small, tiny_folder, log, capsys, place):
    log.parent.mkdir(exist_ok=True)
    blocked = log if place == "a file" else log / "vicreg"
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_bytes(b"")
    assert main(command("vicreg", tiny_folder, "--log", str(log))) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error == f"error: The folder {log / 'vicreg'} cannot be written to; set --log to one that can."
    assert not weights_folder().exists() and not runs_folder().exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [(["--probe-every", "2"], "A probe's accuracy goes to the log; add --log DIR."),
     (["--probe-every", "-1"], "every 1 or more epochs, got -1.")],
)  # fmt: skip
def test_probes_that_cannot_be_are_one_sentence(small, tiny_folder, capsys, options, says):
    assert main(command("vicreg", tiny_folder, *options)) == 1
    assert capsys.readouterr().err.splitlines()[-1].endswith(says)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_full_disk_is_one_sentence_and_keeps_the_checkpoint(small, tiny, log, monkeypatch):
    writes, write = [], record_writer.RecordWriter.write

    def full(self, record):
        writes.append(1)
        if len(writes) > 60:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, record)

    monkeypatch.setattr(record_writer.RecordWriter, "write", full)
    with pytest.raises(VICRegError, match=r"log in .*vicreg could not be written \(No space left on device\); free some"):
        T.train(small, tiny, CPU, log=log)
    assert len(stored(checkpoint_file("vicreg"))["train"]) == 1


def test_tensorboard_missing_is_one_sentence(small, tiny_folder, log, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    assert main(command("vicreg", tiny_folder, "--log", str(log))) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "install it with pip install tensorboard, or leave --log out." in error
    assert main(command("vicreg", tiny_folder)) == 0


def test_only_the_chief_writes(small, tiny, log, monkeypatch):
    class Second(Workers):
        def share(self, batch):
            return slice(None)

    workers = Second(1, 1)
    T.train(small, tiny, CPU, workers=workers, log=log)
    assert not log.exists()


def test_without_a_log_nothing_of_tensorboard_is_imported(tiny_folder):
    program = (
        "import sys; from vicreg.__main__ import main\n"
        f"assert main({command('vicreg', tiny_folder)!r}) == 0\n"
        "assert not [name for name in sys.modules if 'tensorboard' in name]"
    )
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True, capture_output=True)


def test_probing_draws_no_random_numbers_of_others(tiny):
    encoder = T.initial_models(EXPERIMENTS["vicreg"], 20, CPU)[0].train()
    state = torch.random.get_rng_state()
    weights = {key: value.clone() for key, value in encoder.state_dict().items()}
    E.probe_accuracy(encoder, tiny, CPU)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(value, weights[key]) for key, value in encoder.state_dict().items())
    assert all(module.training for module in encoder.modules()) and isinstance(encoder, nn.Module)
