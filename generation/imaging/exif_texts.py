"""Reads the texts of an EXIF block that may tell how a picture was made, whatever their directory and coding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from PIL import Image

from generation.imaging.encode import EXIF_IFD, UNICODE_PREFIX, USER_COMMENT

# ComfyUI's WebP files hold their graphs in EXIF's camera texts, as `prompt:{...}`.
_CAMERA_TEXTS = (0x010E, 0x010F, 0x0110)
_DESCRIPTION, _XP_COMMENT, _XP_TITLE, _XP_SUBJECT = 0x010E, 0x9C9C, 0x9C9B, 0x9C9F
_INTEROP_IFD, _SECOND_IFD = 0xA005, 1
_CODES = {b"JIS\x00\x00\x00\x00\x00": ("iso2022_jp", "euc_jp", "shift_jis")}
_PLAIN_CODES = (b"ASCII\x00\x00\x00", b"\x00" * 8, b"UTF-8\x00\x00\x00", b"UTF8\x00\x00\x00\x00")
_RAW_PROFILE = re.compile(r"\s*\w+\s+\d+\s+([0-9a-fA-F\s]+)")


def exif_texts(block: bytes) -> dict[str, str]:
    """`parameters` of the user comment, `prompt` and `workflow` of the camera texts, and under `description` what else
    may hold infotext. Broken EXIF tells less."""
    try:
        exif = Image.Exif()
        exif.load(block)
        directories = [exif.get_ifd(EXIF_IFD), dict(exif), exif.get_ifd(_INTEROP_IFD), exif.get_ifd(_SECOND_IFD)]
        texts = {"parameters": next(_comments(directories), ""), "description": next(_descriptions(directories), "")}
        for tag in _CAMERA_TEXTS:
            name, colon, text = _text_of(exif.get(tag)).partition(":")
            if colon and name.lower() in ("prompt", "workflow"):
                texts[name.lower()] = text
    except Exception:
        # Hostile EXIF makes Pillow raise nearly any type; a picture with broken EXIF just tells less.
        return {}
    return {name: text for name, text in texts.items() if text}


def raw_profile(text: str) -> bytes:
    """The EXIF block that ImageMagick writes as hexadecimal digits into a PNG's `Raw profile type exif`."""
    match = _RAW_PROFILE.match(text)
    try:
        return bytes.fromhex(match.group(1)) if match else b""
    except ValueError:
        return b""


def _comments(directories: Sequence[Mapping[int, object]]) -> Iterator[str]:
    for directory in directories:
        if text := _comment_text(directory.get(USER_COMMENT)):
            yield text


def _descriptions(directories: Sequence[Mapping[int, object]]) -> Iterator[str]:
    for directory in directories:
        for tag in (_XP_COMMENT, _XP_TITLE, _XP_SUBJECT):
            if isinstance(value := directory.get(tag), bytes | tuple):
                yield bytes(value).decode("utf-16-le", "replace").rstrip("\x00")
        if text := _text_of(directory.get(_DESCRIPTION)):
            yield text


def _comment_text(comment: object) -> str:
    """EXIF's UserComment by its eight-byte code, which not every program keeps to."""
    if not isinstance(comment, bytes):
        return _text_of(comment)
    code, text = comment[:8], comment[8:]
    if code.upper() == UNICODE_PREFIX:
        return _unicode(text)
    if code in _CODES:
        return _decoded(text, *_CODES[code])
    return _decoded(text) if code in _PLAIN_CODES else _unicode(comment)


def _unicode(text: bytes) -> str:
    """UTF-16 in either byte order, for programs disagree, or UTF-8, which some write under the same code."""
    if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return text.decode("utf-16", "replace")
    if 0 not in text:
        return _decoded(text)
    little = text[1::2].count(0) > text[0::2].count(0)
    return text.decode("utf-16-le" if little else "utf-16-be", "replace").lstrip("\ufeff").rstrip("\x00")


def _decoded(text: bytes, *encodings: str) -> str:
    for encoding in (*encodings, "utf-8-sig", "cp1252"):
        try:
            return text.decode(encoding).rstrip("\x00")
        except UnicodeDecodeError:
            continue
    return text.decode("latin-1").rstrip("\x00")


def _text_of(value: object) -> str:
    """A text tag; Pillow gives it as Latin-1, though programs write UTF-8."""
    if not isinstance(value, str):
        return ""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
