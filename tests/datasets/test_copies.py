"""Which copy of the images is at hand, and what weights files say of themselves, without torch.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import json
import pickle
import subprocess
import sys
import zipfile
from dataclasses import asdict

import numpy as np
import pytest
import torch
from planted import Planted
from torchvision.io import decode_jpeg, encode_jpeg

from vicreg import data
from vicreg.__main__ import main
from vicreg.datasets import copies
from vicreg.datasets.cifar10 import CIFAR10_CLASSES
from vicreg.experiments import EXPERIMENTS
from vicreg.runtime.paths import PROJECT, cache_folder, weights_file, weights_folder
from vicreg.weights import load_run, save_run
from vicreg.weights_header import Header, read_header

SAMPLE = PROJECT / "sample"


def told(*words: str) -> str:
    """What a command prints in a process of its own, which must not import torch."""
    program = (
        f"import sys; from vicreg.__main__ import main; code = main({list(words)!r})\n"
        "assert 'torch' not in sys.modules; sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def decoded():
    """The files of the cache that hold decoded images."""
    return lambda: [*cache_folder().glob("cifar10-*.npz")]


def test_a_copy_is_told_alike_before_and_after_it_was_decoded(tiny_folder, decoded):
    before = copies.copy_at_hand(tiny_folder)
    assert len(decoded()) == 1, "to be told, it was decoded"
    loaded = data.load_cifar10(tiny_folder)
    assert before == copies.copy_at_hand(tiny_folder) == copies.Copy(
        tiny_folder, loaded.train.name, {"train": 20, "test": 10}, loaded.fingerprint
    )


def test_what_was_decoded_is_told_without_torch(tiny_folder):
    fingerprint = data.load_cifar10(tiny_folder).fingerprint
    said = json.loads(told("data", "--json", "--data", str(tiny_folder)))
    assert said == {"name": "CIFAR-10 (PNG mirror), a subset of 20 + 10", "fingerprint": fingerprint}


@pytest.mark.parametrize("content", [b"", b"no zip", None])
def test_a_spoilt_cache_is_made_anew(tiny_folder, decoded, content):
    first = copies.copy_at_hand(tiny_folder)
    (cache,) = decoded()
    if content is None:
        np.savez(cache, about=np.array("{}"), train_labels=0, test_labels=0, name=np.array(cache.name))
    else:
        cache.write_bytes(content)
    assert copies.copy_at_hand(tiny_folder) == first


def test_nothing_is_downloaded_to_be_told(tmp_path):
    assert copies.copy_at_hand(tmp_path) is None and not [*tmp_path.iterdir()]
    assert json.loads(told("data", "--json", "--data", str(tmp_path))) is None


def test_another_copy_and_order_is_another_fingerprint_of_the_same_images(sample, tmp_path):
    """The sample as JPEGs whose names put them in another order."""
    for images in sample:
        for i, (image, label) in enumerate(zip(images.images, images.labels.tolist(), strict=True)):
            place = tmp_path / images.split / CIFAR10_CLASSES[label] / f"{i * 7919 % 1000:03}.jpg"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(encode_jpeg(image.contiguous(), quality=75).numpy().tobytes())
    found, ours = copies.copy_at_hand(tmp_path), copies.copy_at_hand(SAMPLE)
    assert found.name == "CIFAR-10 (JPEG mirror), a subset of 400 + 200" and found.counts == ours.counts
    assert found.fingerprint != ours.fingerprint
    first = sample.train.images[sample.train.labels == 0]
    lossy = torch.stack([decode_jpeg(encode_jpeg(image.contiguous(), quality=75)) for image in first])
    other = data.load_cifar10(tmp_path).train.images[: len(first)]
    assert not torch.equal(other, lossy)
    assert sorted(map(bytes, other.numpy())) == sorted(map(bytes, lossy.numpy()))


def test_the_command_tells_copies_and_whose_weights_are_of_them(trained, tiny_folder, capsys):
    weights_folder().mkdir(parents=True)
    (weights_folder() / "vicreg.pt").write_bytes(trained.weights.read_bytes())
    (weights_folder() / "spoilt.pt").write_bytes(trained.weights.read_bytes()[:1000])
    assert main(["data", "--data", str(tiny_folder)]) == 0
    said = capsys.readouterr().out
    fingerprint = data.load_cifar10(tiny_folder).fingerprint
    assert f"CIFAR-10 in {tiny_folder}: CIFAR-10 (PNG mirror), a subset of 20 + 10\n" in said
    assert f"20 train and 10 test images; sha256 {fingerprint}\n" in said
    assert f"There is no MNIST test set in {tiny_folder}" in said
    assert f"{weights_folder() / 'vicreg.pt'}: 2 epochs on this copy\n" in said
    assert f"{weights_folder() / 'spoilt.pt'}: damaged" in said
    assert main(["data", "--data", str(SAMPLE)]) == 0
    said = capsys.readouterr().out
    assert "MNIST test set in " in said and ": 60 images; sha256 " in said
    assert f"vicreg.pt: 2 epochs on another copy: CIFAR-10 (PNG mirror), a subset of 20 + 10, sha256 {fingerprint[:12]}…" in said
    assert main(["data", "--data", str(SAMPLE / "train")]) == 0
    said = capsys.readouterr().out
    assert "Pictures in" in said and "400 pictures of 10 classes (airplane 40," in said and "vicreg.pt" not in said


def test_a_sample_is_of_what_was_asked_for_and_of_nothing_else(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("VICREG_DATA", str(SAMPLE))
    options = ["--train", "3", "--test", "2", "--digits", "9"]
    assert main(["sample", str(tmp_path / "s"), *options]) == 0
    assert copies.copy_at_hand(tmp_path / "s").counts == {"train": 30, "test": 20}
    assert main(["sample", str(tmp_path / "s"), *options]) == 1
    assert "already exists and is not empty; name a new folder." in capsys.readouterr().err
    for number in ("0", "-1"):
        with pytest.raises(SystemExit):
            main(["sample", str(tmp_path / "other"), "--train", number])
    monkeypatch.setenv("VICREG_DATA", str(SAMPLE / "train"))
    assert main(["sample", str(tmp_path / "other")]) == 1
    assert "holds other pictures, but samples are taken from CIFAR-10; point VICREG_DATA" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


def test_a_header_is_what_loading_tells(trained):
    run = load_run(trained.weights)
    of_images = run.provenance.data_name, run.provenance.data_fingerprint
    assert read_header(trained.weights) == Header(run.experiment, *of_images)


def test_list_tells_the_epochs_trained_and_what_is_damaged(trained, capsys):
    run = load_run(trained.weights)
    save_run(run.experiment, run.encoder, run.projector, run.history, run.provenance)
    weights_file("no_variance").write_bytes(b"PK")
    assert main(["list"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert list(lines) == list(EXPERIMENTS) and all(lines[n].endswith(e.description) for n, e in EXPERIMENTS.items())
    assert lines["vicreg"].startswith("trained        2 epochs")
    assert lines["no_variance"].startswith("damaged ")
    assert lines["no_generated_neighbors"].startswith("not trained    1 epoch ")
    assert lines["latent_optimization"].startswith(f"not trained   {EXPERIMENTS['latent_optimization'].epochs} epochs")


def test_code_in_a_header_does_not_run(tmp_path, trained):
    header = read_header(trained.weights)
    content = {
        "experiment": asdict(header.experiment),
        "provenance": {"data_name": header.data_name, "data_fingerprint": header.data_fingerprint},
        "note": Planted(tmp_path / "witness"),
    }
    path = tmp_path / "planted.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("planted/data.pkl", pickle.dumps(content))
    assert read_header(path) == header
    assert not (tmp_path / "witness").exists()
    pickle.loads(pickle.dumps(content))
    assert (tmp_path / "witness").exists(), "the plant works"


@pytest.mark.parametrize(
    "content", [{}, {"experiment": {"name": 1, "epochs": "2"}, "provenance": {"data_name": 3, "data_fingerprint": 4}}, [1]]
)
def test_what_is_no_weights_file_has_no_header(tmp_path, content):
    path = tmp_path / "other.pt"
    torch.save(content, path)
    assert read_header(path) is None
    path.write_bytes(path.read_bytes()[:200])
    assert read_header(path) is None and read_header(tmp_path / "none.pt") is None
