"""What a ControlNet would read of a picture, shown before anything is drawn: by preprocessors without weights alone."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from accounts.refusals import NotFound, Refusal
from generation.imaging.upright import upright_with_alpha
from generation.jobs.sources import file_with
from generation.recipes.controls import ControlPick
from generation.storage import files

SHOWN_SIDE = 512
"""Pixels of the longer side of what is shown; it is made in the recipe's size, since edges depend on it."""


def control_preview(pick: ControlPick, size: tuple[int, int]) -> bytes:
    """A WebP of the control picture that `pick` makes in `size` (width, height). That its user may use the picture was
    asked when the pick was made.

    Raises Refusal for annotators, which only workers have, NotFound where the file is gone, PictureRefused where it is
    damaged.
    """
    # local: OpenCV is loaded with the first of these
    from generation.imaging.control import control_picture, fit_to, on_ground

    if pick.needs_annotator:
        sentence = "A network makes this control picture when the picture is drawn: it has no preview."
        raise Refusal("no-preview", sentence, field="controls")
    name = file_with(pick.picture.sha256)
    if not name:
        raise NotFound("unknown-picture", "This picture is not there any more.", field="controls")
    image = upright_with_alpha(Image.open(io.BytesIO(files.read_kept(name))))
    pixels = np.asarray(fit_to(on_ground(image, "black" if pick.is_ready else "white"), size, pick.fit))
    shown = Image.fromarray(control_picture(pixels, pick))
    shown.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    file = io.BytesIO()
    shown.save(file, "WEBP", quality=80)
    return file.getvalue()
