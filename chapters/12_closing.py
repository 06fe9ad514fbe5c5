# %% [markdown]
# # Difficulties, and what worked {#sec-difficulties}

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.

# %% [markdown]
# **One epoch, or as many as VICReg.** After its single epoch the model of [@sec-q6] suggested that generated neighbours are worth {{ 06_no_generated_neighbors.short_difference:.0f}} points of the probe. Trained as long as VICReg, it puts them at {{ 06_no_generated_neighbors.long_difference:.0f}} or fewer. Its surplus of colour and its high silhouette were gone too; we had explained them by the missing views. A second run of VICReg then differed from the first by {{ 09_anomaly_detection.apart:.2f}} in the AUC at $k = 2$, so smaller differences, which we had explained as well, prove nothing.
#
# **A code is not a network.** Our first latent codes were trained as the encoder was, with Adam's momentum and weight decay. Both move every code in every step, and after ten epochs the codes had learned little. With an optimiser of their own they converge, and the answer to [@sec-q5] changed with them.
#
# **Random augmentation for whole batches.** Drawing one set of parameters a batch is easy and wrong. Crop, resize and flip are linear, so here they are two small matrices per image, and every operation agrees with torchvision's on the same parameters to $10^{-4}$.
#
# **Runs stop.** An epoch's random draws depend on the seed and the epoch alone, so a run that goes on from a full checkpoint ends in the same weights, bit for bit. Where a checkpoint is lost, as halfway through [@sec-q1]'s run, training goes on from the 16-bit weights with a fresh optimizer, and the weights file says so.


# %% [markdown]
# # Automatic tools {#sec-tools}
# All code and text of this project were written with an AI coding assistant, from the exercise and a written specification of what the software should do. The note in every module and chapter points here.
#
# *Which parts, and how.* **The method** (`vicreg/`): the assistant wrote images, views, network, loss, training and downstream tasks from the exercise's equations and lists, and held each to an independent reference in a test. **The chapters** (`chapters/`): it wrote the measurements, looked at the figures, and then wrote the text and the assertions that guard it. **The example files, the builder** (`reporting/`) **and the tests** are its work too.
#
# *Where it helped most:* in what is laborious rather than deep, such as the batched augmentation, the report builder and the tests. *Where it was least to be trusted:* where a mistake still gives plausible curves, and in explanations: experiments refuted several of earlier versions. Loss, augmentation, neighbours, scores and resuming are therefore held to literal loops, to torchvision, to scikit-learn or to brute force.
#
# *Libraries.* The method's code imports only what the exercise allows. papermill, jupytext, nbconvert, pandoc and typst only run and typeset this report.
