"""What the watermark survives: the changes that it is held against, and the last measurement, for the help page."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from generation.imaging.watermark import embed, extract

FILE = Path(__file__).with_name("watermark_measured.json")
SIDES = (512, 768)


@dataclass(frozen=True, slots=True)
class Survival:
    """Of how many pictures, square of so many pixels, the number was read right after a change."""

    change: str
    side: int
    read: int
    pictures: int

    @property
    def percent(self) -> int:
        return round(100 * self.read / self.pictures)


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement. `decibels` is the mean PSNR between a picture and its marked copy; `wrong` are false numbers,
    read out of marked or of unmarked pictures."""

    pictures: int
    decibels: float
    wrong: int
    rows: tuple[Survival, ...]

    @property
    def table(self) -> list[tuple[str, list[Survival]]]:
        """A line for each change, with one figure a size."""
        return [(change, [row for row in self.rows if row.change == change]) for change in CHANGES]

    @property
    def sides(self) -> list[int]:
        return sorted({row.side for row in self.rows})


def _saved(picture: Image.Image, format: str, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, format, quality=quality)
    return Image.open(file).convert("RGB")


def _cut(picture: Image.Image) -> Image.Image:
    """Four fifths of each side, cut off unevenly."""
    width, height = (round(0.8 * side) for side in picture.size)
    left, top = round(0.13 * picture.width), round(0.07 * picture.height)
    return picture.crop((left, top, left + width, top + height))


def _screenshot(picture: Image.Image) -> Image.Image:
    """Shown somewhat larger on a dark page, and taken with the page around it."""
    shown = picture.resize((round(picture.width * 1.17), round(picture.height * 1.17)), Image.Resampling.BILINEAR)
    page = Image.new("RGB", (shown.width + 240, shown.height + 160), "#151311")
    page.paste(shown, (120, 83))
    return page


CHANGES: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "unchanged": lambda picture: picture,
    "JPEG 90": lambda picture: _saved(picture, "JPEG", 90),
    "JPEG 70": lambda picture: _saved(picture, "JPEG", 70),
    "JPEG 50": lambda picture: _saved(picture, "JPEG", 50),
    "JPEG 30": lambda picture: _saved(picture, "JPEG", 30),
    "WebP 80": lambda picture: _saved(picture, "WEBP", 80),
    "half the size": lambda picture: picture.resize((picture.width // 2, picture.height // 2)),
    "cut to 0.8 of each side": _cut,
    "cut to half of each side": lambda picture: picture.crop(
        (picture.width // 4, picture.height // 4, picture.width * 3 // 4, picture.height * 3 // 4)
    ),
    "screenshot": _screenshot,
    "turned by 3 degrees": lambda picture: picture.rotate(3, Image.Resampling.BICUBIC),
}


def measure(pictures: Iterable[Image.Image]) -> Measured:
    """Mark RGB pictures at each of SIDES, change them, and count what is still read. Takes minutes."""
    originals = list(pictures)
    right = {(change, side): 0 for side in SIDES for change in CHANGES}
    decibels, wrong = [], 0
    for side in SIDES:
        for place, original in enumerate(originals):
            square, id = _square(original, side), 7919 + 1_000_003 * place
            marked = embed(square, id)
            error = np.mean((np.asarray(square, np.float64) - np.asarray(marked)) ** 2)
            decibels.append(10 * np.log10(255**2 / error))
            wrong += extract(square) is not None
            for change, apply in CHANGES.items():
                found = extract(apply(marked))
                right[change, side] += found is not None and found.id == id
                wrong += found is not None and found.id != id
    rows = tuple(Survival(change, side, read, len(originals)) for (change, side), read in right.items())
    return Measured(len(originals), round(float(np.mean(decibels)), 1), wrong, rows)


def _square(picture: Image.Image, side: int) -> Image.Image:
    least = min(picture.size)
    left, top = (picture.width - least) // 2, (picture.height - least) // 2
    return picture.crop((left, top, left + least, top + least)).resize((side, side), Image.Resampling.LANCZOS)


def measured() -> Measured:
    """The measurement that comes with this version."""
    kept = json.loads(FILE.read_text("ascii"))
    return Measured(**{**kept, "rows": tuple(Survival(**row) for row in kept["rows"])})


def keep(measurement: Measured) -> None:
    FILE.write_text(json.dumps(asdict(measurement), indent=1) + "\n", "ascii")
