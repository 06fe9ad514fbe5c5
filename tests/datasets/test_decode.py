"""Pictures of every sort: sizes, modes, orientations, and damage.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from vicreg.datasets import decode
from vicreg.datasets.decode import decode_upright, orientation_of

FORMATS = ("JPEG", "PNG", "WEBP")


@pytest.fixture(scope="module")
def picture(real_images) -> Image.Image:
    """A real image, no square, with all sorts of colours."""
    first = next(iter(real_images.values()))
    return Image.open(io.BytesIO(first)).convert("RGB").resize((48, 36))


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def as_pillow_has_it(content: bytes) -> np.ndarray:
    """The same by Pillow alone: upright, on white."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    return np.asarray(Image.alpha_composite(white, image).convert("RGB"))


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright_whatever_its_exif_data_say(picture, kind, orientation):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "a camera's maker", orientation
    content = encoded(picture, kind, exif=exif)
    assert orientation_of(content) == orientation
    assert np.array_equal(decode_upright(content), as_pillow_has_it(content))


@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_data_are_read_in_either_byte_order(order):
    mark = b"II" if order == "<" else b"MM"
    for value, expected in ((8, 8), (0, 1), (9, 1)):
        entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, value, 0)
        tiff = mark + struct.pack(f"{order}HIH", 42, 8, 1) + entry
        assert decode.orientation_in(tiff) == expected
        assert decode.orientation_in(tiff[:-1]) == 1, "cut off"
    assert decode.orientation_in(b"no Exif data") == 1


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("RGB", "PNG"), ("RGB", "JPEG"), ("RGB", "WEBP"), ("L", "PNG"), ("L", "JPEG"), ("1", "PNG"), ("P", "PNG"),
        ("LA", "PNG"), ("RGBA", "PNG"), ("RGBA", "WEBP"), ("CMYK", "JPEG"), ("YCbCr", "JPEG"),
    ],
)  # fmt: skip
def test_every_mode_is_what_pillow_makes_of_it(picture, mode, kind):
    image = picture.convert(mode)
    if mode in ("LA", "RGBA"):
        image.putalpha(Image.linear_gradient("L").resize(picture.size))
    content = encoded(image, kind)
    difference = decode_upright(content).astype(int) - as_pillow_has_it(content)
    assert np.abs(difference).max() <= 1, "roundings of what is half transparent"


def test_a_palette_may_have_a_transparent_colour(picture):
    content = encoded(picture.convert("P"), "PNG", transparency=picture.convert("P").getpixel((3, 3)))
    assert np.array_equal(decode_upright(content), as_pillow_has_it(content))
    assert (decode_upright(content)[3, 3] == 255).all()


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_one_colour_of_a_png_may_be_transparent(picture, mode):
    image = picture.convert(mode)
    content = encoded(image, "PNG", transparency=image.getpixel((3, 3)))
    assert np.array_equal(decode_upright(content), as_pillow_has_it(content))
    assert (decode_upright(content)[3, 3] == 255).all()


def test_sixteen_bits_become_eight(picture):
    grey = np.asarray(picture.convert("L"))
    content = encoded(Image.fromarray(grey.astype(np.uint16) * 257), "PNG")
    assert np.array_equal(decode_upright(content), np.stack([grey] * 3, axis=2))


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_white_is_white_with_few_bits_a_pixel(depth):
    row = b"\0" + b"\xff" * depth + b"\0" * depth  # eight pixels white, eight black
    header = struct.pack(">IIBBBBB", 16, 2, depth, 0, 0, 0, 0)
    content = decode.PNG + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row * 2)) + chunk(b"IEND", b"")
    assert np.array_equal(decode_upright(content)[:, :, 0], [[255] * 8 + [0] * 8] * 2)


@pytest.mark.parametrize(
    "more",
    [
        chunk(b"zTXt", b"history\0\0" + zlib.compress(bytes(2 << 20))),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(2 << 20))),
        chunk(b"iCCP", b"scanner\0\0" + zlib.compress(bytes(2 << 20))),
        chunk(b"tEXt", b"k\0" + bytes(1 << 20)) * 70,
        chunk(b"tEXt", b"damaged")[:-1] + b"!",
    ],
    ids=["text", "XMP", "profile", "much", "damaged"],
)
def test_of_a_png_only_what_the_pixels_need_is_looked_at(picture, more):
    content = encoded(picture, "PNG")
    for behind in (b"", b"\0", bytes(4096), b"\nuploaded by camera 17\n", content[100:]):
        assert np.array_equal(decode_upright(content[:33] + more + content[33:] + behind), np.asarray(picture))


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "AVIF", "JPEG2000"])
def test_a_format_that_is_not_read_is_named(picture, kind):
    with pytest.raises(ValueError, match=f"^holds {kind.replace('2000', ' 2000')}, not JPEG, PNG or WebP$"):
        decode_upright(encoded(picture, kind))


def test_heic_and_a_page_in_a_pictures_place_are_named():
    for content, name in ((b"\0\0\0\x18ftypheic" + bytes(300), "HEIC, not JPEG"), (b"<html><body>404 Not Found", "a web page and no picture")):
        with pytest.raises(ValueError, match=f"holds {name}"):
            decode_upright(content)


@pytest.mark.parametrize("kind", FORMATS)
def test_half_a_picture_is_none(picture, kind):
    content = encoded(picture, kind)
    for length in range(0, len(content) - 12, max(1, len(content) // 40)):
        with pytest.raises(ValueError, match=r"is not a readable image|is empty"):
            decode_upright(content[:length])


@pytest.mark.parametrize("kind", FORMATS)
def test_noise_in_a_picture_breaks_nothing(picture, kind):
    content, drawn = encoded(picture, kind), np.random.default_rng(0)
    for _ in range(100):
        spoilt = bytearray(content)
        for place in drawn.integers(len(content), size=5):
            spoilt[place] = drawn.integers(256)
        try:
            assert decode_upright(bytes(spoilt)).dtype == np.uint8
        except ValueError as error:
            assert "is not a readable image" in str(error) or "million pixels" in str(error)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("side", [10_000, 16_000])
def test_gigapixels_are_refused_by_the_header(kind, side):
    content = bytearray(encoded(Image.new("RGB", (70, 70)), kind))
    if kind == "PNG":
        content[16:33] = (header := struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    elif kind == "JPEG":
        at = content.index(b"\xff\xc0")
        content[at + 5 : at + 9] = struct.pack(">HH", side, side)
    else:
        content[26:30] = struct.pack("<HH", side, side)
    with pytest.raises(ValueError, match="has over 89 million pixels"):
        decode_upright(bytes(content))
