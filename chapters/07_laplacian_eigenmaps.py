# %% [markdown]
# # Q7. Laplacian Eigenmaps {#sec-q7}
# **VICReg is far more effective for telling objects apart: {{ vicreg_all:.1%}} against {{ laplacian_all:.1%}}. Much of the difference lies in the neighbours: with neighbours found by better features, even without a trained network, Laplacian Eigenmaps reach {{ by_patches:.1%}}.** With the generated neighbours and the amortisation both gone, what is left is Laplacian Eigenmaps [@belkin2003]. A symmetric graph, $W_{ij} = 1$ where $j$ is among the {{ k}} nearest of $i$ or $i$ among those of $j$, joins the images, and the codes $Y$ are those that vary least between joined images,
#
# $$
# \min_Y \sum_{ij} W_{ij} \lVert y_i - y_j \rVert^2 = \min_Y\, 2 \operatorname{tr}(Y^\top L Y) \quad \text{subject to} \quad Y^\top D Y = I,
# $$ {#eq-laplacian}
#
# with the degrees $D$ and $L = D - W$. The solutions are the eigenvectors of $D^{-1/2} W D^{-1/2}$ with the largest eigenvalues, the constant one left out; we keep {{ dims}}. Distances of pixels make a poor graph. So, as in the exercise, an untrained CNN (four convolutions and a linear layer) first maps each image to 1,024 features. The exercise's picture was not among our files, so we ran the algorithm: on {{ n_few:,}} images for the map, as the exercise did, and on all {{ n:,}}, which takes {{ seconds:.0f}} seconds.
#
# How near is this to VICReg? The sum is its invariance term over pairs of neighbours. The constraint asks what its variance and covariance terms ask: every dimension varies, and no two are correlated. The two would be one problem if VICReg's two penalties were made an equality, its head were the identity, its batch the whole data set with each image weighted by its degree, and each code free.

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import time

import matplotlib.pyplot as plt
import pandas as pd
import torch
from _kinds import of_own_kind
from sklearn.decomposition import PCA

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
from vicreg.latent import Lookup
from vicreg.plots.figures import class_key, scatter_classes
from vicreg.representations import representations
from vicreg.runtime.device import best_device
from vicreg.weights import load_run, weights_file

data = load_cifar10()
depends(weights_file("vicreg"))
depends("CIFAR-10", fingerprint=data.fingerprint, copy=data.train.name)
images, labels, classes = data.train.images, data.train.labels, data.train.classes
vicreg_y = representations(load_run("vicreg"), data.train)

# %%
started = time.perf_counter()
features = untrained_features(images)
graph = neighbour_graph(features)
codes = laplacian_eigenmaps(graph)
seconds = time.perf_counter() - started

# %%
few = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))[:10_000]
few_codes = laplacian_eigenmaps(neighbour_graph(features[few]))
# The same with pairs found by other features: those of Q5's lookup, and VICReg's own.
patches = Lookup(images.to(best_device())).index.cpu()
graphs = {"patches": neighbour_graph(patches), "vicreg": neighbour_graph(vicreg_y)}
few_graphs = {"patches": neighbour_graph(patches[few]), "vicreg": neighbour_graph(vicreg_y[few])}


# %%
def of_one_class(graph):
    """The share of a graph's pairs of images that are of one class."""
    joined = graph.tocoo()
    return (labels[joined.row] == labels[joined.col]).float().mean().item()


def reduced(features):
    """As many principal components of features as there are eigenvectors."""
    components = PCA(EIGENVECTORS, svd_solver="covariance_eigh").fit_transform(features.double().numpy())
    return torch.from_numpy(components).float()


VICREG, LAPLACIAN, FEATURES = "VICReg", "Laplacian Eigenmaps", "untrained CNN’s features"
REDUCED = "CNN features’ first components"
BY_PATCHES, BY_VICREG = "Eigenmaps, pairs by φ", "Eigenmaps, pairs by VICReg"
spaces = {
    VICREG: (vicreg_y[few], vicreg_y),
    LAPLACIAN: (few_codes, codes),
    BY_PATCHES: tuple(laplacian_eigenmaps(of["patches"]) for of in (few_graphs, graphs)),
    BY_VICREG: tuple(laplacian_eigenmaps(of["vicreg"]) for of in (few_graphs, graphs)),
    FEATURES: (features[few], features),
    REDUCED: (reduced(features[few]), reduced(features)),
}
pairs_by = {LAPLACIAN: graph, BY_PATCHES: graphs["patches"], BY_VICREG: graphs["vicreg"]}
pairs = {name: of_one_class(joined) for name, joined in pairs_by.items()}
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
maps = {name: tsne_map(spaces[name][0]) for name in (VICREG, LAPLACIAN)}
fig, axes = plt.subplots(1, 2, figsize=(6.46, 2.9))
for ax, (name, points) in zip(axes, maps.items(), strict=True):
    scatter_classes(ax, points, labels[few], classes)
    ax.set_title(name)
class_key(fig, classes, "outside lower center", ncols=5)
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
            "pairs of one class": [pairs.get(name) for name in spaces],
            "probe, 10,000": [found[0].mean().item() for found in probes.values()],
            "probe, all": [found[1].mean().item() for found in probes.values()],
            "5 nearest": list(purity.values()),
        }
    ),
    label="tbl-laplacian",
    caption="How many of the graph's pairs are of one class; linear probes on 90% of the codes, tested on the other 10%, mean of three splits, for {{ n_few:,}} and for all {{ n:,}} training images; and how many of an image's five nearest, among all, are of its class.",
    formats={"pairs of one class": "{:.0%}", "probe, 10,000": "{:.1%}", "probe, all": "{:.1%}", "5 nearest": "{:.0%}"},
)
near = {name: neighbour_classes(torch.from_numpy(points), labels[few], k=10) for name, points in maps.items()}
on_map = {name: shares.diagonal().mean() for name, shares in near.items()}
of_kind = {name: of_own_kind(shares, classes).mean() for name, shares in near.items()}
record(
    n=len(images),
    n_few=len(few),
    k=NEIGHBOURS,
    dims=EIGENVECTORS,
    seconds=seconds,
    pairs_untrained=pairs[LAPLACIAN],
    pairs_patches=pairs[BY_PATCHES],
    pairs_vicreg=pairs[BY_VICREG],
    by_patches=probes[BY_PATCHES][1].mean(),
    by_vicreg=probes[BY_VICREG][1].mean(),
    rest=100 * (probes[VICREG][1].mean() - probes[BY_VICREG][1].mean()),
    gap=100 * (probes[VICREG][1].mean() - probes[LAPLACIAN][1].mean()),
    gained_patches=100 * (probes[BY_PATCHES][1].mean() - probes[LAPLACIAN][1].mean()),
    gained=100 * (probes[BY_VICREG][1].mean() - probes[LAPLACIAN][1].mean()),
    laplacian_few=probes[LAPLACIAN][0].mean(),
    laplacian_all=probes[LAPLACIAN][1].mean(),
    laplacian_spread=probes[LAPLACIAN][1].std(),
    vicreg_spread=probes[VICREG][1].std(),
    vicreg_few=probes[VICREG][0].mean(),
    vicreg_all=probes[VICREG][1].mean(),
    features_all=probes[FEATURES][1].mean(),
    reduced_all=probes[REDUCED][1].mean(),
    laplacian_on_map=on_map[LAPLACIAN],
    vicreg_on_map=on_map[VICREG],
    laplacian_of_kind=of_kind[LAPLACIAN],
    vicreg_of_kind=of_kind[VICREG],
)
best = {name: found[1].mean() for name, found in probes.items()}
assert best[VICREG] > best[LAPLACIAN] + 0.15, "the text's order of the methods"
assert best[FEATURES] > best[REDUCED] + 0.01, "the text says that the dimensions matter"
assert best[REDUCED] > best[LAPLACIAN], "the text says that the graph adds nothing to the features"
gains = {name: found[1].mean() - found[0].mean() for name, found in probes.items()}
assert gains[VICREG] > 0.5 * gains[LAPLACIAN] > 0, "the text says that VICReg gains as well"
assert best[LAPLACIAN] + 0.05 < best[BY_PATCHES] < best[BY_VICREG] - 0.03 and best[BY_VICREG] < best[VICREG] - 0.01, "the text's order of the pairs"
assert best[BY_PATCHES] - best[LAPLACIAN] > 0.5 * (best[VICREG] - best[LAPLACIAN]), "the text says that much of the difference is the pairs"
assert pairs[LAPLACIAN] + 0.1 < pairs[BY_PATCHES] < pairs[BY_VICREG], "the text's order of the pairs"
assert on_map[VICREG] > 1.3 * on_map[LAPLACIAN] and of_kind[VICREG] > of_kind[LAPLACIAN] > 0.55

# %% [markdown]
# **Comparison.** On VICReg's map ([@fig-laplacian], left) {{ vicreg_on_map:.0%}} of an image's ten nearest are of its class, and {{ vicreg_of_kind:.0%}} are of its kind, animal or vehicle (chance: 52%). On that of Laplacian Eigenmaps (right) it is {{ laplacian_on_map:.0%}} and {{ laplacian_of_kind:.0%}}: vehicles and animals lean to different sides, and within them nearly everything is mixed. The probes agree ([@tbl-laplacian]). For the {{ n_few:,}} images of the maps they reach {{ vicreg_few:.1%}} and {{ laplacian_few:.1%}}, for all {{ n:,}} **{{ vicreg_all:.1%}}** and **{{ laplacian_all:.1%}}** (standard deviations {{ vicreg_spread:.1%}} and {{ laplacian_spread:.1%}}). VICReg gains too, with the same encoder, so part of both gains may be the probe's larger training set.
#
# **What makes the difference?** Two things changed together, the pairs and the encoder. Laplacian Eigenmaps can be solved on any pairs, so we also gave them better ones: the neighbours by the features $\phi$ of [@sec-q5], and those by VICReg's own representations.
#
# *The pairs.* VICReg's two views are two crops of one photograph and nearly always share its object. Here a pair is two images that look alike to an untrained network, and {{ pairs_untrained:.0%}} of the pairs are of one class (chance: 10%). Such codes hold no more of the classes than the features, whose first {{ dims}} components reach {{ reduced_all:.1%}}, and all 1,024 {{ features_all:.1%}}. With the pairs that $\phi$ finds ({{ pairs_patches:.0%}} of one class, both directions counted) the same algorithm reaches **{{ by_patches:.1%}}**, and with VICReg's ({{ pairs_vicreg:.0%}}) **{{ by_vicreg:.1%}}** ([@tbl-laplacian]). The codes are as free as before, and no network was trained for $\phi$, which itself gives {{ 05_latent_optimization.probe_features:.1%}} ([@tbl-latent]). So better pairs alone close {{ gained_patches:.0f}} of the {{ gap:.0f}} points, VICReg's neighbours {{ gained:.0f}}.
#
# *The encoder.* VICReg's neighbours are what its encoder learned, not the crops that it learned from, so pairs and encoder are not separated in full. Between its representations and free codes on its neighbours {{ rest:.0f}} points are left. And the encoder gives a new image a representation at once, as no free code does.
