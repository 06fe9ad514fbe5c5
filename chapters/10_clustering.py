# %% [markdown]
# # Clustering (sec. 4.2.2) {#sec-clustering}
# Do the representations fall into groups by themselves, and are the groups the classes? scikit-learn's k-means, ten clusters, the best of ten starts, divides the {{ n:,}} training images by their representations, for VICReg and for the model without generated neighbours. t-SNE then maps all of them to the plane, the ten centres along with the points. A cluster has the colour of the class that it stands for under the best one-to-one assignment of clusters to classes.

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import matplotlib.pyplot as plt
import pandas as pd
import torch

from reporting import depends, record, show, table
from vicreg.data import load_cifar10
from vicreg.downstream.clustering import agreement, best_classes, cluster, silhouette
from vicreg.downstream.retrieval import neighbour_classes
from vicreg.downstream.tsne import tsne_map
from vicreg.plots.figures import scatter_classes
from vicreg.representations import representations
from vicreg.weights import load_run, weights_file

NAMES = {"vicreg": "VICReg", "no_generated_neighbors": "without generated neighbours"}
data = load_cifar10()
depends("CIFAR-10", fingerprint=data.fingerprint, copy=data.train.name)
for name in NAMES:
    depends(weights_file(name))
labels, classes = data.train.labels, data.train.classes
y = {name: representations(load_run(name), data.train) for name in NAMES}

# %%
clusterings = {name: cluster(y[name], k=10, seed=0) for name in NAMES}
classes_of = {name: best_classes(clusterings[name].clusters, labels) for name in NAMES}
coloured = {name: classes_of[name][clusterings[name].clusters] for name in NAMES}

# %%
maps = {name: tsne_map(torch.cat([y[name], clusterings[name].centres])) for name in NAMES}

# %%
fig, axes = plt.subplots(2, 2, figsize=(6.46, 6.2))
for row, name in zip(axes, NAMES, strict=True):
    points, centres = maps[name][: len(labels)], maps[name][len(labels) :]
    for ax, colours, by in zip(row, (coloured[name], labels), ("cluster", "class"), strict=True):
        scatter_classes(ax, points, colours, classes, size=0.6, names=by == "class")
        ax.scatter(*centres.T, c="black", s=36, marker="X", edgecolors="white", lw=0.7, zorder=2.5)
        ax.set_title(f"{NAMES[name]}, by {by}")
show(
    fig,
    label="fig-clusters",
    caption="t-SNE of the representations of all {{ n:,}} training images, coloured by k-means cluster (left) and by class (right), for both methods; black crosses are the clusters' centres.",
    place="auto",
)

# %%
scores = {name: silhouette(y[name], clusterings[name].clusters) for name in NAMES}
class_scores = {name: silhouette(y[name], labels) for name in NAMES}
agreements = {name: agreement(clusterings[name].clusters, labels) for name in NAMES}
table(
    pd.DataFrame(
        {
            "representation": list(NAMES.values()),
            "silhouette": list(scores.values()),
            "of the classes": list(class_scores.values()),
            "accuracy": [found.accuracy for found in agreements.values()],
            "NMI": [found.mutual_information for found in agreements.values()],
            "ARI": [found.rand_index for found in agreements.values()],
        }
    ),
    label="tbl-clusters",
    caption="The silhouette score of the ten clusters in the 128 dimensions, Eq. 8 of the exercise over all {{ n:,}} images, and of the ten classes taken as clusters; and how far the clusters are the classes: accuracy under the best assignment, normalised mutual information and adjusted Rand index.",
    formats={"silhouette": "{:.3f}", "of the classes": "{:.3f}", "accuracy": "{:.1%}", "NMI": "{:.3f}", "ARI": "{:.3f}"},
)
on_map = {
    name: {
        "cluster": neighbour_classes(torch.from_numpy(maps[name][: len(labels)]), clusterings[name].clusters, k=10),
        "class": neighbour_classes(torch.from_numpy(maps[name][: len(labels)]), labels, k=10),
    }
    for name in NAMES
}
clearest = [classes[c] for c in on_map["vicreg"]["class"].diagonal().argsort(descending=True)]
sizes = {name: clusterings[name].clusters.bincount() for name in NAMES}
record(
    n=len(labels),
    clearest_1=clearest[0],
    clearest_2=clearest[1],
    clearest_3=clearest[2],
    **{
        f"{key}{suffix}": value
        for name, suffix in zip(NAMES, ("", "_without"), strict=True)
        for key, value in {
            "silhouette": scores[name],
            "class_silhouette": class_scores[name],
            "accuracy": agreements[name].accuracy,
            "nmi": agreements[name].mutual_information,
            "ari": agreements[name].rand_index,
            "cluster_on_map": on_map[name]["cluster"].diagonal().mean(),
            "class_on_map": on_map[name]["class"].diagonal().mean(),
            "smallest": sizes[name].min(),
            "largest": sizes[name].max(),
        }.items()
    },
)
assert scores["no_generated_neighbors"] > scores["vicreg"], "the text's order of the silhouettes"
assert all(a > b for a, b in zip(agreements["vicreg"], agreements["no_generated_neighbors"], strict=True))
for of, best in (("cluster", "no_generated_neighbors"), ("class", "vicreg")):
    shares = {name: found[of].diagonal().mean() for name, found in on_map.items()}
    assert shares[best] == max(shares.values()), f"the text says which map looks better by {of}"
assert max(scores.values()) < 0.2, "the text says that clusters touch"
assert max(class_scores.values()) < 0 and class_scores["vicreg"] > class_scores["no_generated_neighbors"]

# %% [markdown]
# **Clusters, or classes?** The two methods part ways ([@fig-clusters]). *Without generated neighbours* k-means looks more successful: on the map (left) {{ cluster_on_map_without:.0%}} of an image's ten nearest are of its cluster, for VICReg {{ cluster_on_map:.0%}}. By *class* (right) it is VICReg that looks better: {{ class_on_map:.0%}} of the ten nearest are of an image's class, for the other {{ class_on_map_without:.0%}}; {{ clearest_1}}, {{ clearest_2}} and {{ clearest_3}} are clearest on VICReg's map. Nothing told either method which groups to look for, and tone or layout divide photographs as validly as names do; the model that sees more tone finds the tidier groups, and those groups are less the classes.
#
# **Silhouettes.** The scores in [@tbl-clusters] say the same as the left half of the picture: **{{ silhouette:.3f}}** for VICReg, **{{ silhouette_without:.3f}}** without generated neighbours. So they are coherent with what one sees there, and opposite to the right half: under the best assignment {{ accuracy:.1%}} of VICReg's images are in the cluster of their class, against {{ accuracy_without:.1%}}, and NMI and ARI agree. The silhouette knows no classes; it compares how close an image is to its own cluster and to the next, and training that pulls neighbours together makes this better whatever the neighbours have in common, as it does with the anomaly scores in [@sec-anomaly]. Both scores are low: clusters touch, with {{ smallest:,}} to {{ largest:,}} images for VICReg, and k-means cuts a continuum more than it finds islands. The classes themselves, taken as clusters, even have negative scores ({{ class_silhouette:.3f}} and {{ class_silhouette_without:.3f}}), the better for the better representation: a class is a union of many small neighbourhoods, which a linear layer can collect and a sphere around a centre cannot.
