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
from _pretraining import OTHER_SEED, after_epoch, in_words, measured_rows, other_runs

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
fig, axes = plt.subplots(3, 2, figsize=(6.46, 5.1))
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
    caption="t-SNE of the representations of all {{ n:,}} training images, coloured by k-means cluster (left) and by class (right). Black crosses are the clusters' centres, mapped together with the images. Each model's clusters are numbered by their size, the largest first and darkest; the key below is of the classes.",
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
            "map: cluster": [on_map[name]["cluster"] for name in MODELS],
            "map: class": [on_map[name]["class"] for name in MODELS],
        }
    ),
    label="tbl-clusters",
    caption="The silhouette of the ten clusters ([@eq-silhouette]) and of the ten classes taken as clusters; the accuracy of the clusters as classes, under the best assignment; and on the maps of [@fig-clusters] the share of an image's ten nearest that are of its cluster, and of its class.",
    formats={
        "silhouette": "{:.3f}", "of the classes": "{:.3f}", "accuracy": "{:.1%}",
        "map: cluster": "{:.0%}", "map: class": "{:.0%}",
    },
)
neighbours = neighbour_classes(torch.from_numpy(maps[VICREG][: len(labels)]), labels, k=10)
clearest = [classes[c] for c in neighbours.diagonal().argsort(descending=True)]
rows = measured_rows()
first_epoch = rows[after_epoch(1)]["silhouette"]
runs_of_vicreg = [rows[VICREG]["silhouette"], *(row["silhouette"] for row in other_runs(rows))]
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
            "cluster_on_map": on_map[name]["cluster"],
            "class_on_map": on_map[name]["class"],
        }.items()
    },
    accuracy=agreements[VICREG].accuracy,
    accuracy_short=agreements[SHORT].accuracy,
    first_epoch=first_epoch,
    last_epoch=rows[OTHER_SEED]["silhouette"],
    others=in_words(runs_of_vicreg[1:], "{:.3f}"),
    smallest=sizes.min(),
    largest=sizes.max(),
)
assert scores[SHORT] > max(scores[VICREG], scores[LONG]) + 0.02, "the text's order of the silhouettes"
assert abs(scores[VICREG] - scores[LONG]) < 0.02, "the text says that the long model's score is near VICReg's"
assert rows[VICREG]["weights_fingerprint"] == runs[VICREG].fingerprint[:12], "measure these weights: python benchmarks/pretraining.py measure"
spread = max(runs_of_vicreg) - min(runs_of_vicreg)
assert abs(scores[VICREG] - scores[LONG]) < spread < scores[SHORT] - max(runs_of_vicreg), "the text compares differences with the spread of runs"
assert agreements[VICREG].accuracy > max(agreements[SHORT].accuracy, agreements[LONG].accuracy), "the text says that VICReg's are more the classes"
assert min(on_map[SHORT]["cluster"], on_map[LONG]["cluster"]) > on_map[VICREG]["cluster"] + 0.02, "the text says which maps look best by cluster"
assert min(on_map[VICREG]["class"], on_map[LONG]["class"]) > on_map[SHORT]["class"] + 0.05, "the text says which maps look better by class"
assert agreements[SHORT].accuracy == min(found.accuracy for found in agreements.values()), "the text says which has the fewest"
assert first_epoch - rows[OTHER_SEED]["silhouette"] > 0.4 * (scores[SHORT] - rows[OTHER_SEED]["silhouette"]), "the text says that about half of the lead goes with the single epoch"
assert max(scores.values()) < 0.2, "the text says that clusters touch"
assert max(class_scores.values()) < 0, "the text says that classes have negative scores"

# %% [markdown]
# **Q2. What the maps show.** By *cluster* ([@fig-clusters], left) the short model looks most successful: its clusters are mostly whole regions. The long model's are as pure locally, but some lie in several pieces. VICReg's regions run into each other most. In numbers, {{ cluster_on_map_short:.0%}} (short), {{ cluster_on_map_long:.0%}} (long) and {{ cluster_on_map:.0%}} (VICReg) of an image's ten nearest on the map are of its cluster. By *class* (right) VICReg and the long model look better than the short one: {{ class_on_map:.0%}}, {{ class_on_map_long:.0%}} and {{ class_on_map_short:.0%}} of the ten nearest are of an image's class. On VICReg's map {{ clearest_1}}, {{ clearest_2}} and {{ clearest_3}} are clearest. Nothing told a model which groups to look for. Tone or layout divide photographs as validly as names do, so which clusters are right has no answer without a purpose.
#
# **Q3. Silhouettes.** With $a(i)$ the mean distance of image $i$ to the others of its cluster and $b(i)$ its smallest mean distance to another cluster, the score over all {{ n:,}} images is
#
# $$
# \frac{1}{n} \sum_i \frac{b(i) - a(i)}{\max(a(i), b(i))}
# $$ {#eq-silhouette}
#
# by distances in all 128 dimensions. It is **{{ silhouette:.3f}}** for VICReg, **{{ silhouette_short:.3f}}** for the short model and **{{ silhouette_long:.3f}}** for the long one ([@tbl-clusters]). Trained anew, VICReg has {{ others}}, so the difference between VICReg and the long model says nothing, and the short model's lead is larger than their spread. For the short model the score agrees with the left half of [@fig-clusters], for the long one it does not: t-SNE kept its neighbourhoods pure and seems to have torn its clusters apart, and the silhouette compares distances. The short model scores highest and has the fewest images in the cluster of their class: {{ accuracy_short:.1%}} under the best assignment, where VICReg has {{ accuracy:.1%}}.
#
# *Neighbours, or the single epoch?* The long model's score is no longer higher than VICReg's, and VICReg with seed 1 scored {{ first_epoch:.3f}} after its first epoch and {{ last_epoch:.3f}} after its last. So about half of the short model's lead goes with the single epoch; its views, its precision or chance may be the rest. At equal length, in these runs, found neighbours change little but the purity on the map.
#
# All scores are low. The clusters touch, with {{ smallest:,}} to {{ largest:,}} images for VICReg: k-means cuts a continuum more than it finds islands. The classes, taken as clusters, even have negative scores.
