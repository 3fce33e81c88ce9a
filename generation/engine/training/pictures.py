"""The pictures of a data set as a training reads them: cropped, scaled into their bucket, never enlarged in number."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from generation.engine.outcome import Pixels
from generation.engine.training.buckets import MIDDLE, Size, fit_into
from generation.engine.training.outcome import TrainingError
from generation.imaging.untrusted import MAX_FILE_BYTES, PictureRefused, open_picture
from generation.imaging.upright import upright

Crop = tuple[float, float, float, float]
Focus = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class TrainingPicture:
    """`pixels` is uint8 RGB (height, width, 3) or a file to read when it is needed.

    A `held_out` picture is only measured on. `crop` is (left, top, right, bottom) in 0..1 of the picture, `focus` the
    point (x, y) of it that a cut should keep, or None for the middle. An empty caption stands for the recipe's trigger.
    """

    name: str
    pixels: Pixels | Path
    caption: str = ""
    held_out: bool = False
    crop: Crop | None = None
    focus: Focus | None = None

    def image(self) -> Image.Image:
        """The cropped picture in RGB, transparency on white. Raises TrainingError for a file that is none."""
        whole = Image.fromarray(self.pixels) if isinstance(self.pixels, np.ndarray) else _opened(self.pixels)
        if self.crop is None:
            return whole
        left, top = (round(part * side) for part, side in zip(self.crop[:2], whole.size, strict=True))
        right, bottom = (round(part * side) for part, side in zip(self.crop[2:], whole.size, strict=True))
        return whole.crop((left, top, max(left + 1, right), max(top + 1, bottom)))

    @property
    def focus_in_crop(self) -> Focus:
        """The focus in 0..1 of what the crop leaves; a focus outside of it is at its edge."""
        if self.focus is None:
            return MIDDLE
        left, top, right, bottom = self.crop or (0.0, 0.0, 1.0, 1.0)
        across, down = (self.focus[0] - left) / (right - left), (self.focus[1] - top) / (bottom - top)
        return min(max(across, 0.0), 1.0), min(max(down, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A picture in its bucket: values (1, 3, height, width) in -1..1, and SDXL's six size numbers in pixels.

    These are the height and width it had, the top and left corner it was cut at, the height and width it has.
    """

    values: Tensor
    time_ids: tuple[int, int, int, int, int, int]


def fitted(picture: TrainingPicture, size: Size, *, flip: bool = False) -> Fitted:
    """The picture scaled (Lanczos) and cut to `size`, (1, 3, height, width); mirrored where asked."""
    image = picture.image()
    fit = fit_into(*image.size, size, picture.focus_in_crop)
    scaled = image.resize((fit.scaled.width, fit.scaled.height), Image.Resampling.LANCZOS)
    cut = scaled.crop((fit.left, fit.top, fit.left + size.width, fit.top + size.height))
    values = np.asarray(ImageOps.mirror(cut) if flip else cut, np.float32) / 127.5 - 1
    time_ids = (image.height, image.width, fit.top, fit.left, size.height, size.width)
    return Fitted(torch.from_numpy(values).permute(2, 0, 1)[None].contiguous(), time_ids)


def dataset_hash(pictures: Iterable[TrainingPicture]) -> str:
    """SHA-256 over the pictures that are learned, in any order: pixels, captions, crops and focus, not names."""
    return hashlib.sha256("\n".join(sorted(map(_picture_hash, pictures))).encode()).hexdigest()


def check_enough(pictures: Sequence[TrainingPicture]) -> None:
    """Raises TrainingError where nothing is left to learn."""
    if all(picture.held_out for picture in pictures):
        raise TrainingError("no-pictures", "There is no picture to learn: every one is held out.")


def _picture_hash(picture: TrainingPicture) -> str:
    image = picture.image()
    # Only where one was chosen, so that a data set without any keeps the hash that its LoRA files name.
    focus = [] if picture.focus is None else [picture.focus_in_crop]
    about = json.dumps([image.size, picture.caption, *focus])
    return hashlib.sha256(about.encode() + image.tobytes()).hexdigest()


def _opened(path: Path) -> Image.Image:
    try:
        with path.open("rb") as file:
            # One byte more than is allowed tells a file that is too large, without reading all of it.
            return upright(open_picture(file.read(MAX_FILE_BYTES + 1)))
    except PictureRefused as refused:
        raise TrainingError(refused.code, f"“{path.name}”: {refused}") from refused
    except OSError as error:
        raise TrainingError("broken-picture", f"The picture “{path.name}” cannot be read.") from error
