"""What img2img asks to start from: its pictures kept as if they had been brought, and all that is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.files.base import ContentFile

from accounts.refusals import NotFound
from generation.api.a1111.encoded import decoded
from generation.api.a1111.fields import FROM_PICTURES, UNUSED_FROM_PICTURES, USED
from generation.api.a1111.reading import Reader
from generation.api.a1111.values import flag, number, whole
from generation.imaging.brought import mask_png
from generation.jobs.pinning import picture_of
from generation.jobs.sources import bring_picture
from generation.recipes.picture import Recipe
from generation.recipes.starting import BLUR_RANGE, PADDING_RANGE, PictureRef, Start

CONTENTS = ("fill", "original", "noise", "nothing")
"""What A1111's inpainting_fill numbers."""
FITS = ("stretch", "crop", "fill", "stretch")
"""What its resize_mode numbers; the last resizes latents, which is not done here."""
STRENGTH, BLUR = 0.75, 4


class StartReader(Reader):
    """Reads a request for pictures from a picture. What is missing is what A1111's API takes."""

    used: Mapping[str, str] = {
        **{name: what for name, what in USED.items() if name not in UNUSED_FROM_PICTURES}, **FROM_PICTURES,
    }  # fmt: skip
    unused = UNUSED_FROM_PICTURES

    def read_start(self) -> Start:
        """Raises Refusal; NotFound without a picture, as A1111."""
        strength, resize = number(self.body, "denoising_strength"), whole(self.body, "resize_mode", (0, 3)) or 0
        mask = self.read_mask()
        source = self.read_source()
        if resize == 3:
            self.notes.append("The picture is resized before it is encoded, not after.")
        if mask is None:
            return Start(source, STRENGTH if strength is None else strength, fit=FITS[resize])
        blur = whole(self.body, "mask_blur", BLUR_RANGE)
        return Start(
            source,
            STRENGTH if strength is None else strength,
            mask,
            BLUR if blur is None else blur,
            CONTENTS[whole(self.body, "inpainting_fill", (0, 3)) or 0],
            "masked" if flag(self.body, "inpaint_full_res", True) else "whole",
            whole(self.body, "inpaint_full_res_padding", PADDING_RANGE) or 0,
            fit=FITS[resize],
        )

    def read_hires(self, recipe: Recipe) -> None:
        """There is none after a picture."""

    def read_source(self) -> PictureRef:
        pictures = self.body.get("init_images")
        if not pictures or not isinstance(pictures, list):
            raise NotFound("no-picture", "Init image not found")
        if len(pictures) > 1:
            self.notes.append(f"The first of {len(pictures)} init_images is taken.")
        return self.kept(decoded(pictures[0]), "init image")

    def read_mask(self) -> PictureRef | None:
        if not (sent := self.body.get("mask")):
            return None
        inverted = bool(whole(self.body, "inpainting_mask_invert", (0, 1)))
        return self.kept(mask_png(decoded(sent), clear_is_drawn=False, inverted=inverted), "mask")

    def kept(self, data: bytes, name: str) -> PictureRef:
        return picture_of(self.user, bring_picture(self.user, ContentFile(data, name)).code)

    def said(self) -> dict[str, Any]:
        """Without the pictures."""
        return {name: value for name, value in super().said().items() if name not in ("init_images", "mask")}
