"""A map of pictures as one HTML page, offline, on which a point shows its picture.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import base64
import html
import io
import json
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from matplotlib.colors import to_hex
from matplotlib.image import imsave
from torch import Tensor

from .figures import CLUSTER_COLOURS

QUALITY = 80  # of the JPEG thumbnails
# The box with the picture stays inside the window.
SHOW_PICTURES = """
const plot = document.getElementById("{plot_id}"), pictures = %s, names = %s;
const box = document.createElement("figure"), image = new Image(), words = document.createElement("figcaption");
box.style.cssText = "position:fixed;margin:0;padding:6px;background:white;border:1px solid #999;border-radius:4px;"
  + "box-shadow:0 2px 8px #0004;font:12px sans-serif;max-width:220px;overflow-wrap:anywhere;pointer-events:none;display:none";
image.style.cssText = "display:block;width:160px;height:160px;margin:0 auto 4px";
box.append(image, words);
document.body.append(box);
plot.on("plotly_hover", (event) => {
  const n = event.points[0].customdata, {clientX: x, clientY: y} = event.event;
  image.src = "data:image/jpeg;base64," + pictures[n];
  words.textContent = names[n];
  box.style.display = "block";
  box.style.left = Math.max(0, x + 16 + box.offsetWidth < innerWidth ? x + 16 : x - 16 - box.offsetWidth) + "px";
  box.style.top = Math.max(0, Math.min(y - box.offsetHeight / 2, innerHeight - box.offsetHeight - 4)) + "px";
});
plot.on("plotly_unhover", () => { box.style.display = "none"; });
"""


def picture_map(
    title: str, points: np.ndarray, groups: Tensor, names_of_groups: Sequence[str], thumbnails: Tensor, names: Sequence[str]
) -> str:
    """A page with a 2-D map whose groups are switched by their legend.

    Parameters: points, (n, 2); groups, int64, (n,), such as clusters, 0 to g - 1, and their names;
    thumbnails, uint8, (n, 3, s, s), and what is said below each.
    Returns: HTML with all that it needs.
    """
    # Few groups have colours far apart; the palest of all is left to the tenth.
    last = len(CLUSTER_COLOURS) - 1 - (len(names_of_groups) < len(CLUSTER_COLOURS))
    places = np.linspace(0, last, min(len(names_of_groups), len(CLUSTER_COLOURS))).round().astype(int)
    colours = [to_hex(CLUSTER_COLOURS[place]) for place in places]
    fig = go.Figure()
    for group, name in enumerate(names_of_groups):
        indices = np.flatnonzero(groups.numpy() == group)
        x, y = np.round(points[indices].astype(float), 2).T
        fig.add_scatter(
            x=x, y=y, mode="markers", name=html.escape(name), customdata=indices, hoverinfo="none",
            marker={"size": 6, "color": colours[group % len(colours)], "opacity": 0.8},
        )  # fmt: skip
    axis = {"showticklabels": False, "zeroline": False}
    fig.update_layout(
        template="plotly_white", title={"text": html.escape(title), "y": 0.98, "font_size": 15}, xaxis=axis, yaxis={**axis, "scaleanchor": "x"},
        margin={"l": 20, "r": 20, "t": 60, "b": 20}, legend_itemsizing="constant", hoverdistance=12,
    )  # fmt: skip
    script = SHOW_PICTURES % tuple(in_script(json.dumps(value)) for value in ([as_jpeg(t) for t in thumbnails], list(names)))
    page = fig.to_html(
        include_plotlyjs=True, post_script=script, default_height="100vh", config={"displaylogo": False, "responsive": True}
    )
    return page.replace("<head>", f"<head><title>{html.escape(title)}</title><style>body {{ margin: 0; overflow: hidden }}</style>", 1)


def as_jpeg(thumbnail: Tensor) -> str:
    """A thumbnail, uint8 (3, s, s), as a JPEG file in base64."""
    file = io.BytesIO()
    pixels = np.ascontiguousarray(thumbnail.permute(1, 2, 0).numpy())
    imsave(file, pixels, format="jpeg", pil_kwargs={"quality": QUALITY})
    return base64.b64encode(file.getvalue()).decode()


def in_script(text: str) -> str:
    """JSON in which nothing ends the script that it stands in."""
    return text.replace("<", "\\u003c")
