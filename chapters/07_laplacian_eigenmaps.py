# %% [markdown]
# # Q7. Laplacian Eigenmaps {#sec-q7}
# With the generated neighbours and the amortisation both gone, what is left is Laplacian Eigenmaps [@belkin2003]. A graph $W$ joins each image with its {{ k}} nearest others, and the codes $Y$ are those that vary least between joined images,
#
# $$
# \min_Y \sum_{ij} W_{ij} \lVert y_i - y_j \rVert^2 = \min_Y\, 2 \operatorname{tr}(Y^\top L Y) \quad \text{subject to} \quad Y^\top D Y = \mathbb{1},
# $$ {#eq-laplacian}
#
# with the degrees $D$ and $L = D - W$. The sum is VICReg's invariance term over pairs of neighbours; the constraint says that every dimension has variance one and no two are correlated, which is what the variance and covariance terms ask for. The solution are the eigenvectors of $D^{-1/2} W D^{-1/2}$ of largest eigenvalues, the constant one left out; we keep {{ dims}}. Distances of pixels make a poor graph, so, as in the exercise, an untrained CNN (four convolutions and a linear layer) first maps each image to 1,024 features.

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import time

import matplotlib.pyplot as plt
import pandas as pd
import torch

from reporting import depends, record, show, table
from vicreg.data import load_cifar10
from vicreg.downstream.laplacian import (
    EIGENVECTORS,
    NEIGHBOURS,
    laplacian_eigenmaps,
    neighbour_graph,
    untrained_features,
)
from vicreg.downstream.probe import probe_held_out
from vicreg.downstream.retrieval import neighbour_classes
from vicreg.downstream.tsne import tsne_map
from vicreg.plots.figures import scatter_classes
from vicreg.representations import representations
from vicreg.weights import load_run, weights_file

data = load_cifar10()
depends(weights_file("vicreg"))
depends("CIFAR-10", fingerprint=data.fingerprint, copy=data.train.name)
images, labels, classes = data.train.images, data.train.labels, data.train.classes
vicreg_y = representations(load_run("vicreg"), data.train)

# %%
started = time.perf_counter()
features = untrained_features(images)
codes = laplacian_eigenmaps(neighbour_graph(features))
seconds = time.perf_counter() - started

# %%
few = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))[:10_000]
graph = neighbour_graph(features[few])
few_codes = laplacian_eigenmaps(graph)

# %%
spaces = {
    "VICReg": (vicreg_y[few], vicreg_y),
    "Laplacian Eigenmaps": (few_codes, codes),
    "the untrained CNN's features": (features[few], features),
}
SEEDS = (0, 1, 2)
probes = {
    name: [torch.tensor([probe_held_out(y, of, seed).accuracy for seed in SEEDS])
           for y, of in zip(pair, (labels[few], labels), strict=True)]
    for name, pair in spaces.items()
}  # fmt: skip
purity = {
    name: neighbour_classes(pair[1], labels, k=5).diagonal().mean().item()
    for name, pair in spaces.items()
}

# %%
maps = {name: tsne_map(spaces[name][0]) for name in ("VICReg", "Laplacian Eigenmaps")}
fig, axes = plt.subplots(1, 2, figsize=(6.46, 3.2))
for ax, (name, points) in zip(axes, maps.items(), strict=True):
    scatter_classes(ax, points, labels[few], classes)
    ax.set_title(name)
show(
    fig,
    label="fig-laplacian",
    caption="t-SNE of the same {{ n_few:,}} random training images, coloured by class: VICReg's representations (left) and Laplacian Eigenmaps (right), perplexity 30.",
    place="auto",
)

# %%
table(
    pd.DataFrame(
        {
            "representation": list(spaces),
            "dimensions": [pair[0].shape[1] for pair in spaces.values()],
            "probe, 10,000": [found[0].mean().item() for found in probes.values()],
            "probe, all": [found[1].mean().item() for found in probes.values()],
            "5 nearest of the same class, all": list(purity.values()),
        }
    ),
    label="tbl-laplacian",
    caption="Linear probes on 90% of the codes, tested on the other 10%, mean of three splits, for {{ n_few:,}} and for all {{ n:,}} training images; and the share of the five nearest that are of the same class.",
    formats={"probe, 10,000": "{:.1%}", "probe, all": "{:.1%}", "5 nearest of the same class, all": "{:.0%}"},
)
joined = graph.tocoo()
near = {name: neighbour_classes(torch.from_numpy(points), labels[few], k=10) for name, points in maps.items()}
animal = torch.tensor([name in ("bird", "cat", "deer", "dog", "frog", "horse") for name in classes])
kinds = animal.unsqueeze(1) == animal  # whether two classes are both animals, or both vehicles
on_map = {name: shares.diagonal().mean() for name, shares in near.items()}
of_kind = {name: (shares * kinds).sum(1).mean() for name, shares in near.items()}
record(
    n=len(images),
    n_few=len(few),
    k=NEIGHBOURS,
    dims=EIGENVECTORS,
    seconds=seconds,
    edges_same=(labels[few][joined.row] == labels[few][joined.col]).float().mean(),
    laplacian_few=probes["Laplacian Eigenmaps"][0].mean(),
    laplacian_all=probes["Laplacian Eigenmaps"][1].mean(),
    laplacian_spread=probes["Laplacian Eigenmaps"][1].std(),
    vicreg_few=probes["VICReg"][0].mean(),
    vicreg_all=probes["VICReg"][1].mean(),
    features_all=probes["the untrained CNN's features"][1].mean(),
    laplacian_purity=purity["Laplacian Eigenmaps"],
    vicreg_purity=purity["VICReg"],
    laplacian_on_map=on_map["Laplacian Eigenmaps"],
    vicreg_on_map=on_map["VICReg"],
    laplacian_of_kind=of_kind["Laplacian Eigenmaps"],
    vicreg_of_kind=of_kind["VICReg"],
)
best = {name: found[1].mean() for name, found in probes.items()}
assert best["VICReg"] > best["Laplacian Eigenmaps"] + 0.15, "the text's order of the methods"
assert best["the untrained CNN's features"] > best["Laplacian Eigenmaps"], "the text says that the graph loses"
assert on_map["VICReg"] > 1.3 * on_map["Laplacian Eigenmaps"] and of_kind["VICReg"] > of_kind["Laplacian Eigenmaps"] > 0.55

# %% [markdown]
# **Comparison.** VICReg is by far the more effective for telling objects apart. On its map ([@fig-laplacian], left) {{ vicreg_on_map:.0%}} of an image's ten nearest are of its class and {{ vicreg_of_kind:.0%}} of its kind, animal or vehicle; on that of Laplacian Eigenmaps (right) {{ laplacian_on_map:.0%}} and {{ laplacian_of_kind:.0%}}: vehicles and animals still lean to different sides, and within them nearly everything is mixed. The probes say the same ([@tbl-laplacian]): {{ vicreg_few:.1%}} against {{ laplacian_few:.1%}} for the {{ n_few:,}} images of the maps, and, with features, graph and {{ dims}} eigenvectors of all {{ n:,}} images made in {{ seconds:.0f}} seconds, **{{ vicreg_all:.1%}}** against **{{ laplacian_all:.1%}}**. More images help, since a denser set has closer neighbours, but not much.
#
# **What makes the difference.** Hardly the objective, which is the same in all but name. First, *the pairs*. VICReg's two views show the same object for certain, and differ in what is to be ignored. Here a pair is two images that are alike to an untrained network, in colour and layout, and only {{ edges_same:.0%}} of the joined pairs are of one class (chance: 10%); the codes then vary least along a graph that hardly follows the classes. The features themselves still allow {{ features_all:.1%}}, so the graph has lost something on the way: what differs between images it joins is gone. Second, *the encoder*. VICReg's codes have to be functions of the pixels, convolutional ones, so what is learned from one image holds for all that share its parts, and a new image has a code at once. The codes here are free: each is moved by its own few edges, nothing is shared, and an error in the graph cannot be outvoted. [@sec-q6] separates the two: with the encoder kept and the pairs found, though by VICReg's own representations, the probe stands at {{ 06_no_generated_neighbors.accuracy:.1%}} after one epoch and at {{ 06_no_generated_neighbors.long:.1%}} after {{ 06_no_generated_neighbors.long_epochs}}.
