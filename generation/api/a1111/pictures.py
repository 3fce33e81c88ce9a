"""What a picture tells of its making, in the words of A1111."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.refusals import NotFound
from generation.api.a1111.base import A1111View, json_object
from generation.api.a1111.encoded import JsonWithPictures, decoded
from generation.imaging.infotext import ParsedInfotext, without_halves
from generation.imaging.png_chunks import png_texts
from generation.imaging.provenance import XMP_KEYWORD
from generation.imaging.reading import read_picture_metadata
from generation.imaging.untrusted import PictureRefused

PARAMETERS = "parameters"
PNG = b"\x89PNG"


class PngInfoView(A1111View):
    """Read the recipe out of a picture of this site, A1111, ComfyUI and others. Nothing of it is kept."""

    scope = "read"
    parser_classes = [JsonWithPictures]

    def post(self, request: Request) -> Response:
        picture = json_object(request).get("image")
        if not picture:
            raise NotFound("no-picture", "Image not found")
        return Response(told_by(decoded(picture)))


def told_by(data: bytes) -> dict[str, Any]:
    """`info` as it stands in the picture, or as A1111 would write it; empty for a picture that tells nothing.

    Raises PictureRefused for what is no picture.
    """
    try:
        parsed = read_picture_metadata(data)
    except PictureRefused as refusal:
        if refusal.code != "no-parameters":
            raise
        parsed = ParsedInfotext()
    texts = {name: without_halves(text) for name, text in png_texts(data).items()} if data[:4] == PNG else {}
    infotext = texts.pop(PARAMETERS, "") or written(parsed)
    texts.pop(XMP_KEYWORD, None)
    return {"info": infotext, "items": texts, "parameters": parameters_of(parsed) if infotext else {}}


def written(parsed: ParsedInfotext) -> str:
    if not parsed:
        return ""
    negative = f"\nNegative prompt: {parsed.negative_prompt}" if parsed.negative_prompt else ""
    return f"{parsed.prompt}{negative}\n{', '.join(f'{key}: {value}' for key, value in parsed.fields.items())}"


def parameters_of(parsed: ParsedInfotext) -> dict[str, str]:
    fields = {key: without_halves(value) for key, value in parsed.fields.items()}
    return {"Prompt": parsed.prompt, "Negative prompt": parsed.negative_prompt, **fields}
