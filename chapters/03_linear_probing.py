# %% [markdown]
# # Q3. Linear probing {#sec-q3}
# How much class information can a single linear layer read off the frozen representations? The layer is trained on the training set's representations with SGD (momentum 0.9, batches of 500, 10,000 steps, learning rate annealed from 0.1 to zero) and cross-entropy, and tested once on the test set. The representations are standardised by the training set's mean and deviation, which changes nothing in what the layer can express but lets it converge: reports of 60 to 63% for encoders that hold more come from probes stopped early. Three seeds of the probe show how little is left to chance.

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import matplotlib.pyplot as plt
import torch

from reporting import depends, record, show
from vicreg.data import load_cifar10
from vicreg.downstream.probe import linear_probe
from vicreg.plots.figures import CLASS_COLOURS, plot_confusion
from vicreg.representations import representations
from vicreg.weights import load_run, weights_file

run = load_run("vicreg")
data = load_cifar10()
depends(weights_file("vicreg"))
depends("CIFAR-10", fingerprint=data.fingerprint, copy=data.train.name)
train_y, test_y = representations(run, data.train), representations(run, data.test)

# %%
SEEDS = (0, 1, 2)
probes = [
    linear_probe(train_y, data.train.labels, test_y, data.test.labels, seed=seed) for seed in SEEDS
]
accuracies = torch.tensor([probe.accuracy for probe in probes])
probe = probes[0]

# %%
classes = data.test.classes
fig, (bars, table) = plt.subplots(1, 2, figsize=(6.46, 2.9), width_ratios=[1, 1.35])
bars.barh(range(10), 100 * probe.class_accuracy, color=CLASS_COLOURS)
bars.axvline(100 * probe.accuracy, color="black", lw=0.8, ls="--")
bars.set_yticks(range(10), classes)
bars.invert_yaxis()
bars.set(xlabel="accuracy (%)", xlim=(0, 100))
plot_confusion(table, data.test.labels, probe.predictions, classes)
show(
    fig,
    label="fig-probe",
    caption="The linear probe on the test set. Left: the accuracy of each class, the dashed line their mean. Right: which class is taken for which, in percent of the true class.",
    place="auto",
)

# %%
order = probe.class_accuracy.argsort(descending=True).tolist()
wrong = probe.predictions != data.test.labels
pairs = (data.test.labels * 10 + probe.predictions)[wrong].bincount(minlength=100).view(10, 10)
mutual = (pairs + pairs.T).triu(1)
a, b = divmod(int(mutual.argmax()), 10)
record(
    epochs=run.experiment.epochs,
    accuracy=accuracies.mean(),
    spread=accuracies.std(),
    train_accuracy=probe.train_accuracy,
    best=classes[order[0]],
    best_accuracy=probe.class_accuracy[order[0]],
    worst=classes[order[-1]],
    worst_accuracy=probe.class_accuracy[order[-1]],
    confused=f"{classes[a]} and {classes[b]}",
    confused_share=mutual.max() / wrong.sum(),
)
assert run.experiment.epochs >= 10, "the exercise asks for ten epochs or more"
assert accuracies.mean() > 0.6, "the text says that the probe is above 60%"
assert probe.train_accuracy - probe.accuracy < 0.05, "the text calls the gap small"

# %% [markdown]
# **Answer.** After {{ epochs}} epochs the probe reaches **{{ accuracy:.1%}}** on the test set (mean of three seeds, deviation {{ spread:.2%}}), above the 60% that the exercise asks for. On the training set it reaches {{ train_accuracy:.1%}}: with so small a gap the layer has not overfitted, and what is missing is missing from the representation, at least linearly. [@fig-probe] shows where: {{ best}} is recognised best ({{ best_accuracy:.0%}}), {{ worst}} worst ({{ worst_accuracy:.0%}}), and the pair most often taken for each other is {{ confused}}, with {{ confused_share:.0%}} of all errors; on the map of [@sec-q2] the most entangled pair is {{ 02_visualization.entangled_1}}. For comparison, the authors of EMP-SSL [@tong2023] report 40.6, 69.7 and 78.1% for VICReg with a ResNet-18 on CIFAR-10 after 1, 10 and 30 epochs, with a larger head and another optimiser.
