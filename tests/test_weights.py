"""Weights files: what goes in comes out, nothing else gets in, and no code in them runs.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import copy
import io
import pickle
import shutil
import tracemalloc
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from planted import Planted
from torch import nn
from torch.testing import assert_close

from vicreg import representations
from vicreg.augment import normalise
from vicreg.data import load_cifar10
from vicreg.downstream.probe import linear_probe
from vicreg.experiments import VICREG
from vicreg.history import History
from vicreg.latent_codes import LatentCodes
from vicreg.model import Encoder, Projector
from vicreg.representations import embed
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.paths import PROJECT, weights_folder
from vicreg.train import initial_models
from vicreg.weights import Leg, Provenance, joined, load_run, save_run, untrained, weights_file
from vicreg.weights_header import read_header

FLIPS = 60
PROVENANCE = Provenance("CIFAR-10", "0" * 64, (Leg(2, 12.5, "a CPU", "float32", "2.11", "fresh"),))
HISTORY = History(torch.rand(2, 5, 3), torch.rand(2, 3))


@pytest.fixture(scope="module")
def models():
    torch.manual_seed(0)
    return Encoder().eval(), Projector().eval()


@pytest.fixture(scope="module")
def good(models, tmp_path_factory):
    """The bytes of a good weights file of "vicreg"."""
    path = tmp_path_factory.mktemp("good") / "vicreg.pt"
    return save_run(VICREG, *models, HISTORY, PROVENANCE, path).read_bytes()


@pytest.fixture
def weights(good):
    """A weights file of "vicreg", in its place."""
    weights_folder().mkdir(parents=True)
    weights_file("vicreg").write_bytes(good)
    return weights_file("vicreg")


def refusal(name_or_path: str | Path) -> str:
    with pytest.raises(VICRegError) as caught:
        load_run(name_or_path)
    message = str(caught.value)
    assert "\n" not in message and ";" in message, message
    return message


def test_an_untrained_run_is_what_training_starts_from(weights):
    run = load_run("vicreg")
    start = untrained(replace(run, experiment=replace(VICREG, seed=5)))
    encoder, projector = initial_models(replace(VICREG, seed=5), 10, torch.device("cpu"))
    for found, expected in ((start.encoder, encoder), (start.projector, projector)):
        assert not found.training
        assert_close(dict(found.state_dict()), dict(expected.state_dict()), rtol=0, atol=0)
    assert start.fingerprint not in (run.fingerprint, untrained(run).fingerprint)
    assert start.experiment.epochs == 0 and start.name != run.name
    with pytest.raises(ValueError, match="beginning of its own"):
        untrained(replace(run, experiment=replace(VICREG, latent=True)))


def test_an_untrained_encoder_takes_its_statistics_from_images(weights):
    run = load_run("vicreg")
    images = load_cifar10(PROJECT / "sample").train.images[:256]
    one_batch = replace(run, experiment=replace(run.experiment, batch_size=len(images)))
    start, plain = untrained(one_batch, images), untrained(one_batch)
    assert not start.encoder.training and start.fingerprint != plain.fingerprint
    assert_close(dict(start.encoder.named_parameters()), dict(plain.encoder.named_parameters()), rtol=0, atol=0)
    with torch.inference_mode():
        x = normalise(images)
        evaluated, as_in_training = start.encoder(x), plain.encoder.train()(x)
    # Running variances are unbiased and a batch’s own are not, so they differ by one in 256 at most.
    assert_close(evaluated, as_in_training, rtol=0.02, atol=0.02 * as_in_training.std().item())


def test_a_damaged_header_takes_no_memory(good, tmp_path):
    far = pickle.PROTO + b"\x02" + pickle.EMPTY_DICT + pickle.LONG_BINPUT + (10_000_000).to_bytes(4, "little") + pickle.STOP
    path = tmp_path / "far.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", far)
    tracemalloc.start()
    try:
        assert read_header(path) is None
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    path.write_bytes(good)
    assert read_header(path).experiment == VICREG


def test_a_run_comes_back_as_it_was_saved(models, weights):
    run = load_run("vicreg")
    assert run.experiment == VICREG and run.name == "vicreg"
    assert run.provenance == PROVENANCE
    assert_close(tuple(run.history), tuple(HISTORY), rtol=0, atol=0)
    for loaded, saved in zip((run.encoder, run.projector), models, strict=True):
        expected = {k: v.half().float() if v.is_floating_point() else v for k, v in saved.state_dict().items()}
        assert_close(dict(loaded.state_dict()), expected, rtol=0, atol=0)
        assert not loaded.training


def test_a_path_is_as_good_as_a_name(weights, tmp_path):
    elsewhere = Path(shutil.copy(weights, tmp_path / "renamed.pt"))
    assert load_run(elsewhere).fingerprint == load_run("vicreg").fingerprint


def test_the_file_is_about_23_megabytes_in_16_bits(good):
    assert 23e6 < len(good) < 26e6
    content = torch.load(io.BytesIO(good), weights_only=True)
    for part in ("encoder", "projector"):
        assert {v.dtype for v in content[part].values()} == {torch.float16, torch.int64}


def test_every_setting_survives(models, tmp_path):
    odd = replace(
        VICREG, name="odd", seed=7, epochs=3, batch_size=12, learning_rate=0.1, betas=(0.5, 0.6), weight_decay=0.2,
        invariance_weight=1.5, variance_weight=0.0, covariance_weight=3.0, target_std=4.0, eps=0.5,
        neighbours_of="vicreg", latent=True, code_learning_rate=0.3, lookup_views=False, lookup_among=2, side=64,
    )  # fmt: skip
    assert all(asdict(odd)[key] != value for key, value in asdict(VICREG).items() if key != "description")
    models = LatentCodes(3), models[1]
    assert load_run(save_run(odd, *models, HISTORY, PROVENANCE, tmp_path / "odd.pt")).experiment == odd


def test_provenance_of_a_training_is_complete(trained, tiny):
    run = load_run(trained.weights)
    assert run.experiment == trained.experiment
    assert run.provenance.data_name == tiny.train.name == "CIFAR-10 (PNG mirror), a subset of 20 + 10"
    assert run.provenance.data_fingerprint == tiny.fingerprint
    (leg,) = run.provenance.legs
    assert (leg.epochs, leg.optimizer) == (2, "fresh")
    assert leg.device.startswith("CPU (") and "threads" in leg.device
    assert leg.precision in ("bf16", "float32")
    assert leg.seconds > 0
    assert leg.torch_version == torch.__version__
    assert type(leg.torch_version) is str
    assert run.history.train.shape == (2, 2, 3) and run.history.test.shape == (2, 3)


def test_legs_are_joined_where_one_just_goes_on():
    first = Leg(1, 10.0, "a CPU", "bf16", "2.11", "fresh")
    on = replace(first, optimizer="kept")
    elsewhere = replace(on, device="a GPU")
    faster = replace(elsewhere, speed="--graph --tune")
    legs = ()
    for leg in (first, on, elsewhere, faster, faster, first, on):
        legs = joined(legs, leg)
    assert legs == (
        replace(first, epochs=2, seconds=20.0),
        elsewhere,
        replace(faster, epochs=2, seconds=20.0),
        replace(first, epochs=2, seconds=20.0),
    )
    provenance = Provenance("CIFAR-10", "0" * 64, legs)
    assert provenance.seconds == 70
    assert provenance.in_words() == (
        "epochs 1 to 2 on a CPU in bf16, torch 2.11; epoch 3 on a GPU in bf16, torch 2.11; "
        "epochs 4 to 5 on a GPU in bf16, torch 2.11 with --graph --tune; epochs 6 to 7 on a CPU in bf16, "
        "torch 2.11, from 16-bit weights with a fresh optimizer"
    )


def test_16_bits_leave_the_outputs_close_to_float32(trained, tiny):
    exact, projector = Encoder().eval(), Projector().eval()
    checkpoint = torch.load(trained.checkpoint, weights_only=True)
    exact.load_state_dict(checkpoint["encoder"]), projector.load_state_dict(checkpoint["projector"])
    run = load_run(trained.weights)
    images = normalise(tiny.train.images)
    with torch.inference_mode():
        y, half = exact(images), run.encoder(images)
        z, half_z = projector(y), run.projector(half)
    for output, other in ((y, half), (z, half_z)):
        assert (output - other).norm() < 5e-3 * (output - output.mean(0)).norm()


def test_fingerprints_follow_the_weights(models, weights, tmp_path):
    other = save_run(VICREG, Encoder(), models[1], HISTORY, PROVENANCE, tmp_path / "vicreg.pt")
    assert load_run(other).fingerprint != load_run("vicreg").fingerprint


def test_weights_beyond_16_bits_are_not_written(models, tmp_path):
    for value in (1e6, float("nan")):
        encoder = nn.Linear(2, 2)
        nn.init.constant_(encoder.weight, value)
        with pytest.raises(VICRegError, match="weight is not finite in 16 bits"):
            save_run(VICREG, encoder, models[1], HISTORY, PROVENANCE, tmp_path / "x.pt")
    assert not (tmp_path / "x.pt").exists()


# Refused files --------------------------------------------------------------------------------


def test_missing_weights_say_how_to_train_them():
    message = refusal("vicreg")
    assert str(weights_file("vicreg")) in message and "python -m vicreg train vicreg" in message


def test_weights_of_another_experiment_are_refused_by_name(models):
    save_run(replace(VICREG, name="other"), *models, HISTORY, PROVENANCE, weights_file("vicreg"))
    message = refusal("vicreg")
    assert "'other'" in message and "'vicreg'" in message


@pytest.mark.parametrize("size", [0, 1, 100, 10_000, -100_000, -1])
def test_truncated_weights_are_refused(weights, good, size):
    weights.write_bytes(good[:size])
    message = refusal("vicreg")
    assert "is damaged" in message and "train it anew with: python -m vicreg train vicreg" in message


@pytest.mark.parametrize("content", [b"words", b"PK\x05\x06" + bytes(18), pickle.dumps({"format": 1})])
def test_foreign_files_are_refused(weights, content):
    weights.write_bytes(content)
    assert "not a weights file of this project" in refusal("vicreg")


def test_no_flipped_bit_becomes_another_weight(weights, good):
    run = load_run("vicreg")
    generator = torch.Generator().manual_seed(0)
    refused = 0
    for position in torch.randint(len(good), (FLIPS,), generator=generator).tolist():
        weights.write_bytes(good[:position] + bytes([good[position] ^ 16]) + good[position + 1 :])
        try:
            same = load_run("vicreg").encoder.state_dict()
        except VICRegError:
            refused += 1
        else:  # in what only fills space between the tensors
            assert_close(dict(same), dict(run.encoder.state_dict()), rtol=0, atol=0)
    assert refused > 0.9 * FLIPS


def changed(good: bytes, change) -> bytes:
    content = torch.load(io.BytesIO(good), weights_only=True)
    change(content)
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: c.update(format=1), "format 1 in place of 2"),
        (lambda c: c.pop("history"), "history"),
        (lambda c: c.pop("projector"), "projector"),
        (lambda c: c["encoder"].pop("head.2.bias"), "damaged"),
        (lambda c: c["encoder"].update({"head.2.bias": torch.zeros(64)}), "damaged"),
        (lambda c: c["provenance"]["legs"][0].pop("device"), "device"),
        (lambda c: c["experiment"].update(temperature=1), "unknown settings ['temperature']"),
        (lambda c: c["experiment"].pop("betas"), "betas"),
    ],
    ids=["format", "no history", "no projector", "a weight less", "another shape", "no device", "an unknown setting",
         "a setting less"],
)  # fmt: skip
def test_other_contents_are_refused(weights, good, change, says):
    weights.write_bytes(changed(good, change))
    assert says in refusal("vicreg")


def test_code_in_a_weights_file_does_not_run(weights, good, tmp_path):
    witness = tmp_path / "witness"
    plain = pickle.dumps(Planted(witness))
    for content in (changed(good, lambda c: c.update(note=Planted(witness))), plain):
        weights.write_bytes(content)
        refusal("vicreg")
        assert not witness.exists()
    pickle.loads(plain)
    assert witness.exists(), "the plant works"


def test_the_remedy_for_another_seed_names_the_seed():
    with pytest.raises(VICRegError, match=r"python -m vicreg train vicreg --seed 3$"):
        load_run("vicreg_seed3")


@pytest.mark.whole_data
def test_16_bits_change_the_probe_by_less_than_a_tenth_of_a_point(monkeypatch):
    """The shipped weights against weights that 16 bits round to them, on 2,000 real test images."""
    monkeypatch.setattr(representations, "gains_by_bf16", lambda device: False)
    shipped = load_run(PROJECT / "weights" / "vicreg.pt").encoder
    before = copy.deepcopy(shipped)
    generator = torch.Generator().manual_seed(0)
    lost = 0.99 * torch.finfo(torch.float16).eps / 4  # under half of what separates 16-bit floats
    for p in before.parameters():
        p.data *= 1 + lost * (2 * torch.rand(p.shape, generator=generator) - 1)
    assert all(
        torch.equal(old.half().float()[new.abs() > 1e-4], new[new.abs() > 1e-4])
        for old, new in zip(before.parameters(), shipped.parameters(), strict=True)
    )
    train, test = load_cifar10()
    train_places = torch.arange(0, len(train), len(train) // 1000)
    test_places = torch.arange(0, len(test), max(1, len(test) // 2000))
    accuracies = []
    for encoder in (before, shipped):
        train_y = embed(train.images[train_places], encoder, torch.device("cpu"))
        test_y = embed(test.images[test_places], encoder, torch.device("cpu"))
        probe = linear_probe(train_y, train.labels[train_places], test_y, test.labels[test_places])
        accuracies.append(probe.accuracy)
    assert abs(accuracies[0] - accuracies[1]) < 0.001
    assert min(accuracies) > 0.3, "far better than chance, so there is something to lose"
