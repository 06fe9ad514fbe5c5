"""t-SNE maps of representations, computed once and cached.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import hashlib

import numpy as np
import sklearn
from sklearn.manifold import TSNE
from torch import Tensor

from ..runtime.cache import from_cache, keep_in_cache
from ..runtime.validation import check_useful

PERPLEXITY = 30
# How coarsely forces are summed, of the 0.2 to 0.8 that scikit-learn allows for: its 0.5 takes 1.6
# times as long for 50,000 images and keeps as many neighbours on the map (see benchmarks/README.md).
ANGLE = 0.8


def tsne_map(y: Tensor, seed: int = 0, verbose: bool = True) -> np.ndarray:
    """scikit-learn's t-SNE in two dimensions, perplexity 30, angle 0.8, started from PCA.

    Its iterations are printed as it goes, where verbose. Fifty thousand images take two to three minutes, so a map is
    kept in the cache, by the representations, the seed and scikit-learn's version. For fewer
    than 120 images the perplexity is a quarter of their number.

    Parameters: y, float32, (n, d), n >= 8.
    Returns: float32, (n, 2).
    Raises: ValueError for fewer images; VICRegError when y is not finite or does not vary.
    """
    if len(y) < 8:
        raise ValueError(f"t-SNE needs at least 8 images, got {len(y)}.")
    check_useful(y, "map")
    values = np.ascontiguousarray(y.numpy(), dtype=np.float32)
    settings = f"{values.shape} perplexity {PERPLEXITY} angle {ANGLE} seed {seed} scikit-learn {sklearn.__version__}"
    key = hashlib.sha256(settings.encode() + values.tobytes()).hexdigest()[:24]
    name = f"tsne-{key}.npz"
    known = (from_cache(name) or {}).get("map")
    if known is not None and known.shape == (len(y), 2) and known.dtype == np.float32:
        return known
    perplexity = min(PERPLEXITY, len(y) // 4)
    tsne = TSNE(
        perplexity=perplexity, angle=ANGLE, init="pca", random_state=seed, n_jobs=-1, verbose=2 * verbose
    )
    made = tsne.fit_transform(values).astype(np.float32)
    keep_in_cache(name, map=made)
    return made
