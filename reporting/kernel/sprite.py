"""Many small images as one picture, for points that show theirs in report.html.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import math
import re

SPRITE = re.compile(r'"(sprite-[0-9a-f]{10}\.webp)"')
"""How a stored figure's JSON names its picture; see `take_out`."""


def sprite(images, quality: int = 80) -> dict:
    """Tile images into one WebP.

    Put the result into a plotly figure with ``figure.update_layout(meta={"sprite": …})``, and
    give every point the number of its image: ``customdata=range(n)``.

    Parameters
    ----------
    images : array of uint8, shape (n, size, size, 3)
        Square colour images; at most 16,383 pixels of them fit beside each other.
    quality : int
        WebP's, up to 100; at 80 ten thousand images of 32 by 32 pixels take about 6 MB.

    Returns
    -------
    dict
        "image" (a data URI), "tile" (the size of one) and "columns".

    Raises
    ------
    ValueError
        If the images are of another type or shape, or too many.
    """
    import numpy as np
    from PIL import Image

    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != images.shape[2] \
            or images.shape[3] != 3:
        raise ValueError(f"images should be uint8 of shape (n, size, size, 3), "
                         f"not {images.dtype} of shape {images.shape}")
    n, size = images.shape[:2]
    columns = math.ceil(math.sqrt(n))
    if columns * size > 16383:
        raise ValueError(f"{n} images of {size} by {size} pixels are too many for one picture")
    blank = np.zeros((columns * columns - n, size, size, 3), np.uint8)
    grid = np.concatenate([images, blank]).reshape(columns, columns, size, size, 3)
    picture = grid.transpose(0, 2, 1, 3, 4).reshape(columns * size, columns * size, 3)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "WEBP", quality=quality)
    data = base64.b64encode(file.getvalue()).decode()
    return {"image": f"data:image/webp;base64,{data}", "tile": size, "columns": columns}


def take_out(figure: str) -> tuple[str, dict[str, bytes]]:
    """Separate a plotly figure from its sprite, so that figures of the same images share it.

    Parameters
    ----------
    figure : str
        plotly's JSON.

    Returns
    -------
    tuple of str and dict
        The JSON with the picture's name in its place, and name → WebP; without a sprite the
        JSON as it is, and nothing.
    """
    body = json.loads(figure)
    meta = body.get("layout", {}).get("meta")
    tiles = meta.get("sprite") if isinstance(meta, dict) else None
    if not tiles:
        return figure, {}
    data = base64.b64decode(tiles["image"].partition(",")[2])
    name = f"sprite-{hashlib.sha256(data).hexdigest()[:10]}.webp"
    tiles["image"] = name
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False), {name: data}
