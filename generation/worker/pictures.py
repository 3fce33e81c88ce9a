"""Where the engine finds the pictures that recipes start from: kept files, by sha256. Who may use them was asked."""

from __future__ import annotations

import hashlib
import io

from PIL import Image

from generation.engine.outcome import RenderError
from generation.imaging.untrusted import PictureRefused
from generation.imaging.upright import upright_with_alpha
from generation.jobs.sources import file_with
from generation.storage import files


class SitePictures:
    """The engine's `PictureSource` over what people brought and what was made here."""

    def read(self, sha256: str) -> Image.Image:
        name = file_with(sha256)
        try:
            data = files.read(name) if name else b""
        except FileNotFoundError:
            data = b""
        except files.StorageAway as error:
            raise RenderError("storage-away", "A picture to start from could not be fetched just now.") from error
        if not data:
            sentence = "A picture that this one is made from was deleted meanwhile. Your credits are back."
            raise RenderError("source-missing", sentence)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise _unreadable()
        try:
            return upright_with_alpha(Image.open(io.BytesIO(data), formats=("PNG",)))
        except (OSError, PictureRefused):
            raise _unreadable() from None


def _unreadable() -> RenderError:
    sentence = "The file of a picture that this one is made from cannot be read any more. Your credits are back."
    return RenderError("source-unreadable", sentence)
