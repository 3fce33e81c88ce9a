"""The one door for pictures that come from outside: bounded in bytes, pixels and formats before anything is decoded."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

from PIL import Image, UnidentifiedImageError

from accounts.refusals import Refusal

MAX_FILE_BYTES = 16 * 2**20
MAX_IMAGE_PIXELS = 33_177_600
MAX_SIDE = 32_768
"""Every row of a PNG costs by itself: one pixel wide and thirty million high, it takes a second of nothing."""
FORMATS = ("PNG", "JPEG", "WEBP")
MAX_PNG_PARTS = 50_000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Pillow gives up on a PNG with one packed part over 1 MiB, though the picture itself is whole.
_MOST_PILLOW_UNPACKS = 2**20
_MOST_UNPACKED = 8 * 2**20
_PACKED_PARTS = (b"iCCP", b"zTXt", b"iTXt")


class PictureRefused(Refusal):
    """A picture that is not read."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, field="picture")


def check_file_size(data: bytes) -> None:
    if len(data) > MAX_FILE_BYTES:
        raise PictureRefused("picture-too-large", f"The file is larger than {MAX_FILE_BYTES >> 20} MiB.")


def open_picture(data: bytes) -> Image.Image:
    """The opened picture, header read and pixels not yet; raises PictureRefused with what is wrong.

    The pixel limit is checked here and not through Pillow's process-wide setting, which others may change.
    """
    check_file_size(data)
    try:
        image = Image.open(io.BytesIO(_without_large_parts(data)), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except UnidentifiedImageError as error:
        raise PictureRefused("unknown-format", "Only PNG, JPEG and WebP pictures are read here.") from error
    except PictureRefused:
        raise
    except Exception as error:
        # A hostile header makes Pillow raise nearly any type.
        raise PictureRefused("damaged-picture", "This picture is damaged.") from error
    if image.width * image.height > MAX_IMAGE_PIXELS:
        raise _too_many_pixels()
    if max(image.size) > MAX_SIDE:
        raise PictureRefused("too-long", f"No side of a picture may have more than {MAX_SIDE:,} pixels.")
    return image


def png_parts(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """A PNG's chunks, kind and content, without their checksums; raises PictureRefused beyond MAX_PNG_PARTS."""
    position = len(_SIGNATURE)
    for _ in range(MAX_PNG_PARTS):
        if position + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, position)
        yield kind, data[position + 8 : position + 8 + length]
        position += length + 12
    raise PictureRefused("hostile-picture", "The picture has too many parts.")


def _without_large_parts(data: bytes) -> bytes:
    """The file as Pillow opens it: without texts and colour profiles over its limits, none of which is drawn by."""
    if not data.startswith(_SIGNATURE):
        return data
    kept, position, left, dropped = [_SIGNATURE], len(_SIGNATURE), _MOST_UNPACKED, False
    for kind, content in png_parts(data):
        end = position + len(content) + 12
        packed = kind in _PACKED_PARTS
        size = _unpacked_size(kind, content, min(left, _MOST_PILLOW_UNPACKS)) if packed else 0
        left -= size
        if packed and (size > _MOST_PILLOW_UNPACKS or left < 0):
            dropped = True
        else:
            kept.append(data[position:end])
        position = end
    return b"".join(kept) if dropped else data


def _unpacked_size(kind: bytes, content: bytes, most: int) -> int:
    """How large a packed part gets, at most one more than `most`; 0 for what is not packed or damaged."""
    _keyword, _, rest = content.partition(b"\x00")
    if kind == b"iTXt":
        if rest[:1] != b"\x01":
            return 0
        rest = b"\x00" + rest[2:].partition(b"\x00")[2].partition(b"\x00")[2]
    try:
        return len(zlib.decompressobj().decompress(rest[1:], max(most, 0) + 1))
    except zlib.error:
        return 0


def _too_many_pixels() -> PictureRefused:
    return PictureRefused("too-many-pixels", f"The picture has more than {MAX_IMAGE_PIXELS:,} pixels.")
