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
    place="top",
)

# %%
neighbours = neighbour_classes(y, labels, k=5)
agreement = neighbours.diagonal()
order = agreement.argsort(descending=True).tolist()
pairs = [f"{classes[a]} and {classes[b]} ({share:.0%})" for a, b, share in most_entangled(neighbours, 2)]
same = labels[near.indices] == labels[queries].unsqueeze(1)
distinct = far.indices.unique()
outlying = (y - y.mean(0)).norm(dim=1)  # distance from the mean of all representations
rank = outlying.argsort(descending=True).argsort() + 1  # 1 is the outermost
record(
    agreement=agreement.mean(),
    best=classes[order[0]],
    best_share=agreement[order[0]],
    worst=classes[order[-1]],
    worst_share=agreement[order[-1]],
    pair_1=pairs[0],
    pair_2=pairs[1],
    near_same=same.sum(),
    far_distinct=len(distinct),
    far_rank=rank[far.indices].max(),
    n=len(y),
)
assert same[classes.index("automobile")].all(), "the text says that all five are automobiles"
assert agreement.mean() > 0.3, "the text says that neighbours share the class far above chance"
assert rank[far.indices].max() < 0.01 * len(y), "the text says that distant images are outliers"
assert len(distinct) < 35, "the text says that the same images are distant from many"

# %% [markdown]
# **Near.** {{ near_same}} of the 50 neighbours in [@fig-retrieval] are of the query's class, and over the whole training set {{ agreement:.0%}} (chance: 10%): most for {{ best}} ({{ best_share:.0%}}), least for {{ worst}} ({{ worst_share:.0%}}), with {{ pair_1}} and {{ pair_2}} mixed most. The rows show what the encoder attends to, and it is not the class as such: neighbours agree with their query in layout (one object, its size and place), in pose, in the ground behind the object (plain or dark, grass, water, road) and roughly in tone. Where class follows from these, as for the blue automobile, all five are right; where it does not, as for an animal before a dark ground, neighbours of several classes share the ground.
#
# **Far.** The most distant images are no opposites of the query. The 50 of them are only {{ far_distinct}} different images, mostly birds and airplanes, small against an even sky, and single bright objects on black, and all of them are among the {{ far_rank}} of {{ n:,}} training images whose representations lie farthest from the mean of all: distance in this space is dominated by a few outlying images, which are far from whoever asks. So being near means something here, and being far means mostly to be unusual; that is what makes the distance useful for anomaly detection in [@sec-anomaly].
