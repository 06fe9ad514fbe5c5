# %% [markdown]
# # Q5. No amortisation: latent optimisation {#sec-q5}
# **Free codes need a way from an image's content to its code. A lookup gives them one: the probe reads {{ probe_codes:.1%}} off them, off random codes {{ probe_random:.1%}}. Both the lookup's own features ({{ probe_features:.1%}}) and VICReg ({{ probe_vicreg:.1%}}) give more.**
#
# **The problem.** Latent optimisation gives every training image $I_i$ a free code $y_i$ in place of $f(I_i)$, and optimises the codes themselves. But a view $T(I_i)$, generated anew in every step, has no code of its own to learn. Two readings are possible, and both fail. If the views *share* their image's code, then $z = z'$ always: the invariance term is zero by construction, and no pixel enters the loss. Permuting the codes changes nothing in the loss. If every view had a code *of its own*, invariance would pull codes together in pairs, but again nothing would depend on what the views show.
#
# **The missing part** is what the encoder gave without being asked: a map from pixels to codes. Through it, images that look alike have similar codes, and even a new view has a code. Without it no path leads from content to code.
#
# **A correction** that keeps the codes free and a view generated is a *lookup*. One branch uses the image's own code. For the other, a view $T(I_i)$ is compared, by fixed features $\phi$, with all other training images, and the branch takes the code of the image it most resembles,
#
# $$
# z = h(y_i), \qquad z' = h(y_j) \quad \text{with the } j \neq i \text{ of smallest } \lVert \phi(T(I_i)) - \phi(I_j) \rVert .
# $$ {#eq-lookup}
#
# The features $\phi$ need no trained network: responses to {{ filters }} whitened random patches of the images, pooled over a $4 \times 4$ grid [@coates2011] and reduced to {{ dims }} dimensions by PCA. Loss, head and batch size stay VICReg's. The codes have an Adam of their own, without momentum and weight decay, so that a code moves only when it is drawn or found; its learning rate, {{ code_learning_rate:g}}, was chosen by the training loss of the control below.
#
# **Why it should work.** Now content enters. An image's code is pulled to the codes of those images that its *views* look like, and a permutation of the codes is no longer free. Over many draws of $T$ the invariance term becomes $\sum_{ij} W_{ij} \lVert z_i - z_j \rVert^2$, where $W_{ij}$ is the probability that a view of $i$ finds $j$. Variance forbids the constant solution, covariance copies of one dimension. Apart from the differences that [@sec-q7] lists, this is the problem of Laplacian Eigenmaps [@belkin2003] on a graph that the augmentation draws. **What it should add.** Compared with joining plain images to their nearest, views of one image, cropped, mirrored and recoloured, find different partners, and so join images through what these transformations leave alone. We test that with a control in which the plain image is looked up, without $T$, and one of its {{ among}} nearest is drawn.

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import pandas as pd
import torch

from reporting import depends, record, table
from vicreg.augment import augment
from vicreg.data import load_cifar10
from vicreg.downstream.laplacian import graph_of, laplacian_eigenmaps
from vicreg.downstream.probe import probe_held_out
from vicreg.downstream.retrieval import nearest_others, neighbour_classes
from vicreg.latent import Lookup
from vicreg.patch_features import DIMENSIONS, FILTERS
from vicreg.representations import representations
from vicreg.runtime.device import best_device
from vicreg.weights import load_run, weights_file

LOOKUPS = {
    "latent_optimization": "codes, partners by views",
    "latent_optimization_plain": "codes, by plain images",
}
BY_VIEWS, PLAIN = LOOKUPS
data = load_cifar10()
depends("CIFAR-10", fingerprint=data.fingerprint, copy=data.train.name)
for name in ("vicreg", *LOOKUPS):
    depends(weights_file(name))
labels = data.train.labels
runs = {name: load_run(name) for name in LOOKUPS}
run = runs[BY_VIEWS]
codes = {name: of.encoder.of(data.train.images) for name, of in runs.items()}  # in the order of the images at hand

# %%
images = data.train.images.to(best_device())
lookup = Lookup(images, run.experiment.seed)
features = lookup.index.cpu()

# %%
VICREG, FEATURES, PIXELS, RANDOM = ("VICReg’s encoder", "the lookup’s features", "raw pixels", "random codes")
spaces = {
    VICREG: representations(load_run("vicreg"), data.train),
    **{LOOKUPS[name]: of for name, of in codes.items()},
    FEATURES: features,
    PIXELS: data.train.images.flatten(1).float() / 255,
    RANDOM: torch.randn(codes[BY_VIEWS].shape, generator=torch.Generator().manual_seed(0)),
}
SEEDS = (0, 1, 2)
probes = {
    name: torch.tensor([probe_held_out(y, labels, seed).accuracy for seed in SEEDS])
    for name, y in spaces.items()
}
purity = {
    name: neighbour_classes(y, labels, k=5).diagonal().mean().item()
    for name, y in spaces.items()
    if name not in (PIXELS, RANDOM)
}

# %%
# Who was pulled together: whether partners are of the image's class, and how many different ones there are.
VIEWS = 20
AMONG = runs[PLAIN].experiment.lookup_among
generator = torch.Generator(device=images.device).manual_seed(0)
some = torch.randperm(len(images), generator=generator, device=images.device)[:500]


def found_by_views(lookup, images, places, times):
    """What that many random views of each image find, (times, n)."""
    return torch.stack([lookup(augment(images[places], generator), places) for _ in range(times)]).cpu()


found = found_by_views(lookup, images, some, VIEWS)
some = some.cpu()
near = nearest_others(features, AMONG).indices[some]
same = {
    LOOKUPS[BY_VIEWS]: (labels[found] == labels[some]).float().mean().item(),
    LOOKUPS[PLAIN]: (labels[near] == labels[some].unsqueeze(1)).float().mean().item(),
}

# %%
# The pairs alone, without training: Laplacian Eigenmaps (Q7) on graphs that join 10,000 images with their partners.
few = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))[:10_000]
few_images, few_labels = images[few], labels[few]
few_lookup = Lookup(few_images, run.experiment.seed)
blocks = torch.arange(len(few), device=images.device).split(500)
partners = {
    BY_VIEWS: torch.cat([found_by_views(few_lookup, few_images, block, AMONG) for block in blocks], dim=1).T,
    PLAIN: nearest_others(few_lookup.index.cpu(), AMONG).indices,
}
eigenmaps = {name: laplacian_eigenmaps(graph_of(chosen)) for name, chosen in partners.items()}
solved = {
    name: torch.tensor([probe_held_out(y, few_labels, seed).accuracy for seed in SEEDS])
    for name, y in eigenmaps.items()
}

# %%
table(
    pd.DataFrame(
        {
            "representation": list(spaces),
            "dimensions": [y.shape[1] for y in spaces.values()],
            "partners alike": [same.get(name) for name in spaces],
            "probe": [accuracy.mean().item() for accuracy in probes.values()],
            "± splits": [accuracy.std().item() for accuracy in probes.values()],
            "5 nearest": [purity.get(name) for name in spaces],
        }
    ),
    label="tbl-latent",
    caption="*Partners alike*: how many are of the image's class (500 images; {{ views }} views each, or the {{ among}} nearest); a linear probe trained on 90% of the {{ n:,}} training images' representations and tested on the other 10%, mean and standard deviation of three splits; how many of an image's five nearest are of its class.",
    formats={
        "partners alike": "{:.0%}", "probe": "{:.1%}", "± splits": "{:.1%}",
        "5 nearest": "{:.0%}",
    },
)


def weights_of(experiment):
    """The weights of the three objectives, Eq. 6 of the exercise."""
    return torch.tensor(
        [experiment.invariance_weight, experiment.variance_weight, experiment.covariance_weight]
    )


loss = {name: of.history.train.mean(1) @ weights_of(of.experiment) for name, of in runs.items()}  # (epochs,)
record(
    code_learning_rate=run.experiment.code_learning_rate,
    filters=FILTERS,
    dims=DIMENSIONS,
    n=len(labels),
    epochs=run.experiment.epochs,
    data_name=run.provenance.data_name,
    views=VIEWS,
    distinct=sum(len(images_found.unique()) for images_found in found.T) / len(some),
    view_same=same[LOOKUPS[BY_VIEWS]],
    plain_same=same[LOOKUPS[PLAIN]],
    probe_vicreg=probes[VICREG].mean(),
    probe_codes=probes[LOOKUPS[BY_VIEWS]].mean(),
    probe_plain=probes[LOOKUPS[PLAIN]].mean(),
    probe_features=probes[FEATURES].mean(),
    probe_random=probes[RANDOM].mean(),
)
fall = {name: (1 - of[-1] / of[-1 - len(of) // 5]).item() for name, of in loss.items()}
record(
    n_few=len(few),
    solved_views=solved[BY_VIEWS].mean(),
    solved_plain=solved[PLAIN].mean(),
    fall=fall[BY_VIEWS],
    fall_plain=fall[PLAIN],
    among=AMONG,
)
means = {name: accuracy.mean() for name, accuracy in probes.items()}
assert means[LOOKUPS[BY_VIEWS]] > 2 * means[RANDOM], "the text says that the codes learn their classes"
assert 0 < means[LOOKUPS[PLAIN]] - means[LOOKUPS[BY_VIEWS]] < 0.05, "the text says that views add nothing, and cost little"
assert min(means[FEATURES], means[VICREG]) > max(means[LOOKUPS[BY_VIEWS]], means[LOOKUPS[PLAIN]]) + 0.03, "the text says what codes stay below"
assert same[LOOKUPS[PLAIN]] > 1.3 * same[LOOKUPS[BY_VIEWS]], "the text says that views mislead the lookup"
assert runs[PLAIN].experiment.epochs == run.experiment.epochs, "the text says as many epochs"
assert max(fall.values()) < 0.03, "the text says that the loss hardly falls any more"
assert solved[PLAIN].mean() > solved[BY_VIEWS].mean() + 3 * max(of.std() for of in solved.values()), "the text says that T makes the graph worse"

# %% [markdown]
# **The bonus, measured.** We train the correction for {{ epochs }} epochs on {{ data_name}}. Over the last fifth of them the loss still falls by {{ fall:.1%}}, the control's by {{ fall_plain:.1%}}. Test images have no codes, so we probe as the exercise prescribes: we train on 90% of the codes and test on 10% ([@tbl-latent]). The codes reach **{{ probe_codes:.1%}}**. So content reaches the codes. Random codes reach {{ probe_random:.1%}}, which by the permutation argument is all that uncorrected codes can expect. But VICReg's encoder reaches {{ probe_vicreg:.1%}} under the same protocol, and {{ 03_linear_probing.accuracy:.1%}} in [@sec-q3]. So the accuracy is different.
#
# **Do the generated views add anything?** Not here. The control, without $T$ and trained for as many epochs, reaches **{{ probe_plain:.1%}}**, a little more. $T$ misleads fixed features: a view's match shares its class in {{ view_same:.0%}} of cases, one of a plain image's {{ among}} nearest in {{ plain_same:.0%}}. These are one run each, at a learning rate chosen for the control, and views have more variety: {{ views}} views find {{ distinct:.0f}} partners. So we also compared the pairs alone, without training. We gave each of {{ n_few:,}} images the partners that {{ among}} views find, or its {{ among}} nearest, by features of these images alone, and solved Laplacian Eigenmaps ([@sec-q7]) on either graph. The probe reads **{{ solved_views:.1%}}** with views and **{{ solved_plain:.1%}}** without. So in this lookup, $T$ makes the pairs worse. **What the correction does add** is the way from content to code, and the end of free permutations; that is all.
#
# **What does amortisation add?** It raises the probe from {{ probe_codes:.1%}} to {{ probe_vicreg:.1%}}, together with what else VICReg changes: the pairs, which [@sec-q7] separates from the encoder in part, and epochs, images and optimiser ([@tbl-runs]). Codes see only the pairs that $\phi$ chooses, not $\phi$ itself. Solved exactly, such pairs hold {{ 07_laplacian_eigenmaps.by_patches:.1%}} ([@sec-q7]); the control's codes, trained on them, hold {{ probe_plain:.1%}}. An encoder may also *share* and *average*, which we did not test: every step changes weights on which all representations depend, and a network has to treat alike what looks alike, so right pairs can outvote a wrong one.
#
# **The other inductive bias** that changed is how neighbours come about. VICReg's two views are generated from one image: they nearly always share its object, are new in every step, and differ in what may vary (place, scale, colour, sharpness). Here the generated view only selects a partner, another image with another object, and $\phi$ decides which pairs are possible: textures and colours on a $4 \times 4$ grid. Nothing asks that a code be unmoved by $T$, since a view has no code. In this the correction is nearer to [@sec-q6], where neighbours are found as well, but by a trained representation and for an encoder.
