# %% [markdown]
# # 4.2.1. Anomaly detection {#sec-anomaly}
# **By the AUC at $k = 2$ the short model without generated neighbours is best: its runs reach {{ short_runs }}, VICReg's {{ vicreg_runs }}. Most of VICReg's shortfall comes from ten training images.** CIFAR-10's training images define what is normal. The test images of CIFAR-10 (normal, 0) and of MNIST [@lecun1998] (anomalous, 1) are to be told apart, without a hint of what the anomalies will be. MNIST's digits are resized to $32 \times 32$, repeated in three channels and normalised as CIFAR-10.
#
# **Q1. Density estimation.** Following [@reiss2021], an image's score is the inverse of the density of the training set around its representation: the mean L2 distance, not squared, to its $k = 2$ nearest training images,
#
# $$
# s(x) = \frac{1}{k} \sum_{i=1}^{k} \lVert y - \mathrm{kNN}(y)_i \rVert_2 .
# $$ {#eq-score}
#
# Higher is more anomalous. We score all {{ n_all:,}} test images by VICReg and by the short and the long model of [@sec-q6].

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import math
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from _compared import COLOURS, LINES, LONG, MODELS, NAMES, SHORT, VICREG, title
from _pretraining import (
    in_words,
    measured_rows,
    other_runs,
    other_seed_by_epoch,
    ranged,
    runs_after,
    seeds_in_words,
)
from sklearn.linear_model import LinearRegression

from reporting import depends, record, show, table
from vicreg.data import load_cifar10
from vicreg.digits import load_mnist_test
from vicreg.downstream.anomaly import anomaly_scores, anomaly_scores_by_k, roc, roc_without
from vicreg.downstream.appearance import (
    centre_and_border,
    contrast,
    mean_colour,
    saturation,
    share_below,
)
from vicreg.downstream.laplacian import untrained_features
from vicreg.downstream.retrieval import k_occurrences
from vicreg.plots.figures import plot_chance, plot_roc, short_name, show_images
from vicreg.plots.interactive import explore_roc
from vicreg.representations import representations
from vicreg.runtime.text import listed
from vicreg.weights import load_run, weights_file

UNTRAINED = "untrained CNN"
data, mnist = load_cifar10(), load_mnist_test()
depends("CIFAR-10", fingerprint=data.fingerprint, copy=data.train.name)
depends("MNIST test", fingerprint=mnist.fingerprint)
for name in MODELS:
    depends(weights_file(name))
runs = {name: load_run(name) for name in MODELS}
titles = {name: title(run) for name, run in runs.items()} | {UNTRAINED: UNTRAINED}

# %%
K = 2
K_MOST = min(100, len(data.train))
splits = (data.train, data.test, mnist)
spaces = {name: [representations(run, split) for split in splits] for name, run in runs.items()}
spaces[UNTRAINED] = [untrained_features(split.images) for split in splits]
normal, anomalous = {}, {}  # scores by 1 to K_MOST neighbours, (n, K_MOST)
for name, (train_y, test_y, mnist_y) in spaces.items():
    normal[name] = anomaly_scores_by_k(test_y, train_y, K_MOST)
    anomalous[name] = anomaly_scores_by_k(mnist_y, train_y, K_MOST)
curves = {name: roc(normal[name][:, K - 1], anomalous[name][:, K - 1]) for name in spaces}
ks = np.unique(np.geomspace(1, K_MOST, 15).round().astype(int))
by_k = {name: [roc(normal[name][:, k - 1], anomalous[name][:, k - 1]).auc for k in ks] for name in spaces}

# %%
fig, (curve, number) = plt.subplots(1, 2, figsize=(6.46, 2.75), width_ratios=[1, 1.3])
for name in MODELS:
    line = {"color": COLOURS[name], "ls": LINES[name]}
    plot_roc(curve, curves[name], titles[name], **line)
    number.plot(ks, by_k[name], **line)
line = {"color": "0.4", "ls": (0, (6, 2, 1, 2, 1, 2)), "lw": 0.8}
plot_roc(curve, curves[UNTRAINED], UNTRAINED, **line)
number.plot(ks, by_k[UNTRAINED], **line)
plot_chance(curve)
handles, texts = curve.get_legend_handles_labels()
fig.legend(handles, texts, loc="outside upper center", ncols=3, columnspacing=1, handlelength=1.7)
number.set(xscale="log", xlabel="number of neighbours k", ylabel="AUC")
number.set_xticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
number.minorticks_off()
show(
    fig,
    label="fig-roc",
    caption="Left: the ROC curves at $k = 2$. Right: the area under the curve by the number of neighbours, with the same lines; the untrained CNN is that of [@sec-q7].",
    interactive=explore_roc({titles[name]: curves[name] for name in MODELS}),
    place="auto",
)

# %%
apart = {name: (y[0] - y[0].roll(1, 0)).norm(dim=1).mean() for name, y in spaces.items()}
relative = {
    name: [(scores[name][:, K - 1].median() / apart[name]).item() for scores in (normal, anomalous)]
    for name in spaces
}
# The training images that digits have for neighbours, by how often.
counts = {name: k_occurrences(y[2], y[0], K) for name, y in spaces.items()}
shares = {name: found / found.sum() for name, found in counts.items()}
top_10 = {name: found.topk(10).values.sum().item() for name, found in shares.items()}
ten_random = torch.randperm(len(data.train), generator=torch.Generator().manual_seed(0))[:10]
without_hubs, without_random = {}, {}
hubs = {name: found.topk(10).indices for name, found in counts.items()}
for name, (train_y, test_y, mnist_y) in spaces.items():
    without_hubs[name] = roc_without(hubs[name], test_y, mnist_y, train_y, K).auc
    without_random[name] = roc_without(ten_random, test_y, mnist_y, train_y, K).auc
# What colour, contrast and saturation have to do with it: the AUC by them alone, and without what follows from them.
seen = [torch.cat([mean_colour(split.images), torch.stack([contrast(split.images), saturation(split.images)], 1)], 1) for split in splits]
scale, middle = torch.std_mean(seen[0], dim=0)
seen = [(values - middle) / scale for values in seen]


def by_neighbours(train_y, test_y, mnist_y):
    """The AUC at k = 2; representations, (n, d)."""
    return roc(*(anomaly_scores(of, train_y, K) for of in (test_y, mnist_y))).auc


def without_looks(train_y, *others):
    """Representations, (n, d), less what a linear map of an image's looks, fitted to the training set, says of them."""
    fitted = LinearRegression().fit(seen[0].double().numpy(), train_y.double().numpy())
    return [
        (y.double() - torch.from_numpy(fitted.predict(values.double().numpy()))).float()
        for y, values in zip((train_y, *others), seen, strict=True)
    ]


looks_alone = by_neighbours(*seen)
looks_removed = {name: by_neighbours(*without_looks(*y)) for name, y in spaces.items()}
from_mean, hub_ranks = {}, {}
for name, (train_y, test_y, mnist_y) in spaces.items():
    train_far, test_far, digits_far = ((y - train_y.mean(0)).norm(dim=1) for y in (train_y, test_y, mnist_y))
    from_mean[name] = roc(test_far, digits_far).auc
    # The ten hubs' median rank by distance from the mean, 1 the farthest.
    ranks = train_far.argsort(descending=True).argsort() + 1
    hub_ranks[name] = ranks[hubs[name]].double().quantile(0.5)
table(
    pd.DataFrame(
        {
            "representation": [*NAMES.values(), UNTRAINED],
            "$k = 2$": [curves[name].auc for name in titles],
            f"$k = {K_MOST}$": [by_k[name][-1] for name in titles],
            "no looks": [looks_removed[name] for name in titles],
            "no hubs": [without_hubs[name] for name in titles],
            "from mean": [from_mean[name] for name in titles],
            "photos": [relative[name][0] for name in titles],
            "digits": [relative[name][1] for name in titles],
            "hubs": [top_10[name] for name in titles],
        }
    ),
    label="tbl-anomaly",
    caption="Five AUCs: by two and by {{ k_most}} neighbours; by two after colour, contrast and saturation are regressed out (*no looks*); by two without the *hubs*, the ten training images that are most often a digit's neighbours; by the distance from the training images' mean. *Photos* and *digits*: their median scores at $k = 2$, in units of the mean distance between two training images. *Hubs*: the share of the digits' two nearest that these ten make up.",
    formats={
        "$k = 2$": "{:.3f}", f"$k = {K_MOST}$": "{:.3f}", "no looks": "{:.3f}", "no hubs": "{:.3f}",
        "from mean": "{:.3f}", "photos": "{:.2f}", "digits": "{:.2f}", "hubs": "{:.0%}",
    },
)
rows = measured_rows()
again = other_seed_by_epoch(rows)  # VICReg after each of its epochs
others = other_runs(rows)  # VICReg's other seeds, trained as long
shorts, firsts = other_runs(rows, SHORT), runs_after(1, rows)  # the short model's other seeds, VICReg after one epoch
all_runs = [curves[VICREG].auc, *(row["auc_k2"] for row in others)]
again_few, again_most = ([row[f"auc_k{k}"] for row in again] for k in (K, 100))
states_most = [by_k[VICREG][-1], *again_most, *(row["auc_k100"] for row in (*others, *firsts))]
short_runs = [curves[SHORT].auc, *(row["auc_k2"] for row in shorts)]
first_runs = [row["auc_k2"] for row in firsts]
short_most = [by_k[SHORT][-1], *(row["auc_k100"] for row in shorts)]
centre, border = centre_and_border(data.train.images)
digits_centre, digits_border = centre_and_border(mnist.images)
SUFFIXES = {VICREG: "", SHORT: "_short", LONG: "_long", UNTRAINED: "_untrained"}
BOTH = {name: SUFFIXES[name] for name in (VICREG, SHORT)}
record(
    n_all=len(data.test) + len(mnist),
    n_digits=len(mnist),
    n_train=len(data.train),
    k_most=K_MOST,
    **{f"auc{suffix}": curves[name].auc for name, suffix in SUFFIXES.items()},
    auc_most=by_k[VICREG][-1],
    **{f"hubs{suffix}": (counts[name] > 0).sum() for name, suffix in BOTH.items()},
    **{f"top_10{suffix}": top_10[name] for name, suffix in BOTH.items()},
    without_hubs=without_hubs[VICREG],
    without_hubs_long=without_hubs[LONG],
    without_random=without_random[VICREG],
    seeds=seeds_in_words(others),
    others=in_words(all_runs[1:], "{:.3f}"),
    vicreg_runs=ranged(all_runs, "{:.3f}"),
    short_runs=ranged(short_runs, "{:.3f}"),
    looks_alone=looks_alone,
    looks_removed=looks_removed[VICREG],
    looks_removed_short=looks_removed[SHORT],
    **{f"from_mean{SUFFIXES[name]}": from_mean[name] for name in MODELS},
    **{f"hub_rank{suffix}": hub_ranks[name] for name, suffix in BOTH.items()},
    again_low=min(again_few),
    again_high=max(again_few),
    states_most=ranged(states_most, "{:.3f}"),
    hub_centre=centre[hubs[VICREG]].mean(),
    hub_border=border[hubs[VICREG]].mean(),
    all_centre=centre.mean(),
    all_border=border.mean(),
    digits_centre=digits_centre.mean(),
    digits_border=digits_border.mean(),
    looks_removed_long=looks_removed[LONG],
    **{f"{what}{suffix}": relative[name][i] for name, suffix in BOTH.items() for i, what in enumerate(("photos", "digits"))},
    short_seeds=seeds_in_words(shorts),
    short_others=in_words(short_runs[1:], "{:.3f}"),
    first_seeds=seeds_in_words(firsts),
    firsts=in_words(first_runs, "{:.3f}"),
    short_most=math.floor(1e4 * min(short_most)) / 1e4,
)
best = max(MODELS, key=lambda name: curves[name].auc)
assert best == SHORT and curves[SHORT].auc > curves[UNTRAINED].auc > curves[VICREG].auc, "the text's order at k = 2"
assert max(relative[SHORT][0], relative[LONG][0]) < relative[VICREG][0] - 0.03, "the text says what found neighbours do"
assert relative[SHORT][1] > max(relative[LONG][1], relative[VICREG][1]) + 0.1, "the text says what short training leaves"
assert by_k[UNTRAINED][-1] < min(by_k[name][-1] for name in MODELS), "the text says that the CNN is last at many neighbours"
assert all(by_k[name][-1] > curves[name].auc for name in MODELS), "the text says that more neighbours help"
assert top_10[SHORT] > top_10[VICREG] and (counts[SHORT] > 0).sum() < (counts[VICREG] > 0).sum(), "the text says whose hubs are stronger"
assert all(without_hubs[name] > curves[name].auc + 0.1 for name in (VICREG, LONG)), "the text says that ten hubs cost most"
assert without_hubs[VICREG] - curves[VICREG].auc > (1 - curves[VICREG].auc) / 2, "the text says that they are most of the loss"
assert all(abs(without_random[name] - curves[name].auc) < 0.005 for name in MODELS), "the text says that ten others change nothing"
assert max(MODELS, key=without_hubs.get) == SHORT, "the text says that the short model stays first"
assert rows[VICREG]["weights_fingerprint"] == runs[VICREG].fingerprint[:12], "measure these weights: python benchmarks/pretraining.py measure"
assert max(all_runs) > min(all_runs) + 0.1, "the text says that the run decides much"
assert curves[LONG].auc < min(short_runs) > max(first_runs), "the text says that neither found neighbours nor the single epoch are enough"
assert looks_removed[SHORT] > curves[SHORT].auc - 0.01 and looks_removed[SHORT] == max(looks_removed.values()), "the text says that looks are not what makes the short model best"
assert min(from_mean[name] for name in MODELS) > 0.98, "the text says that digits are far from the mean for every model"
assert by_k[SHORT][-1] == max(by_k[name][-1] for name in titles), "the text says that the short model is first by every measure"
assert centre[hubs[VICREG]].mean() > 1.5 * border[hubs[VICREG]].mean(), "the text says that VICReg's hubs look like digits"
assert rows[VICREG]["seed"] == 0, "the text says so"
assert max(hub_ranks[name] for name in MODELS) < 0.02 * len(data.train), "the text says that hubs are outliers"
assert again_few.index(max(again_few)) not in (0, len(again) - 1) and again_few.index(min(again_few)) not in (0, len(again) - 1), "the text says no trend"
assert max(again_few) - min(again_few) > 0.05, "the text says that the AUC wanders"
assert min(short_runs) > max(again_few + all_runs), "the text says that the short model's runs are above all of VICReg's states"
assert min(short_most) > max(states_most), "the text says so at many neighbours too"

# %% [markdown]
# **Q2. ROC and AUC** (printed as a second Q3 in the exercise)**.** The short model is best: **{{ auc_short:.3f}}**, against **{{ auc:.3f}}** for VICReg and **{{ auc_long:.3f}}** for the long model ([@fig-roc]). *Why?* The short model leaves digits far from all photographs: their median score is {{ digits_short:.2f}}, that of photographs {{ photos_short:.2f}}. For VICReg digits lie near some odd photographs, and its medians are {{ digits:.2f}} and {{ photos:.2f}} ([@tbl-anomaly]). Linear effects of colour and tone do not explain the difference. Five numbers per image (mean red, green and blue, contrast and saturation) do reach {{ looks_alone:.3f}} by themselves. But when a linear map of them is subtracted from the representations, the short model keeps {{ looks_removed_short:.3f}} and VICReg {{ looks_removed:.3f}}; the long model falls to {{ looks_removed_long:.3f}}. The features of an untrained CNN beat this VICReg at $k = 2$, with {{ auc_untrained:.3f}}, but are the worst of all at $k = {{ k_most}}$.
#
# *Ten photographs cost VICReg most of what its AUC lacks at $k = 2$.* Every model knows that digits are strange: by the mere distance from the training images' mean the AUC is {{ from_mean:.3f}} for VICReg, {{ from_mean_short:.3f}} and {{ from_mean_long:.3f}} for the short and the long model. With two neighbours VICReg and the long model lose much of this, because a few photographs are strange in the same way ([@fig-hubs]): all {{ n_digits:,}} digits find their two nearest among {{ hubs}} of {{ n_train:,}} training images for VICReg, and among {{ hubs_short}} for the short model. These *hubs* are outliers themselves: by distance from the mean the ten largest have a median rank of {{ hub_rank:.0f}} for VICReg and {{ hub_rank_short:.0f}} for the short model, whose rearing white horses also appear in [@fig-far]. And they are pale on black, like digits: in VICReg's ten the middle's mean brightness is {{ hub_centre:.0f}}, the border's {{ hub_border:.0f}} (digits: {{ digits_centre:.0f}}, {{ digits_border:.0f}}; all training images: {{ all_centre:.0f}}, {{ all_border:.0f}}). When its ten largest hubs are left out of the {{ n_train:,}} images, VICReg's AUC rises to **{{ without_hubs:.3f}}** and the long model's to {{ without_hubs_long:.3f}} ([@tbl-anomaly]). When ten random images are left out, VICReg's stays at {{ without_random:.3f}}. So most of what VICReg loses at $k = 2$ is lost to ten photographs. This is a diagnosis, not a method: the test digits chose the ten. A larger $k$ helps too, though only these digits show it: at $k = {{ k_most}}$ VICReg reaches {{ auc_most:.3f}} with all images in place. The hubs do not explain which model is best: the winner's ten largest make up {{ top_10_short:.0%}} of all digits' neighbours, VICReg's {{ top_10:.0%}}, and with or without them it is first.
#
# *Is it the views, the single epoch, or chance?* VICReg trained anew with {{ seeds}} has an AUC of **{{ others}}** where seed 0, restarted halfway ([@tbl-runs]), has {{ auc:.3f}}. From epoch to epoch seed 1 wanders between {{ again_low:.3f}} and {{ again_high:.3f}}, without a trend ([@fig-epochs]). So the difference between VICReg and the long model says nothing. The short model's lead is not chance: trained anew with {{ short_seeds}} it reaches **{{ short_others}}**, above every state of VICReg that we measured. The single epoch alone is not enough: VICReg's first epochs reach only {{ firsts}} ({{ first_seeds}}). The long model's one run suggests that found neighbours alone are not enough either. So it may take both, and unaugmented images, which come with found neighbours, may matter too. At $k = {{ k_most}}$ the short model leads as well: VICReg's states lie at {{ states_most}}, the short model's runs at {{ short_most:.4f}} or more.

# %%
train_names = [short_name(data.train.classes[c]) for c in data.train.labels]
fig, ax = plt.subplots(figsize=(4.85, 2.45))
show_images(
    ax,
    torch.stack([data.train.images[hubs[name]] for name in MODELS]),
    row_labels=list(NAMES.values()),
    captions=[[f"{train_names[i]}\n{100 * shares[name][i]:.1f}" for i in hubs[name].tolist()] for name in MODELS],
    caption_height=40,
)
show(
    fig,
    label="fig-hubs",
    width=0.7,
    caption="The ten training images that are most often one of a digit's two nearest, with their share of all digits' neighbours in percent, for each model.",
    place="auto",
)

# %%
images = torch.cat([data.test.images, mnist.images])
labels = [
    *(short_name(data.test.classes[c]) for c in data.test.labels),
    *(f"“{d}”" for d in mnist.labels.tolist()),
]
all_scores = {name: torch.cat([normal[name][:, K - 1], anomalous[name][:, K - 1]]) for name in MODELS}
top = {name: scores.topk(7).indices for name, scores in all_scores.items()}
top_normal = {name: normal[name][:, K - 1].topk(7).indices for name in MODELS}
fig, ax = plt.subplots(figsize=(5.9, 2.6))
show_images(
    ax,
    torch.stack([torch.cat([images[top[name]], images[top_normal[name]]]) for name in MODELS]),
    row_labels=list(NAMES.values()),
    captions=[
        [f"{labels[i]}\n{all_scores[name][i]:.1f}" for i in [*top[name].tolist(), *top_normal[name].tolist()]]
        for name in MODELS
    ],
    gaps=[7],
    caption_height=41,
)
show(
    fig,
    label="fig-anomalies",
    width=0.85,
    caption="The seven most anomalous images by each model with their scores (L2 distances), among all {{ n_all:,}} test images (left; digits in quotation marks) and among CIFAR-10's alone (right).",
    place="auto",
)

# %%
NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven")


def named(places):
    """What images are, with how many of each: "six “1” and one deer"."""
    counted = Counter(labels[i] for i in places.tolist()).most_common()
    return listed(f"{NUMBERS[count]} {label}" for label, count in counted)


# How the hundred oddest photographs look among all: the share of photographs with a smaller value.
ODDEST = min(100, len(data.test))
odd = {name: normal[name][:, K - 1].topk(ODDEST).indices for name in MODELS}
contrasts = contrast(data.test.images)
odd_contrast = {name: share_below(contrasts[odd[name]], contrasts).mean().item() for name in MODELS}
both = {
    name: len(set(odd[VICREG].tolist()) & set(odd[name].tolist())) / ODDEST for name in (SHORT, LONG)
}

by_digit = {name: [anomalous[name][mnist.labels == digit, K - 1].mean().item() for digit in range(10)] for name in MODELS}
record(
    n_oddest=ODDEST,
    **{f"top_named{SUFFIXES[name]}": named(top[name]) for name in MODELS},
    **{f"odd_contrast{SUFFIXES[name]}": odd_contrast[name] for name in MODELS},
    chance_error=(12 * ODDEST) ** -0.5,  # of the mean of as many ranks, each uniform from 0 to 1
    both_short=both[SHORT],
    both_long=both[LONG],
)
first_classes = {name: data.test.labels[odd[name]].bincount(minlength=10) for name in MODELS}
assert all(int(counts.argmax()) == data.test.classes.index("airplane") for counts in first_classes.values()), "the text names airplanes"
described = {
    VICREG: ["deer", "airplane", "automobile", "truck", "airplane", "ship", "bird"],
    SHORT: ["ship", "cat", "airplane", "airplane", "automobile", "airplane", "cat"],
    LONG: ["automobile", "deer", "ship", "dog", "airplane", "airplane", "horse"],
}
for name, first in described.items():
    assert [data.test.classes[c] for c in data.test.labels[top_normal[name]]][: len(first)] == first, "the text describes these photographs"
assert 0.6 < odd_contrast[SHORT] > odd_contrast[LONG] + 0.05 and odd_contrast[LONG] > odd_contrast[VICREG] + 0.05, "the text's order in contrast"
assert all(max(means) == means[1] for means in by_digit.values()), "the text says that ones score highest"
assert abs(odd_contrast[VICREG] - 0.5) < 2 * (12 * ODDEST) ** -0.5, "the text says like random photographs"
for found in (looks_removed, without_hubs, from_mean):
    assert max(MODELS, key=found.get) == SHORT, "the text says that the short model is first by every measure"
assert max(both.values()) < 0.7, "the text says that the models disagree"
lists = [set(found.tolist()) for found in top_normal.values()]
assert len(set.union(*lists)) >= sum(map(len, lists)) - 2, "the text says that the lists hardly overlap"

# %% [markdown]
# **Q3. What is found anomalous?** Among all test images the seven most anomalous are {{ top_named}} for VICReg, {{ top_named_short}} for the short model and {{ top_named_long}} for the long one ([@fig-anomalies], left). The digits are slanted strokes. For every model the ones have the highest mean score of all digits, perhaps because a lone stroke is least like an object.
#
# Among photographs alone (right) the lists hardly overlap. *VICReg's* are mostly a small object in a wide, plain scene, such as a deer in brown grass. *The short model's* include two white cats on black and a dark plane before bright clouds. Four of *the long model's* are cut out: a car, two planes and a horse on plain white. Of VICReg's {{ n_oddest}} oddest {{ both_short:.0%}} are also among the short model's and {{ both_long:.0%}} among the long model's. The short model's have more contrast than {{ odd_contrast_short:.0%}} of all photographs on average, the long model's than {{ odd_contrast_long:.0%}}, VICReg's than {{ odd_contrast:.0%}}, like random photographs (50%, standard error {{ chance_error:.0%}}). Airplanes lead every model's {{ n_oddest}}.
#
# *Is one model better?* We think so: the short model, for the task that was set. It is first by every AUC in [@tbl-anomaly], with its hubs and without them. But nothing told any model that only digits would count. The AUC counts a truly odd photograph as an error, and it cannot tell whose list of photographs is best.
