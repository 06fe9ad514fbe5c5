"""Images of 32x32 pixels from files that may be anything.

A small file can state a huge image, so its header is read before it is decoded.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import io
import struct
import zlib

import numpy as np
import torch

SIDE = 32  # pixels, CIFAR-10's
MOST_UNPACKED = 1 << 16  # bytes of a PNG's pixels that are looked at; 32x32 take 3,104 in 8-bit RGB
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
# Markers without a segment of their own (JPEG standard, table B.1): TEM and RST0 to RST7.
BARE = {0x01, *range(0xD0, 0xD8)}
# Start of frame, SOF0 to SOF15 without DHT, JPG and DAC.
FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def decode_small(encoded: bytes) -> np.ndarray:
    """Decode a PNG or JPEG file of 32x32 pixels, 8 bits a channel, to RGB.

    Returns: uint8, (3, 32, 32).
    Raises: ValueError, with what is wrong and the remedy, for everything else.
    """
    size = stated_size(encoded)
    if size is None or (encoded.startswith(PNG) and not png_is_whole(encoded)):
        raise ValueError("is not a readable image; unpack or download the images again")
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
        return decode_png(encoded) if encoded.startswith(PNG) else decode_jpeg(encoded)
    except Exception as error:  # Pillow's decoder has many kinds, SyntaxError among them
        raise ValueError("is not a readable image; unpack or download the images again") from error


def decode_png(encoded: bytes) -> np.ndarray:
    """Decode by matplotlib, which has Pillow do it: torchvision's PNG decoder ends the process with
    a segmentation fault at any damage of the pixels (0.29; pytorch/vision's issue 3613 is alike)."""
    from matplotlib.image import imread

    shares = imread(io.BytesIO(encoded), format="png")  # (h, w) or (h, w, c), in [0, 1]
    if shares.ndim == 2:
        shares = np.stack([shares] * 3, axis=2)
    return np.ascontiguousarray((255 * shares[:, :, :3]).round().astype(np.uint8).transpose(2, 0, 1))


def decode_jpeg(encoded: bytes) -> np.ndarray:
    from torchvision.io import ImageReadMode, decode_image

    raw = torch.frombuffer(bytearray(encoded), dtype=torch.uint8)
    return decode_image(raw, ImageReadMode.RGB).numpy()


def stated_size(encoded: bytes) -> tuple[int, int] | None:
    """Width and height as a PNG's or JPEG's header states them; None for other files."""
    if encoded.startswith(PNG):
        is_header = encoded[12:16] == b"IHDR" and len(encoded) >= 25
        return struct.unpack(">II", encoded[16:24]) if is_header else None
    return jpeg_size(encoded) if encoded.startswith(JPEG) else None


def png_is_whole(encoded: bytes) -> bool:
    """Whether a PNG's chunks, header to end, have right check sums and its pixels unpack.

    Looked at here, since Pillow passes over the check sums of pixels.
    """
    at, kinds, packed = len(PNG), [], b""
    while at + 12 <= len(encoded):
        length = int.from_bytes(encoded[at : at + 4])
        chunk, stated = encoded[at + 4 : at + 8 + length], encoded[at + 8 + length : at + 12 + length]
        if len(stated) < 4 or zlib.crc32(chunk) != int.from_bytes(stated):
            return False
        kinds.append(chunk[:4])
        if chunk[:4] == b"IDAT":
            packed += chunk[4:]
        at += 12 + length
    if not kinds or kinds[0] != b"IHDR" or kinds[-1] != b"IEND" or len(encoded) < 24:
        return False
    unpacking = zlib.decompressobj()
    try:
        unpacking.decompress(packed, MOST_UNPACKED)
    except zlib.error:
        return False
    return True


def jpeg_size(encoded: bytes) -> tuple[int, int] | None:
    """Width and height from a JPEG's first frame header (JPEG standard, sec. B.2.2)."""
    at = len(JPEG)
    while at + 4 <= len(encoded) and encoded[at] == 0xFF:
        marker = encoded[at + 1]
        if marker == 0xFF:  # any number of these may stand before a marker
            at += 1
        elif marker in BARE:
            at += 2
        elif marker in FRAMES:
            frame = encoded[at + 5 : at + 9]  # after marker, length and precision
            return struct.unpack(">HH", frame)[::-1] if len(frame) == 4 else None
        else:
            at += 2 + max(2, int.from_bytes(encoded[at + 2 : at + 4]))
    return None
