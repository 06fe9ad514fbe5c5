# %% [markdown]
# # Q8. Retrieval {#sec-q8}
# What does the encoder find alike, and what does it find far apart? We draw one random training image of each class (seed 0) and look up its five nearest and its five most distant training images by the L2 distance of their representations, exactly, the image itself left out. Ten rows can mislead, so we also count over the whole training set how often the five nearest images are of the query's class.

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import matplotlib.pyplot as plt
import torch

from reporting import depends, record, show
from vicreg.data import load_cifar10
from vicreg.figures import short_name, show_images
from vicreg.representations import representations
from vicreg.retrieval import (
    most_distant,
    most_entangled,
    nearest_others,
    neighbour_classes,
    one_of_each_class,
)
from vicreg.weights import load_run, weights_file

run = load_run("vicreg")
data = load_cifar10()
depends(weights_file("vicreg"))
depends(data.train.name, fingerprint=data.fingerprint)
images, labels, classes = data.train.images, data.train.labels, data.train.classes
y = representations(run, data.train)

# %%
queries = one_of_each_class(labels, seed=0)
near = nearest_others(y, k=5, members=queries)
far = most_distant(y, k=5, members=queries)

# %%
shown = torch.cat([queries.unsqueeze(1), near.indices, far.indices], dim=1)  # (10, 11)
fig, ax = plt.subplots(figsize=(6.46, 6.9))
show_images(
    ax,
    images[shown],
    row_labels=[classes[label] for label in labels[queries]],
    column_labels=["query", *(f"near {i}" for i in range(1, 6)), *(f"far {i}" for i in range(1, 6))],
    captions=[["", *(short_name(classes[c]) for c in row[1:])] for row in labels[shown].tolist()],
    gaps=[1, 6],
)
show(
    fig,
    label="fig-retrieval",
    caption="One random training image of each class, its five nearest and its five most distant training images in VICReg's representation space, each with its class.",
)

# %%
neighbours = neighbour_classes(y, labels, k=5)
agreement = neighbours.diagonal()
order = agreement.argsort(descending=True).tolist()
pairs = [f"{classes[a]} and {classes[b]} ({share:.0%})" for a, b, share in most_entangled(neighbours, 2)]
distinct = far.indices.unique()
record(
    agreement=agreement.mean(),
    best=classes[order[0]],
    best_share=agreement[order[0]],
    worst=classes[order[-1]],
    worst_share=agreement[order[-1]],
    pair_1=pairs[0],
    pair_2=pairs[1],
    near_same=(labels[near.indices] == labels[queries].unsqueeze(1)).sum(),
    far_same=(labels[far.indices] == labels[queries].unsqueeze(1)).sum(),
    far_distinct=len(distinct),
)
