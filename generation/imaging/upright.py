"""The pixels of an opened picture as they are meant to be seen: one reading for data sets, studio and shell alike."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps

from generation.imaging.encode import rgb_image
from generation.imaging.untrusted import PictureRefused


def upright(image: Image.Image) -> Image.Image:
    """RGB, turned as EXIF says, on white where it is transparent. Raises PictureRefused for a damaged picture."""
    image = upright_with_alpha(image)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return rgb_image(image)


def upright_with_alpha(image: Image.Image) -> Image.Image:
    """RGBA where it may be transparent, else RGB; turned as EXIF says, without metadata. Raises PictureRefused."""
    try:
        image.load()
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I"):
            image = _eight_bits(image)
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    except Exception as error:
        # A hostile body makes Pillow raise nearly any type.
        raise PictureRefused("damaged-picture", "This picture is damaged.") from error
    image.info = {}
    return image


def _eight_bits(image: Image.Image) -> Image.Image:
    """Sixteen bits of grey, which a plain conversion would cut off at 255; a transparent shade is white."""
    shades = np.asarray(image)
    grey = (shades >> 8).astype(np.uint8)
    return Image.fromarray(np.where(shades == image.info.get("transparency", -1), np.uint8(255), grey))
