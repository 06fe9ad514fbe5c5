# %% [markdown]
# # Difficulties, and what worked {#sec-difficulties}
# **One epoch, or as many as VICReg.** After its single epoch the model of [@sec-q6] suggested that generated neighbours are worth {{ 06_no_generated_neighbors.short_difference:.0f}} points of the probe. After as many epochs as VICReg's it suggested about {{ 06_no_generated_neighbors.long_difference:.0f}}, and its surplus of colour and its high silhouette were gone too. We had explained all three by the missing views. Then two runs of VICReg differed in their AUC at $k = 2$ far more than VICReg and the long model: one run proves little.
#
# **A code is not a network.** Our first latent codes were trained as the encoder was, with Adam's momentum and weight decay. Both move every code in every step, and after ten epochs the loss had hardly fallen. The codes got an optimiser of their own and {{ 05_latent_optimization.epochs }} epochs, and the answer to [@sec-q5] changed with them.
#
# **Interrupted runs.** An epoch's random draws depend on the seed and the epoch alone, so a run resumed from a full checkpoint ends in the same weights, bit for bit. Where a checkpoint is lost, as halfway through [@sec-q1]'s run, training goes on from the 16-bit weights with a fresh optimiser, and the weights file says so ([@tbl-runs]). We did not isolate what the restart, the precision, the versions of torch and the lossy images do to the figures.

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import re

import pandas as pd
from _pretraining import in_words, measured_rows, other_runs

from reporting import depends, table
from vicreg.weights import load_run, weights_file

SHIPPED = {
    "vicreg": "Q1: VICReg",
    "no_variance": "Q4: no variance term",
    "latent_optimization": "Q5: codes, by views",
    "latent_optimization_plain": "Q5: codes, by plain images",
    "no_generated_neighbors": "Q6: short model",
    "no_generated_neighbors_long": "Q6: long model",
}
for name in SHIPPED:
    depends(weights_file(name))
runs = {name: load_run(name) for name in SHIPPED}
measured = measured_rows()
AGAIN = {name: other_runs(measured, name) for name in ("vicreg", "no_generated_neighbors")}  # measured, but not shipped
again = [rows[0] for rows in AGAIN.values()]
for told, rows in zip(again, AGAIN.values(), strict=True):
    for key in ("trained_on", "trained_by"):
        assert {row[key] for row in rows} == {told[key]}, "the table has one row for all of them"
images = [*(run.provenance.data_name for run in runs.values()), *(told["trained_on"] for told in again)]


def in_short(told):
    """Where and how a run was trained, such as "AMD EPYC, bf16", and how many parts it has."""
    devices = re.findall(r" on (?:CPU \()?(.+?)(?:, \d+ threads\))? in (\w+),", told)
    parts = f", in {len(devices)} parts" if len(devices) > 1 else ""
    return "; ".join(dict.fromkeys(", ".join(device) for device in devices)) + parts


legs = [(leg.epochs, leg.optimizer) for leg in runs["vicreg"].provenance.legs]
assert len(legs) == 2 and legs[0][0] == legs[1][0] and legs[1][1] == "fresh", "the text says that Q1's run was restarted halfway"
table(
    pd.DataFrame(
        {
            "run": [*SHIPPED.values(), *(f"{SHIPPED[name].partition(':')[0]} anew" for name in AGAIN)],
            "seed": [*(str(run.experiment.seed) for run in runs.values()), *(in_words((row["seed"] for row in rows), "{}") for rows in AGAIN.values())],
            "images": [name.partition(",")[0] for name in images],
            "epochs": [run.experiment.epochs for run in (*runs.values(), *(runs[name] for name in AGAIN))],
            "trained on": [*(in_short(run.provenance.in_words()) for run in runs.values()), *(in_short(told["trained_by"]) for told in again)],
            "minutes": [*(run.provenance.seconds / 60 for run in runs.values()), *(None for _ in again)],
        }
    ),
    label="tbl-runs",
    caption="The runs behind Q1 to Q8 and, below, VICReg and the short model trained anew (time not recorded). The one-epoch runs of sec. [@sec-pretraining] were trained like the latter. The JPEG mirror holds CIFAR-10's images after lossy compression. *bf16* and *float32* are the arithmetic, of 16 and 32 bits.",
    formats={"minutes": "{:.0f}"},
)

# %% [markdown]
# # Automatic tools {#sec-tools}
# All code and text of this project were written with an AI coding assistant, from the exercise and a written specification. The note in every module and chapter points here.
#
# *Which parts, and how.* **The method** (`vicreg/`): the assistant wrote images, views, network, loss, training and downstream tasks from the exercise's equations and lists, and held each to an independent reference in a test. **The chapters** (`chapters/`): it wrote the measurements, looked at the figures, and then wrote the text and the assertions that guard it. **The example files, the builder** (`reporting/`) **and the tests** are its work too.
#
# *Where it helped most:* in what is laborious rather than deep, such as the batched augmentation, the report builder and the tests. *Where it was least to be trusted:* where a mistake still gives plausible curves, and in explanations: experiments refuted several that earlier versions gave. Loss, augmentation, neighbours, scores and resuming are therefore held to literal loops, to torchvision, to scikit-learn or to brute force.
#
# *Libraries.* The method's code imports only what the exercise allows. papermill, jupytext, nbconvert, pandoc and typst only run and typeset this report.
