"""Algorithm 1 against a literal re-implementation; shuffling, history, and runs that must stop.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from dataclasses import replace

import pytest
import torch
from exact import train_in_float64
from torch.testing import assert_close

from vicreg import step as S
from vicreg import train as T
from vicreg import views as V
from vicreg.augment import augment
from vicreg.experiments import VICREG
from vicreg.loss import VICRegLoss, vicreg_loss
from vicreg.runtime.device import autocast
from vicreg.runtime.errors import VICRegError
from vicreg.runtime.paths import runs_folder, weights_folder

CPU = torch.device("cpu")


def stored(name: str = "vicreg") -> dict:
    return torch.load(runs_folder() / f"{name}.checkpoint.pt", weights_only=True)


@pytest.fixture
def batches(monkeypatch):
    """Every batch that views were made of, in training and on the test set, as they come."""
    seen, view = [], V.view

    def note(batch, *given):
        seen.append(batch.clone())
        return view(batch, *given)

    monkeypatch.setattr(V, "view", note)
    return seen


def literal_training(experiment, images, steps):
    """Algorithm 1 with Adam written out: the models' parameters and each step's objectives."""
    encoder, projector = T.initial_models(experiment, len(images), CPU)
    encoder.train(), projector.train()
    parameters = [*encoder.parameters(), *projector.parameters()]
    first = [torch.zeros_like(p) for p in parameters]
    second = [torch.zeros_like(p) for p in parameters]
    (beta_1, beta_2), size, rows = experiment.betas, experiment.batch_size, []
    generator = torch.Generator().manual_seed(T.epoch_seed(experiment.seed, 0, T.TRAINING))
    order = torch.randperm(len(images), generator=generator)
    for t in range(1, steps + 1):
        batch = images[order[(t - 1) * size : t * size]]
        x, x_prime = augment(batch, generator).double(), augment(batch, generator).double()
        z, z_prime = projector(encoder(x)), projector(encoder(x_prime))
        loss = vicreg_loss(z, z_prime, invariance_weight=5, variance_weight=7, covariance_weight=2, target_std=2)
        rows.append(torch.stack(loss[1:]).detach())
        gradients = torch.autograd.grad(loss.total, parameters)
        with torch.no_grad():
            for p, g, m, v in zip(parameters, gradients, first, second, strict=True):
                g = g + experiment.weight_decay * p
                m += (1 - beta_1) * (g - m)
                v += (1 - beta_2) * (g * g - v)
                p -= experiment.learning_rate * (m / (1 - beta_1**t)) / ((v / (1 - beta_2**t)).sqrt() + 1e-8)
    return encoder, projector, torch.stack(rows)


def test_steps_equal_the_literal_algorithms(tiny, monkeypatch):
    """With settings unlike the defaults, so that each is seen to be used."""
    train_in_float64(monkeypatch)
    experiment = replace(
        VICREG, epochs=1, batch_size=6, learning_rate=1e-3, betas=(0.5, 0.9), weight_decay=0.1,
        invariance_weight=5.0, variance_weight=7.0, covariance_weight=2.0, target_std=2.0,
    )  # fmt: skip
    T.train(experiment, tiny, CPU)
    encoder, projector, losses = literal_training(experiment, tiny.train.images, 3)
    after = stored()
    assert_close(after["history"]["train"][0], losses.float())
    # Adam divides by no less than 1e-8, so a step of 1e-3 makes of a gradient's rounding, 1e-14, at
    # most 1e-9; 1e-7 is allowed.
    for part, expected in (("encoder", encoder), ("projector", projector)):
        assert_close({k: after[part][k] for k, _ in expected.named_parameters()}, dict(expected.named_parameters()))
    assert_close(after["encoder"]["backbone.bn1.running_mean"], encoder.backbone.bn1.running_mean)


def test_the_two_views_pass_through_the_encoder_separately(trained):
    after = torch.load(trained.checkpoint, weights_only=True)
    steps = 2 * (20 // 8)  # two epochs of 20 images in batches of 8
    for part in ("encoder", "projector"):
        counts = [int(v) for k, v in after[part].items() if k.endswith("num_batches_tracked")]
        assert counts and set(counts) == {2 * steps}


def test_history_holds_every_batch_and_every_epochs_test(trained):
    history = torch.load(trained.checkpoint, weights_only=True)["history"]
    assert history["train"].shape == (2, 2, 3) and history["test"].shape == (2, 3)
    assert all(v.dtype == torch.float32 and v.isfinite().all() for v in history.values())
    assert (history["train"] > 0).all() and (history["test"] > 0).all()


def test_test_losses_are_of_two_random_views_projections_and_evaluation_mode(trained, tiny):
    after = torch.load(trained.checkpoint, weights_only=True)
    encoder, projector = T.initial_models(replace(VICREG, seed=1), 20, CPU)
    encoder.load_state_dict(after["encoder"]), projector.load_state_dict(after["projector"])
    encoder.eval(), projector.eval()
    generator = torch.Generator().manual_seed(T.epoch_seed(0, 1, T.TESTING))  # of the second epoch
    order = torch.randperm(10, generator=generator)
    batch = tiny.test.images[order[:8]]
    x, x_prime = V.view(batch, generator), V.view(batch, generator)
    with torch.inference_mode(), autocast(CPU):
        z, z_prime = projector(encoder(x)), projector(encoder(x_prime))
    expected = torch.stack(vicreg_loss(z.float(), z_prime.float())[1:])
    assert_close(after["history"]["test"][1], expected)  # the same operations, so the same roundings


def test_test_losses_average_all_full_batches(small, tiny, batches):
    models, generator = T.initial_models(small, 20, CPU), torch.Generator()
    step = S.testing_step(small, *models, V.generated_pairs(tiny.test.images), generator, 4)
    rows = T.losses_on_test_images(step, generator, 10, 4)
    assert rows.shape == (2, 3)
    shown = torch.cat(batches[::2])
    assert len(shown.unique(dim=0)) == 8
    assert not torch.equal(shown, tiny.test.images[:8])


def test_every_epoch_shows_the_images_once_in_an_order_of_its_own(small, tiny, batches):
    T.train(small, tiny, CPU)
    images = {image.numpy().tobytes(): i for i, image in enumerate(tiny.train.images)}
    seen = [b for b in batches if b[0].numpy().tobytes() in images]
    x, x_prime = torch.cat(seen[::2]), torch.cat(seen[1::2])
    assert torch.equal(x, x_prime), "both views are of the same images"
    orders = torch.tensor([images[image.numpy().tobytes()] for image in x]).view(3, 20)
    for order in orders:
        assert sorted(order.tolist()) == list(range(20))
        assert order.tolist() != list(range(20))
    assert len(orders.unique(dim=0)) == 3


def test_views_of_epochs_branches_and_sets_differ(tiny):
    def view(epoch, stream):
        generator = torch.Generator().manual_seed(T.epoch_seed(0, epoch, stream))
        return augment(tiny.train.images[:4], generator)

    draws = [view(0, T.TRAINING), view(1, T.TRAINING), view(0, T.TESTING), view(1, T.TESTING)]
    assert len(torch.stack(draws).unique(dim=0)) == 4


def test_initial_models_follow_the_seed_alone(tiny):
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    one, same, other = (
        T.initial_models(replace(VICREG, seed=seed), 20, CPU)[1].state_dict() for seed in (0, 0, 1)
    )
    assert torch.equal(torch.random.get_rng_state(), before)
    assert_close(one, same, rtol=0, atol=0)
    assert not torch.equal(one["0.weight"], other["0.weight"])


# Runs that must stop --------------------------------------------------------------------------


def fail_at(call: int, monkeypatch) -> None:
    """Let the loss be NaN from the given call on; an epoch of ``small`` takes 10 + 5 of them."""
    vicreg_loss, calls = S.vicreg_loss, []

    def planted(*arguments, **settings):
        calls.append(1)
        loss = vicreg_loss(*arguments, **settings)
        return loss if len(calls) < call else VICRegLoss(*(term * float("nan") for term in loss))

    monkeypatch.setattr(S, "vicreg_loss", planted)


def test_an_enormous_learning_rate_stops_the_run(small, tiny):
    with pytest.raises(VICRegError, match=r"not finite at epoch 1, batch 2; no epoch was finished"):
        T.train(replace(small, learning_rate=1e30), tiny, CPU)
    assert not weights_folder().exists() and not runs_folder().exists()


@pytest.mark.parametrize(
    ("call", "where"),
    [(16, "epoch 2, batch 1"), (19, "epoch 2, batch 4"), (25, "epoch 2, batch 10"), (27, "epoch 2, test batch 2")],
)
def test_a_non_finite_loss_names_the_batch_and_keeps_the_checkpoint(small, tiny, monkeypatch, call, where):
    T.train(replace(small, epochs=1), tiny, CPU)
    checkpoint = runs_folder() / "vicreg.checkpoint.pt"
    before = checkpoint.read_bytes()
    fail_at(call - 15, monkeypatch)  # the first epoch is behind
    with pytest.raises(VICRegError, match=f"not finite at {where};") as caught:
        T.train(small, tiny, CPU)
    assert str(checkpoint) in str(caught.value) and "\n" not in str(caught.value)
    assert checkpoint.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"epochs": 0}, "epochs must be from 1 to 100,000, got 0"),
        ({"epochs": -1}, "epochs must be from 1 to 100,000, got -1"),
        ({"batch_size": 1}, "batch_size must be at least 2, got 1"),
        ({"batch_size": 21}, "A batch of 21 needs more images than the 20 there are to train on; set a smaller --batch-size"),
        ({"seed": -1}, "seed must be from 0"),
        ({"seed": 2**64}, "seed must be from 0"),
    ],
)
def test_settings_that_cannot_train_are_refused(small, tiny, change, says):
    with pytest.raises((ValueError, VICRegError), match=says):
        T.train(replace(small, **change), tiny, CPU)
    assert not weights_folder().exists() and not runs_folder().exists()


def test_the_batch_may_be_the_whole_training_set(small, tiny):
    T.train(replace(small, epochs=1, batch_size=20), tiny, CPU)
    assert stored()["history"]["train"].shape == (1, 1, 3)
