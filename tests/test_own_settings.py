"""Settings of one's own: read and refused, trained under a name of their own, found again by that name.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import pickle
import subprocess
import sys
import zipfile
from dataclasses import asdict, fields, replace
from typing import get_args

import pytest
import torch
from planted import Planted

from vicreg import pairs as P
from vicreg import train as T
from vicreg.__main__ import main, parse
from vicreg.commands.train import chosen_experiment
from vicreg.experiments import EXPERIMENTS, VICREG, Experiment, Range, check_ranges, experiment_from
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.paths import PROJECT, checkpoint_file, runs_folder, weights_file, weights_folder
from vicreg.settings import SETTINGS, as_text, read_setting
from vicreg.stored_experiments import find_experiment
from vicreg.weights import fingerprint_of, load_run, training_command
from vicreg.weights_header import read_header, read_unfinished

CPU = torch.device("cpu")
TEXTS = {
    "seed": ("7", 7), "epochs": ("3", 3), "batch_size": ("12", 12), "learning_rate": ("1e-3", 1e-3),
    "betas": ("0.5,0.75", (0.5, 0.75)), "weight_decay": ("0", 0.0), "invariance_weight": ("10", 10.0),
    "variance_weight": ("0.5", 0.5), "covariance_weight": ("2", 2.0), "target_std": ("3", 3.0), "eps": ("1e-3", 1e-3),
    "neighbours_of": ("no_variance", "no_variance"), "latent": ("true", True), "code_learning_rate": ("0.1", 0.1),
    "lookup_views": ("False", False), "lookup_among": ("5", 5), "side": ("64", 64),
}  # fmt: skip


def chosen(*options: str) -> Experiment:
    return chosen_experiment(parse(["train", *options]))


@pytest.fixture
def train(small, load_small, tiny_folder):
    """A function that gives ``train`` options, two epochs on a few images where they say nothing else."""

    def run(*options: str) -> int:
        epochs = () if "--epochs" in options else ("--epochs", "2")
        return main(["train", "--device", "cpu", "--data", str(tiny_folder), *options, *epochs])

    return run


def listed(capsys) -> dict[str, str]:
    """What ``list`` tells, by the names."""
    capsys.readouterr()
    assert main(["list"]) == 0
    return dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())


# Values -----------------------------------------------------------------------------------------


def test_every_setting_can_be_given():
    assert set(TEXTS) == set(SETTINGS) == {field.name for field in fields(Experiment)} - {"name", "description"}
    for name, (text, value) in TEXTS.items():
        assert read_setting(f"{name}={text}") == (name, value) and value != getattr(VICREG, name)
        assert type(read_setting(f"{name}={text}")[1]) is type(value)
    assert read_setting("neighbours_of=none") == ("neighbours_of", None)
    assert read_setting("code_learning_rate=None") == ("code_learning_rate", None)


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=EXPERIMENTS.get)
def test_values_are_told_as_they_are_given(experiment):
    for name in SETTINGS:
        value = getattr(experiment, name)
        assert read_setting(f"{name}={as_text(value)}") == (name, value)


def test_all_numbers_have_a_range_that_the_experiments_keep():
    for name, field in SETTINGS.items():
        numbers = {int, float} & {field.type, *get_args(field.type)}
        assert bool(numbers) == ("allowed" in field.metadata), name
    for experiment in EXPERIMENTS.values():
        check_ranges(experiment)


@pytest.mark.parametrize(
    ("allowed", "words", "inside", "outside"),
    [
        (Range(2), "at least 2", [2, 3e38], [1, float("nan"), float("inf"), 1e39, 10**400]),
        (Range(0, without=0), "above 0", [2e-38], [0, -1, 5e-324]),
        (Range(0, 1, without=1), "at least 0 and below 1", [0, 0.999], [1, -1e-9]),
        (Range(0, 2**32 - 1), "from 0 to 4,294,967,295", [0, 2**32 - 1], [2**32, -1]),
    ],
)
def test_ranges(allowed, words, inside, outside):
    assert str(allowed) == words
    assert all(value in allowed for value in inside) and not any(value in allowed for value in outside)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("variance_weight", "given as FIELD=VALUE, such as variance_weight=5, got 'variance_weight'"),
        ("varience_weight=5", "no setting 'varience_weight'; the nearest are: variance_weight, "),
        ("temperature=1", "choose from: seed, epochs, batch_size"),
        ("name=vicreg2", "no setting 'name'"),
        ("description=mine", "no setting 'description'"),
        ("batch_size=1", "batch_size must be at least 2, got 1"),
        ("batch_size=12.5", "batch_size must be a whole number, got '12.5'"),
        ("batch_size=", "batch_size must be a whole number, got ''"),
        ("batch_size=" + "9" * 5000, "batch_size must be a whole number"),
        ("batch_size=none", "batch_size must be a whole number, got 'none'"),
        ("seed=4294967296", "seed must be from 0 to 4,294,967,295, got 4294967296"),
        ("learning_rate=0", "learning_rate must be above 0, got 0.0."),
        ("eps=1e300", "eps must be above 0, got 1e+300, which float32 cannot hold."),
        ("eps=1e-300", "eps must be above 0, got 1e-300, which float32 cannot hold."),
        ("learning_rate=nan", "learning_rate must be a finite number, got 'nan'"),
        ("learning_rate=1e999", "learning_rate must be a finite number, got '1e999'"),
        ("code_learning_rate=fast", "code_learning_rate must be a finite number or none, got 'fast'"),
        ("betas=0.9", "betas must be two finite numbers, such as 0.9,0.999, got '0.9'"),
        ("betas=0.9,0.99,0.999", "betas must be two finite numbers"),
        ("betas=0.9,1", "betas must be at least 0 and below 1, got (0.9, 1.0)"),
        ("latent=yes", "latent must be true or false, got 'yes'"),
        ("neighbours_of=nonsense", "There is no experiment 'nonsense'; choose from: vicreg, "),
        ("neighbours_of=latent_optimization", "an experiment with an encoder, which latent_optimization does not have"),
        ("lookup_among=3", "lookup_among is of codes alone; add --set latent=true, or --set lookup_among=1"),
        ("side=8", "side must be from 16 to 256, got 8"),
    ],
)
def test_a_setting_that_cannot_be_is_one_sentence(capsys, setting, says):
    assert main(["train", "vicreg", "--set", setting, "--as", "own"]) == 1
    error = capsys.readouterr().err
    assert says in error and error.startswith("error: ") and error.endswith(".\n") and error.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["vicreg", "--set", "eps=1e-3"], "a name of their own for the weights; add --as NAME"),
        (["vicreg", "--set", "eps=1e-3", "--set", "eps=1e-2", "--as", "own"], "eps is given twice"),
        (["vicreg", "--set", "seed=3", "--seed", "3", "--as", "own"], "seed is given twice"),
        (["no_generated_neighbors", "--set", "latent=true", "--as", "own"], "add --set neighbours_of=none"),
        (["latent_optimization", "--set", "latent=false", "--as", "own"], "or --set code_learning_rate=none"),
        (["all", "--as", "own"], "name it in place of 'all'"),
        (["all", "--anew"], "name it in place of 'all'"),
        (["all", "--set", "eps=1e-3"], "name it in place of 'all'"),
        *((["vicreg", "--as", name], "has a meaning of its own already") for name in ("vicreg", "VICReg", "all")),
        *((["vicreg", "--as", name], "choose another name") for name in ("own_epoch3", "own_seed3", "a.checkpoint")),
        *((["vicreg", f"--as={name}"], "names no experiment; take")
          for name in ("", ".own", "-own", "a/b", "a b", "a\nb", "ä", "a" * 101)),
    ],
)  # fmt: skip
def test_options_that_cannot_be_are_one_sentence(capsys, options, says):
    assert main(["train", *options]) == 1
    error = capsys.readouterr().err
    assert says in error and error.startswith("error: ") and error.endswith(".\n") and error.count("\n") == 1


def test_an_own_experiment_differs_in_what_was_given():
    own = chosen(
        "vicreg", "--set", "variance_weight=5", "--set", "betas=0.5,0.9", "--batch-size", "128", "--seed", "3",
        "--epochs", "7", "--set", "eps=1e-4", "--as", "own",
    )  # fmt: skip
    assert own == replace(
        VICREG, name="own", variance_weight=5.0, betas=(0.5, 0.9), batch_size=128, seed=3, epochs=7,
        description="vicreg with variance_weight=5, betas=0.5,0.9, seed=3, batch_size=128",
    )  # fmt: skip
    assert chosen("vicreg", "--as", "own") == replace(VICREG, name="own")
    codes = chosen("vicreg", "--set", "latent=true", "--set", "lookup_among=5", "--as", "own")
    assert (codes.latent, codes.lookup_among) == (True, 5)


def test_older_files_keep_their_meaning():
    """Before there were sides, and before codes had a learning rate of their own."""
    stored = asdict(VICREG)
    for later in ("side", "code_learning_rate", "lookup_views", "lookup_among"):
        del stored[later]
    assert experiment_from(stored) == VICREG


# Trained under a name of their own ----------------------------------------------------------------


def test_an_own_experiment_is_found_by_its_name(train, capsys):
    assert train("vicreg", "--set", "variance_weight=5", "--batch-size", "10", "--as", "own") == 0
    run = load_run("own")
    assert (run.name, run.experiment.variance_weight, run.experiment.epochs) == ("own", 5, 2)
    assert find_experiment("own") == run.experiment
    told = "own                          trained        2 epochs  vicreg with variance_weight=5, batch_size=10"
    assert f"own {listed(capsys)['own']}" == " ".join(told.split(maxsplit=1)) and main(["check", "own"]) == 0
    assert train("own", "--epochs", "3") == 0, "goes on"
    assert [leg.epochs for leg in load_run("own").provenance.legs] == [3]
    assert train("own", "--seed", "4") == 0
    assert load_run("own_seed4").experiment == replace(find_experiment("own"), name="own_seed4", seed=4, epochs=2)
    assert train("own", "--set", "eps=0.01", "--as", "other") == 0
    assert load_run("other").experiment.description == "own with eps=0.01"


def test_an_interrupted_own_run_goes_on_by_its_name_or_by_the_same_command(train, monkeypatch, capsys, tmp_path, assert_identical):
    command = "vicreg", "--set", "variance_weight=5", "--batch-size", "10", "--epochs", "3", "--as", "own"
    assert train(*command) == 0
    whole = weights_file("own").rename(tmp_path / "whole.pt")
    check_finite = T.check_finite

    def interrupt_second_epoch(losses, where, checkpoint):
        if where.startswith("epoch 2"):
            raise KeyboardInterrupt
        check_finite(losses, where, checkpoint)

    for go_on in (("own", "--epochs", "3"), command):
        checkpoint_file("own").unlink()
        with monkeypatch.context() as patch:
            patch.setattr(T, "check_finite", interrupt_second_epoch)
            assert train(*command) == 130
        assert listed(capsys)["own"] == "unfinished     1 epoch   vicreg with variance_weight=5, batch_size=10"
        assert find_experiment("own").epochs == 3, "those that it was to last"
        assert training_command("own") == "python -m vicreg train own"
        assert train(*go_on) == 0
        assert_identical(weights_file("own"), whole)
        weights_file("own").unlink()


def test_own_weights_are_extended(train):
    assert train("vicreg", "--set", "eps=0.01", "--batch-size", "10", "--epochs", "1", "--as", "own") == 0
    checkpoint_file("own").unlink()
    assert train("own", "--extend") == 0
    assert [leg.optimizer for leg in load_run("own").provenance.legs] == ["fresh", "fresh"]


def test_neighbours_by_an_own_experiment(train, monkeypatch):
    def nearest_by(name, data, device):
        asked.append(name)
        return [(torch.arange(len(part)).view(-1, 1) + torch.tensor([1, 2, 3])) % len(part) for part in data]

    asked = []
    monkeypatch.setattr(P, "nearest_by", nearest_by)
    assert train("vicreg", "--set", "eps=0.01", "--batch-size", "10", "--as", "own") == 0
    options = ["--set", "neighbours_of=own", "--batch-size", "10", "--as", "other"]
    assert train("vicreg", *options) == 0
    run = load_run("other")
    assert asked == ["own"] == [run.experiment.neighbours_of]
    assert run.provenance.neighbours_by == fingerprint_of("own")


@pytest.fixture
def own(train):
    """The bytes of weights of an own experiment, whose checkpoint is gone."""
    assert train("vicreg", "--set", "variance_weight=5", "--batch-size", "10", "--as", "own") == 0
    checkpoint_file("own").unlink()
    return weights_file("own").read_bytes()


@pytest.mark.parametrize("extend", [[], ["--extend"]])
def test_weights_of_another_run_are_not_replaced(own, train, capsys, monkeypatch, extend):
    monkeypatch.setattr(T, "pairs_for", lambda *given: pytest.fail("something is computed"))
    assert train("vicreg", "--set", "variance_weight=6", "--batch-size", "10", "--as", "own", *extend) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert f"{weights_file('own')} were trained with other settings (variance_weight); choose another name" in said
    assert weights_file("own").read_bytes() == own and not list(runs_folder().iterdir())


def test_weights_of_other_images_are_not_replaced(own, tiny, small):
    other = tiny._replace(test=replace(tiny.test, fingerprint="another"))
    experiment = find_experiment("own")
    with pytest.raises(VICRegError, match="trained on other images; choose another name with --as, or add --replace"):
        T.train(experiment, other, CPU)
    assert weights_file("own").read_bytes() == own
    assert T.train(experiment, tiny, CPU), "of the same run they are"


def test_what_cannot_be_read_is_not_replaced(own, train, capsys):
    weights_file("own").write_bytes(own[:100])
    assert train("vicreg", "--set", "variance_weight=5", "--batch-size", "10", "--as", "own") == 1
    assert "own.pt, which cannot be read; choose another name" in capsys.readouterr().err
    assert weights_file("own").read_bytes() == own[:100]


def test_built_in_weights_are_replaced_where_that_is_asked_for(train, capsys):
    """Not by other settings, fewer epochs or other images, and neither are those of its way."""
    assert train("vicreg", "--batch-size", "10", "--keep-epochs", "1") == 0
    checkpoint_file("vicreg").unlink()
    before = [weights_file(name).read_bytes() for name in ("vicreg", "vicreg_epoch1")]
    capsys.readouterr()
    for options, says in (
        (["--batch-size", "5"], "vicreg.pt were trained with other settings (batch_size); choose another name with --as, or add --replace"),
        (["--batch-size", "10", "--epochs", "1"], "vicreg.pt are of 2 epochs, and would be replaced by 1; choose another name"),
        (["--batch-size", "10", "--data", str(PROJECT / "sample")], "vicreg.pt were trained on other images; choose another name"),
    ):
        assert train("vicreg", *options) == 1
        said = capsys.readouterr()
        assert says in said.err and " epoch" not in said.out, "nothing is announced that is not done"
    weights_file("vicreg").rename(weights_file("aside"))
    assert train("vicreg", "--batch-size", "5", "--keep-epochs", "1") == 1 and "vicreg_epoch1.pt were trained with" in capsys.readouterr().err
    weights_file("aside").rename(weights_file("vicreg"))
    assert before == [weights_file(name).read_bytes() for name in ("vicreg", "vicreg_epoch1")]
    assert train("vicreg", "--batch-size", "5", "--replace") == 0 and load_run("vicreg").experiment.batch_size == 5


def test_a_run_of_as_many_epochs_may_be_trained_anew(train, capsys):
    assert train("vicreg", "--batch-size", "10") == 0
    said = capsys.readouterr().out
    size = f"{-(-checkpoint_file('vicreg').stat().st_size // 10**6)} MB"
    assert f"The checkpoint {checkpoint_file('vicreg')}, {size}, lets a larger --epochs continue from here; otherwise you can delete it." in said
    before = weights_file("vicreg").read_bytes()
    assert train("vicreg", "--batch-size", "10") == 0 and "has 2 epochs already" in capsys.readouterr().err
    assert weights_file("vicreg").read_bytes() == before
    assert train("vicreg", "--batch-size", "10", "--anew") == 0 and "2 epochs of CIFAR-10" in capsys.readouterr().out
    assert len(load_run("vicreg").history.train) == 2 and weights_file("vicreg").read_bytes() != before, "the time it took differs"
    assert train("vicreg", "--batch-size", "10", "--anew", "--extend") == 1 and "give one of the two" in capsys.readouterr().err


def test_a_checkpoint_of_another_own_run_names_both_remedies(train, capsys):
    assert train("vicreg", "--set", "eps=0.01", "--batch-size", "10", "--as", "own") == 0
    assert train("vicreg", "--set", "eps=0.02", "--batch-size", "10", "--as", "own") == 1
    said = capsys.readouterr().err
    assert "other settings (eps); choose another name with --as, or add --anew to start from random weights" in said


def test_check_tells_the_settings_that_differ_and_takes_a_path(own, capsys):
    for named in ("own", str(weights_file("own"))):
        capsys.readouterr()
        assert main(["check", named]) == 0
        said = capsys.readouterr().out
        assert said.startswith(f"{named}: epochs 1 to 2 on CPU") and said.endswith("; settings that differ from vicreg's: batch_size=10, variance_weight=5\n")


def test_seeds_and_epochs_of_names(train, capsys):
    assert train("vicreg", "--batch-size", "10", "--seed", "3", "--keep-epochs", "1") == 0
    lines = listed(capsys)
    words = VICREG.description
    assert lines["vicreg_seed3"] == f"trained        2 epochs  {words}, seed 3"
    assert lines["vicreg_seed3_epoch1"] == f"trained        1 epoch   {words}, seed 3, after epoch 1"
    assert list(lines) == [*EXPERIMENTS, "vicreg_seed3", "vicreg_seed3_epoch1"]
    assert train("vicreg_seed3", "--epochs", "3") == 0 and load_run("vicreg_seed3").experiment.epochs == 3
    assert chosen("vicreg_seed3", "--seed", "4").name == "vicreg_seed4"
    assert train("vicreg_seed3_epoch1") == 1
    assert "vicreg_seed3 on its way; train vicreg_seed3, or add --as" in capsys.readouterr().err
    assert chosen("vicreg_seed3_epoch1", "--as", "own").epochs == 1


def test_the_remedy_for_missing_own_weights_leaves_the_settings_to_fill_in():
    with pytest.raises(VICRegError, match=r"train EXPERIMENT --set FIELD=VALUE --as own$"):
        load_run("own")
    assert training_command("two_epochs_epoch3").endswith("--as two_epochs --keep-epochs 3")


# Told without torch, whatever the files are --------------------------------------------------------


def test_own_experiments_are_told_without_torch(own):
    program = (
        "import sys; from vicreg.__main__ import main\n"
        "assert main(['list']) == 0 and main(['train', 'own', '--set', 'eps=2']) == 1 and 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True, capture_output=True, text=True)
    assert "own                          trained        2 epochs  vicreg with variance_weight=5" in done.stdout


def test_a_header_is_what_loading_tells(own, train):
    run = load_run("own")
    assert read_header(weights_file("own")).experiment == run.experiment
    assert train("own", "--epochs", "1", "--replace") == 0
    stored = torch.load(checkpoint_file("own"), weights_only=True)
    assert read_unfinished(checkpoint_file("own")) == (experiment_from(stored["experiment"]), 1)


def test_damaged_files_are_listed_as_such(own, capsys, tmp_path):
    for place, content in {
        weights_file("cut"): own[:1000], weights_file("empty"): b"", weights_file("renamed"): own,
        checkpoint_file("stray"): b"words", checkpoint_file("cut"): b"", weights_file("bad\x1b[2J\nname"): b"PK",
    }.items():  # fmt: skip
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(content)
    weights_file("folder").mkdir()
    lines = listed(capsys)
    for name in ("cut", "empty", "renamed", "stray", "folder", "bad�[2J�name"):
        assert lines[name].startswith("damaged "), name
    assert lines["own"].startswith("trained ")
    assert main(["train", "renamed"]) == 1 and "What there is of renamed is damaged" in capsys.readouterr().err


@pytest.mark.parametrize("odd", [{"epochs": 10**5000}, {"eps": "small"}, {"betas": ("a", "b")}, {"description": 3}])
def test_odd_settings_in_a_file_are_damage(own, capsys, odd):
    content = {
        "experiment": asdict(find_experiment("own")) | odd, "legs": [{"epochs": 10**5000}],
        "provenance": {"data_name": "", "data_fingerprint": ""},
    }  # fmt: skip
    for path in (weights_file("own"), checkpoint_file("own")):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("own/data.pkl", pickle.dumps(content))
    assert listed(capsys)["own"].startswith("damaged ")


def test_code_in_files_does_not_run(own, capsys, tmp_path):
    content = {"experiment": asdict(find_experiment("own")), "legs": [], "plant": Planted(tmp_path / "witness")}
    weights_file("own").unlink()
    with zipfile.ZipFile(checkpoint_file("own"), "w") as archive:
        archive.writestr("own/data.pkl", pickle.dumps(content))
    assert listed(capsys)["own"].startswith("unfinished     0 epochs ")
    assert not (tmp_path / "witness").exists()
    pickle.loads(pickle.dumps(content))
    assert (tmp_path / "witness").exists(), "the plant works"


def test_checkpoints_among_the_weights_are_no_weights(own, capsys, monkeypatch):
    monkeypatch.setenv("VICREG_RUNS", str(weights_folder()))
    checkpoint_file("own").write_bytes(b"")
    assert list(listed(capsys)) == [*EXPERIMENTS, "own"]
