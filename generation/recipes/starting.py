"""What a picture may start from instead of noise alone: a source, a mask of it, and how much both are changed. Pure.

Whether a person may use a picture is decided where recipes are submitted; its pixels are read by the engine.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from generation.recipes.checks import InvalidRecipe, check_range
from generation.recipes.fields import MAX_PIXELS, SIDE_RANGE, SIDE_STEP

MASKED_CONTENTS = {"original": "original", "fill": "fill", "noise": "latent noise", "nothing": "latent nothing"}
"""What stands below the mask when drawing begins, and A1111's words for it."""
AREAS = {"whole": "Whole picture", "masked": "Only masked"}
FITS = {"crop": "Crop and resize", "stretch": "Just resize", "fill": "Resize and fill"}
"""How a source of another shape comes into the frame."""
MAX_SIDE = 4096
"""Pixels of the longer side of a source, with what it grows by."""
STRENGTH_RANGE = (0, 1)
BLUR_RANGE = (0, 64)
PADDING_RANGE = (0, 256)
GROW_RANGE = (0, 1024)

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SIDE = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class PictureRef:
    """A picture that a recipe needs: `sha256` pins its file, `width` and `height` are its pixels as it stands upright.

    `code` is that of the kept image or of the source picture that it was taken from; the engine does not need it.
    """

    sha256: str
    width: int
    height: int
    code: str = ""

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.sha256):
            raise InvalidRecipe("picture", "A picture is named by its SHA-256 in 64 hexadecimal digits.")
        for side in (self.width, self.height):
            check_range("picture", side, (1, MAX_SIDE), "A side of a picture")

    @property
    def size(self) -> tuple[int, int]:
        return (self.width, self.height)


@dataclass(frozen=True, slots=True)
class Start:
    """Drawing begins at `source`, noised by `strength`: 0 is the VAE's reconstruction, 1 keeps next to nothing.

    `mask` (white is drawn, black is kept, as large as the source) leaves the rest to the bit; its edge is softened by
    `mask_blur` pixels. With `area` “masked” only the mask's box and `padding` pixels around are drawn, in the recipe's
    size, and put back. `grow` are pixels added at left, top, right and bottom; they are drawn with the mask.
    `fit` says how a source of other proportions comes into the recipe's size.
    """

    source: PictureRef
    strength: float = 0.75
    mask: PictureRef | None = None
    mask_blur: int = 4
    masked_content: str = "original"
    area: str = "whole"
    padding: int = 32
    grow: tuple[int, int, int, int] = (0, 0, 0, 0)
    fit: str = "crop"

    def __post_init__(self) -> None:
        check_range("strength", self.strength, STRENGTH_RANGE, "Strength")
        check_range("mask_blur", self.mask_blur, BLUR_RANGE, "Mask blur")
        check_range("padding", self.padding, PADDING_RANGE, "Padding")
        for name, choices in (("masked_content", MASKED_CONTENTS), ("area", AREAS), ("fit", FITS)):
            if getattr(self, name) not in choices:
                raise InvalidRecipe(name, f"{name.replace('_', ' ').capitalize()} is one of: {', '.join(choices)}.")
        if len(self.grow) != 4:
            raise InvalidRecipe("grow", "A picture grows by four numbers: left, top, right and bottom.")
        for pixels in self.grow:
            check_range("grow", pixels, GROW_RANGE, "Each side of growth")
        if max(self.grown_size) > MAX_SIDE:
            width, height = self.grown_size
            raise InvalidRecipe("grow", f"Grown to {width}×{height}, a side is longer than {MAX_SIDE} pixels.")
        if self.mask and self.mask.size != self.source.size:
            sentence = (
                f"The mask has {_times(self.mask)} pixels and its picture {_times(self.source)}; both must agree."
            )
            raise InvalidRecipe("mask", sentence, "bad-mask-size")
        if self.area == "masked" and not self.is_masked:
            raise InvalidRecipe("area", "Only the masked area can be drawn where there is a mask.")

    @property
    def grown_size(self) -> tuple[int, int]:
        """Width and height of the source with what it grows by."""
        left, top, right, bottom = self.grow
        return self.source.width + left + right, self.source.height + top + bottom

    @property
    def is_masked(self) -> bool:
        """Whether parts are kept: there is a mask, or the source grows."""
        return self.mask is not None or any(self.grow)

    @property
    def pictures(self) -> tuple[PictureRef, ...]:
        return (self.source, self.mask) if self.mask else (self.source,)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `dataclasses.asdict` told."""
        mask = data.get("mask")
        nested = {"source": PictureRef(**data["source"]), "mask": PictureRef(**mask) if mask else None}
        return cls(**{**data, **nested, "grow": tuple(data.get("grow", (0, 0, 0, 0)))})

    def steps_of(self, steps: int) -> int:
        """How many of a recipe's steps are drawn, 0 to `steps`: as in diffusers, those that the strength leaves."""
        return min(int(steps * self.strength), steps)

    def to_infotext(self) -> dict[str, str]:
        """Under A1111's keys. The pixels cannot travel in a text: pictures are named by their hash."""
        pairs = {
            "Denoising strength": repr(float(self.strength)).removesuffix(".0"),
            "Resize mode": FITS[self.fit],
            "Init image hash": self.source.sha256,
            "Init image size": f"{self.source.width}x{self.source.height}",
        }
        if any(self.grow):
            pairs["Outpainting"] = " ".join(map(str, self.grow))
        if self.mask:
            pairs["Mask hash"] = self.mask.sha256
        if self.is_masked:
            pairs |= {
                "Mask blur": str(self.mask_blur),
                "Inpaint area": AREAS[self.area],
                "Masked content": MASKED_CONTENTS[self.masked_content],
            }
        return pairs | ({"Masked area padding": str(self.padding)} if self.area == "masked" else {})

    @classmethod
    def from_infotext(cls, fields: Mapping[str, str]) -> Self | None:
        """What `to_infotext` wrote, sizes split in two as `read_infotext` gives them; None where no picture is pinned,
        as in files of other programs. Raises InvalidRecipe for values that cannot be."""
        sides = sides_told(fields, "Init image size")
        if sides is None or not is_pinned(fields):
            return None
        source = PictureRef(fields["Init image hash"], *sides)
        mask = PictureRef(fields["Mask hash"], source.width, source.height) if fields.get("Mask hash") else None
        try:
            return cls(
                source,
                float(fields.get("Denoising strength", "0.75")),
                mask,
                int(fields.get("Mask blur", "4")),
                _key_of(MASKED_CONTENTS, fields.get("Masked content", "original")),
                _key_of(AREAS, fields.get("Inpaint area", "Whole picture")),
                int(fields.get("Masked area padding", "32")),
                tuple(int(pixels) for pixels in fields.get("Outpainting", "0 0 0 0").split()),  # type: ignore[arg-type]
                _key_of(FITS, fields.get("Resize mode", "Crop and resize")),
            )
        except ValueError:
            raise InvalidRecipe("start", "What it was made from is told in numbers that cannot be read.") from None


def is_pinned(fields: Mapping[str, str]) -> bool:
    """Whether infotext names the picture that it starts from as this site does; other programs' hashes are others."""
    named = _SHA256.fullmatch(fields.get("Init image hash", ""))
    return named is not None and sides_told(fields, "Init image size") is not None


def sides_told(fields: Mapping[str, str], key: str) -> tuple[int, int] | None:
    """The width and height that infotext has under `key`, split in two as `read_infotext` does; None for others."""
    width, height = (fields.get(f"{key}-{at}", "") for at in (1, 2))
    return (int(width), int(height)) if _SIDE.fullmatch(width) and _SIDE.fullmatch(height) else None


def drawn_like(start: Start, most_pixels: int) -> dict[str, int]:
    """`width` and `height` of a recipe that says none: the source's own, as grown, where the whole of it is drawn.

    Sides are whole steps within their range, and no more than `most_pixels` together. Nothing where only the masked
    area is drawn: that takes the checkpoint's own size.
    """
    if start.area == "masked":
        return {}
    width, height = start.grown_size
    scale = min(1.0, math.sqrt(min(most_pixels, MAX_PIXELS) / (width * height)), SIDE_RANGE[1] / max(width, height))
    sides = (max(int(side * scale) // SIDE_STEP * SIDE_STEP, SIDE_RANGE[0]) for side in (width, height))
    return dict(zip(("width", "height"), sides, strict=True))


INFOTEXT_KEYS = (
    "Denoising strength", "Resize mode", "Init image hash", "Init image size-1", "Init image size-2", "Outpainting",
    "Mask hash", "Mask blur", "Inpaint area", "Masked content", "Masked area padding",
)  # fmt: skip


def _times(picture: PictureRef) -> str:
    return f"{picture.width}×{picture.height}"


def _key_of(choices: Mapping[str, str], title: str) -> str:
    """The word whose title it is; an unknown title stays, and is refused with the value."""
    return next((key for key, value in choices.items() if value == title), title)
