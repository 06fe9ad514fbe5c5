# %% [markdown]
# # Difficulties, and what worked {#sec-difficulties}

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.

# %% [markdown]
# **One epoch, or as many as VICReg.** After its single epoch the model of [@sec-q6] suggested that generated neighbours are worth {{ 06_no_generated_neighbors.short_difference:.0f}} points of the probe. Trained as long as VICReg, it puts them at {{ 06_no_generated_neighbors.long_difference:.0f}}. Its surplus of colour, its AUC at $k = 2$ and its high silhouette were gone too. We had first explained all of them by the missing views. Only a run of equal length told views from training time.
#
# **A code is not a network.** Our first latent codes were trained as the encoder was, with Adam's momentum and weight decay. Both move every code in every step, and ten epochs left the codes nearly where they began. With an optimiser of their own they converge, and the answer to [@sec-q5] changed with them.
#
# **The loss as printed and as published.** The exercise prints $\epsilon$ outside the root, the authors' code halves the variance term, and Eq. 6 of the exercise does neither. A test holds our loss and its gradients to a literal loop over the equations in double precision.
#
# **Random augmentation for whole batches.** Drawing one set of parameters a batch is easy and wrong. Crop, resize and flip are linear, so here they are two small matrices per image, and every operation agrees with torchvision's on the same parameters to $10^{-4}$.
#
# **Training without a GPU.** On two CPU cores bf16 and a channels-last layout decide the speed. Runs stop. An epoch's random draws depend on the seed and the epoch alone, so a run that goes on from a checkpoint ends in the same weights, bit for bit. Where a checkpoint is lost, training goes on from the 16-bit weights with a fresh optimizer, and the weights file says so.
#
# **Rankings by ten pictures, or by one number.** Ten rows of neighbours gave VICReg and the short model {{ 08_retrieval.near_same}} and {{ 08_retrieval.near_same_short}} right of 50. Counted over all images it is {{ 08_retrieval.agreement:.0%}} and {{ 08_retrieval.agreement_short:.0%}}. In the same way $k = 2$ alone would have made VICReg a poor detector of digits, where $k = {{ 09_anomaly_detection.k_most}}$ gives it an AUC of {{ 09_anomaly_detection.auc_most:.3f}}.

# %% [markdown]
# # Automatic tools {#sec-tools}
# All code and text of this project were written with an AI coding assistant. Its instructions were the exercise and a written specification of what the software should do. The note in every module and chapter points here.
#
# *Which parts, and how.* **The method** (`vicreg/`: images, views, network, loss, training and what is done with representations): the assistant wrote each function from the exercise's equations and lists, and held it to an independent reference in a test. **The chapters** (`chapters/`): it wrote the measurements, looked at the figures, and then wrote the text and the assertions that guard it. **The two example files** call the same functions. **The report builder** (`reporting/`) and the tests were its work as well.
#
# *Where it helped most:* in what is laborious rather than deep, such as vectorising the augmentation, surviving faults in training and files, the report builder, and tests. *Where it was least to be trusted:* where a mistake still gives plausible curves, and in explanations. Loss, augmentation, neighbours, scores and resuming are therefore held to literal loops, to torchvision, to scikit-learn or to brute force. Several explanations of an earlier version were refuted by experiments and are gone.
#
# *Libraries.* The method's code imports only what the exercise allows. papermill, jupytext, nbconvert, pandoc and typst run and typeset this report, and do nothing else.
