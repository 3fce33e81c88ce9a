"""Where the engine gets the pictures that a recipe names, by their pinned hash; not who may use which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from PIL import Image

from generation.engine.outcome import RenderError
from generation.recipes.starting import PictureRef


class PictureSource(Protocol):
    """The site's pictures as the engine sees them."""

    def read(self, sha256: str) -> Image.Image:
        """The picture, RGB, RGBA or grey, upright. Raises RenderError `source-missing` or `source-unreadable`."""
        ...


class GivenPictures:
    """A PictureSource over a plain mapping, for tests, benchmarks and the shell."""

    def __init__(self, pictures: Mapping[str, Image.Image]) -> None:
        self._pictures = dict(pictures)

    def read(self, sha256: str) -> Image.Image:
        if sha256 not in self._pictures:
            raise RenderError("source-missing", "A picture that this one is made from is not here any more.")
        return self._pictures[sha256]


def read_picture(pictures: PictureSource, wanted: PictureRef) -> Image.Image:
    """The pinned picture. Raises RenderError where it is gone, damaged, or not of the size that the recipe says."""
    picture = pictures.read(wanted.sha256)
    if picture.size != wanted.size:
        sentence = "A picture that this one is made from is not the one that was chosen."
        raise RenderError("source-unreadable", sentence)
    return picture
