"""Whatever a file holds, its reader returns it or raises the project's own error.

1,000 inputs a reader, half a minute in all; FUZZ_EXAMPLES=10000 makes them ten thousand, for minutes.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import os
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torchvision.io import encode_jpeg, encode_png

from reporting.errors import ReportError
from reporting.read.markdown import fill, read_prose
from reporting.read.percent import parse_chapter
from vicreg import weights
from vicreg.datasets.cifar10 import read_archive, split_and_class
from vicreg.datasets.decode import decode_upright
from vicreg.datasets.mnist import read_idx
from vicreg.experiments import VICREG
from vicreg.history import History
from vicreg.runtime.errors import VICRegError
from vicreg.weights import Leg, Provenance, load_run, save_run
from vicreg.weights_header import read_header

fuzz = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES") or 1000),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@st.composite
def spoiled(draw, good: bytes) -> bytes:
    """A good file with some bytes changed, a piece cut out or doubled, or something behind it."""
    raw = bytearray(good)
    for position, value in draw(st.lists(st.tuples(st.integers(0, len(raw) - 1), st.integers(0, 255)), max_size=4)):
        raw[position] = value
    start, end = sorted(draw(st.tuples(st.integers(0, len(raw)), st.integers(0, len(raw)))))
    cut = draw(st.sampled_from(["nothing", "out", "double", "end"]))
    if cut == "out":
        del raw[start:end]
    elif cut == "double":
        raw[end:end] = raw[start:end]
    elif cut == "end":
        del raw[start:]
    return bytes(raw) + draw(st.binary(max_size=8))


# Percent-scripts and templates -----------------------------------------------------------------

PIECES = st.sampled_from([
    "# %%", "# %% [markdown]", "# %% [raw]", '# %% tags=["parameters"]', "# %% tags=[", "# %%%", "#%%", "# %% {",
    "# ---", "# jupyter:", "#   kernelspec: {", "# # A title", "# {{ x:.1f}}", "# $$ x $$", '"""', "r'''", "%matplotlib",
    "# %time x", "!ls", "x = 1", "\tx", "#", "", "\ufeff", "\x0c", "# -*- coding: latin-1 -*-",
])  # fmt: skip
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])
SCRIPTS = st.lists(st.tuples(PIECES | st.text(max_size=6), ENDS), max_size=8).map(
    lambda lines: "".join(piece + end for piece, end in lines)
)


@fuzz
@given(SCRIPTS)
def test_percent_scripts(text):
    try:
        chapter = parse_chapter(Path("chapter.py"), text)
    except ReportError:
        return
    for cell in chapter.cells:
        assert cell.kind in ("markdown", "code", "raw")
        assert 1 <= cell.line <= len(text.splitlines()) + 2


TEMPLATES = st.lists(
    st.sampled_from([
        "{{ x}}", "{{ x:.1f}}", "{{ s:>9}}", "{{ n:%}}", "{{ none}}", "{{ other.x}}", "{{ other.gone}}", "{{ x:{}}}",
        "{{", "}}", "`", "```\n", "$", "$$", "\\", "<!--", "-->", "[^1]", "[@fig-a]", "{#fig-a}", "\n", " ", ":",
    ])
    | st.text(max_size=5),
    max_size=10,
).map("".join)  # fmt: skip
VALUES = {"here": {"x": -1.5, "s": "words", "n": 3, "none": None, "nan": {"float": "nan"}}, "other": {"x": True}}


@fuzz
@given(TEMPLATES)
def test_templates(text):
    prose = read_prose(text)
    assert len(prose.bare) == len(text)
    try:
        assert isinstance(fill(text, VALUES, "here", Path("chapter.py"), 1), str)
    except ReportError as error:
        assert error.line is not None


# Weights ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small_models():
    """Models of a few weights in place of the encoder and the projector."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "Encoder", lambda: nn.Linear(2, 3))
        patch.setattr(weights, "Projector", lambda: nn.Linear(3, 2))
        yield nn.Linear(2, 3), nn.Linear(3, 2)


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "vicreg.pt"


@pytest.fixture(scope="module")
def good_weights(small_models, file) -> bytes:
    history = History(torch.rand(1, 2, 3), torch.rand(1, 3))
    provenance = Provenance("noise", "0" * 64, (Leg(1, 1.5, "a CPU", "float32", "2.11", "fresh"),))
    save_run(VICREG, *small_models, history, provenance, file)
    load_run(file)
    return file.read_bytes()


@fuzz
@given(data=st.data())
def test_weights(good_weights, file, data):
    file.write_bytes(data.draw(spoiled(good_weights)))
    try:
        run = load_run(file)
    except VICRegError as error:
        assert str(file) in str(error)
    else:
        assert run.history.train.isfinite().all() and isinstance(run.provenance.seconds, int | float)


VALUE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(torch.zeros(2))
FIELDS = st.sampled_from(["format", "experiment", "encoder", "projector", "history", "provenance", "seed", "betas",
                          "train", "test", "legs", "seconds", "weight", "bias", "name", "neighbours_of"])  # fmt: skip


@fuzz
@given(field=FIELDS, value=VALUE | st.lists(VALUE, max_size=2) | st.dictionaries(FIELDS, VALUE, max_size=2))
def test_weights_of_odd_content(good_weights, file, field, value):
    content = torch.load(io.BytesIO(good_weights), weights_only=True)
    for place_ in (content, *(part for part in content.values() if isinstance(part, dict))):
        if field in place_:
            place_[field] = value
    torch.save(content, file)
    try:
        run = load_run(file)
    except VICRegError as error:
        assert str(file) in str(error)
    else:
        assert isinstance(run.experiment.name, str) and isinstance(run.provenance.seconds, int | float)


@fuzz
@given(data=st.data())
def test_headers_of_weights_files(file, good_weights, data):
    """A pickle of any bytes in a sound archive, and an archive of any bytes."""
    with zipfile.ZipFile(io.BytesIO(good_weights)) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
        pickled = data.draw(spoiled(archive.read(name)) | st.binary(max_size=64))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, pickled)
    file.write_bytes(data.draw(st.just(packed.getvalue()) | spoiled(good_weights)))
    header = read_header(file)
    assert header is None or (isinstance(header.name, str) and isinstance(header.epochs, int))


# Images and digits -----------------------------------------------------------------------------


@fuzz
@given(
    st.binary(max_size=64)
    | st.builds(
        lambda start, kind, shape, body: start + bytes([kind, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + body,
        st.sampled_from([b"\0\0", b"\0\1", b"\x1f\x8b", b"BZ", b"\xfd7zXZ\0"]),
        st.sampled_from([8, 9, 13]),
        st.lists(st.integers(0, 4) | st.integers(0, 2**32 - 1), max_size=4),
        st.binary(max_size=64),
    )
)
def test_idx_files(raw):
    path = Path(os.environ["VICREG_CACHE"]).with_suffix(".idx")
    path.write_bytes(raw)
    try:
        array = read_idx(path)
    except VICRegError as error:
        assert str(path) in str(error)
    else:
        assert raw.endswith(array.tobytes())


NOISE = torch.randint(256, (3, 32, 32), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
IMAGES = [bytes(encode(NOISE).tolist()) for encode in (encode_png, encode_jpeg)]


@pytest.mark.parametrize("good", IMAGES, ids=["png", "jpeg"])
@fuzz
@given(data=st.data())
def test_images(good, data):
    raw = data.draw(spoiled(good) | st.binary(max_size=32))
    try:
        image = decode_upright(raw)
    except ValueError as error:
        assert str(error)
    else:
        assert image.ndim == 3 and image.shape[2] == 3 and image.dtype.name == "uint8"
        if good is IMAGES[0]:
            assert (image == NOISE.numpy().transpose(1, 2, 0)).all(), "no spoiled PNG becomes another picture"


@fuzz
@given(st.lists(st.sampled_from(["train", "test", "cat", "dog", "..", "", ".", "a.png", ".a.png", "b.JPG", "\0"])
                | st.text(max_size=3), max_size=5).map("/".join))  # fmt: skip
def test_names_of_files(name):
    found = split_and_class(name)
    assert found is None or (found[0] in ("train", "test") and 0 <= found[1] < 10)


def archive() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in ("train/cat/a.png", "train/dog/ü.png"):
            member = tarfile.TarInfo(name)
            member.size = 3
            tar.addfile(member, io.BytesIO(b"png"))
    return packed.getvalue()[:5120]


@fuzz
@given(data=st.data())
def test_archives(file, data):
    file.write_bytes(data.draw(spoiled(archive())))
    try:
        for split, label, name, encoded in read_archive(file):
            assert (split, label) == split_and_class(name) and isinstance(encoded, bytes)
    except VICRegError as error:
        assert str(file) in str(error)
