"""Reads a PNG's text chunks without decoding a pixel, wherever in the file they stand; Pillow would decode it all."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from generation.imaging.untrusted import PictureRefused, png_parts

MAX_TEXT_BYTES = 8 * 2**20


def png_texts(data: bytes) -> dict[str, str]:
    """Keyword to text, of tEXt, zTXt and iTXt chunks; of two with one keyword the later counts.

    A damaged chunk is skipped. Raises PictureRefused beyond MAX_PNG_PARTS, or beyond MAX_TEXT_BYTES of unpacked text.
    """
    texts: dict[str, str] = {}
    left = MAX_TEXT_BYTES
    for kind, content in png_parts(data):
        if kind not in _READERS:
            continue
        keyword, packed, raw, encoding = _READERS[kind](content)
        text = _unpacked(raw, left) if packed else raw
        left -= len(text)
        if left < 0:
            raise PictureRefused("too-much-text", f"The picture carries more than {MAX_TEXT_BYTES >> 20} MiB of text.")
        texts[keyword] = text.decode(encoding, "replace")
    return texts


def png_exif(data: bytes) -> bytes:
    return next((content for kind, content in png_parts(data) if kind == b"eXIf"), b"")


def _unpacked(raw: bytes, limit: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(raw, limit + 1)
    except zlib.error:
        return b""


def _text(content: bytes) -> tuple[str, bool, bytes, str]:
    keyword, _, text = content.partition(b"\x00")
    return keyword.decode("latin-1"), False, text, "latin-1"


def _packed_text(content: bytes) -> tuple[str, bool, bytes, str]:
    keyword, _, rest = content.partition(b"\x00")
    return keyword.decode("latin-1"), True, rest[1:], "latin-1"


def _international_text(content: bytes) -> tuple[str, bool, bytes, str]:
    keyword, _, rest = content.partition(b"\x00")
    _language, _, tail = rest[2:].partition(b"\x00")
    _translated, _, text = tail.partition(b"\x00")
    return keyword.decode("latin-1"), rest[:1] == b"\x01", text, "utf-8"


_READERS: dict[bytes, Callable[[bytes], tuple[str, bool, bytes, str]]] = {
    b"tEXt": _text,
    b"zTXt": _packed_text,
    b"iTXt": _international_text,
}
