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
# **Training without a GPU.** On two cores the step is bound by arithmetic: bf16, a channels-last layout and a C library told to keep freed memory more than doubled the speed of the plain float32 loop. Runs stop; since an epoch's random draws depend on the seed and the epoch alone, a run that goes on from a checkpoint ends in the same weights, bit for bit.
#
# **Probes.** A linear probe that is stopped early measures the optimiser. Standardised representations and an annealed learning rate bring it within a point of scikit-learn's logistic regression.

# %% [markdown]
# # Automatic tools {#sec-tools}
# All code and text of this project was written with an AI coding assistant working from the exercise and from a written specification of what the software should do; every module says so in its docstring. It was most useful for what is laborious rather than deep: vectorising the augmentation, the fault handling around training and files, the report builder, and tests against independent references. It was least to be trusted where a mistake still gives plausible curves, which is why each such place (loss, augmentation, neighbours, scores, resuming) is held to a literal loop, to torchvision, to scikit-learn or to brute force, and why the figures were read before the prose about them was written.
