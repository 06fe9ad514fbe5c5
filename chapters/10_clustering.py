# %% [markdown]
# # 4.2.2. Clustering {#sec-clustering}
# **The short model without generated neighbours has the most compact clusters; VICReg's and the long model's are more like the classes.**
#
# **Q1. K-means.** scikit-learn's k-means, ten clusters, the best of ten starts, divides the {{ n:,}} training images by their representations, for VICReg and for the short and the long model of [@sec-q6].

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import matplotlib.pyplot as plt
import pandas as pd
import torch
from _compared import LONG, MODELS, NAMES, SHORT, VICREG, title
from _pretraining import in_words, measured_rows, other_runs, ranged, runs_after, seeds_in_words

from reporting import depends, record, show, table
from vicreg.data import load_cifar10
from vicreg.downstream.clustering import agreement, cluster, silhouette
from vicreg.downstream.retrieval import neighbour_classes
from vicreg.downstream.tsne import tsne_map
from vicreg.plots.figures import class_key, scatter_classes, scatter_clusters, short_name
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
fig, axes = plt.subplots(2, 3, figsize=(6.46, 4.35))
for column, name in zip(axes.T, MODELS, strict=True):
    points, centres = maps[name][: len(labels)], maps[name][len(labels) :]
    by_cluster, by_class = column
    scatter_clusters(by_cluster, points, clusterings[name].clusters, centres, size=0.6)
    by_cluster.set_title(titles[name])
    scatter_classes(by_class, points, labels, [short_name(c) for c in classes], size=0.6, centres=centres)
for ax, what in zip(axes[:, 0], ("by cluster", "by class"), strict=True):
    ax.set_ylabel(what)
class_key(fig, classes, "outside lower center", ncols=5)
show(
    fig,
    label="fig-clusters",
    caption="t-SNE of the representations of all {{ n:,}} training images, coloured by k-means cluster (top) and by class (bottom). Black crosses are the clusters' centres, mapped together with the images. Each model's clusters are numbered by their size, the largest first and darkest; the key below is of the classes.",
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
first_epoch, shorts, others = ([row["silhouette"] for row in of] for of in (runs_after(1, rows), other_runs(rows, SHORT), other_runs(rows)))
runs_of_vicreg, short_runs = [scores[VICREG], *others], [scores[SHORT], *shorts]
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
    accuracy_long=agreements[LONG].accuracy,
    first_epoch=ranged(first_epoch, "{:.3f}"),
    others=in_words(others, "{:.3f}"),
    seeds=seeds_in_words(other_runs(rows)),
    shorts=in_words(shorts, "{:.3f}"),
    collapsed=rows["no_variance"]["silhouette"],
    smallest=sizes.min(),
    largest=sizes.max(),
)
assert scores[SHORT] > max(scores[VICREG], scores[LONG]) + 0.02, "the text's order of the silhouettes"
assert abs(scores[VICREG] - scores[LONG]) < 0.02, "the text says that the long model's score is near VICReg's"
assert rows[VICREG]["weights_fingerprint"] == runs[VICREG].fingerprint[:12], "measure these weights: python benchmarks/pretraining.py measure"
assert seeds_in_words(other_runs(rows)) == seeds_in_words(other_runs(rows, SHORT)), "the text names their seeds together"
assert min(runs_of_vicreg) < scores[LONG] < max(runs_of_vicreg), "the text says that the long model lies between VICReg's runs"
assert max(runs_of_vicreg) < min(first_epoch) and max(first_epoch) < min(short_runs), "the text says that one epoch gives higher scores, found neighbours more so"
assert agreements[VICREG].accuracy > max(agreements[SHORT].accuracy, agreements[LONG].accuracy), "the text says that VICReg's are more the classes"
assert min(on_map[SHORT]["cluster"], on_map[LONG]["cluster"]) > on_map[VICREG]["cluster"] + 0.02, "the text says which maps look best by cluster"
assert min(on_map[VICREG]["class"], on_map[LONG]["class"]) > on_map[SHORT]["class"] + 0.05, "the text says which maps look better by class"
assert agreements[SHORT].accuracy == min(found.accuracy for found in agreements.values()), "the text says which has the fewest"
assert max(scores.values()) < 0.2, "the text says that clusters touch"
assert rows["no_variance"]["silhouette"] > 0.5, "the text says that a collapsed model scores high"

# %% [markdown]
# **Q2. What the maps show.** By *cluster* ([@fig-clusters], top) the two models trained on found neighbours look more successful than VICReg. Every model has clusters that lie in several pieces, but VICReg's also run into each other most. In numbers, {{ cluster_on_map_long:.0%}} (long), {{ cluster_on_map_short:.0%}} (short) and {{ cluster_on_map:.0%}} (VICReg) of an image's ten nearest on the map are of its cluster. By *class* (bottom) VICReg and the long model look better than the short one: {{ class_on_map:.0%}}, {{ class_on_map_long:.0%}} and {{ class_on_map_short:.0%}} of the ten nearest are of an image's class. On VICReg's map {{ clearest_1}}, {{ clearest_2}} and {{ clearest_3}} are clearest. Nothing told a model which groups to look for. Tone or layout divide photographs as validly as names do, so no clusters are right without a purpose.
#
# **Q3. Silhouettes.** With $a(i)$ the mean distance of image $i$ to the others of its cluster and $b(i)$ its smallest mean distance to another cluster, the score over all {{ n:,}} images is
#
# $$
# \frac{1}{n} \sum_i \frac{b(i) - a(i)}{\max(a(i), b(i))}
# $$ {#eq-silhouette}
#
# by distances in all 128 dimensions. It is **{{ silhouette:.3f}}** for VICReg, **{{ silhouette_short:.3f}}** for the short model and **{{ silhouette_long:.3f}}** for the long one ([@tbl-clusters]). Trained anew with {{ seeds}}, VICReg has {{ others}}, the short model {{ shorts}}. For the short model the score agrees with the top row of [@fig-clusters], for the long one it does not: the map keeps neighbourhoods, and the silhouette compares distances. The clusters that score highest match the classes worst: {{ accuracy_short:.1%}} of images under the best assignment (VICReg {{ accuracy:.1%}}, long model {{ accuracy_long:.1%}}; one run each).
#
# *Neighbours, or the single epoch?* After ten epochs the long model's score lies between those of VICReg's runs, so in that one run found neighbours do not raise it. After one epoch VICReg scores {{ first_epoch}}, more than after ten. Much of the short model's lead thus comes with the single epoch, the rest with found neighbours or unaugmented images.
#
# All scores are low. VICReg's clusters ({{ smallest:,}} to {{ largest:,}} images) touch: k-means cuts a continuum rather than finding islands. And a high score is no merit: the collapsed model of [@sec-q4] has {{ collapsed:.3f}}.
