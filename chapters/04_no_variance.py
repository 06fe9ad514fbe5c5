# %% [markdown]
# # Q4. No variance term {#sec-q4}
# **Without the variance term the projections collapse completely, and the probe finds about as little as in an untrained encoder.** This ablation changes one setting of the method, $\mu = 0$ in [@eq-loss] (other differences: [@tbl-runs]). Scale all projections by a factor $s < 1$: the invariance term falls by $s^2$ and the covariance term by $s^4$ ([@eq-objectives]). Nothing pushes the other way, so a constant $z = z'$ is a minimum of the whole loss, and the head alone can reach it by shrinking its last layer. We expect the projections to collapse. What becomes of the representations $y$ is less clear. The head's first layer ends in batch normalisation, so the loss hardly depends on the scale of $y$: nothing asks $y$ to shrink, but nothing keeps its directions apart either.

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from _pretraining import measured_rows
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import PolynomialFeatures

from reporting import depends, record, show, table
from vicreg.data import load_cifar10
from vicreg.downstream.appearance import mean_colour, warmth
from vicreg.downstream.probe import linear_probe
from vicreg.plots.figures import (
    HALO,
    TEST_COLOUR,
    TRAIN_COLOUR,
    class_key,
    scatter_classes,
    scatter_points,
)
from vicreg.representations import representations
from vicreg.runtime.validation import check_useful
from vicreg.weights import load_run, untrained, weights_file

NAMES = {"vicreg": "VICReg", "no_variance": "no variance term"}
UNTRAINED, INITIAL = "untrained", "untrained, initial"  # by its batch normalisation: of images, or as initialised
COLOURS = dict(zip(NAMES, (TRAIN_COLOUR, TEST_COLOUR), strict=True))
data = load_cifar10()
depends("CIFAR-10", fingerprint=data.fingerprint, copy=data.train.name)
for name in NAMES:
    depends(weights_file(name))
runs = {name: load_run(name) for name in NAMES}
some = torch.randperm(len(data.train), generator=torch.Generator().manual_seed(0))[:5000]  # for its batch normalisation
runs[UNTRAINED] = untrained(runs["vicreg"], data.train.images[some])
runs[INITIAL] = untrained(runs["vicreg"])
train_y = {name: representations(run, data.train) for name, run in runs.items()}
test_y = {name: representations(run, data.test) for name, run in runs.items()}
labels, classes = data.test.labels, data.test.classes
for y in test_y.values():
    check_useful(y, "map")

# %%
SEEDS = (0, 1, 2)
DIRECTIONS = 2


def probe(train, test):
    """The accuracy of the linear probe of Q3 for each of its seeds."""
    found = [linear_probe(train, data.train.labels, test, labels, seed=seed).accuracy for seed in SEEDS]
    return torch.tensor(found)


accuracy = {name: probe(train_y[name], test_y[name]) for name in runs}
# The same in the principal directions, each at unit deviation: all, the two of largest variance, the others.
whitened, in_two, in_others, two_share = {}, {}, {}, {}
for name in runs:
    fitted = PCA(random_state=0).fit(train_y[name].double().numpy())
    train, test = (torch.from_numpy(fitted.transform(y[name].double().numpy())).float() for y in (train_y, test_y))
    whitened[name] = probe(train, test)
    in_two[name] = probe(train[:, :DIRECTIONS], test[:, :DIRECTIONS])
    in_others[name] = probe(train[:, DIRECTIONS:], test[:, DIRECTIONS:])
    two_share[name] = fitted.explained_variance_ratio_[:DIRECTIONS].sum()

# %%
pca_maps, spectra, deviations = {}, {}, {}
for name in NAMES:
    y = test_y[name]
    pca_maps[name] = PCA(n_components=2, random_state=0).fit_transform(y.numpy())
    variances = torch.linalg.eigvalsh(torch.cov(y.double().T)).flip(0).clamp(min=0)
    spectra[name] = variances / variances.sum()
    with torch.inference_mode():
        z = runs[name].projector.eval()(y)
    deviations[name] = z.double().std(dim=0).sort(descending=True).values

# %%
# Each image's mean colour, twice as far from grey as it is.
colour = mean_colour(data.test.images)
lightness = colour.mean(dim=1, keepdim=True)
image_colours = ((lightness + 2 * (colour - lightness)) / 255).clamp(0, 1).numpy()
# The corner of the map without the variance term: three times as far from the medians as half of the images lie.
collapsed = pca_maps["no_variance"]
middle = np.median(collapsed, axis=0)
reach = 3 * np.median(np.abs(collapsed - middle), axis=0)
in_corner = (np.abs(collapsed - middle) <= reach).all(axis=1)
# The images farthest out on either arm, the bluest first: one reaches along each axis, to the side that lies farther out.
ARM = min(100, len(data.test) // 4)
warm = warmth(data.test.images)
out = torch.from_numpy(collapsed - middle)
sides = out[out.abs().argmax(dim=0), torch.arange(2)].sign()
farthest = sorted((out[:, axis].mul(sides[axis]).topk(ARM).indices for axis in range(2)), key=lambda found: warm[found].mean())

# %%
fig = plt.figure(figsize=(6.46, 3.6))
top, bottom = fig.subfigures(2, 1, height_ratios=[2.2, 1.6])
with_term, by_class, by_colour = top.subplots(1, 3)
scatter_classes(with_term, pca_maps["vicreg"], labels, classes, names=False)
with_term.set_title(NAMES["vicreg"])
by_class.set_title(NAMES["no_variance"])
by_colour.set_title("the same, by mean colour")
for ax in (by_class, by_colour):
    corner = ax.inset_axes([0.45, 0.08, 0.52, 0.55])
    for panel, size in ((ax, 4), (corner, 1.5)):
        if ax is by_class:
            scatter_classes(panel, collapsed, labels, classes, size, names=False)
        else:
            scatter_points(panel, collapsed, image_colours, size)
    corner.set(xlim=middle[0] + reach[0] * np.array([-1, 1]), ylim=middle[1] + reach[1] * np.array([-1, 1]))
    ax.indicate_inset_zoom(corner, edgecolor="0.3", alpha=1, lw=0.6)
beside = ({"xytext": (0, -6), "ha": "center", "va": "top"}, {"xytext": (2, -12), "ha": "right", "va": "center"})
for found, hue, where in zip(farthest, ("blue", "yellow"), beside, strict=True):
    place = np.median(collapsed[found], axis=0)
    by_colour.annotate(hue, place, textcoords="offset points", fontweight="bold", path_effects=HALO, **where)
left, right = bottom.subplots(1, 2)
for name, style in zip(NAMES, ("-", "--"), strict=True):
    line = {"color": COLOURS[name], "ls": style, "label": NAMES[name]}
    left.semilogy(range(1, 129), spectra[name], **line)
    right.semilogy(range(1, 513), deviations[name], **line)
left.set(xlabel="direction of representations", ylabel="share of variance")
right.set(xlabel="dimension of projections, sorted", ylabel="standard deviation")
right.legend(loc="center right")
class_key(top, classes, "outside lower center", ncols=10)
show(
    fig,
    label="fig-collapse",
    caption="With and without the variance term, test images. Top: PCA of the representations $y$, as in [@fig-maps]; left and middle by class, right by each image's mean colour, its distance from grey doubled. The insets enlarge the marked corner, in which {{ in_corner:.0%}} of the images lie. Bottom left: the eigenvalues of the representations' covariance, as shares of their sum; right: the standard deviation of each of the {{ projected}} dimensions of the projections $z$.",
    place="auto",
)

# %% [markdown]
# **The projections.** After a tenth of the first epoch the variance objective, which no longer counts, has risen to {{ tenth_variance:.2f}}. In the last batches it is {{ last_variance:.2f}}. With $\epsilon$ inside the root no more than $2 (1 - \sqrt{\epsilon}) = {{ ceiling:.2f}}$ is possible, so the collapse is complete. The invariance objective is down to {{ last_invariance:.6f}}: two views agree because everything agrees. Training went on for {{ epochs }} epochs, as many as VICReg's.

# %%
table(
    pd.DataFrame(
        {
            "encoder": [*NAMES.values(), UNTRAINED, INITIAL],
            "epochs": [run.experiment.epochs for run in runs.values()],
            "probe": [found.mean().item() for found in accuracy.values()],
            "whitened": [found.mean().item() for found in whitened.values()],
            "two directions": [found.mean().item() for found in in_two.values()],
            "other 126": [found.mean().item() for found in in_others.values()],
            "variance in two": list(two_share.values()),
            "spread of $z$": [*(found.median().item() for found in deviations.values()), None, None],
        }
    ),
    label="tbl-collapse",
    caption="The probe of [@sec-q3], mean of three seeds: on the representations as they are; *whitened*, every principal direction of the training set brought to unit variance; on the two directions of largest variance; on the other 126. Then the two directions' share of the variance (all on the training set), and the spread of the projections: the median standard deviation of a dimension over the unaugmented test images. The untrained encoder normalises by the statistics of {{ n_statistics:,}} training images, or by the *initial* ones, mean 0 and variance 1.",
    formats={
        "probe": "{:.1%}", "whitened": "{:.1%}", "two directions": "{:.1%}", "other 126": "{:.1%}",
        "variance in two": "{:.1%}", "spread of $z$": "{:.2g}",
    },
)
history = runs["no_variance"].history.train  # (epochs, steps, 3)


def told_by_map(name):
    """How warmth correlates with the best quadratic function of a map's two coordinates."""
    place = PolynomialFeatures(2).fit_transform(pca_maps[name])
    return LinearRegression().fit(place, warm).score(place, warm) ** 0.5


arms = [warm[found].mean().item() for found in farthest]
on_cold_arm = labels[farthest[0]].bincount(minlength=len(classes)) / ARM
rows = measured_rows()
ceiling = 2 * (1 - runs["no_variance"].experiment.eps ** 0.5)  # of the variance objective, both branches
record(
    projected=len(deviations["vicreg"]),
    in_corner=in_corner.mean(),
    arm=ARM,
    cold_class=classes[on_cold_arm.argmax()],
    cold_share=on_cold_arm.max(),
    cold=-arms[0],
    warm=arms[1],
    warm_all=warm.mean(),
    epochs=runs["no_variance"].experiment.epochs,
    accuracy=accuracy["no_variance"].mean(),
    spread=accuracy["no_variance"].std(),
    accuracy_vicreg=accuracy["vicreg"].mean(),
    whitened=whitened["no_variance"].mean(),
    in_two=in_two["no_variance"].mean(),
    in_two_vicreg=in_two["vicreg"].mean(),
    n_statistics=len(some),
    **{f"{key}{suffix}": rows[name][key] for name, suffix in (("vicreg", "_vicreg"), ("no_variance", "")) for key in ("moved", "colour_r2")},
    in_others=in_others["no_variance"].mean(),
    two_share=two_share["no_variance"],
    two_share_vicreg=two_share["vicreg"],
    warmth=told_by_map("no_variance"),
    warmth_vicreg=told_by_map("vicreg"),
    two_share_untrained=two_share[UNTRAINED],
    untrained=accuracy[UNTRAINED].mean(),
    untrained_whitened=whitened[UNTRAINED].mean(),
    initial=accuracy[INITIAL].mean(),
    below=100 * (accuracy["vicreg"].mean() - accuracy[UNTRAINED].mean()),
    below_initial=100 * (accuracy["vicreg"].mean() - accuracy[INITIAL].mean()),
    other_share=1 - two_share["no_variance"],
    ceiling=ceiling,
    tenth_variance=history[0, len(history[0]) // 10, 1],
    last_variance=history[-1, -10:, 1].mean(),
    last_invariance=history[-1, -10:, 0].mean(),
)
lost = accuracy["vicreg"].mean() - accuracy["no_variance"].mean()
record(lost=100 * lost, returned=100 * (whitened["no_variance"].mean() - accuracy["no_variance"].mean()))
assert runs["no_variance"].experiment.epochs == runs["vicreg"].experiment.epochs, "the text says as many epochs"
assert deviations["no_variance"].max() < 0.05 < 0.2 < deviations["vicreg"].median(), "the text says that projections collapse"
assert abs(history[-1, -10:, 1].mean() - ceiling) < 0.01, "the text says that the variance objective is at its ceiling"
for name in NAMES:
    assert rows[name]["weights_fingerprint"] == runs[name].fingerprint[:12], "measure these weights: python benchmarks/pretraining.py measure"
assert all(rows["no_variance"][key] > rows["vicreg"][key] + 0.05 for key in ("moved", "colour_r2")), "the text says that less was discarded than by VICReg"
assert lost > 0.2, "the text says that the probe loses much"
assert 0.15 < accuracy["no_variance"].mean() < accuracy[UNTRAINED].mean() < whitened["no_variance"].mean(), "the text says above chance, and about as much as untrained"
assert two_share["no_variance"] > 0.95, "the text says that two directions hold nearly all variance"
assert in_others["no_variance"].mean() > in_two["no_variance"].mean() + 0.02, "the text says where the classes are"
assert whitened["no_variance"].mean() > accuracy["no_variance"].mean() + 0.01, "the text says that the probe overlooks small directions"
assert accuracy["vicreg"].mean() - accuracy[UNTRAINED].mean() > 0.5 * (accuracy["vicreg"].mean() - whitened["no_variance"].mean()), "the text says that an untrained encoder lacks most of the rest too"
assert abs(whitened["no_variance"].mean() - whitened[UNTRAINED].mean()) < 0.08 and whitened["no_variance"].mean() < accuracy[INITIAL].mean(), "the text says that little was learned"
assert arms[0] < warm.mean() - warm.std() < warm.mean() + warm.std() < arms[1], "the text says that the arms are blue and yellow"
assert told_by_map("no_variance") > max(0.5, told_by_map("vicreg")), "the text says that the map is colour"
assert on_cold_arm.max() > 0.3, "the text names the class of the blue arm"

# %% [markdown]
# **Is the accuracy better or worse?** Far worse. The probe of [@sec-q3] falls from {{ accuracy_vicreg:.1%}} to **{{ accuracy:.1%}}** (standard deviation {{ spread:.2%}}; [@tbl-collapse]). SGD is slow along directions of small variance, so part of the fall may be SGD's doing. Whitening leaves what a linear layer can express unchanged, and with it the same probe finds **{{ whitened:.1%}}**. The same encoder before its first step reaches {{ untrained:.1%}}, whitened {{ untrained_whitened:.1%}}, and even {{ initial:.1%}} while batch normalisation has its initial statistics. So this training (one run) taught the encoder little or nothing of the classes. One would guess that invariance made the encoder discard what $T$ changes. By two measures it discarded less than VICReg's did: all of $T$ moves these representations by {{ moved:.2f}} of the distance between two images (VICReg's by {{ moved_vicreg:.2f}}), and a linear layer reads an image's mean colour off them with an R² of {{ colour_r2:.2f}} (VICReg: {{ colour_r2_vicreg:.2f}}). The projections agree because all have shrunk to a point, not because the encoder ignores $T$.
#
# **What the visualisation shows.** The representations are not a point, but two directions hold {{ two_share:.1%}} of their variance on the training set (VICReg: {{ two_share_vicreg:.0%}}, untrained: {{ two_share_untrained:.0%}}). On the map most images crowd in a corner, from which two thin arms reach ([@fig-collapse]). In the corner all classes overlap. The arms sort by colour: blue images on one, yellow and brown ones on the other. Let *warmth* be mean red minus mean blue. It averages {{ warm_all:.0f}} grey levels over all images, −{{ cold:.0f}} over the {{ arm}} farthest out on the blue arm, and {{ warm:.0f}} on the other. Of the {{ arm}} on the blue arm {{ cold_share:.0%}} are {{ cold_class}}s. A quadratic function of the place on the map has a correlation of {{ warmth:.2f}} with warmth; on VICReg's map it is {{ warmth_vicreg:.2f}}. We do not know why colour survives, although $T$ changes it.
#
# **How the picture explains the accuracy.** What varies most says little of the classes: from the two directions of largest variance the probe reads {{ in_two:.1%}}. VICReg's two also give only {{ in_two_vicreg:.1%}}, but there the others vary too. Here the other 126 hold {{ other_share:.1%}} of the variance, which no map shows, and more of the classes: {{ in_others:.1%}} by a probe of their own. Of the {{ lost:.0f}} points lost, whitening returns {{ returned:.0f}}. Most of the rest an untrained encoder lacks too: it lies {{ below_initial:.0f}} or {{ below:.0f}} points below VICReg, depending on its statistics.
#
# **What the variance term does.** In VICReg it makes every dimension of $z$ vary over the images, and the covariance term forbids that they all vary alike. Together with invariance they favour representations that hold many things which survive the augmentation.
