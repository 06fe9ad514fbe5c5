# %% [markdown]
# # Q1. Training VICReg {#sec-q1}
# **On the training batches the variance objective falls in every epoch; invariance and covariance rise with the spread that it forces.** VICReg [@bardes2022] learns an encoder $f$ without labels. Every image $I$ of a batch $B$ is augmented twice, $x = T(I)$ and $x' = T(I)$; the encoder gives representations $y = f(x)$, a projection head $h$ gives $z = h(y)$, and likewise $y'$ and $z'$. Three objectives act on the projections $Z, Z' \in \mathbb{R}^{|B| \times d}$:
#
# $$
# \begin{aligned}
# \mathcal{L}_{inv}(Z, Z') &= \frac{1}{|B|} \sum_{i=1}^{|B|} \mathrm{MSE}(z_i, z'_i), &
# \mathcal{L}_{var}(Z) &= \frac{1}{d} \sum_{j=1}^{d} \max\left(0, \gamma - \sigma_j\right), \\
# \sigma_j &= \sqrt{\mathrm{Var}(z_1^j, \dots, z_{|B|}^j) + \epsilon}, &
# \mathcal{L}_{cov}(Z) &= \frac{1}{d} \sum_{i \neq j} [C(Z)]_{i,j}^2,
# \end{aligned}
# $$ {#eq-objectives}
#
# with $C(Z)$ the unbiased covariance matrix, and the loss is
#
# $$
# \mathcal{L} = \lambda\, \mathcal{L}_{inv}(Z, Z') + \mu \left[ \mathcal{L}_{var}(Z) + \mathcal{L}_{var}(Z') \right] + \nu \left[ \mathcal{L}_{cov}(Z) + \mathcal{L}_{cov}(Z') \right].
# $$ {#eq-loss}
#
# The invariance term alone would accept a constant. The variance term forbids it, dimension by dimension. The covariance term keeps dimensions from being copies of each other. The exercise prints $\epsilon$ outside the root. Then the root's derivative at zero variance is infinite, and automatic differentiation returns NaN. We use the paper's form, with $\epsilon$ inside. The two differ by less than 1% wherever $\sigma_j$ is not itself tiny. As in the exercise, and unlike in the authors' public code, the variance term is not halved.

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import matplotlib.pyplot as plt
import pandas as pd
import torch

from reporting import depends, record, show, table
from vicreg.data import load_cifar10
from vicreg.downstream.batch_statistics import objectives_by_statistics
from vicreg.plots.figures import OBJECTIVES, plot_objective
from vicreg.plots.interactive import explore_objectives
from vicreg.weights import load_run, weights_file

run = load_run("vicreg")
data = load_cifar10()
depends(weights_file("vicreg"))
depends("CIFAR-10", fingerprint=data.fingerprint, copy=data.train.name)

# %%
experiment, provenance = run.experiment, run.provenance
epochs, steps, _ = run.history.train.shape
same_copy = provenance.data_fingerprint == data.fingerprint
original = "the original CIFAR-10" if data.train.name == "CIFAR-10" else data.train.name
measured_on = "on the same images" if same_copy else f"on {original}"
record(
    epochs=epochs,
    steps=steps,
    batch_size=experiment.batch_size,
    learning_rate=experiment.learning_rate,
    seed=experiment.seed,
    data_name=provenance.data_name,
    measured_on=measured_on,
    n_train=len(data.train),
)

# %% [markdown]
# **Setting.** The encoder is the exercise's ResNet-18 for small images (11.5 M parameters, 128 dimensions); the head maps to $d = 512$. We train on the {{ n_train:,}} training images of {{ data_name }} [@krizhevsky2009] for {{ epochs }} epochs of {{ steps }} batches, with Adam (learning rate {{ learning_rate:g}}, weight decay $10^{-6}$), $|B| = {{ batch_size }}$, $\lambda = \mu = 25$, $\nu = 1$, $\gamma = 1$, $\epsilon = 10^{-4}$ and seed {{ seed }}. The two views pass through the encoder one after the other, so each has its own batch statistics. All later sections measure {{ measured_on }}. [@tbl-runs] at the end lists what these runs were trained on, where, and for how long.
#
# After every epoch the same objectives are measured on the test set, in evaluation mode. They too use two random views, since without augmentation the invariance objective is zero by construction. The batches are of equal size, and shuffled so that none holds a single class, where variance and covariance would mean little.

# %%
fig, axes = plt.subplots(1, 3, figsize=(6.46, 1.95))
for ax, objective in zip(axes, OBJECTIVES, strict=True):
    plot_objective(ax, run.history, objective)
    ax.set_ylabel("")
axes[0].set_ylabel("value, unweighted")
axes[0].legend()
show(
    fig,
    label="fig-losses",
    caption="The three objectives at every training batch (faint; the line is the mean of 51 batches) and on the test set after every epoch. Variance and covariance are the sums over both branches.",
    interactive=explore_objectives(run.history),
    place="auto",
)

# %%
first, last = run.history.train[0].mean(0), run.history.train[-1].mean(0)
last_test = run.history.test[-1]
values = pd.DataFrame(
    {
        "objective": OBJECTIVES,
        "first epoch": first.tolist(),
        "last epoch": last.tolist(),
        "test set, last epoch": last_test.tolist(),
    }
)
table(
    values,
    label="tbl-losses",
    caption="Means of the unweighted objectives over an epoch's batches and over the test set.",
    formats={"first epoch": "{:.3f}", "last epoch": "{:.3f}", "test set, last epoch": "{:.3f}"},
)
batches = len(data.test) // min(experiment.batch_size, len(data.test))  # all that are whole
by_statistics = objectives_by_statistics(run, data.test.images, batches)
start = run.history.train[0, :10].mean(0)
weighted = last * last.new_tensor(
    [experiment.invariance_weight, experiment.variance_weight, experiment.covariance_weight]
)
share = weighted / weighted.sum()
grown = (1 - last[1] / 2) / (1 - first[1] / 2)  # of the mean deviation, from the variance objective
record(
    grown=grown,
    grown_2=grown**2,
    grown_4=grown**4,
    invariance_grown=last[0] / first[0],
    covariance_grown=last[2] / first[2],
    start_variance=start[1],
    last_variance=last[1],
    last_std=1 - last[1] / 2,
    last_covariance=last[2],
    test_covariance=last_test[2],
    batches=batches,
    own_covariance=by_statistics.own[2],
    running_covariance=by_statistics.running[2],
    invariance_share=share[0],
    variance_share=share[1],
    covariance_share=share[2],
)
trend = run.history.train.mean(1)  # (epochs, 3)
assert (trend[1:, 1] < trend[:-1, 1]).all(), "the text says that variance falls in every epoch"
assert first[0] < last[0] < grown**2 * first[0] and first[2] < last[2] < grown**4 * first[2], "the text says that the other two rise by less than the scale"
assert share[1] == share.max(), "the text says that variance is the largest part of the loss"
assert last_test[2] > last[2], "the text says that covariance is higher on the test set"
assert (last_test[:2] / last[:2] - 1).abs().max() < 0.3, "the text says that the curves stay close"
assert by_statistics.own[2] < 0.9 * by_statistics.running[2], "the text says that running averages raise it"
assert abs(by_statistics.own[2] / last[2] - 1) < 0.1, "the text says that with its own statistics a batch is as in training"
assert not same_copy, "the text says that two copies were measured"
z = torch.zeros(4, 1, requires_grad=True)
(z.var(dim=0).sqrt() + experiment.eps).sum().backward()
assert z.grad.isnan().all(), "the text says what autograd makes of the exercise's root"

# %% [markdown]
# **Reading.** *Variance* falls in every training epoch ([@fig-losses; @tbl-losses]), from {{ start_variance:.2f}} in the first ten batches to {{ last_variance:.2f}} in the last epoch. This is the sum over both branches, so a dimension of the projections has a standard deviation of about {{ last_std:.2f}} on average (more than 1 counted as 1). Variance is still the largest part of the weighted loss: {{ variance_share:.0%}}, with invariance at {{ invariance_share:.0%}} and covariance at {{ covariance_share:.0%}}.
#
# *Invariance* and *covariance* are low at the start, when all projections lie close together: a constant is perfectly invariant, and its covariance is zero. They rise as the variance term spreads the projections, but less than scale alone implies. From the first epoch to the last these standard deviations grow {{ grown:.2f}} times. That alone would multiply invariance by {{ grown_2:.1f}} and covariance by {{ grown_4:.1f}}; they grow {{ invariance_grown:.1f}} and {{ covariance_grown:.1f}} times. So relative to the spread, the views come closer and the dimensions become less correlated.
#
# On the test set, invariance and variance follow the training curves closely, so the objectives show no overfitting. Covariance is higher, {{ test_covariance:.1f}} against {{ last_covariance:.1f}}. Batch normalisation can cause such a gap: in training it normalises by the batch's own statistics, in evaluation by running averages. We measured all {{ batches }} test batches {{ measured_on }} in both ways, on the same views. With each batch's own statistics covariance is {{ own_covariance:.1f}}, as in training. With the running averages it is {{ running_covariance:.1f}}. (The table's {{ test_covariance:.1f}} is on {{ data_name }}, with other views.)
