# %% [markdown]
# # Q8. Retrieval {#sec-q8}
# What does each encoder find alike, and what does it find far apart? We draw one random training image of each class (seed 0) and look up its five nearest and its five most distant training images by the L2 distance of their representations, exactly, the image itself left out: for VICReg ([@sec-q1]) and for the model without generated neighbours ([@sec-q6]). Ten rows can mislead, so we also count over the whole training set.

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

VICREG, WITHOUT = "vicreg", "no_generated_neighbors"
NAMES = {VICREG: "VICReg", WITHOUT: "without generated neighbours"}
data = load_cifar10()
depends(data.train.name, fingerprint=data.fingerprint)
for name in NAMES:
    depends(weights_file(name))
images, labels, classes = data.train.images, data.train.labels, data.train.classes
y = {name: representations(load_run(name), data.train) for name in NAMES}

# %%
queries = one_of_each_class(labels, seed=0)
near = {name: nearest_others(y[name], k=5, members=queries).indices for name in NAMES}
far = {name: most_distant(y[name], k=5, members=queries).indices for name in NAMES}


def show_found(found, label, caption):
    """The queries and what each method found for them: a row a query."""
    shown = torch.cat([queries.unsqueeze(1), *found.values()], dim=1)  # (10, 11)
    groups = [[f"{name if i == 3 else ''}\n{i}" for i in range(1, 6)] for name in NAMES.values()]
    fig, ax = plt.subplots(figsize=(6.46, 6.9))
    show_images(
        ax,
        images[shown],
        row_labels=[classes[label] for label in labels[queries]],
        column_labels=["\nquery", *groups[0], *groups[1]],
        captions=[["", *(short_name(classes[c]) for c in row[1:])] for row in labels[shown].tolist()],
        gaps=[1, 6],
    )
    show(fig, label=label, caption=caption, place="auto")


# %%
show_found(
    near,
    label="fig-near",
    caption="One random training image of each class and its five nearest training images by both methods, nearest first, each with its class.",
)

# %%
show_found(
    far,
    label="fig-far",
    caption="The same images and the five training images most distant from each, most distant first.",
)

# %%
neighbours = {name: neighbour_classes(y[name], labels, k=5) for name in NAMES}
agreement = {name: shares.diagonal() for name, shares in neighbours.items()}
order = agreement[VICREG].argsort(descending=True).tolist()
order_without = agreement[WITHOUT].argsort(descending=True).tolist()
pairs = [f"{classes[a]} and {classes[b]} ({share:.0%})" for a, b, share in most_entangled(neighbours[VICREG], 2)]
same = {name: labels[near[name]] == labels[queries].unsqueeze(1) for name in NAMES}
distinct = {name: len(far[name].unique()) for name in NAMES}
kind = torch.tensor([name in ("bird", "cat", "deer", "dog", "frog", "horse") for name in classes])
opposite = {name: (kind[labels[far[name]]] != kind[labels[queries]].unsqueeze(1)).sum() for name in NAMES}


def outermost_rank(name):
    """The worst rank, 1 the farthest from the mean of all, among the most distant images found."""
    outlying = (y[name] - y[name].mean(0)).norm(dim=1)
    return (outlying.argsort(descending=True).argsort() + 1)[far[name]].max()


# How alike in colour and brightness what was found is: mean distance of mean colours, 0 to 255.
colour = images.float().mean((2, 3))  # (n, 3)
colour_gap = {name: (colour[near[name]] - colour[queries].unsqueeze(1)).norm(dim=2).mean() for name in NAMES}
everywhere = {name: nearest_others(y[name], k=5).indices for name in NAMES}
colour_gaps = {name: (colour[everywhere[name]] - colour.unsqueeze(1)).norm(dim=2).mean() for name in NAMES}
random_gap = (colour - colour.roll(1, 0)).norm(dim=1).mean()
record(
    n=len(labels),
    agreement=agreement[VICREG].mean(),
    agreement_without=agreement[WITHOUT].mean(),
    best=classes[order[0]],
    best_share=agreement[VICREG][order[0]],
    worst=classes[order[-1]],
    worst_share=agreement[VICREG][order[-1]],
    best_without=classes[order_without[0]],
    best_share_without=agreement[WITHOUT][order_without[0]],
    worst_without=classes[order_without[-1]],
    worst_share_without=agreement[WITHOUT][order_without[-1]],
    pair_1=pairs[0],
    pair_2=pairs[1],
    near_same=same[VICREG].sum(),
    near_same_without=same[WITHOUT].sum(),
    far_distinct=distinct[VICREG],
    far_distinct_without=distinct[WITHOUT],
    far_rank=outermost_rank(VICREG),
    far_rank_without=outermost_rank(WITHOUT),
    far_opposite=opposite[VICREG],
    far_opposite_without=opposite[WITHOUT],
    colour_gap=colour_gaps[VICREG],
    colour_gap_without=colour_gaps[WITHOUT],
    colour_gap_random=random_gap,
)
for name in ("ship", "truck"):
    assert same[VICREG][classes.index(name)].all(), f"the text says that all five are of the class {name}"
assert same[WITHOUT][classes.index("ship")].all(), "the text says that ships are found by both"
assert not any(same[name][classes.index("frog")].any() for name in NAMES), "the text says no frog"
deer = classes.index("deer")
copies = near[VICREG][deer, :2]
same_picture = torch.stack([images[queries[deer]], *images[copies]]).flatten(1).float().corrcoef()[0, 1:]
from_deer = (y[WITHOUT] - y[WITHOUT][queries[deer]]).norm(dim=1)
places = from_deer.argsort().argsort()[copies]  # the query itself is at place 0
record(copy_1=places[0], copy_2=places[1])
assert (same_picture > 0.6).all(), "the text calls these versions of one picture"
assert (places > 20).all(), "the text says that the other model ranks them lower"
assert agreement[VICREG].mean() > agreement[WITHOUT].mean() + 0.05 > 0.3
assert colour_gaps[WITHOUT] < colour_gaps[VICREG] < 0.8 * random_gap, "the text compares colours"
assert max(distinct.values()) < 25, "the text says that the same images are distant from many"
assert max(outermost_rank(name) for name in NAMES) < 0.01 * len(labels), "the text calls them outliers"

# %% [markdown]
# **Near.** Of the 50 neighbours in [@fig-near] {{ near_same}} are of the query's class for VICReg and {{ near_same_without}} without generated neighbours; over the whole training set {{ agreement:.0%}} and {{ agreement_without:.0%}} (chance: 10%), most for {{ best}} ({{ best_share:.0%}} and {{ best_share_without:.0%}}), least for {{ worst}} ({{ worst_share:.0%}} and {{ worst_share_without:.0%}}). *VICReg* attends to outline and pose, and to the ground behind: tugs for the tug, a boat shaped like the car, cats that sit upright against a plain wall for the bird that does. It does not need the same colours, as the trucks show. *Without generated neighbours* tone and colour lead: blue cars only for the blue car, animals in the dark for the deer at night, small dark shapes on pale ground for the bird. In mean colour its neighbours lie {{ colour_gap_without:.0f}} grey levels from the query over the whole set, VICReg's {{ colour_gap:.0f}}, random images {{ colour_gap_random:.0f}}. Where class follows from the layout, as for ships, both are right; where it does not, as for the bright frog on black, both find the ground and no frog. VICReg is better at keeping together what belongs together, and the deer shows it best: the training set holds two other versions of that picture, one brighter, one shifted and of another hue. VICReg, which was trained on just such changes, ranks them first; the other model has them at places {{ copy_1}} and {{ copy_2}}.
#
# **Far.** The most distant images are no opposites in meaning. The 50 in [@fig-far] are only {{ far_distinct}} different images for VICReg and {{ far_distinct_without}} for the other, all of them among the {{ far_rank}} and {{ far_rank_without}} of {{ n:,}} that lie farthest from the mean of all: a few outlying images are far from whoever asks, and whether they are animals or vehicles is as good as chance ({{ far_opposite}} and {{ far_opposite_without}} of the 50 are of the query's other kind). VICReg's outliers are scenes: a small dark bird or airplane before an even sky, a dark horse on sand, a ship on grey water, far from what fills its picture. The other's are extremes of contrast, white horses on black and black airplanes on white, and which of them comes first depends on the query's tone: for the dark cat, deer and frog the silhouettes on white or pale sky, for the rest mostly the ones on black. If one of them keeps distant images far apart, it is this one, but by brightness; in VICReg distance says mostly how unusual an image is. That is what makes distances useful for anomaly detection in [@sec-anomaly], and why the two models differ there.
