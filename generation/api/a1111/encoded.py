"""Pictures as base64 within JSON, with or without the head of a data URL. An address in their place is not fetched."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from accounts.refusals import Refusal
from generation.imaging.untrusted import MAX_FILE_BYTES


class NoEncodedPicture(Refusal):
    status = 422


def decoded(text: Any) -> bytes:
    """The bytes of the file; whether they are a picture is not asked here. Raises Refusal."""
    if not isinstance(text, str):
        raise NoEncodedPicture("invalid-image", "Invalid encoded image")
    if text[:8].lower().startswith(("http://", "https://")):
        raise NoEncodedPicture("no-addresses", "Pictures are not fetched from addresses; send them as base64.")
    head, comma, data = text.partition(",")
    encoded = data if comma and head.startswith("data:") else text
    if len(encoded) > 4 * MAX_FILE_BYTES // 3 + 4:
        raise NoEncodedPicture("picture-too-large", f"The file is larger than {MAX_FILE_BYTES >> 20} MiB.")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise NoEncodedPicture("invalid-image", "Invalid encoded image") from None
