"""Outputs by their types: each is kept as something, or refused as what it is.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import base64
import io

import pandas as pd
import pytest
from nbformat.v4 import new_output
from PIL import Image

from reporting.run.html_outputs import obstacle, plain_text
from reporting.run.outputs import PICTURES, TYPES, collect

FALLBACK = ('<style>#a {}</style><div class="sk-top"><div class="sk-text-repr-fallback"><pre>Line(x=1)</pre>'
            "<b>In a notebook, please run this again.</b></div><script>f()</script></div>")
FILM = '<div><img src="data:image/png;base64,aa"><script>play()</script></div>'
FRAME = '<table class="dataframe"><tr><td>1</td></tr></table>'
# A red dot, in base64 as notebooks have it.
PICTURE = ("iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO"
           "9TXL0Y4OHwAAAABJRU5ErkJggg==")  # fmt: skip


def kept(**data):
    bundle = {name.replace("__", "/").replace("_", "-"): value for name, value in data.items()}
    return collect([[new_output("display_data", data=bundle)]])["outputs"][0]


@pytest.mark.parametrize("mime, kept_as", [(mime, one.kind) for mime, one in TYPES.items()])
def test_every_type_of_the_list(mime, kept_as):
    value = {"a": 1} if mime.endswith("json") else "$x$" if mime == "text/latex" else PICTURE
    (item,) = collect([[new_output("display_data", data={mime: value, "text/plain": "<Thing>"})]])["outputs"][0]
    if kept_as == "":
        assert item["kind"] == "refused" and item["what"] == mime and item["remedy"]
    elif kept_as == "json":
        assert item == {"kind": "text", "data": '{\n  "a": 1\n}'}
    else:
        assert item == {"kind": kept_as, "data": value}
    assert set(PICTURES) <= {one.kind for one in TYPES.values()}


def test_the_richest_that_can_be_printed_is_kept():
    assert kept(image__png=PICTURE, application__vnd_x="c", text__plain="<Chart>")[0]["kind"] == "png"
    assert kept(text__html=FRAME, application__vnd_x="c", text__plain="1")[0]["kind"] == "html"
    assert kept(text__html="<p>a</p>", text__latex="\\begin{Verbatim}a", text__plain="a")[0]["kind"] == "html"
    assert kept(text__html="<p>a</p>", text__latex="$a$", text__plain="a")[0] == {"kind": "markdown", "data": "$a$"}


def test_what_nobody_knows_is_refused_and_not_replaced_by_its_name():
    (item,) = kept(chemical__x_pdb="ATOM", text__plain="<Molecule>")
    assert item["kind"] == "refused" and item["what"] == "chemical/x-pdb"
    assert kept(text__plain="<Thing at 0x7f00aa>") == [{"kind": "text", "data": "<Thing>"}]


def test_what_a_drawing_shows_of_elsewhere_is_noted():
    drawing = "<svg><image width='9' xlink:href='{}'/><use href='#a'/></svg>"
    for address, noted in (("http://x.org/a.png", True), ("a.png", True), ("data:image/png;base64,aa", False)):
        (item,) = collect([[new_output("display_data", data={"image/svg+xml": drawing.format(address)})]])["outputs"][0]
        assert item["kind"] == "svg" and (item.get("linked") == address) is noted


def test_a_picture_that_moves_is_told_of():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("black", "white")]
    for kind, count in (("gif", 2), ("png", 2), ("webp", 2), ("gif", 1), ("png", 1), ("webp", 1)):
        file = io.BytesIO()
        more = {"save_all": True, "append_images": frames[1:]} if count == 2 else {}
        frames[0].save(file, kind.upper(), **more)
        data = {f"image/{kind}": base64.b64encode(file.getvalue()).decode()}
        told = collect([[], [new_output("display_data", data=data)]])["remarks"]
        assert [one["cell"] for one in told if "moves" in one["text"]] == ([1] if count == 2 else []), (kind, count)


def test_a_picture_that_cannot_be_read_is_refused():
    file = io.BytesIO()
    Image.effect_noise((40, 40), 50).save(file, "JPEG")
    cut = base64.b64encode(file.getvalue()[:-300]).decode()
    for data in ({"image/png": "YWJj"}, {"image/png": PICTURE[:60]}, {"image/jpeg": cut}):
        (item,) = collect([[new_output("display_data", data=data)]])["outputs"][0]
        assert item["kind"] == "refused" and "cannot be read" in item["what"], data


def test_a_bar_of_progress_is_printed_text_and_another_widget_is_refused():
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}
    bar = collect([[new_output("display_data", data={**view, "text/plain": " 50%|##  | 1/2"})]])["outputs"][0]
    assert bar == [{"kind": "stdout", "data": " 50%|##  | 1/2"}]
    slider = collect([[new_output("display_data", data={**view, "text/plain": "IntSlider(value=7)"})]])["outputs"][0]
    assert slider[0]["kind"] == "refused"


@pytest.mark.parametrize("html, hurdle", [
    (FRAME, ""), (FILM, "<script>"), ("<video controls src='a.mp4'></video>", "<video a.mp4>"),
    ("<iframe src='http://x.org/a'></iframe>", "<iframe http://x.org/a>"), ("<audio></audio>", "<audio>"),
    ("<img src='https://x.org/a.png'>", "the address https://x.org/a.png"), ("<img src='//x.org/a.png'>", "the address //x.org/a.png"),
    ("<a href='https://x.org'>words</a>", ""), ("<style>p {}</style><p>words</p>", ""),
    ("<IFRAME SRC='x'></IFRAME>", "<iframe x>"), ("<p>a < b", ""),
])
def test_what_needs_a_browser_or_a_connection(html, hurdle):
    assert obstacle(html) == hurdle
    assert kept(text__html=html, text__plain="<HTML object>")[0]["kind"] == ("refused" if hurdle else "html")


def test_colours_of_a_table_are_told_to_be_lost():
    frame = pd.DataFrame({"a": [1, 2]})
    told = [collect([[new_output("display_data", data={"text/html": shown._repr_html_(), "text/plain": "x"})]])["remarks"]
            for shown in (frame, frame.style.format("{:.1f}"), frame.style.highlight_max(color="red"))]
    assert [len(remarks) for remarks in told] == [0, 0, 1] and "colours of a table" in told[2][0]["text"]


def test_html_that_says_nothing_without_its_styles_gives_way_to_the_text_that_it_brings():
    assert plain_text(FALLBACK) == "Line(x=1)" and plain_text(FRAME) is None
    assert kept(text__html=FALLBACK, text__plain="Line(x=1, y=2)") == [{"kind": "text", "data": "Line(x=1, y=2)"}]
