"""Figures for the page hold the numbers that they are given.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from vicreg.downstream.anomaly import roc
from vicreg.history import History
from vicreg.plots import figures as F


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


def test_an_objective_is_every_batch_its_running_mean_and_the_test_values(ax):
    generator = torch.Generator().manual_seed(0)
    history = History(torch.rand(2, 60, 3, generator=generator), torch.rand(2, 3, generator=generator))
    F.plot_objective(ax, history, "variance")
    batches, mean, test = ax.lines
    values = history.train[:, :, 1].flatten().numpy()
    np.testing.assert_array_equal(batches.get_ydata(), values)
    np.testing.assert_array_equal(batches.get_xdata(), np.arange(1, 121))
    middle = list(mean.get_xdata()).index(60)
    assert mean.get_ydata()[middle] == pytest.approx(values[60 - 26 : 60 + 25].mean(), rel=1e-6)
    np.testing.assert_array_equal(test.get_xdata(), [60, 120])
    np.testing.assert_array_equal(test.get_ydata(), history.test[:, 1].numpy())
    low, high = ax.get_ylim()
    assert low < min(values.min(), test.get_ydata().min()) and high > max(values.max(), test.get_ydata().max())


def test_a_map_has_each_class_in_its_colour_and_its_name_where_it_prevails(ax):
    generator = np.random.default_rng(0)
    centres = np.array([[0, 0], [10, 0], [0, 10]])
    labels = torch.arange(300) % 3
    points = centres[labels] + generator.normal(size=(300, 2))
    F.scatter_classes(ax, points, labels, ["a", "b", "c"])
    (drawn,) = ax.collections
    place = {tuple(point): tuple(colour[:3]) for point, colour in zip(drawn.get_offsets(), drawn.get_facecolors(), strict=True)}
    for point, label in zip(points, labels.tolist(), strict=True):
        assert place[tuple(point)] == pytest.approx(plt.matplotlib.colors.to_rgb(F.CLASS_COLOURS[label]))
    names = {text.get_text(): np.array(text.get_position()) for text in ax.texts}
    for name, centre in zip("abc", centres, strict=True):
        assert np.abs(names[name] - centre).max() < 4, "nearer to its own centre than to another"


PANEL = np.array([3.1, 2.6])  # inches


def test_names_that_would_meet_are_moved_apart():
    points = np.random.default_rng(0).normal(size=(900, 2))
    places = F.name_places(points, np.arange(900) % 3, ["four"] * 3, PANEL) / np.ptp(points, axis=0) * PANEL
    gaps = np.abs(places[:, None] - places[None])[~np.eye(3, dtype=bool)]
    assert (gaps >= F.LETTER_SIZE * [4, 1] - 1e-9).any(axis=1).all()


@pytest.mark.parametrize("height", [1.4, 3])
def test_no_name_covers_a_centre_and_centres_lie_on_top(height):
    labels = torch.arange(900) % 3
    points = np.random.default_rng(0).normal(size=(900, 2))
    names = ["airplane", "automobile", "truck"]
    centres = F.name_places(points, labels.numpy(), names, PANEL)  # where names would stand
    fig, ax = plt.subplots(figsize=(3.2, height))
    with plt.rc_context({"font.size": 9}):
        F.scatter_classes(ax, points, labels, names, centres=centres)
    drawn, crosses = ax.collections
    np.testing.assert_array_equal(crosses.get_offsets(), centres)
    assert crosses.get_zorder() > max(artist.get_zorder() for artist in [drawn, *ax.texts])
    fig.canvas.draw()
    crossed = ax.transData.transform(centres)
    for text in ax.texts:
        assert not any(text.get_window_extent().contains(*place) for place in crossed), text.get_text()
    plt.close(fig)


def test_clusters_have_colours_of_their_own_and_numbered_centres(ax):
    points = np.random.default_rng(0).normal(size=(240, 2))
    clusters = torch.arange(240) % 12
    centres = np.stack([points[clusters == c].mean(axis=0) for c in range(12)])
    F.scatter_clusters(ax, points, clusters, centres)
    drawn, crosses = ax.collections
    place = {tuple(point): tuple(colour[:3]) for point, colour in zip(drawn.get_offsets(), drawn.get_facecolors(), strict=True)}
    for point, cluster in zip(points, clusters.tolist(), strict=True):
        assert place[tuple(point)] == pytest.approx(F.CLUSTER_COLOURS[cluster % 10])
    np.testing.assert_array_equal(crosses.get_offsets(), centres)
    assert {text.get_text(): text.xy for text in ax.texts} == {str(c + 1): pytest.approx(centres[c]) for c in range(12)}
    classes = {plt.matplotlib.colors.to_rgb(colour) for colour in F.CLASS_COLOURS}
    assert not classes & set(F.CLUSTER_COLOURS)


def test_a_key_names_each_class_in_its_colour():
    fig, _ = plt.subplots()
    F.class_key(fig, ["a", "b"], "outside right center")
    (key,) = fig.legends
    assert [text.get_text() for text in key.get_texts()] == ["a", "b"]
    assert [line.get_color() for line in key.get_lines()] == list(F.CLASS_COLOURS[:2])
    plt.close(fig)


def lightness(colour):
    """CIE L* of an sRGB colour, 0 to 100."""
    rgb = np.array(plt.matplotlib.colors.to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return 116 * np.cbrt(linear @ [0.2126, 0.7152, 0.0722]) - 16


def test_a_grey_print_tells_colours_apart():
    assert np.diff([lightness(colour) for colour in F.CLASS_COLOURS]).min() > 5
    assert np.diff([lightness(colour) for colour in F.CLUSTER_COLOURS]).min() > 5
    assert np.diff([lightness(colour) for colour in F.MODEL_COLOURS]).min() > 15


def test_a_table_of_images_has_each_where_it_belongs(ax):
    images = torch.randint(256, (2, 3, 3, 32, 32), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    F.show_images(ax, images, ["r0", "r1"], ["c0", "c1", "c2"], captions=[list("abc"), list("def")], gaps=[1])
    canvas = ax.images[0].get_array()
    found = {text.get_text(): text.get_position() for text in ax.texts}
    assert set(found) == {"r0", "r1", "c0", "c1", "c2", *"abcdef"}
    for row, captions in enumerate(("abc", "def")):
        for column, caption in enumerate(captions):
            x, y = found[caption]
            left, top = round(x - 15.5), round(y - 32)
            np.testing.assert_array_equal(canvas[top : top + 32, left : left + 32], images[row, column].permute(1, 2, 0))
    assert found["a"][0] < found["b"][0] < found["c"][0]
    assert found["b"][0] - found["a"][0] > found["c"][0] - found["b"][0], "the gap before column 1 is wider"


def test_labels_of_groups_stand_over_the_middle_of_their_columns(ax):
    images = torch.zeros(1, 5, 3, 32, 32, dtype=torch.uint8)
    F.show_images(ax, images, column_labels=list("12345"), gaps=[1, 3], group_labels=["", "left", "right"])
    found = {text.get_text(): text.get_position() for text in ax.texts}
    assert found["left"][0] == pytest.approx((found["2"][0] + found["3"][0]) / 2, abs=1)
    assert found["right"][0] == pytest.approx((found["4"][0] + found["5"][0]) / 2, abs=1)
    assert found["left"][1] < found["2"][1] - 5, "above the columns' labels"


def test_a_roc_curve_says_its_area(ax):
    curve = roc(torch.tensor([0.0, 1.0, 2.0]), torch.tensor([1.5, 3.0]))
    F.plot_roc(ax, curve, "a model")
    (line,) = ax.lines
    np.testing.assert_array_equal(line.get_xdata(), curve.false_positive_rate)
    np.testing.assert_array_equal(line.get_ydata(), curve.true_positive_rate)
    assert line.get_label() == f"a model, AUC {curve.auc:.3f}"


def test_a_confusion_matrix_is_in_shares_of_the_true_class(ax):
    labels, predictions = torch.tensor([0, 0, 0, 0, 1]), torch.tensor([0, 0, 0, 1, 0])
    F.plot_confusion(ax, labels, predictions, ["cat", "dog"])
    written = {text.get_position(): text.get_text() for text in ax.texts}
    assert written == {(0, 0): "75", (1, 0): "25", (0, 1): "100", (1, 1): "0"}
    np.testing.assert_array_equal(ax.images[0].get_array(), [[75, 25], [100, 0]])


def test_a_saved_figure_is_a_png_and_its_place_is_told(tmp_path, capsys):
    plt.switch_backend("agg")
    fig, _ = plt.subplots()
    F.save_and_show(fig, tmp_path / "new" / "x.png")
    assert (tmp_path / "new" / "x.png").read_bytes().startswith(b"\x89PNG")
    assert str(tmp_path / "new" / "x.png") in capsys.readouterr().out
    assert not plt.fignum_exists(fig.number)
