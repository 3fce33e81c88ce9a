"""Reads text that lies in the lowest bits of a picture's pixels, column by column, as NovelAI and Forge write it."""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt
from PIL import Image

from generation.imaging.foreign_names import json_object

MAX_TEXT_BYTES = 2**20
_MARK_BYTES, _LENGTH_BYTES = 15, 4
# The mark in front: whether the text is packed by gzip, and which channels hold the bits.
_MARKS = {
    b"stealth_pnginfo": ("A", False),
    b"stealth_pngcomp": ("A", True),
    b"stealth_rgbinfo": ("RGB", False),
    b"stealth_rgbcomp": ("RGB", True),
}
_GZIP = 16 + zlib.MAX_WBITS


def stealth_texts(image: Image.Image) -> dict[str, str]:
    """What an RGB or RGBA picture hides, by the names that PNG's text chunks have; empty where there is no mark.

    Decodes the pixels. Damaged and longer texts, beyond MAX_TEXT_BYTES, tell nothing.
    """
    for channels in ("A", "RGB"):
        if image.mode not in ("RGB", "RGBA") or channels not in ("RGB", image.mode[3:]):
            continue
        head = _hidden(image, channels, _MARK_BYTES + _LENGTH_BYTES)
        holder, packed = _MARKS.get(head[:_MARK_BYTES], ("", False))
        length = int.from_bytes(head[_MARK_BYTES:]) // 8  # told in bits
        if holder == channels and 0 < length <= MAX_TEXT_BYTES:
            raw = _hidden(image, channels, len(head) + length)[len(head) :]
            return _texts(_unpacked(raw) if packed else raw)
    return {}


def _hidden(image: Image.Image, channels: str, size: int) -> bytes:
    """The first bytes that the lowest bits make, of as few columns as hold them."""
    columns = -(-size * 8 // (image.height * len(channels)))
    part = image.crop((0, 0, min(columns, image.width), image.height))
    pixels: npt.NDArray[np.uint8] = np.asarray(part.getchannel("A") if channels == "A" else part.convert("RGB"))
    bits = pixels.swapaxes(0, 1).reshape(-1)[: size * 8] & 1
    return np.packbits(bits).tobytes()


def _unpacked(raw: bytes) -> bytes:
    try:
        return zlib.decompressobj(_GZIP).decompress(raw, MAX_TEXT_BYTES)
    except zlib.error:
        return b""


def _texts(raw: bytes) -> dict[str, str]:
    """Infotext, or NovelAI's chunks as one JSON object."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return {}
    chunks = {key: value for key, value in json_object(text).items() if isinstance(value, str)}
    return chunks if "Comment" in chunks else {"parameters": text} if text else {}
