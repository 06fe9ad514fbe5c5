"""Images from files that may be anything: JPEG, PNG and WebP, to upright RGB.

A small file can state a huge image, so its header is read before it is decoded. All are decoded by
matplotlib, which has Pillow do it: torchvision's own decoders are about to go (0.29 says so), and its
PNG decoder ends the process with a segmentation fault at any damage of the pixels (0.29;
pytorch/vision's issue 3613 is alike).

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import struct
import warnings
import zlib

import numpy as np

SIDE = 32  # pixels, CIFAR-10's
MOST_PIXELS = 100_000_000  # that are decoded; a PNG's take 1.6 GB for a moment
MOST_UNPACKED = 1 << 16  # bytes of a PNG's pixels that are looked at; 32x32 take 3,104 in 8-bit RGB
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
GREY, RGB = 0, 2  # a PNG's colour types
# Markers without a segment of their own (JPEG standard, table B.1): TEM and RST0 to RST7.
BARE = {0x01, *range(0xD0, 0xD8)}
# Start of frame, SOF0 to SOF15 without DHT, JPG and DAC.
FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
EXIF_SEGMENT, EXIF_START = 0xE1, b"Exif\0\0"
ORIENTATION = 0x0112  # the tag of TIFF and Exif
UNREADABLE = "is not a readable image"


def decode_small(encoded: bytes) -> np.ndarray:
    """Decode a PNG or JPEG file of 32x32 pixels, 8 bits a channel, to RGB, as it is stored.

    Returns: uint8, (3, 32, 32).
    Raises: ValueError, with what is wrong and the remedy, for everything else.
    """
    size = None if is_webp(encoded) else stated_size(encoded)
    remedy = "; unpack or download the images again"
    if size is None:
        raise ValueError(UNREADABLE + remedy)
    if size != (SIDE, SIDE):
        raise ValueError(
            f"has {size[0]}x{size[1]} pixels, CIFAR-10's images have {SIDE}x{SIDE}; use the images "
            "in their original size"
        )
    if encoded.startswith(PNG) and encoded[24] > 8:
        raise ValueError(
            "has more than 8 bits a channel, CIFAR-10's images have 8; use the images as they were "
            "published"
        )
    try:
        return np.ascontiguousarray(pixels_of(encoded).transpose(2, 0, 1))
    except ValueError as error:
        raise ValueError(UNREADABLE + remedy) from error


def decode_upright(encoded: bytes) -> np.ndarray:
    """Decode a JPEG, PNG or WebP file of any size and mode, turned as its Exif data says.

    Returns: uint8, (h, w, 3), RGB; on white, where it is transparent.
    Raises: ValueError, saying what is wrong, where that is impossible or over 100 million pixels.
    """
    if (size := stated_size(encoded)) is None:
        raise ValueError(UNREADABLE if encoded else "is empty")
    if size[0] * size[1] > MOST_PIXELS:
        raise ValueError(f"has {size[0]:,}x{size[1]:,} pixels, over the {MOST_PIXELS // 10**6} million that are decoded")
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

    Raises: ValueError where it is damaged.
    """
    from matplotlib.image import imread

    if encoded.startswith(PNG) and not png_is_whole(encoded):
        raise ValueError(UNREADABLE)
    try:
        with warnings.catch_warnings():  # Pillow's, of sizes that are bounded here, and of damaged Exif data
            warnings.simplefilter("ignore")
            image = imread(io.BytesIO(encoded), format="png" if encoded.startswith(PNG) else "any")
    except Exception as error:  # Pillow's decoders have many kinds, SyntaxError among them
        raise ValueError(UNREADABLE) from error
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


def stated_size(encoded: bytes) -> tuple[int, int] | None:
    """Width and height as a PNG's, JPEG's or WebP's header states them; None for other files."""
    if encoded.startswith(PNG):
        is_header = encoded[12:16] == b"IHDR" and len(encoded) >= 26
        return struct.unpack(">II", encoded[16:24]) if is_header else None
    if is_webp(encoded):
        return webp_size(encoded)
    return jpeg_size(encoded) if encoded.startswith(JPEG) else None


def png_is_whole(encoded: bytes) -> bool:
    """Whether a PNG's chunks, header to end, have right check sums and its pixels unpack.

    Looked at here, since Pillow passes over the check sums of pixels.
    """
    kinds, packed, at = [], b"", len(PNG)
    for kind, content, end in png_chunks(encoded):
        if zlib.crc32(kind + content) != int.from_bytes(encoded[end - 4 : end]):
            return False
        kinds.append(kind)
        if kind == b"IDAT" and len(packed) < MOST_UNPACKED:
            packed += content
        at = end
    if not kinds or kinds[0] != b"IHDR" or kinds[-1] != b"IEND" or at > len(encoded):
        return False
    unpacking = zlib.decompressobj()
    try:
        unpacking.decompress(packed, MOST_UNPACKED)
    except zlib.error:
        return False
    return True


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


def jpeg_size(encoded: bytes) -> tuple[int, int] | None:
    """Width and height from a JPEG's first frame header (JPEG standard, sec. B.2.2)."""
    for marker, content in jpeg_segments(encoded):
        if marker in FRAMES:
            frame = content[1:5]  # after the precision
            return struct.unpack(">HH", frame)[::-1] if len(frame) == 4 else None
    return None


def is_webp(encoded: bytes) -> bool:
    return encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP"


def webp_chunks(encoded: bytes):
    """Yield a WebP's chunks, kind and content (RFC 9649, sec. 2.3)."""
    at = 12
    while at + 8 <= len(encoded):
        length = int.from_bytes(encoded[at + 4 : at + 8], "little")
        yield encoded[at : at + 4], encoded[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def webp_size(encoded: bytes) -> tuple[int, int] | None:
    """Width and height from a WebP's first chunk (RFC 9649, sec. 2.5 to 2.7)."""
    kind, content = next(webp_chunks(encoded), (b"", b""))
    if kind == b"VP8 " and len(content) >= 10:
        return tuple(value & 0x3FFF for value in struct.unpack("<HH", content[6:10]))
    if kind == b"VP8L" and len(content) >= 5:
        bits = int.from_bytes(content[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X" and len(content) >= 10:
        return tuple(int.from_bytes(content[at : at + 3], "little") + 1 for at in (4, 7))
    return None


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
