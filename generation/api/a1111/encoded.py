"""Pictures as base64 within JSON, with or without the head of a data URL. An address in their place is not fetched."""

from __future__ import annotations

import base64
import binascii
import io
from typing import IO, Any, cast

from rest_framework.parsers import BaseParser
from rest_framework.settings import api_settings

from accounts.refusals import Refusal
from generation.imaging.untrusted import MAX_FILE_BYTES

MOST_TEXT_BYTES = 4 * MAX_FILE_BYTES // 3
"""Of a picture of the largest size, written as base64."""
MOST_BODY_BYTES = 2 * MOST_TEXT_BYTES + 2**20
"""A picture and its mask, with what stands around them."""


class NoEncodedPicture(Refusal):
    status = 422


class BodyTooLarge(Refusal):
    status = 413


class JsonWithPictures(BaseParser):
    """The site's JSON, of up to MOST_BODY_BYTES. What a parser of the framework's reads, Django bounds by a setting."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        body = stream.read(MOST_BODY_BYTES + 1)
        if len(body) > MOST_BODY_BYTES:
            raise BodyTooLarge("body-too-large", f"What is sent here may have at most {MOST_BODY_BYTES >> 20} MiB.")
        (site,) = cast("list[type[BaseParser]]", api_settings.DEFAULT_PARSER_CLASSES)
        return site().parse(io.BytesIO(body), media_type, parser_context)


def decoded(text: Any) -> bytes:
    """The bytes of the file; whether they are a picture is not asked here. Raises Refusal."""
    if not isinstance(text, str):
        raise NoEncodedPicture("invalid-image", "Invalid encoded image")
    if text[:8].lower().startswith(("http://", "https://")):
        raise NoEncodedPicture("no-addresses", "Pictures are not fetched from addresses; send them as base64.")
    head, comma, data = text.partition(",")
    encoded = data if comma and head.startswith("data:") else text
    if len(encoded) > MOST_TEXT_BYTES + 4:
        raise NoEncodedPicture("picture-too-large", f"The file is larger than {MAX_FILE_BYTES >> 20} MiB.")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise NoEncodedPicture("invalid-image", "Invalid encoded image") from None
