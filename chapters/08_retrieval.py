# %% [markdown]
# # Q8. Retrieval {#sec-q8}
# What does each encoder find alike, and what does it find far apart? We draw one random training image of each class (seed 0) and look up its five nearest and its five most distant training images by the L2 distance of their representations, exactly, the image itself left out: for VICReg ([@sec-q1]) and for the model without generated neighbours ([@sec-q6]). Ten rows can mislead, so we also count over the whole training set.

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import matplotlib.pyplot as plt
import pandas as pd
import torch

from reporting import depends, record, show, table
from vicreg.data import load_cifar10
from vicreg.downstream.appearance import (
    brightness,
    contrast,
    layout,
    mean_colour,
    saturation,
    share_below,
)
from vicreg.downstream.retrieval import (
    most_distant,
    most_entangled,
    nearest_others,
    neighbour_classes,
    one_of_each_class,
)
from vicreg.plots.figures import short_name, show_images
from vicreg.representations import representations
from vicreg.weights import load_run, weights_file

VICREG, WITHOUT = "vicreg", "no_generated_neighbors"
NAMES = {VICREG: "VICReg", WITHOUT: "without generated neighbours"}
data = load_cifar10()
depends("CIFAR-10", fingerprint=data.fingerprint, copy=data.train.name)
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
# How alike what was found and its query are, over the whole training set.
colours, tones, contrasts, layouts = (
    measure(images) for measure in (mean_colour, brightness, contrast, layout)
)


def alike(found):
    """Means over all images and what was found for each, (n, k): same class, and how alike they look."""
    return {
        "same class": (labels[found] == labels.unsqueeze(1)).float().mean().item(),
        "colour": (colours[found] - colours.unsqueeze(1)).norm(dim=2).mean().item(),
        "brightness": (tones[found] - tones.unsqueeze(1)).abs().mean().item(),
        "contrast": (contrasts[found] - contrasts.unsqueeze(1)).abs().mean().item(),
        "layout": (layouts[found] * layouts.unsqueeze(1)).sum(2).mean().item(),
    }


everywhere = {name: nearest_others(y[name], k=5).indices for name in NAMES}
shuffled = torch.randperm(len(images), generator=torch.Generator().manual_seed(0)).unsqueeze(1)
RANDOM = "random images"
rows = {NAMES[name]: alike(found) for name, found in everywhere.items()} | {RANDOM: alike(shuffled)}
table(
    pd.DataFrame(rows).T.rename_axis("five nearest by"),
    label="tbl-near",
    caption="How alike an image and its five nearest are, over all {{ n:,}} training images: the share of the same class; the distance of mean colours and the differences of mean brightness and of contrast (the deviation of grey pixels), in grey levels; the correlation of layouts ($8 \\times 8$ grey cells).",
    formats={"same class": "{:.0%}", "colour": "{:.0f}", "brightness": "{:.0f}", "contrast": "{:.1f}", "layout": "{:.2f}"},
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


# How the most distant images look among all: the share of images with a smaller value, on average.
saturations = saturation(images)
rank = {
    (name, what): share_below(values[far[name].unique()], values)
    for name in NAMES
    for what, values in {"contrast": contrasts, "saturation": saturations, "brightness": tones}.items()
}
near_rows, random_row = {name: rows[NAMES[name]] for name in NAMES}, rows[RANDOM]
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
    **{f"far_{what}{'' if name == VICREG else '_without'}": found.mean() for (name, what), found in rank.items()},
    **{f"{what}{'' if name == VICREG else '_without'}": value
       for name, row in near_rows.items() for what, value in row.items() if what != "same class"},
    colour_random=random_row["colour"],
    layout_random=random_row["layout"],
)  # fmt: skip
assert agreement[VICREG].mean() > agreement[WITHOUT].mean() + 0.05 > 0.3, "the text's order in classes"
for what in ("colour", "brightness", "contrast"):
    assert max(row[what] for row in near_rows.values()) < 0.8 * random_row[what], "the text says that both keep tone"
    assert near_rows[WITHOUT][what] < near_rows[VICREG][what], "the text says that the other keeps it more closely"
assert min(row["layout"] for row in near_rows.values()) > random_row["layout"] + 0.15, "the text says that both keep layout"
assert max(distinct.values()) < 35, "the text says that the same images are distant from many"
assert max(outermost_rank(name) for name in NAMES) < 0.03 * len(labels), "the text calls them outliers"
assert rank[WITHOUT, "contrast"].mean() > 0.7 > rank[VICREG, "contrast"].mean() + 0.1, "the text's contrast"
assert rank[WITHOUT, "saturation"].mean() < 0.3 < rank[VICREG, "saturation"].mean(), "the text's saturation"

# %% [markdown]
# **Near.** Of the 50 neighbours in [@fig-near] {{ near_same}} are of the query's class for VICReg and {{ near_same_without}} without generated neighbours; ten queries say little. Over the whole training set it is {{ agreement:.0%}} and {{ agreement_without:.0%}} (chance: 10%). VICReg finds {{ best}} best ({{ best_share:.0%}}) and {{ worst}} worst ({{ worst_share:.0%}}), the other {{ best_without}} ({{ best_share_without:.0%}}) and {{ worst_without}} ({{ worst_share_without:.0%}}).
#
# What do the methods attend to? Both keep colour, tone and layout: by each of the measures in [@tbl-near] an image and its neighbours are much more alike than two random images. The model without generated neighbours keeps each more closely: in mean colour its neighbours lie {{ colour_without:.0f}} grey levels from the query, VICReg's {{ colour:.0f}}, random images {{ colour_random:.0f}}; layouts correlate at {{ layout_without:.2f}} and {{ layout:.2f}}. The differences are small, and the difference in class is not. So VICReg gives up little of what an image looks like and gains much of what it shows: its training changed colour, tone and place at random and asked for the same answer. It is the better one at keeping together what belongs together.
#
# **Far.** The most distant images are no opposites in meaning. The 50 in [@fig-far] are only {{ far_distinct}} different images for VICReg and {{ far_distinct_without}} for the other, all of them among the {{ far_rank}} and {{ far_rank_without}} of {{ n:,}} that lie farthest from the mean of all. A few outlying images are far from whoever asks, and {{ far_opposite}} and {{ far_opposite_without}} of the 50 are of the query's other kind, animal or vehicle. The two models' outliers look different. Those of the model without generated neighbours are extremes of tone: in contrast they exceed {{ far_contrast_without:.0%}} of all images on average, in saturation {{ far_saturation_without:.0%}}, so they are hard and grey. VICReg's exceed {{ far_contrast:.0%}} in contrast, {{ far_saturation:.0%}} in saturation and {{ far_brightness:.0%}} in brightness: bright, even pictures. If one model keeps distant images far apart, it is the one without generated neighbours, but by tone; in VICReg distance says mostly how unusual an image is. That is what makes distances useful for anomaly detection in [@sec-anomaly], and why the two models differ there.
