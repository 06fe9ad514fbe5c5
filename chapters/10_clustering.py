# %% [markdown]
# # 4.2.2. Clustering {#sec-clustering}
# **The short model without generated neighbours has the most compact clusters, VICReg those that are most like the classes.**
#
# **Q1. K-means.** scikit-learn's k-means, ten clusters, the best of ten starts, divides the {{ n:,}} training images by their representations, for VICReg and for the short and the long model of [@sec-q6].

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import matplotlib.pyplot as plt
import pandas as pd
import torch
from _compared import LONG, MODELS, NAMES, SHORT, VICREG, title

from reporting import depends, record, show, table
from vicreg.data import load_cifar10
from vicreg.downstream.clustering import agreement, cluster, silhouette
from vicreg.downstream.retrieval import neighbour_classes
from vicreg.downstream.tsne import tsne_map
from vicreg.plots.figures import class_key, scatter_classes, scatter_clusters
from vicreg.representations import representations
from vicreg.weights import load_run, weights_file

data = load_cifar10()
depends("CIFAR-10", fingerprint=data.fingerprint, copy=data.train.name)
for name in MODELS:
    depends(weights_file(name))
labels, classes = data.train.labels, data.train.classes
runs = {name: load_run(name) for name in MODELS}
titles = {name: title(run) for name, run in runs.items()}
y = {name: representations(run, data.train) for name, run in runs.items()}

# %%
clusterings = {name: cluster(y[name], k=10, seed=0) for name in MODELS}

# %%
maps = {name: tsne_map(torch.cat([y[name], clusterings[name].centres])) for name in MODELS}

# %%
fig, axes = plt.subplots(3, 2, figsize=(6.46, 6.6))
for row, name in zip(axes, MODELS, strict=True):
    points, centres = maps[name][: len(labels)], maps[name][len(labels) :]
    by_cluster, by_class = row
    scatter_clusters(by_cluster, points, clusterings[name].clusters, centres, size=0.6)
    by_cluster.set_title(f"{titles[name]}: by cluster")
    scatter_classes(by_class, points, labels, classes, size=0.6, centres=centres)
    by_class.set_title(f"{titles[name]}: by class")
class_key(fig, classes, "outside lower right", ncols=5)
show(
    fig,
    label="fig-clusters",
    caption="t-SNE of the representations of all {{ n:,}} training images, coloured by k-means cluster (left) and by class (right). Black crosses are the clusters' centres, mapped together with the images. Each model's clusters are numbered by their size, the largest first; their colours have nothing to do with the classes, whose key stands below.",
    place="auto",
)

# %%
scores = {name: silhouette(y[name], clusterings[name].clusters) for name in MODELS}
class_scores = {name: silhouette(y[name], labels) for name in MODELS}
agreements = {name: agreement(clusterings[name].clusters, labels) for name in MODELS}
on_map = {
    name: {
        by: neighbour_classes(torch.from_numpy(maps[name][: len(labels)]), groups, k=10).diagonal().mean().item()
        for by, groups in (("cluster", clusterings[name].clusters), ("class", labels))
    }
    for name in MODELS
}
table(
    pd.DataFrame(
        {
            "representation": list(NAMES.values()),
            "silhouette": list(scores.values()),
            "of the classes": list(class_scores.values()),
            "accuracy": [found.accuracy for found in agreements.values()],
            "NMI": [found.mutual_information for found in agreements.values()],
            "ARI": [found.rand_index for found in agreements.values()],
            "map: cluster": [on_map[name]["cluster"] for name in MODELS],
            "map: class": [on_map[name]["class"] for name in MODELS],
        }
    ),
    label="tbl-clusters",
    caption="The silhouette score of the ten clusters in the 128 dimensions, Eq. 8 of the exercise over all {{ n:,}} images, and of the ten classes taken as clusters; how far the clusters are the classes: accuracy under the best assignment, normalised mutual information and adjusted Rand index; and on the maps of [@fig-clusters] the share of an image's ten nearest that are of its cluster, and of its class.",
    formats={
        "silhouette": "{:.3f}", "of the classes": "{:.3f}", "accuracy": "{:.1%}", "NMI": "{:.3f}", "ARI": "{:.3f}",
        "map: cluster": "{:.0%}", "map: class": "{:.0%}",
    },
)
neighbours = neighbour_classes(torch.from_numpy(maps[VICREG][: len(labels)]), labels, k=10)
clearest = [classes[c] for c in neighbours.diagonal().argsort(descending=True)]
sizes = clusterings[VICREG].clusters.bincount()
record(
    n=len(labels),
    clearest_1=clearest[0],
    clearest_2=clearest[1],
    clearest_3=clearest[2],
    **{
        f"{key}{suffix}": value
        for name, suffix in zip(MODELS, ("", "_short", "_long"), strict=True)
        for key, value in {
            "silhouette": scores[name],
            "accuracy": agreements[name].accuracy,
            "cluster_on_map": on_map[name]["cluster"],
            "class_on_map": on_map[name]["class"],
        }.items()
    },
    smallest=sizes.min(),
    largest=sizes.max(),
)
assert scores[SHORT] > max(scores[VICREG], scores[LONG]) + 0.02, "the text's order of the silhouettes"
assert abs(scores[VICREG] - scores[LONG]) < 0.02, "the text says that the long model's score is near VICReg's"
assert agreements[VICREG].accuracy > max(agreements[SHORT].accuracy, agreements[LONG].accuracy), "the text says that VICReg's are more the classes"
assert min(on_map[SHORT]["cluster"], on_map[LONG]["cluster"]) > on_map[VICREG]["cluster"] + 0.02, "the text says which maps look best by cluster"
assert min(on_map[VICREG]["class"], on_map[LONG]["class"]) > on_map[SHORT]["class"] + 0.05, "the text says which maps look better by class"
assert agreements[SHORT].accuracy == min(found.accuracy for found in agreements.values()), "the text says which has the fewest"
assert max(scores.values()) < 0.2, "the text says that clusters touch"
assert max(class_scores.values()) < 0, "the text says that classes have negative scores"

# %% [markdown]
# **Q2. What the maps show.** By *cluster* ([@fig-clusters], left) both models without generated neighbours look more successful than VICReg. On their maps {{ cluster_on_map_short:.0%}} (short) and {{ cluster_on_map_long:.0%}} (long) of an image's ten nearest are of its cluster, on VICReg's {{ cluster_on_map:.0%}}. By *class* (right) VICReg and the long model look better than the short one: {{ class_on_map:.0%}}, {{ class_on_map_long:.0%}} and {{ class_on_map_short:.0%}} of the ten nearest are of an image's class. On VICReg's map {{ clearest_1}}, {{ clearest_2}} and {{ clearest_3}} are clearest. Nothing told a model which groups to look for. Tone or layout divide photographs as validly as names do, so which clusters are right has no answer without a purpose.
#
# **Q3. Silhouettes.** VICReg's clusters score **{{ silhouette:.3f}}**, the short model's **{{ silhouette_short:.3f}}** and the long model's **{{ silhouette_long:.3f}}** ([@tbl-clusters]). For the short model this agrees with [@fig-clusters], left. For the long one it does not: its map is as pure locally, its score is near VICReg's. t-SNE keeps neighbourhoods in part and is free with distances, and the silhouette is made of distances, in all 128 dimensions. The score says nothing of the right half. The short model scores highest and has the fewest images in the cluster of their class: {{ accuracy_short:.1%}} under the best assignment, where VICReg has {{ accuracy:.1%}}.
#
# *Neighbours, or the single epoch?* At equal length, VICReg against the long model, found neighbours make the map purer locally, though some clusters lie in pieces, and leave the score as it is. The short model's higher score is gone after as many epochs.
#
# All scores are low. The clusters touch, with {{ smallest:,}} to {{ largest:,}} images for VICReg: k-means cuts a continuum more than it finds islands. The classes, taken as clusters, even have negative scores. A linear layer may rely on directions of little variance; k-means and the silhouette weigh each direction by its variance.
