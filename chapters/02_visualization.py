# %% [markdown]
# # Q2. PCA and t-SNE of the representations {#sec-q2}
# Do the classes, which the encoder never saw, show in its representations? We embed all test images and map the 128 dimensions to two with scikit-learn's PCA, a linear projection on the two directions of largest variance, and with its t-SNE [@vandermaaten2008], which keeps neighbourhoods and gives up distances. We expect PCA to show what varies most, be it class or not, and t-SNE to show islands where images of a class are each other's neighbours.

# %%
# Written with an AI coding assistant; see the report's section on automatic tools.
import matplotlib.pyplot as plt
from sklearn.decomposition import PCA

from reporting import depends, record, show, sprite
from vicreg.data import load_cifar10
from vicreg.downstream.retrieval import most_entangled, neighbour_classes
from vicreg.downstream.tsne import tsne_map
from vicreg.plots.figures import scatter_classes
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
fig, axes = plt.subplots(1, 2, figsize=(6.46, 3.2))
for ax, points, name in zip(axes, (pca_map, tsne), ("PCA", "t-SNE"), strict=True):
    scatter_classes(ax, points, labels, classes)
    ax.set_title(name)
explored = explore_maps({"PCA": pca_map, "t-SNE": tsne}, labels, classes)
images = data.test.images.permute(0, 2, 3, 1).numpy()
explored.update_layout(meta={"sprite": sprite(images, quality=60)})
show(
    fig,
    label="fig-maps",
    caption="The {{ n:,}} test images' representations in two dimensions, coloured by class, each class's name where it prevails most. Left: PCA, which keeps {{ explained:.0%}} of the variance; right: t-SNE, perplexity 30.",
    interactive=explored,
    place="auto",
)

# %%
K = 10
in_128 = neighbour_classes(y, labels, K)
in_pca = neighbour_classes(y.new_tensor(pca_map), labels, K)
in_tsne = neighbour_classes(y.new_tensor(tsne), labels, K)
agreement = {name: m.diagonal().mean().item() for name, m in (("y", in_128), ("pca", in_pca), ("tsne", in_tsne))}
entangled = [
    f"{classes[a]} and {classes[b]} ({share:.0%})" for a, b, share in most_entangled(in_tsne, 4)
]
order = in_tsne.diagonal().argsort(descending=True).tolist()
ANIMALS = [classes.index(name) for name in ("bird", "cat", "deer", "dog", "frog", "horse")]
animal = y.new_zeros(10).double()
animal[ANIMALS] = 1
same_kind = (in_tsne @ animal * animal + in_tsne @ (1 - animal) * (1 - animal)).mean()
record(
    n=len(y),
    explained=pca.explained_variance_ratio_.sum(),
    agreement_y=agreement["y"],
    agreement_pca=agreement["pca"],
    agreement_tsne=agreement["tsne"],
    entangled_1=entangled[0],
    entangled_2=entangled[1],
    entangled_3=entangled[2],
    entangled_4=entangled[3],
    clearest_1=classes[order[0]],
    clearest_2=classes[order[1]],
    clearest_1_share=in_tsne[order[0], order[0]],
    clearest_2_share=in_tsne[order[1], order[1]],
    murkiest=classes[order[-1]],
    murkiest_share=in_tsne[order[-1], order[-1]],
    same_kind=same_kind,
)
assert agreement["tsne"] > 1.5 * agreement["pca"], "the text prefers t-SNE to PCA"
assert agreement["tsne"] < 0.8, "the text says that classes are captured in part"
assert same_kind > 0.75, "the text says that animals and vehicles are apart"

# %% [markdown]
# **PCA or t-SNE?** t-SNE is the more useful picture, and not only to the eye. Of an image's ten nearest neighbours {{ agreement_y:.0%}} are of its own class in all 128 dimensions, {{ agreement_tsne:.0%}} on the t-SNE map and {{ agreement_pca:.0%}} on the PCA map (chance: 10%). Two directions with {{ explained:.0%}} of the variance cannot hold ten classes, and PCA lays them over each other in one cloud ([@fig-maps], left); t-SNE loses almost nothing of the neighbourhoods, which is what it optimises. In return its distances between islands and its densities mean nothing, and PCA's axes do: the cloud's long directions are what the encoder varies most.
#
# **Is the class captured?** In part. What t-SNE shows first is a division that no label made: animals on one side, vehicles on the other; {{ same_kind:.0%}} of an image's neighbours on the map are of its own kind. Within each side the classes run into one another. Clearest are {{ clearest_1}} ({{ clearest_1_share:.0%}} of neighbours of the same class) and {{ clearest_2}} ({{ clearest_2_share:.0%}}), least clear is {{ murkiest}} ({{ murkiest_share:.0%}}). Most entangled, by the mean share of each other's images among the neighbours, are {{ entangled_1}}, {{ entangled_2}}, {{ entangled_3}} and {{ entangled_4}}.
#
# The reason lies in what VICReg is asked for. Two crops of one image must agree, under changes of colour, blur and greyscale, so the representation keeps what such crops share: background, dominant colours up to the jitter, texture and coarse shape. Automobiles and trucks share wheels, roads and boxy outlines; cats and dogs share pose, fur and living rooms; airplanes and ships share a small object before a wide, even, often blue ground. Nothing in the objective says that those differences which names depend on weigh more than others.
