"""How a picture gets larger than it is drawn: a second pass over a larger frame, or an upscale of a finished one. Pure.

Which upscalers there are besides those named here, the catalog knows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

from generation.recipes.checks import InvalidRecipe, check_range
from generation.recipes.fields import FIELDS, SIDE_STEP
from generation.recipes.sampling import TABLE, check_sampling
from generation.recipes.starting import PictureRef, sides_told

LANCZOS = "Lanczos"
"""The upscaler that needs no weights."""

LATENT_MODES: Mapping[str, tuple[str, bool]] = {
    "Latent": ("bilinear", False),
    "Latent (antialiased)": ("bilinear", True),
    "Latent (bicubic)": ("bicubic", False),
    "Latent (bicubic antialiased)": ("bicubic", True),
    "Latent (nearest)": ("nearest", False),
    "Latent (nearest-exact)": ("nearest-exact", False),
}
"""A1111's ways of upscaling latents: torch's mode of interpolation, and whether it is antialiased."""

HIRES_RANGE = (1, 4)
HIRES_STRENGTH_RANGE = (0, 1)
MAX_HIRES_PIXELS = 2048 * 2048
"""Of a second pass, which sees the whole frame at once; a tiled refinement has no such bound."""
SCALE_RANGE = (1.5, 4)
MAX_RESULT_SIDE = 4096
MOST_SCHEDULED = 999
"""Steps of a schedule of which a second pass makes the last: there are no more timesteps."""
OVERLAP_RANGE = (16, 256)
OVERLAP = 64
UNREACHED = 0.999
"""A1111's bound of the strength: a second pass never begins from noise alone."""


@dataclass(frozen=True, slots=True)
class Hires:
    """A second pass over the picture, `scale` times as large: A1111's “Hires. fix”.

    `upscaler` is one of LATENT_MODES, “Lanczos”, or a network of the catalog, pinned by `upscaler_sha256`. All `steps`
    of the second pass are made (0: as many as of the first), along a schedule so long that they are its share
    `strength`; a strength of 0 makes none. What is empty is as in the first pass.
    """

    scale: float = 2.0
    steps: int = 0
    strength: float = 0.7
    upscaler: str = "Latent"
    upscaler_sha256: str = ""
    sampler: str = ""
    schedule: str = ""
    prompt: str = ""
    negative_prompt: str = ""
    loras: tuple[Any, ...] = ()
    """Those that the second pass's own prompt picks, as in a recipe; empty without one."""

    def __post_init__(self) -> None:
        check_range("hires_scale", self.scale, HIRES_RANGE, "The second pass's scale")
        check_range("hires_strength", self.strength, HIRES_STRENGTH_RANGE, "The second pass's strength")
        check_range("hires_steps", self.steps, (0, FIELDS["steps"].limits[1]), "The second pass's steps")  # type: ignore[attr-defined]
        _check_name("hires_upscaler", self.upscaler)
        for name in ("sampler", "schedule", "negative_prompt"):
            FIELDS[name].check(getattr(self, name))
        if self.prompt:
            FIELDS["prompt"].check(self.prompt)

    @property
    def is_latent(self) -> bool:
        """Whether latents are upscaled, so that nothing is decoded and encoded between the passes."""
        return self.upscaler in LATENT_MODES

    @property
    def needs_network(self) -> bool:
        return self.upscaler != LANCZOS and not self.is_latent

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the result, in whole latents. Raises InvalidRecipe for what no second pass can see."""
        size = (_in_steps(width * self.scale), _in_steps(height * self.scale))
        if size[0] * size[1] > MAX_HIRES_PIXELS:
            sentence = f"{size[0]}×{size[1]} is more than the {MAX_HIRES_PIXELS:,} pixels that a second pass draws."
            raise InvalidRecipe("hires_scale", sentence, "too-large")
        return size

    def steps_of(self, steps: int, sampler: str) -> tuple[int, int]:
        """How long the second pass's schedule is, and how many of its steps are made, the last ones.

        `steps` and `sampler` are the first pass's.
        """
        wanted = self.steps or steps
        if not self.strength:
            return wanted, 0
        strength = min(self.strength, UNREACHED)
        most = min(MOST_SCHEDULED, TABLE[self.sampler or sampler].most_steps or MOST_SCHEDULED)
        scheduled = int(wanted / strength)
        if scheduled <= most:
            return scheduled, wanted
        return most, max(1, int(most * strength))

    def check_sampling(self, sampler: str, schedule: str, steps: int) -> None:
        """Raise InvalidRecipe where the second pass cannot be sampled; the arguments are the first pass's."""
        own = self.sampler or sampler
        check_sampling(
            own, self.schedule or schedule, min(self.steps or steps, TABLE[own].most_steps or MOST_SCHEDULED)
        )

    def to_infotext(self) -> dict[str, str]:
        """Under A1111's keys, which leave out what is as in the first pass."""
        return {
            "Denoising strength": _number(self.strength),
            "Hires prompt": self.prompt,
            "Hires negative prompt": self.negative_prompt,
            "Hires upscale": _number(self.scale),
            "Hires steps": str(self.steps or ""),
            "Hires upscaler": self.upscaler,
            "Hires sampler": self.sampler,
            "Hires schedule type": self.schedule,
            "Upscaler hash": self.upscaler_sha256[:10],
        }

    @classmethod
    def from_infotext(cls, fields: Mapping[str, str]) -> Self | None:
        """None where no second pass is told. Raises InvalidRecipe."""
        if not tells_hires(fields):
            return None
        try:
            return cls(
                scale=_scale_told(fields),
                steps=int(fields.get("Hires steps", "0")),
                strength=float(fields.get("Denoising strength", "0.75")),
                upscaler=fields.get("Hires upscaler", "Latent"),
                sampler=_unless_same(fields.get("Hires sampler", ""), "Use same sampler"),
                schedule=_unless_same(fields.get("Hires schedule type", ""), "Use same scheduler"),
                prompt=fields.get("Hires prompt", ""),
                negative_prompt=fields.get("Hires negative prompt", ""),
            )
        except (ValueError, OverflowError):
            raise InvalidRecipe("hires", "Its second pass is told in numbers that cannot be read.") from None


HIRES_KEYS = (
    "Hires prompt", "Hires negative prompt", "Hires upscale", "Hires resize-1", "Hires resize-2", "Hires steps",
    "Hires upscaler", "Hires sampler", "Hires schedule type", "Upscaler hash",
)  # fmt: skip


def tells_hires(fields: Mapping[str, str]) -> bool:
    """Whether infotext tells of a second pass; its other keys mean nothing alone."""
    return any(key in fields for key in ("Hires upscale", "Hires resize-1", "Hires upscaler"))


def tells_enlarge(fields: Mapping[str, str]) -> bool:
    """Whether infotext names the picture that was enlarged as this site does; A1111 never names it."""
    return "Enlarged picture hash" in fields and sides_told(fields, "Enlarged picture size") is not None


@dataclass(frozen=True, slots=True)
class Enlarge:
    """An upscale of `source` by `scale`; nothing is drawn, unless `strength` is above 0.

    Then the enlarged picture is drawn over in tiles of the recipe's size, each from what lies below it by `strength`;
    neighbours share `overlap` pixels, over which they are faded into each other.
    """

    source: PictureRef
    scale: float = 2.0
    upscaler: str = LANCZOS
    upscaler_sha256: str = ""
    strength: float = 0.0
    overlap: int = OVERLAP

    def __post_init__(self) -> None:
        check_range("scale", self.scale, SCALE_RANGE, "The scale")
        check_range("strength", self.strength, HIRES_STRENGTH_RANGE, "Strength")
        check_range("overlap", self.overlap, OVERLAP_RANGE, "The overlap")
        _check_name("upscaler", self.upscaler)
        if max(self.size) > MAX_RESULT_SIDE:
            sentence = (
                f"{self.size[0]}×{self.size[1]}: no side of a result may be longer than {MAX_RESULT_SIDE} pixels."
            )
            raise InvalidRecipe("scale", sentence, "too-large")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the result."""
        return (max(1, round(self.source.width * self.scale)), max(1, round(self.source.height * self.scale)))

    @property
    def needs_network(self) -> bool:
        return self.upscaler != LANCZOS

    def tiles(self, width: int, height: int) -> list[tuple[int, int, int, int]]:
        """Left, top, right and bottom of the tiles, `width`×`height` each, that cover the result; one where it is
        smaller."""
        columns = list(_starts(self.size[0], width, self.overlap))
        return [(x, y, x + width, y + height) for y in _starts(self.size[1], height, self.overlap) for x in columns]

    def steps_of(self, steps: int) -> int:
        """How many of a recipe's steps are made in each tile: those that the strength leaves."""
        return min(int(steps * self.strength), steps)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `dataclasses.asdict` told."""
        return cls(**{**data, "source": PictureRef(**data["source"])})

    def to_infotext(self) -> dict[str, str]:
        """A1111's keys of its Extras, and of its script “SD upscale” where it was drawn over."""
        pairs = {
            "Postprocess upscale by": _number(self.scale),
            "Postprocess upscaler": self.upscaler,
            "Upscaler hash": self.upscaler_sha256[:10],
            "Enlarged picture hash": self.source.sha256,
            "Enlarged picture size": f"{self.source.width}x{self.source.height}",
        }
        if self.strength:
            pairs |= {"Denoising strength": _number(self.strength), "SD upscale overlap": str(self.overlap)}
        return pairs

    @classmethod
    def from_infotext(cls, fields: Mapping[str, str]) -> Self | None:
        """What `to_infotext` wrote; None where no picture is named as this site does it. Raises InvalidRecipe."""
        sides = sides_told(fields, "Enlarged picture size")
        if sides is None or not tells_enlarge(fields):
            return None
        drawn_over = "SD upscale overlap" in fields
        try:
            return cls(
                source=PictureRef(fields["Enlarged picture hash"], *sides),
                scale=float(fields.get("Postprocess upscale by", "2")),
                upscaler=fields.get("Postprocess upscaler", LANCZOS),
                strength=float(fields.get("Denoising strength", "0")) if drawn_over else 0.0,
                overlap=int(fields.get("SD upscale overlap", OVERLAP)),
            )
        except ValueError:
            raise InvalidRecipe("enlarge", "Its upscale is told in numbers that cannot be read.") from None


ENLARGE_KEYS = (
    "Postprocess upscale by", "Postprocess upscaler", "Upscaler hash", "Enlarged picture hash",
    "Enlarged picture size-1", "Enlarged picture size-2", "SD upscale overlap",
)  # fmt: skip


Larger = TypeVar("Larger", Hires, Enlarge)


def pinned(larger: Larger, sha256_of: Mapping[str, str]) -> Larger:
    """With its upscaler's file pinned; `sha256_of` has those that need one. Raises InvalidRecipe for an unknown one."""
    if not larger.needs_network:
        return replace(larger, upscaler_sha256="")
    if larger.upscaler not in sha256_of:
        raise InvalidRecipe("upscaler", f"There is no upscaler “{larger.upscaler}”.", "unknown-upscaler")
    return replace(larger, upscaler_sha256=sha256_of[larger.upscaler])


def _starts(whole: int, tile: int, overlap: int) -> Iterator[int]:
    """Where tiles begin along one side: evenly spread, sharing `overlap` pixels or more."""
    if whole <= tile:
        return iter([0])
    count = math.ceil((whole - overlap) / max(1, tile - overlap))
    return iter(round(place * (whole - tile) / (count - 1)) for place in range(count))


def _scale_told(fields: Mapping[str, str]) -> float:
    """By “Hires upscale”, or by the result's width where A1111 was told that."""
    if "Hires upscale" in fields:
        return float(fields["Hires upscale"])
    if "Hires resize-1" not in fields:
        return 2.0
    larger, size = sides_told(fields, "Hires resize"), sides_told(fields, "Size")
    # Of a side that is 0, A1111 takes what the other one makes of it.
    scales = [result / first for result, first in zip(larger or (), size or (), strict=False) if result and first]
    if not scales or abs(scales[0] - scales[-1]) > 0.02:
        raise InvalidRecipe("hires_scale", "The second pass has other proportions than the first.")
    return scales[0]


def _unless_same(name: str, same: str) -> str:
    return "" if name == same else name


def _in_steps(side: float) -> int:
    return int(side) // SIDE_STEP * SIDE_STEP


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def _check_name(field: str, name: str) -> None:
    if not name or len(name) > 100 or "\x00" in name:
        raise InvalidRecipe(field, "An upscaler is named by at most 100 characters.")
