# %% [markdown]
# # Sec. 4.2.1. Anomaly detection {#sec-anomaly}
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
    normal_mean=normal.mean(),
    anomalous_mean=anomalous.mean(),
    mnist_in_top_7=sum(label.startswith("MNIST") for label in (labels[i] for i in top.tolist())),
    misses=(anomalous < normal.median()).float().mean(),
)
