"""Images from files that may be anything: JPEG, PNG and WebP, to upright RGB.

All are decoded by matplotlib, which has Pillow do it, and Pillow reads a header before it decodes what a
small file may state to be huge. torchvision's own decoders are about to go (0.29 says so), and its PNG
decoder ends the process with a segmentation fault at any damage of the pixels (0.29; pytorch/vision's
issue 3613 is alike).

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import warnings
import zlib

import numpy as np

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
NEEDED = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}  # a PNG's chunks that its pixels need
# And those that may be damaged.
UNNEEDED = {
    b"tEXt", b"zTXt", b"iTXt", b"tIME", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"sBIT", b"bKGD", b"hIST", b"sPLT", b"pHYs",
}  # fmt: skip
GREY, RGB = 0, 2  # a PNG's colour types
# Markers without a segment of their own (JPEG standard, table B.1): TEM and RST0 to RST7.
BARE = {0x01, *range(0xD0, 0xD8)}
# Start of frame, SOF0 to SOF15 without DHT, JPG and DAC.
FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
EXIF_SEGMENT, EXIF_START = 0xE1, b"Exif\0\0"
ORIENTATION = 0x0112  # the tag of TIFF and Exif
UNREADABLE = "is not a readable image"
# What formats that are not read begin with; the brands of ISO's media files stand behind "ftyp".
OTHERS = {
    b"GIF8": "GIF", b"II*\0": "TIFF", b"MM\0*": "TIFF", b"BM": "BMP", b"\0\0\0\x0cjP": "JPEG 2000", b"\xffO\xffQ": "JPEG 2000",
}  # fmt: skip
BRANDS = {b"avif": "AVIF", b"avis": "AVIF", **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"), "HEIC")}


def decode_upright(encoded: bytes) -> np.ndarray:
    """Decode a JPEG, PNG or WebP file of any size and mode, turned as its Exif data says.

    Returns: uint8, (h, w, 3), RGB; on white, where it is transparent.
    Raises: ValueError, saying what is wrong, where that is impossible or over 89 million pixels.
    """
    pixels, orientation = pixels_of(encoded), orientation_of(encoded)
    # Exif's eight orientations: mirrored across the diagonal for the last four, then by axes.
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def pixels_of(encoded: bytes) -> np.ndarray:
    """The pixels of an image as it is stored, on white: uint8, (h, w, 3).

    Raises: ValueError, saying why, where there are none.
    """
    from matplotlib.image import imread

    if not (encoded.startswith((PNG, JPEG)) or is_webp(encoded)):
        raise ValueError(other_format(encoded))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, of damaged Exif data
            warnings.filterwarnings("error", message="Image size")  # of over 89,478,485 pixels, a quarter of a GiB
            image = imread(io.BytesIO(pixel_chunks(encoded) if encoded.startswith(PNG) else encoded), format="any")
    except Exception as error:  # Pillow's decoders have many kinds, SyntaxError among them
        raise ValueError("has over 89 million pixels" if "exceeds limit" in str(error) else UNREADABLE) from error
    if image.dtype != np.uint8:  # a PNG's, as shares
        depth, colour = encoded[24:26]
        if colour == GREY and depth in (2, 4):  # matplotlib 3.11 has 255 / 3 and 255 / 15 for white
            image = image * np.float32((2**depth - 1) / 255)
        image = (255 * image).round().astype(np.uint8)
    if image.ndim == 2:
        image = np.stack([image] * 3, axis=2)
    if encoded.startswith(PNG) and (key := transparent_colour(encoded)) is not None:
        return np.where((image == key).all(axis=2, keepdims=True), np.uint8(255), image)
    if image.shape[2] == 3:
        return image
    colours, alpha = image[:, :, :3], image[:, :, 3:].astype(np.uint16)
    return np.where(alpha == 255, colours, (colours * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def other_format(encoded: bytes) -> str:
    """Why a file is not read that is no JPEG, PNG or WebP, by its first bytes."""
    kind = BRANDS.get(encoded[8:12]) if encoded[4:8] == b"ftyp" else None
    kind = kind or next((name for start, name in OTHERS.items() if encoded.startswith(start)), None)
    if kind:
        return f"holds {kind}, not JPEG, PNG or WebP"
    if encoded.lstrip()[:1] == b"<":
        return "holds a web page and no picture"
    return UNREADABLE if encoded else "is empty"


def transparent_colour(encoded: bytes) -> np.ndarray | None:
    """The one colour of a grey or RGB PNG that is transparent, uint8 (3,), which matplotlib does not tell.

    PNG standard, sec. 11.3.1.1; None where there is none, and for palettes, whose it tells.
    """
    depth, colour = encoded[24:26]
    content = next((content for kind, content, _ in png_chunks(encoded) if kind == b"tRNS"), b"")
    if colour not in (GREY, RGB) or len(content) != (2 if colour == GREY else 6):
        return None
    samples = np.frombuffer(content, dtype=">u2") / (2**depth - 1)
    return np.broadcast_to((255 * samples).round().clip(0, 255).astype(np.uint8), 3)


def pixel_chunks(encoded: bytes) -> bytes:
    """A PNG of those chunks alone that its pixels need: texts, profiles, and what is behind its end may be anything.

    Raises: ValueError where the header or the end is missing, or a check sum is wrong, which Pillow passes over
    among pixels.
    """
    needed, at = [PNG], len(PNG)
    for kind, content, end in png_chunks(encoded):
        if kind not in UNNEEDED and zlib.crc32(kind + content) != int.from_bytes(encoded[end - 4 : end]):
            break
        if kind in NEEDED:
            needed.append(encoded[at:end])
        if kind == b"IEND" and encoded[12:16] == b"IHDR":
            return b"".join(needed)
        at = end
    raise ValueError(UNREADABLE)


def png_chunks(encoded: bytes):
    """Yield a PNG's chunks, as far as they are whole: kind, content, and where the next one begins."""
    at = len(PNG)
    while at + 12 <= len(encoded):
        end = at + 12 + int.from_bytes(encoded[at : at + 4])
        if end > len(encoded):
            return
        yield encoded[at + 4 : at + 8], encoded[at + 8 : end - 4], end
        at = end


def jpeg_segments(encoded: bytes):
    """Yield a JPEG's segments up to its first frame: marker and content (JPEG standard, sec. B.1.1)."""
    at = len(JPEG)
    while at + 4 <= len(encoded) and encoded[at] == 0xFF:
        marker = encoded[at + 1]
        if marker == 0xFF:  # any number of these may stand before a marker
            at += 1
        elif marker in BARE:
            at += 2
        else:
            length = max(2, int.from_bytes(encoded[at + 2 : at + 4]))
            yield marker, encoded[at + 4 : at + 2 + length]
            if marker in FRAMES:
                return
            at += 2 + length


def is_webp(encoded: bytes) -> bool:
    return encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP"


def webp_chunks(encoded: bytes):
    """Yield a WebP's chunks, kind and content (RFC 9649, sec. 2.3)."""
    at = 12
    while at + 8 <= len(encoded):
        length = int.from_bytes(encoded[at + 4 : at + 8], "little")
        yield encoded[at : at + 4], encoded[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def orientation_of(encoded: bytes) -> int:
    """How an image is to be turned to stand upright: Exif's orientation, 1 to 8; 1 where it says nothing."""
    if encoded.startswith(PNG):
        found = (content for kind, content, _ in png_chunks(encoded) if kind == b"eXIf")
    elif is_webp(encoded):
        found = (content for kind, content in webp_chunks(encoded) if kind == b"EXIF")
    else:
        found = (c for marker, c in jpeg_segments(encoded) if marker == EXIF_SEGMENT and c.startswith(EXIF_START))
    return orientation_in(next(found, b"").removeprefix(EXIF_START))


def orientation_in(tiff: bytes) -> int:
    """The orientation in Exif data, which are a TIFF's first directory (TIFF 6.0, sec. 2)."""
    order = {b"II": "little", b"MM": "big"}.get(tiff[:2])
    if order is None:
        return 1
    at = int.from_bytes(tiff[4:8], order)
    for entry in range(int.from_bytes(tiff[at : at + 2], order)):
        field = tiff[at + 2 + 12 * entry :][:12]
        if int.from_bytes(field[:2], order) == ORIENTATION and len(field) == 12:
            value = int.from_bytes(field[8:10], order)
            return value if 1 <= value <= 8 else 1
    return 1
