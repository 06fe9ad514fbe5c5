# %% [markdown]
# # Q8. Retrieval {#sec-q8}
# **VICReg groups images that look alike; {{ agreement:.0%}} of an image's five nearest share its class. The most distant images are a few outliers, some shared between the models, and not opposites in meaning.** We draw one random training image of each class (seed 0). For each we look up the five nearest and the five most distant training images by the L2 distance of representations, exactly, the image itself left out. We do so for VICReg ([@sec-q1]) and for the model without generated neighbours, the short and the long one ([@sec-q6]). Ten rows can mislead, so we also count over many images.

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import matplotlib.pyplot as plt
import pandas as pd
import torch
from _compared import LONG, MODELS, NAMES, SHORT, VICREG, title
from _kinds import are_animals
from _pretraining import in_words, measured_rows, other_runs, runs_after

from reporting import depends, record, show, table
from vicreg.data import load_cifar10
from vicreg.downstream.appearance import (
    SHIFT,
    brightness,
    contrast,
    layout,
    mean_colour,
    saturation,
    share_below,
    shifted_correlation,
)
from vicreg.downstream.retrieval import (
    most_distant,
    most_entangled,
    nearest_others,
    neighbour_classes,
    one_of_each_class,
    others_farther,
)
from vicreg.plots.figures import short_name, show_images
from vicreg.representations import representations
from vicreg.runtime.text import listed
from vicreg.weights import load_run, weights_file

data = load_cifar10()
depends("CIFAR-10", fingerprint=data.fingerprint, copy=data.train.name)
for name in MODELS:
    depends(weights_file(name))
images, labels, classes = data.train.images, data.train.labels, data.train.classes
runs = {name: load_run(name) for name in MODELS}
titles = {name: title(run) for name, run in runs.items()}
y = {name: representations(run, data.train) for name, run in runs.items()}

# %%
queries = one_of_each_class(labels, seed=0)
near = {name: nearest_others(y[name], k=5, members=queries).indices for name in MODELS}
far = {name: most_distant(y[name][queries], y[name], k=5).indices for name in MODELS}


def show_found(found, label, caption):
    """The queries and what each model found for them: a row a query."""
    shown = torch.cat([queries.unsqueeze(1), *found.values()], dim=1)  # (10, 16)
    fig, ax = plt.subplots(figsize=(6.46, 5.1))
    show_images(
        ax,
        images[shown],
        row_labels=[short_name(classes[label]) for label in labels[queries]],
        column_labels=["query", *"12345" * 3],
        group_labels=["", *(titles[name].replace(" (", "\n(") for name in MODELS)],
        captions=[["", *(short_name(classes[c]) for c in row[1:])] for row in labels[shown].tolist()],
        gaps=[1, 6, 11],
        caption_height=11,
    )
    for text in ax.texts:
        text.set_fontsize(7.5)
    show(fig, label=label, caption=caption, width=0.82, place="auto")


# %%
show_found(
    near,
    label="fig-near",
    caption="One random training image of each class and its five nearest training images by each model, nearest first, each with its class.",
)

# %% [markdown]
# **Near.** Of the 50 neighbours in [@fig-near], {{ near_same}} are of the query's class for VICReg, {{ near_same_short}} for the short model and {{ near_same_long}} for the long one. At least four of five are right for {{ near_right_all}} by every model{{ near_right_more }}. Over the whole training set it is {{ agreement:.0%}}, {{ agreement_short:.0%}} and {{ agreement_long:.0%}} (chance: 10%), so VICReg is best at keeping close images together, just ahead of the long model. It finds {{ best}} best ({{ best_share:.0%}}) and {{ worst}} worst ({{ worst_share:.0%}}), and most often confuses {{ pair_1}} and {{ pair_2}}, measured as in [@sec-q2].

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


COPY = 0.9  # the correlation of grey pixels above which we call two images copies of one photograph
COMPARED = 10_000  # images that are held against their nearest, pixel by pixel


def copies(indices, found):
    """The share of images of which what was found first, (n, k), is a copy."""
    return (shifted_correlation(images[indices], images[found[:, 0]]) > COPY).float().mean().item()


everywhere = {name: nearest_others(y[name], k=5).indices for name in MODELS}
shuffled = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
compared = shuffled[:COMPARED]
rows = {NAMES[name]: alike(found) | {"copies": copies(compared, found[compared])} for name, found in everywhere.items()}
random_row = alike(shuffled.unsqueeze(1)) | {"copies": copies(compared, shuffled[-COMPARED:].unsqueeze(1))}
table(
    pd.DataFrame(rows | {"random images": random_row}).T.rename_axis("five nearest by"),
    label="tbl-near",
    caption="How alike an image and its five nearest are, over all {{ n:,}} training images: the share of the same class; the distance of mean colours and the differences of mean brightness and of contrast (the standard deviation of grey pixels), in grey levels; the correlation of layouts ($8 \\times 8$ grey cells). *Copies*: for how many of {{ compared:,}} images the nearest is the same photograph, their grey pixels correlated above {{ copy:.1f}} at the best shift by at most {{ shift}} pixels.",
    formats={"same class": "{:.0%}", "colour": "{:.0f}", "brightness": "{:.0f}", "contrast": "{:.1f}", "layout": "{:.2f}", "copies": "{:.1%}"},
)

# %%
neighbours = {name: neighbour_classes(y[name], labels, k=5) for name in MODELS}
agreement = {name: shares.diagonal() for name, shares in neighbours.items()}
order = agreement[VICREG].argsort(descending=True).tolist()
pairs = [f"{classes[a]} and {classes[b]} ({share:.0%})" for a, b, share in most_entangled(neighbours[VICREG], 2)]
same = {name: (labels[near[name]] == labels[queries].unsqueeze(1)).sum() for name in MODELS}
near_rows = {name: rows[NAMES[name]] for name in MODELS}


def mostly_right(name):
    """The classes of the queries of whose five nearest at least four are of that class."""
    right = (labels[near[name]] == labels[queries].unsqueeze(1)).sum(1) >= 4
    return [short_name(classes[labels[query]]) for query in queries[right]]


right = {name: mostly_right(name) for name in MODELS}
by_all = [of for of in right[VICREG] if all(of in found for found in right.values())]
by_some = {of: [name for name in MODELS if of in right[name]] for found in right.values() for of in found if of not in by_all}


SUFFIXES = {VICREG: "", SHORT: "_short", LONG: "_long"}
IN_TEXT = {VICREG: "VICReg", SHORT: "the short model", LONG: "the long one"}
record(
    n=len(labels),
    best=classes[order[0]],
    best_share=agreement[VICREG][order[0]],
    worst=classes[order[-1]],
    worst_share=agreement[VICREG][order[-1]],
    pair_1=pairs[0],
    pair_2=pairs[1],
    colour_random=random_row["colour"],
    **{f"agreement{suffix}": agreement[name].mean() for name, suffix in SUFFIXES.items()},
    **{f"near_same{suffix}": same[name] for name, suffix in SUFFIXES.items()},
    near_right_all=listed(by_all) or "none",
    near_right_more="".join(f", for {of} by {listed(IN_TEXT[name] for name in names)}" for of, names in by_some.items()),
    colour=near_rows[VICREG]["colour"],
    colour_short=near_rows[SHORT]["colour"],
    compared=len(compared),
    copy=COPY,
    shift=SHIFT,
    **{f"copies{suffix}": near_rows[name]["copies"] for name, suffix in SUFFIXES.items()},
)
assert agreement[VICREG].mean() > max(agreement[SHORT].mean() + 0.05, agreement[LONG].mean()) > 0.3, "the text's order in classes"
for what in ("colour", "brightness", "contrast"):
    assert max(row[what] for row in near_rows.values()) < 0.8 * random_row[what], "the text says that all keep tone"
assert min(row["layout"] for row in near_rows.values()) > random_row["layout"] + 0.15, "the text says that all keep layout"
assert all(near_rows[SHORT][what] < near_rows[VICREG][what] for what in ("colour", "brightness", "contrast")), "the text says that the short model keeps tone most closely"
spread = {what: [row[what] for row in near_rows.values()] for what in ("colour", "brightness", "contrast")}
assert all(max(v) - min(v) < 0.3 * (random_row[what] - min(v)) for what, v in spread.items()), "the text calls the differences small"


def row_of(name, query):
    """What a model found for the query of a class: its images and their classes."""
    found = near[name][classes.index(query)]
    return images[found], [classes[c] for c in labels[found]]


deer = classes.index("deer")
for name in (VICREG, LONG):
    assert copies(queries[[deer]], near[name][[deer]]) == 1, "the text says that a deer is a copy"
assert near_rows[VICREG]["copies"] > max(near_rows[SHORT]["copies"], near_rows[LONG]["copies"]), "the text says who finds most copies"
assert row_of(VICREG, "bird")[1] == ["cat"] * 5, "the text describes this row"
assert sorted(row_of(SHORT, "frog")[1]) == ["airplane", "airplane", "bird", "dog", "horse"], "the text describes this row"
for name in MODELS:
    red, _, blue = mean_colour(row_of(name, "automobile")[0][:, :, 10:24, 6:26]).T  # of the middle
    assert (blue > red + 20).all(), "the text says blue"
    assert row_of(name, "automobile")[1].count("automobile") >= 4, "the text says nearly all cars"
    assert row_of(name, "ship")[1].count("ship") >= 4, "the text says nearly always ships"

# %% [markdown]
# *What do the models attend to?* All three attend to the object and its background: for the car they find vehicles in blue, nearly all of them cars, and for the ship nearly always other ships, mostly under a pale sky. Where a row fails, background and pose often remain. For the bird, upright before a plain pale wall, VICReg finds five cats that sit upright before such walls. For the frog, a pale body on black, all three mostly find pale bodies on dark backgrounds, the short model two planes, a dog, a horse and a bird. The counts agree ([@tbl-near]): by every measure an image and its neighbours are much more alike than two random images. The short model keeps colour, brightness and contrast most closely, but only by a little: its neighbours' mean colour lies {{ colour_short:.0f}} grey levels from the query's, VICReg's {{ colour:.0f}}, random images' {{ colour_random:.0f}}. A few neighbours are copies, the same photograph in another crop, as the deer's first by VICReg and the long model. VICReg's nearest is a copy for {{ copies:.1%}} of images ({{ copies_short:.1%}} short, {{ copies_long:.1%}} long).

# %%
show_found(
    far,
    label="fig-far",
    caption="The images of [@fig-near] and the five training images most distant from each by each model, most distant first.",
)

# %%
some = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))[:1000]
farther = {name: others_farther(y[name], labels, some) for name in MODELS}
many = {name: most_distant(y[name][some], y[name], k=5).indices for name in MODELS}  # of many queries, not of ten
other_class = {name: (labels[many[name]] != labels[some].unsqueeze(1)).float().mean().item() for name in MODELS}
kinds = are_animals(classes)[labels]
other_kind = {name: (kinds[many[name]] != kinds[some].unsqueeze(1)).float().mean().item() for name in MODELS}
distinct = {name: len(many[name].unique()) for name in MODELS}
best, worst = (choose(other_class, key=other_class.get) for choose in (max, min))
measured = measured_rows()
farther_others = [row["other_class_farther"] for row in other_runs(measured)]
farther_shorts = [row["other_class_farther"] for row in other_runs(measured, SHORT)]
farther_first = [row["other_class_farther"] for row in runs_after(1, measured)]


def outermost_rank(name):
    """The worst rank, 1 the farthest from the mean of all, among the most distant images found."""
    outlying = (y[name] - y[name].mean(0)).norm(dim=1)
    return int((outlying.argsort(descending=True).argsort() + 1)[many[name]].max())


def common_classes(name):
    """The classes that the figure's 50 most distant images are of most often, with how many there are."""
    counts = labels[far[name]].flatten().bincount(minlength=len(classes))
    return ", ".join(f"{classes[c]} {counts[c]}" for c in counts.argsort(descending=True, stable=True)[:3])


# How the most distant images look among all: the share of images with a smaller value, on average.
LOOKS = {"contrast": contrasts, "saturation": saturation(images), "brightness": tones}
rank = {
    name: {look: share_below(values[many[name].flatten()], values).mean().item() for look, values in LOOKS.items()}
    for name in MODELS
}
table(
    pd.DataFrame(
        {
            "most distant by": list(NAMES.values()),
            "different": list(distinct.values()),
            "other class": list(other_class.values()),
            "other kind": list(other_kind.values()),
            "farther": list(farther.values()),
            **{look: [rank[name][look] for name in MODELS] for look in LOOKS},
        }
    ),
    label="tbl-far",
    caption="The five most distant from each of {{ queries:,}} random training images: how many different ones they are; how many are of another class (chance: 90%) and of the other kind, animal or vehicle (48%); the share of all images that have less contrast, saturation and brightness, on average. *Farther*: how often, over all pairs, an image of another class is farther from the query than one of its own (50%).",
    formats={
        "other class": "{:.1%}", "other kind": "{:.1%}", "farther": "{:.1%}", "contrast": "{:.0%}", "saturation": "{:.0%}", "brightness": "{:.0%}",
    },
)
record(
    **{f"far_distinct{suffix}": distinct[name] for name, suffix in SUFFIXES.items()},
    **{f"far_contrast{suffix}": rank[name]["contrast"] for name, suffix in SUFFIXES.items()},
    n_far=many[VICREG].numel(),
    **{f"far_classes{suffix}": common_classes(name) for name, suffix in SUFFIXES.items()},
    queries=len(some),
    best_title=NAMES[best],
    worst_title=NAMES[worst],
    class_best=other_class[best],
    class_worst=other_class[worst],
    farther_best=farther[best],
    farther_worst=farther[worst],
    farther_long=farther[LONG],
    farther_others=in_words(farther_others, "{:.1%}"),
    farther_shorts=in_words(farther_shorts, "{:.1%}"),
    farther_first=in_words(farther_first, "{:.1%}"),
    far_rank=max(outermost_rank(name) for name in MODELS),
    kind_low=min(other_kind.values()),
    kind_high=max(other_kind.values()),
)
assert max(distinct.values()) < 0.05 * many[VICREG].numel(), "the text says that the same images are distant from many"
assert sorted(farther, key=farther.get) == sorted(other_class, key=other_class.get), "the text says that both measures agree"
assert max(outermost_rank(name) for name in MODELS) < 0.03 * len(labels), "the text calls them outliers"
assert max(farther.values()) < 0.7, "the text says that no model excels"
assert max(abs(reached - farther[SHORT]) for reached in farther_first) < 0.015 < min(farther_others) - farther[LONG], "the text says what goes with length"
assert min(farther[VICREG], *farther_others) > max(farther[SHORT], farther[LONG], *farther_shorts, *farther_first) + 0.01, "the text says that VICReg leads"
assert all(abs(share - 0.48) < 0.08 for share in other_kind.values()), "the text says near chance"
assert max(other_class.values()) < 0.97, "the text says that classes are little more often others than by chance"
assert rank[VICREG]["contrast"] < 0.5 < 0.6 < min(rank[SHORT]["contrast"], rank[LONG]["contrast"]), "the text says high and low"
described = {VICREG: ("bird", "airplane", "horse"), SHORT: ("airplane", "horse"), LONG: ("airplane", "dog")}
for name, named in described.items():
    counts = labels[far[name]].flatten().bincount(minlength=len(classes))
    assert {classes[c] for c in counts.argsort(descending=True)[: len(named)]} == set(named), "the text describes these images"

# %% [markdown]
# **Far.** In [@fig-far] the same images recur. VICReg's are mostly small dark birds and planes on a plain sky, and dark horses before a pale background ({{ far_classes}} of 50). The short model's are mostly white horses on black and dark flying wings on a pale background ({{ far_classes_short}}). The long model's are mostly white dogs' faces and again such wings ({{ far_classes_long}}). So the two trained on found neighbours put pictures of high contrast farthest out ({{ far_contrast_short:.0%}} and {{ far_contrast_long:.0%}} of all images have less, [@tbl-far]), VICReg does not ({{ far_contrast:.0%}}). Over {{ queries:,}} random queries the {{ n_far:,}} most distant images are only {{ far_distinct}} different ones for VICReg, {{ far_distinct_short}} for the short model and {{ far_distinct_long}} for the long one. All are outliers: they are among the {{ far_rank:,}} of {{ n:,}} images that lie farthest from the mean of all. A large distance thus says how unusual an image is. What counts as unusual differs between the models, which matters for anomaly detection (sec. [@sec-anomaly]).
#
# *Which model excels at keeping distant images apart?* None excels; VICReg leads slightly. The most distant images are of another class in {{ class_best:.1%}} of cases for the best model ({{ best_title}}) and in {{ class_worst:.1%}} for the worst ({{ worst_title}}), where chance is 90%. They are of the other kind, vehicles for an animal or animals for a vehicle, in {{ kind_low:.0%}} to {{ kind_high:.0%}} (chance: 48%). Over all pairs, an image of another class is farther than one of the query's own in {{ farther_best:.1%}} ({{ best_title}}) and {{ farther_worst:.1%}} ({{ worst_title}}) of cases; other runs of the short model reach {{ farther_shorts}}. VICReg's lead comes with ten epochs of generated views: after one epoch it has only {{ farther_first}} (two runs), and the long model, trained as long, {{ farther_long:.1%}} (one run). Trained anew VICReg reaches {{ farther_others}}.
