"""Which pairs of views an experiment is trained on.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import torch
from torch import Tensor

from .augment import views_of
from .data import Splits
from .downstream.retrieval import by_products, nearest_others
from .experiments import NEIGHBOURS, Experiment
from .latent import found_pairs
from .patch_features import patch_features
from .representations import representations
from .runtime.errors import VICRegError
from .views import Make, Pairs, generated_pairs, neighbour_indices, neighbour_pairs
from .weights import load_run


def pairs_for(
    experiment: Experiment, data: Splits, device: torch.device, make: Make = views_of
) -> tuple[Pairs, Pairs | None]:
    """The experiment's pairs of views of the training and of the test images.

    Codes are the training images' alone, so there are no pairs of test images for them.

    The images are put on the device. Where the views are neighbours, these are computed here
    from the representations of the experiment that ``neighbours_of`` names, and its model is
    freed before this returns.
    """
    if experiment.latent:
        return code_pairs(experiment, data.train.images.to(device), make), None
    images = [split.images.to(device) for split in data]
    if experiment.neighbours_of is None:
        return generated_pairs(images[0], make), generated_pairs(images[1], make)
    neighbours = nearest_by(experiment.neighbours_of, data, device)
    return neighbour_pairs(images[0], neighbours[0]), neighbour_pairs(images[1], neighbours[1])


def code_pairs(experiment: Experiment, images: Tensor, make: Make = views_of) -> Pairs:
    """Pairs of indices for codes, by what a view of an image finds, or by what the image itself does."""
    if experiment.lookup_views:
        return found_pairs(images, experiment.seed, make, experiment.lookup_among)
    features = patch_features(images, experiment.seed)
    return neighbour_indices(nearest_others(features, experiment.lookup_among, search=by_products).indices)


def nearest_by(name: str, data: Splits, device: torch.device) -> list[Tensor]:
    """Each image's nearest others in its own split by a trained experiment: int64, (n, 3) each.

    Raises: VICRegError when that experiment is not trained, or when there are too few images.
    """
    run = load_run(name)
    if (fewest := min(map(len, data))) <= NEIGHBOURS:
        raise VICRegError(
            f"Neighbours as views need at least {NEIGHBOURS + 1} images to train on and as many to test, and one of "
            f"the two has {fewest}; take more images, or leave neighbours_of out."
        )
    return [
        nearest_others(y.to(device), NEIGHBOURS, search=by_products).indices
        for y in (representations(run, split, device) for split in data)
    ]
