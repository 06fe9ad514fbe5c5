# %% [markdown]
# # Q2. PCA and t-SNE of the representations {#sec-q2}
# **t-SNE is the more useful map; it shows vehicles apart from animals, and classes in part.** The encoder never saw the classes. We embed all test images and map the 128 dimensions to two with scikit-learn: by PCA, a linear projection on the two directions of largest variance, and by t-SNE [@vandermaaten2008], which keeps neighbourhoods in part and gives up distances. We expect PCA to show what varies most, be it class or not, and t-SNE to show islands where images of a class are each other's neighbours.

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import matplotlib.pyplot as plt
import torch
from _kinds import ANIMALS, of_own_kind
from sklearn.decomposition import PCA

from reporting import depends, record, show, sprite
from vicreg.data import load_cifar10
from vicreg.downstream.retrieval import most_entangled, neighbour_classes, shared_neighbours
from vicreg.downstream.tsne import tsne_map
from vicreg.plots.figures import class_key, scatter_classes
from vicreg.plots.interactive import explore_maps
from vicreg.representations import representations
from vicreg.runtime.validation import check_useful
from vicreg.weights import load_run, weights_file

run = load_run("vicreg")
data = load_cifar10()
depends(weights_file("vicreg"))
depends("CIFAR-10", fingerprint=data.fingerprint, copy=data.train.name)
labels, classes = data.test.labels, data.test.classes
y = representations(run, data.test)
check_useful(y, "map")

# %%
pca = PCA(n_components=2, random_state=0)
pca_map = pca.fit_transform(y.numpy())

# %%
tsne = tsne_map(y)

# %%
fig, axes = plt.subplots(1, 2, figsize=(6.46, 2.95))
for ax, points, name in zip(axes, (pca_map, tsne), ("PCA", "t-SNE"), strict=True):
    scatter_classes(ax, points, labels, classes)
    ax.set_title(name)
class_key(fig, classes, "outside lower center", ncols=5)
explored = explore_maps({"PCA": pca_map, "t-SNE": tsne}, labels, classes)
images = data.test.images.permute(0, 2, 3, 1).numpy()
explored.update_layout(meta={"sprite": sprite(images, quality=60)})
show(
    fig,
    label="fig-maps",
    caption="The {{ n:,}} test images' representations in two dimensions, coloured by class, each class's name near where it prevails most. Left: PCA, which keeps {{ explained:.0%}} of the variance; right: t-SNE, perplexity 30.",
    interactive=explored,
    place="auto",
)

# %%
K = 10
in_128 = neighbour_classes(y, labels, K)
in_pca = neighbour_classes(y.new_tensor(pca_map), labels, K)
in_tsne = neighbour_classes(y.new_tensor(tsne), labels, K)
agreement = {name: m.diagonal().mean().item() for name, m in (("y", in_128), ("pca", in_pca), ("tsne", in_tsne))}
kept = {name: shared_neighbours(y, y.new_tensor(points), K) for name, points in (("pca", pca_map), ("tsne", tsne))}
pairs = most_entangled(in_tsne, 4)
entangled = [f"{classes[a]} and {classes[b]} ({share:.0%})" for a, b, share in pairs]
along = y.new_tensor(pca_map[:, 0])
sides = torch.stack([along[labels == c].mean() for c in range(len(classes))]) / along.std()  # of classes, on the first axis
aside = sides.abs().argsort(descending=True)[:2].tolist()
order = in_tsne.diagonal().argsort(descending=True).tolist()
clearest_animal = next(c for c in order if classes[c] in ANIMALS)
of_kind = of_own_kind(in_tsne, classes)
record(
    n=len(y),
    explained=pca.explained_variance_ratio_.sum(),
    agreement_y=agreement["y"],
    agreement_pca=agreement["pca"],
    agreement_tsne=agreement["tsne"],
    kept_pca=kept["pca"],
    kept_tsne=kept["tsne"],
    entangled_1=entangled[0],
    entangled_2=entangled[1],
    entangled_3=entangled[2],
    entangled_4=entangled[3],
    clearest_1=classes[order[0]],
    clearest_2=classes[order[1]],
    clearest_1_share=in_tsne[order[0], order[0]],
    clearest_2_share=in_tsne[order[1], order[1]],
    aside_1=classes[aside[0]],
    aside_2=classes[aside[1]],
    clearest_animal=classes[clearest_animal],
    clearest_animal_share=in_tsne[clearest_animal, clearest_animal],
    murkiest=classes[order[-1]],
    murkiest_share=in_tsne[order[-1], order[-1]],
    same_kind=of_kind.mean(),
    stray=classes[of_kind.argmin()],
    stray_share=1 - of_kind.min(),
)
assert agreement["tsne"] > 1.5 * agreement["pca"], "the text prefers t-SNE to PCA"
assert agreement["tsne"] < 0.8, "the text says that classes are captured in part"
assert agreement["tsne"] > agreement["y"] - 0.05, "the text says that class agreement survives t-SNE"
assert kept["pca"] < 0.1 < kept["tsne"] < 0.6, "the text says that t-SNE replaces most neighbours, PCA nearly all"
assert sides[aside[0]] * sides[aside[1]] > 0.25, "the text says that two classes lie to one side"
assert of_kind.mean() > 0.75, "the text says that animals and vehicles are apart"
tangled = {frozenset((classes[a], classes[b])) for a, b, _ in pairs}
for names in (("cat", "dog"), ("automobile", "truck"), ("bird", "deer"), ("airplane", "ship")):
    assert frozenset(names) in tangled, "the text names four pairs of classes"

# %% [markdown]
# **PCA or t-SNE?** t-SNE is more useful, and not only to the eye. On its map {{ agreement_tsne:.0%}} of an image's ten nearest are of its own class, nearly as many as in all 128 dimensions ({{ agreement_y:.0%}}). On the PCA map it is {{ agreement_pca:.0%}}, where chance is 10%. The two directions of largest variance, {{ explained:.0%}} of it, do not separate ten classes. PCA moves {{ aside_1}} and {{ aside_2}} to one side; the others overlap in one cloud ([@fig-maps]). t-SNE keeps the class better than it keeps the neighbours: only {{ kept_tsne:.0%}} of an image's ten nearest on the map are among its ten nearest in 128 dimensions (PCA: {{ kept_pca:.0%}}). The spacing and density of t-SNE's groups need not mean anything. PCA's axes do have a meaning: they are the directions of largest variance.
#
# **Is the class captured?** In part. Few classes form islands. What t-SNE shows first is a division that no label made, animals apart from vehicles: {{ same_kind:.0%}} of an image's neighbours on the map are of its own kind (chance: 52%). Of the classes, {{ stray}} strays most, with {{ stray_share:.0%}} of its neighbours of the other kind. Within each kind the classes run into one another. The clearest classes are {{ clearest_1}} ({{ clearest_1_share:.0%}} of neighbours of the same class) and {{ clearest_2}} ({{ clearest_2_share:.0%}}), and among the animals {{ clearest_animal}} ({{ clearest_animal_share:.0%}}). The least clear is {{ murkiest}} ({{ murkiest_share:.0%}}).
#
# **Which classes are entangled?** We count how many of one class's neighbours on the map are of another, the mean of both directions. Most entangled are {{ entangled_1}}, {{ entangled_2}}, {{ entangled_3}} and {{ entangled_4}}. VICReg's task would lead one to expect this. Two crops of one image must agree under changes of colour, blur and greyscale, so the representation may keep whatever such crops share: background, texture, coarse shape. Our reading of the pairs is that cats and dogs share fur and poses; automobiles and trucks share wheels, roads and boxy outlines; birds and deer share plain backgrounds, grass and sky; airplanes and ships share a small object before a wide, even background.
