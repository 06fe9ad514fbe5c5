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
import matplotlib.pyplot as plt
import torch

from reporting import depends, record, show
from vicreg.anomaly import anomaly_scores, roc
from vicreg.data import load_cifar10, load_mnist_test
from vicreg.figures import plot_roc, plot_score_histogram, short_name, show_images
from vicreg.representations import representations
from vicreg.weights import load_run, weights_file

run = load_run("vicreg")
data, mnist = load_cifar10(), load_mnist_test()
depends(weights_file("vicreg"))
depends(data.train.name, fingerprint=data.fingerprint)
depends("MNIST test", fingerprint=mnist.fingerprint)

# %%
K = 2
train_y = representations(run, data.train)
normal = anomaly_scores(representations(run, data.test), train_y, K)
anomalous = anomaly_scores(representations(run, mnist), train_y, K)
curve = roc(normal, anomalous)

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(6.46, 2.8), width_ratios=[1.25, 1])
plot_score_histogram(left, {"CIFAR-10 test (normal)": normal, "MNIST test (anomalous)": anomalous})
left.legend()
plot_roc(right, curve, "VICReg", color="C0")
right.plot([0, 1], [0, 1], ":", color="0.6", label="chance, AUC 0.500")
right.legend(loc="lower right")
show(
    fig,
    label="fig-roc",
    caption="Left: the anomaly scores of the normal and of the anomalous test images. Right: the ROC curve over all thresholds.",
)

# %%
images = torch.cat([data.test.images, mnist.images])
labels = [
    *(short_name(data.test.classes[c]) for c in data.test.labels),
    *(f"MNIST {d}" for d in mnist.labels.tolist()),
]
scores = torch.cat([normal, anomalous])
by_digit = torch.stack([anomalous[mnist.labels == digit].mean() for digit in range(10)])
top = scores.topk(7).indices
top_normal = normal.topk(7).indices
shown = torch.stack([top, top_normal])
fig, ax = plt.subplots(figsize=(6.46, 2.0))
show_images(
    ax,
    images[shown],
    row_labels=["of all test\nimages", "of CIFAR-10\nalone"],
    captions=[[f"{labels[i]}\n{scores[i]:.2f}" for i in row] for row in shown.tolist()],
    caption_height=20,
)
show(
    fig,
    label="fig-anomalies",
    caption="The seven most anomalous images with their scores: among all {{ n_all:,}} test images (top), and among CIFAR-10's alone (bottom).",
)
record(
    auc=curve.auc,
    n_all=len(images),
    misses=(anomalous < normal.median()).float().mean(),
    normal_median=normal.median(),
    anomalous_median=anomalous.median(),
    top_digits=", ".join(sorted({labels[i].removeprefix("MNIST ") for i in top})),
    oddest=int(by_digit.argmax()),
    oddest_mean=by_digit.max(),
    mildest=int(by_digit.argmin()),
    mildest_mean=by_digit.min(),
)
assert all(i >= len(normal) for i in top), "the text says that all seven are digits"
assert curve.auc > 0.85, "the text says that digits are told from photographs well"

# %% [markdown]
# **Result.** The AUC is **{{ auc:.3f}}** ([@fig-roc]): a random digit has a higher score than a random photograph in {{ auc:.0%}} of the cases, although the encoder was trained for something else and no digit was ever shown. The distributions overlap in the middle; {{ misses:.1%}} of the digits are less anomalous than the median photograph. The median scores are {{ normal_median:.2f}} and {{ anomalous_median:.2f}}.
#
# **What is found anomalous.** The seven most anomalous of all {{ n_all:,}} images ([@fig-anomalies]) are all digits ({{ top_digits}}): smooth white strokes on pure black, like nothing in the training set. On average {{ oddest}}s score highest ({{ oddest_mean:.2f}}) and {{ mildest}}s lowest ({{ mildest_mean:.2f}}). Among the photographs the most anomalous are not the oddest objects but the oddest pictures: a tiny deer on a bare plain, a black cat of which little but the eyes is lit, a white stripe of a ship in deep blue, a white car on black, a ship as bright as a flame. What is rare is the light and the layout, as with the digits. No one told it that only digits would count as anomalies: for "unlike the other photographs" these are correct answers, and the AUC books them as errors.
