"""Reads what a picture file says of its making, whichever program made it. The grammar of texts is `infotext`'s."""

from __future__ import annotations

import re
from collections.abc import Mapping

from PIL import Image

from generation.imaging.encode import EXIF_IFD, UNICODE_PREFIX, USER_COMMENT
from generation.imaging.foreign import read_foreign
from generation.imaging.infotext import ParsedInfotext, read_infotext
from generation.imaging.png_chunks import png_exif, png_texts
from generation.imaging.svg_metadata import read_svg_infotext
from generation.imaging.untrusted import PictureRefused, check_file_size, open_picture

# ComfyUI's WebP files hold their graphs in EXIF's camera texts, as `prompt:{...}`.
_CAMERA_TEXTS = (0x010E, 0x010F, 0x0110)
_SVG = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|!DOCTYPE|svg)", re.IGNORECASE)
_CODED = {b"ASCII\x00\x00\x00": "utf-8", b"\x00" * 8: "utf-8", b"JIS\x00\x00\x00\x00\x00": "euc_jp"}


def read_picture_metadata(data: bytes) -> ParsedInfotext:
    """What PNG, JPEG, WebP or SVG bytes tell of the recipe; no pixel is decoded and nothing is fetched.

    Raises PictureRefused: `picture-too-large`, `too-many-pixels`, `unknown-format`, `damaged-picture`, `too-much-text`,
    `hostile-picture`, or `no-parameters` for a good picture that tells nothing.
    """
    check_file_size(data)
    if _SVG.match(data):
        parsed = read_infotext(read_svg_infotext(data))
    else:
        image = open_picture(data)
        if image.format == "PNG":
            texts = {**png_texts(data), **_exif_texts(png_exif(data))}
        else:
            texts = _exif_texts(image.info.get("exif", b""))
        parsed = _parsed(texts, image.size)
    if not parsed:
        raise PictureRefused("no-parameters", "This picture does not tell how it was made.")
    return parsed


def _parsed(texts: Mapping[str, str], size: tuple[int, int]) -> ParsedInfotext:
    """Infotext before other tools' forms, for whoever writes both means the first; a bare sentence comes last."""
    parameters = texts.get("parameters", "")
    written = ParsedInfotext() if parameters.lstrip().startswith("{") else read_infotext(parameters)
    return written if written.fields else read_foreign(texts, size) or written


def _exif_texts(block: bytes) -> dict[str, str]:
    try:
        exif = Image.Exif()
        exif.load(block)
        comment = exif.get_ifd(EXIF_IFD).get(USER_COMMENT, b"")
        cameras = [exif.get(tag) for tag in _CAMERA_TEXTS]
    except Exception:
        # Hostile EXIF makes Pillow raise nearly any type; a picture with broken EXIF just tells less.
        return {}
    texts = {"parameters": _comment_text(comment)} if comment else {}
    for camera in cameras:
        name, colon, text = camera.partition(":") if isinstance(camera, str) else ("", "", "")
        if colon and name.lower() in ("prompt", "workflow"):
            texts[name.lower()] = text
    return texts


def _comment_text(comment: object) -> str:
    """EXIF's UserComment by its eight-byte code; UTF-16 comes in either byte order, for tools disagree."""
    if not isinstance(comment, bytes):
        return comment if isinstance(comment, str) else ""
    code, text = comment[:8], comment[8:]
    if code != UNICODE_PREFIX:
        return text.decode(_CODED[code], "replace") if code in _CODED else comment.decode("utf-8", "replace")
    little = text[1::2].count(0) > text[0::2].count(0)
    return text.decode("utf-16-le" if little else "utf-16-be", "replace").lstrip("\ufeff")
