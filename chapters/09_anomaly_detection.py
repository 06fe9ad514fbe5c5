# %% [markdown]
# # Anomaly detection (sec. 4.2.1) {#sec-anomaly}
# Normal is what CIFAR-10's training images are; the test images of CIFAR-10 (normal, 0) and of MNIST [@lecun1998] (anomalous, 1) are to be told apart without a hint of what the anomalies will be. Following [@reiss2021], an image's score is the inverse of the density of the training set around its representation: the mean L2 distance, not squared, to its $k = 2$ nearest training images,
#
# $$
# s(x) = \frac{1}{k} \sum_{i=1}^{k} \lVert y - \mathrm{kNN}(y)_i \rVert_2 ,
# $$ {#eq-score}
#
# and higher is more anomalous. MNIST's digits are resized to $32 \times 32$, repeated in three channels and normalised as CIFAR-10.

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import torch

from reporting import depends, record, show
from vicreg.data import load_cifar10
from vicreg.digits import load_mnist_test
from vicreg.downstream.anomaly import anomaly_scores_by_k, roc
from vicreg.downstream.appearance import (
    brightness,
    centre_and_border,
    contrast,
    saturation,
    share_below,
)
from vicreg.downstream.laplacian import untrained_features
from vicreg.downstream.retrieval import nearest
from vicreg.plots.figures import (
    TEST_COLOUR,
    TRAIN_COLOUR,
    plot_roc,
    plot_score_histogram,
    short_name,
    show_images,
)
from vicreg.plots.interactive import explore_roc
from vicreg.representations import representations
from vicreg.weights import load_run, weights_file

VICREG, WITHOUT, UNTRAINED = "VICReg", "without generated neighbours", "untrained CNN"
RUNS = {VICREG: "vicreg", WITHOUT: "no_generated_neighbors"}
COLOURS = {VICREG: TRAIN_COLOUR, WITHOUT: TEST_COLOUR, UNTRAINED: "0.5"}
data, mnist = load_cifar10(), load_mnist_test()
depends("CIFAR-10", fingerprint=data.fingerprint, copy=data.train.name)
depends("MNIST test", fingerprint=mnist.fingerprint)
for run in RUNS.values():
    depends(weights_file(run))

# %%
K = 2
K_MOST = min(100, len(data.train))
splits = (data.train, data.test, mnist)
spaces = {name: [representations(load_run(run), split) for split in splits] for name, run in RUNS.items()}
spaces[UNTRAINED] = [untrained_features(split.images) for split in splits]
normal, anomalous = {}, {}  # scores by 1 to K_MOST neighbours, (n, K_MOST)
for name, (train_y, test_y, mnist_y) in spaces.items():
    normal[name] = anomaly_scores_by_k(test_y, train_y, K_MOST)
    anomalous[name] = anomaly_scores_by_k(mnist_y, train_y, K_MOST)
curves = {name: roc(normal[name][:, K - 1], anomalous[name][:, K - 1]) for name in spaces}
ks = np.unique(np.geomspace(1, K_MOST, 15).round().astype(int))
by_k = {name: [roc(normal[name][:, k - 1], anomalous[name][:, k - 1]).auc for k in ks] for name in spaces}

# %%
fig, axes = plt.subplots(2, 2, figsize=(6.46, 5.0), width_ratios=[1.2, 1])
for ax, name in zip(axes[:, 0], RUNS, strict=True):
    histogram = {"CIFAR-10 test (normal)": normal[name], "MNIST test (anomalous)": anomalous[name]}
    plot_score_histogram(ax, {split: scores[:, K - 1] for split, scores in histogram.items()})
    ax.set_title(name)
    ax.legend()
for name in RUNS:
    plot_roc(axes[0, 1], curves[name], name.removesuffix(" generated neighbours"), color=COLOURS[name])
axes[0, 1].plot([0, 1], [0, 1], ":", color="0.6", label="chance, AUC 0.500")
axes[0, 1].legend(loc="lower right", handlelength=1.2)
for name, style in zip(spaces, ("o-", "s-", "^:"), strict=True):
    axes[1, 1].plot(ks, by_k[name], style, ms=3, color=COLOURS[name], label=name)
axes[1, 1].set(xscale="log", xlabel="number of neighbours k", ylabel="AUC", ylim=(None, 1.01))
axes[1, 1].set_xticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
axes[1, 1].minorticks_off()
axes[1, 1].legend()
show(
    fig,
    label="fig-roc",
    caption="Left: the anomaly scores of the normal and of the anomalous test images by both methods. Right: their ROC curves, and the area under the curve by the number of neighbours, beside an untrained CNN's features.",
    interactive=explore_roc({name: curves[name] for name in RUNS}),
    place="auto",
)

# %%
images = torch.cat([data.test.images, mnist.images])
labels = [
    *(short_name(data.test.classes[c]) for c in data.test.labels),
    *(f"“{d}”" for d in mnist.labels.tolist()),
]
all_scores = {name: torch.cat([normal[name][:, K - 1], anomalous[name][:, K - 1]]) for name in RUNS}
top = {name: scores.topk(7).indices for name, scores in all_scores.items()}
top_normal = {name: normal[name][:, K - 1].topk(7).indices for name in RUNS}
# The training images that digits have for neighbours, by how often.
counts = {
    name: nearest(spaces[name][2], spaces[name][0], K).indices.flatten().bincount(minlength=len(data.train))
    for name in RUNS
}
hubs = {name: counts[name].topk(7).indices for name in RUNS}
shares = {name: counts[name] / counts[name].sum() for name in RUNS}
train_names = [short_name(data.train.classes[c]) for c in data.train.labels]
rows = [torch.cat([images[top[name]], images[top_normal[name]]]) for name in RUNS]
rows.append(torch.cat([data.train.images[hubs[name]] for name in RUNS]))
captions = [
    [f"{labels[i]}\n{all_scores[name][i]:.1f}" for i in [*top[name].tolist(), *top_normal[name].tolist()]]
    for name in RUNS
]
captions.append([f"{train_names[i]}\n{shares[name][i]:.0%}" for name in RUNS for i in hubs[name].tolist()])
fig, ax = plt.subplots(figsize=(6.46, 2.9))
show_images(
    ax,
    torch.stack(rows),
    row_labels=["VICReg", "without", "neighbours\nof digits"],
    captions=captions,
    gaps=[7],
    caption_height=38,
)
show(
    fig,
    label="fig-anomalies",
    caption="First two rows: the seven most anomalous images by each method with their scores, among all {{ n_all:,}} test images (left; digits in quotation marks) and among CIFAR-10's alone (right). Last row: the training images that are most often one of a digit's two nearest, with their share of all neighbours, for VICReg (left) and without generated neighbours (right).",
    place="auto",
)

# %%
def named(places):
    """What images are, with how many of each: "six “1” and one deer"."""
    counted = Counter(labels[i] for i in places.tolist()).most_common()
    return " and ".join(f"{NUMBERS[count]} {label}" for label, count in counted)


NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven")
by_digit = {
    name: torch.stack([anomalous[name][mnist.labels == d, K - 1].mean() for d in range(10)]) for name in RUNS
}
record(
    n_all=len(images),
    n_digits=len(mnist),
    n_train=len(data.train),
    auc=curves[VICREG].auc,
    auc_without=curves[WITHOUT].auc,
    auc_untrained=curves[UNTRAINED].auc,
    auc_most=by_k[VICREG][-1],
    auc_without_most=by_k[WITHOUT][-1],
    auc_untrained_most=by_k[UNTRAINED][-1],
    misses=(anomalous[VICREG][:, K - 1] < normal[VICREG][:, K - 1].median()).float().mean(),
    misses_without=(anomalous[WITHOUT][:, K - 1] < normal[WITHOUT][:, K - 1].median()).float().mean(),
    top_named=named(top[VICREG]),
    top_named_without=named(top[WITHOUT]),
    oddest=int(by_digit[VICREG].argmax()),
    mildest=int(by_digit[VICREG].argmin()),
    oddest_without=int(by_digit[WITHOUT].argmax()),
    mildest_without=int(by_digit[WITHOUT].argmin()),
)
apart = {name: (y[0] - y[0].roll(1, 0)).norm(dim=1).mean() for name, y in spaces.items()}
relative = {
    name: [scores[name][:, K - 1].median() / apart[name] for scores in (normal, anomalous)] for name in RUNS
}
top_10 = {name: shares[name].topk(10).values.sum() for name in RUNS}
record(
    hubs=(counts[VICREG] > 0).sum(),
    hubs_without=(counts[WITHOUT] > 0).sum(),
    top_10=top_10[VICREG],
    top_10_without=top_10[WITHOUT],
    normal_relative=relative[VICREG][0],
    anomalous_relative=relative[VICREG][1],
    normal_relative_without=relative[WITHOUT][0],
    anomalous_relative_without=relative[WITHOUT][1],
)
# How the hundred oddest photographs look among all: the share of photographs with a smaller value.
ODDEST = min(100, len(data.test))
odd = {name: normal[name][:, K - 1].topk(ODDEST).indices for name in RUNS}
looks = {"contrast": contrast, "saturation": saturation, "brightness": brightness}
of_all = {what: measure(data.test.images) for what, measure in looks.items()}
odd_rank = {(name, what): share_below(v[odd[name]], v).mean() for name in RUNS for what, v in of_all.items()}
seven_rank = {name: share_below(of_all["contrast"][top_normal[name]], of_all["contrast"]).mean() for name in RUNS}
# Training images that are neighbours of digits: bright in the middle, dark around?
digit_like = counts[VICREG].topk(10).indices, counts[WITHOUT].topk(10).indices
centre, border = centre_and_border(data.train.images)
record(
    n_oddest=ODDEST,
    **{f"odd_{what}{'' if name == VICREG else '_without'}": r for (name, what), r in odd_rank.items()},
    seven_contrast=seven_rank[VICREG],
    seven_contrast_without=seven_rank[WITHOUT],
    hub_centre=centre[digit_like[0]].mean(),
    hub_border=border[digit_like[0]].mean(),
    hub_centre_without=centre[digit_like[1]].mean(),
    hub_border_without=border[digit_like[1]].mean(),
    all_centre=centre.mean(),
    all_border=border.mean(),
)
for found in digit_like:
    assert border[found].mean() < 0.5 * border.mean(), "the text says that they are dark around"
    assert centre[found].mean() > 1.5 * border[found].mean(), "the text says that they are brighter in the middle"
assert odd_rank[WITHOUT, "contrast"] > max(0.6, odd_rank[VICREG, "contrast"] + 0.05), "the text's contrast"
assert all(abs(odd_rank[VICREG, what] - 0.5) < 0.25 for what in looks), "the text says that VICReg's are of no one tone"
at_100 = {name: found[-1] for name, found in by_k.items()}
assert curves[WITHOUT].auc > curves[UNTRAINED].auc > curves[VICREG].auc, "the text's order at k = 2"
assert at_100[VICREG] > curves[VICREG].auc + 0.05 and at_100[WITHOUT] > at_100[VICREG], "and at k = 100"
assert min(top_10.values()) > 0.6, "the text says that ten images make up most neighbours"
assert relative[WITHOUT][0] < relative[VICREG][0] and relative[WITHOUT][1] > relative[VICREG][1]

# %% [markdown]
# **Which is better?** By the AUC the model without generated neighbours, **{{ auc_without:.3f}}** against VICReg's **{{ auc:.3f}}** ([@fig-roc]), although its probe is the worse one ([@sec-q6]). A reason is that its training made small just what the score measures. It pulled images to their *neighbours*, so a photograph's two nearest lie at {{ normal_relative_without:.2f}} of the distance between two random photographs, in VICReg, which pulls an image to its own views only, at {{ normal_relative:.2f}}; a digit's at {{ anomalous_relative_without:.2f}} and {{ anomalous_relative:.2f}}. And it kept brightness and colour, of which digits have the extreme, where VICReg learned to ignore them. Even the features of an untrained CNN reach {{ auc_untrained:.3f}}. What makes classes readable and what keeps digits far from photographs are not the same.
#
# **The number of neighbours** explains most of VICReg's loss ([@fig-roc], bottom right). With $k = 100$ its AUC is {{ auc_most:.3f}}, the other's {{ auc_without_most:.4f}}, the untrained CNN's {{ auc_untrained_most:.3f}}. All {{ n_digits:,}} digits find their two nearest among only {{ hubs}} of {{ n_train:,}} training images, and ten of these are {{ top_10:.0%}} of all neighbours found. They look like digits ([@fig-anomalies], last row): their inner part has a mean brightness of {{ hub_centre:.0f}} and their border of {{ hub_border:.0f}}, where all training images have {{ all_centre:.0f}} and {{ all_border:.0f}}. These few lie near every digit but not near each other's crowd, so two neighbours are easily found and a hundred are not. Density by $k = 2$ takes a handful of odd photographs for a populated region.
#
# **What is found anomalous.** The seven most anomalous of all {{ n_all:,}} images ([@fig-anomalies], left) are {{ top_named}} for VICReg and {{ top_named_without}} for the other. Among the photographs alone (right) the two differ. The other's oddest are odd in tone: the seven shown have more contrast than {{ seven_contrast_without:.0%}} of all test photographs on average, its {{ n_oddest}} oddest more than {{ odd_contrast_without:.0%}}. VICReg's oddest are ordinary in this: {{ seven_contrast:.0%}} for the seven and {{ odd_contrast:.0%}} for the {{ n_oddest}}, and {{ odd_saturation:.0%}} in saturation and {{ odd_brightness:.0%}} in brightness, where 50% is the median. So what makes them odd is none of these. No one told either that only digits would count. For "unlike the other photographs" both give correct answers, which the AUC books as errors; whoever looks for foreign kinds of pictures is better served by the second, whoever looks for unusual scenes may prefer the first.
