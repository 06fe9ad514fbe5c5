# %%
# Written with an AI coding assistant; see the report's section on automatic tools.

# %% [markdown]
# # Difficulties, and what worked {#sec-difficulties}
# **The loss as printed and as published.** The exercise's $\epsilon$ outside the root gives an infinite gradient at zero variance, the authors' code halves the variance term, and Eq. 6 does neither; a test holds our loss and its gradients to a literal loop over the equations in double precision.
#
# **Measuring the objectives on the test set.** On evaluation images without augmentation the invariance term is zero by construction, and in the order of an image folder a batch holds one class, whose covariance says little. So the test curves use two random views, and shuffled batches of the training's size.
#
# **Random augmentation for whole batches.** Drawing one set of parameters a batch is easy and wrong. Crop, resize and flip are linear, so here they are two small matrices an image, and every operation agrees with torchvision's on the same parameters to $10^{-4}$; augmentation costs about 1% of a step on two cores.
#
# **Training without a GPU.** On two cores the step is bound by arithmetic: bf16, a channels-last layout and a C library told to keep freed memory more than doubled the speed of the plain float32 loop. Runs stop; since an epoch's random draws depend on the seed and the epoch alone, a run that goes on from a checkpoint ends in the same weights, bit for bit. Where a checkpoint is lost, training goes on from the 16-bit weights with a fresh optimizer, as it did here halfway: the draws are those of an uninterrupted run, the weights are not, and their file says so.
#
# The same setting of the C library had a price that only a look at the memory showed: the lookup of [@sec-q5] grew to 19 GB. Each batch's small result was kept amid the large blocks that the batch had freed, so the next batch's blocks no longer fitted there and took new memory. Results now have their place from the start, and a test measures what more images cost.
#
# The epoch of [@sec-q6] ran on a processor without bf16 arithmetic and took {{ 06_no_generated_neighbors.minutes:.0f}} minutes, where VICReg's epochs took {{ 01_training.minutes_an_epoch:.0f}}.
#
# **Rankings by ten pictures, or by one number.** Ten rows of neighbours gave the two models of [@sec-q8] {{ 08_retrieval.near_same}} and {{ 08_retrieval.near_same_without}} right of 50, and ten other queries would give other numbers; counted over all images, it is {{ 08_retrieval.agreement:.0%}} and {{ 08_retrieval.agreement_without:.0%}}. And $k = 2$ alone would have made VICReg a poor detector of digits, where [@sec-anomaly] shows that a handful of training images decide it. Both findings came from asking why a figure was as it was.
#
# **One epoch, or as many.** After its single epoch the model of [@sec-q6] said that generated neighbours are worth {{ 06_no_generated_neighbors.difference:.0f}} points of the probe. Trained as long as VICReg it said {{ 06_no_generated_neighbors.long_difference:.0f}}, and what had looked like its nature, that colour is easy to read off it, was gone. We had written the explanation before that run; it was the run that stayed.
#
# **Probes.** A linear probe that is stopped early measures the optimiser. Standardised representations and an annealed learning rate bring it within a point of scikit-learn's logistic regression.

# %% [markdown]
# # Automatic tools {#sec-tools}
# All code and text of this project was written with an AI coding assistant working from the exercise and from a written specification of what the software should do; every module says so in its docstring. It was most useful for what is laborious rather than deep: vectorising the augmentation, the fault handling around training and files, the report builder, and tests against independent references. It was least to be trusted where a mistake still gives plausible curves, which is why each such place (loss, augmentation, neighbours, scores, resuming) is held to a literal loop, to torchvision, to scikit-learn or to brute force, and why the figures were read before the prose about them was written.
