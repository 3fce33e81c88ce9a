"""Reads what a picture file says of its making, whichever program made it. The grammar of texts is `infotext`'s."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

from PIL import Image

from generation.imaging.exif_texts import exif_texts, raw_profile
from generation.imaging.foreign import read_foreign
from generation.imaging.infotext import ParsedInfotext, read_infotext, without_halves
from generation.imaging.png_chunks import png_exif, png_texts
from generation.imaging.provenance import XMP_KEYWORD, source_type_in
from generation.imaging.stealth import stealth_texts
from generation.imaging.svg_metadata import read_svg_infotext
from generation.imaging.untrusted import PictureRefused, check_file_size, open_picture

_SVG = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|!DOCTYPE|svg)", re.IGNORECASE)
_SVG_HEAD = 256 * 1024
"""Metadata stand before what is drawn."""


def read_picture_metadata(data: bytes) -> ParsedInfotext:
    """What PNG, JPEG, WebP or SVG bytes tell of the recipe; nothing is fetched. Pixels are decoded only where no
    text tells anything, for it may lie in their lowest bits.

    Raises PictureRefused: `picture-too-large`, `too-many-pixels`, `unknown-format`, `damaged-picture`, `too-much-text`,
    `hostile-picture`, or `no-parameters` for a good picture that tells nothing.
    """
    check_file_size(data)
    if _SVG.match(data):
        parsed = read_infotext(read_svg_infotext(data))
    else:
        image = open_picture(data)
        if image.format == "PNG":
            chunks = png_texts(data)
            profile = png_exif(data) or raw_profile(chunks.get("Raw profile type exif", ""))
            texts = {**chunks, **exif_texts(profile)}
        else:
            comment = image.info.get("comment", b"")
            texts = {"description": comment.decode("utf-8", "replace")} if isinstance(comment, bytes) else {}
            texts |= exif_texts(image.info.get("exif", b""))
        parsed = _parsed(texts, image.size)
        if not parsed and image.format != "JPEG":
            parsed = _parsed(_hidden_texts(image), image.size)
    if not parsed:
        raise PictureRefused("no-parameters", "This picture does not tell how it was made.")
    return dataclasses.replace(
        parsed, prompt=without_halves(parsed.prompt), negative_prompt=without_halves(parsed.negative_prompt)
    )


def picture_format(data: bytes) -> str:
    """png, jpeg, webp or svg, by how the file begins. Raises PictureRefused for anything else."""
    if _SVG.match(data):
        return "svg"
    return str(open_picture(data).format).lower()


def source_type_of(data: bytes, format: str) -> str:
    """IPTC's term for how a picture was made, where its XMP packet (an SVG's metadata) tells one. Bounded as above."""
    if format == "svg":
        return source_type_in(data[:_SVG_HEAD].decode("utf-8", "replace"))
    if format == "png":
        return source_type_in(png_texts(data).get(XMP_KEYWORD, ""))
    packet = open_picture(data).info.get("xmp", b"")
    return source_type_in(packet.decode("utf-8", "replace") if isinstance(packet, bytes) else "")


def _parsed(texts: Mapping[str, str], size: tuple[int, int]) -> ParsedInfotext:
    """Infotext before other tools' forms, for whoever writes both means the first; a bare sentence comes last."""
    parameters = texts.get("parameters", "")
    written = ParsedInfotext() if parameters.lstrip().startswith("{") else read_infotext(parameters)
    if written.fields:
        return written
    if foreign := read_foreign(texts, size):
        return foreign
    # A description may be anything; it counts where it holds parameters.
    described = read_infotext(texts.get("description", ""))
    return described if described.fields else written


def _hidden_texts(image: Image.Image) -> dict[str, str]:
    try:
        return stealth_texts(image)
    except Exception:
        # A hostile body makes Pillow raise nearly any type; whether the picture is whole is not asked here.
        return {}
