# %% [markdown]
# # Q5. No amortisation: latent optimisation {#sec-q5}
# **The problem.** Latent optimisation gives every training image $I_i$ a free code $y_i$ in place of $f(I_i)$ and optimises the codes themselves. VICReg's two views then have nowhere to go: $T(I_i)$ is generated anew in every step, so it has no code of its own that could be learned. Two readings are possible, and both fail. If the views *share* their image's code, then $z = z'$ always: the invariance term is zero by construction, variance and covariance are met by any codes that are spread out and uncorrelated, random ones for instance, and no pixel enters the loss at all; permuting the codes among the images leaves it as it is. If every view had a code *of its own*, invariance would pull codes together in pairs, but again nothing would depend on what the views show.
#
# **The missing part** is what the encoder gave without being asked: a map from pixels to codes, by which images that look alike are bound to have similar codes, and by which a view that was never seen before has a code at all. Amortisation does not just save parameters; with it goes the only path from the content of an image to its code.
#
# **A correction** that keeps the codes free and the views generated is a *lookup*: a view $T(I_i)$ is compared, by fixed features $\phi$, with all other training images, and the code of the image that it looks like most stands for it,
#
# $$
# z = h(y_i), \qquad z' = h(y_j) \quad \text{with the } j \neq i \text{ of smallest } \lVert \phi(T(I_i)) - \phi(I_j) \rVert .
# $$ {#eq-lookup}
#
# The features $\phi$ need no training: responses to {{ filters }} whitened random patches of the images, pooled over a $4 \times 4$ grid [@coates2011] and reduced to {{ dims }} dimensions by PCA. Loss, head, optimiser and batch size stay VICReg's.
#
# **Why it should work.** Now content enters: an image's code is pulled to the codes of those images that its *views* look like, so it can only lie where images of that look lie, and a permutation of the codes is no longer free. Over many draws of $T$ the invariance term becomes $\sum_{ij} W_{ij} \lVert z_i - z_j \rVert^2$, where $W_{ij}$ is the probability that a view of $i$ finds $j$: a graph that the augmentation draws, while variance and covariance forbid the constant solution. That is the loss of Laplacian Eigenmaps [@belkin2003], with its constraints as penalties. **What it adds** over joining each image with its neighbours as it is: views of one image, cropped, mirrored and recoloured, find different others, and so join images through what these transformations leave alone, as generated views do in VICReg. What it cannot add is what only a learned map can: features that improve while the codes are learned, since $\phi$ stays as it is.

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import pandas as pd
import torch

from reporting import depends, record, table
from vicreg.augment import augment
from vicreg.data import load_cifar10
from vicreg.downstream.probe import probe_held_out
from vicreg.downstream.retrieval import nearest_others, neighbour_classes
from vicreg.latent import Lookup
from vicreg.patch_features import DIMENSIONS, FILTERS
from vicreg.representations import representations
from vicreg.runtime.device import best_device
from vicreg.weights import load_run, weights_file

data = load_cifar10()
depends("CIFAR-10", fingerprint=data.fingerprint, copy=data.train.name)
for name in ("vicreg", "latent_optimization"):
    depends(weights_file(name))
labels = data.train.labels
run = load_run("latent_optimization")
codes = run.encoder.of(data.train.images)  # in the order of the images at hand

# %%
images = data.train.images.to(best_device())
lookup = Lookup(images, run.experiment.seed)
features = lookup.index.cpu()

# %%
VICREG, CODES, FEATURES, PIXELS, RANDOM = (
    "VICReg's encoder",
    "latent optimisation",
    "the lookup's features",
    "raw pixels",
    "random codes",
)
spaces = {
    VICREG: representations(load_run("vicreg"), data.train),
    CODES: codes,
    FEATURES: features,
    PIXELS: data.train.images.flatten(1).float() / 255,
    RANDOM: torch.randn(codes.shape, generator=torch.Generator().manual_seed(0)),
}
SEEDS = (0, 1, 2)
probes = {
    name: torch.tensor([probe_held_out(y, labels, seed).accuracy for seed in SEEDS])
    for name, y in spaces.items()
}
purity = {
    name: neighbour_classes(spaces[name], labels, k=5).diagonal().mean().item()
    for name in (VICREG, CODES, FEATURES)
}

# %%
# What was pulled together: whether views find images of their own class, and how many different ones.
VIEWS = 20
generator = torch.Generator(device=images.device).manual_seed(0)
some = torch.randperm(len(images), generator=generator, device=images.device)[:500]
found = torch.stack([lookup(augment(images[some], generator), some) for _ in range(VIEWS)]).cpu()
some = some.cpu()
nearest = nearest_others(features, 1).indices[some, 0]

# %%
table(
    pd.DataFrame(
        {
            "representation": list(spaces),
            "dimensions": [y.shape[1] for y in spaces.values()],
            "probe": [accuracy.mean().item() for accuracy in probes.values()],
            "deviation": [accuracy.std().item() for accuracy in probes.values()],
        }
    ),
    label="tbl-latent",
    caption="A linear probe trained on 90% of the {{ n:,}} training images' representations and tested on the other 10%: the accuracy, mean and deviation of three splits.",
    formats={"probe": "{:.1%}", "deviation": "{:.1%}"},
)
view_same = (labels[found] == labels[some]).float().mean()
plain_same = (labels[nearest] == labels[some]).float().mean()
record(
    filters=FILTERS,
    dims=DIMENSIONS,
    n=len(labels),
    epochs=run.experiment.epochs,
    minutes=run.provenance.seconds / 60,
    device=run.provenance.in_words(),
    views=VIEWS,
    distinct=sum(len(images_found.unique()) for images_found in found.T) / len(some),
    view_same=view_same,
    plain_same=plain_same,
    pulls=2 * run.experiment.epochs,
    last_variance=run.history.train[-1, :, 1].mean(),
    probe_vicreg=probes[VICREG].mean(),
    probe_codes=probes[CODES].mean(),
    probe_features=probes[FEATURES].mean(),
    probe_pixels=probes[PIXELS].mean(),
    probe_random=probes[RANDOM].mean(),
    times_random=probes[CODES].mean() / probes[RANDOM].mean(),
    purity_vicreg=purity[VICREG],
    purity_codes=purity[CODES],
    purity_features=purity[FEATURES],
)
assert probes[CODES].mean() > 2 * probes[RANDOM].mean(), "the text says that the codes learn their classes"
assert probes[CODES].mean() < probes[PIXELS].mean(), "the text says that raw pixels do better"
assert probes[FEATURES].mean() > 0.55, "the text says that the lookup's features are good"
assert plain_same > 1.5 * view_same, "the text says that views mislead the lookup"

# %% [markdown]
# **The bonus, measured.** We train the correction for {{ epochs }} epochs ({{ minutes:.0f}} minutes; {{ device }}) and probe as the exercise has it for codes, of which there are none for test images ([@tbl-latent]). The codes reach **{{ probe_codes:.1%}}**, where VICReg's encoder reaches {{ probe_vicreg:.1%}} under the same protocol, raw pixels {{ probe_pixels:.1%}} and random codes chance. So the correction does what it was made for: the last row is what free codes can have without the lookup, and with it the probe is right {{ times_random:.1f}} times as often. But it is far from VICReg, and raw pixels do better.
#
# **What amortisation adds** is therefore a great deal, and it is not information: the lookup's own features, which need no training at all, hold {{ probe_features:.1%}}. It is, first, *sharing*. Every step of VICReg changes weights on which the representations of all images depend, while a code moves only when its own image is drawn or found, about {{ pulls }} times in {{ epochs }} epochs; the variance objective stands at {{ last_variance:.2f}} in the last one (VICReg: {{ 01_training.last_variance:.2f}}), so the codes are still far from where they are going. It is, second, *averaging*. A network has to treat alike what looks alike, so a wrong pair is outvoted by right ones; a free code follows whichever pairs it meets. And here wrong pairs prevail: the image that a view finds is of the view's class in {{ view_same:.0%}} of the cases, where the image itself would find one of its class in {{ plain_same:.0%}}. Crops and colour jitter mislead features that stay as they are, and VICReg's encoder is trained to see through them. The neighbours show it: of an image's five nearest {{ purity_codes:.0%}} are of its class by codes, {{ purity_features:.0%}} by the lookup's features, {{ purity_vicreg:.0%}} by VICReg.
#
# **The other inductive bias** that changed is how neighbours come about. VICReg's two views are generated from one image: right by construction, new in every step, and they show what may vary (place, scale, colour, sharpness) while the object stays. Here the generated view only *asks*; the neighbour is one of the other images of the data set, so the pair is two objects, and which pairs are possible is decided by the metric of $\phi$, that is by textures and colours on a $4 \times 4$ grid. The priors in $T$ are left with one effect, variety: {{ views }} views of an image find {{ distinct:.0f}} different images. Nothing asks that a code be unmoved by $T$, since a view has no code. In this the correction stands nearer to [@sec-q6], where neighbours are found as well, but by a trained representation, and for an encoder.
