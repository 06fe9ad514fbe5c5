# %% [markdown]
# # Epochs, seeds and loss weights {#sec-pretraining}
# **The probe rises in every epoch and agrees between runs. The AUC at $k = 2$ does neither.** Beyond the exercise, we trained VICReg once more with {{ seeds}}, and measured seed 1 after every epoch. (Seed 0 got a fresh optimizer halfway, [@tbl-runs], so it differs in more than the seed.) Then we trained it for one epoch with one weight of the loss halved or doubled.

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import matplotlib.pyplot as plt
import pandas as pd
from _pretraining import after_epoch, in_words, measured_rows, other_runs, other_seed_by_epoch

from reporting import record, show, table
from vicreg.plots.figures import MODEL_COLOURS

rows = measured_rows()
curve = other_seed_by_epoch(rows)
others = other_runs(rows)
at = [row["epochs"] for row in curve]
first_seed, first, last = rows["vicreg"], curve[0], curve[-1]

# %%
# VICReg after one epoch, by which weight of the loss was multiplied by what.
weighted = {"the exercise's": rows[after_epoch(1)]} | {
    f"{sign} {letter}": rows[f"vicreg_{factor}_{name}_seed1_epoch1"]
    for letter, name in (("λ", "lambda"), ("μ", "mu"), ("ν", "nu"))
    for sign, factor in (("½", "half"), ("2", "double"))
}

# %%
DARK, MIDDLE, LIGHT = MODEL_COLOURS
fig, (left, right) = plt.subplots(1, 2, figsize=(6.46, 1.9))


def draw(ax, key, label, colour, style, factor=1):
    """A figure after every epoch of seed 1, and an open circle for each other run after the last."""
    ax.plot(at, [factor * row[key] for row in curve], style, marker=".", color=colour, label=label)
    for row in (first_seed, *others):
        if row is not last:
            ax.plot(row["epochs"], factor * row[key], "o", mfc="white", color=colour, ms=6, zorder=3)


draw(left, "probe_mean", "probe", DARK, "-", 100)
draw(left, "same_class_neighbours", "5 nearest of the same class", MIDDLE, "--", 100)
draw(right, "auc_k100", "k = 100", LIGHT, "-.")
draw(right, "auc_k2_without_hubs", "k = 2, no hubs", MIDDLE, "--")
draw(right, "auc_k2", "k = 2", DARK, "-")
left.set(ylabel="images (%)", ylim=(20, None))
right.set(ylabel="AUC", ylim=(0.7, None))
for ax, place in ((left, "lower right"), (right, "lower left")):
    ax.set(xlabel="epochs")
    ax.set_xticks(at)
    ax.legend(loc=place)
show(
    fig,
    label="fig-epochs",
    caption="VICReg with seed 1 after every epoch; circles: other seeds, seed 0 being that of all other sections. Left: the probe of [@sec-q3], and how many of an image's five nearest are of its class. Right: the AUC of sec. [@sec-anomaly].",
    place="auto",
)

# %%
table(
    pd.DataFrame(
        {
            "weights": list(weighted),
            "probe": [row["probe_mean"] for row in weighted.values()],
            "invariance": [row["test_invariance"] for row in weighted.values()],
            "variance": [row["test_variance"] for row in weighted.values()],
            "covariance": [row["test_covariance"] for row in weighted.values()],
            "AUC, k = 2": [row["auc_k2"] for row in weighted.values()],
        }
    ),
    label="tbl-weights",
    caption="VICReg after one epoch (seed 1, one run each) with one weight of the loss halved or doubled: the probe, the unweighted objectives on the test set, and the AUC.",
    formats={"probe": "{:.1%}", "invariance": "{:.2f}", "variance": "{:.2f}", "covariance": "{:.1f}", "AUC, k = 2": "{:.2f}"},
)

# %%
before = curve[-2]
runs = [first_seed, *others]


def of_runs(key):
    """A figure's lowest and highest value over the runs of VICReg."""
    return min(row[key] for row in runs), max(row[key] for row in runs)


def points(name):
    """How many points of the probe a weighting gains over the exercise's."""
    return 100 * (weighted[name]["probe_mean"] - first["probe_mean"])


low, high = of_runs("probe_mean")
record(
    seeds=("seed " if len(others) == 1 else "seeds ") + in_words([row["seed"] for row in others], "{}"),
    probe_first=first["probe_mean"],
    probe=last["probe_mean"],
    probes=in_words([row["probe_mean"] for row in runs if row is not last], "{:.1%}"),
    gain=100 * (last["probe_mean"] - before["probe_mean"]),
    **{f"auc_{end}": value for end, value in zip(("low", "high"), of_runs("auc_k2"), strict=True)},
    **{f"most_{end}": value for end, value in zip(("low", "high"), of_runs("auc_k100"), strict=True)},
    **{f"without_{end}": value for end, value in zip(("low", "high"), of_runs("auc_k2_without_hubs"), strict=True)},
    spread=100 * (high - low),
    double_lambda=-points("2 λ"),
    half_mu=-points("½ μ"),
    half_nu=-points("½ ν"),
    double_nu=points("2 ν"),
    half_lambda=points("½ λ"),
    double_mu=points("2 μ"),
)
assert at == list(range(1, first_seed["epochs"] + 1)), "measure every epoch of seed 1: python benchmarks/pretraining.py measure"
probes = [row["probe_mean"] for row in curve]
assert probes == sorted(probes), "the text says that the probe rises in every epoch"
assert high - low < 0.02, "the text says that runs agree by the probe"
assert of_runs("auc_k2")[1] - of_runs("auc_k2")[0] > 0.1, "the text says that runs disagree by the AUC"
for key in ("auc_k100", "auc_k2_without_hubs"):
    assert of_runs(key)[1] - of_runs(key)[0] < 0.03, "the text says that they are nearer without hubs and by many neighbours"
assert points("2 λ") < points("½ μ") < -1.5 and points("½ ν") < -0.8 and points("2 ν") > 1, "the text's order of the weights"
assert max(abs(points("½ λ")), abs(points("2 μ"))) < 0.6, "the text says which weights change nothing"
invariance, variance, covariance = ({name: row[f"test_{of}"] for name, row in weighted.items()} for of in ("invariance", "variance", "covariance"))
assert max(invariance["2 λ"], invariance["½ μ"]) < 0.5 * first["test_invariance"] and min(variance["2 λ"], variance["½ μ"]) > 1.3 * first["test_variance"], "the text says what both do"
assert covariance["2 ν"] == min(covariance[name] for name in ("the exercise's", "½ ν", "2 ν")), "the text says that covariance follows its weight"

# %% [markdown]
# **Epochs and seeds.** The probe rises from {{ probe_first:.1%}} after the first epoch to {{ probe:.1%}} and has not levelled off: the last epoch still brings {{ gain:.1f}} points ([@fig-epochs]). The other runs end at {{ probes}}. The AUC at $k = 2$ has no trend over the epochs, and the runs end anywhere from {{ auc_low:.3f}} to {{ auc_high:.3f}}. Without each one's ten hubs they lie between {{ without_low:.3f}} and {{ without_high:.3f}}, and at $k = 100$ between {{ most_low:.3f}} and {{ most_high:.3f}}. So measures that count many images agree better between runs than the AUC by two neighbours does.
#
# **Weights of the loss** ([@tbl-weights]). Runs of the same length differed by {{ spread:.1f}} points above, so only larger differences can say something. Twice $\lambda$ costs {{ double_lambda:.1f}} points and half of $\mu$ {{ half_mu:.1f}}. Both give invariance twice its weight against variance, and both end with views close together and little spread. Half of $\nu$ costs {{ half_nu:.1f}} points and twice $\nu$ brings {{ double_nu:.1f}}; the covariance follows. Half of $\lambda$ ({{ half_lambda:+.1f}}) and twice $\mu$ ({{ double_mu:+.1f}}) change nothing that we could tell. Whether this lasts over more epochs was not tried.
