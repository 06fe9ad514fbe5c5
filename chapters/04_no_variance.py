# %% [markdown]
# # Q4. No variance term {#sec-q4}
# The first ablation changes one number, $\mu = 0$ in [@eq-loss]; all else is as in [@sec-q1]. Scale all projections by a factor $s < 1$: the invariance term falls by $s^2$ and the covariance term by $s^4$ ([@eq-objectives]). Both then point the same way, nothing points the other, and the constant $z = z'$ is a minimum of the whole loss, reached by the head alone as its last layer shrinks. So we expect the projections to collapse, and the gradient that teaches the encoder to vanish with them. The representations $y$, which lie before the head, need not become a point, but nothing keeps their directions apart.

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import matplotlib.pyplot as plt
import pandas as pd
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import PolynomialFeatures

from reporting import depends, record, show, table
from vicreg.data import load_cifar10
from vicreg.downstream.appearance import saturation, warmth
from vicreg.downstream.probe import linear_probe
from vicreg.downstream.retrieval import neighbour_classes
from vicreg.plots.figures import TEST_COLOUR, TRAIN_COLOUR, scatter_classes
from vicreg.representations import representations
from vicreg.runtime.validation import check_useful
from vicreg.weights import load_run, weights_file

NAMES = {"vicreg": "VICReg", "no_variance": "without the variance term"}
COLOURS = dict(zip(NAMES, (TRAIN_COLOUR, TEST_COLOUR), strict=True))
data = load_cifar10()
depends("CIFAR-10", fingerprint=data.fingerprint, copy=data.train.name)
for name in NAMES:
    depends(weights_file(name))
runs = {name: load_run(name) for name in NAMES}
train_y = {name: representations(run, data.train) for name, run in runs.items()}
test_y = {name: representations(run, data.test) for name, run in runs.items()}
labels, classes = data.test.labels, data.test.classes
for y in test_y.values():
    check_useful(y, "map")

# %%
SEEDS = (0, 1, 2)
accuracy = {
    name: torch.tensor(
        [
            linear_probe(train_y[name], data.train.labels, test_y[name], labels, seed=seed).accuracy
            for seed in SEEDS
        ]
    )
    for name in NAMES
}

# %%
pca_maps, spectra, deviations = {}, {}, {}
for name, run in runs.items():
    y = test_y[name]
    pca_maps[name] = PCA(n_components=2, random_state=0).fit_transform(y.numpy())
    variances = torch.linalg.eigvalsh(torch.cov(y.double().T)).flip(0).clamp(min=0)
    spectra[name] = variances / variances.sum()
    with torch.inference_mode():
        z = run.projector.eval()(y)
    deviations[name] = z.double().std(dim=0).sort(descending=True).values

# %%
fig, ((*maps,), (left, right)) = plt.subplots(2, 2, figsize=(6.46, 5.1), height_ratios=[1.45, 1])
for ax, name in zip(maps, NAMES, strict=True):
    scatter_classes(ax, pca_maps[name], labels, classes, names=name == "vicreg")
    ax.set_title(f"PCA: {NAMES[name]}")
for name, style in zip(NAMES, ("-", "--"), strict=True):
    line = {"color": COLOURS[name], "ls": style, "label": NAMES[name]}
    left.semilogy(range(1, 129), spectra[name], **line)
    right.semilogy(range(1, 513), deviations[name], **line)
left.set(xlabel="direction of representations", ylabel="share of variance")
right.set(xlabel="dimension of projections, sorted", ylabel="standard deviation")
left.legend()
show(
    fig,
    label="fig-collapse",
    caption="With and without the variance term, test images. Top: PCA of the representations $y$, as in [@fig-maps], colours are the classes. Bottom left: the eigenvalues of the representations' covariance, as shares of their sum; right: the standard deviation of each of the {{ projected}} dimensions of the projections $z$.",
    place="auto",
)

# %%
effective = {name: (1 / shares.square().sum()).item() for name, shares in spectra.items()}
for_90 = {name: int((shares.cumsum(0) < 0.9).sum()) + 1 for name, shares in spectra.items()}
in_map = {
    name: neighbour_classes(y.new_tensor(pca_maps[name]), labels, 10).diagonal().mean().item()
    for name, y in test_y.items()
}
in_128 = {name: neighbour_classes(y, labels, 10).diagonal().mean().item() for name, y in test_y.items()}
table(
    pd.DataFrame(
        {
            "objective": list(NAMES.values()),
            "epochs": [run.experiment.epochs for run in runs.values()],
            "probe": [found.mean().item() for found in accuracy.values()],
            "10 nearest": list(in_128.values()),
            "directions": list(for_90.values()),
            "effective": list(effective.values()),
            "deviation": [found.median().item() for found in deviations.values()],
        }
    ),
    label="tbl-collapse",
    caption="What the variance term does. The probe as in [@sec-q3], mean of three seeds; how many of a test image's ten nearest are of its class; how many principal directions of $y$ hold 90% of its variance; its effective dimensions, $(\\sum_k \\lambda_k)^2 / \\sum_k \\lambda_k^2$ over the covariance's eigenvalues; the median deviation of a projection's dimension.",
    formats={"probe": "{:.1%}", "10 nearest": "{:.0%}", "effective": "{:.1f}", "deviation": "{:.2g}"},
)
history = runs["no_variance"].history.train  # (epochs, steps, 3)



def told_by_map(name, colour):
    """How a colour's value correlates with the best quadratic function of a map's two coordinates."""
    place = PolynomialFeatures(2).fit_transform(pca_maps[name])
    value = colour(data.test.images).numpy()
    return LinearRegression().fit(place, value).score(place, value) ** 0.5


record(
    projected=len(deviations["vicreg"]),
    **{
        f"{key}{suffix}": value
        for name, suffix in zip(NAMES, ("_vicreg", ""), strict=True)
        for key, value in {
            "epochs": runs[name].experiment.epochs,
            "accuracy": accuracy[name].mean(),
            "spread": accuracy[name].std(),
            "largest": deviations[name].max(),
            "smallest": deviations[name].min(),
            "median": deviations[name].median(),
            "first_share": spectra[name][0],
            "two_share": spectra[name][:2].sum(),
            "effective": effective[name],
            "for_90": for_90[name],
            "in_map": in_map[name],
            "in_128": in_128[name],
        }.items()
    },
    minutes=runs["no_variance"].provenance.seconds / 60,
    device=runs["no_variance"].provenance.in_words(),
    tenth_variance=history[0, len(history[0]) // 10, 1],
    last_variance=history[-1, -10:, 1].mean(),
    last_invariance=history[-1, -10:, 0].mean(),
    **{
        f"{key}{suffix}": told_by_map(name, colour)
        for name, suffix in zip(NAMES, ("_vicreg", ""), strict=True)
        for key, colour in {"warmth": warmth, "saturation": saturation}.items()
    },
)
lost = accuracy["vicreg"].mean() - accuracy["no_variance"].mean()
record(lost=100 * lost)
assert runs["no_variance"].experiment.epochs == runs["vicreg"].experiment.epochs, "the text says as many epochs"
assert deviations["no_variance"].max() < 0.05 < 0.2 < deviations["vicreg"].median(), "the text says that projections collapse"
assert history[-1, -10:, 1].mean() > 1.9, "the text says that the variance objective nears 2"
assert lost > 0.2, "the text says that the probe loses much"
assert accuracy["no_variance"].mean() > 0.15, "the text says that it stays above chance"
assert effective["no_variance"] < 2 < 5 < effective["vicreg"], "the text's effective dimensions"
for colour in (warmth, saturation):
    assert told_by_map("no_variance", colour) > max(0.5, told_by_map("vicreg", colour)), "the text says that the map is colour"

# %% [markdown]
# **How long.** {{ epochs }} epochs, as many as VICReg, in {{ minutes:.0f}} minutes ({{ device }}). The collapse needs a fraction of the first; all the others can do is deepen it.
#
# **The projections collapse.** After a tenth of the first epoch the variance objective, both branches together, has risen to {{ tenth_variance:.2f}} and at the end to {{ last_variance:.2f}}; at 2 nothing would vary at all. The invariance objective is down to {{ last_invariance:.6f}}: two views agree because everything agrees. On the test set a dimension of $z$ deviates by {{ median:.3f}} at the median, by {{ median_vicreg:.2f}} with the variance term ([@fig-collapse], bottom right; [@tbl-collapse]).
#
# **Better or worse?** Far worse: the probe on the representations falls from {{ accuracy_vicreg:.1%}} to **{{ accuracy:.1%}}** (deviation {{ spread:.2%}}), {{ lost:.0f}} points less, though still above chance.
#
# **What the picture shows, and why.** The representations before the head are not a point, since the batch normalisation in the encoder's last layers keeps them spread. But the spread has no use: {{ first_share:.0%}} of the variance lie in one direction and {{ two_share:.1%}} in two, where VICReg's first two hold {{ two_share_vicreg:.0%}}; in effect {{ effective:.1f}} of 128 dimensions are left, of {{ effective_vicreg:.1f}} (bottom left). That is why this PCA map, unlike VICReg's, hides nothing: it is nearly the whole representation. And its classes lie on top of each other ({{ in_map:.0%}} of the ten nearest on the map are of an image's class, {{ in_128:.0%}} in all dimensions; VICReg: {{ in_map_vicreg:.0%}} and {{ in_128_vicreg:.0%}}). What does vary is colour. A quadratic function of an image's place on the map gives its warmth, mean red less mean blue, with a correlation of {{ warmth:.2f}} (VICReg's map: {{ warmth_vicreg:.2f}}), and its saturation with {{ saturation:.2f}} ({{ saturation_vicreg:.2f}}). So the encoder says in effect how blue or how orange an image is, and the probe reads off what that tells of the class, planes before blue skies for one, and little else. In VICReg it is the variance term that makes every dimension of $z$ vary over the images, and as the covariance term forbids that they vary alike, the encoder has to find many different things to say that survive the augmentation.
