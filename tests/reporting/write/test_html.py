"""report.html: one file, offline, whose figures answer to the mouse in a real browser.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import asyncio
import base64
import io
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from fake_report import Fake

from reporting.kernel.sprite import sprite

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
               None)
EXPLORE = '''\
# %% [markdown]
# # Q3. Exploring
# See [@fig-points].

# %%
import matplotlib.pyplot as plt
import numpy as np
import plotly.graph_objects as go
from reporting import show, sprite

colours = np.uint8([[250, 0, 0], [0, 250, 0], [0, 0, 250], [250, 250, 0]])
images = np.broadcast_to(colours[:, None, None], (4, 32, 32, 3))
places = np.arange(4)
for name in ("points", "again", "plain"):
    fig, ax = plt.subplots(figsize=(4, 1))
    ax.plot([0, 1, 2, 3])
    twin = go.Figure(go.Scatter(x=places, y=places / 2, mode="markers", name=name,
                                marker={"size": 30}, customdata=places))
    twin.update_layout(title="</script><!-- <script>")
    if name != "plain":
        twin.update_layout(meta={"sprite": sprite(images)})
    show(fig, label="fig-" + name, caption="Points.", interactive=twin)
'''


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    fake = Fake(tmp_path_factory.mktemp("html"))
    fake.write("chapters/03_explore.py", EXPLORE)
    assert fake.build() == 0, fake.said
    first = fake.out / "report.html"
    before = first.read_bytes()
    assert fake.build() == 0
    assert first.read_bytes() == before, "the same results should give the same page"
    return first


def test_numbers_and_references(page):
    text = page.read_text(encoding="utf-8")
    assert re.search(r'<a href="#fig-squares">Figure\s1</a>', text)
    assert re.search(r'<a href="#eq-square">Eq\.\s1</a>', text)
    assert re.search(r'<a href="#tbl-rows">Table\s1</a>', text)
    assert re.search(r'<a href="#sec-squares">Q1</a>', text)
    assert "<math" in text and "Euclid" in text
    told = re.sub(r"<details>.*?</details>", "", text.split("<script>")[0], flags=re.S)
    assert "{{" not in told


def test_everything_is_embedded(page):
    text = page.read_text(encoding="utf-8").split("<script>")[0]
    assert not re.search(r'(?:src|href)="(?!#|data:)', text)
    assert not re.search(r"url\((?![\"']?(?:#|data:))", text)


def test_sprites():
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
    tiles = sprite(images)
    assert (tiles["tile"], tiles["columns"]) == (8, 3)
    assert tiles["image"].startswith("data:image/webp;base64,")
    with pytest.raises(ValueError, match="uint8"):
        sprite(images / 255)


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium or Chrome")
def test_hovering_shows_the_picture_behind_a_point(page, tmp_path):
    from PIL import Image

    number, picture, trouble = asyncio.run(asyncio.wait_for(hover(page, tmp_path), 120))
    assert number == "2"
    seen = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).reshape(-1, 3)
    assert np.abs(seen - np.array([0, 0, 250])).max() < 30, "the third image is blue"
    assert trouble == [], "no request should leave the page, and no error be logged"


def test_figures_share_their_pictures(page):
    results = page.parent / "results/03_explore"
    (picture,) = results.glob("*.webp")
    assert len(list(results.glob("fig-*.json"))) == 3
    text = page.read_text(encoding="utf-8")
    data = base64.b64encode(picture.read_bytes()).decode()
    assert text.count(data) == 1 and text.count(f'id="{picture.name}"') == 1


async def hover(page, profile):
    """Put the mouse on the third point; return its number, its picture, requests and errors."""
    from tornado.httpclient import AsyncHTTPClient
    from tornado.websocket import websocket_connect

    process = subprocess.Popen(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
         f"--user-data-dir={profile}", "--window-size=900,900", "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        note = profile / "DevToolsActivePort"
        while not (note.exists() and note.read_text()):
            await asyncio.sleep(0.05)
        address = f"http://127.0.0.1:{note.read_text().split()[0]}/json/list"
        targets = json.loads((await AsyncHTTPClient().fetch(address)).body)
        target = next(target for target in targets if target["type"] == "page")
        socket = await websocket_connect(target["webSocketDebuggerUrl"], max_message_size=2**28)
        return await _drive(socket, page)
    finally:
        process.kill()
        process.wait()


async def _drive(socket, page):
    trouble, count = [], 0

    async def call(method, **params):
        nonlocal count
        count += 1
        await socket.write_message(json.dumps({"id": count, "method": method, "params": params}))
        while True:
            answer = json.loads(await socket.read_message())
            if answer.get("id") == count:
                return answer["result"]
            _note(answer, trouble, page)

    async def value(expression):
        return (await call("Runtime.evaluate", expression=expression))["result"].get("value")

    for domain in ("Network", "Runtime", "Log", "Page"):
        await call(domain + ".enable")
    await call("Page.navigate", url=page.as_uri())
    while not await value("document.querySelectorAll('.explore .points path').length == 12"):
        await asyncio.sleep(0.05)
    box = "document.querySelectorAll('.explore .points path')[2].getBoundingClientRect()"
    await value("document.querySelector('.explore').scrollIntoView()")
    x = await value(f"{box}.x + {box}.width / 2")
    y = await value(f"{box}.y + {box}.height / 2")
    shown = "document.querySelector('.thumbnail')"
    while await value(f"{shown}.style.display") != "block":
        for step in (3, 0):
            await call("Input.dispatchMouseEvent", type="mouseMoved", x=x + step, y=y + step)
        await asyncio.sleep(0.05)
    clip = {"x": await value(f"{shown}.getBoundingClientRect().x + scrollX") + 30, "width": 40,
            "y": await value(f"{shown}.getBoundingClientRect().y + scrollY") + 30, "height": 40}
    shot = await call("Page.captureScreenshot", format="png", clip={**clip, "scale": 1})
    return await value(f"{shown}.dataset.number"), base64.b64decode(shot["data"]), trouble


def _note(event, trouble, page):
    """Keep what should not happen: a request to elsewhere, an error on the console."""
    params = event.get("params", {})
    if event["method"] == "Network.requestWillBeSent":
        url = params["request"]["url"]
        if url != page.as_uri() and not url.startswith(("data:", "blob:")):
            trouble.append(url)
    if event["method"] == "Runtime.exceptionThrown":
        trouble.append(params["exceptionDetails"]["text"])
    if event["method"] == "Log.entryAdded" and params["entry"]["level"] == "error":
        trouble.append(params["entry"]["text"])
    if event["method"] == "Runtime.consoleAPICalled" and params["type"] == "error":
        trouble.append(str(params["args"]))
