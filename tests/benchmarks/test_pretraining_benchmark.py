"""The benchmark of pre-training: what a row holds, what is not done twice, what is told of a bad file.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import importlib
import shutil
import sys
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch
from sklearn.cluster import KMeans
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score, silhouette_score

from vicreg.digits import load_mnist_test
from vicreg.downstream import probe
from vicreg.downstream.anomaly import anomaly_scores, roc
from vicreg.downstream.invariance import displacements
from vicreg.downstream.retrieval import nearest, neighbour_classes, others_farther
from vicreg.experiments import LATENT_OPTIMIZATION, VICREG
from vicreg.latent_codes import LatentCodes
from vicreg.representations import representations
from vicreg.runtime.paths import weights_file, weights_folder
from vicreg.runtime.speed import Speed
from vicreg.weights import load_run, save_run

CPU = torch.device("cpu")
PROJECT = Path(__file__).parents[2]
SAMPLE = PROJECT / "sample"
FIGURES = {
    "probe_mean": 0.5, "probe_deviation": 0.01, "auc_k2": 0.9, "auc_k100": 0.8, "auc_k2_without_hubs": 0.95,
    "same_class_neighbours": 0.4, "other_class_farther": 0.6, "silhouette": 0.1, "colour_r2": 0.7, "moved": 0.5,
}  # fmt: skip


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(PROJECT / "benchmarks")
    yield importlib.import_module("pretraining")
    for name in ("pretraining", "training"):
        sys.modules.pop(name, None)


@pytest.fixture
def measured(benchmark, monkeypatch):
    """The names of the weights that were measured, in place of measuring them."""
    names = []
    monkeypatch.setattr(benchmark, "figures", lambda run, images, device: names.append(run.name) or FIGURES)
    return names


@pytest.fixture
def run(trained):
    """The tiny run of two epochs, whose weights are there as "vicreg"."""
    weights_folder().mkdir(parents=True)
    shutil.copy(trained.weights, weights_file("vicreg"))
    return load_run("vicreg")


@pytest.fixture
def images(benchmark, sample):
    return benchmark.Measured(sample, load_mnist_test(SAMPLE))


def save_as(run, experiment) -> None:
    """Write a run's weights as another experiment's."""
    save_run(experiment, run.encoder, run.projector, run.history, run.provenance)


def test_a_row_holds_what_direct_calls_give(benchmark, run, tiny, images, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(probe, "STEPS", 100)
    file = tmp_path / "told.json"
    command = ["measure", "vicreg", "--device", "cpu", "--data", str(SAMPLE), "--json", str(file)]
    monkeypatch.setattr(sys, "argv", ["pretraining.py", *command])
    assert benchmark.main() == 0
    row = benchmark.rows(file)["vicreg"]
    assert row.keys() >= benchmark.FIGURES.keys(), "all that the table lists is measured"
    data, digits = images
    y, test_y, digits_y = (representations(run, split, CPU) for split in (*data, digits))
    probes = torch.tensor([
        probe.linear_probe(y, data.train.labels, test_y, data.test.labels, seed=seed).accuracy for seed in (0, 1, 2)
    ])  # fmt: skip
    for k in (2, 100):
        assert row[f"auc_k{k}"] == pytest.approx(roc(*(anomaly_scores(of, y, k) for of in (test_y, digits_y))).auc)
    found = nearest(digits_y, y, 2).indices.flatten().tolist()
    hubs = [index for index, _ in Counter(sorted(found)).most_common(10)]
    rest = y[[i for i in range(len(y)) if i not in hubs]]
    without = roc(*(anomaly_scores(of, rest, 2) for of in (test_y, digits_y))).auc
    assert row["auc_k2_without_hubs"] == pytest.approx(without)
    objectives = [row[f"test_{name}"] for name in ("invariance", "variance", "covariance")]
    assert objectives == run.history.test[-1].tolist()
    assert row["probe_mean"] == pytest.approx(probes.mean().item())
    assert row["probe_deviation"] == pytest.approx(probes.std().item(), abs=1e-6)
    assert row["same_class_neighbours"] == neighbour_classes(y, data.train.labels, 5).diagonal().mean()
    some = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))[:1000]
    assert row["other_class_farther"] == pytest.approx(others_farther(y, data.train.labels, some))
    clusters = KMeans(10, n_init=10, random_state=0).fit_predict(y)
    assert row["silhouette"] == pytest.approx(silhouette_score(y, clusters), abs=1e-4)
    inputs = [split.images.float().mean((2, 3)) for split in data]
    fitted = LinearRegression().fit(y, inputs[0])
    assert row["colour_r2"] == pytest.approx(r2_score(inputs[1], fitted.predict(test_y)), abs=1e-3)
    some = torch.randperm(len(test_y), generator=torch.Generator().manual_seed(0))[:1000]
    assert row["moved"] == pytest.approx(displacements(data.test.images[some], run.encoder)["all of T"], rel=1e-3)
    expected = {
        "experiment": "vicreg", "seed": 0, "epochs": 2,
        "invariance_weight": 25.0, "variance_weight": 25.0, "covariance_weight": 1.0,
        "weights_fingerprint": run.fingerprint[:12], "trained_on": tiny.train.name,
        "trained_by": run.provenance.in_words(), "measured_on": data.train.name,
    }  # fmt: skip
    assert expected.items() <= row.items()
    line = f"| vicreg | 0 | 2 | 25 | 25 | 1 | {probes.mean():.1%} ± {probes.std():.2%} | {row['auc_k2']:.3f} |"
    assert line in capsys.readouterr().out


def test_the_same_weights_are_measured_on_the_same_images_once(benchmark, run, images, measured, tmp_path):
    file = tmp_path / "told.json"

    def measurements(images=images, **options) -> int:
        before = len(measured)
        assert benchmark.measure(["vicreg"], images, CPU, file, **options) == []
        return len(measured) - before

    assert [measurements(), measurements(), measurements(force=True), measurements()] == [1, 0, 1, 0]
    other = images._replace(digits=replace(images.digits, fingerprint="of others"))
    assert [measurements(other), measurements(other)] == [1, 0]
    save_as(run, replace(run.experiment, description="trained anew"))
    assert [measurements(other), measurements(other)] == [1, 0]
    row = benchmark.rows(file)["vicreg"]
    del row["silhouette"]  # of a time when it was not measured
    benchmark.keep("vicreg", row, CPU, file)
    assert benchmark.table(file).count("–") == 1
    assert [measurements(other), measurements(other)] == [1, 0]


def test_all_but_codes_are_measured_and_come_by_experiment_seed_and_epochs(
    benchmark, run, images, measured, tmp_path
):
    for experiment in (
        VICREG.with_seed(1), VICREG.with_seed(1).after(3), VICREG.after(1), VICREG.with_seed(10).after(3),
        replace(VICREG, name="no_generated_neighbors_long", epochs=30).after(5),
    ):  # fmt: skip
        save_as(run, experiment)
    weights_file("latent_optimization_seed1").write_bytes(b"codes")
    file = tmp_path / "told.json"
    assert benchmark.measure(benchmark.names_there(), images, CPU, file) == []
    rows = benchmark.rows(file)
    assert list(rows) == [
        "no_generated_neighbors_long_epoch5", "vicreg_epoch1", "vicreg",
        "vicreg_seed1_epoch3", "vicreg_seed1", "vicreg_seed10_epoch3",
    ]  # fmt: skip
    assert {row["experiment"] for row in rows.values()} == {"no_generated_neighbors_long", "vicreg"}
    assert benchmark.table(file).count("| 50.0% ± 1.00% | 0.900 | 0.800 | 0.950 | 40.0% | 60.0% | 0.100 | 0.70 | 0.50 |") == 6


@pytest.mark.parametrize("trouble", ["damaged", "codes", "missing"])
def test_bad_weights_are_one_sentence_and_the_others_are_measured(
    benchmark, run, images, measured, tmp_path, capsys, trouble
):
    save_as(run, VICREG.after(1))
    if trouble == "damaged":
        weights_file("vicreg").write_bytes(weights_file("vicreg").read_bytes()[:-1000])
    elif trouble == "missing":
        weights_file("vicreg").unlink()
    else:
        codes = replace(LATENT_OPTIMIZATION, name="vicreg")
        save_run(codes, LatentCodes(20), run.projector, run.history, run.provenance)
    file = tmp_path / "told.json"
    assert benchmark.measure(["vicreg", "vicreg_epoch1"], images, CPU, file) == ["vicreg"]
    assert list(benchmark.rows(file)) == ["vicreg_epoch1"]
    (told,) = (line for line in capsys.readouterr().err.splitlines() if "error" in line)
    assert {"damaged": "is damaged", "codes": "leave it out", "missing": "cannot be read"}[trouble] in told


def test_what_was_measured_before_an_interruption_is_kept(benchmark, run, images, monkeypatch, tmp_path):
    def interrupted(run, images, device):
        if run.name != "vicreg":
            raise KeyboardInterrupt
        return FIGURES

    save_as(run, VICREG.after(1))
    monkeypatch.setattr(benchmark, "figures", interrupted)
    with pytest.raises(KeyboardInterrupt):
        benchmark.measure(["vicreg", "vicreg_epoch1"], images, CPU, tmp_path / "told.json")
    assert list(benchmark.rows(tmp_path / "told.json")) == ["vicreg"]


@pytest.mark.parametrize("content", ["", "{}", '{"rows": []}', '{"rows": {"vicreg": {"seed": 0}}}'])
def test_a_damaged_file_of_rows_is_told(benchmark, content, tmp_path):
    file = tmp_path / "told.json"
    file.write_text(content)
    with pytest.raises(benchmark.VICRegError, match=r"told.json is damaged \(.*delete it to measure anew"):
        benchmark.rows(file)


def test_the_weightings_are_six_differences_of_one_field(benchmark):
    weightings = benchmark.weightings(5)
    differences = [
        (field.name, getattr(experiment, field.name) / getattr(VICREG, field.name))
        for experiment in weightings
        for field in fields(VICREG)
        if field.name not in ("name", "description", "epochs")
        and getattr(experiment, field.name) != getattr(VICREG, field.name)
    ]
    weights = ("invariance_weight", "variance_weight", "covariance_weight")
    assert differences == [(weight, factor) for weight in weights for factor in (0.5, 2.0)]
    assert {experiment.epochs for experiment in weightings} == {5}
    assert weightings[0].name == "vicreg_half_lambda_epoch5" and len({e.name for e in weightings}) == 6
    other = benchmark.weightings(5, seed=3)
    assert other[0].name == "vicreg_half_lambda_seed3_epoch5" and {e.seed for e in other} == {3}
    assert benchmark.base_name(other[0].name) == "vicreg_half_lambda"


def test_weights_are_trained_and_measured_once(benchmark, load_small, small, tiny, tiny_folder, measured, monkeypatch, tmp_path):
    monkeypatch.setattr(benchmark, "VICREG", replace(small, batch_size=10))
    monkeypatch.setattr(benchmark, "load_mnist_test", lambda root: tiny.test)
    folder, file, trained, train = tmp_path / "weights", tmp_path / "told.json", [], benchmark.train

    def noted(experiment, **given):
        trained.append(experiment.name)
        assert given["speed"] == Speed(tune=True)
        return train(experiment, **given)

    monkeypatch.setattr(benchmark, "train", noted)
    # So that the environment is as it was after the test: the command changes it.
    monkeypatch.setenv("VICREG_WEIGHTS", str(folder))
    command = ["weights", "--epochs", "1", "--tune", "--device", "cpu", "--data", str(tiny_folder)]
    monkeypatch.setattr(
        sys, "argv", ["pretraining.py", *command, "--weights-folder", str(folder), "--json", str(file)]
    )
    for _ in range(2):
        assert benchmark.main() == 0
    assert trained == measured and len(trained) == len(set(trained)) == 7 and trained[0] == "vicreg_epoch1"
    rows = benchmark.rows(file)
    assert set(rows) == {path.stem for path in folder.iterdir()} == set(trained)
    assert rows["vicreg_double_nu_epoch1"]["covariance_weight"] == 2 * VICREG.covariance_weight
    assert rows["vicreg_half_lambda_epoch1"]["experiment"] == "vicreg_half_lambda"


def test_vicreg_of_as_many_epochs_is_not_trained_again(benchmark, load_small, small, tiny, monkeypatch):
    monkeypatch.setattr(benchmark, "VICREG", small)
    benchmark.train(small, tiny, CPU)
    assert benchmark.itself(small.epochs, tiny) == small
    assert benchmark.itself(small.epochs - 1, tiny) == small.after(small.epochs - 1)
    assert benchmark.itself(small.epochs, tiny, seed=1) == small.with_seed(1).after(small.epochs)
