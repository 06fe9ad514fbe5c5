"""The linear probe against scikit-learn, and what it refuses.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch.testing import assert_close

from vicreg.downstream import probe
from vicreg.downstream.probe import linear_probe, probe_held_out, standardise


def features(images):
    """Real images as 192 numbers each: their mean colours on an 8x8 grid."""
    return torch.nn.functional.avg_pool2d(images.float() / 255, 4).flatten(1)


@pytest.fixture(scope="module")
def sets(sample):
    train, test = sample
    return features(train.images), train.labels, features(test.images), test.labels


@pytest.fixture(scope="module")
def result(sets):
    return linear_probe(*sets)


def test_agrees_with_logistic_regression_on_real_images(sets):
    train_y, train_labels, test_y, test_labels = sets
    # Fewer dimensions than would separate 600 images: then the optimum is unique and finite. And as
    # unlike each other as this leaves them: then SGD gets to the optimum, whatever is rounded on the way.
    train_y, test_y = train_y[:, ::20], test_y[:, ::20]
    train_x, test_x = standardise(train_y, test_y)
    reference = LogisticRegression(C=1e6, max_iter=5000, tol=1e-6).fit(train_x, train_labels)
    ours = linear_probe(train_y, train_labels, test_y, test_labels)
    assert (ours.predictions.numpy() == reference.predict(test_x)).mean() > 0.98
    assert ours.train_accuracy == pytest.approx(reference.score(train_x, train_labels), abs=0.01)
    assert ours.accuracy == pytest.approx(reference.score(test_x, test_labels), abs=0.01)


def test_steps_are_those_of_torchs_sgd_and_cross_entropy(sets, monkeypatch):
    monkeypatch.setattr(probe, "STEPS", 40)
    x = probe.with_ones(standardise(sets[0], sets[2])[0]).double()
    labels = sets[1]
    W = probe.fit_linear_layer(
        x, torch.nn.functional.one_hot(labels).double(), torch.Generator().manual_seed(3)
    )
    generator = torch.Generator().manual_seed(3)
    weight = 0.01 * torch.randn(10, x.shape[1], generator=generator)
    weight[:, -1] = 0
    weight = weight.double().requires_grad_()
    optimizer = torch.optim.SGD([weight], lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=40)
    for batch in probe.shuffled_batches(len(x), generator, x.device):
        torch.nn.functional.cross_entropy(x[batch] @ weight.T, labels[batch]).backward()
        optimizer.step(), optimizer.zero_grad(), schedule.step()
    assert_close(W, weight.detach(), rtol=1e-6, atol=1e-7)


def test_accuracies_are_shares_of_their_own_sets(sets, result):
    train_y, train_labels, _, test_labels = sets
    assert result.accuracy == (result.predictions == test_labels).double().mean()
    first = test_labels == 0
    assert_close(result.class_accuracy[0], (result.predictions[first] == 0).double().mean())
    on_train = linear_probe(train_y, train_labels, train_y, train_labels)
    assert on_train.accuracy == on_train.train_accuracy == result.train_accuracy


def test_separable_classes_are_separated():
    labels = torch.arange(300) % 3
    y = torch.nn.functional.one_hot(labels, 3).float()
    assert linear_probe(y, labels, y, labels).accuracy == 1


def test_held_out_codes_are_a_tenth_and_not_learned_from():
    """Codes that name their image: what is learned by heart is worth nothing on the others."""
    labels = torch.arange(1000) % 10
    result = probe_held_out(torch.eye(1000), labels)
    assert len(result.predictions) == 100
    assert result.class_accuracy.isfinite().all()
    assert result.train_accuracy == 1 and result.accuracy < 0.5


def test_each_class_gives_a_tenth_of_its_own(monkeypatch):
    """As few as ten of a class, among a hundred of another: a random tenth would often have none."""
    labels = torch.tensor([0] * 100 + [1] * 10 + [2] * 10)
    splits = []
    monkeypatch.setattr(probe, "linear_probe", lambda *given, **_: splits.append(given))
    for seed in range(20):
        probe_held_out(torch.arange(120.0).unsqueeze(1), labels, seed=seed)
    for train_y, train_labels, test_y, test_labels in splits:
        assert train_labels.bincount().tolist() == [90, 9, 9] and test_labels.bincount().tolist() == [10, 1, 1]
        assert sorted(torch.cat([train_y, test_y])[:, 0].tolist()) == list(range(120))
        assert torch.equal(labels[test_y[:, 0].long()], test_labels)
    assert len({tuple(test_y[:, 0].tolist()) for _, _, test_y, _ in splits}) == 20, "seeds are splits"


def test_random_labels_give_chance():
    generator = torch.Generator().manual_seed(0)
    y = torch.randn(4000, 8, generator=generator)
    labels = torch.randint(10, (4000,), generator=generator)
    result = linear_probe(y[:2000], labels[:2000], y[2000:], labels[2000:])
    assert result.accuracy == pytest.approx(0.1, abs=5 * (0.09 / 2000) ** 0.5)


def test_the_seed_fixes_the_result(sets, result):
    assert torch.equal(linear_probe(*sets).predictions, result.predictions)


def test_scale_and_offset_of_the_representations_do_not_matter(sets, result):
    train_y, train_labels, test_y, test_labels = sets
    scaled = linear_probe(1000 * train_y + 7, train_labels, 1000 * test_y + 7, test_labels)
    assert scaled.accuracy == pytest.approx(result.accuracy, abs=0.01)


def test_a_constant_dimension_is_ignored(sets):
    train_y, test_y = sets[0].clone(), sets[2].clone()
    train_y[:, 0], test_y[:, 0] = 3.0, 4.0
    train_x, test_x = standardise(train_y, test_y)
    assert (train_x[:, 0] == 0).all() and (test_x[:, 0] == 0).all()
    assert train_x.isfinite().all()
